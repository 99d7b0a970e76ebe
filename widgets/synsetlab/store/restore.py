"""Put a back-up in the place of a workspace's database, also of one that is damaged or gone."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from synsetlab.errors import (
    DatabaseVersionError,
    InputError,
    SynsetlabError,
    WorkspaceBusyError,
    WorkspaceError,
)
from synsetlab.store.aside import aside, companions, stamp
from synsetlab.store.database_url import file_url, place_of, resolve_url
from synsetlab.store.engine import connect
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.schema import APPEND_ONLY, Base, sqlite_guards
from synsetlab.store.schema_version import (
    check_replaceable,
    check_upgradable,
    current_version,
    upgrade,
    upgrade_within,
)
from synsetlab.store.transfer import back_up_database, copy_rows, drop_tables, mode_of, write_sqlite
from synsetlab.store.workspace import database_of

if TYPE_CHECKING:
    import os

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Restored", "restore"]

SHOWN = 3
OURS = [*Base.metadata.tables, "alembic_version"]
NEEDED = ("workspace_id", "secret")
ANOTHER = "Restore another back-up; nothing was changed."
UNREADABLE = (SynsetlabError, sa.exc.SQLAlchemyError, ValueError)
"""How a database fails whose pages hold anything: ValueError is of texts and times that are none."""
MOVE_FUNCTION = (
    "DO $$ BEGIN IF to_regprocedure('refuse_change()') IS NOT NULL THEN "
    "ALTER FUNCTION refuse_change() SET SCHEMA {schema}; END IF; END $$"
)


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    place: str
    """The database that holds the back-up now."""
    rows: dict[str, int]
    """By table."""
    before: Path | None
    """The file that keeps what was there; None: nothing was there, or `kept` says where it is."""
    kept: str
    """What became of a database that could not be backed up, in words; empty: ``before`` is a back-up."""


def restore(workspace: str | os.PathLike[str], file: str | os.PathLike[str]) -> Restored:
    """Make the workspace's database hold what a back-up holds; needs the workspace for itself.

    What it held is backed up first. A database that is too damaged for that is kept aside as it is: a SQLite
    file under another name, tables of PostgreSQL in a schema of their own. A back-up of an older schema is
    brought up to date on the way, `file` itself stays as it is.

    Raises
    ------
    InputError
        `file` is no file.
    DatabaseVersionError
        The back-up, or what is there, is of a newer synsetlab or of another program.
    WorkspaceError
        The back-up is not whole, or a database cannot be read or written: nothing has changed then.
    WorkspaceBusyError
        Someone has the workspace open.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise InputError(f"{path} is not a file.", "Name a back-up made by: synsetlab workspace backup")
    home, url = database_of(workspace)
    engine = connect(resolve_url(url, home))
    sqlite = engine.dialect.name == "sqlite"
    # SQLite keeps its journal beside the file that a link leads to, and so do we.
    place = Path(str(engine.url.database)).resolve() if sqlite else home / "restored"
    try:
        with contextlib.ExitStack() as held:
            held.callback(WorkspaceLock(home, engine, exclusive=True).release)
            made = held.enter_context(aside(place))
            rows = _prepare(path, made)
            before, kept = (_put_file if sqlite else _put_rows)(made, engine, home)
        return Restored(place_of(engine.url), rows, before, kept)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be restored to {place_of(engine.url)}: {error.strerror or error}.",
            "Check the disk and who may write there.",
        ) from error
    finally:
        engine.dispose()


# ---- the back-up


def _prepare(path: Path, made: Path) -> dict[str, int]:
    """Make of the back-up a whole database of our schema in `made`; returns its rows by table."""
    saved, copy = connect(file_url(path)), connect(file_url(made))
    try:
        with saved.connect() as connection:
            if current_version(connection) is None:
                raise DatabaseVersionError(
                    f"{path} is no back-up: it has no synsetlab tables.",
                    "Name a back-up made by: synsetlab workspace backup",
                )
        check_upgradable(saved, str(path))
        write_sqlite(saved, made)
        upgrade(copy)
        with copy.connect() as connection:
            wrong = _wrong(connection)
            if wrong:
                more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
                raise WorkspaceError(
                    f"The back-up {path} is not whole: {'; '.join(wrong[:SHOWN])}{more}.", ANOTHER
                )
            rows = _guard(connection)
            connection.commit()
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    except (DatabaseVersionError, WorkspaceBusyError):
        raise
    except UNREADABLE as error:
        said = _said(error).replace(str(made), str(path))
        remedy = getattr(error, "remedy", ANOTHER)
        raise WorkspaceError(said, ANOTHER if "back-up" in remedy else remedy) from error
    finally:
        saved.dispose()
        copy.dispose()
    return rows


def _said(error: Exception) -> str:
    return error.message if isinstance(error, SynsetlabError) else f"{getattr(error, 'orig', error)}."


