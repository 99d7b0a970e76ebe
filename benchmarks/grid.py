"""The labelling grid in Chromium beside its peers, in one run: ``python benchmarks/grid.py [--json]``.

The same pictures are shown in Voila by `LabelingGrid`, by an ipywidgets ``GridBox`` of ``Image`` and
``ToggleButton``, and by a table of base64 images in HTML. Rounds are interleaved, and each number is the
median of the rounds; what one pays for Voila itself is measured as a page with a word on it.
Needs Chromium (``/usr/bin/chromium``, or the one of ``playwright install chromium``).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from grid_pages import prepare, voila
from synsetlab.server.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
WINDOW = {"width": 1280, "height": 800}
BURSTS = 6
PAGES = 2
"""Of 48 pictures, which are clicked one after another."""
LATE_MS = 180_000

# When every picture on the screen is there, and when all are; asked by the page itself, so that nothing
# of the measuring is in the time. `count` is 0 where only a screen of tiles exists at any time.
WATCH = """([tiles, count]) => new Promise((resolve) => {
  const found = {};
  const done = (image) => image.complete && image.naturalWidth > 0;
  const look = () => {
    const images = [...document.querySelectorAll(tiles)];
    const shown = images.filter((image) => {
      const box = image.getBoundingClientRect();
      return box.top < innerHeight && box.bottom > 0 && (box.width > 0 || image.hidden);
    });
    if (!found.screen && shown.length && shown.every(done)) found.screen = performance.now();
    if (found.screen && (!count || (images.length === count && images.every(done)))) {
      resolve({ screen: found.screen, all: performance.now() });
    } else setTimeout(look, 20);
  };
  look();
})"""


@dataclass
class Kind:
    """One way to show pictures."""

    name: str
    tiles: str
    """Selector of the pictures."""
    wanted: int = 0
    """How many must be there in the end; 0: those on the screen."""
    rounds: list[dict[str, float]] = field(default_factory=list)

    def median(self, what: str) -> float:
        """Of the rounds."""
        return statistics.median(found[what] for found in self.rounds)

    def spread(self, what: str) -> str:
        """From the least to the greatest."""
        values = sorted(found[what] for found in self.rounds)
        return f"({values[0]:.2f}..{values[-1]:.2f})"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--json", action="store_true", help="print one object with the figures of the bar")
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="grid-") as place, sync_playwright() as playwright:
        folder = Path(place)
        prepare(folder)
        path = {"executable_path": str(CHROMIUM)} if CHROMIUM.exists() else {}
        browser = playwright.chromium.launch(args=["--no-sandbox", "--disable-gpu"], **path)
        with voila(folder) as (url, process):
            kinds = _first_screens(browser, url, process, given.rounds)
            moved = [_scrolling(browser, url) for _ in range(given.rounds)]
        acks = _clicks(browser, folder / "workspace")
        browser.close()
    result = _result(kinds, moved, acks)
    if given.json:
        print(json.dumps(result))
    else:
        _tell(kinds, moved, acks, result)


# ---- the first screen


def _first_screens(browser: Browser, url: str, server: psutil.Process, rounds: int) -> dict[str, Kind]:
    kinds = [
        Kind("empty", ".bench-done"),
        *(Kind(f"grid{count}", ".sl-tile img") for count in (100, 2_000, 20_000)),
        Kind("gridbox", ".widget-image", 2_000),
        Kind("table", ".bench-table img", 2_000),
    ]
    for number in range(-1, rounds):
        for kind in kinds:
            print(f"round {number + 1} of {rounds}: {kind.name}", file=sys.stderr, flush=True)
            if number >= 0:
                kind.rounds.append(_load(browser, url, server, kind))
            elif kind.name in {"empty", "grid100"}:
                _load(browser, url, server, kind)  # the server reads its own files once
    return {kind.name: kind for kind in kinds}


def _load(browser: Browser, url: str, server: psutil.Process, kind: Kind) -> dict[str, float]:
    """Open a page in a new profile; seconds, bytes that are no static scripts, heap, kernel CPU."""
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    counted = _count_bytes(page, url)
    page.set_default_timeout(LATE_MS)
    page.goto(f"{url}voila/render/{kind.name}.ipynb", wait_until="commit", timeout=LATE_MS)
    if kind.name == "empty":
        page.wait_for_selector(kind.tiles)
        now = page.evaluate("performance.now()")
        times = {"screen": now, "all": now}
    else:
        times = page.evaluate(WATCH, [kind.tiles, kind.wanted])
    metrics = counted.session.send("Performance.getMetrics")["metrics"]
    heap = next(entry["value"] for entry in metrics if entry["name"] == "JSHeapUsedSize")
    kernels = [child for child in server.children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE]
    cpu = sum(sum(kernel.cpu_times()[:2]) for kernel in kernels)
    page.close(run_before_unload=False)
    context.close()
    _end(kernels)
    total = counted.sockets + counted.pages
    return {
        "screen": times["screen"] / 1e3,
        "all": times["all"] / 1e3,
        "mb": total / 1e6,
        "heap": heap / 1e6,
        "cpu": cpu,
    }


class _Counted:
    """Bytes over the websocket, of documents and of images; scripts and styles are the same for all."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.sockets = 0
        self.pages = 0


