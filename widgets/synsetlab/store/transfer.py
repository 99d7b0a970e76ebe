"""Move everything that a database holds into another: back-ups, restores, SQLite to PostgreSQL and back.

The source is read in one consistent look, so that it may be in use; the target is written in one
transaction, and both are counted before it ends.
"""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from synsetlab.errors import WorkspaceError
from synsetlab.store.aside import aside
from synsetlab.store.database_url import file_url, place_of
from synsetlab.store.engine import IMMEDIATE, connect
from synsetlab.store.failures import explained
from synsetlab.store.schema import Base
from synsetlab.store.schema_version import current_version, upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Connection, Engine

__all__ = ["back_up_database", "copy_rows", "drop_tables", "mode_of", "nothing", "write_sqlite"]

AT_ONCE = 2_000
"""Rows held and written at a time."""

RESTORE = "Restore it from a back-up with: synsetlab workspace restore FILE"
UNWRITABLE = ("is full", "i/o error", "unable to open", "readonly")
"""What SQLite says where the fault is the place that a copy goes to."""


def nothing(*_: object) -> None:
    """Do nothing; where a step may be left out."""


def back_up_database(
    source: Engine,
    file: Path,
    *,
    whole: bool = True,
    anew: bool = False,
    last: Callable[[], None] = nothing,
) -> dict[str, int]:
    """Write a SQLite database `file` with all that `source` holds, while others use it.

    It has the schema that `source` has and, of SQLite, its rights; of PostgreSQL it is for the owner only.
    Returns the number of rows by table. `last` is called before the file is there; a back-up that fails
    leaves nothing behind. Unless it must be `whole`, rows of a damaged PostgreSQL database are taken that
    refer to what is gone. `anew`: its tables are made anew also of a SQLite source, that may lack a trigger.

    Raises
    ------
    WorkspaceError
        The file exists, or a database cannot be read or written.
    """
    if file.exists():
        raise WorkspaceError(f"{file} exists already.", "A back-up is never written over: choose another.")
    try:
        with aside(file) as made:
            counts = write_sqlite(source, made, whole=whole, anew=anew)
            last()
            made.chmod(mode_of(source))
            made.replace(file)
    except OSError as error:
        raise WorkspaceError(
            f"{file} cannot be written: {error.strerror or error}.", "Check the disk and who may write there."
        ) from error
    return counts


def mode_of(engine: Engine) -> int:
    """The rights of what is made of a database: those of its file, else the owner's only."""
    if engine.dialect.name == "sqlite":
        with contextlib.suppress(OSError):
            return stat.S_IMODE(Path(str(engine.url.database)).stat().st_mode)
    return 0o600


def write_sqlite(source: Engine, made: Path, *, whole: bool = True, anew: bool = False) -> dict[str, int]:
    """Fill `made`, an empty file, as `back_up_database` says; returns the number of rows by table."""
    with source.connect() as connection:
        version = current_version(connection)
    as_it_is = source.dialect.name == "sqlite" and not anew
    if as_it_is:
        _vacuum(source, made)
    target = connect(file_url(made))
    if not whole:
        event.listen(target, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=OFF"))
    try:
        if as_it_is:
            counts = _counts(target)
        else:
            upgrade(target, version or "head")
            counts = copy_rows(source, target)
        with target.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except sa.exc.DBAPIError as error:  # what the engines did not explain: rows against the schema
        raise WorkspaceError(
            f"The database {place_of(source.url)} is not whole: {error.orig}.",
            "See what is wrong with: synsetlab doctor --database",
        ) from error
    finally:
        target.dispose()
    return counts


def _vacuum(source: Engine, made: Path) -> None:
    with source.connect() as connection:
        raw: Any = connection.connection.driver_connection  # not within a transaction, says SQLite
        try:
            raw.execute("VACUUM INTO ?", (str(made),))
        except raw.Error as error:
            words = str(error).lower()
            if any(sign in words for sign in UNWRITABLE):
                raise WorkspaceError(
                    f"No copy of {place_of(source.url)} can be written into {made.parent}: {error}.",
                    "Make room on its disk and check who may write there; nothing was changed.",
                ) from error
            raise explained(source.url, error) or WorkspaceError(
                f"The database {place_of(source.url)} is damaged: {error}.", RESTORE
            ) from error


def copy_rows(
    source: Engine,
    target: Engine,
    *,
    first: Callable[[Connection], None] = nothing,
    last: Callable[[], None] = nothing,
) -> dict[str, int]:
    """Make `target` hold what `source` holds, both of the same schema; returns rows by table.

    `target` must hold nothing; `first` may make its tables in the same transaction. `last` is called when all
    is there and before others see it. If it fails, nothing has changed.
    """
    reading = source.connect()
    if source.dialect.name == "postgresql":
        reading = reading.execution_options(isolation_level="REPEATABLE READ")
    with reading, target.connect().execution_options(**IMMEDIATE) as writing, writing.begin():
        first(writing)
        tables = [table for table in Base.metadata.sorted_tables if _there(reading, table.name)]
        _must_be_empty(writing, tables)
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
        last()
    return counts


def drop_tables(connection: Connection) -> None:
    """Take all that is ours out of a PostgreSQL database."""
    names = ", ".join(f'"{name}"' for name in [*Base.metadata.tables, "alembic_version"])
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")
    connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change")


def _counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
            if _there(connection, table.name)
        }


def _there(connection: Connection, table: str) -> bool:
    return sa.inspect(connection).has_table(table)


def _must_be_empty(connection: Connection, tables: list[sa.Table]) -> None:
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
