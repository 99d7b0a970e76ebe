"""The one writer of a workspace, for many kernels: asked over a local socket, fair, with group commit.

What has come in while a transaction ran is the next transaction: votes of all who wait are
appended together, everything else in its own part of it, and nothing is answered before it is
durable. So nobody waits longer than for the transaction that runs and their own, and a slow disk is
waited for once. Who may ask what, `synsetlab.store.permits` says; look-ups run beside the writes.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import secrets
import selectors
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError, NotAllowedError, SynsetlabError, WorkspaceBusyError
from synsetlab.store.capability import Capability, capability_key, issue
from synsetlab.store.names import ROLES
from synsetlab.store.permits import check_permit
from synsetlab.store.schema import Annotator
from synsetlab.store.wire import LARGEST, Incoming, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from synsetlab.store.workspace import Workspace

    Decide = Callable[[Collection[int]], tuple[int, dict[str, int]]]

__all__ = ["WriterService"]

READERS = 2
CHUNK = 1 << 20
LARGEST_REQUEST = {"viewer": 1 << 16, "annotator": 8 << 20, "expert": 8 << 20}
TRIES = 5
"""How often a request is tried that PostgreSQL ended because it and another's waited for each other."""

log = logging.getLogger("synsetlab.store.service")


class _Peer:
    """A kernel that is connected."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.incoming = Incoming(1 << 16)
        self.outgoing = bytearray()
        self.capability: Capability | None = None
        self.number: int | None = None


class _Request:
    """Something that a kernel asked."""

    def __init__(self, peer: _Peer, message: dict[str, Any]) -> None:
        self.peer = peer
        self.id = message.get("id")
        self.operation = str(message.get("do"))
        self.args: list[Any] = list(message.get("args") or ())
        self.named: dict[str, Any] = dict(message.get("named") or {})


class WriterService:
    """Serves one workspace on a listening socket.

    Parameters
    ----------
    workspace
        Opened for this alone.
    listener
        A bound and listening Unix socket.
    decide
        Judges questions and records what changes; returns how many did and the outcomes. None: asked
        to decide, the writer says that decisions wait for the next run.
    """

    def __init__(self, workspace: Workspace, listener: socket.socket, decide: Decide | None = None) -> None:
        self._workspace = workspace
        self._decide = decide
        self._listener = listener
        self._secret = workspace.setting("secret")
        self._key = capability_key(self._secret)
        self._selector = selectors.DefaultSelector()
        self._readers = ThreadPoolExecutor(READERS, "lookups")
        self._answers: collections.deque[tuple[_Request, dict[str, Any]]] = collections.deque()
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
        try:
            while self._running:
                waiting: list[_Request] = []
                for key, ready in self._selector.select():
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj is self._waking:
                        self._waking.recv(CHUNK)
                    elif ready & selectors.EVENT_READ:
                        waiting += self._receive(key.data)
                    else:
                        self._flush(key.data)
                self._write([request for request in waiting if self._is_write(request)])
                while self._answers:
                    request, answer = self._answers.popleft()
                    self._send(request.peer, {"id": request.id, **answer})
        finally:
            self._readers.shutdown()
            for key in list(self._selector.get_map().values()):
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.close()
            self._selector.close()
            self._wake.close()

    # -- the socket ---------------------------------------------------------------------------

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, _Peer(connection))

    def _receive(self, peer: _Peer) -> list[_Request]:
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
                    found.append(_Request(peer, message))
        except Exception as error:  # noqa: BLE001 - nothing that one kernel sends may end the writer
            log.warning("A kernel was sent away: %s", error)
            self._drop(peer)
        return found

    def _greet(self, peer: _Peer, message: dict[str, Any]) -> None:
        try:
            peer.capability = Capability.read(str(message.get("capability")), self._key)
        except NotAllowedError as error:
            self._send(peer, _failure(error))
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

    def _is_write(self, request: _Request) -> bool:
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
            self._answers.append((request, _failure(error)))
            return False
        if not permit.writes:
            self._readers.submit(self._look_up, request)
        return permit.writes

    def _number(self, name: str) -> int | None:
        found = self._workspace.reader.scalar(Annotator.id, Annotator.name == name)
        return None if found is None else int(found)

    def _look_up(self, request: _Request) -> None:
        self._answers.append((request, self._answer(request)))
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def _write(self, requests: list[_Request]) -> None:
        """All in one transaction; one by one where that fails as a whole."""
        if not requests:
            return
        try:
            with self._workspace.writer.together():
                answers = self._votes([r for r in requests if r.operation == "writer.record_votes"])
                for request in requests:
                    if request not in answers:
                        answers[request] = self._answer(request, quietly=False)
        except Exception as error:  # noqa: BLE001 - as in _receive
            if len(requests) > 1:
                log.info("A shared transaction failed, its parts are tried alone: %s", error)
                for request in requests:
                    self._alone(request)
            else:
                self._alone(requests[0])
            return
        self._answers.extend(answers.items())

    def _alone(self, request: _Request) -> None:
        for turn in range(TRIES):
            try:
                answer = self._answer(request, quietly=False)
            except WorkspaceBusyError as error:
                answer = _failure(error)
                time.sleep(0.01 * 2**turn)
            else:
                break
        self._answers.append((request, answer))

    def _votes(self, requests: list[_Request]) -> dict[_Request, dict[str, Any]]:
        if not requests:
            return {}
        batches = [(request.args[0], request.args[1]) for request in requests]
        results = self._workspace.writer.record_together(batches)
        return {
            request: _failure(result) if isinstance(result, InputError) else {"value": result}
            for request, result in zip(requests, results, strict=True)
        }

    def _answer(self, request: _Request, *, quietly: bool = True) -> dict[str, Any]:
        """What an operation gives; a transaction that has to be given up is raised unless `quietly`."""
        try:
            return {"value": self._do(request)}
        except WorkspaceBusyError as error:
            if quietly:
                return _failure(error)
            raise
        except Exception as error:  # noqa: BLE001 - as in _receive
            return _failure(error)

    def _do(self, request: _Request) -> Any:
        args, named, peer = request.args, request.named, request.peer
        part, _, name = request.operation.rpartition(".")
        if part:
            value = getattr(getattr(self._workspace, part), name)(*args, **named)
            # Frames travel as rows; those that a kernel may ask for hold texts and lists only.
            return value.to_dict("split") if part == "reader" else value
        if name == "setting":
            return self._workspace.reader.setting(args[0])
        if name == "question_key":
            return self._workspace.question_key().hex()
        if name == "decide":
            return self._decide([int(question) for question in args[0]]) if self._decide else (0, {})
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


def _failure(error: BaseException) -> dict[str, Any]:
    if isinstance(error, SynsetlabError):
        if error.shown != error.message:
            log.error("%s", error.message)
        return {"error": [type(error).__name__, error.shown, error.remedy]}
    number = secrets.token_hex(4)
    log.error("A request failed, error id %s", number, exc_info=error)
    text = f"The writer could not do this (error {number})."
    return {"error": ["WorkspaceError", text, "The server's log has the details."]}
