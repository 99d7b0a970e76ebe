"""Open a workspace's database: SQLite in WAL mode, or PostgreSQL, each with the same promises.

Promises: foreign keys are enforced; a committed transaction survives a killed process and a power
cut (``synchronous=FULL``); a write transaction takes its lock at its start, because in SQLite an
upgrade from reading to writing fails at once instead of waiting.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from synsetlab.errors import DependencyError
from synsetlab.store.database_url import parse_url
from synsetlab.store.failures import explain_failures, explained
from synsetlab.store.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["IMMEDIATE", "UNSYNCED", "connect", "insert_new", "put", "update_by_id"]

BUSY_MS = 15_000
"""How long a SQLite connection waits for another writer before it gives up, in milliseconds."""

CACHE_KIB = 32_768
"""Memory for pages of a SQLite connection: its own 2 MiB are read again and again by the queue."""

CONNECT_S = 10
"""How long a PostgreSQL server may take to answer, in seconds."""

IMMEDIATE = {"synsetlab_immediate": True}
"""Execution options of a connection that is going to write."""

UNSYNCED = {**IMMEDIATE, "synsetlab_unsynced": True}
"""Likewise, what a power cut may take (a killed process does not): SQLite does not wait for the disk."""


def connect(url: str | URL) -> Engine:
    """An engine for ``sqlite:///PATH`` or ``postgresql+psycopg://...``.

    Whatever the database refuses later is raised as the `WorkspaceError` that says why.

    Raises
    ------
    InputError
        The URL names another kind of database.
    DependencyError
        PostgreSQL is meant and psycopg is not installed.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _sync_again)
        explain_failures(engine)
        return engine
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra: asked for only where it is used
    except ImportError as error:
        raise DependencyError("A PostgreSQL workspace", "psycopg", "postgres") from error
    # In a database of no encoding psycopg would give bytes for text.
    given = {"connect_timeout": CONNECT_S, "client_encoding": "utf8"}
    engine = sa.create_engine(parsed, pool_pre_ping=True, connect_args=given)
    event.listen(engine, "connect", _prepare_postgres)
    explain_failures(engine)
    return engine


def insert_new(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that are not there yet (by any unique key); returns how many were new.

    All rows have the same columns.
    """
    return _insert(table, tuple(rows[0])).each(connection, rows) if rows else 0


def update_by_id(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of many rows: each dict has ``id`` and the same other columns."""
    if rows:
        _update(table, tuple(name for name in rows[0] if name != "id")).each(connection, rows)


def put(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; where a row with that primary key is there, set its other columns."""
    if rows:
        _put(table, tuple(rows[0])).each(connection, rows)


@cache
def _insert(table: Any, names: tuple[str, ...]) -> Prepared:
    return Prepared(lambda dialect: _insert_of(dialect, table).on_conflict_do_nothing(), names)


@cache
def _put(table: Any, names: tuple[str, ...]) -> Prepared:
    keys = [column.name for column in sa.inspect(table).local_table.primary_key]

    def make(dialect: str) -> Any:
        insert = _insert_of(dialect, table)
        changed = {name: insert.excluded[name] for name in names if name not in keys}
        return insert.on_conflict_do_update(index_elements=keys, set_=changed)

    return Prepared(make, names)


def _insert_of(dialect: str, table: Any) -> Any:
    """INSERT into a table that may say what to do where a row is there, as the dialect has it."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415 - one of the two dialects
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]  # noqa: PLC0415
    return insert(table)


@cache
def _update(table: Any, names: tuple[str, ...]) -> Prepared:
    columns = sa.inspect(table).local_table.c
    values = {columns[name]: sa.bindparam(name, type_=columns[name].type) for name in names}
    changed = sa.update(table).where(columns["id"] == sa.bindparam("id")).values(values)
    return Prepared(lambda _: changed)


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, instead of the driver's late one
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    try:
        cursor.execute("SELECT ln(1)")
    except Exception:  # noqa: BLE001 - the driver's own; an SQLite that was built without mathematics
        connection.create_function("ln", 1, math.log)
    cursor.close()


def _prepare_postgres(connection: Any, _record: object) -> None:
    """Times come in the one style that psycopg reads, whatever the server or the role prefers."""
    if not str(connection.info.parameter_status("DateStyle")).startswith("ISO"):
        connection.execute("SET DateStyle TO ISO")
        connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    """By the driver itself: SQLAlchemy's own part would take longer than an empty transaction does."""
    options = connection.get_execution_options()
    driver: Any = connection.connection.driver_connection
    try:
        if options.get("synsetlab_unsynced"):
            connection.info["unsynced"] = True
            driver.execute("PRAGMA synchronous=NORMAL")
        driver.execute("BEGIN IMMEDIATE" if options.get("synsetlab_immediate") else "BEGIN")
    except driver.Error as error:
        raise explained(connection.engine.url, error) or error from error


def _sync_again(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    """Whoever takes the connection out of the pool next writes durably."""
    if connection is not None and record.info.pop("unsynced", False):
        connection.cursor().execute("PRAGMA synchronous=FULL")