def _count_bytes(page: Page, url: str) -> _Counted:
    session = page.context.new_cdp_session(page)
    counted = _Counted(session)
    kinds: dict[str, str] = {}

    def frame(event: Any) -> None:
        response = event["response"]
        data = response["payloadData"]
        counted.sockets += len(data) * 3 // 4 if response["opcode"] == 2 else len(data.encode())

    def finished(event: Any) -> None:
        if kinds.get(event["requestId"]) in {"Document", "Image"}:
            counted.pages += int(event["encodedDataLength"])

    def answered(event: Any) -> None:
        if event["response"]["url"].startswith(url) and "/static/" not in event["response"]["url"]:
            kinds[event["requestId"]] = event["type"]

    session.on("Network.webSocketFrameReceived", frame)
    session.on("Network.webSocketFrameSent", frame)
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    session.send("Performance.enable")
    return counted


def _end(kernels: Sequence[psutil.Process]) -> None:
    """The next page must not share the machine with this one's kernel."""
    for kernel in kernels:
        with contextlib.suppress(psutil.NoSuchProcess):
            kernel.kill()
    psutil.wait_procs(kernels, 10)


# ---- scrolling and clicking

SLOW = """() => new Promise((resolve) => {
  const board = document.querySelector(".sl-board");
  let frames = 0;
  const began = performance.now();
  const step = () => {
    board.scrollTop += 12;
    frames += 1;
    const now = performance.now();
    if (now - began < 3000) requestAnimationFrame(step);
    else resolve((1000 * frames) / (now - began));
  };
  requestAnimationFrame(step);
})"""

# Scroll fast for two thirds of a second, stop, and count what has no picture 100 ms later.
FAST = """() => new Promise((resolve) => {
  const board = document.querySelector(".sl-board");
  let frames = 0;
  const blank = () => {
    const room = board.getBoundingClientRect();
    const shown = [...board.querySelectorAll(".sl-tile")].filter((tile) => {
      const box = tile.getBoundingClientRect();
      return box.bottom > room.top && box.top < room.bottom;
    });
    const ready = (image) => image && !image.hidden && image.complete && image.naturalWidth > 0;
    return shown.length ? shown.filter((tile) => !ready(tile.querySelector("img"))).length : -1;
  };
  const step = () => {
    board.scrollTop += 120;
    frames += 1;
    if (frames < 40) requestAnimationFrame(step);
    else setTimeout(() => resolve(blank()), 100);
  };
  requestAnimationFrame(step);
})"""

# From the click to the frame in which nothing is unsaved any more.
ACKS = """() => {
  window.acks = [];
  const root = document.querySelector(".sl-grid");
  let began = 0;
  document.addEventListener("click", () => { began = performance.now(); }, { capture: true });
  new MutationObserver(() => {
    if (began && root.dataset.saved === "true") {
      window.acks.push(performance.now() - began);
      began = 0;
      window.acked();
    }
  }).observe(root, { attributes: true, attributeFilter: ["data-saved"] });
}"""

CENTRES = """() => [...document.querySelectorAll(".sl-tile")].map((tile) => {
  const box = tile.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
})"""


