"""Answers many kernels over a local socket, each as far as its capability reaches.

Who may ask what, `synsetlab.store.permits` says. The one that writes is
`synsetlab.store.writer_service`; this alone looks things up.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import secrets
import selectors
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from synsetlab.errors import NotAllowedError, SynsetlabError, WorkspaceBusyError
from synsetlab.store.capability import Capability, capability_key, issue
from synsetlab.store.names import ROLES
from synsetlab.store.permits import check_permit
from synsetlab.store.schema import Annotator
from synsetlab.store.wire import LARGEST, Incoming, pack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synsetlab.store.workspace import Workspace

__all__ = ["Request", "Service", "failure"]

READERS = 2
CHUNK = 1 << 20
LARGEST_REQUEST = {"viewer": 1 << 16, "annotator": 8 << 20, "expert": 8 << 20}
log = logging.getLogger("synsetlab.store.service")


class _Peer:
    """A kernel that is connected."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.incoming = Incoming(1 << 16)
        self.outgoing = bytearray()
        self.capability: Capability | None = None
        self.number: int | None = None


class Request:
    """Something that a kernel asked."""

    def __init__(self, peer: _Peer, message: dict[str, Any]) -> None:
        self.peer = peer
        self.id = message.get("id")
        self.operation = str(message.get("do"))
        self.args: list[Any] = list(message.get("args") or ())
        self.named: dict[str, Any] = dict(message.get("named") or {})


