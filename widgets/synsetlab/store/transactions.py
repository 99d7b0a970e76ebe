"""Write transactions of a workspace: one at a time, alone or several parts together."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from synsetlab.store.engine import IMMEDIATE, UNSYNCED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Transactions"]


class Transactions:
    """Of one engine; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._synced, self._unsynced = (engine.execution_options(**how) for how in (IMMEDIATE, UNSYNCED))
        self._mutex = threading.Lock()
        self._shared = threading.local()

    @contextmanager
    def transaction(self, *, apart: bool = True, synced: bool = True) -> Iterator[Connection]:
        """A write transaction, or a part of one within `together`; rolls back on any error.

        A part is taken back alone, unless it is not `apart`: then it needs no savepoint, and fails with all.
        It is durable when it ends. One that is not `synced` outlives a killed process as any other, and may
        be lost with the machine's power where SQLite is the database: nobody may have been told that it is
        safe.
        """
        shared: Connection | None = getattr(self._shared, "connection", None)
        if shared is not None:
            with shared.begin_nested() if apart else nullcontext():
                yield shared
            return
        engine = self._synced if synced else self._unsynced
        with self._mutex, engine.begin() as connection:
            yield connection

    @contextmanager
    def together(self, *, synced: bool = True) -> Iterator[None]:
        """Make one transaction of all that this thread writes inside: nothing is durable before it ends.

        What fails inside is taken back alone, if its error is caught there.
        """
        with self.transaction(synced=synced) as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = None
