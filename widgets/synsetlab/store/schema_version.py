"""Which schema a database has, and how it comes to have ours."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, NoReturn

import sqlalchemy as sa

from synsetlab.errors import DatabaseVersionError, WorkspaceError
from synsetlab.store.database_url import place_of

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Connection, Engine

__all__ = [
    "HEAD",
    "check_encoding",
    "check_free",
    "check_replaceable",
    "check_schema",
    "check_upgradable",
    "current_version",
    "upgrade",
    "upgrade_within",
]

VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every schema that synsetlab ever had, oldest first; a test holds them equal to the migrations."""

HEAD = VERSIONS[-1]
"""The schema this code works with."""

MAKING = 0x73796E74
"""The advisory lock of whoever makes or changes tables on PostgreSQL; next to that of `store.lock`."""


def current_version(connection: Connection) -> str | None:
    """The schema version of the database, None for a database without our tables."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check_schema(engine: Engine, place: str) -> None:
    """Raise DatabaseVersionError unless the database has our schema.

    Opening a workspace costs no Alembic import: only versions are compared.
    """
    found = _found(engine)
    if found != HEAD:
        _refuse(found, place, migrate=True)


def check_upgradable(engine: Engine, place: str) -> None:
    """Raise DatabaseVersionError unless the database has our schema or an older one of ours."""
    found = _found(engine)
    if found not in VERSIONS:
        _refuse(found, place, migrate=False)


def check_free(engine: Engine, place: str) -> None:
    """Raise DatabaseVersionError unless the database is empty, or one of ours that may be shared.

    WorkspaceError where it cannot keep every text (`check_encoding`).
    """
    with engine.connect() as connection:
        check_encoding(connection)
        found = current_version(connection)
        tables = sa.inspect(connection).get_table_names()
    if found is None and not tables:
        return
    if found is None:
        raise DatabaseVersionError(
            f"The database for {place} holds tables of another program: {', '.join(sorted(tables)[:3])}.",
            "Make an empty database of its own for the workspace.",
        )
    if found != HEAD:
        _refuse(found, place, migrate=True)


def check_encoding(connection: Connection) -> None:
    """Raise WorkspaceError where PostgreSQL keeps text otherwise than as UTF-8: names are of any script."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(sa.text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        place = place_of(connection.engine.url)
        raise WorkspaceError(
            f"{place[0].upper()}{place[1:]} has the encoding {encoding}; a workspace needs UTF8.",
            "Make another with: createdb -E UTF8 -T template0 NAME",
            shown=f"The workspace's database has the encoding {encoding}; it needs UTF8.",
        )


def check_replaceable(engine: Engine, place: str) -> bool:
    """Whether the database holds tables of ours, be they damaged; False: it is empty.

    Raises
    ------
    DatabaseVersionError
        It is of a newer synsetlab or of another program: not to be replaced.
    """
    from synsetlab.store.schema import Base  # noqa: PLC0415 - only a restore asks for the tables

    with engine.connect() as connection:
        found = current_version(connection)
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    if found is not None and found not in VERSIONS:
        _refuse(found, place, migrate=False)
    ours = tables & set(Base.metadata.tables)
    # Other programs number their schemas alike, and call a table "image": most of ours must be there, or
    # none that is strange.
    known = found is not None and tables == ours
    if tables and not known and 2 * len(ours) <= len(Base.metadata.tables):
        strange = ", ".join(sorted(tables - ours or tables)[:3])
        raise DatabaseVersionError(
            f"The database of {place} belongs to another program: it has the tables {strange}.",
            "Correct the URL in synsetlab.toml or $SYNSETLAB_DATABASE.",
        )
    return bool(tables)


def _found(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return current_version(connection)


def _refuse(found: str | None, place: str, *, migrate: bool) -> NoReturn:
    if found is None:
        raise DatabaseVersionError(
            f"The database of {place} has no synsetlab tables: it was emptied, or is another one.",
            "Restore it from a back-up, or correct the URL in synsetlab.toml or $SYNSETLAB_DATABASE.",
        )
    if not (len(found) == len(HEAD) and found.isdigit()):
        raise DatabaseVersionError(
            f"The database of {place} belongs to another program (its schema is {found!r}).",
            "Correct the URL in synsetlab.toml or $SYNSETLAB_DATABASE.",
        )
    if found > HEAD:
        raise DatabaseVersionError(
            f"The database of {place} is of a newer synsetlab (schema {found}; this one knows up to {HEAD}).",
            "Update synsetlab, or open a copy made by this version.",
        )
    if not migrate:
        raise DatabaseVersionError(
            f"The database of {place} has schema {found}, which no synsetlab made.",
            "Restore it from a back-up.",
        )
    raise DatabaseVersionError(
        f"The database of {place} has schema {found}; this synsetlab works with {HEAD}.",
        f"Migrate it (a back-up is made first) with: synsetlab init {place} --migrate",
    )


def upgrade(engine: Engine, version: str = "head") -> None:
    """Bring the database to our schema, or to an older `version` of it, in one transaction."""
    with engine.connect().execution_options(synsetlab_immediate=True) as connection, connection.begin():
        upgrade_within(connection, version)


def upgrade_within(connection: Connection, version: str = "head") -> None:
    """The same in a transaction that has begun."""
    from alembic import command  # noqa: PLC0415 - half a second that only migrations need

    if connection.dialect.name == "postgresql":
        # Two who make tables at once: the second waits, and finds them made.
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({MAKING})"))
    command.upgrade(_config(connection), version)


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    folder = resources.files("synsetlab.store") / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
