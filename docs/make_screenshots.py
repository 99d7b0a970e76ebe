"""Take screenshots of every page, light and dark, narrow and wide: ``make screenshots``.

They go to ``docs/screenshots`` with a page that shows them all, ``index.html``. Where the shared photographs
lie beside the repository (``../shared/data``) the workspace is made of these, with copies, and with simulated
votes spread over two days; else it is the drawn demo. Git ignores the folder, for photographs of others are
not ours to commit: the pictures that the documentation shows are of the drawn demo, see make_pictures.py.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import sync_playwright
from tqdm.auto import tqdm

from synsetlab import Workspace
from synsetlab.candidates.folder import import_folder
from synsetlab.dedup.stage import deduplicate
from synsetlab.doctor import find_browser
from synsetlab.errors import SynsetlabError
from synsetlab.server.process import ServerProcess
from synsetlab.simulate.workspace import build_demo
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPHS = ROOT.parent / "shared" / "data" / "clothing"
CLASSES = {
    "dress": "n03236735",
    "hat": "n03497657",
    "shirt": "n04197391",
    "shoes": "n04199027",
    "skirt": "n04230808",
}
ORIGIN = {
    "licence": "CC0-1.0",
    "author": "Alexey Grigorev",
    "landing_page": "",
    "provider": "clothing dataset",
}
A_CLASS = 24
COPIED = 3
"""So many of a class are there a second time, smaller, and one of them cut as well."""
ANNOTATORS = 7
VOTES = 5
FLAGS = 0.01
UNTOUCHED = "skirt"
"""A class without votes, so that there is something to label."""
ANYTHING = ":not([data-state=loading])"
PAGES = {
    "home": ("", "main .cards"),
    "label": (f"label?wnid={CLASSES[UNTOUCHED]}", f".sl-grid[data-state]{ANYTHING}"),
    "review": ("review", f".sl-review[data-state]{ANYTHING}"),
    "dashboard": ("dashboard", ".sl-dashboard[data-fresh=true]"),
    "duplicates": ("duplicates", f".sl-duplicates[data-state]{ANYTHING}"),
    "browse": ("browse", f".sl-browser[data-state]{ANYTHING}"),
}
WIDTHS = {360: 740, 820: 1100, 1600: 1000}
LATE_MS = 120_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"]
PAINTED = (
    "[...document.images].every((image) => image.hidden || !image.src || image.complete)"
    " && !document.querySelector('[data-thumb=loading], .sl-thumb[data-state=loading]')"
)


def main() -> None:
    """Make the workspace, serve it, visit every page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", nargs="*", choices=list(PAGES), help="pages to visit")
    given = parser.parse_args()
    chromium = find_browser()
    if chromium is None:
        raise SynsetlabError("There is no Chromium here.", "See: synsetlab doctor")
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="synsetlab-") as place:
        folder = Path(place) / "pictures"
        if PHOTOGRAPHS.is_dir():
            of_photographs(folder, Path(place) / "chosen")
        else:
            build_demo(folder, progress=tqdm)
        with sync_playwright() as playwright, ServerProcess(folder, "--as", "you") as server:
            browser = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
            for name in given.only or PAGES:
                visit(browser, server.base, name, given.out)
            browser.close()
    (given.out / "index.html").write_text(overview(given.out), "utf-8")


def of_photographs(folder: Path, chosen: Path) -> None:
    """A workspace of some of the shared photographs and copies, with votes of annotators who differ."""
    for name in CLASSES:
        (chosen / name).mkdir(parents=True)
        photographs = sorted((PHOTOGRAPHS / name).glob("*.jpg"))[:A_CLASS]
        for photograph in photographs:
            (chosen / name / photograph.name).symlink_to(photograph)
        for number, photograph in enumerate(photographs[:COPIED]):
            copy_of(photograph, chosen / name / f"copy-{photograph.name}", cut=number == 0)
    with Workspace.create(folder) as workspace:
        import_folder(workspace, chosen, CLASSES, fields=ORIGIN, progress=tqdm)
        deduplicate(workspace)
        rows = workspace.reader.questions()
        asked = rows[(rows["wnid"] != CLASSES[UNTOUCHED]) & rows["duplicate_of"].isna()]
        vote(workspace, [int(number) for number in asked["id"]])
        run_consensus(workspace, FixedPolicy(votes=VOTES), fit=False)


