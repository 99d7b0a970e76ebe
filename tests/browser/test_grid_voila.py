"""The grid where annotators meet it: in Voila, with a kernel that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import nbformat
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route

STARTING = 60.0
NOTEBOOK = """
import os
from pathlib import Path
from synsetlab.ui.grid import LabelingGrid

here = Path({here!r})
(here / "kernel.pid").write_text(str(os.getpid()))
LabelingGrid(
    images=sorted(Path({images!r}).glob("*.jpg"))[:40],
    question="Does the picture contain a hat?",
    annotator="ada",
    votes_file=here / "votes.jsonl",
)
"""


class App(NamedTuple):
    """A running Voila and the folder that its kernel writes to."""

    url: str
    folder: Path

    def events(self) -> list[dict[str, str | None]]:
        path = self.folder / "votes.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def app(tmp_path: Path, shared_data: Path) -> Iterator[App]:
    """Voila on a free port; its own output is shown when it dies."""
    source = NOTEBOOK.format(here=str(tmp_path), images=str(shared_data / "clothing" / "hat"))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "grid.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", "--Voila.port_retries=0", "--Voila.ip=127.0.0.1"]
    with (tmp_path / "voila.log").open("wb") as log:
        command = [sys.executable, "-m", "voila", str(tmp_path / "grid.ipynb"), *options]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_until_up(process, f"{url}voila/static/voila.js", tmp_path / "voila.log")
        yield App(url, tmp_path)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return  # it answers
        except OSError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    pytest.fail(f"Voila did not come up:\n{log.read_text()[-4000:]}")


def visit(page: Page, app: App) -> Locator:
    """The grid, when it can be worked with; nothing of another host is let through."""

    def only_ours(route: Route) -> None:
        if route.request.url.startswith(app.url):
            route.continue_()
        else:
            route.abort()

    page.route("**/*", only_ours)
    page.goto(app.url, timeout=60_000)
    page.locator('.sl-grid[data-state="ready"]').wait_for(timeout=60_000)
    return page.locator(".sl-grid")


def wait(page: Page, timeout: float = 30_000, **attributes: object) -> None:
    wanted = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    page.locator(f".sl-grid{wanted}").wait_for(timeout=timeout)


def standing(app: App) -> dict[str, str]:
    """The answers that stand after all events of the file, each id of which is there once."""
    events = app.events()
    assert len({event["id"] for event in events}) == len(events)
    retracted = {event["retracts"] for event in events}
    return {str(e["key"]): str(e["answer"]) for e in events if e["answer"] and e["id"] not in retracted}


@pytest.mark.slow
def test_a_kernel_killed_in_the_middle_loses_nothing(page: Page, app: App) -> None:
    root = visit(page, app)
    # By mouse ...
    for index in (0, 1, 2):
        page.locator(f'.sl-tile[data-index="{index}"]').click()
    # ... and by keyboard.
    for key in ("ArrowRight", "n", "y", "u"):
        page.keyboard.press(key)
    wait(page, saved="true", answered=6)
    assert Counter(standing(app).values()) == {"yes": 4, "no": 1, "unsure": 1}

    os.kill(int((app.folder / "kernel.pid").read_text()), signal.SIGKILL)
    for key in "ynyn":
        page.keyboard.press(key)
    wait(page, connection="offline")
    assert "Not connected." in root.inner_text()
    unsaved = int(root.get_attribute("data-pending") or 0)
    assert unsaved > 0
    assert len(standing(app)) == 10 - unsaved

    page.on("dialog", lambda dialog: dialog.accept())
    (app.folder / "kernel.pid").unlink()
    root.locator('[data-do="reload"]').click()
    page.wait_for_function(
        "document.querySelector('.sl-grid')?.dataset.connection !== 'offline'", timeout=60_000
    )
    wait(page, 60_000, state="ready", saved="true", answered=10)
    assert Counter(standing(app).values()) == {"yes": 6, "no": 3, "unsure": 1}
    assert page.locator(".sl-tile[data-answer]:not([data-answer=none])").count() == 10

    # The keyboard works at once, with nothing clicked: the page is the grid's alone.
    page.keyboard.press("Control+End")
    page.keyboard.press("n")
    wait(page, saved="true", answered=11)
    assert len(standing(app)) == 11
    fits = "document.documentElement.scrollHeight <= innerHeight"
    assert page.evaluate(fits), "the page has one scroller, the grid's"
