"""Forget a person: the one change that is made to facts, and it changes nothing but a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from synsetlab.store import schema as t

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["pseudonymise"]

NAMED = (t.ExpertVerdict, t.DuplicateVerdict, t.AnnotatorVerdict)
"""Facts that say who decided, by name."""


def pseudonymise(connection: Connection, name: str, pseudonym: str) -> None:
    """Put `pseudonym` wherever `name` stands: on the annotator, and in who decided.

    Votes name their annotator by number, so they stay as they are. For the verdicts the triggers that
    refuse changes are set aside within this transaction; nothing else can write meanwhile.
    """
    annotator = sa.update(t.Annotator).where(t.Annotator.name == name)
    connection.execute(annotator.values(name=pseudonym))
    own = sa.select(t.Annotator.id).where(t.Annotator.name == pseudonym).scalar_subquery()
    connection.execute(sa.delete(t.Lease).where(t.Lease.annotator_id == own))
    runs = sa.update(t.ImportRun).where(t.ImportRun.kind == "relabel", t.ImportRun.argument == name)
    connection.execute(runs.values(argument=pseudonym))
    for table in NAMED:
        theirs = table.decided_by == name
        if connection.execute(sa.select(sa.exists().where(theirs))).scalar():
            change = sa.update(table).where(theirs).values(decided_by=pseudonym)
            _change_fact(connection, table.__tablename__, change)


def _change_fact(connection: Connection, table: str, change: sa.Update) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.execute(change)
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    trigger = f"{table}_no_update"
    asked = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    made = connection.execute(asked, {"name": trigger}).scalar_one()
    connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    connection.execute(change)
    connection.exec_driver_sql(made)
