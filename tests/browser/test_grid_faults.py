"""What breaks between a click and the database: no acknowledged answer is lost, none comes twice.

Answers that were not acknowledged come later, or the page says that they are not saved.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import socket
import sqlite3
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

pytestmark = pytest.mark.slow

CUT_S = float(os.environ.get("SYNSETLAB_TEST_CUT_S", "5"))
"""Seconds for which the network is gone; after 60 it takes longer until the browser tries again."""

FAILING = """
import os, signal
from pathlib import Path
from synsetlab import Workspace
from synsetlab.ui import LabelingGrid, WorkspaceLabelling

flags = Path({flags!r})


class Failing(WorkspaceLabelling):
    def record(self, events):
        safe = super().record(events)
        if (flags / "die").exists():
            (flags / "die").unlink()
            os.kill(os.getpid(), signal.SIGKILL)  # committed, and nobody was told
        return safe


LabelingGrid(source=Failing(Workspace.open()))
"""


class Wire:
    """A network between the browser and the server that can be cut and mended."""

    def __init__(self, base: str) -> None:
        target = urlsplit(base)
        self._target = (str(target.hostname), int(target.port or 80))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self._open: set[socket.socket] = set()
        self._whole = threading.Event()
        self._whole.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection and let none through."""
        self._whole.clear()
        for end in list(self._open):
            _hang_up(end)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole.set()

    def close(self) -> None:
        """Take it away."""
        self.cut()
        _hang_up(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._open |= {near, far}
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as ends, near, far:
            ends.register(near, selectors.EVENT_READ, far)
            ends.register(far, selectors.EVENT_READ, near)
            try:
                while True:
                    for key, _ in ends.select():
                        data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                        if not data:
                            return
                        key.data.sendall(data)
            except OSError:
                return
            finally:
                _hang_up(near)
                _hang_up(far)
                self._open -= {near, far}


def _hang_up(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was down already
        end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire(site: Any) -> Iterator[Wire]:
    made = Wire(site.base)
    yield made
    made.close()


def test_a_network_that_comes_back_brings_what_was_answered_meanwhile(
    contexts: Callable[..., BrowserContext], site: Any, grid_of: Any, wire: Wire
) -> None:
    page = contexts().new_page()
    page.goto(wire.base + "name")
    page.fill("input#name", "cut off")
    page.keyboard.press("Enter")
    page.wait_for_url(wire.base)
    grid = grid_of(page, wire.base).open()
    grid.press("y", "n", "u", "y", "n")
    shown = grid.saved(answered=5)
    grid.press("y", "y", "n", "n", "y")  # on their way when the line breaks
    wire.cut()
    grid.press("n", "u", "y")
    grid.wait(connection="offline", answered=13)
    expect(grid.root.locator(".sl-banner")).to_contain_text("kept in this browser")
    acknowledged = grid.acknowledged()
    assert shown.items() <= acknowledged.items() <= site.standing("cut off").items()
    everything = {**acknowledged, **grid.unsaved()}
    assert len(everything) == 13
    mended = threading.Timer(CUT_S, wire.mend)
    mended.start()
    mended.join()
    page.locator('.sl-grid[data-saved="true"][data-connection="online"]').wait_for(timeout=300_000)
    assert site.standing("cut off") == everything
    assert grid.warned == 0, "nobody had to reload"


def test_a_kernel_that_is_culled_loses_nothing(labelling: Any, site: Any) -> None:
    grid = labelling("culled")
    grid.press("y", "n")
    shown = grid.saved(answered=2)
    ended = grid.page.evaluate(
        """async () => {
          const body = JSON.parse(document.getElementById("jupyter-config-data").textContent);
          const xsrf = /_xsrf=([^;]+)/.exec(document.cookie)[1];
          const answer = await fetch(`voila/api/shutdown/${body.kernelId}`, {
            method: "POST", headers: { "X-XSRFToken": xsrf },
          });
          return answer.status;
        }"""
    )
    assert ended == 204
    grid.press("u", "y")
    grid.wait(connection="offline", pending=2)
    waiting = grid.unsaved()
    grid.reload()
    grid.ready()
    grid.saved(connection="online")
    assert site.standing("culled") == {**shown, **waiting}


def test_a_tab_that_is_closed_at_once_after_a_click_loses_nothing(
    labelling: Any, site: Any, grid_of: Any
) -> None:
    grid = labelling("in a hurry")
    clicked = []
    for _ in range(3):
        context = grid.page.context
        clicked.append(grid.tile(0).get_attribute("data-key"))
        grid.tile(0).click(no_wait_after=True)
        grid.page.close(run_before_unload=False)
        grid = grid_of(context.new_page()).open()
        grid.saved()
        assert set(site.standing("in a hurry")) == set(clicked)
    assert set(site.standing("in a hurry").values()) == {"yes"}


def test_a_database_that_is_locked_makes_answers_wait(labelling: Any, site: Any) -> None:
    grid = labelling("locked out")
    grid.press("y")
    shown = grid.saved(answered=1)
    database = sqlite3.connect(site.folder / "workspace.sqlite", isolation_level=None)
    try:
        database.execute("BEGIN IMMEDIATE")
        grid.press("n", "u")
        grid.wait(pending=2, saved="false")
        # Until the page has said that they are not saved, or that the server is not there.
        grid.page.locator('.sl-grid [data-note="votes"], .sl-grid .sl-banner:not([hidden])').wait_for()
        assert grid.acknowledged() == shown
        database.execute("ROLLBACK")
    finally:
        database.close()
    after = grid.saved(answered=3, connection="online")
    assert site.standing("locked out") == after


def let_files_grow(folder: Path, may: bool) -> None:
    """Let files take bytes from the writer of a workspace in `folder`, or none: as if the disk were full."""
    running = psutil.process_iter(["cmdline"])
    found = [one for one in running if "synsetlab.server.writer" in (line := one.info["cmdline"] or [])
             and any(word.startswith(str(folder)) for word in line)]  # fmt: skip
    assert len(found) == 1, found
    hard = resource.prlimit(found[0].pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(found[0].pid, resource.RLIMIT_FSIZE, (hard if may else 0, hard))


@pytest.fixture
def failing(
    own_folder: Path,
    serve: Any,
    contexts: Callable[..., BrowserContext],
    grid_of: Any,
    site_of: Any,
) -> Iterator[tuple[Any, Path, Callable[[], dict[str, str]]]]:
    """A labelling page whose kernel fails as files in a folder say, that folder, and what is in the log."""
    own, flags = own_folder.parent / "own", own_folder.parent / "flags"
    own.mkdir()
    flags.mkdir()
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(FAILING.format(flags=str(flags)))])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, own / "04_label_images.ipynb")
    with serve(own_folder, "--as", "you", "--notebooks", str(own)) as server:
        grid = grid_of(contexts().new_page(), server.base).open()
        yield grid, flags, lambda: site_of(own_folder, server).standing("you")


