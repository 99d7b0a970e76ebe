"""The database of a workspace: made, opened, brought up to date, and everything that reads and writes it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from synsetlab.errors import WorkspaceError
from synsetlab.store.access import Access
from synsetlab.store.accounts import Accounts
from synsetlab.store.aside import stamp
from synsetlab.store.database_url import resolve_url
from synsetlab.store.engine import connect
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.lookups import Lookups
from synsetlab.store.own_work import OwnWork
from synsetlab.store.reader import Reader
from synsetlab.store.schema_version import HEAD, check_free, check_schema, check_upgradable, upgrade
from synsetlab.store.team import Team
from synsetlab.store.totals import Totals
from synsetlab.store.transfer import back_up_database
from synsetlab.store.waiting import Waiting
from synsetlab.store.writer import Writer

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

__all__ = ["Local", "check_new_database", "make_database", "migrate_database", "open_database"]


class Local(NamedTuple):
    """An open database with its parts, and the shared hold on the workspace's folder."""

    engine: Engine
    lock: WorkspaceLock
    reader: Reader
    lookups: Lookups
    writer: Writer
    accounts: Accounts
    own_work: OwnWork
    access: Access
    team: Team
    totals: Totals
    waiting: Waiting

    @classmethod
    def of(cls, engine: Engine, lock: WorkspaceLock) -> Local:
        """The parts over an engine."""
        reader, writer = Reader(engine), Writer(engine)
        accounts, access = Accounts(reader, writer), Access(reader, writer)
        own_work, team = OwnWork(engine, writer), Team(reader)
        parts = (accounts, own_work, access, team, Totals(engine), Waiting(engine))
        return cls(engine, lock, reader, Lookups(engine), writer, *parts)

    def close(self) -> None:
        """Let go of both."""
        self.lock.release()
        self.engine.dispose()


def make_database(url: str, home: Path) -> Local:
    """Make the tables of a new workspace in `home`, a folder that is there."""
    engine = connect(resolve_url(url, home))
    lock: WorkspaceLock | None = None
    try:
        lock = WorkspaceLock(home, engine, exclusive=False)
        check_free(engine, str(home))
        upgrade(engine)
        Writer(engine).set_defaults({"workspace_id": secrets.token_hex(16), "secret": secrets.token_hex(32)})
    except BaseException:
        if lock is not None:
            lock.release()
        engine.dispose()
        raise
    return Local.of(engine, lock)


def open_database(url: str, home: Path) -> Local:
    """Open the database of the workspace in `home`."""
    engine = _existing(url, home)
    try:
        lock = WorkspaceLock(home, engine, exclusive=False)
    except BaseException:
        engine.dispose()
        raise
    try:
        check_schema(engine, str(home))
    except BaseException:
        lock.release()
        engine.dispose()
        raise
    return Local.of(engine, lock)


def migrate_database(url: str, home: Path) -> str:
    """Bring it to this version of the code, after a back-up into the folder; returns the schema version."""
    engine = _existing(url, home)
    try:
        lock = WorkspaceLock(home, engine, exclusive=True)
        try:
            check_upgradable(engine, str(home))
            back_up_database(engine, home / f"workspace.before-migration-{stamp()}.sqlite")
            upgrade(engine)
        finally:
            lock.release()
    finally:
        engine.dispose()
    return HEAD


def check_new_database(url: str, home: Path) -> None:
    """Raise what `make_database` would raise; makes nothing."""
    engine = connect(resolve_url(url, home))
    try:
        if engine.dialect.name != "sqlite" or Path(engine.url.database or "").exists():
            check_free(engine, str(home))
    finally:
        engine.dispose()


def _existing(url: str, home: Path) -> Engine:
    """Connect to a database that must be there: SQLite would make an empty one of a wrong path."""
    engine = connect(resolve_url(url, home))
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and not Path(file).exists():
        engine.dispose()
        raise WorkspaceError(
            f"The database {file} of {home} is not there.",
            "Put it back from a back-up, or name it with $SYNSETLAB_DATABASE.",
        )
    return engine
