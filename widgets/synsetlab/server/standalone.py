"""Put the server together and run it until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import hmac
import logging
import shutil
import signal
import socket
import sys
import tempfile
from functools import partial
from typing import TYPE_CHECKING, Any

import jinja2
from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from traitlets.config import Config
from voila.app import Voila

from synsetlab.server import handlers, pages
from synsetlab.server.address import is_loopback
from synsetlab.server.identity import HEADERS, KernelOwners, Visitors
from synsetlab.server.kernels import OwnedKernels, ThisPython
from synsetlab.server.options import needs_accounts, outside_of
from synsetlab.server.outside import Proxies
from synsetlab.server.passwords import Throttle, Throttles
from synsetlab.server.routes import EXTENSIONS, HERE, routes
from synsetlab.server.services import Services
from synsetlab.server.surroundings import LOG_FORMAT, LogLines, private_jupyter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbformat import NotebookNode

    from synsetlab.server.address import Address
    from synsetlab.server.options import ServeOptions
    from synsetlab.store.workspace import Workspace

__all__ = ["CELL_FAILED", "Server", "run"]

IDLE_SECONDS = 15 * 60
"""How long a kernel whose page is gone is kept."""
WAITING_SECONDS = 5
"""How often a page that waits for its kernel hears of it, and the kernel is looked after."""
PING_MS = 30_000
"""A page that does not answer for so long has lost its network or was put to sleep."""
SOCKET_PATH = 40
"""Length of the folder for temporary files up to which the path of a kernel's socket fits its limit (107)."""
CELL_FAILED = "synsetlab-cell-failed"
"""What Voila writes into the output of a cell that raised; the template shows an error in its place."""
NOTEBOOK_ONLY = "notebook-only"
"""Tag of cells that are for people who read the notebook, not for the page."""
SWEEP_MS = 2_000
"""How often kernels are ended whose visitor may not be there any more, whoever changed that."""
LARGEST_FORM = 1 << 20
"""Bytes of what is posted: names, reasons, purposes. Pages send their votes by websocket."""
HASHES_AT_ONCE = 2
"""Each takes 64 MiB for as long as it takes."""


class Server(Voila):  # type: ignore[misc]  # voila is untyped
    """Voila without its tree, its file server, its command line and its configuration files."""

    link: Callable[[str, str], dict[str, str]] | None = None
    """See `OwnedKernels.link`."""
    _log_formatter_cls = LogLines  # traitlets writes the application's own log itself

    def __init__(
        self, options: ServeOptions, workspace: Workspace, address: Address, notebooks: Path
    ) -> None:
        quiet = {"log_level": logging.WARNING, "log_format": LOG_FORMAT}
        super().__init__(config=_configuration(), config_file_paths=[], **quiet)
        self.log.addFilter(
            lambda record: record.msg != "Notebook %s is not trusted"
        )  # its outputs are dropped
        self.options = options
        self.workspace = workspace
        self.address = address
        self.proxies = Proxies(options.proxies)
        self.base_url = address.path
        self.root_dir = str(notebooks)
        self.port_retries = 0
        self.open_browser = False
        self.identity_provider_class = Visitors
        self.authorizer_class = KernelOwners
        self.cookie_secret = self._secret(b"synsetlab visitor cookie").hex().encode()

    def _secret(self, purpose: bytes) -> bytes:
        return hmac.digest(bytes.fromhex(self.workspace.setting("secret")), purpose, hashlib.sha256)

    def setup_template_dirs(self) -> None:
        """Find Voila's templates, and ours before them."""
        super().setup_template_dirs()
        self.template_paths[:0] = [str(HERE / "templates" / "app"), str(HERE / "templates")]

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings, closed where it leaves a door open."""
        settings: dict[str, Any] = super().init_settings()
        self._know_visitors(self.identity_provider)
        templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader([HERE / "templates" / "pages", HERE / "templates"]),
            autoescape=True,
        )
        public = self.address.public_host
        return {
            **settings,
            "allow_origin": self.address.origin,
            "allow_remote_access": not is_loopback(self.options.host),
            "allow_unauthenticated_access": False,
            "default_handler_class": handlers.NotFound,
            "jinja2_env": templates,
            "local_hostnames": ["localhost", *([public] if public else [])],
            "log_function": _log_request,
            "ws_ping_interval": PING_MS,
            "ws_ping_timeout": PING_MS,
            "synsetlab_apps": pages.apps_for,
            "synsetlab_asking": Throttle(free=10, seconds=3600),
            "synsetlab_hashing": asyncio.Semaphore(HASHES_AT_ONCE),
            "synsetlab_origin": self.address.origin,
            "synsetlab_permits": self._secret(b"synsetlab picture permits"),
            "synsetlab_proxies": self.proxies,
            "synsetlab_sweep": self.sweep,
            "synsetlab_templates": templates,
            "synsetlab_throttles": Throttles(Throttle(), Throttle(free=40), Throttle(free=40)),
            "synsetlab_title": self.workspace.folder.name,
            "synsetlab_workspace": self.workspace,
            "xsrf_cookie_kwargs": {"samesite": "Lax", "path": self.base_url, "secure": self.address.secure},
            "xsrf_cookies": True,
        }

    def _know_visitors(self, visitors: Any) -> None:
        options = self.options
        visitors.cookie_name = f"synsetlab-{self.workspace.setting('workspace_id')[:12]}"
        visitors.secure_cookie = self.address.secure
        visitors.everyone = options.everyone
        visitors.accounts = self.workspace.accounts
        visitors.outside = outside_of(options, self.proxies)
        visitors.newcomers = options.newcomers
        visitors.locked = needs_accounts(options) or self.workspace.accounts.exist()

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Every route there is."""
        return routes(self)

    async def sweep(self) -> None:
        """End the kernels of everyone who was shut out, signed out or given another role meanwhile."""
        accounts = self.workspace.accounts
        if not self.identity_provider.locked:
            self.identity_provider.locked = await asyncio.to_thread(accounts.exist)
        marks = await asyncio.to_thread(accounts.marks) if self.identity_provider.locked else {""}
        await self.kernel_manager.end_stale(marks)

    def listen(self) -> None:
        """Answer on the sockets that are bound already; `serve` runs the loop."""
        self.http = HTTPServer(self.app, ssl_options=self.address.tls, max_body_size=LARGEST_FORM)
        self.http.add_sockets(self.address.sockets)
        self.watch = PeriodicCallback(self.sweep, SWEEP_MS)
        self.watch.start()

    async def close(self) -> None:
        """Stop answering, end every kernel, leave no file."""
        self.watch.stop()
        self.http.stop()
        await self.kernel_manager.shutdown_all(now=True)  # what was acknowledged is in the database
        await self.http.close_all_connections()
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def run(options: ServeOptions, workspace: Workspace, address: Address, ready: Callable[[str], None]) -> None:
    """Serve an open workspace on sockets that are bound, until SIGINT or SIGTERM.

    `ready` is told the URL that opens the grid.
    """
    with private_jupyter(workspace.folder, options.database) as notebooks:
        pages.collect(notebooks, options.notebooks)
        server = Server(options, workspace, address, notebooks)
        with _services(server, workspace, options.database):
            asyncio.run(_run(server, partial(ready, address.url + pages.APPS[0].path)))


