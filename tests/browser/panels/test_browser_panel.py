"""SynsetBrowser in Chromium, as a curator uses it: by typing, by keys alone, by mouse."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from synsetlab.errors import InputError
from synsetlab.taxonomy import Taxonomy, load
from synsetlab.taxonomy.selection import SelectionPolicy, choose, suggest_merges
from synsetlab.ui.browser import SynsetBrowser

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Show = Callable[..., Any]

ANIMAL, DOG, HUSKY = "n00015388", "n02084071", "n02110185"
CLOTHING, HEADDRESS, HAT, COWBOY_HAT, CAP = "n03051540", "n03502509", "n03497657", "n03124170", "n02954340"
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
COVERED = """(tree) => {
  const box = tree.getBoundingClientRect();
  const rows = [...tree.querySelectorAll("[role=treeitem]")].map((row) => row.getBoundingClientRect());
  const seen = rows.filter((row) => row.bottom > box.top && row.top < box.bottom);
  return seen.reduce((sum, row) => sum + row.height, 0) >= box.height - 32;
}"""


@pytest.fixture(scope="module")
def taxonomy(wordnet: Path) -> Taxonomy:
    return load()


def active(page: Page, wnid: str) -> None:
    """Until the row is the active one and its synset is beside it."""
    expect(page.get_by_role("tree")).to_have_attribute("data-active", wnid)
    expect(page.locator(".sl-detail")).to_have_attribute("data-wnid", wnid)


def show_synset(shown: Any, page: Page, wnid: str) -> None:
    shown.panel.reveal(wnid)
    shown.tell()
    active(page, wnid)


def focused_wnid(page: Page) -> Any:
    return page.evaluate("document.activeElement.dataset.wnid")


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


@pytest.mark.parametrize(
    "size", [(360, 780), (680, 430), (760, 800), (1600, 1000)], ids=["phone", "zoomed", "half", "wide"]
)
def test_the_tree_has_room_and_nothing_sticks_out(
    stage: Show, page: Page, taxonomy: Taxonomy, size: tuple[int, int]
) -> None:
    width, height = size
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(reduced_motion="reduce")
    counts = {
        wnid: {"candidates": 250_000, "accepted": 120_000, "target": 240_000}
        for wnid in taxonomy.subtree(HEADDRESS)
    }
    objective = choose(taxonomy, SelectionPolicy(roots=(HEADDRESS,), size=3)).objective
    shown = stage(
        SynsetBrowser(taxonomy, counts, selection=[HAT, COWBOY_HAT], selected=HAT, objective=objective)
    )
    shown.ready()
    tree = page.get_by_role("tree").bounding_box()
    assert tree
    assert tree["height"] >= 4 * 32
    out = page.evaluate(
        """() => {
          const root = document.querySelector(".sl-panel").getBoundingClientRect();
          return [...document.querySelectorAll(".sl-panel *")].filter((element) => {
            const scrolls = element.closest(".sl-filters, .sl-map-board, .sl-strip, .sl-live");
            if (scrolls || !element.checkVisibility()) return false;
            const box = element.getBoundingClientRect();
            return box.width && (box.right > root.right + 1 || box.left < root.left - 1);
          }).map((element) => `${element.className} ${element.textContent.slice(0, 30)}`);
        }"""
    )
    assert out == []
    hidden = page.locator(".sl-detail-place").evaluate("(place) => place.scrollWidth - place.clientWidth")
    assert hidden <= 1
    cut = page.locator(".sl-count, .sl-button, .sl-chip").evaluate_all(
        "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent)"
    )
    assert cut == []
    page.locator(".sl-worth summary").click()
    expect(page.locator(".sl-worth tbody tr")).to_have_count(4)
    about = page.get_by_role("button", name="About hat")
    if width < 700:
        about.click()
        expect(page.locator(".sl-detail h2")).to_be_in_viewport()
    else:
        expect(about).to_be_hidden()


# ---- what Jupyter does to an output

PUT_BACK = {
    "moved within a frame": "() => document.body.append(document.getElementById('here'))",
    "taken out for some frames": """async () => {
      const here = document.getElementById('here');
      here.remove();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      document.body.append(here);
    }""",
    "hidden for some frames": """async () => {
      const here = document.getElementById('here');
      here.style.display = 'none';
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      here.style.display = '';
    }""",
    "without height for some frames": """async () => {
      const panel = document.querySelector('.sl-panel');
      panel.style.height = '0';
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      panel.style.height = '';
    }""",
    "in another theme": "() => { document.documentElement.dataset.slTheme = 'dark'; }",
}


def test_the_tree_is_where_it_was_and_never_blank_whatever_is_done_to_its_output(
    stage: Show, page: Page, taxonomy: Taxonomy
) -> None:
    shown = stage(SynsetBrowser(taxonomy))
    shown.ready()
    show_synset(shown, page, DOG)
    page.locator("[data-do=expand]").click()
    tree = page.get_by_role("tree")
    expect(tree).to_have_attribute("data-rows", re.compile(r"\d{3}"))
    for number, (way, script) in enumerate(PUT_BACK.items()):
        place = 1600 + 320 * number
        tree.evaluate("(tree, top) => { tree.scrollTop = top; }", place)
        page.wait_for_function(COVERED, arg=tree.element_handle())
        page.evaluate(script)
        page.wait_for_function(COVERED, arg=tree.element_handle())
        page.wait_for_function("([tree, top]) => tree.scrollTop === top", arg=[tree.element_handle(), place])
        assert tree.evaluate(COVERED), way


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


def test_a_lower_window_keeps_the_active_row_in_sight(stage: Show, page: Page, taxonomy: Taxonomy) -> None:
    page.set_viewport_size({"width": 1100, "height": 1000})
    shown = stage(SynsetBrowser(taxonomy, selected=HEADDRESS))
    shown.ready()
    expect(page.locator(".sl-row.active")).to_be_in_viewport()
    page.locator(".sl-row.active").press("PageDown")
    expect(page.locator(".sl-row.active")).to_be_in_viewport()
    at = page.locator(".sl-row.active").get_attribute("data-index")
    page.set_viewport_size({"width": 1100, "height": 520})
    expect(page.locator(f'.sl-row.active[data-index="{at}"]')).to_be_in_viewport(ratio=0.95)
