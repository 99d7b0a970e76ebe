"""What curators do: many verdicts at once, another synset, blind review, the log, thresholds, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from synsetlab import Workspace
from synsetlab.ui.dashboard import ConsensusDashboard
from synsetlab.ui.duplicates import DuplicateReview
from synsetlab.ui.review import VoteReview
from synsetlab.ui.workspace.duplicates import WorkspaceDuplicates
from synsetlab.ui.workspace.review import WorkspaceReview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

OTHER = "n02119789"
"""Kit fox."""


@pytest.fixture
def workspace(own_folder: Path) -> Iterator[Workspace]:
    with Workspace.open(own_folder) as opened:
        yield opened


def test_many_are_relabelled_with_one_search_and_taken_back_as_one(
    stage: Callable[..., Any], page: Page, workspace: Workspace
) -> None:
    shown = stage(VoteReview(WorkspaceReview(workspace, expert="maria")))
    shown.ready()
    page.locator("[data-reason=ambiguous]").click()
    page.locator(".sl-queue-list").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(shown.root).to_have_attribute("data-selected", "3")
    page.keyboard.press("r")
    page.locator(".sl-drawer .sl-browser[data-state=ready]").wait_for()
    page.keyboard.type("kit fox")
    page.locator(f".sl-result[data-wnid={OTHER}][aria-selected=true]").wait_for()
    page.keyboard.press("Enter")  # shows it in the tree, with its gloss
    expect(page.locator(f".sl-detail[data-wnid={OTHER}]")).to_be_visible()
    expect(page.locator(f".sl-tree [data-wnid={OTHER}]")).to_be_focused()
    page.keyboard.press("Enter")  # and picks it
    expect(shown.root).to_have_attribute("data-decided", "3")
    expect(shown.root).to_have_attribute("data-pending", "0")
    rows = workspace.reader.questions()
    assert rows[rows["wnid"] == OTHER]["outcome"].tolist() == ["accepted"] * 3
    page.keyboard.press("z")
    expect(shown.root).to_have_attribute("data-decided", "0")
    assert workspace.reader.standing_verdicts().empty
    page.keyboard.press("l")
    expect(page.locator(".sl-log tbody tr")).to_have_count(12)
    expect(page.locator(".sl-log tbody tr:not(.gone)")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_filters_narrow_the_queue_and_blindness_hides_the_votes(
    stage: Callable[..., Any], page: Page, workspace: Workspace
) -> None:
    shown = stage(VoteReview(WorkspaceReview(workspace, expert="maria", audit=8)))
    shown.ready()
    queue = shown.panel.source.queue()
    page.get_by_role("button", name="Filter…").click()
    page.get_by_label("Agreement").select_option("split")
    wanted = [item for item in queue if item["agreement"] <= 0.6]
    expect(page.locator(".sl-place")).to_have_text(f"1 of {len(wanted)}")
    page.locator("[data-do=clear-filters]").click()
    expect(page.locator(".sl-place")).to_contain_text(f"of {len(queue)}")
    page.locator("[data-do=blind]").click()
    expect(shown.root).to_have_attribute("data-blind", "true")
    expect(page.locator(".sl-blind")).to_be_visible()
    expect(page.locator(".sl-votes")).to_have_count(0)
    page.locator(".sl-queue-list").focus()
    page.keyboard.press("y")
    expect(shown.root).to_have_attribute("data-pending", "0")
    page.keyboard.press("ArrowUp")
    expect(page.locator(".sl-votes")).to_be_visible()


def test_what_differs_from_the_reference_is_drawn_and_goes_again(
    stage: Callable[..., Any], page: Page, shared_data: Path
) -> None:
    shown = stage(DuplicateReview(folder=shared_data / "duplicates" / "mixed_images"))
    shown.ready()
    button = page.get_by_role("button", name="Difference")
    button.click()
    expect(page.locator(".sl-difference canvas")).to_have_count(1)
    assert 0 < float(page.locator(".sl-difference").get_attribute("data-mean") or 0) < 0.2
    button.click()
    expect(page.locator(".sl-difference")).to_have_count(0)


def test_the_slider_keeps_its_arrows_and_leaves_other_keys_to_the_panel(
    stage: Callable[..., Any], page: Page, workspace: Workspace
) -> None:
    stage(DuplicateReview(WorkspaceDuplicates(workspace, curator="maria"))).ready()
    slider = page.locator("[data-do=threshold]")
    slider.focus()
    difference = page.get_by_role("button", name="Difference")
    page.keyboard.press("v")
    expect(difference).to_have_attribute("aria-pressed", "true")
    expect(slider).to_be_focused()
    before = int(slider.input_value())
    page.keyboard.press("ArrowLeft")
    expect(slider).to_have_value(str(before - 1))


def test_progress_is_read_anew_and_every_chart_has_its_table(
    stage: Callable[..., Any], page: Page, workspace: Workspace
) -> None:
    shown = stage(ConsensusDashboard(workspace=workspace, price_per_vote=0.5))
    shown.ready()
    expect(shown.root).to_have_attribute("data-fresh", "true")
    before = int(shown.root.get_attribute("data-votes") or 0)
    assert before == len(workspace.reader.votes())
    charts = page.get_by_role("img").and_(page.locator("svg"))
    expect(charts).to_have_count(2)
    expect(page.locator("details table")).to_have_count(2)
    price = page.get_by_label("Price of a vote")
    expect(price).to_have_value("0.5")
    price.fill("2")
    price.press("Tab")
    votes = int(page.locator(".sl-left").get_attribute("data-votes") or 0)
    assert votes > 0
    # rounded votes at 2 each: the cost on the page is within one vote of it
    expect(page.locator(".sl-left label b")).to_have_text(f"{_cost(shown.panel, 2.0):,.2f}")
    page.locator(".sl-part[data-part=synsets] .sl-link").first.click()
    expect(page.locator(".sl-cells")).to_be_visible()
    number = int(workspace.reader.questions()["id"].iloc[0])
    new = workspace.writer.ensure_annotator("somebody new")
    workspace.writer.record_votes(new, [{"id": "1" * 36, "question_id": number, "answer": "yes"}])
    shown.panel.refresh()
    shown.tell()
    expect(shown.root).to_have_attribute("data-votes", str(before + 1))
    expect(page.locator('[data-part=annotators] tr[data-key="somebody new"]')).to_have_count(1)


def _cost(panel: ConsensusDashboard, price: float) -> float:
    return panel.source.left(price)["cost"]


def test_a_dashboard_of_nothing_says_what_will_come(
    stage: Callable[..., Any], page: Page, tmp_path: Path
) -> None:
    with Workspace.create(tmp_path / "empty") as empty:
        shown = stage(ConsensusDashboard(workspace=empty))
        shown.ready()
        expect(shown.root).to_have_attribute("data-fresh", "true")
        expect(page.locator(".sl-nothing")).to_have_count(4)
        expect(page.get_by_role("alert")).to_have_count(0)