@contextlib.contextmanager
def _services(server: Server, workspace: Workspace, database: str | None) -> Iterator[None]:
    """Run what kernels ask instead of the database, where there are local sockets."""
    if not hasattr(socket, "AF_UNIX"):
        yield
        return
    with Services(workspace.folder, database=database) as services:

        def link(visitor: str, role: str) -> dict[str, str]:
            account = workspace.accounts.named(visitor)
            epoch = account.epoch if account else 0
            return services.environment(workspace.setting("secret"), visitor, role, epoch=epoch)

        server.link = link
        yield


async def _run(server: Server, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    server.initialize([])
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: asyncio.run raises KeyboardInterrupt here
            loop.add_signal_handler(number, stop.set)
    server.start()
    server.kernel_manager.link = server.link
    # What is loaded stays: looking through it for garbage would hold up every page at once.
    gc.freeze()
    try:
        ready()
        await stop.wait()
    finally:
        await server.close()


def _configuration() -> Config:
    config = Config()
    voila = config.VoilaConfiguration
    voila.template = "lab"
    voila.allow_template_override = "NO"
    voila.allow_theme_override = "NO"
    voila.file_allowlist = []
    voila.extension_allowlist = EXTENSIONS
    voila.http_header_envs = list(HEADERS)
    voila.http_keep_alive_timeout = WAITING_SECONDS
    voila.kernel_spec_manager_class = ThisPython
    voila.multi_kernel_manager_class = OwnedKernels
    voila.prelaunch_hook = _for_the_page
    voila.show_tracebacks = False
    config.VoilaExecutor.cell_error_instruction = CELL_FAILED
    config.VoilaExporter.exclude_markdown = True
    # A restarted kernel would be empty and its page silently dead; a panel notices a dead one itself.
    config.KernelManager.autorestart = False
    if sys.platform == "linux" and len(tempfile.gettempdir()) < SOCKET_PATH:
        config.KernelManager.transport = "ipc"  # sockets in a private folder instead of open ports
    config.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS
    config.MappingKernelManager.cull_interval = 60
    return config


def _for_the_page(handler: handlers.AppPage, notebook: NotebookNode, cwd: str) -> NotebookNode:
    """Leave out what is for the notebook's readers; tell the template what it cannot know."""
    notebook.cells = [
        cell for cell in notebook.cells if NOTEBOOK_ONLY not in cell.get("metadata", {}).get("tags", [])
    ]
    notebook.metadata["synsetlab"] = {
        "apps": pages.apps_for(handler.visitor.role),
        "cell_failed": CELL_FAILED,
        "path": handler.app.path,
        "title": handler.app.title,
        "locked": handler.visitors.locked,
        "visitor": handler.visitor,
        "workspace": handler.settings["synsetlab_title"],
    }
    return notebook


def _log_request(handler: Any) -> None:
    """Log failures of ours; what a visitor did wrong is shown to the visitor."""
    if handler.get_status() >= 500:
        logging.getLogger("synsetlab.server").error(
            "%d %s %s", handler.get_status(), handler.request.method, handler.request.path
        )
