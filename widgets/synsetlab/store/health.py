"""Is the database whole? What the server says, what the schema promises, what the logs and caches say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.schema_version import HEAD

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace

__all__ = ["Finding", "examine_database"]

SHOWN = 3
REBUILD = "Set right with: synsetlab consensus rebuild"
RESTORE = "Restore a back-up with: synsetlab workspace restore FILE"
INVALID = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
TRIGGERS = {
    "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'",
}


class Finding(NamedTuple):
    """One thing that was examined."""

    name: str
    problem: str
    """What is wrong; empty: all is well."""
    remedy: str
    detail: str
    """What is there."""


def examine_database(workspace: Workspace) -> list[Finding]:
    """Examine the database of an open workspace and changes nothing; see docs/workspace.md for what of it."""
    return [
        _storage(workspace),
        _references(workspace),
        _append_only(workspace),
        _votes(workspace),
        _caches(workspace),
        _pictures(workspace),
    ]


def _storage(workspace: Workspace) -> Finding:
    """Pages and indexes."""
    with workspace.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
            wrong = [] if said == ["ok"] else said
            detail = f"SQLite, schema {HEAD}"
        else:
            wrong = [f"the index {row[0]} is not valid" for row in connection.exec_driver_sql(INVALID)]
            version = connection.exec_driver_sql("SHOW server_version").scalar()
            for table in t.Base.metadata.sorted_tables:  # a damaged page shows when it is read
                connection.execute(sa.select(sa.func.count()).select_from(table))
            detail = f"PostgreSQL {version}, schema {HEAD}"
    return Finding("storage", _first(wrong), RESTORE, detail)


def _references(workspace: Workspace) -> Finding:
    wrong = []
    number = 0
    with workspace.engine.connect() as connection:
        for table in t.Base.metadata.sorted_tables:
            for key in table.foreign_keys:
                number += 1
                other = key.column.table.alias()
                column = key.parent
                lost = ~sa.exists().where(other.c[key.column.name] == column)
                asked = sa.select(sa.func.count()).select_from(table).where(column.is_not(None), lost)
                if found := connection.execute(asked).scalar_one():
                    wrong.append(f"{found} rows of {table.name} name a {column.name} that is not there")
    return Finding("references", _first(wrong), RESTORE, f"{number} kinds of reference")


def _append_only(workspace: Workspace) -> Finding:
    with workspace.engine.connect() as connection:
        guarded = {row[0] for row in connection.exec_driver_sql(TRIGGERS[connection.dialect.name])}
    wrong = [
        f"{table} can be changed: its trigger is gone" for table in t.APPEND_ONLY if table not in guarded
    ]
    return Finding("append-only", _first(wrong), RESTORE, f"{len(t.APPEND_ONLY)} tables refuse changes")


def _votes(workspace: Workspace) -> Finding:
    """What no constraint holds: events are of the question and the annotator that they take back."""
    taken = sa.orm.aliased(t.Vote)
    strange = (
        sa.select(sa.func.count())
        .select_from(t.Vote)
        .join(taken, taken.id == t.Vote.retracts)
        .where(
            sa.or_(
                taken.question_id != t.Vote.question_id,
                taken.answer.is_(None),
            )
        )
        .where(taken.annotator_id == t.Vote.annotator_id)
    )
    with workspace.engine.connect() as connection:
        number = connection.execute(sa.select(sa.func.count()).select_from(t.Vote)).scalar_one()
        lost = connection.execute(strange).scalar_one()
    wrong = [f"{lost} retractions are of another question than what they take back"] if lost else []
    return Finding("vote log", _first(wrong), RESTORE, f"{number:,} events")


def _caches(workspace: Workspace) -> Finding:
    found = workspace.writer.rebuild(dry_run=True)
    wrong = [f"{len(rows)} {cache} differ from their log" for cache, rows in found.items() if rows]
    return Finding("caches", _first(wrong), REBUILD, f"{', '.join(found)} agree with their logs")


def _pictures(workspace: Workspace) -> Finding:
    with workspace.engine.connect() as connection:
        ids = [row[0] for row in connection.execute(sa.select(t.Image.id).order_by(t.Image.id))]
    lost = [image for image in ids if not workspace.blobs.has(image)]
    wrong = (
        [f"{len(lost)} of {len(ids):,} pictures are not in {workspace.blobs.url}: {lost[0]}"] if lost else []
    )
    return Finding(
        "pictures", _first(wrong), "Restore the blobs folder, or import them again.", f"{len(ids):,} files"
    )


def _first(wrong: list[Any]) -> str:
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return "; ".join(str(one) for one in wrong[:SHOWN]) + more