def copy_of(photograph: Path, copy: Path, *, cut: bool) -> None:
    """A smaller copy, as pages of shops have them; `cut`: without its edges."""
    with Image.open(photograph) as picture:
        width, height = picture.size
        edge = width // 20 if cut else 0
        box = (edge, edge, width - edge, height - edge)
        picture.convert("RGB").resize((width * 2 // 3, height * 2 // 3), box=box).save(copy, quality=70)


def vote(workspace: Workspace, asked: list[int]) -> None:
    """Votes of people of whom some are right more often than others; a few flag a picture instead."""
    rng = random.Random(0)
    events: dict[int, list[dict[str, Any]]] = {number: [] for number in range(ANNOTATORS)}
    for place, question in enumerate(asked):
        at = datetime.now(UTC) - timedelta(days=2) + timedelta(days=2) * place / len(asked)
        hard = rng.random()
        for annotator in rng.sample(range(ANNOTATORS), VOTES):
            right = rng.random() < 0.97 - 0.45 * hard * (annotator + 1) / ANNOTATORS
            answer = "unsure" if rng.random() < 0.04 else "yes" if right else "no"
            answer = "skip" if rng.random() < FLAGS else answer
            event = {"id": str(uuid.UUID(int=rng.getrandbits(128))), "question_id": question}
            taken = {"answer": answer, "decided_at": at, "active_ms": rng.randrange(600, 4000)}
            events[annotator].append({**event, **taken})
    for annotator, mine in events.items():
        workspace.writer.record_votes(workspace.writer.ensure_annotator(f"annotator {annotator + 1}"), mine)


def visit(browser: Browser, base: str, name: str, out: Path) -> None:
    """Take one page at every width, light and dark; the page is loaded once a theme."""
    path, ready = PAGES[name]
    for theme in ("light", "dark"):
        # What is waited for is asked by a string, which the pages themselves forbid.
        desk = {"width": 1600, "height": 1000}
        context = browser.new_context(color_scheme=theme, viewport=desk, bypass_csp=True)
        context.set_default_timeout(LATE_MS)
        page = context.new_page()
        page.goto(base + path)
        page.locator(ready).first.wait_for()
        tour = page.locator('.sl-tour [data-do="tour-skip"]')
        if tour.count():  # who is here for the first time is shown round
            tour.click()
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(PAINTED)
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            page.screenshot(path=out / f"{name}-{width}-{theme}.png")
            print(out / f"{name}-{width}-{theme}.png")  # noqa: T201
        page.close(run_before_unload=True)
        context.close()


def overview(out: Path) -> str:
    """A page with all that were taken, a row for each page and theme."""
    rows = []
    for name, theme in itertools.product(PAGES, ("light", "dark")):
        taken = [file for width in WIDTHS if (file := out / f"{name}-{width}-{theme}.png").exists()]
        shown = "".join(f'<a href="{it.name}"><img src="{it.name}" alt="{it.stem}"></a>' for it in taken)
        rows += [f"<h2>{name}, {theme}</h2><p>{shown}</p>"] if taken else []
    style = "body{font:14px system-ui;background:#888}img{height:420px;margin:4px;vertical-align:top}"
    head = f'<meta charset="utf-8"><title>Every page</title><style>{style}</style>'
    return f'<!doctype html><html lang="en">{head}{"".join(rows)}</html>\n'


if __name__ == "__main__":
    main()