def test_a_kernel_that_dies_between_commit_and_acknowledgement_makes_no_second_vote(failing: Any) -> None:
    grid, flags, standing = failing
    grid.press("y")
    shown = grid.saved(answered=1)
    (flags / "die").touch()
    grid.press("n")
    grid.wait(connection="offline", pending=1)
    waiting = grid.unsaved()
    assert standing() == {**shown, **waiting}, "it was committed, and the page does not know"
    grid.reload()
    grid.ready()
    assert standing() == {**shown, **waiting}
    grid.saved(connection="online")
    assert standing() == {**shown, **waiting}


def test_a_full_disk_is_said_and_the_answers_come_when_there_is_room(failing: Any) -> None:
    grid, flags, standing = failing
    grid.press("y", "n")
    shown = grid.saved(answered=2)
    let_files_grow(flags.parent, False)
    grid.press("u", "y", "n")
    note = grid.root.locator('[data-note="votes"]')
    note.wait_for()
    assert grid.root.get_attribute("data-saved") == "false"
    assert "Traceback" not in note.inner_text()
    acknowledged = grid.acknowledged()
    assert acknowledged == standing()
    assert shown.items() <= acknowledged.items()
    let_files_grow(flags.parent, True)
    after = grid.saved(answered=5, connection="online")
    assert standing() == after
