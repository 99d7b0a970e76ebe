"""Choosing synsets in the SynsetBrowser in Chromium: the basket, filters and the map."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect
from tests.browser.panels.conftest import active, focused_wnid, show_synset

from synsetlab.taxonomy.selection import suggest_merges
from synsetlab.ui.browser import SynsetBrowser

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from synsetlab.taxonomy import Taxonomy

    Show = Callable[..., Any]

DOG, HUSKY = "n02084071", "n02110185"
CLOTHING, HEADDRESS, HAT, COWBOY_HAT, CAP = "n03051540", "n03502509", "n03497657", "n03124170", "n02954340"


# ---- choosing


def test_a_subtree_is_chosen_by_antichain_and_taken_back(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    shown = stage(SynsetBrowser(taxonomy, selection=[DOG, HUSKY], selected=DOG))
    shown.ready()
    expect(page.locator(".sl-basket")).to_contain_text("dog is an ancestor of Siberian husky")
    page.get_by_label("Which synsets below").select_option("leaves")
    page.get_by_label("What stays where one is an ancestor").select_option("deepest")
    page.get_by_role("button", name="Choose these").click()
    leaves = taxonomy.leaves(DOG)
    expect(shown.root).to_have_attribute("data-chosen", str(len(leaves)))
    assert sorted(shown.panel.selection) == leaves
    assert taxonomy.induce(shown.panel.selection).ancestor_pairs == []
    expect(page.locator(".sl-basket")).to_contain_text("No class is an ancestor of another")
    expect(page.locator(".sl-row.active")).to_have_attribute("aria-checked", "mixed")
    expect(shown.root).to_have_attribute("data-done", f"{len(leaves) - 1} added, 1 removed (dog)")
    page.get_by_role("button", name="Undo").click()
    expect(shown.root).to_have_attribute("data-chosen", "2")
    assert shown.panel.selection == [DOG, HUSKY]
    page.get_by_role("button", name="general").click()
    expect(shown.root).to_have_attribute("data-chosen", "1")
    assert shown.panel.selection == [DOG]


def test_a_broader_class_takes_the_place_of_several_by_keys_and_gives_it_back(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    assert [merge.wnid for merge in suggest_merges(taxonomy, taxonomy.children(HAT))] == [HAT]
    panel = SynsetBrowser(taxonomy, selection=[HUSKY, *taxonomy.children(HAT)], selected=HUSKY)
    chosen = list(panel.selection)
    shown = stage(panel)
    shown.ready()
    page.locator(".sl-merges summary").press("Enter")
    page.locator(f'[data-do=merge][data-wnid="{HAT}"]').press("Enter")
    expect(shown.root).to_have_attribute("data-chosen", "2")
    assert panel.selection == [HUSKY, HAT]
    expect(page.locator(".sl-notices [role=status]")).to_contain_text("1 added")
    expect(page.locator(".sl-merges")).to_have_count(0)
    expect(page.locator("[data-do=undo]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(shown.root).to_have_attribute("data-chosen", str(len(chosen)))
    assert panel.selection == chosen
    expect(page.locator(".sl-merges")).to_have_count(1)


def test_rows_that_were_out_of_sight_are_right_when_they_are_seen(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    shown = stage(SynsetBrowser(taxonomy, selected=DOG))
    shown.ready()
    page.get_by_role("button", name="Open all below").click()
    expect(page.get_by_role("tree")).to_have_attribute("data-rows", re.compile(r"^\d{3}$"))
    page.get_by_role("button", name="Choose these").click()
    expect(shown.root).to_have_attribute("data-chosen", str(len(taxonomy.leaves(DOG))))
    page.locator(".sl-row.active").focus()
    inside = set(taxonomy.subtree(DOG))
    for _ in range(5):
        page.keyboard.press("PageDown")
        row = page.locator(".sl-row.active")
        expect(row).to_be_in_viewport()
        wnid = row.get_attribute("data-wnid")
        assert wnid in inside
        state = "true" if wnid in shown.panel.selection else "mixed"
        expect(row).to_have_attribute("aria-checked", state)


def test_the_chosen_are_saved_as_a_list(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    stage(SynsetBrowser(taxonomy, selection=[HUSKY, HAT])).ready()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save list").click()
    assert saved.value.suggested_filename == "selection.txt"
    lines = Path(saved.value.path()).read_text("utf-8").splitlines()
    assert lines == [f"{HUSKY}\tSiberian husky", f"{HAT}\that, chapeau, lid"]


def test_python_and_page_follow_each_other(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    shown = stage(SynsetBrowser(taxonomy))
    shown.ready()
    show_synset(shown, page, HAT)
    heard = list[Any]()
    shown.panel.observe(lambda change: heard.append(change["new"]), names=["selection"])
    shown.panel.selection = [HAT, COWBOY_HAT]
    shown.tell()
    expect(page.locator(".sl-row.active")).to_have_attribute("aria-checked", "true")
    page.locator(".sl-row.active .sl-box").click()
    expect(shown.root).to_have_attribute("data-chosen", "1")
    assert heard == [[HAT, COWBOY_HAT], [COWBOY_HAT]]
    shown.panel.counts = {HAT: {"candidates": 9, "accepted": 3, "target": 6}}
    shown.tell()
    expect(page.locator(".sl-row.active .sl-count")).to_have_text("3 / 6")
    expect(page.locator(".sl-numbers tbody tr").first).to_contain_text("50 %")
    expect(page.get_by_role("button", name="Below target")).to_be_visible()
    rows = page.get_by_role("tree").get_attribute("data-rows") or ""
    page.get_by_role("button", name="With images").click()
    expect(page.get_by_role("tree")).not_to_have_attribute("data-rows", rows)
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.get_by_role("tree")).to_have_attribute("data-active", HAT)
    expect(page.locator(".sl-row.active")).to_be_in_viewport()


# ---- filters and the map


def test_filters_leave_what_fits_and_say_when_nothing_does(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    counts = {HAT: {"candidates": 9, "accepted": 3, "target": 6}, CAP: {"accepted": 6, "target": 6}}
    panel = SynsetBrowser(taxonomy, counts, excluded={CAP: "has 6 candidates, fewer than 500"})
    shown = stage(panel)
    shown.ready()
    page.get_by_role("button", name="Below target").click()
    expect(page.locator(".sl-matched")).to_have_text("1 fit")
    expect(page.locator(".sl-row:not(.way):not(.sl-tree-head)").first).to_have_attribute("data-wnid", HAT)
    page.get_by_role("button", name="Leaves only").click()
    expect(page.locator(".sl-empty")).to_contain_text("No synset fits all these filters.")
    page.get_by_role("button", name="Show all").click()
    expect(shown.root).to_have_attribute("data-filters", "")
    page.get_by_role("button", name="Kept out").click()
    row = page.locator(f'.sl-row[data-wnid="{CAP}"]').first
    expect(row).to_have_attribute("aria-label", re.compile("kept out: has 6 candidates, fewer than 500"))
    page.get_by_role("button", name="Chosen").click()
    page.get_by_role("button", name="Kept out").click()
    expect(page.locator(".sl-empty")).to_contain_text("Nothing is chosen yet.")
    search = page.get_by_role("combobox", name="Search synsets")
    search.fill("husky")
    expect(page.locator(".sl-results")).to_contain_text("only what fits them is searched")


def test_the_map_is_walked_by_keys_and_a_tile_goes_to_its_synset(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    chosen = taxonomy.leaves(CLOTHING)[::3]
    counts = {wnid: {"accepted": number % 5, "target": 4} for number, wnid in enumerate(chosen)}
    shown = stage(SynsetBrowser(taxonomy, counts, selection=chosen, selected=CLOTHING))
    shown.ready()
    board = page.locator(".sl-map-board")
    expect(page.locator(".sl-map")).to_have_attribute("data-top", CLOTHING)
    assert board.locator("button").count() < 200
    boxes = board.locator(":scope > *").evaluate_all(
        """(tiles) => tiles.map((tile) => tile.getBoundingClientRect())
          .map((box) => [box.x, box.y, box.right, box.bottom])"""
    )
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            assert min(one[2], other[2]) - max(one[0], other[0]) < 0.5 or (
                min(one[3], other[3]) - max(one[1], other[1]) < 0.5
            )
    tile = board.locator('button[tabindex="0"]')
    tile.focus()
    first = focused_wnid(page)
    page.keyboard.press("ArrowRight")
    assert focused_wnid(page) != first
    wanted = board.locator(f'button[data-wnid="{HEADDRESS}"]')
    expect(wanted).to_have_attribute("aria-label", re.compile(r"headdress, \d+ chosen, \d+ % complete"))
    wanted.focus()
    page.keyboard.press("Enter")
    active(page, HEADDRESS)
    expect(page.locator(".sl-map")).to_have_attribute("data-top", HEADDRESS)
    assert page.evaluate("document.activeElement.closest('.sl-map-board') !== null")
    page.locator(".sl-map h3 button").click()
    expect(page.locator(".sl-map")).not_to_have_attribute("data-top", HEADDRESS)
