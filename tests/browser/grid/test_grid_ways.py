"""Ways to work through a page: one-answer modes, classes, one picture at a time, drag, touch, own keys."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tests.browser.grid.conftest import tile, wait

from synsetlab.ui.grid import LabelingGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    Show = Callable[..., Locator]

COUNT_KEYS = "window.presses = 0; addEventListener('keydown', () => { window.presses += 1; }, true)"


def all_seen(root: Locator) -> None:
    root.page.wait_for_function("document.querySelector('.sl-grid').dataset.unseen === '0'")


def test_48_pictures_take_48_keys_and_a_page_of_mostly_yes_far_fewer(
    stage: Show, page: Page, many_photographs: Sequence[Path]
) -> None:
    page.set_viewport_size({"width": 1600, "height": 1700})
    hats = [path.parent.name == "hat" for path in many_photographs]
    assert (len(hats), hats.count(False)) == (48, 3)
    one_by_one = LabelingGrid(images=many_photographs)
    root = stage(one_by_one).show(page)
    page.evaluate(COUNT_KEYS)
    for is_hat in hats:
        page.keyboard.press("y" if is_hat else "n")
    wait(root, saved="true", answered=48)
    assert page.evaluate("window.presses") <= 48
    assert Counter(one_by_one.answers.values()) == {"yes": 45, "no": 3}

    marked = LabelingGrid(images=many_photographs, mode="wrong")
    page = page.context.new_page()
    page.set_viewport_size({"width": 1600, "height": 1700})
    root = stage(marked).show(page)
    all_seen(root)
    page.evaluate(COUNT_KEYS)
    columns = int(root.locator(".sl-board").get_attribute("aria-colcount") or 0)
    at = 0
    for index in (i for i, is_hat in enumerate(hats) if not is_hat):
        for key in ["ArrowDown"] * (index // columns - at // columns):
            page.keyboard.press(key)
            at += columns
        for _ in range(abs(index - at)):
            page.keyboard.press("ArrowRight" if index > at else "ArrowLeft")
        page.keyboard.press("Space")
        at = index
    page.keyboard.press("Control+Enter")
    wait(root, state="empty")
    assert page.evaluate("window.presses") < 30
    assert marked.answers == one_by_one.answers


def test_where_the_wrong_ones_are_clicked_the_rest_is_yes_only_if_it_was_looked_at(
    stage: Show, page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs, mode="wrong", page_size=30)
    root = stage(grid).show(page)
    page.wait_for_function("document.querySelector('.sl-tile[data-index=\"0\"]').dataset.implied === 'yes'")
    unseen = int(root.get_attribute("data-unseen") or 0)
    assert unseen > 0
    label = tile(root, 0).get_attribute("aria-label") or ""
    assert label.endswith("not marked, counts as yes")
    tile(root, 1).click()
    tile(root, 2).click()
    tile(root, 2).click()  # taken back
    wait(root, saved="true", answered=1)
    root.locator('[data-do="submit"]').click()
    dialog = page.locator("dialog.sl-dialog")
    assert f"{unseen} not looked at yet" in dialog.inner_text()
    dialog.locator('[data-choice="submit"]').click()
    wait(root, state="ready", saved="true", answered=0)
    assert Counter(grid.answers.values()) == {"no": 1, "yes": 29 - unseen}


def test_where_the_right_ones_are_clicked_the_rest_is_no(
    stage: Show, page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs[:8], mode="right")
    root = stage(grid).show(page)
    all_seen(root)
    tile(root, 5).click()
    page.keyboard.press("Control+Enter")
    wait(root, state="empty")
    assert Counter(grid.answers.values()) == {"no": 7, "yes": 1}


def test_one_of_several_classes_is_assigned(stage: Show, page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs[:10], choices=["hat", "shoe", "bag"])
    root = stage(grid).show(page)
    for key in "123yn1":  # y and n mean nothing here
        page.keyboard.press(key)
    wait(root, saved="true", answered=4)
    assert list(grid.answers.values()) == ["hat", "shoe", "bag", "hat"]
    assert tile(root, 1).get_attribute("data-word") == "shoe"
    root.locator('.sl-class[data-value="bag"]').click()
    tile(root, 7).click()
    tile(root, 8).click()
    tile(root, 8).click()  # taken back
    page.keyboard.press("u")
    wait(root, saved="true", answered=6)
    assert Counter(grid.answers.values()) == {"hat": 2, "bag": 2, "shoe": 1, "unsure": 1}
    page.keyboard.press("Enter")
    page.locator('dialog.sl-loupe[data-picture="ready"]').wait_for()
    page.keyboard.press("2")
    page.locator('dialog.sl-loupe[data-answer="shoe"]').wait_for()
    assert set(grid.votes["label"]) <= {"hat", "shoe", "bag", "unsure"}


def test_one_picture_at_a_time(stage: Show, page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs[:4], single=True)
    root = stage(grid).show(page)
    board = root.locator(".sl-board")
    for index, key in enumerate("ynuy"):
        box, room = tile(root, index).bounding_box(), board.bounding_box()
        assert box
        assert room
        assert room["y"] - 1 <= box["y"]
        assert box["y"] + box["height"] <= room["y"] + room["height"] + 1
        assert box["height"] > 0.8 * room["height"]
        page.wait_for_function(
            f"document.querySelector('.sl-tile[data-index=\"{index}\"] img').naturalWidth > 256"
        )
        page.keyboard.press(key)
    wait(root, saved="true", answered=4, unseen=0)
    assert list(grid.answers.values()) == ["yes", "no", "unsure", "yes"]
    root.locator('.sl-selection [data-do="no"]').click()
    wait(root, saved="true", answered=4)
    page.wait_for_function("document.querySelector('.sl-tile[data-index=\"3\"]').dataset.answer === 'no'")


def test_dragging_selects_what_it_touches(stage: Show, page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs)
    root = stage(grid).show(page)
    columns = int(root.locator(".sl-board").get_attribute("aria-colcount") or 0)
    first, last = tile(root, 1).bounding_box(), tile(root, columns + 2).bounding_box()
    assert first
    assert last
    page.mouse.move(first["x"] + 30, first["y"] + 30)
    page.mouse.down()
    page.mouse.move(last["x"] + 30, last["y"] + 30, steps=6)
    page.mouse.up()
    wait(root, selected=4, answered=0)
    chosen = [1, 2, columns + 1, columns + 2]
    selected = root.locator('.sl-tile[aria-selected="true"]').evaluate_all(
        "(a) => a.map((t) => +t.dataset.index)"
    )
    assert selected == chosen
    tile(root, 0).click(modifiers=["Control"])
    wait(root, selected=5)
    page.keyboard.press("n")
    wait(root, saved="true", answered=5, selected=0)
    names = grid.source.keys()
    assert set(grid.answers) == {names[i] for i in [0, *chosen]}
    page.keyboard.press("z")
    wait(root, saved="true", answered=0)


def test_by_touch_a_tap_answers_and_a_long_press_selects(
    stage: Show, browser: Browser, photographs: Sequence[Path]
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 760}, has_touch=True, is_mobile=True)
    page = context.new_page()
    grid = LabelingGrid(images=photographs[:12])
    root = stage(grid).show(page)
    tile(root, 0).tap()
    wait(root, saved="true", answered=1)
    touch = context.new_cdp_session(page)
    box = tile(root, 1).bounding_box()
    assert box
    at = [{"x": box["x"] + 40, "y": box["y"] + 40}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    wait(root, selected=1)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tile(root, 2).tap()
    tile(root, 3).tap()
    wait(root, selected=3, answered=1)
    root.locator('.sl-selection [data-do="no"]').tap()
    wait(root, saved="true", answered=4, selected=0)
    assert Counter(grid.answers.values()) == {"yes": 1, "no": 3}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_two_fingers_zoom_in_the_loupe(stage: Show, browser: Browser, photographs: Sequence[Path]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 760}, has_touch=True, is_mobile=True)
    page = context.new_page()
    stage(LabelingGrid(images=photographs[:3], single=True)).show(page)
    page.keyboard.press("Enter")
    loupe = page.locator('dialog.sl-loupe[data-picture="ready"]')
    loupe.wait_for()
    touch = context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (170, 350), (220, 350))
    fingers("touchMove", (145, 350), (245, 350))
    fingers("touchMove", (120, 350), (270, 350))
    fingers("touchEnd")
    assert float(loupe.get_attribute("data-zoom") or 0) == pytest.approx(3, abs=0.2)
    fingers("touchStart", (120, 350), (270, 350))
    fingers("touchMove", (190, 350), (200, 350))
    fingers("touchEnd")
    page.locator('dialog.sl-loupe[data-zoom="1.00"]').wait_for()
    context.close()


def test_the_size_of_the_pictures_is_remembered(stage: Show, page: Page, photographs: Sequence[Path]) -> None:
    root = stage(LabelingGrid(images=photographs[:12], annotator="bo")).show(page)
    columns = "Number(document.querySelector('.sl-board').ariaColCount)"
    before = page.evaluate(columns)
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.wait_for_function(f"{columns} > {before}")
    now = page.evaluate(columns)
    again = stage(LabelingGrid(images=photographs[12:24], annotator="bo"))
    page = page.context.new_page()
    root = again.show(page)
    tile(root, 11).wait_for()
    assert page.evaluate(columns) == now


def test_keys_can_be_given_to_other_actions_and_are_remembered(
    stage: Show, page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs[:6], annotator="ada")
    made = stage(grid)
    root = made.show(page)
    page.keyboard.press("k")
    page.locator("dialog.sl-settings summary").click()
    page.locator('[data-key-of="yes"]').click()
    page.keyboard.press("j")
    page.locator('[data-key-of="yes"]', has_text="J").wait_for()
    page.locator("dialog.sl-settings").get_by_text("Click the wrong ones").click()
    page.keyboard.press("Escape")
    page.locator("dialog.sl-settings").wait_for(state="detached")
    page.keyboard.press("j")
    page.keyboard.press("y")
    wait(root, saved="true", answered=1, mode="wrong")
    page.keyboard.press("?")
    assert (
        "J"
        in page.locator("dialog.sl-help")
        .get_by_text("yes, and on to the next")
        .locator("xpath=..")
        .inner_text()
    )
    page.keyboard.press("?")
    again = LabelingGrid(images=photographs[6:12], annotator="ada")
    page = page.context.new_page()
    root = stage(again).show(page)
    page.keyboard.press("j")
    page.keyboard.press("y")
    wait(root, saved="true", answered=1, mode="wrong")
    assert list(again.answers.values()) == ["yes"]


def test_a_page_handed_in_can_be_opened_again(stage: Show, page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs, page_size=5)
    root = stage(grid).show(page)
    for key in "yynyy":
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    wait(root, state="ready", answered=0, count=5)
    page.keyboard.press("b")
    page.locator(".sl-list .sl-choice").first.click()
    wait(root, reopened="true", answered=5)
    page.keyboard.press("n")
    wait(root, saved="true", answered=5)
    page.keyboard.press("Control+Enter")
    wait(root, reopened="false", answered=0, state="ready")
    assert Counter(grid.answers.values()) == {"yes": 3, "no": 2}
    assert "Handed in: 5 answers" in root.locator(".sl-told").inner_text()


def test_it_works_at_200_percent_in_the_dark_without_motion(
    stage: Show, browser: Browser, photographs: Sequence[Path]
) -> None:
    """Twice the size in half the window is what zoom is."""
    context = browser.new_context(
        viewport={"width": 640, "height": 400},
        device_scale_factor=2,
        reduced_motion="reduce",
        color_scheme="dark",
    )
    page = context.new_page()
    root = stage(LabelingGrid(images=photographs[:12], rules_yes="hats", rules_no="shoes")).show(page)
    page.evaluate("document.documentElement.dataset.slTheme = 'dark'")
    tile(root, 0).click()
    wait(root, saved="true", answered=1)
    for name in ("[data-do=submit]", ".sl-saved", ".sl-board .sl-tile[data-index='0']"):
        box = root.locator(name).bounding_box()
        assert box, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 640, name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    moving = "document.getAnimations().filter((a) => a.playState === 'running').length"
    assert page.evaluate(moving) == 0
    dark = "getComputedStyle(document.querySelector('.sl-grid')).backgroundColor"
    assert sum(map(int, page.evaluate(dark).removeprefix("rgb(").removesuffix(")").split(","))) < 150
    context.close()
