"""A panel on a page of its own: its real module and style, its real Python handlers, no Jupyter between."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from comm.base_comm import BaseComm
from playwright.sync_api import expect

from synsetlab.taxonomy import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from synsetlab.taxonomy import Taxonomy
    from synsetlab.ui.base import Panel

HTML = """<!doctype html><html data-sl-theme="{theme}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>panel</title><link rel="icon" href="data:,">
<style>body {{ margin: 8px }} {css}</style><body data-voila="voila"><div id="here"></div>
<script type="module">
  import widget from "/module.js";
  const listeners = new Map();
  const state = {state};
  const tell = (name, ...args) => {{ for (const listener of listeners.get(name) ?? []) listener(...args); }};
  const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const deliver = (sent) => {{
    for (const [content, buffers] of sent) tell("msg:custom", content, buffers.map(bytes));
  }};
  const model = {{
    get: (name) => state[name],
    on: (name, listener) => listeners.set(name, [...(listeners.get(name) ?? []), listener]),
    off: (name, gone) => listeners.set(name, (listeners.get(name) ?? []).filter((one) => one !== gone)),
    send: async (content) => {{ if (!window.cut) deliver(await toPython(content)); }},
  }};
  window.fetchSent = async () => deliver(await toPython(null));
  window.end = widget.render({{ model, el: document.getElementById("here") }});
</script>"""


class PageComm(BaseComm):
    """What the widget sends, until the page takes it."""

    def __init__(self, **given: Any) -> None:
        self.sent: list[tuple[Any, list[str]]] = []
        super().__init__(**given)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        if msg_type == "comm_msg" and data["method"] == "custom":
            self.sent.append((data["content"], [base64.b64encode(part).decode() for part in buffers or []]))


class Stage:
    """A panel of Python on a page of the browser."""

    def __init__(self, panel: Panel, page: Page, url: str) -> None:
        self.panel, self.page = panel, page
        self.bytes_sent = 0
        self.foreign: list[str] = []
        self.crashes: list[str] = []
        panel.comm = self.comm = PageComm()
        page.expose_function("toPython", self.receive)
        page.on("request", lambda request: self._note(request.url, url))
        page.on("pageerror", lambda error: self.crashes.append(str(error)))
        page.goto(url)

    def _note(self, asked: str, own: str) -> None:
        if not asked.startswith((own, "blob:", "data:")):
            self.foreign.append(asked)

    def receive(self, content: Any) -> list[tuple[Any, list[str]]]:
        if content is not None:
            self.panel._handle_msg(
                {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
            )
        sent, self.comm.sent = self.comm.sent, []
        self.bytes_sent += sum(len(json.dumps(part)) for part in sent)
        return sent

    def tell(self) -> None:
        """Take to the page what Python sent of its own accord."""
        self.page.evaluate("fetchSent()")

    @property
    def root(self) -> Locator:
        return self.page.locator(".sl-panel")

    def ready(self, state: str = "ready") -> Locator:
        expect(self.root).to_have_attribute("data-state", state)
        return self.root


@pytest.fixture
def stage(page: Page) -> Iterator[Callable[..., Stage]]:
    """Show a panel on a page of its own server."""
    servers: list[http.server.ThreadingHTTPServer] = []
    made: list[Stage] = []

    def show(panel: Panel, *, theme: str = "light") -> Stage:
        state = {name: getattr(panel, name) for name in ("selected", "question") if hasattr(panel, name)}
        pages = {
            "/": ("text/html", HTML.format(css=panel._css, state=json.dumps(state), theme=theme)),
            "/module.js": ("text/javascript", panel._esm),
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
        made.append(Stage(panel, page, f"http://127.0.0.1:{server.server_port}/"))
        return made[-1]

    yield show
    for server in servers:
        server.shutdown()
        server.server_close()
    for one in made:
        assert one.foreign == []
        assert one.crashes == []


# ---- the synset browser

COVERED = """(tree) => {
  const box = tree.getBoundingClientRect();
  const rows = [...tree.querySelectorAll("[role=treeitem]")].map((row) => row.getBoundingClientRect());
  const seen = rows.filter((row) => row.bottom > box.top && row.top < box.bottom);
  return seen.reduce((sum, row) => sum + row.height, 0) >= box.height - 32;
}"""
"""Whether rows fill the tree's window."""


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