def _wrong(connection: Connection) -> list[str]:
    """What is wrong with a SQLite database of our schema: what is missing, pages, references, settings."""
    inspected = sa.inspect(connection)
    there = set(inspected.get_table_names())
    wrong = [f"it has no table {name}" for name in Base.metadata.tables if name not in there]
    for table in Base.metadata.sorted_tables:
        if table.name in there:
            columns = {column["name"] for column in inspected.get_columns(table.name)}
            wrong += [
                f"{table.name} has no {column.name}" for column in table.c if column.name not in columns
            ]
    if wrong:
        return wrong
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    wrong += [one for one in said if one != "ok"]
    lost: dict[tuple[str, str], int] = {}
    for name, _, other, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        lost[name, other] = lost.get((name, other), 0) + 1
    wrong += [f"{n} rows of {name} name a {other} that is not there" for (name, other), n in lost.items()]
    asked = sa.text("SELECT key FROM setting")
    settings = {row[0] for row in connection.execute(asked)}
    return wrong + [f"it has no setting {key}" for key in NEEDED if key not in settings]


def _guard(connection: Connection) -> dict[str, int]:
    """Make triggers of append-only tables that the back-up lost; returns the rows by table."""
    for table in APPEND_ONLY:
        for made in sqlite_guards(table).values():
            connection.exec_driver_sql(made.replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1))
    return {
        table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in Base.metadata.sorted_tables
    }


# ---- SQLite


def _put_file(made: Path, engine: Engine, home: Path) -> tuple[Path | None, str]:
    """Put `made` in the place of the database.

    Returns the file that keeps what was there, and words if that is no back-up.
    """
    place = Path(str(engine.url.database)).resolve()
    mode = mode_of(engine)
    before: Path | None
    before, trouble = _saved(engine, place, home)
    engine.dispose()
    if trouble:
        before = _set_aside(place)
        trouble += f" What there was of it is kept as it was in {before}." if before else ""
    for rest in companions(place)[1:]:  # they would be taken for the new one's
        rest.unlink(missing_ok=True)
    made.chmod(mode)
    made.replace(place)
    return before, trouble


def _saved(engine: Engine, place: Path, home: Path) -> tuple[Path, str]:
    """Where the database is backed up, and why it is not."""
    before = home / f"workspace.before-restore-{stamp()}.sqlite"
    if not place.exists():
        return before, f"The database {place} was not there."
    if not place.stat().st_size:
        # Not even opened: SQLite would remove the journal beside it, and all that it holds.
        return before, f"The database {place} was empty."
    try:
        check_replaceable(engine, str(home))
        back_up_database(engine, before)
    except (DatabaseVersionError, WorkspaceBusyError):
        raise
    except UNREADABLE as error:
        if place.is_dir():
            raise
        return before, _said(error)
    return before, ""


def _set_aside(place: Path) -> Path | None:
    """Rename a broken database with its journal; returns its new name, None if there was nothing of it."""
    before = place.with_name(f"{place.stem}.before-restore-{stamp()}{place.suffix}")
    found = [path.exists() and path.stat().st_size > 0 for path in companions(place)[:2]]
    for held, old, new in zip(found, companions(place), companions(before), strict=False):
        if held:
            old.replace(new)
    return before if any(found) else None


# ---- PostgreSQL


def _put_rows(made: Path, engine: Engine, home: Path) -> tuple[Path | None, str]:
    """Make our tables anew with the rows of `made`, in one transaction; returns what `_put_file` does."""
    if not check_replaceable(engine, str(home)):
        _fill(made, engine, "")
        return None, "The database was empty."
    before = home / f"workspace.before-restore-{stamp()}.sqlite"
    trouble = ""
    for whole in (True, False):
        try:
            back_up_database(engine, before, whole=whole)
        except WorkspaceBusyError:
            raise
        except UNREADABLE as error:
            trouble = trouble or _said(error)
            continue
        _fill(made, engine, "")
        return before, f"{trouble} What could be read of it is in {before}." if trouble else ""
    schema = f"before_restore_{stamp().lower()}"
    _fill(made, engine, schema)
    return None, f"{trouble} What there was of it is kept as it was in the schema {schema} there."


def _fill(made: Path, engine: Engine, schema: str) -> None:
    """Replace our tables, or move them to a new `schema` if one is named."""

    def make_room(connection: Connection) -> None:
        if schema:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            for name in sa.inspect(connection).get_table_names():
                if name in OURS:
                    connection.exec_driver_sql(f'ALTER TABLE "{name}" SET SCHEMA {schema}')
            connection.exec_driver_sql(MOVE_FUNCTION.format(schema=schema))
        else:
            drop_tables(connection)
        upgrade_within(connection)

    saved = connect(file_url(made))
    try:
        copy_rows(saved, engine, first=make_room)
    except sa.exc.DBAPIError as error:  # a view of someone's on our tables, or no right to make a schema
        raise WorkspaceError(
            f"The tables of {place_of(engine.url)} cannot be replaced: {error.orig}.",
            "Remove what hinders it, or restore to an empty database; nothing was changed.",
        ) from error
    finally:
        saved.dispose()
