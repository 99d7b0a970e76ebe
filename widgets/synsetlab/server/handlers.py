"""The notebooks as pages, and the few routes that their widgets use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import APIHandler, FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado import web
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import (
    VoilaKernelWebsocketHandler,
    read_header_from_binary_message,
)

from synsetlab.server.base import Page, Plain
from synsetlab.server.frames import PROTOCOL, asked
from synsetlab.server.kernels import STARTED, OwnedKernels

if TYPE_CHECKING:
    from synsetlab.server.pages import App

__all__ = [
    "APP_POLICY",
    "AppPage",
    "Assets",
    "Channels",
    "CloseKernel",
    "Extensions",
    "KernelModel",
    "NotFound",
]

APP_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of the notebooks' pages: JupyterLab's schemas are compiled with eval, anywidget imports from blobs."""

HEARTBEAT = "<script>window.voila_heartbeat()</script>\n"
"""What Voila sends while a page waits for its kernel."""
PAGE_FAILED = '<i class="cell-failed" hidden></i></main></body></html>'
"""What makes a page, whatever of it is there, say that it could not start."""
HIDDEN_MESSAGES = frozenset(("error", "stream"))
"""What a kernel says of itself: tracebacks and prints belong into the server's log."""
CONTROL_TARGET = "jupyter.widget.control"
"""The one comm that a page may open: it asks for the widgets that are there."""


class NotFound(Page):
    """Every path that is not a route."""

    is_page = False

    @allow_unauthenticated
    def get(self) -> None:
        """Refuse."""
        raise web.HTTPError(404)

    head = post = put = patch = delete = options = get


class AppPage(Page, TornadoVoilaHandler):  # type: ignore[misc]  # voila is untyped
    """A notebook, run in a kernel of the visitor's own and shown without its code."""

    policy = APP_POLICY

    def initialize(self, *, app: App, **kwargs: Any) -> None:
        """Take the app beside what Voila wants."""
        super().initialize(**kwargs)
        self.app = app
        self.roles = app.roles

    @web.authenticated
    async def get(self) -> None:
        """Stream the page: its frame at once, the panel when the kernel has it."""
        self.xsrf_token  # noqa: B018 - reading it sets the cookie that closing the page needs
        kernels: list[str] = []
        STARTED.set(kernels)
        try:
            await self._write_page(kernels)
        finally:
            self._kernels.loaded(kernels)

    async def _write_page(self, kernels: list[str]) -> None:
        async for part in self.get_generator():
            # All that comes when nothing else does: also when nothing ever will.
            if part == HEARTBEAT and await self._is_dead(kernels):
                self.log.error("The kernel of a page ended before the page was whole")
                self.write(PAGE_FAILED)
                return
            self.write("\n" if part == HEARTBEAT else part)
            await self.flush()

    async def _is_dead(self, kernels: list[str]) -> bool:
        return not all([await self._kernels.lives(kernel) for kernel in kernels])

    @property
    def _kernels(self) -> OwnedKernels:
        manager = self.kernel_manager
        assert isinstance(manager, OwnedKernels)
        return manager


class Assets(Plain, FileFindHandler):
    """Style sheets, scripts and icons, our own and those of the widgets: public."""

    _static_paths = {}  # noqa: RUF012 - jupyter_server's cache is shared by all that it serves


class Extensions(Assets):
    """The JavaScript of the few JupyterLab extensions that show widgets."""

    _static_paths = {}  # noqa: RUF012 - not the same files as those of the parent


class Channels(Plain, VoilaKernelWebsocketHandler):  # type: ignore[misc]  # voila is untyped
    """The websocket between a page and its kernel, narrowed to what widgets need."""

    accepted = False

    async def open(self, kernel_id: str) -> None:
        """Refuse every protocol but the one whose messages are checked below."""
        self.accepted = self.selected_subprotocol == PROTOCOL
        if self.accepted:
            # An answer is two small messages: the second must not wait 40 ms for the first's receipt.
            self.set_nodelay(True)
            await super().open(kernel_id)
        else:
            self.close(1002, "unknown protocol")

    def on_message(self, ws_message: str | bytes) -> None:
        """Pass a message on; Jupyter checks its type, here goes what may be opened."""
        if self.accepted and self.ws_connection is not None and isinstance(ws_message, bytes):
            try:
                wish = asked(ws_message)
            except (ValueError, RecursionError) as error:
                self.log.warning("A page sent what is no message: %s", error)
                self.close(1002, "no message of the protocol")
                return
            if wish.kind == "comm_open" and wish.target != CONTROL_TARGET:
                self.log.warning("A page tried to open a comm of its own. Ignoring.")
                return
            super().on_message(ws_message)

    def on_close(self) -> None:
        """Let go of the kernel, if there ever was a connection to it."""
        if self.accepted:
            super().on_close()

    def write_message(self, message: bytes | dict[str, Any], binary: bool = False) -> Any:
        """Send what the page may see."""
        header = read_header_from_binary_message(message) if isinstance(message, bytes) else None
        if header and header.get("msg_type") in HIDDEN_MESSAGES:
            return None
        return super().write_message(message, binary)


class KernelModel(KernelHandler):
    """Whether a kernel lives; `KernelOwners` asks whose it is."""

    SUPPORTED_METHODS = ("GET",)


class CloseKernel(APIHandler):
    """Ends the kernel of a page that is being closed."""

    SUPPORTED_METHODS = ("POST",)

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """End it, if it is the visitor's own."""
        kernels: Any = self.kernel_manager
        if not kernels.belongs(kernel_id, self.current_user):
            raise web.HTTPError(403)
        await kernels.shutdown_kernel(kernel_id, now=True)  # what was acknowledged is in the database
        self.set_status(204)
