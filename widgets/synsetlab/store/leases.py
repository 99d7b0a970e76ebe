"""Hand out questions: a page is leased to an annotator, so that others are not asked the same too often."""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.free_questions import Asker, free_questions, kept, met
from synsetlab.store.prepared import Prepared, in_order, numbered
from synsetlab.store.tallies import restamp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["claim"]

CONTROLS_LOOKED_AT = 400


def claim(
    connection: Connection,
    annotator_id: int,
    wnid: str,
    size: int,
    *,
    batch: str,
    minutes: float,
    now: datetime,
    controls: float,
) -> list[int]:
    """Lease up to `size` open questions of `wnid` to the annotator; returns their ids.

    First what this annotator holds already, in the same order (a reloaded page shows the same
    pictures), then others by band. A question is handed out while its votes and the leases of
    others are fewer than the votes it wants. Dropped duplicates are not asked about. `controls` of
    the new ones are gold questions and hard negatives, at places that `batch` decides; they are
    never full, but are offered only among others.
    """
    asker = Asker(connection, annotator_id, wnid)
    if connection.dialect.name == "postgresql":
        # Leases are counted, not locked: two claims on a synset at once could both see the last free one.
        key = int.from_bytes(hashlib.blake2b(wnid.encode(), digest_size=7).digest())
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    _sweep(connection, now)
    held = _held(asker)[:size]
    room = size - len(held)
    fresh = _mixed(asker, room, round(room * controls), random.Random(batch)) if room > 0 else []
    expires = now + timedelta(minutes=minutes)
    if fresh:
        terms = {"annotator": annotator_id, "batch": batch, "expires_at": expires, "held": len(held)}
        _LEASE.once(connection, {**terms, "questions": in_order(connection, fresh)})
    if held:
        mine = sa.update(t.Lease).where(t.Lease.annotator_id == annotator_id, t.Lease.question_id.in_(held))
        connection.execute(mine.values(expires_at=expires, batch=batch))
    return held + fresh


def _sweep(connection: Connection, now: datetime) -> None:
    """End the leases of whoever went away; their questions are free again."""
    questions = [row[0] for row in _GONE.rows(connection, {"now": now})]
    if questions:
        over = sa.delete(t.Lease).where(t.Lease.expires_at <= now, t.Lease.question_id.in_(questions))
        connection.execute(over)
        restamp(connection, questions)


def _held(asker: Asker) -> list[int]:
    return [row[0] for row in _HELD.rows(asker.connection, asker.terms)]


def _mixed(asker: Asker, room: int, controls: int, rng: random.Random) -> list[int]:
    """Questions with hidden controls among them; none where there is nothing to hide them among."""
    found = free_questions(asker, room)
    if not found:
        return []
    hidden = _controls(asker, controls, rng)
    page = found[: room - len(hidden)]
    for question in hidden:
        page.insert(rng.randrange(len(page) + 1), question)
    return page


def _controls(asker: Asker, wanted: int, rng: random.Random) -> list[int]:
    """Gold questions and hard negatives that the annotator has not met, half of each where there are both."""
    if wanted <= 0:
        return []
    rows = _CONTROLS.rows(asker.connection, asker.terms)
    gold = [question for question, control in rows if control is None]
    siblings = [question for question, control in rows if control is not None]
    rng.shuffle(gold)
    rng.shuffle(siblings)
    half = max(wanted - len(siblings), (wanted + 1) // 2)
    chosen = gold[:half]
    return chosen + siblings[: wanted - len(chosen)]


# ---- the statements: each is prepared, for a page is found in less time than SQLAlchemy takes to ask for it


def _gone_statement(dialect: str) -> Any:
    gone = sa.select(t.Lease.question_id).where(t.Lease.expires_at <= sa.bindparam("now"))
    free = sa.select(t.Question.id).where(t.Question.id.in_(gone)).order_by(t.Question.id)
    # PostgreSQL: whoever votes on one of them right now holds it; the next page sweeps that one.
    locked = dialect == "postgresql"
    return free.with_for_update(of=t.Question, key_share=True, skip_locked=True) if locked else free


def _held_statement(_dialect: str) -> Any:
    return (
        sa.select(t.Lease.question_id)
        .join(t.Question, t.Question.id == t.Lease.question_id)
        .where(t.Lease.annotator_id == sa.bindparam("annotator"), t.Question.wnid == sa.bindparam("wnid"))
        .order_by(t.Lease.place, t.Lease.question_id)
    )


def _lease_statement(dialect: str) -> Any:
    """A page, in its order; those before it are held already. No question is in it twice."""
    lease = t.Lease
    question, place = numbered("questions", dialect)
    row = {
        "question_id": question,
        "annotator_id": sa.bindparam("annotator", type_=lease.annotator_id.type),
        "batch": sa.bindparam("batch", type_=lease.batch.type),
        "expires_at": sa.bindparam("expires_at", type_=lease.expires_at.type),
        "place": place + sa.bindparam("held", type_=sa.Integer),
    }
    return sa.insert(lease).from_select(list(row), sa.select(*row.values()))


def _controls_statement(dialect: str) -> Any:
    return (
        sa.select(t.Question.id, t.Question.control)
        .where(
            t.Question.wnid == sa.bindparam("wnid"),
            t.Question.gold_answer.is_not(None),
            ~t.Question.example,
            ~met(sa.bindparam("annotator"), t.Question.id),
            kept("question.image_id", dialect),
        )
        .order_by(t.Question.id)
        .limit(CONTROLS_LOOKED_AT)
    )


_GONE = Prepared(_gone_statement)
_HELD = Prepared(_held_statement)
_LEASE = Prepared(_lease_statement)
_CONTROLS = Prepared(_controls_statement)
