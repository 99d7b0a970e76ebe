"""Is the database whole? What the server says, what the schema promises, what the logs and caches say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.errors import SynsetlabError
from synsetlab.store import schema as t
from synsetlab.store.health_rows import (
    REBUILD,
    RESTORE,
    misplaced_rows,
    odd_answers,
    unreadable_settings,
    unreadable_values,
)
from synsetlab.store.health_schema import COPY, NEW, counters_behind, shape_of, triggers_gone
from synsetlab.store.schema_version import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from synsetlab.store.workspace import Workspace

__all__ = ["Finding", "examine_database"]

SHOWN = 3
AT_ONCE = 5_000
BLOBS = "Restore the blobs folder, or import them again."
INVALID = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"


class Finding(NamedTuple):
    """One thing that was examined."""

    name: str
    problem: str
    """What is wrong; empty: all is well."""
    remedy: str
    detail: str
    """What is there."""


def examine_database(workspace: Workspace) -> list[Finding]:
    """Examine the database of an open workspace and changes nothing; see docs/workspace.md for what of it.

    What damage keeps from being examined is a finding, and the rest is examined all the same.
    """
    parts: tuple[tuple[str, Callable[[Workspace], Finding]], ...] = (
        ("storage", _storage),
        ("schema", _schema),
        ("references", _references),
        ("append-only", _append_only),
        ("settings", _settings),
        ("values", _values),
        ("vote log", _votes),
        ("rows", _rows),
        ("caches", _caches),
        ("pictures", _pictures),
    )
    return [_guarded(name, part, workspace) for name, part in parts]


def _guarded(name: str, part: Callable[[Workspace], Finding], workspace: Workspace) -> Finding:
    try:
        return part(workspace)
    except Exception as error:  # noqa: BLE001 - damage can show as anything
        return Finding(name, f"cannot be examined: {_said(error)}", NEW[workspace.engine.dialect.name], "")


def _storage(workspace: Workspace) -> Finding:
    """Pages and indexes."""
    with workspace.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
            wrong = [] if said == ["ok"] else said
            return Finding("storage", _first(wrong), RESTORE, f"SQLite, schema {HEAD}")
        wrong = [f"the index {row[0]} is not valid" for row in connection.exec_driver_sql(INVALID)]
        version = connection.exec_driver_sql("SHOW server_version").scalar()
    remedy = COPY["postgresql"]
    for table in t.Base.metadata.sorted_tables:  # a damaged page shows when it is read
        try:
            with workspace.engine.connect() as connection:
                connection.execute(sa.select(sa.func.count()).select_from(table))
        except (sa.exc.SQLAlchemyError, SynsetlabError) as error:
            wrong.append(f"{table.name} cannot be read: {_said(error)}")
            remedy = NEW["postgresql"]
    return Finding("storage", _first(wrong), remedy, f"PostgreSQL {version}, schema {HEAD}")


def _schema(workspace: Workspace) -> Finding:
    """What the schema makes, by name, and whether new rows get new numbers."""
    dialect = workspace.engine.dialect.name
    with workspace.engine.connect() as connection:
        lost, loose = shape_of(connection)
        wrong = [(what, NEW[dialect]) for what in lost] + [(what, COPY[dialect]) for what in loose]
        if not lost:
            wrong += counters_behind(connection)
    return _finding("schema", wrong, f"{len(t.Base.metadata.tables)} tables as they are made")


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
        wrong = triggers_gone(connection)
    remedy = COPY[workspace.engine.dialect.name]
    return Finding("append-only", _first(wrong), remedy, f"{len(t.APPEND_ONLY)} tables refuse changes")


def _settings(workspace: Workspace) -> Finding:
    with workspace.engine.connect() as connection:
        return _finding("settings", unreadable_settings(connection), "settings and policies can be read")


def _values(workspace: Workspace) -> Finding:
    with workspace.engine.connect() as connection:
        return _finding("values", unreadable_values(connection), "times, lists and numbers can be read")


def _rows(workspace: Workspace) -> Finding:
    with workspace.engine.connect() as connection:
        wrong = odd_answers(connection) + misplaced_rows(connection)
    return _finding("rows", wrong, "answers, members, sources, clusters and leases fit")


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
    """Whether each is there, with as many bytes as it came with; read in parts, for there may be millions."""
    number, lost, cut = 0, 0, 0
    first = ""
    with workspace.engine.connect() as connection:
        asked = sa.select(t.Image.id, t.Image.bytes).order_by(t.Image.id)
        for image, size in connection.execute(asked, execution_options={"yield_per": AT_ONCE}):
            number += 1
            found = workspace.blobs.size(image)
            if found != size:
                first = first or image
                lost += found is None
                cut += found is not None
    place = workspace.blobs.url
    wrong = [f"{lost} of {number:,} pictures are not in {place}"] if lost else []
    wrong += [f"{cut} of {number:,} pictures in {place} have not the bytes they came with"] if cut else []
    problem = f"{_first(wrong)}: {first}" if wrong else ""
    return Finding("pictures", problem, BLOBS, f"{number:,} files")


def _finding(name: str, wrong: list[tuple[str, str]], detail: str) -> Finding:
    """Of what has several remedies: those of what is shown."""
    remedies = dict.fromkeys(remedy for _, remedy in wrong[:SHOWN])
    return Finding(name, _first([what for what, _ in wrong]), " ".join(_stopped(remedies)), detail)


def _stopped(remedies: Iterable[str]) -> list[str]:
    """Each is a sentence where there are several."""
    every = list(remedies)
    return every if len(every) < 2 else [one if one[-1] in ".;" else f"{one}." for one in every]


def _said(error: Exception) -> str:
    """An error in a line, without the statement that met it."""
    found = getattr(error, "orig", None) or error
    lines = str(found).splitlines()
    return f"{type(found).__name__}: {lines[0]}" if lines else type(found).__name__


def _first(wrong: list[Any]) -> str:
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return "; ".join(str(one) for one in wrong[:SHOWN]) + more
