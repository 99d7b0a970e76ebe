"""Kernels: each belongs to the visitor for whom it was started and knows only what it needs."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.parse
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado import web

from synsetlab.server.identity import EPOCH_HEADER, HEADER, ROLE_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from synsetlab.server.identity import Visitor

__all__ = [
    "ALLOWED_MESSAGES",
    "KERNELS_PER_VISITOR",
    "STARTED",
    "OwnedKernels",
    "ThisPython",
    "kernel_environment",
    "without_database",
]

KERNELS_PER_VISITOR = 6

STARTED: ContextVar[list[str]] = ContextVar("kernels started for a request")
"""Set to a list, it gets the ids of the kernels that are started from then on in the same context."""

ALLOWED_MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]
"""What a page may send: nothing that runs code, reads variables or stops the kernel."""

HEADER_VARIABLE, ROLE_VARIABLE, EPOCH_VARIABLE = (
    "HTTP_" + header.upper().replace("-", "_") for header in (HEADER, ROLE_HEADER, EPOCH_HEADER)
)
"""Where Voila puts the headers named in ``http_header_envs``."""

LEAST = {"label": "annotator"}
"""Pages whose kernels act in a lesser role than their visitor's, whoever that is."""

KEPT = frozenset(
    (
        "HOME",
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_NO_CONFIG",
        "JUPYTER_RUNTIME_DIR",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "NLTK_DATA",
        "PATH",
        "QUERY_STRING",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
    )
)
# LC_: the locale. OMP_ and the like: thread counts that the machine's owner set. PG: where PostgreSQL
# is. PYTHON: how the interpreter was told to run. XDG_: where the user's data folder is.
KEPT_PREFIXES = ("LC_", "MKL_", "OMP_", "OPENBLAS_", "PG", "PYTHON", "SYNSETLAB_", "VOILA_", "XDG_")


def kernel_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a kernel is told of `environment`: an allow-list, so that no secret slips through.

    Who the visitor is comes from the server's headers as ``SYNSETLAB_ANNOTATOR`` and ``SYNSETLAB_ROLE``.
    The database's URL and PostgreSQL's own variables stay, for a kernel that opens the workspace because
    there is nobody to ask (see `OwnedKernels.link`).
    """
    kept = {
        name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }
    kept["SYNSETLAB_ANNOTATOR"] = urllib.parse.unquote(environment.get(HEADER_VARIABLE, ""))
    kept["SYNSETLAB_ROLE"] = environment.get(ROLE_VARIABLE, "")
    return kept


def without_database(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` less what opens the database."""
    opens = ("PG", "SYNSETLAB_DATABASE")
    return {name: value for name, value in environment.items() if not name.startswith(opens)}


