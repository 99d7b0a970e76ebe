"""No vote that was given in the grid is lost: offline, reloaded, unacknowledged, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.browser.grid.conftest import answer, tile, wait

from synsetlab.errors import WorkspaceBusyError
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.sources import FolderSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Page


def test_answers_given_offline_arrive_after_a_reload(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs)
    made = stage(grid)
    root = made.show(page)
    page.keyboard.press("y")
    wait(root, saved="true", answered=1)
    page.evaluate("window.cut = true")
    for key in "nny":
        page.keyboard.press(key)
    wait(root, connection="offline", pending=3)
    assert "Offline · 3 unsaved" in root.inner_text()
    banner = root.locator(".sl-banner")
    assert "3 answers are kept in this browser" in banner.inner_text()
    assert len(grid.answers) == 1
    # Leaving with unsaved answers asks first.
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    banner.locator('[data-do="reload"]').click()
    page.wait_for_function("!window.cut")
    wait(root, state="ready", saved="true", answered=4)
    assert asked == ["beforeunload"]
    assert list(grid.answers.values()) == ["yes", "no", "no", "yes"]
    assert len(grid.votes) == 4


def test_answers_given_offline_arrive_when_the_line_is_back(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs)
    root = stage(grid).show(page)
    page.evaluate("window.cut = true")
    page.keyboard.press("y")
    root.locator(".sl-tile[data-late=true]").wait_for()
    wait(root, connection="offline", pending=1)
    page.evaluate("window.cut = false")
    wait(root, connection="online", saved="true")
    root.locator(".sl-tile[data-late=true]").wait_for(state="detached")
    assert len(grid.answers) == 1
    assert not root.locator(".sl-banner").is_visible()


def test_a_lost_acknowledgement_makes_no_second_vote(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs)
    made = stage(grid)
    root = made.show(page)
    page.evaluate("window.deaf = true")
    page.keyboard.press("y")
    page.wait_for_function("document.querySelector('.sl-grid').dataset.connection === 'offline'")
    assert len(grid.votes) == 1, "Python has it, the page does not know"
    assert made.requests.count("votes") >= 1
    page.evaluate("window.deaf = false")
    wait(root, saved="true", connection="online")
    assert made.requests.count("votes") >= 2
    assert len(grid.votes) == 1
    assert grid.recorded >= 2


class Locked(FolderSource):
    """A store that is busy until told otherwise."""

    locked = True

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        if self.locked:
            raise WorkspaceBusyError("The workspace is being migrated.", "It takes a minute.")
        return super().record(events)


def test_a_busy_store_is_said_and_the_answer_waits(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    source = Locked(photographs)
    root = stage(LabelingGrid(source=source)).show(page)
    tile(root, 0).click()
    note = root.locator('[data-note="votes"]')
    note.wait_for()
    assert "being migrated" in note.inner_text()
    assert root.get_attribute("data-saved") == "false"
    source.locked = False
    wait(root, saved="true")
    note.wait_for(state="detached")
    assert len(source.my_answers(source.keys())) == 1


def test_what_python_refuses_is_told_and_taken_back(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    source = FolderSource(photographs)
    root = stage(LabelingGrid(source=source)).show(page)
    source._files.pop(str(photographs[0]))
    page.keyboard.press("y")
    page.keyboard.press("y")
    note = root.locator('[data-note="refused"]')
    note.wait_for()
    assert "One answer was not accepted: There is no picture" in note.inner_text()
    wait(root, saved="true", answered=1)
    assert answer(root, 0) == "none"