class Service:
    """Serves one workspace on a listening socket.

    Parameters
    ----------
    workspace
        Opened for this alone.
    listener
        A bound and listening Unix socket.
    parts
        What can be asked for besides the workspace's own parts, by the name that it has in
        `synsetlab.store.permits`: an object, or a function.
    readers
        Look-ups at the same time.
    """

    def __init__(
        self,
        workspace: Workspace,
        listener: socket.socket,
        parts: Mapping[str, Any] | None = None,
        *,
        readers: int = READERS,
    ) -> None:
        self._workspace = workspace
        self._parts: Mapping[str, Any] = parts or {}
        self._listener = listener
        self._secret = workspace.setting("secret")
        self._key = capability_key(self._secret)
        self._selector = selectors.DefaultSelector()
        self._readers = ThreadPoolExecutor(readers, "lookups")
        self._answers: collections.deque[tuple[_Peer, bytes]] = collections.deque()
        self._waking, self._wake = socket.socketpair()
        self._running = True
        for listening in (listener, self._waking):
            listening.setblocking(False)
            self._selector.register(listening, selectors.EVENT_READ)

    def stop(self) -> None:
        """Let `run` end; from any thread or signal handler."""
        self._running = False
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def run(self) -> None:
        """Serve until `stop`."""
        waiting: list[Request] = []
        try:
            while self._running:
                waiting += self._turn(0 if waiting else None)
                part = self._part(waiting)
                self._write(waiting[:part])
                del waiting[:part]
                self._send_answers()
            self._write(waiting)
            self._send_answers()
        finally:
            self._readers.shutdown()
            for key in list(self._selector.get_map().values()):
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
            self._selector.close()
            self._wake.close()

    def _turn(self, seconds: float | None) -> list[Request]:
        """Wait so long for whatever comes next; returns what of it writes."""
        waiting: list[Request] = []
        for key, ready in self._selector.select(seconds):
            if key.fileobj is self._listener:
                self._accept()
            elif key.fileobj is self._waking:
                self._waking.recv(CHUNK)
            elif ready & selectors.EVENT_READ:
                waiting += self._receive(key.data)
            else:
                self._flush(key.data)
        return [request for request in waiting if self._is_write(request)]

    def _send_answers(self) -> None:
        while self._answers:
            peer, answer = self._answers.popleft()
            peer.outgoing += answer
            self._flush(peer)

    # -- the socket ---------------------------------------------------------------------------

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, _Peer(connection))

    def _receive(self, peer: _Peer) -> list[Request]:
        try:
            data = peer.socket.recv(CHUNK)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
            return []
        found = []
        try:
            for message in peer.incoming.feed(data):
                if peer.capability is None:
                    self._greet(peer, message)
                else:
                    found.append(Request(peer, message))
        except Exception as error:  # noqa: BLE001 - nothing that one kernel sends may end the writer
            log.warning("A kernel was sent away: %s", error)
            self._drop(peer)
        return found

    def _greet(self, peer: _Peer, message: dict[str, Any]) -> None:
        try:
            peer.capability = Capability.read(str(message.get("capability")), self._key)
        except NotAllowedError as error:
            self._send(peer, failure(error))
            return
        peer.incoming.largest = LARGEST_REQUEST.get(peer.capability.role, LARGEST)
        self._send(peer, {"value": None})

    def _send(self, peer: _Peer, message: dict[str, Any]) -> None:
        peer.outgoing += pack(message)
        self._flush(peer)

    def _flush(self, peer: _Peer) -> None:
        try:
            while peer.outgoing:
                sent = peer.socket.send(peer.outgoing)
                del peer.outgoing[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(peer)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.outgoing else 0)
        with contextlib.suppress(KeyError):
            if self._selector.get_key(peer.socket).events != wanted:
                self._selector.modify(peer.socket, wanted, peer)

    def _drop(self, peer: _Peer) -> None:
        peer.outgoing.clear()
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(peer.socket)
        peer.socket.close()

    # -- what is asked ------------------------------------------------------------------------

    def _is_write(self, request: Request) -> bool:
        """Whether it is one; look-ups are sent on their way, and what may not be asked is refused."""
        peer = request.peer
        try:
            assert peer.capability is not None
            peer.capability.check()
            if peer.number is None:
                peer.number = self._number(peer.capability.annotator)
            permit = check_permit(
                peer.capability, peer.number, request.operation, request.args, request.named
            )
        except Exception as error:  # noqa: BLE001 - as in _receive
            self._reply(request, failure(error))
            return False
        if not permit.writes:
            self._readers.submit(self._look_up, request)
        return permit.writes

    def _number(self, name: str) -> int | None:
        found = self._workspace.reader.scalar(Annotator.id, Annotator.name == name)
        return None if found is None else int(found)

    def _part(self, waiting: list[Request]) -> int:
        """How many of the writes that wait, the first ones, are next."""
        return len(waiting)

    def _write(self, requests: list[Request]) -> None:
        """What changes the workspace: nothing, where there is no writer behind this."""
        for request in requests:
            self._reply(request, failure(_not_here(request.operation)))

    def _look_up(self, request: Request) -> None:
        self._reply(request, self._answer(request))
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def _reply(self, request: Request, answer: dict[str, Any]) -> None:
        """Let the loop send this; from any thread, so that a long answer is put together beside it."""
        try:
            packed = pack({"id": request.id, **answer})
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
            packed = pack({"id": request.id, **failure(error)})
        self._answers.append((request.peer, packed))

    def _answer(self, request: Request, *, quietly: bool = True) -> dict[str, Any]:
        """What an operation gives; a transaction that has to be given up is raised unless `quietly`."""
        try:
            return {"value": self._do(request)}
        except WorkspaceBusyError as error:
            if quietly:
                return failure(error)
            raise
        except Exception as error:  # noqa: BLE001 - as in _receive
            return failure(error)

    def _do(self, request: Request) -> Any:
        args, named, peer = request.args, request.named, request.peer
        part, _, name = request.operation.rpartition(".")
        if part in self._parts:
            return getattr(self._parts[part], name)(*args, **named)
        if part:
            if not hasattr(self._workspace, part):
                raise _not_here(request.operation)
            value = getattr(getattr(self._workspace, part), name)(*args, **named)
            # Frames travel as rows; those that a kernel may ask for hold texts and lists only.
            return value.to_dict("split") if part == "reader" else value
        if name in self._parts:
            return self._parts[name](*args, **named)
        if name == "setting":
            return self._workspace.reader.setting(args[0])
        if name == "question_key":
            return self._workspace.question_key().hex()
        if name != "renew":
            raise _not_here(name)
        assert peer.capability is not None
        return self._renewed(peer, peer.capability)

    def _renewed(self, peer: _Peer, held: Capability) -> str:
        """Another capability for whoever still has the account, in the role that it has now."""
        role = held.role
        if self._workspace.accounts.exist():
            account = self._workspace.accounts.named(held.annotator)
            if account is None or account.disabled or account.epoch != held.epoch:
                raise NotAllowedError(f"{held.annotator} was signed out.", "Sign in again.")
            role = min(role, account.role, key=ROLES.index)  # it may shrink, and never grows
        token = issue(self._secret, held.annotator, role, epoch=held.epoch)
        peer.capability = Capability.read(token, self._key)
        return token


def failure(error: BaseException) -> dict[str, Any]:
    """An error as an answer: what the kernel may know of it; the log has the rest."""
    if isinstance(error, SynsetlabError):
        if error.shown != error.message:
            log.error("%s", error.message)
        return {"error": [type(error).__name__, error.shown, error.remedy]}
    number = secrets.token_hex(4)
    log.error("A request failed, error id %s", number, exc_info=error)
    text = f"This could not be done (error {number})."
    return {"error": ["WorkspaceError", text, "The server's log has the details."]}


def _not_here(operation: str) -> NotAllowedError:
    return NotAllowedError(f"This is not for whoever answers here: {operation}.")
