"""The product as people meet it: a demo workspace behind a real server, visited with Chromium."""

from __future__ import annotations

import os
import select
import shutil
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from playwright.sync_api import expect

from synsetlab import Workspace
from synsetlab.server.process import ServerProcess
from synsetlab.ui.workspace.keys import QuestionKeys
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

ASKED = "n01443537"
"""Goldfish: the first of the demo's synsets, and so the first to be labelled."""
DISPUTED = 6
MANY = 60
LATE_MS = 90_000
"""A kernel starts within it on a machine that does other things as well."""


@pytest.fixture(scope="session")
def prepare(demo: Path) -> Callable[[Path], Path]:
    """Copy the demo workspace to a folder and give people enough to do in it.

    Every picture becomes a candidate for goldfish too, so that there are pages of questions, and three
    annotators disagree about some of them, so that there is something to review.
    """

    def copy(folder: Path) -> Path:
        shutil.copytree(demo, folder)
        with Workspace.open(folder) as workspace:
            before = set(workspace.reader.questions()["id"])
            batch = workspace.writer.start_import("test", "every picture for one synset")
            pictures = workspace.reader.images()["id"]
            every = [{"image_id": image, "wnid": ASKED, "import_id": batch} for image in pictures]
            workspace.writer.add_images([], [], every)
            workspace.writer.finish_import(batch)
            questions = workspace.reader.questions()
            kept = questions["duplicate_of"].isna() & ~questions["id"].isin(before)
            fresh = [int(number) for number in questions.loc[kept, "id"]]
            _dispute(workspace, fresh[:DISPUTED])
            _want_many_votes(workspace, fresh[DISPUTED:])
        return folder

    return copy


