"""The SynsetBrowser in Chromium has room: in windows of all sizes, whatever Jupyter does to its output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.panels.conftest import COVERED, show_synset

from synsetlab.taxonomy.selection import SelectionPolicy, choose
from synsetlab.ui.browser import SynsetBrowser

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from synsetlab.taxonomy import Taxonomy

    Show = Callable[..., Any]

DOG, HEADDRESS, HAT, COWBOY_HAT = "n02084071", "n03502509", "n03497657", "n03124170"


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
