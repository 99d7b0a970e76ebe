"""Forget a person: the one change that is made to facts, and it changes nothing but a name.

A name is looked for in every spelling that `same_name` holds for one person's.
"""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.defaults import BY_POLICY, MODEL, MODEL_VERSION, POLICY
from synsetlab.store.names import RESERVED, same_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection

    from synsetlab.store.writer import Writer

__all__ = ["forget_without_account", "free_pseudonym", "pseudonymise"]

NAMED = (t.ExpertVerdict, t.DuplicateVerdict, t.AnnotatorVerdict)
"""Facts that say who decided, by name."""

WITHOUT_ACCOUNT = f"{RESERVED}person"
RELABEL = t.ImportRun.kind == "relabel"
"""Import runs whose argument is the name of an expert."""


def free_pseudonym(connection: Connection, wanted: str) -> str:
    """`wanted`, or the first of ``wanted-2``, ``wanted-3``, ... that nobody goes by.

    Votes that were exported elsewhere may bring its pseudonyms with them.
    """
    taken = {same_name(name) for name in _everyone(connection)}
    taken |= set(connection.execute(sa.select(t.Account.key)).scalars())
    names = itertools.chain([wanted], (f"{wanted}-{number}" for number in itertools.count(2)))
    return next(name for name in names if same_name(name) not in taken)


def forget_without_account(writer: Writer, name: str) -> str:
    """Forget someone who voted or judged and has no account; returns the pseudonym.

    Raises
    ------
    InputError
        Nobody goes by that name, or it is a pseudonym already.
    """
    if same_name(name).startswith(RESERVED):
        raise InputError(f"{name!r} is a pseudonym: who it was is forgotten.", "Nothing is left to do.")
    with writer.transaction() as connection:
        if not any(same_name(one) == same_name(name) for one in _everyone(connection)):
            raise InputError(
                f"Nobody called {name!r} has an account, a vote or a verdict here.",
                "See: synsetlab accounts list, and synsetlab votes export",
            )
        pseudonym = free_pseudonym(connection, WITHOUT_ACCOUNT)
        pseudonymise(connection, name, pseudonym)
        event = {"at": datetime.now(UTC), "kind": "erased"}
        connection.execute(sa.insert(t.AccountEvent).values(event))
    return pseudonym


def pseudonymise(connection: Connection, name: str, pseudonym: str) -> None:
    """Put `pseudonym` wherever `name` stands: on the annotator, in who decided, in the model of skills.

    Votes name their annotator by number, so they stay as they are. An annotator whose name is another
    spelling of the same gets a pseudonym next to it. For the verdicts the triggers that refuse changes
    are set aside within this transaction; nothing else can write meanwhile.
    """
    # A run that keeps its model takes this row first as well: it sees the names from before or after.
    connection.execute(sa.select(t.Setting.value).where(t.Setting.key == POLICY).with_for_update())
    renamed = _rename_annotators(connection, name, pseudonym)
    _rename_in_model(connection, name, renamed)
    _end_invitations(connection, name)
    for spelling in _spelled(connection, sa.select(t.ImportRun.argument).where(RELABEL), name):
        runs = sa.update(t.ImportRun).where(RELABEL, t.ImportRun.argument == spelling)
        connection.execute(runs.values(argument=renamed.get(spelling, pseudonym)))
    for table in NAMED:
        for spelling in _spelled(connection, _deciders(table), name):
            change = sa.update(table).where(table.decided_by == spelling)
            change = change.values(decided_by=renamed.get(spelling, pseudonym))
            _change_fact(connection, table.__tablename__, change)


def _rename_annotators(connection: Connection, name: str, pseudonym: str) -> dict[str, str]:
    """The pseudonyms by the names that they replace; the annotator of just that name gets `pseudonym`."""
    renamed: dict[str, str] = {}
    spellings = _spelled(connection, sa.select(t.Annotator.name), name)
    for spelling in sorted(spellings, key=lambda one: (one != name, one)):
        new = free_pseudonym(connection, pseudonym) if renamed else pseudonym
        annotator = sa.update(t.Annotator).where(t.Annotator.name == spelling).returning(t.Annotator.id)
        number = connection.execute(annotator.values(name=new)).scalar_one()
        connection.execute(sa.delete(t.Lease).where(t.Lease.annotator_id == number))
        renamed[spelling] = new
    return renamed


def _rename_in_model(connection: Connection, name: str, renamed: Mapping[str, str]) -> None:
    """Skills are looked up by name: under the pseudonym they hold on until the next run."""
    asked = sa.select(t.Setting.key, t.Setting.value).where(t.Setting.key.in_([MODEL, MODEL_VERSION]))
    found = {key: value for key, value in connection.execute(asked)}  # noqa: C416 - rows are typed
    if not found.get(MODEL):
        return
    kept = json.loads(found[MODEL])
    tables = kept["by_annotator"].items()
    # A spelling that is no annotator's is of no use to anyone.
    kept["by_annotator"] = {
        renamed.get(one, one): table
        for one, table in tables
        if one in renamed or same_name(one) != same_name(name)
    }
    changed = {MODEL: json.dumps(kept), MODEL_VERSION: str(int(found.get(MODEL_VERSION, 0)) + 1)}
    for key, value in changed.items():
        connection.execute(sa.update(t.Setting).where(t.Setting.key == key).values(value=value))


def _end_invitations(connection: Connection, name: str) -> None:
    """Those in that name; a link that was never used keeps it."""
    asked = sa.select(t.Invitation.name).where(t.Invitation.name.is_not(None))
    for spelling in _spelled(connection, asked, name):
        theirs = sa.update(t.Invitation).where(t.Invitation.name == spelling)
        ended = sa.func.coalesce(t.Invitation.revoked_at, sa.literal(datetime.now(UTC), t.UtcDateTime()))
        connection.execute(theirs.values(name=None, revoked_at=ended))


def _everyone(connection: Connection) -> set[str]:
    """Who votes, decided, or relabelled, by name."""
    asked = [sa.select(t.Annotator.name), sa.select(t.ImportRun.argument).where(RELABEL)]
    asked += [_deciders(table) for table in NAMED]
    return {name for one in asked for name in connection.execute(one).scalars()}


def _deciders(table: type[t.ExpertVerdict | t.DuplicateVerdict | t.AnnotatorVerdict]) -> sa.Select[Any]:
    asked = sa.select(table.decided_by).distinct()
    return asked.where(table.decided_by != BY_POLICY) if table is t.DuplicateVerdict else asked


def _spelled(connection: Connection, asked: sa.Select[Any], name: str) -> set[str]:
    """Of the names that `asked` gives those that are this person's."""
    return {one for one in connection.execute(asked).scalars() if same_name(one) == same_name(name)}


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
