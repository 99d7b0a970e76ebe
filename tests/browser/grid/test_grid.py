"""The grid in Chromium: its real module and style, its real Python handler, real photographs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.browser.grid.conftest import answer, focused, tile, wait, wait_for_pictures

from synsetlab.errors import WorkspaceBusyError
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.sources import FolderSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Page


def test_a_page_by_mouse(stage: Callable[..., Any], page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs, question="Does the picture contain a hat?")
    root = stage(grid).show(page)
    for index, clicks in [(0, 1), (1, 2), (2, 3), (3, 4)]:
        for _ in range(clicks):
            tile(root, index).click()
    wait(root, saved="true", answered=3)
    assert [answer(root, i) for i in range(5)] == ["yes", "no", "unsure", "none", "none"]
    names = grid.source.keys()
    assert grid.answers == {names[0]: "yes", names[1]: "no", names[2]: "unsure"}
    assert list(grid.votes["label"]) == ["yes", "no", "unsure"]
    assert (grid.votes["active_ms"] >= 0).all()


def test_a_page_by_keyboard_alone(stage: Callable[..., Any], page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs, question="Hat?")
    root = stage(grid).show(page)
    for path in photographs:
        page.keyboard.press("y" if path.parent.name == "hat" else "n")
    wait(root, saved="true", answered=30, unseen=0)
    page.keyboard.press("Control+Enter")
    wait(root, state="empty")
    assert Counter(grid.answers.values()) == {"yes": 22, "no": 8}
    assert "Nothing left to label here" in root.inner_text()


def test_a_press_of_a_key_goes_on_to_the_next(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    root = stage(LabelingGrid(images=photographs[:5])).show(page)
    assert focused(root) == 0
    for key in "y2u":
        page.keyboard.press(key)
    assert focused(root) == 3
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    wait(root, saved="true", answered=5)
    assert [answer(root, i) for i in range(5)] == ["yes", "no", "unsure", "no", "skip"]
    assert focused(root) == 4, "there is nothing after the last"
    page.keyboard.press("Backspace")
    wait(root, saved="true", answered=4)


def test_ranges_the_rest_and_undo(stage: Callable[..., Any], page: Page, photographs: Sequence[Path]) -> None:
    grid = LabelingGrid(images=photographs[:12])
    root = stage(grid).show(page)
    tile(root, 1).click()
    tile(root, 3).click(modifiers=["Shift"])
    assert root.locator('.sl-tile[aria-selected="true"]').count() == 3
    root.locator('.sl-selection [data-do="no"]').click()
    wait(root, saved="true", answered=3)
    page.keyboard.press("End")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("u")
    wait(root, saved="true", answered=5)
    page.keyboard.press("a")
    page.locator('dialog [data-choice="yes"]').click()
    wait(root, saved="true", answered=12)
    assert Counter(grid.answers.values()) == {"no": 3, "unsure": 2, "yes": 7}
    page.keyboard.press("i")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.sl-tile[data-answer=no]').length === 7")
    for _ in range(4):
        page.keyboard.press("z")
    wait(root, saved="true", answered=1)
    assert answer(root, 1) == "yes"
    assert list(grid.answers.values()) == ["yes"]
    page.keyboard.press("Control+z")
    wait(root, saved="true", answered=0)
    assert len(grid.votes) == 0


def test_the_loupe_answers_and_gives_the_focus_back(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    root = stage(LabelingGrid(images=photographs[:6])).show(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    loupe = page.locator('dialog.sl-loupe[data-picture="ready"]')
    loupe.wait_for()
    assert photographs[1].name in loupe.inner_text()
    page.keyboard.press("y")
    page.locator('dialog.sl-loupe[data-answer="yes"]').wait_for()
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert float(loupe.get_attribute("data-zoom") or 0) > 1.9
    page.keyboard.press("ArrowRight")
    page.locator(
        f'dialog.sl-loupe[data-key="{photographs[2]}"][data-picture="ready"][data-zoom="1.00"]'
    ).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement?.dataset.index === '2'")
    assert [answer(root, i) for i in range(3)] == ["none", "yes", "none"]
    tile(root, 4).hover()
    tile(root, 4).locator(".sl-zoom").click()
    loupe.wait_for()
    loupe.locator('[data-do="no"]').click()
    page.locator('dialog.sl-loupe[data-answer="no"]').wait_for()
    loupe.locator('[data-do="close"]').click()
    loupe.wait_for(state="detached")
    wait(root, saved="true", answered=2)


def test_submit_asks_about_what_was_not_looked_at(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    grid = LabelingGrid(images=photographs, page_size=20)
    root = stage(grid).show(page)
    wait_for_pictures(root)
    page.keyboard.press("y")
    # What is on the screen counts as looked at after a while; what is below it does not.
    page.wait_for_function("Number(document.querySelector('.sl-grid').dataset.unseen) < 19")
    unseen = int(root.get_attribute("data-unseen") or 0)
    assert unseen > 0
    page.keyboard.press("Control+Enter")
    dialog = page.locator("dialog.sl-dialog")
    assert f"19 without an answer, {unseen} of them not looked at yet" in dialog.inner_text()
    page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert tile(root, focused(root)).get_attribute("data-seen") == "false"
    root.locator('[data-do="submit"]').click()
    batch = root.get_attribute("data-batch")
    dialog.locator('[data-choice="submit"]').click()
    page.wait_for_function(f"document.querySelector('.sl-grid').dataset.batch !== '{batch}'")
    wait(root, state="ready", answered=0, count=20)
    assert tile(root, 0).get_attribute("data-key") == str(photographs[1])


# ---- errors, oddities, size


def test_an_error_is_painted_in_place_and_can_be_tried_again(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    class Late(FolderSource):
        ready = False

        def page(self, size: int) -> Any:
            if not self.ready:
                raise WorkspaceBusyError("The workspace is being migrated.", "Try again in a minute.")
            return super().page(size)

    source = Late(photographs)
    root = stage(LabelingGrid(source=source)).show(page, ready=False)
    wait(root, state="error")
    assert "The workspace is being migrated." in root.inner_text()
    assert "Try again in a minute." in root.inner_text()
    source.ready = True
    root.get_by_role("button", name="Try again").click()
    wait(root, state="ready")


def test_a_picture_that_cannot_be_read_says_why(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(photographs[0].read_bytes()[:2000])
    root = stage(LabelingGrid(images=[broken, photographs[1]])).show(page)
    wait_for_pictures(root)
    assert tile(root, 0).get_attribute("data-thumb") == "missing"
    assert tile(root, 0).get_attribute("title")
    assert "cannot be shown" in (tile(root, 0).get_attribute("aria-label") or "")
    page.keyboard.press("Enter")
    page.locator('dialog.sl-loupe[data-picture="missing"]').wait_for()
    assert page.locator(".sl-problem").inner_text()


def test_words_of_strangers_stay_words(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    class Hostile(FolderSource):
        def header(self) -> dict[str, Any]:
            evil = "<img src=x onerror=window.broken=1>"
            names = ("question", "gloss", "rules_yes", "rules_no", "wikipedia")
            return {**dict.fromkeys(names, evil), "lemmas": [evil], "path": [evil, evil], "examples": []}

        def page(self, size: int) -> Any:
            evil = {"title": '"><script>window.broken=1</script>', "author": "<b>x</b>", "licence": "<i>"}
            return [
                {**item, **evil, "landing_page": "javascript:window.broken=1"} for item in super().page(size)
            ]

    root = stage(LabelingGrid(source=Hostile(photographs[:3]))).show(page)
    wait_for_pictures(root)
    page.keyboard.press("Enter")
    page.locator('dialog.sl-loupe[data-picture="ready"]').wait_for()
    assert root.locator("a, script, b > b, .sl-heading img").count() == 0
    assert page.evaluate("window.broken") is None


def test_twenty_thousand_pictures_cost_what_a_screen_costs(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path], tmp_path: Path
) -> None:
    for number in range(20_000):
        (tmp_path / f"{number:05}.jpg").symlink_to(photographs[number % 30])
    made = stage(LabelingGrid(images=tmp_path))
    root = made.show(page)
    assert root.get_attribute("data-count") == "20000"
    wait_for_pictures(root)
    assert root.locator(".sl-tile").count() < 80
    assert made.requests.count("thumbnails") <= 4
    page.keyboard.press("Control+End")
    tile(root, 19_999).wait_for()
    wait_for_pictures(root)
    assert focused(root) == 19_999
    assert tile(root, 19_999).get_attribute("data-key") == "19999.jpg"
    assert made.requests.count("thumbnails") <= 8
    assert made.requests.count("items") <= 3
    page.keyboard.press("y")
    wait(root, saved="true", answered=1)
    # The focused tile stays though its row is far away, so that the keys keep working.
    root.locator(".sl-board").evaluate("board => board.scrollTo(0, 0)")
    tile(root, 0).wait_for()
    assert focused(root) == 19_999
    assert root.locator(".sl-tile").count() < 90


def test_nothing_is_asked_of_any_other_host(
    stage: Callable[..., Any], page: Page, photographs: Sequence[Path]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    made = stage(LabelingGrid(images=photographs))
    root = made.show(page)
    wait_for_pictures(root)
    assert asked
    assert {url for url in asked if not url.startswith((made.url, "blob:", "data:"))} == set()
