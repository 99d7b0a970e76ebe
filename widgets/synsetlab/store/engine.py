"""Open a workspace's database: SQLite in WAL mode, or PostgreSQL, each with the same promises.

Promises: foreign keys are enforced; a committed transaction survives a killed process and a power
cut (``synchronous=FULL``); a write transaction takes its lock at its start, because in SQLite an
upgrade from reading to writing fails at once instead of waiting.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from synsetlab.errors import DependencyError
from synsetlab.store.database_url import parse_url
from synsetlab.store.failures import explain_failures

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

__all__ = ["IMMEDIATE", "connect", "insert_new", "update_by_id"]

BUSY_MS = 15_000
"""How long a SQLite connection waits for another writer before it gives up, in milliseconds."""

CACHE_KIB = 32_768
"""Memory for pages of a SQLite connection: its own 2 MiB are read again and again by the queue."""

CONNECT_S = 10
"""How long a PostgreSQL server may take to answer, in seconds."""

IMMEDIATE = {"synsetlab_immediate": True}
"""Execution options of a connection that is going to write."""


def connect(url: str) -> Engine:
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
        explain_failures(engine)
        return engine
    try:
        import psycopg  # noqa: F401, PLC0415 - an extra: asked for only where it is used
    except ImportError as error:
        raise DependencyError("A PostgreSQL workspace", "psycopg", "postgres") from error
    engine = sa.create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_S})
    explain_failures(engine)
    return engine


def insert_new(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> int:
    """Insert the rows that are not there yet (by any unique key); returns how many were new."""
    if not rows:
        return 0
    # Many rows for one statement, not one statement of many rows: that one would be compiled each time.
    statement = _insert(connection.dialect.name, table)
    options = {"preserve_rowcount": True}
    return max(0, connection.execute(statement, rows, execution_options=options).rowcount)


def update_by_id(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Set columns of many rows: each dict has ``id`` and the same other columns."""
    if not rows:
        return
    names = tuple(name for name in rows[0] if name != "id")
    bound = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in rows]
    connection.execute(_update(table, names), bound)


@cache
def _insert(dialect: str, table: Any) -> Any:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert  # noqa: PLC0415 - one of the two dialects
    else:
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]  # noqa: PLC0415
    return insert(table).on_conflict_do_nothing()


@cache
def _update(table: Any, names: tuple[str, ...]) -> Any:
    columns = sa.inspect(table).local_table.c
    values = {name: sa.bindparam(f"new_{name}", type_=columns[name].type) for name in names}
    return sa.update(table).where(columns["id"] == sa.bindparam("row_id")).values(values)


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
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("synsetlab_immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
