"""The grid for who cannot see it or its colours, in a notebook, in windows of all sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.grid.conftest import answer, focused, tile, wait, wait_for_pictures

from synsetlab.ui.grid import LabelingGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Page


NOTEBOOK = '<body style="padding: 40px"><div data-view></div><div data-view></div><p style="height: 3000px">'


def test_it_is_a_grid_to_who_cannot_see_it(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    root = stage(LabelingGrid(images=photographs)).show(page)
    board = page.get_by_role("grid", name="Pictures")
    assert board.get_attribute("aria-rowcount")
    assert root.locator('[role="row"] > [role="gridcell"]').count() == root.locator(".sl-tile").count()
    assert root.locator('.sl-tile[tabindex="0"]').count() == 1
    cell = page.get_by_role("gridcell", name=re.compile("^Picture 1 of 30, .*: not looked at yet"))
    assert cell.count() == 1
    page.keyboard.press("n")
    page.get_by_role("gridcell", name=re.compile("^Picture 1 of 30, .*: no$")).wait_for()
    page.wait_for_function("document.querySelector('.sl-aloud').textContent === 'no'")
    assert root.get_attribute("data-lm-suppress-shortcuts") == "true"
    # Notebook 7 looks at the focused element before it looks at those around it.
    assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_answers_differ_without_any_colour(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    root = stage(LabelingGrid(images=photographs)).show(page)
    for key in "ynus":
        page.keyboard.press(key)
    wait(root, saved="true", answered=4)
    looks = set()
    for index in range(6):
        looks.add(
            tile(root, index).evaluate(
                """tile => {
                  const mark = tile.querySelector(".sl-mark");
                  const shown = getComputedStyle(mark).opacity === "1" ? mark.textContent : "";
                  const { outlineStyle, outlineWidth } = getComputedStyle(tile);
                  const { filter } = getComputedStyle(tile.querySelector("img"));
                  return [shown, outlineStyle, outlineWidth, filter, tile.dataset.focus].join(" ");
                }"""
            )
        )
    assert len(looks) == 6, "yes, no, unsure, skip, focused and plain"


def test_keys_stay_in_the_grid_and_the_page_under_it_stands_still(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    """Two views in a notebook's page: they share one session, and it leaves the rest alone."""
    grid = LabelingGrid(images=photographs)
    made = stage(grid, NOTEBOOK)
    made.show(page, ready=False)
    first, second = page.locator(".sl-grid").nth(0), page.locator(".sl-grid").nth(1)
    second.locator('.sl-tile[data-index="0"]').wait_for()
    assert page.evaluate("document.activeElement === document.body"), "a notebook keeps its focus"
    page.evaluate("window.stolen = []; document.body.addEventListener('keydown', (e) => stolen.push(e.key))")
    first.locator('.sl-tile[data-index="0"]').click()
    stood = page.evaluate("window.scrollY")
    for key in ["a", "Escape", "y", "b", "ArrowDown", "PageDown", "Space", "1"]:
        page.keyboard.press(key)
    assert page.evaluate("window.stolen") == []
    assert page.evaluate("window.scrollY") == stood
    first.locator(".sl-board").hover()
    stood = page.evaluate("window.scrollY")  # the mouse may need the board further up
    for _ in range(12):
        page.mouse.wheel(0, 600)
    page.wait_for_function(
        "(() => { const b = document.querySelector('.sl-board');"
        " return b.scrollTop + b.clientHeight >= b.scrollHeight - 1; })()"
    )
    assert page.evaluate("window.scrollY") == stood
    assert second.get_attribute("data-answered") == first.get_attribute("data-answered") != "0"
    assert made.requests.count("open") == 1


def test_a_notebook_that_takes_the_focus_gives_it_back(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    """As JupyterLab does: it focuses the cell some time after a click into it."""
    body = '<body><div id="cell" tabindex="0"><div data-view></div></div><button id="other">x</button>'
    root = stage(LabelingGrid(images=photographs), body).show(page)
    tile(root, 2).click()
    page.evaluate("document.getElementById('cell').focus()")
    page.wait_for_function("document.activeElement.dataset.index === '2'")
    page.keyboard.press("n")
    wait(root, saved="true", answered=1)
    assert answer(root, 2) == "no"
    page.locator("#other").click()  # but whoever leaves has left
    page.evaluate("document.getElementById('cell').focus()")
    assert page.evaluate("document.activeElement.id") == "cell"


@pytest.mark.parametrize(("width", "height"), [(360, 640), (768, 1024), (1600, 900)])
def test_it_fits_the_window(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path], width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    root = stage(LabelingGrid(images=photographs, question="Does the picture contain a hat?")).show(page)
    wait_for_pictures(root)
    fits = page.evaluate(
        "(({ scrollWidth, scrollHeight }) => [scrollWidth <= innerWidth, scrollHeight <= innerHeight])"
        "(document.documentElement)"
    )
    assert fits == [True, True]
    in_view = """element => { const box = element.getBoundingClientRect();
      return box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight; }"""
    for name in ("[data-do=submit]", ".sl-saved", "h2"):
        assert root.locator(name).evaluate(in_view), name
    assert int(root.locator(".sl-board").get_attribute("aria-colcount") or 0) >= 2
    page.keyboard.press("?")
    assert page.locator("dialog.sl-help").evaluate(in_view)
    page.keyboard.press("Escape")
    page.locator("dialog.sl-help").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.locator('dialog.sl-loupe[data-picture="ready"]').wait_for()
    for name in ("close", "yes", "next"):
        assert page.locator(f".sl-loupe [data-do={name}]").evaluate(in_view), name


def test_pictures_can_be_made_larger_and_the_focus_stays(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    root = stage(LabelingGrid(images=photographs)).show(page)
    board = root.locator(".sl-board")
    before = int(board.get_attribute("aria-colcount") or 0)
    page.keyboard.press("End")
    index = focused(root)
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_function(f"Number(document.querySelector('.sl-board').ariaColCount) < {before}")
    page.wait_for_function(f"document.activeElement?.dataset.index === '{index}'")
