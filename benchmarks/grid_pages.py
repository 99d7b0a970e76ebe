"""What `grid.py` shows: pictures, a notebook for each way to show them, and a Voila that serves these."""

from __future__ import annotations

import contextlib
import io
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import psutil
from PIL import Image

from synsetlab import Workspace
from synsetlab.candidates.folder import import_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOTHING = Path(__file__).resolve().parents[2] / "shared" / "data" / "clothing"
HAT = "n03497657"
DISTINCT = 200
SIDE = 256
STARTING = 90.0

EMPTY = "from IPython.display import HTML\nHTML('<b class=\"bench-done\">empty</b>')"
OURS = "from synsetlab.ui import LabelingGrid\nLabelingGrid(images={folder!r}, question='Hat?')"
GRIDBOX = """from pathlib import Path
import ipywidgets as w
files = sorted(Path({folder!r}).iterdir())
w.GridBox(
    [w.VBox([w.Image(value=f.read_bytes(), width=176), w.ToggleButton(description='yes')]) for f in files],
    layout=w.Layout(grid_template_columns='repeat(6, 200px)'),
)"""
TABLE = """import base64
from pathlib import Path
from IPython.display import HTML
cells = [
    '<td><img width=176 src="data:image/jpeg;base64,%s"></td>' % base64.b64encode(f.read_bytes()).decode()
    for f in sorted(Path({folder!r}).iterdir())
]
rows = ['<tr>' + ''.join(cells[i : i + 6]) + '</tr>' for i in range(0, len(cells), 6)]
HTML('<table class="bench-table">' + ''.join(rows) + '</table>')"""


def prepare(folder: Path) -> None:
    """Folders of 100 to 20,000 pictures (the same 200 again and again), a workspace, the notebooks."""
    distinct = folder / "distinct" / "hat"
    distinct.mkdir(parents=True)
    for number, data in enumerate(_pictures(DISTINCT)):
        (distinct / f"{number:03}.jpg").write_bytes(data)
    for count in (100, 2_000, 20_000):
        place = folder / f"pictures-{count}"
        place.mkdir()
        for number in range(count):
            (place / f"{number:05}.jpg").symlink_to(distinct / f"{number % DISTINCT:03}.jpg")
        _notebook(folder / f"grid{count}.ipynb", OURS.format(folder=str(place)))
    two_thousand = str(folder / "pictures-2000")
    _notebook(folder / "empty.ipynb", EMPTY)
    _notebook(folder / "gridbox.ipynb", GRIDBOX.format(folder=two_thousand))
    _notebook(folder / "table.ipynb", TABLE.format(folder=two_thousand))
    _workspace(folder / "workspace", distinct.parent)


def _pictures(count: int) -> Iterator[bytes]:
    """JPEGs of at most 256 px: photographs where they are, else noise of about their size."""
    files = sorted(CLOTHING.glob("*/*.jpg"))[:count]
    rng = np.random.default_rng(0)
    for number in range(count):
        if number < len(files):
            image = Image.open(files[number]).convert("RGB")
        else:
            image = Image.fromarray(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)).resize((SIDE, SIDE))
        image.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=88)
        yield out.getvalue()


def _workspace(folder: Path, pictures: Path) -> None:
    with Workspace.create(folder) as made:
        made.writer.add_synsets(
            [{"wnid": HAT, "lemmas": ["hat"], "gloss": "", "path": [], "chosen": True}], []
        )
        import_folder(made, pictures, {"hat": HAT}, workers=1)


def _notebook(path: Path, source: str) -> None:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, path)


@contextlib.contextmanager
def voila(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--Voila.port_retries=0", "--Voila.ip=127.0.0.1"]
    options.append("--KernelManager.autorestart=False")  # a kernel that is ended must stay so
    with (folder / "voila.log").open("wb") as log:
        command = [sys.executable, "-m", "voila", str(folder), *options]
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + STARTING
        while not _answers(url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"Voila did not start:\n{(folder / 'voila.log').read_text()[-3000:]}")
            time.sleep(0.1)
        yield url, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}voila/static/voila.js", timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
