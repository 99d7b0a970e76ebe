"""The same work in JupyterLab, in Notebook 7 and in Voila: one test body, three places."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, NamedTuple

import nbformat
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow

LATE_MS = 120_000
STARTING = 90.0
NOTEBOOK = """
from pathlib import Path
from synsetlab.ui import LabelingGrid

LabelingGrid(
    images=sorted(Path({images!r}).glob("*.jpg"))[:24],
    question="Does the picture contain a hat?",
    annotator="ada",
    votes_file={votes!r},
)
"""
PAGES = {"voila": "voila/render/grid.ipynb", "lab": "lab/tree/grid.ipynb", "notebook": "notebooks/grid.ipynb"}
# A cell that is run before its kernel is there makes JupyterLab ask for one.
READY = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
RUN = "window.jupyterapp.commands.execute('notebook:run-all-cells')"


class Place(NamedTuple):
    """Where a notebook is shown."""

    name: str
    url: str
    votes: Path

    def standing(self) -> dict[str, str]:
        """The answers that stand, by file name; each event is in the file once."""
        if not self.votes.exists():
            return {}
        events = [json.loads(line) for line in self.votes.read_text().splitlines()]
        assert len({event["id"] for event in events}) == len(events)
        gone = {event["retracts"] for event in events}
        return {
            e["key"].rpartition("/")[2]: e["answer"] for e in events if e["answer"] and e["id"] not in gone
        }


@pytest.fixture(params=list(PAGES))
def place(request: pytest.FixtureRequest, tmp_path: Path, shared_data: Path) -> Iterator[Place]:
    """A server of that kind on a free port, with a notebook; its log is shown when it does not start."""
    kind = str(request.param)
    votes = tmp_path / "votes.jsonl"
    source = NOTEBOOK.format(images=str(shared_data / "clothing" / "hat"), votes=str(votes))
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source), nbformat.v4.new_markdown_cell("below\n" * 200)]
    )
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, tmp_path / "grid.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if kind == "voila":
        options = ["voila", str(tmp_path), "--Voila.ip=127.0.0.1", "--Voila.port_retries=0"]
    else:
        app = {"lab": "jupyterlab", "notebook": "notebook"}[kind]
        expose = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}[kind]
        options = [app, f"--{expose}.expose_app_in_browser=True", "--IdentityProvider.token=", "--allow-root"]
        options += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0", "--LabApp.collaborative=False"]
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "IPYTHONDIR": str(tmp_path)}
    environment |= {"JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    command = [sys.executable, "-m", *options, "--no-browser", f"--port={port}"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        _wait_until_up(server, url, tmp_path / "server.log")
        yield Place(kind, url, votes)
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_up(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}static/favicons/favicon.ico", timeout=2):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(0.2)
    pytest.fail(f"The server did not come up:\n{log.read_text()[-4000:]}")


def show(page: Page, place: Place) -> Locator:
    page.set_default_timeout(LATE_MS)
    page.goto(place.url + PAGES[place.name], timeout=LATE_MS)
    if place.name != "voila":
        page.wait_for_function(READY)
        page.evaluate(RUN)
    page.locator('.sl-grid[data-state="ready"]').wait_for(timeout=LATE_MS)
    return page.locator(".sl-grid")


def wait(root: Locator, **attributes: object) -> None:
    wanted = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    root.page.locator(f".sl-grid{wanted}").wait_for(timeout=LATE_MS)


CELLS = "document.querySelectorAll('.jp-Cell').length"
SCROLLED = "[...document.querySelectorAll('.jp-WindowedPanel-outer, html')].map((e) => e.scrollTop)"


def test_a_page_is_worked_the_same_everywhere(page: Page, place: Place) -> None:
    root = show(page, place)
    names = [str(name) for name in root.locator(".sl-tile").evaluate_all("(all) => all.map((t) => t.title)")]
    first = root.locator('.sl-tile[data-index="0"]')
    first.scroll_into_view_if_needed()
    first.click()  # yes
    wait(root, saved="true", answered=1)
    cells = page.evaluate(CELLS)
    # JupyterLab would insert cells (a, b), delete some (d d), turn them into headings (1 to 6) or run them.
    page.keyboard.press("ArrowRight")
    for key in ["n", "u", "1", "2"]:
        page.keyboard.press(key)
    wait(root, saved="true", answered=5)
    page.keyboard.press("b")
    page.locator("dialog.sl-list").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog.sl-list").wait_for(state="detached")
    for key in ["d", "d", "x", "m"]:
        page.keyboard.press(key)
    page.keyboard.press("z")
    wait(root, saved="true", answered=4)
    assert page.evaluate(CELLS) == cells, "JupyterLab took keys of the grid"
    short = [name.rpartition("/")[2] for name in names]
    assert place.standing() == dict(zip(short[:4], ["yes", "no", "unsure", "yes"], strict=True))

    # The page under it stands still while the grid scrolls.
    root.locator(".sl-board").hover()
    before = page.evaluate(SCROLLED)
    for _ in range(8):
        page.mouse.wheel(0, 400)
    bottom = "(b) => b.scrollTop > 0 && b.scrollTop + b.clientHeight >= b.scrollHeight - 1"
    page.wait_for_function(f"({bottom})(document.querySelector('.sl-board'))")
    page.mouse.wheel(0, 400)
    page.keyboard.press("Control+Home")
    page.wait_for_function("document.querySelector('.sl-board').scrollTop < 20")
    assert page.evaluate(SCROLLED) == before

    # The loupe, a range, the rest, the help; then the page is handed in.
    page.keyboard.press("Enter")
    page.locator('dialog.sl-loupe[data-picture="ready"]').wait_for()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.locator("dialog.sl-loupe").wait_for(state="detached")
    page.keyboard.press("?")
    page.locator("dialog.sl-help").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog.sl-help").wait_for(state="detached")
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("n")
    page.keyboard.press("a")
    page.locator('dialog [data-choice="yes"]').click()
    wait(root, saved="true", answered=24)
    page.keyboard.press("Control+Enter")
    wait(root, state="empty")
    assert len(place.standing()) == 24
    assert place.standing()[short[0]] == "no"
