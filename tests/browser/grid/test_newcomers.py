"""Who comes for the first time: shown round, asked what the synset means, heard when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from synsetlab import Workspace
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.workspace.definition_quiz import definition_quiz
from synsetlab.ui.workspace.labelling import WorkspaceLabelling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    Show = Callable[..., Any]


@pytest.fixture
def workspace(own_folder: Path) -> Iterator[Workspace]:
    with Workspace.open(own_folder) as opened:
        yield opened


def test_the_tour_is_walked_by_keys_once(stage: Show, page: Page, workspace: Workspace) -> None:
    root = stage(LabelingGrid(source=WorkspaceLabelling(workspace, annotator="new"))).show(page)
    tour = page.locator("dialog.sl-tour")
    expect(tour).to_contain_text("1 of 5")
    for step in range(2, 6):
        page.keyboard.press("Enter")
        expect(tour).to_contain_text(f"{step} of 5")
        card, window = tour.locator(".sl-tour-card").bounding_box(), page.viewport_size
        assert card
        assert window
        assert 0 <= card["y"] <= card["y"] + card["height"] <= window["height"]
    page.keyboard.press("ArrowLeft")
    expect(tour).to_contain_text("4 of 5")
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Begin").press("Enter")
    expect(tour).to_have_count(0)
    page.keyboard.press("y")
    expect(root).to_have_attribute("data-answered", "1")
    expect(root).to_have_attribute("data-saved", "true")
    page = page.context.new_page()
    root = stage(LabelingGrid(source=WorkspaceLabelling(workspace, annotator="new"))).show(page)
    page.keyboard.press("y")
    expect(root).to_have_attribute("data-answered", "1")
    assert page.locator("dialog.sl-tour").count() == 0


def test_the_quiz_lets_in_who_read_the_definition(stage: Show, page: Page, workspace: Workspace) -> None:
    source = WorkspaceLabelling(workspace, annotator="new", quiz=True)
    source.remember({"toured": True})
    right = [question.right for question in definition_quiz(workspace, source.wnid)]
    root = stage(LabelingGrid(source=source)).show(page, ready=False)
    expect(root).to_have_attribute("data-state", "quiz")
    expect(page.locator(".sl-tile")).to_have_count(0)
    for number, place in enumerate(right):
        wrong = 1 if place == 0 else 0
        page.locator(f'[data-question="{number}"] input').nth(wrong).check()
    page.get_by_role("button", name="Check").click()
    expect(page.locator(".sl-quiz [role=alert]")).to_contain_text("not right yet")
    for number, place in enumerate(right):
        page.locator(f'[data-question="{number}"] input').nth(place).check()
    page.get_by_role("button", name="Check").press("Enter")
    expect(root).to_have_attribute("data-state", "ready")
    page.keyboard.press("y")
    expect(root).to_have_attribute("data-answered", "1")


def test_a_problem_is_reported_from_the_page(stage: Show, page: Page, workspace: Workspace) -> None:
    source = WorkspaceLabelling(workspace, annotator="new")
    source.remember({"toured": True})
    root = stage(LabelingGrid(source=source)).show(page)
    page.get_by_role("button", name="Report a problem").click()
    dialog = page.locator("dialog.sl-report")
    dialog.get_by_text("The definition or the rules are bad").click()
    dialog.get_by_role("textbox").fill("Which fish is meant?")
    dialog.locator("[data-do=send-report]").click()
    expect(dialog).to_have_count(0)
    expect(root.locator(".sl-aloud")).to_have_text("Thank you, the report was sent.")
    (problem,) = workspace.own_work.problems()
    assert (problem["wnid"], problem["kind"]) == (source.wnid, "bad-definition")
    assert (problem["text"], problem["annotator"]) == ("Which fish is meant?", "new")