def _scrolling(browser: Browser, url: str) -> dict[str, float]:
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.set_default_timeout(LATE_MS)
    page.goto(f"{url}voila/render/grid20000.ipynb", timeout=LATE_MS)
    page.wait_for_selector(".sl-tile[data-thumb=ready]")
    fps = page.evaluate(SLOW)
    blank = max(page.evaluate(FAST) for _ in range(BURSTS))
    context.close()
    return {"fps": fps, "blank": blank}


def _clicks(browser: Browser, workspace: Path) -> list[float]:
    """Milliseconds from a click to its acknowledged commit, in the app that annotators use."""
    with ServerProcess(workspace, "--as", "bench") as server:
        context = browser.new_context(viewport={**WINDOW, "height": 2000})
        page = context.new_page()
        page.set_default_timeout(LATE_MS)
        page.goto(server.url, timeout=LATE_MS)
        page.wait_for_selector(".sl-tile[data-thumb=ready]")
        page.keyboard.press("Escape")  # the tour for newcomers
        page.evaluate(ACKS)
        for number in range(PAGES):
            page.wait_for_function("!document.querySelector('.sl-tile:not([data-thumb=ready])')")
            # Neither looked for nor waited for frame by frame: those would be drawn beside what is measured.
            for x, y in page.evaluate(CENTRES):
                page.evaluate("() => { window.ack = new Promise((resolve) => { window.acked = resolve; }); }")
                page.mouse.click(x, y)
                page.evaluate("() => window.ack")
            if number + 1 < PAGES:
                batch = page.evaluate("document.querySelector('.sl-grid').dataset.batch")
                page.keyboard.press("Control+Enter")
                page.wait_for_function(
                    "(old) => document.querySelector('.sl-grid').dataset.batch !== old", arg=batch
                )
        found: list[float] = page.evaluate("window.acks")
        context.close()
    return found


# ---- what is said


def _result(kinds: dict[str, Kind], moved: list[dict[str, float]], acks: list[float]) -> dict[str, float]:
    ours, gridbox = kinds["grid2000"], kinds["gridbox"]
    return {
        "first_screen_ratio_2000": round(gridbox.median("all") / ours.median("screen"), 2),
        "bytes_ratio_2000": round(gridbox.median("mb") / ours.median("mb"), 1),
        "first_screen_20000_over_100": round(
            kinds["grid20000"].median("screen") / kinds["grid100"].median("screen"), 3
        ),
        "ack_p95_ms": round(float(np.percentile(acks, 95)), 1),
        "blank_after_100ms": max(int(found["blank"]) for found in moved),
        "slow_scroll_fps": round(statistics.median(found["fps"] for found in moved), 1),
    }


def _tell(
    kinds: dict[str, Kind], moved: list[dict[str, float]], acks: list[float], result: dict[str, float]
) -> None:
    print(f"\n{'':<10}{'screen s':>9}{'':<15}{'all s':>8}{'':<15}{'MB':>8}{'heap MB':>9}{'kernel s':>10}")
    for name, kind in kinds.items():
        screen = f"{kind.median('screen'):9.2f} {kind.spread('screen'):<14}"
        every = f"{kind.median('all'):8.2f} {kind.spread('all'):<14}" if kind.wanted else " " * 23
        print(
            f"{name:<10}{screen}{every}{kind.median('mb'):8.2f}{kind.median('heap'):9.1f}{kind.median('cpu'):10.2f}"
        )
    behind = kinds["grid2000"].median("screen") - kinds["empty"].median("screen")
    print(f"\nFirst screen of 2,000 after that of an empty page: {behind:.2f} s (bar: 0.60)")
    print(f"ipywidgets, all of 2,000, over ours: {result['first_screen_ratio_2000']} times later (bar: 6)")
    print(f"ipywidgets over ours, bytes: {result['bytes_ratio_2000']} times (bar: 40)")
    print(f"20,000 over 100 pictures, first screen: {result['first_screen_20000_over_100']} (bar: 1.15)")
    fps = sorted(found["fps"] for found in moved)
    print(f"Slow scroll: {result['slow_scroll_fps']} frames/s ({fps[0]:.1f}..{fps[-1]:.1f}; bar: 55)")
    print(f"Blank tiles 100 ms after fast scrolls: at most {result['blank_after_100ms']} (bar: 0)")
    middle = statistics.median(acks)
    print(f"Click to acknowledged commit: median {middle:.1f} ms, p95 {result['ack_p95_ms']} ms (bar: 30)")


if __name__ == "__main__":
    main()
