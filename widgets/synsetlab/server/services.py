"""The processes that kernels ask instead of the database, and how one of them is kept running."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from synsetlab.errors import SynsetlabError
from synsetlab.server.surroundings import start_log
from synsetlab.store.capability import LIFETIME_S, issue
from synsetlab.store.remote import CAPABILITY_VARIABLE, DESK_VARIABLE, WRITER_VARIABLE
from synsetlab.store.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from synsetlab.store.service import Service

__all__ = ["ServiceProcess", "Services", "serve"]

BACKLOG = 256
START_S = 60.0
STOP_S = 20.0

log = logging.getLogger("synsetlab.server.services")


class ServiceProcess:
    """A running service; a context manager. One that dies is started anew, and kernels do not notice.

    The socket is bound here and inherited, so that it is there while no service is: who asks then waits.

    Parameters
    ----------
    module
        Whose `serve` it runs: ``synsetlab.server.writer`` or ``synsetlab.server.desk``.
    workspace
        Folder of the workspace.
    database
        Overrules the workspace's database URL.
    """

    def __init__(
        self, module: str, workspace: str | os.PathLike[str], *, database: str | None = None
    ) -> None:
        self.name = module.rpartition(".")[2]
        self._command = [sys.executable, "-m", module, str(workspace)]
        self._environment = {**os.environ, **({"SYNSETLAB_DATABASE": database} if database else {})}
        for name in (WRITER_VARIABLE, DESK_VARIABLE, CAPABILITY_VARIABLE):
            self._environment.pop(name, None)
        # A socket's path is at most 107 bytes, so it cannot be in the workspace. The folder is ours alone.
        place = None if os.name == "nt" else "/tmp"  # noqa: S108
        self._folder = tempfile.mkdtemp(prefix=f"synsetlab-{self.name}-", dir=place)
        self.path = str(Path(self._folder, "socket"))
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(BACKLOG)
        self._stopping = threading.Event()
        self._process = self._start()  # `__enter__` waits for it, so that several can start at once
        self._keeper = threading.Thread(target=self._keep, name=self.name, daemon=True)

    @property
    def pid(self) -> int:
        """Process id of the service that runs now."""
        return self._process.pid

    def stop(self) -> None:
        """Let it finish what it does, and end it."""
        self._stopping.set()
        _close(self._process.stdin)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        if self._keeper.ident is not None:
            self._keeper.join()
        self._clear()

    def __enter__(self) -> Self:
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise
        self._keeper.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        number = self._listener.fileno()
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*self._command, str(number)],
            stdin=subprocess.PIPE,  # closed when this process ends, however it ends: then it ends too
            stdout=subprocess.PIPE,
            pass_fds=(number,),
            env=self._environment,
        )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        late = threading.Timer(START_S, process.kill)
        late.start()
        assert process.stdout is not None
        line = process.stdout.readline()
        late.cancel()
        if not line:
            process.wait()
            raise SynsetlabError(
                f"The {self.name} did not start (exit code {process.wait()}).", "See what it wrote above."
            )

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._stopping.wait(0.05):
                return
            log.error("The %s ended with code %s and is started again", self.name, self._process.returncode)
            _close(self._process.stdin, self._process.stdout)
            self._process = self._start()

    def _clear(self) -> None:
        _close(self._process.stdin, self._process.stdout)
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _close(*pipes: IO[bytes] | None) -> None:
    for pipe in pipes:
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


class Services:
    """The writer and the desk of a workspace, running; a context manager.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    database
        Overrules the workspace's database URL.
    """

    def __init__(self, workspace: str | os.PathLike[str], *, database: str | None = None) -> None:
        self.writer, self.desk = (
            ServiceProcess(f"synsetlab.server.{name}", workspace, database=database)
            for name in ("writer", "desk")
        )
        self._running = contextlib.ExitStack()

    def environment(
        self, secret: str, visitor: str, role: str, *, epoch: int = 0, seconds: float = LIFETIME_S
    ) -> dict[str, str]:
        """Environment of a kernel that may ask both for `visitor` and nobody else, for so many seconds."""
        return {
            WRITER_VARIABLE: self.writer.path,
            DESK_VARIABLE: self.desk.path,
            CAPABILITY_VARIABLE: issue(secret, visitor, role, epoch=epoch, seconds=seconds),
        }

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as running:
            for process in (self.desk, self.writer):
                running.callback(process.stop)
            for process in (self.desk, self.writer):
                process.__enter__()
            self._running = running.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()


def serve(make: Callable[[Workspace, socket.socket], Service]) -> None:
    """Serve the workspace ``argv[1]`` on the inherited listening socket ``argv[2]`` until stdin ends."""
    start_log()
    # Ctrl+C in a terminal reaches the whole group; the server says when this one may go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(fileno=int(sys.argv[2]))
    try:
        workspace = Workspace.open(sys.argv[1])
    except SynsetlabError as error:
        sys.exit(str(error))
    with workspace:
        service = make(workspace, listener)
        threading.Thread(target=_until_alone, args=(service,), daemon=True).start()
        # What is loaded stays: looking through it for garbage would hold up all who wait, for 50 ms a time.
        gc.freeze()
        signal.signal(signal.SIGTERM, lambda *_: service.stop())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        service.run()


def _until_alone(service: Service) -> None:
    sys.stdin.read()
    service.stop()
