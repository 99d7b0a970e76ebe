"""SynsetBrowser in Chromium, as a curator uses it: by typing, by keys alone, by mouse."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.panels.conftest import COVERED, active, focused_wnid, show_synset

from synsetlab.errors import InputError
from synsetlab.ui.browser import SynsetBrowser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from synsetlab.taxonomy import Taxonomy

    Show = Callable[..., Any]

ANIMAL, DOG, HUSKY, COWBOY_HAT = "n00015388", "n02084071", "n02110185", "n03124170"
FRAMES = """async (tree) => {
  const gaps = [];
  const far = tree.scrollHeight - tree.clientHeight;
  let last = await new Promise(requestAnimationFrame);
  for (let i = 1; i <= 120; i++) {
    tree.scrollTop = (far * i) / 120;
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  return gaps.sort((a, b) => a - b);
}"""

# ---- finding a synset


def test_the_husky_is_found_by_typing_and_little_is_sent(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    shown = stage(SynsetBrowser(taxonomy))
    shown.ready()
    page.keyboard.press("Tab")
    page.keyboard.type("cowboy hat")
    page.keyboard.press("Enter")  # at once, whether or not the answer is there
    active(page, COWBOY_HAT)
    expect(page.locator(".sl-map")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("siberian husky")
    expect(page.locator(".sl-result").first).to_have_attribute("data-wnid", HUSKY)
    page.keyboard.press("Enter")
    active(page, HUSKY)
    expect(page.locator(".sl-row.active")).to_be_focused()
    assert shown.panel.selected == HUSKY
    assert page.get_by_role("treeitem").count() < 80
    print(f"\nby typing: {shown.bytes_sent:,} bytes were sent to the page")
    assert shown.bytes_sent < 150_000


def test_the_way_from_entity_to_the_husky_is_walked_by_arrow_keys_alone(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    shown = stage(SynsetBrowser(taxonomy))
    shown.ready()
    while focused_wnid(page) is None:
        page.keyboard.press("Tab")
    path = taxonomy.paths_to_root(HUSKY)[0]
    for above, below in pairwise(path):
        row = page.locator(f'.sl-tree [data-wnid="{above}"]').first
        expect(row).to_be_focused()
        if row.get_attribute("aria-expanded") == "false":
            page.keyboard.press("ArrowRight")
            expect(row).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("ArrowRight")
        siblings = shown.panel.on_children({"wnids": [above], "filters": []})["levels"][above]
        for _ in range([node["wnid"] for node in siblings].index(below)):
            page.keyboard.press("ArrowDown")
    active(page, HUSKY)
    row = page.locator(".sl-row.active")
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-level", str(len(path)))
    print(f"\nby arrow keys: {shown.bytes_sent:,} bytes were sent to the page")
    assert shown.bytes_sent < 300_000
    page.keyboard.press("Space")
    expect(shown.root).to_have_attribute("data-chosen", "1")
    expect(row).to_have_attribute("aria-checked", "true")
    expect(row).to_be_focused()
    assert shown.panel.selection == [HUSKY]
    page.keyboard.press("Control+z")
    expect(shown.root).to_have_attribute("data-chosen", "0")
    page.keyboard.press("Control+Shift+z")
    expect(shown.root).to_have_attribute("data-chosen", "1")


@pytest.mark.real_data
def test_the_husky_is_found_in_dutch_and_not_when_dutch_is_switched_off(
    stage: Show, page: Page, taxonomy: Taxonomy, shared_data: Path
) -> None:
    shown = stage(SynsetBrowser(taxonomy, languages=[shared_data / "omw" / "wn-data-nld.tab"]))
    shown.ready()
    search = page.get_by_role("combobox", name="Search synsets")
    search.fill("siberische hus")
    result = page.locator(".sl-result").first
    expect(result).to_have_attribute("data-wnid", HUSKY)
    expect(result).to_contain_text("Siberische husky · Dutch")
    search.press("Enter")
    active(page, HUSKY)
    expect(page.locator('.sl-words [lang="nld"]')).to_have_text("Siberische husky")
    page.get_by_role("button", name="Dutch").click()
    expect(page.locator(".sl-words")).to_have_count(0)
    search.fill("siberische hus")
    expect(page.locator('.sl-search[data-found="siberische hus"]')).to_be_visible()
    expect(page.locator(f'.sl-result[data-wnid="{HUSKY}"] .sl-word')).to_have_count(0)


# ---- the tree


def test_a_subtree_of_4000_opens_and_scrolls(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    shown = stage(SynsetBrowser(taxonomy))
    shown.ready()
    show_synset(shown, page, ANIMAL)
    before = shown.bytes_sent
    page.get_by_role("button", name="Open all below").click()
    tree = page.get_by_role("tree")
    expect(tree).to_have_attribute("data-rows", re.compile(r"^[4-9]\d\d\d$"))
    sent = shown.bytes_sent - before
    gaps = tree.evaluate(FRAMES)
    rows, synsets = tree.get_attribute("data-rows"), taxonomy.subtree_size(ANIMAL)
    print(
        f"\n{rows} rows of {synsets:,} synsets: {sent:,} bytes; "
        f"scrolled through in 120 frames, median {gaps[60]:.1f} ms, 95 % below {gaps[114]:.1f} ms, "
        f"longest {gaps[-1]:.1f} ms"
    )
    assert sent < 600_000
    assert page.get_by_role("treeitem").count() < 80
    page.wait_for_function(COVERED, arg=tree.element_handle())
    opened = page.locator(".sl-row[aria-expanded]").first
    for name in ("aria-level", "aria-setsize", "aria-posinset"):
        assert int(opened.get_attribute(name) or 0) > 0
    page.locator(".sl-row.active").press("Shift+ArrowLeft")
    expect(tree).to_have_attribute("data-rows", re.compile(r"^\d{2,3}$"))
    expect(page.locator(".sl-row.active")).to_be_focused()


def test_one_row_has_the_tab_stop_and_keeps_the_focus_when_scrolled_away(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    shown = stage(SynsetBrowser(taxonomy, selected=DOG))
    shown.ready()
    active(page, DOG)
    page.locator(".sl-row.active").press("Shift+ArrowRight")
    tree = page.get_by_role("tree")
    expect(tree).to_have_attribute("data-rows", re.compile(r"^\d{3}$"))
    tree.evaluate("(tree) => { tree.scrollTop = 0; }")
    expect(page.locator('.sl-row[data-index="0"]')).to_have_count(1)
    assert focused_wnid(page) == DOG
    assert page.locator('.sl-tree [tabindex="0"]').count() == 1
    page.keyboard.press("ArrowDown")
    below = page.locator(f'.sl-row[data-wnid="{taxonomy.children(DOG)[0]}"]')
    expect(tree).not_to_have_attribute("data-active", DOG)
    expect(page.locator(".sl-row.active")).to_be_in_viewport()
    assert below.count() <= 1
    page.keyboard.press("Home")
    expect(page.locator(".sl-row.active")).to_have_attribute("data-index", "0")
    page.keyboard.press("End")
    last = int(tree.get_attribute("data-rows") or 0) - 1
    expect(page.locator(".sl-row.active")).to_have_attribute("data-index", str(last))
    expect(page.locator(".sl-row.active")).to_be_in_viewport()


def test_typing_ahead_goes_to_a_name_and_the_asterisk_opens_siblings(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    shown = stage(SynsetBrowser(taxonomy, selected=taxonomy.children(DOG)[0]))
    shown.ready()
    page.locator(".sl-row.active").focus()
    page.keyboard.type("hunt")
    hunting_dog = taxonomy.search("hunting dog")[0].wnid
    active(page, hunting_dog)
    page.keyboard.press("*")
    for wnid in taxonomy.children(DOG):
        if taxonomy.children(wnid):
            reply = shown.panel.on_rows({"wnids": [wnid], "filters": []})
            assert reply["nodes"][0]["branches"]
    expect(page.locator(f'.sl-row[data-wnid="{hunting_dog}"]')).to_have_attribute("aria-expanded", "true")
    rows = int(page.get_by_role("tree").get_attribute("data-rows") or 0)
    assert rows > sum(len(taxonomy.children(wnid)) for wnid in taxonomy.children(DOG))


def test_every_path_to_the_root_is_a_way_back(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    shown = stage(SynsetBrowser(taxonomy, selected=DOG))
    shown.ready()
    paths = taxonomy.paths_to_root(DOG)
    crumbs = page.locator(".sl-crumbs")
    expect(crumbs).to_have_count(len(paths))
    for number, path in enumerate(paths):
        show_synset(shown, page, DOG)
        above = path[-2]
        crumbs.nth(number).get_by_role("button").last.click()
        active(page, above)
        expect(page.locator(".sl-row.active")).to_have_attribute("aria-level", str(len(path) - 1))


def test_instances_are_named_beside_a_class_and_lead_to_themselves(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    philosopher = taxonomy.senses("philosopher")[0]
    instances = taxonomy.instances(philosopher)
    assert len(instances) > 24
    shown = stage(SynsetBrowser(taxonomy, selected=philosopher))
    shown.ready()
    section = page.locator(".sl-detail section").filter(has_text="Instances, not classes")
    expect(section.get_by_role("button")).to_have_count(24)
    expect(section).to_contain_text(f"and {len(instances) - 24} more")
    section.get_by_role("button").first.click()
    active(page, instances[0])
    expect(page.locator(".sl-detail section").filter(has_text="Instances, not classes")).to_have_count(0)


# ---- when things go wrong


def test_wordnet_that_is_absent_is_said_in_place_and_tried_again(
    stage: Show, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNSETLAB_DATA", str(tmp_path))
    shown = stage(SynsetBrowser())
    shown.ready("error")
    expect(page.get_by_role("alert")).to_contain_text("synsetlab wordnet install")
    page.get_by_role("button", name="Try again").click()
    shown.ready("error")


def test_an_error_is_painted_where_the_synset_would_be(
    stage: Show, page: Page, taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = SynsetBrowser(taxonomy, selected=DOG)
    shown = stage(panel)
    shown.ready()

    class Broken:
        def keys(self, wnid: str, limit: int) -> list[str]:
            raise InputError("The pictures are gone.", "Look for them.")

    with monkeypatch.context() as broken:
        broken.setattr(panel, "_pictures", Broken())
        page.locator(".sl-row.active").press("ArrowDown")
        expect(page.locator(".sl-detail-place").get_by_role("alert")).to_contain_text(
            "The pictures are gone."
        )
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".sl-detail")).to_have_attribute(
        "data-wnid", page.get_by_role("tree").get_attribute("data-active") or ""
    )
    page.locator(".sl-row.active").press("Home")
    active(page, "n00001740")
    page.get_by_label("Which synsets below").select_option("leaves")
    page.get_by_role("button", name="Choose these").click()
    expect(page.locator(".sl-notices").get_by_role("alert")).to_contain_text("entity has 57,692 leaves.")