@pytest.fixture
def own_folder(prepare: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A workspace as `prepare` makes it, for one test alone."""
    return prepare(tmp_path / "demo")


def _dispute(workspace: Workspace, questions: list[int]) -> None:
    """Two say yes and one says no: under a fixed policy of three that goes to an expert."""
    for number, answer in enumerate(("yes", "yes", "no"), start=1):
        annotator = workspace.writer.ensure_annotator(f"worker-{number:02d}")
        events = [
            {"id": f"{number:08d}-0000-4000-8000-{question:012d}", "question_id": question, "answer": answer}
            for question in questions
        ]
        workspace.writer.record_votes(annotator, events)
    run_consensus(workspace, FixedPolicy(votes=3))


def _want_many_votes(workspace: Workspace, questions: list[int]) -> None:
    """Let every visitor of these tests be asked all of them."""
    policy = FixedPolicy(votes=MANY)
    facts = {"outcome": "open", "posterior": 0.5, "n_yes": 0, "n_no": 0, "n_unsure": 0, "reason": "0 votes"}
    rows = [{"question_id": question, **facts, "votes_wanted": MANY} for question in questions]
    body = {"hash": policy.policy_hash, "kind": policy.kind, "body": policy.to_json()}
    workspace.writer.record_decisions(body, rows)
    workspace.writer.set_settings({"policy": policy.to_json()})  # in force when a page is handed in


@pytest.fixture(scope="session")
def serve(short_folder: Path) -> Callable[..., ServerProcess]:
    """Start ``synsetlab serve`` for a workspace; the caller stops it."""

    def start(workspace: Path, *arguments: str) -> ServerProcess:
        return ServerProcess(workspace, *arguments, env={**os.environ, "TMPDIR": str(short_folder)})

    return start


@pytest.fixture(scope="session")
def site(
    prepare: Callable[[Path], Path], serve: Callable[..., ServerProcess], tmp_path_factory: Any
) -> Iterator[Site]:
    """One workspace and server for all visitors: each has a name of their own, and so votes of their own."""
    folder = prepare(tmp_path_factory.mktemp("site") / "demo")
    with serve(folder) as server:
        yield Site(folder, server)


class Site:
    """A workspace and its server."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder = folder
        self.server = server

    @property
    def base(self) -> str:
        return self.server.base

    def standing(self, annotator: str) -> dict[str, str]:
        """The answer that stands to each question of `annotator`; fails where one stands twice."""
        with Workspace.open(self.folder) as workspace:
            log = workspace.reader.votes(effective=False)
            effective = workspace.reader.votes()
            keys = QuestionKeys(workspace.question_key())
        mine = log[log["annotator"] == annotator]
        assert mine["id"].is_unique
        stands = mine[mine["answer"].notna() & ~mine["id"].isin(set(mine["retracts"].dropna()))]
        assert stands["question_id"].is_unique, "an answer is in the log twice"
        counted = effective[effective["annotator"] == annotator]
        assert sorted(counted["id"]) == sorted(stands["id"])
        sealed = [keys.seal(number) for number in stands["question_id"]]
        return dict(zip(sealed, stands["answer"], strict=True))

    def question(self, number: str) -> dict[str, Any]:
        """The row of a question."""
        with Workspace.open(self.folder) as workspace:
            questions = workspace.reader.questions()
        return dict(questions[questions["id"] == int(number)].to_dict("records")[0])

    def kernels(self, annotator: str) -> list[psutil.Process]:
        """The kernel processes that the server runs for `annotator`."""
        found = []
        # By environment, not by parent: start times, which psutil compares, can jump with the clock.
        for process in psutil.process_iter():
            try:
                given = process.environ()
            except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
                continue
            mine = given.get("SYNSETLAB_WORKSPACE") == str(self.folder)
            if mine and given.get("SYNSETLAB_ANNOTATOR") == annotator:
                found.append(process)
        return found

    def kill_kernel(self, annotator: str) -> None:
        """``kill -9`` of the only kernel of `annotator`, until it runs no more."""
        (kernel,) = self.kernels(annotator)
        watch = Ends([kernel])
        os.kill(kernel.pid, signal.SIGKILL)
        assert watch.all_within(60)


@pytest.fixture(scope="session")
def site_of() -> type[Site]:
    """To look into a workspace that another server serves."""
    return Site


class Ends:
    """Tells when processes have ended, whether or not their parent has asked how."""

    def __init__(self, processes: list[psutil.Process]) -> None:
        self._open = {os.pidfd_open(process.pid): process for process in processes}

    def all_within(self, seconds: float) -> bool:
        """Wait until all have ended."""
        late = time.monotonic() + seconds
        while self._open and (left := late - time.monotonic()) > 0:
            for ended in select.select(list(self._open), [], [], left)[0]:
                os.close(ended)
                del self._open[ended]
        return not self._open


# Tiles are painted a frame after the numbers on the root are.
PAINTED = """() => {
  const root = document.querySelector(".sl-grid");
  const count = (which) => String(root.querySelectorAll(`.sl-tile${which}`).length);
  return count(":not([data-answer=none])") === root.dataset.answered
    && count("[data-pending=true]:not([data-answer=none])") === root.dataset.pending;
}"""


class Grid:
    """The labelling page of a visitor."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.root: Locator = page.locator(".sl-grid")
        self.warned = 0
        page.set_default_timeout(LATE_MS)
        page.on("dialog", self._leave)

    def _leave(self, dialog: Any) -> None:
        """A page with unsaved answers asks before it is left; this visitor leaves all the same."""
        self.warned += dialog.type == "beforeunload"
        dialog.accept()

    def open(self) -> Grid:
        self.page.goto(self.base + "label")
        return self.ready()

    def ready(self) -> Grid:
        """When it can be worked with; whoever is here for the first time does without the tour."""
        self.wait(state="ready")
        tour = self.root.locator("dialog.sl-tour")
        if tour.count():
            tour.locator('[data-do="tour-skip"]').click()
            tour.wait_for(state="detached")
        return self

    def wait(self, **attributes: Any) -> None:
        """Until the page says so in its data attributes."""
        wanted = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
        self.page.locator(f".sl-grid{wanted}").wait_for(timeout=LATE_MS)

    def saved(self, **attributes: Any) -> dict[str, str]:
        """When all is saved: what the page shows as answered."""
        self.wait(saved="true", **attributes)
        return self.acknowledged()

    def tile(self, index: int) -> Locator:
        return self.root.locator(f'.sl-tile[data-index="{index}"]')

    def acknowledged(self) -> dict[str, str]:
        """Question to answer, of the tiles whose answer the page shows as saved."""
        return self._answers('[data-pending="false"]')

    def unsaved(self) -> dict[str, str]:
        return self._answers('[data-pending="true"]')

    def _answers(self, which: str) -> dict[str, str]:
        self.page.wait_for_function(PAINTED)
        script = "(tiles) => tiles.map((tile) => [tile.dataset.key, tile.dataset.answer])"
        tiles = self.root.locator(f".sl-tile:not([data-answer=none]){which}").evaluate_all(script)
        return dict(tiles)

    def keys(self) -> list[str]:
        """The questions on the page; the window of these tests is high enough for all of them."""
        found: list[str] = self.root.locator(".sl-tile").evaluate_all(
            "(tiles) => tiles.map((tile) => tile.dataset.key)"
        )
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reload(self) -> None:
        """As the banner offers it."""
        with self.page.expect_navigation(timeout=LATE_MS):
            self.root.locator('[data-do="reload"]').click()


@pytest.fixture(scope="session")
def ends() -> type[Ends]:
    """To wait for the end of processes."""
    return Ends


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser profile of its own, with a window that shows a whole page of pictures."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 1900}, **options})
        context.set_default_timeout(LATE_MS)
        made.append(context)
        return context

    yield make
    for context in made:
        for page in context.pages:
            page.close(run_before_unload=False)
        context.close()


@pytest.fixture
def come(contexts: Callable[..., BrowserContext], site: Site) -> Callable[..., Page]:
    """A new visitor of the site types a name and is let in; returns their page."""

    def visit(name: str, **options: Any) -> Page:
        page = contexts(**options).new_page()
        page.goto(site.base + "name")
        page.locator("input#name:focus").wait_for()  # given as the page is shown, not by us
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.wait_for_url(site.base)
        return page

    return visit


@pytest.fixture
def labelling(come: Callable[..., Page], site: Site) -> Callable[..., Grid]:
    """A new visitor opens the labelling page."""

    def visit(name: str, **options: Any) -> Grid:
        return Grid(come(name, **options), site.base).open()

    return visit


@pytest.fixture
def grid_of(site: Site) -> Callable[..., Grid]:
    """The labelling page in a tab that is there already."""

    def wrap(page: Page, base: str | None = None) -> Grid:
        return Grid(page, base or site.base)

    return wrap


expect.set_options(timeout=LATE_MS)
