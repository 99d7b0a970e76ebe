"""Who is using a workspace: everyone shares it, a migration or a restore has it alone.

SQLite workspaces use ``flock`` on ``.lock`` in the folder, PostgreSQL an advisory lock: both are
let go by the operating system or the server when a process dies, so nothing stale can stay behind.
A server that restarts ends all its sessions and with them their locks. Therefore every connection that
shares a PostgreSQL workspace has the lock, from its start: whoever can write holds it.
"""

from __future__ import annotations

import contextlib
import time
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from synsetlab.errors import WorkspaceBusyError, WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.pool import ConnectionPoolEntry

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there the database's own locks must do
    fcntl = None  # type: ignore[assignment]

__all__ = ["WorkspaceLock", "alone"]

ADVISORY = 0x73796E73  # "syns"
ENDING_S = 2.0
"""How long a PostgreSQL server may take to let go of what a session held that has just ended."""
JOIN = f"SELECT pg_try_advisory_lock_shared({ADVISORY})"
# A restore writes the row anew, and only it does: another transaction is named as its maker then.
IDENTITY = (
    "SELECT value || ' ' || xmin || ' ' || (SELECT max(version_num) FROM alembic_version) "
    "FROM setting WHERE key = 'workspace_id'"
)


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
        self._folder = folder
        self._shared: Engine | None = None
        self._identity: str | None = None
        if engine.dialect.name == "postgresql":
            (self._hold_server if exclusive else self._share_server)(engine)
        elif fcntl is not None:
            self._hold_file(folder, exclusive)

    def _hold_file(self, folder: Path, exclusive: bool) -> None:
        self._file = (folder / ".lock").open("a")
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise _busy(folder, exclusive) from error

    def _hold_server(self, engine: Engine) -> None:
        self._connection = engine.connect()
        until = time.monotonic() + ENDING_S
        while not (held := self._take()) and time.monotonic() < until:
            time.sleep(0.05)
        if not held:
            self._connection.close()
            raise _busy(self._folder, exclusive=True)

    def _take(self) -> bool:
        # Not by waiting for it in the server: whoever connects meanwhile would be refused.
        assert self._connection is not None
        held = self._connection.execute(sa.text(f"SELECT pg_try_advisory_lock({ADVISORY})")).scalar()
        self._connection.commit()
        return bool(held)

    def _share_server(self, engine: Engine) -> None:
        """The pool keeps the connection that is made here, and so the lock."""
        self._shared = engine
        event.listen(engine, "connect", self._join)
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            self._identity = _identity(driver)

    def _join(self, driver: Any, _record: ConnectionPoolEntry) -> None:
        """Give a new connection the lock; refuse it where the database was replaced since we opened it.

        Nobody can replace it as long as one of our connections lives: what is looked at here, once, holds.
        """
        if self._shared is None:
            return
        try:
            with driver.cursor() as cursor:
                cursor.execute(JOIN)
                held = cursor.fetchone()[0]
            driver.commit()
            if not held:
                raise _busy(self._folder, exclusive=False)
            found = _identity(driver) if self._identity else None
            if found and found != self._identity:
                raise _replaced(self._folder)
        except BaseException:
            driver.close()
            raise

    def release(self) -> None:
        """Let go; harmless when called again."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._shared is not None:
            engine, self._shared = self._shared, None
            engine.dispose()  # the locks are of its connections
        if self._connection is not None:
            # The advisory lock belongs to the server's session: end it, do not pool it.
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _identity(driver: Any) -> str | None:
    """Which content the database has, of which restore and schema; None where it cannot be told."""
    try:
        with driver.cursor() as cursor:
            cursor.execute(IDENTITY)
            found = cursor.fetchone()
    except driver.Error:  # damaged, or no table yet: not for us to say
        found = None
    driver.rollback()
    return None if found is None else str(found[0])


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


def _replaced(folder: Path) -> WorkspaceError:
    return WorkspaceError(
        f"The database of {folder} was restored or migrated since it was opened here: nothing was written.",
        "Start again what uses it: the server, the notebook's kernel or the command.",
        shown="The workspace was restored or migrated meanwhile.",
    )
