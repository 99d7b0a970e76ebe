"""Move everything that a database holds into another: back-ups, restores, SQLite to PostgreSQL and back.

The source is read in one consistent look, so that it may be in use; the target is written in one
transaction, and both are counted before it ends.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import WorkspaceError
from synsetlab.store.database_url import file_url, place_of
from synsetlab.store.engine import IMMEDIATE, connect
from synsetlab.store.schema import Base
from synsetlab.store.schema_version import current_version, upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection, Engine

__all__ = ["back_up_database", "copy_rows", "stamp"]

AT_ONCE = 2_000
"""Rows held and written at a time."""


def stamp() -> str:
    """Now, as part of a file name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def back_up_database(source: Engine, file: Path) -> dict[str, int]:
    """Write a SQLite database `file` with all that `source` holds, while others use it.

    It has the schema that `source` has. Returns the number of rows by table; a back-up that fails leaves
    nothing behind.

    Raises
    ------
    WorkspaceError
        The file exists, or a database cannot be read or written.
    """
    if file.exists():
        raise WorkspaceError(f"{file} exists already.", "A back-up is never written over: choose another.")
    aside = file.with_name(f".{file.name}.{stamp()}")
    try:
        with source.connect() as connection:
            version = current_version(connection)
        if source.dialect.name == "sqlite":
            with source.connect() as connection:
                raw = connection.connection.driver_connection  # not within a transaction, says SQLite
                assert raw is not None
                raw.execute("VACUUM INTO ?", (str(aside),))
        target = connect(file_url(aside))
        try:
            if source.dialect.name == "sqlite":
                counts = _counts(target)
            else:
                upgrade(target, version or "head")
                counts = copy_rows(source, target)
            with target.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            target.dispose()
        aside.replace(file)
    finally:
        for rest in ("", "-wal", "-shm"):
            aside.with_name(aside.name + rest).unlink(missing_ok=True)
    return counts


def copy_rows(source: Engine, target: Engine, *, replace: bool = False) -> dict[str, int]:
    """Make `target` hold what `source` holds, both of the same schema; returns rows by table.

    With `replace` what `target` held is gone then, else it must hold nothing. If it fails, nothing has
    changed.
    """
    reading = source.connect()
    if source.dialect.name == "postgresql":
        reading = reading.execution_options(isolation_level="REPEATABLE READ")
    with reading, target.connect().execution_options(**IMMEDIATE) as writing, writing.begin():
        tables = [table for table in Base.metadata.sorted_tables if _there(reading, table.name)]
        _empty(writing, tables, replace=replace)
        counts = {table.name: _copy(reading, writing, table) for table in tables}
        for table in tables:
            found = writing.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            if found != counts[table.name]:
                raise WorkspaceError(
                    f"Of {counts[table.name]:,} rows of {table.name} only {found:,} arrived.",
                    "Nothing was changed there.",
                )
            _count_on(writing, table)
        reading.rollback()
    return counts


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if _there(connection, table.name)
        }


def _there(connection: Connection, table: str) -> bool:
    return sa.inspect(connection).has_table(table)


def _empty(connection: Connection, tables: list[sa.Table], *, replace: bool) -> None:
    if replace:
        names = ", ".join(f'"{table.name}"' for table in tables)
        # PostgreSQL's, and not DELETE, which the triggers of append-only tables refuse.
        connection.exec_driver_sql(f"TRUNCATE {names}")
        return
    for table in tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            place = place_of(connection.engine.url)
            raise WorkspaceError(f"{place} holds rows of {table.name}.", "Choose an empty database.")


def _copy(reading: Connection, writing: Connection, table: sa.Table) -> int:
    """All rows of a table; references of a row to another of the same table come last."""
    present = {column["name"] for column in sa.inspect(reading).get_columns(table.name)}
    columns = [column for column in table.columns if column.name in present]
    to_itself = [
        column.name
        for column in columns
        if any(key.column.table is table for key in column.foreign_keys) and column.nullable
    ]
    statement = sa.select(*columns).order_by(*table.primary_key.columns)
    # Without the defaults of columns that a database of an older schema does not have.
    insert = sa.insert(sa.table(table.name, *(sa.column(column.name, column.type) for column in columns)))
    later: list[dict[str, Any]] = []
    key = [column.name for column in table.primary_key.columns]
    number = 0
    with reading.execute(statement, execution_options={"yield_per": AT_ONCE}) as result:
        for part in result.mappings().partitions():
            rows = [dict(row) for row in part]
            for row in rows:
                if any(row[name] is not None for name in to_itself):
                    later.append(
                        {f"of_{name}": row[name] for name in key} | {name: row[name] for name in to_itself}
                    )
                    row.update(dict.fromkeys(to_itself))
            writing.execute(insert, rows)
            number += len(rows)
    if later:
        change = sa.update(table).where(*(table.c[name] == sa.bindparam(f"of_{name}") for name in key))
        writing.execute(
            change.values({name: sa.bindparam(name, type_=table.c[name].type) for name in to_itself}), later
        )
    return number


def _count_on(connection: Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) != 1 or not isinstance(keys[0].type, sa.Integer):
        return
    name = keys[0].name
    asked = sa.text("SELECT pg_get_serial_sequence(:of, :name)")
    sequence = connection.execute(asked, {"of": table.name, "name": name}).scalar()
    if sequence is not None:
        last = connection.execute(sa.select(sa.func.max(keys[0]))).scalar()
        connection.execute(
            sa.text("SELECT setval(CAST(:sequence AS regclass), :last, :used)"),
            {"sequence": sequence, "last": last or 1, "used": last is not None},
        )
