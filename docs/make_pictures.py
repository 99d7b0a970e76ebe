"""Make the pictures of the README and the docs with the product itself: ``make pictures``.

A demo workspace is built, served and driven in Chromium; what it shows is saved in docs/pictures.
``--workspace DIR`` copies an existing demo workspace instead of building one.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright
from tqdm.auto import tqdm

from synsetlab import Workspace
from synsetlab.doctor import find_browser
from synsetlab.errors import SynsetlabError
from synsetlab.server.process import ServerProcess
from synsetlab.simulate.labelling import read_truth
from synsetlab.simulate.workspace import TRUTH, build_demo
from synsetlab.ui.workspace.keys import QuestionKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parent / "pictures"
DESK = {"viewport": {"width": 1360, "height": 860}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
LATE_MS = 120_000
LARGEST = 350_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
LEFT_OPEN = 9
"""So many pictures of a page keep no answer, so that this state is seen too."""
READY_GRID = ".sl-grid[data-state=ready]"
ROOT = "n00001740"
KEY_OF = {"yes": "y", "no": "n", "ambiguous": "u"}


def main() -> None:
    """Build or copy the workspace, serve it, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, help="a demo workspace to copy")
    parser.add_argument("--only", nargs="*", help="names of the pictures to take")
    parser.add_argument("--into", type=Path, default=PICTURES, help="folder for them")
    given = parser.parse_args()
    chromium = find_browser()
    if chromium is None:
        raise SynsetlabError("There is no Chromium here.", "See: synsetlab doctor")
    given.into.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="synsetlab-") as place:
        folder = Path(place) / "demo"
        if given.workspace:
            shutil.copytree(given.workspace, folder)
        else:
            build_demo(folder, progress=tqdm)
        with sync_playwright() as playwright, ServerProcess(folder, "--as", "you") as server:
            browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
            for name, take in TAKES.items():
                if not given.only or name in given.only:
                    save(given.into / f"{name}.png", take(browser, server.base, folder))
            browser.close()


def visit(browser: Browser, url: str, ready: str, **options: Any) -> Page:
    """Open a page of a visitor and wait for its panel."""
    # The pages' policy forbids scripts from strings, which is how Playwright waits.
    context = browser.new_context(**{**DESK, "bypass_csp": True, **options})
    context.set_default_timeout(LATE_MS)
    page = context.new_page()
    page.goto(url)
    page.locator(ready).wait_for()
    tour = page.locator('.sl-tour [data-do="tour-skip"]')
    if tour.count():  # who is here for the first time is shown round
        tour.click()
        page.locator(".sl-tour").wait_for(state="detached")
    return page


def shot(page: Page) -> bytes:
    """The window, when all that is on it is painted; the visitor then leaves."""
    page.wait_for_function(
        "[...document.images].every((image) => image.hidden || !image.src || image.complete)"
        " && !document.querySelector('[data-thumb=loading], .sl-thumb[data-state=loading]')"
    )
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    taken = page.screenshot()
    page.close(run_before_unload=True)
    return taken


