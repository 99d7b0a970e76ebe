"""The grid on a page of its own: its real module and style, its real Python handler, no kernel between."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from comm.base_comm import BaseComm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from synsetlab.ui.grid import LabelingGrid

HTML = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>grid</title><style>body { margin: 0 } %(css)s</style>%(body)s
<script type="module">
  import widget from "/module.js";
  const listeners = new Map();
  const state = %(state)s;
  const tell = (name, ...args) => { for (const listener of listeners.get(name) ?? []) listener(...args); };
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; tell(`change:${name}`); },
    save_changes: () => {},
    on: (name, listener) => listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    off: (name, listener) =>
      listeners.set(name, (listeners.get(name) ?? []).filter((other) => other !== listener)),
    send: async (content) => {
      if (window.cut) return;
      for (const [answer, buffers] of await toPython(content)) {
        if (!window.deaf) tell("msg:custom", answer, buffers.map(bytes));
      }
    },
  };
  widget.initialize({ model });
  for (const el of document.querySelectorAll("[data-view]")) widget.render({ model, el });
</script>"""


ALONE = '<body data-voila="voila"><div data-view></div>'


class PageComm(BaseComm):
    """What the widget sends, until the page takes it."""

    def __init__(self, **kwargs: Any) -> None:
        self.sent: list[tuple[Any, list[str]]] = []
        super().__init__(**kwargs)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        if msg_type == "comm_msg" and data["method"] == "custom":
            self.sent.append((data["content"], [base64.b64encode(b).decode() for b in buffers or []]))


class Stage:
    """A grid of Python on a page of the browser; several pages may show it, one after another."""

    def __init__(self, grid: LabelingGrid, url: str) -> None:
        self.grid = grid
        self.url = url
        self.requests: list[str] = []
        self.comm = PageComm()
        grid.comm = self.comm

    def receive(self, content: dict[str, Any]) -> list[tuple[Any, list[str]]]:
        self.requests.append(content["type"])
        self.grid._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        sent, self.comm.sent = self.comm.sent, []
        return sent

    def show(self, page: Page, *, ready: bool = True) -> Locator:
        page.expose_function("toPython", self.receive)
        return self.open(page, ready=ready)

    def open(self, page: Page, *, ready: bool = True) -> Locator:
        page.goto(self.url)
        root = page.locator(".sl-grid")
        if ready:
            page.locator('.sl-grid[data-state="ready"]').wait_for()
        return root


@pytest.fixture
def stage() -> Iterator[Callable[[LabelingGrid], Stage]]:
    """Serve pages for grids: an origin of its own, as IndexedDB wants."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def make(grid: LabelingGrid, body: str = ALONE) -> Stage:
        names = ("owner", "tile_size", "mode", "single", "thumbnails_url")
        state = {name: getattr(grid, name) for name in names}
        pages = {
            "/": ("text/html", HTML % {"css": grid._css, "state": json.dumps(state), "body": body}),
            "/module.js": ("text/javascript", grid._esm),
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, text = pages.get(self.path, ("text/plain", ""))
                self.send_response(200 if self.path in pages else 404)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Stage(grid, f"http://127.0.0.1:{server.server_port}/")

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def photographs(shared_data: Path) -> list[Path]:
    """Thirty photographs: mostly hats, some shoes."""
    folder = shared_data / "clothing"
    hats, shoes = (sorted((folder / name).glob("*.jpg")) for name in ("hat", "shoes"))
    return [*hats[:22], *shoes[:8]]


@pytest.fixture(scope="session")
def many_photographs(shared_data: Path) -> list[Path]:
    """A page of 48: hats, and three shoes among them."""
    folder = shared_data / "clothing"
    hats, shoes = (sorted((folder / name).glob("*.jpg")) for name in ("hat", "shoes"))
    return [*hats[:10], shoes[0], *hats[10:27], shoes[1], *hats[27:45], shoes[2]]


def tile(root: Locator, index: int) -> Locator:
    return root.locator(f'.sl-tile[data-index="{index}"]')


def wait_for_pictures(root: Locator) -> None:
    """Until every tile that exists shows its picture, or why there is none."""
    root.page.wait_for_function("!document.querySelector('.sl-tile[data-thumb=loading]')")


def focused(root: Locator) -> int:
    """Index of the tile that has the keyboard."""
    return int(root.page.evaluate("Number(document.activeElement?.dataset.index ?? -1)"))


def wait(root: Locator, **attributes: Any) -> None:
    """Until the root says so in its data attributes."""
    wanted = "".join(f'[data-{name}="{value}"]' for name, value in attributes.items())
    root.page.locator(f".sl-grid{wanted}").wait_for()
    root.page.evaluate("new Promise(requestAnimationFrame)")  # in which the tiles are painted


def answer(root: Locator, index: int) -> str | None:
    return tile(root, index).get_attribute("data-answer")
