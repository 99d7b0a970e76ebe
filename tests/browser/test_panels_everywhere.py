"""Panels that share a workspace and follow each other, in JupyterLab, Notebook 7 and Voila: one test body."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import nbformat
import pytest
from playwright.sync_api import expect

from synsetlab import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.slow

LATE_MS = 120_000
STARTING = 120.0
REVIEW = ".sl-review:not(.sl-duplicates)"
ASKED = "n01443537"
"""Goldfish, about which the workspace of these tests has disputed questions."""
SOURCE = """
from ipywidgets import VBox
from traitlets import dlink
from synsetlab import Workspace
from synsetlab.ui import (
    ConsensusDashboard, DuplicateReview, SynsetBrowser, VoteReview, WorkspaceDuplicates, WorkspaceReview
)

workspace = Workspace.open({workspace!r})
dashboard = ConsensusDashboard(workspace=workspace)
browser = SynsetBrowser(workspace=workspace)
review = VoteReview(WorkspaceReview(workspace, expert="maria"))
duplicates = DuplicateReview(WorkspaceDuplicates(workspace, curator="maria"))
dlink((dashboard, "synset"), (browser, "selected"))
dlink((browser, "selected"), (review, "synset"))
VBox([dashboard, browser, review, duplicates])
"""
PAGES = {
    "voila": "voila/render/panels.ipynb",
    "lab": "lab/tree/panels.ipynb",
    "notebook": "notebooks/panels.ipynb",
}
RUN = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const { sessionContext } = app.shell.currentWidget;
  await sessionContext.ready;  // cells run before would bring up a dialog that asks for a kernel
  await sessionContext.session.kernel.info;
  await app.commands.execute("notebook:run-all-cells");
}"""
CELLS = "document.querySelectorAll('.jp-Cell').length"


class Place(NamedTuple):
    """Where the notebook is shown, and the workspace behind it."""

    name: str
    url: str
    workspace: Path


@pytest.fixture(params=list(PAGES))
def place(
    request: pytest.FixtureRequest, prepare: Callable[[Path], Path], tmp_path: Path, wordnet: Path
) -> Iterator[Place]:
    """A server of that kind with the notebook; its log is shown when it does not start."""
    kind = str(request.param)
    workspace = prepare(tmp_path / "workspace")
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cell = nbformat.v4.new_code_cell(SOURCE.format(workspace=str(workspace)).strip())
    made = nbformat.v4.new_notebook(cells=[cell, nbformat.v4.new_markdown_cell("below")])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "panels.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    if kind == "voila":
        options = ["voila", str(folder), "--Voila.ip=127.0.0.1", "--Voila.port_retries=0"]
    else:
        app, expose = {"lab": ("jupyterlab", "LabApp"), "notebook": ("notebook", "JupyterNotebookApp")}[kind]
        options = [app, f"--{expose}.expose_app_in_browser=True", "--IdentityProvider.token=", "--allow-root"]
        options += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"]
    own = {"JUPYTER_CONFIG_DIR": "config", "IPYTHONDIR": "ipython", "JUPYTER_RUNTIME_DIR": "run"}
    environment = {**os.environ, **{name: str(tmp_path / value) for name, value in own.items()}}
    log = tmp_path / "server.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *options, "--no-browser", f"--port={port}"],
            cwd=folder,
            stdout=out,
            stderr=out,
            env={**environment, "PYTHONWARNINGS": "default"},
        )
        try:
            deadline = time.monotonic() + STARTING
            while not answers(port):
                assert time.monotonic() < deadline, f"The server did not answer:\n{log.read_text()}"
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pytest.fail(f"The server ended with {server.wait(0.1)}:\n{log.read_text()}")
            yield Place(kind, f"http://127.0.0.1:{port}/", workspace)
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(20)
            server.kill()
            server.wait()


def answers(port: int) -> bool:
    """Whether someone listens."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def show(page: Page, place: Place) -> None:
    page.set_default_timeout(LATE_MS)
    page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.goto(place.url + PAGES[place.name])
    if place.name != "voila":
        page.wait_for_function("window.jupyterapp?.commands.hasCommand('notebook:run-all-cells')")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.evaluate(RUN)
    for panel in (".sl-dashboard", ".sl-browser", REVIEW, ".sl-duplicates"):
        page.locator(f"{panel}[data-state=ready]").wait_for()


def settled(panel: Locator, decided: int) -> None:
    expect(panel).to_have_attribute("data-decided", str(decided), timeout=LATE_MS)
    expect(panel).to_have_attribute("data-pending", "0", timeout=LATE_MS)


def test_panels_follow_each_other_and_keep_their_keys(page: Page, place: Place) -> None:
    show(page, place)
    dashboard, review = page.locator(".sl-dashboard"), page.locator(REVIEW)
    dashboard.locator(f'[data-part=synsets] tr[data-key="{ASKED}"] button').click()
    page.locator(f'.sl-cells-place[data-wnid="{ASKED}"] .sl-cells').wait_for()
    page.locator(f'.sl-browser .sl-detail[data-wnid="{ASKED}"]').wait_for()
    page.locator(f'{REVIEW}[data-synset="{ASKED}"]').wait_for()

    cells = page.evaluate(CELLS)
    first = review.locator(".sl-item").first.get_attribute("data-question")
    review.locator(".sl-item").first.click()
    expect(review).to_have_attribute("data-question", first or "")
    # JupyterLab would insert cells (a, b), delete some (d d), turn them into headings (1 to 6) or run them.
    page.keyboard.press("y")
    settled(review, 1)
    for key in ("d", "d", "b", "a", "Escape", "n"):
        page.keyboard.press(key)
    settled(review, 2)
    page.keyboard.press("z")
    settled(review, 1)

    duplicates = page.locator(".sl-duplicates")
    cluster = duplicates.locator(".sl-item").first.get_attribute("data-cluster")
    duplicates.locator(".sl-item").first.click()
    expect(duplicates).to_have_attribute("data-cluster", cluster or "")
    page.keyboard.press("a")
    settled(duplicates, 1)
    assert page.evaluate(CELLS) == cells, "JupyterLab took keys of a panel"
    expect(
        page.locator(".sl-dashboard, .sl-browser, .sl-review, .sl-duplicates").get_by_role("alert")
    ).to_have_count(0)

    with Workspace.open(place.workspace) as workspace:
        stands = workspace.reader.standing_verdicts()
        assert stands[["question_id", "verdict", "decided_by"]].values.tolist() == [
            [int(first or 0), "accept", "maria"]
        ]
        questions = workspace.reader.questions().set_index("id")
        assert questions.loc[int(first or 0), "wnid"] == ASKED
        copies = workspace.reader.duplicate_verdicts().query("decided_by == 'maria'")
        assert set(copies["cluster_id"]) == {cluster}