class OwnedKernels(AsyncMappingKernelManager):
    """Remembers for whom each kernel was started, and keeps each visitor to a few."""

    link: Callable[[str, str], dict[str, str]] | None = None
    """Gives the environment in which a kernel finds whom to ask, not the database; of visitor and role."""

    def __init__(self, **kwargs: Any) -> None:
        # Voila passes its own list, which lets a page shut its kernel down and be silently dead.
        # No error reaches a page (`Channels`); where Jupyter replaces its text, it asks a kernel's manager
        # for what only this one has, and the page's connection is dead from then on.
        closed = {"allowed_message_types": ALLOWED_MESSAGES, "allow_tracebacks": True}
        super().__init__(**{**kwargs, **closed})  # type: ignore[no-untyped-call]
        self._owners: dict[str, tuple[str, str]] = {}
        self._loading: set[str] = set()
        self._doors: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def belongs(self, kernel_id: str, visitor: Visitor) -> bool:
        """Whether a kernel was started for this visitor, as they are now."""
        return self._owners.get(kernel_id) == (visitor.username, visitor.mark)

    async def end_stale(self, marks: Collection[str]) -> None:
        """End the kernels of everyone whose account changed: disabled, signed out, with another role.

        `marks` are those of all who may come in (`Visitor.mark`).
        """
        stale = [kernel for kernel, (_, mark) in self._owners.items() if mark not in marks and kernel in self]
        for kernel in stale:
            await self.shutdown_kernel(kernel, now=True)  # type: ignore[no-untyped-call]

    async def start_kernel(  # type: ignore[override]  # the parent is declared without its async
        self, *, env: Mapping[str, str] | None = None, **kwargs: Any
    ) -> str:
        """Start a kernel for the visitor that the server put into `env`.

        Raises
        ------
        tornado.web.HTTPError
            403: no visitor. 429: the visitor has too many pages open.
        """
        clean = kernel_environment(env or {})
        visitor = clean["SYNSETLAB_ANNOTATOR"]
        if not visitor:
            raise web.HTTPError(403, "a kernel is started for a visitor with a name only")
        kernel_id = str(uuid.uuid4())
        # One by one: of many pages at once each would find room.
        async with self._doors.setdefault(visitor, asyncio.Lock()):
            await self._make_room(visitor)
            self._owners[kernel_id] = (visitor, (env or {}).get(EPOCH_VARIABLE, ""))
            self._loading.add(kernel_id)
        STARTED.get([]).append(kernel_id)
        try:
            clean = self._linked(clean, (env or {}).get("SCRIPT_NAME", ""))
            # Standard output is the server's own, where only its URL is printed: send the kernel's to 2.
            await super().start_kernel(**{**kwargs, "kernel_id": kernel_id, "env": clean, "stdout": 2})
        except BaseException:
            self._owners.pop(kernel_id, None)
            self._loading.discard(kernel_id)
            raise
        return kernel_id

    def _linked(self, clean: dict[str, str], path: str) -> dict[str, str]:
        """Of a kernel of the page at `path`: whom to ask, instead of the database."""
        if self.link is None:
            return clean
        role = LEAST.get(path.rstrip("/").rpartition("/")[2], clean["SYNSETLAB_ROLE"])
        return {**without_database(clean), **self.link(clean["SYNSETLAB_ANNOTATOR"], role)}

    def loaded(self, kernels: Collection[str]) -> None:
        """Their page is written: if it connects to none of them, it is gone."""
        self._loading.difference_update(kernels)

    async def lives(self, kernel_id: str) -> bool:
        """Whether a kernel has not ended, by itself or by anyone."""
        return kernel_id in self and bool(await ensure_async(self.get_kernel(kernel_id).is_alive()))

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel and its owner."""
        self._owners.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    async def _make_room(self, visitor: str) -> None:
        """Close kernels of `visitor` that died or whose page is gone, oldest first."""
        mine = [kernel for kernel, owner in self._owners.items() if owner[0] == visitor]
        alive = []
        for kernel in mine:
            if kernel not in self or await self.lives(kernel):  # one that starts is not in it yet
                alive.append(kernel)
            else:
                await self.shutdown_kernel(kernel, now=True)  # type: ignore[no-untyped-call]
        unused = [
            kernel
            for kernel in alive
            if kernel not in self._loading and not self._kernel_connections.get(kernel)
        ]
        for kernel in unused[: max(0, len(alive) - KERNELS_PER_VISITOR + 1)]:
            await self.shutdown_kernel(kernel, now=True)  # type: ignore[no-untyped-call]
            alive.remove(kernel)
        if len(alive) >= KERNELS_PER_VISITOR:
            raise web.HTTPError(429, "%s has %d pages open", visitor, len(alive))


class ThisPython(KernelSpecManager):
    """Knows one kernel: the interpreter that runs the server, whatever else is installed."""

    def find_kernel_specs(self) -> dict[str, str]:
        """The one kernel; it has no folder."""
        return {"python3": ""}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """How to start it; its own log and what its code writes to standard error are the server's log."""
        if kernel_name != "python3":
            raise NoSuchKernel(kernel_name)
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        options = [
            "--IPKernelApp.quiet=False",
            "--IPKernelApp.log_level=40",
            "--HistoryManager.enabled=False",
        ]
        return KernelSpec(
            argv=[*command, "-f", "{connection_file}", *options],
            display_name="Python 3",
            language="python",
            interrupt_mode="message" if os.name == "nt" else "signal",
        )

    def get_all_specs(self) -> dict[str, Any]:
        """The one kernel, in the shape of Jupyter's REST API."""
        return {"python3": {"resource_dir": "", "spec": self.get_kernel_spec("python3").to_dict()}}
