"""A workspace as a kernel has it: no database, but sockets to ask, and a capability.

Nothing here imports what a database needs: a labelling page starts in half the time without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from synsetlab import errors
from synsetlab.errors import NotAllowedError, SynsetlabError, WorkspaceError
from synsetlab.store.capability import LIFETIME_S
from synsetlab.store.permits import PERMITS
from synsetlab.store.wire import Incoming, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

__all__ = [
    "CAPABILITY_VARIABLE",
    "DESK_VARIABLE",
    "WRITER_VARIABLE",
    "Link",
    "Remote",
    "RemoteReader",
    "derive_question_key",
    "links_from",
]

WRITER_VARIABLE, DESK_VARIABLE = "SYNSETLAB_WRITER", "SYNSETLAB_DESK"
"""Environment of a kernel: the paths of the sockets of who writes, and of who tells what others did."""
CAPABILITY_VARIABLE = "SYNSETLAB_CAPABILITY"
"""Likewise: for whom the kernel may ask."""

PATIENCE_S = 30.0
"""How long a request is sent again while the writer is not there: it is started anew when it dies."""

DESK_PATIENCE_S = 600.0
"""Likewise for the desk, which has millions of votes to count and nothing to save."""

CHUNK = 1 << 20


class Link:
    """A connection to a `synsetlab.store.service.Service`; safe to share between threads.

    It comes back when the service does.
    """

    def __init__(
        self, path: str, capability: str, *, name: str = "writer", patience: float = PATIENCE_S
    ) -> None:
        self._path = path
        self._capability = capability
        self._name = name
        self._patience = patience
        self._mutex = threading.Lock()
        self._socket: socket.socket | None = None
        self._incoming = Incoming()
        self._closed = threading.Event()
        self._renewing: threading.Thread | None = None

    def ask(self, operation: str, *args: Any, **named: Any) -> Any:
        """What the service answers.

        Raises
        ------
        SynsetlabError
            What the service raised; NotAllowedError where the capability does not reach so far.
        WorkspaceError
            The service is gone.
        """
        message = pack({"do": operation, "args": args, "named": named})
        deadline = time.monotonic() + self._patience
        with self._mutex:
            while True:
                sent = False
                try:
                    connection = self._connected()
                    sent = True
                    connection.sendall(message)
                    return _value(self._answer(connection))
                except OSError as error:
                    self._hang_up()
                    if (sent and not PERMITS[operation].repeatable) or time.monotonic() > deadline:
                        raise WorkspaceError(
                            f"The {self._name} of this workspace does not answer.",
                            "What was not acknowledged may not be saved: reload the page.",
                        ) from error
                    time.sleep(0.05)

    def close(self) -> None:
        """Hang up."""
        self._closed.set()
        with self._mutex:
            self._hang_up()

    def _connected(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket = connection
            self._incoming = Incoming()
            connection.settimeout(self._patience)
            connection.connect(self._path)
            connection.sendall(pack({"capability": self._capability}))
            _value(self._answer(connection))
            if self._renewing is None:
                self._renewing = threading.Thread(target=self._renew, name="capability", daemon=True)
                self._renewing.start()
        return self._socket

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        while True:
            data = connection.recv(CHUNK)
            if not data:
                raise ConnectionResetError("the writer hung up")
            for message in self._incoming.feed(data):
                return dict(message)

    def _renew(self) -> None:
        """Keep the capability fresh while this process lives; a refusal is for the next request to tell."""
        while not self._closed.wait(LIFETIME_S / 3):
            with contextlib.suppress(SynsetlabError):
                self._capability = self.ask("renew")


class Remote:
    """A part of the workspace by its writer: methods that kernels may ask for ask it, all others refuse.

    Parameters
    ----------
    part
        Its name in `synsetlab.store.permits.PERMITS`.
    link
        To the writer.
    """

    def __init__(self, part: str, link: Link) -> None:
        self._part = part
        self._link = link

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = f"{self._part}.{name}"
        return partial(self._link.ask, operation) if operation in PERMITS else _refuse


class RemoteReader(Remote):
    """Settings and synsets only: what others voted is not for annotators."""

    def setting(self, key: str) -> str | None:
        """A setting of the workspace that kernels may know."""
        value = self._link.ask("setting", key)
        return None if value is None else str(value)

    def synsets(self, *, chosen_only: bool = True) -> pd.DataFrame:
        """As `synsetlab.store.reader.Reader.synsets`."""
        import pandas as pd  # noqa: PLC0415 - half the start-up time of a labelling page

        found = self._link.ask("reader.synsets", chosen_only=chosen_only)
        return pd.DataFrame(found["data"], columns=found["columns"], dtype=object)


def links_from(environment: Mapping[str, str]) -> tuple[Link, Link] | None:
    """The links to the writer and to the desk that the server gave this kernel, or None."""
    writer, desk = environment.get(WRITER_VARIABLE), environment.get(DESK_VARIABLE)
    capability = environment.get(CAPABILITY_VARIABLE)
    if not (writer and desk and capability):
        return None
    return Link(writer, capability), Link(desk, capability, name="desk", patience=DESK_PATIENCE_S)


def derive_question_key(secret: str) -> bytes:
    """The key that names of questions are made with, of a workspace's secret."""
    return hashlib.sha256(b"question keys\0" + secret.encode()).digest()


def _refuse(*_args: Any, **_named: Any) -> NoReturn:
    raise _closed()


def _value(answer: dict[str, Any]) -> Any:
    if "error" not in answer:
        return answer.get("value")
    kind, message, remedy = answer["error"]
    known = getattr(errors, kind, None)
    if kind in {"InputError", "NotAllowedError", "WorkspaceBusyError", "UnknownSynsetError"} and known:
        raise known(message, remedy)
    raise WorkspaceError(message, remedy)


def _closed() -> NotAllowedError:
    return NotAllowedError(
        "This page has no access to the database itself.",
        f"It asks the writer ({os.environ.get(WRITER_VARIABLE)}).",
    )