def label(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """A page of the grid, a part of it answered as the truth has it."""
    page = visit(browser, base + "label", READY_GRID, **options)
    answer(page, folder, LEFT_OPEN)
    page.locator(".sl-board").evaluate("(board) => { board.scrollTop = 0; }")
    return shot(page)


def next_label(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """The same of the next synset: what is left of the one before is answered and handed in first."""
    page = visit(browser, base + "label", READY_GRID, **options)
    answer(page, folder, 0)
    batch = page.locator(".sl-grid").get_attribute("data-batch")
    page.keyboard.press("Control+Enter")
    page.locator(f'{READY_GRID}:not([data-batch="{batch}"])').wait_for()
    page.close(run_before_unload=True)
    return label(browser, base, folder, **options)


def answer(page: Page, folder: Path, left_open: int) -> None:
    """Give the true answers by keyboard, to all tiles that are there but the last few."""
    count = int(page.locator(".sl-grid").get_attribute("data-count") or 0)
    truth = truth_of(folder)
    for number in range(count - left_open):
        tile = page.locator(f'.sl-tile[data-index="{number}"][data-focus=true]')
        page.keyboard.press(KEY_OF[truth[tile.get_attribute("data-key") or ""]])
    page.locator(".sl-grid[data-saved=true]").wait_for()


def truth_of(folder: Path) -> dict[str, str]:
    """What each question's picture really shows, by the key that the page has for it."""
    known = read_truth(folder / TRUTH)
    with Workspace.open(folder) as workspace:
        rows = workspace.reader.questions()
        keys = QuestionKeys(workspace.question_key())
    found = zip(map(keys.seal, rows["id"]), rows["image_id"], rows["wnid"], strict=True)
    return {number: known[image, wnid].truth for number, image, wnid in found if (image, wnid) in known}


def review(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """The queue, two verdicts given (the next visitor's are two more)."""
    page = visit(browser, base + "review", ".sl-review[data-state=ready]", **options)
    for count, key in enumerate("yn", start=1):
        page.keyboard.press(key)
        page.locator(f'.sl-review[data-decided="{count}"][data-pending="0"]').wait_for()
    page.locator(".sl-review[data-detail][data-annotators] .sl-stage[data-picture]").wait_for()
    return shot(page)


def relabel(browser: Browser, base: str, folder: Path) -> bytes:
    """Another synset is looked for in the tree."""
    page = visit(browser, base + "review", ".sl-review[data-detail]")
    page.keyboard.press("r")
    page.locator(".sl-drawer .sl-browser[data-state=ready] .sl-detail").wait_for()
    return shot(page)


def duplicates(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """Copies side by side, and where they differ."""
    page = visit(browser, base + "duplicates", ".sl-duplicates[data-state=ready]", **options)
    page.locator(".sl-card .sl-thumb[data-sharp]").nth(1).wait_for()
    page.get_by_role("button", name="Difference").click()
    page.locator(".sl-difference canvas").first.wait_for()
    return shot(page)


def dashboard(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """Progress, when all parts of it are there."""
    return shot(visit(browser, base + "dashboard", ".sl-dashboard[data-fresh=true]", **options))


def browse(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """The synset tree."""
    return shot(visit(browser, base + "browse", ".sl-browser[data-state=ready]", **options))


def browse_map(browser: Browser, base: str, folder: Path, **options: Any) -> bytes:
    """All that has images chosen, and the map of it."""
    page = visit(browser, base + "browse", ".sl-browser[data-state=ready]", **options)
    page.locator(".sl-row.active").press("Home")
    page.locator(f".sl-detail[data-wnid={ROOT}]").wait_for()
    page.locator("[data-choice=scope]").select_option("images")
    page.locator("[data-do=below]").click()
    page.locator(".sl-browser:not([data-chosen='0']) .sl-map[data-of=chosen]").wait_for()
    page.locator("[data-filter=chosen]").click()
    page.locator(".sl-browser[data-filters=chosen]").wait_for()
    page.locator(".sl-map").evaluate("(map) => map.scrollIntoView({ block: 'end' })")
    taken = shot(page)
    (folder / "selections" / "you.txt").write_text("")  # for the next visitor
    return taken


def home(browser: Browser, base: str, folder: Path) -> bytes:
    """The way in."""
    return shot(visit(browser, base, "main .cards"))


DARK: dict[str, Any] = {"color_scheme": "dark"}
TAKES: dict[str, Callable[..., bytes]] = {
    "home": home,
    "label": label,
    "label-dark": partial(next_label, **DARK),
    "label-phone": partial(next_label, **PHONE),
    "review": review,
    "review-dark": partial(review, **DARK),
    "review-phone": partial(review, **PHONE),
    "relabel": relabel,
    "duplicates": duplicates,
    "duplicates-dark": partial(duplicates, **DARK),
    "duplicates-phone": partial(duplicates, **PHONE),
    "dashboard": dashboard,
    "dashboard-dark": partial(dashboard, **DARK),
    "dashboard-phone": partial(dashboard, **PHONE),
    "browse": browse,
    "browse-phone": partial(browse, **PHONE),
    "browse-map": browse_map,
    "browse-map-dark": partial(browse_map, **DARK),
}


def save(file: Path, taken: bytes) -> None:
    """Write a screenshot with as many colours as fit into what a repository can bear."""
    image = Image.open(io.BytesIO(taken)).convert("RGB")
    data = taken
    for colours in (256, 192, 128, 96, 64):
        if len(data) <= LARGEST:
            break
        out = io.BytesIO()
        image.quantize(colours, kmeans=3, dither=Image.Dither.FLOYDSTEINBERG).save(out, "PNG", optimize=True)
        data = out.getvalue()
    file.write_bytes(data)
    print(f"{file}  {image.width} x {image.height}, {len(data) // 1000} kB")  # noqa: T201


if __name__ == "__main__":
    main()
