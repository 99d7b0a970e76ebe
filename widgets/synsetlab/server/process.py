"""Run ``synsetlab serve`` as a process of its own: for tests, benchmarks and scripts."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from synsetlab.errors import SynsetlabError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["ServerProcess"]

STOP_SECONDS = 30.0


class ServerProcess:
    """A running server; a context manager that stops it.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    *arguments
        Further arguments of ``synsetlab serve``; without ``--port`` it takes a free one.
    env
        The environment; by default that of this process.
    deadline
        Seconds until it must have printed its URL.

    Raises
    ------
    SynsetlabError
        It ended or was late; the message holds what it wrote to standard error.
    """

    def __init__(
        self,
        workspace: str | os.PathLike[str],
        *arguments: str,
        env: Mapping[str, str] | None = None,
        deadline: float = 120.0,
    ) -> None:
        port = [] if "--port" in arguments else ["--port", "0"]
        run = "import sys; from synsetlab.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", run, "serve", str(workspace), "--json", *port, *arguments]
        self._log = tempfile.NamedTemporaryFile(mode="ab", suffix=".log")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
            command, stdout=subprocess.PIPE, stderr=self._log, env=dict(env) if env else None, text=True
        )
        late = threading.Timer(deadline, self._process.kill)
        late.start()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        late.cancel()
        said = json.loads(line) if line.startswith("{") else {}
        if "url" not in said:
            with contextlib.suppress(subprocess.TimeoutExpired):  # it said why not, and is about to end
                self._process.wait(STOP_SECONDS)
            code, log = self.stop(), self.log()
            self._log.close()
            raise SynsetlabError(f"The server did not start (exit code {code}).", f"{line}{log}")
        self.said: dict[str, Any] = said
        """The object that it printed."""
        self.url: str = said["url"]
        """The URL that it printed: the labelling page."""
        self.base: str = self.url.rsplit("/", 1)[0] + "/"
        """The URL of the home page."""

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the server still runs."""
        return self._process.poll() is None

    def log(self) -> str:
        """What it wrote to standard error so far, its kernels included."""
        return Path(self._log.name).read_text("utf-8", errors="replace")

    def stop(self) -> int:
        """Stop it as Ctrl+C does, kill it if it does not; returns its exit code."""
        if self.alive:
            self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if value is not None:
            value.add_note(f"The server wrote:\n{self.log()}")
        self._log.close()
