"""Who is using a workspace: everyone shares it, a migration or a restore has it alone.

SQLite workspaces use ``flock`` on ``.lock`` in the folder, PostgreSQL an advisory lock: both are
let go by the operating system or the server when a process dies, so nothing stale can stay behind.
"""

from __future__ import annotations

import contextlib
from typing import IO, TYPE_CHECKING

import sqlalchemy as sa

from synsetlab.errors import WorkspaceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there the database's own locks must do
    fcntl = None  # type: ignore[assignment]

__all__ = ["WorkspaceLock", "alone"]

ADVISORY = 0x73796E73  # "syns"


@contextlib.contextmanager
def alone(place: Path) -> Iterator[None]:
    """Run the block while no other process or thread holds `place`, a file for locking only; waits for it."""
    with place.open("a") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


class WorkspaceLock:
    """A shared or exclusive hold on a workspace, until `release`."""

    def __init__(self, folder: Path, engine: Engine, *, exclusive: bool) -> None:
        self._file: IO[str] | None = None
        self._connection: Connection | None = None
        if engine.dialect.name == "postgresql":
            self._hold_server(engine, folder, exclusive)
        elif fcntl is not None:
            self._hold_file(folder, exclusive)

    def _hold_file(self, folder: Path, exclusive: bool) -> None:
        self._file = (folder / ".lock").open("a")
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise _busy(folder, exclusive) from error

    def _hold_server(self, engine: Engine, folder: Path, exclusive: bool) -> None:
        self._connection = engine.connect()
        kind = "pg_try_advisory_lock" if exclusive else "pg_try_advisory_lock_shared"
        held = self._connection.execute(sa.text(f"SELECT {kind}({ADVISORY})")).scalar()
        self._connection.commit()
        if not held:
            self._connection.close()
            raise _busy(folder, exclusive)

    def release(self) -> None:
        """Let go; harmless when called again."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            # The advisory lock belongs to the server's session: end it, do not pool it.
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _busy(folder: Path, exclusive: bool) -> WorkspaceBusyError:
    if exclusive:
        return WorkspaceBusyError(
            f"{folder} is in use: others have it open.",
            "Stop the server and the notebooks that use it, then try again.",
            shown="The workspace is in use: others have it open.",
        )
    return WorkspaceBusyError(
        f"{folder} is being migrated or restored.",
        "Try again when that has ended.",
        shown="The workspace is being migrated or restored.",
    )
