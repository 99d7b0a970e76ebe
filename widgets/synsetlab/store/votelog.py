"""The vote log inside a transaction: append events, count what counts."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new, update_by_id
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["STARTED", "UNTOUCHED", "append_votes", "microseconds", "recount", "restamp"]

Row = dict[str, Any]
ANSWERS = ("yes", "no", "unsure", "skip")
COUNTERS = (*(f"n_{answer}" for answer in ANSWERS), "n_label")
QUESTIONS_PER_STATEMENT = 500

STARTED = 4
UNTOUCHED = 5
"""Bands of the queue: where the value of a vote is not known yet, and where nobody was asked."""


def append_votes(
    connection: Connection, batches: Sequence[tuple[int, Sequence[Row]]], now: datetime
) -> list[list[str] | InputError]:
    """Append events of several annotators (number, events), and bring their questions' counters up to date.

    Returns for each batch the ids that are in the log, or why nothing of it can be: the others do
    not wait for it, and pay together for what one would cost.

    An event has ``id`` (UUID of the client), ``question_id``, and either ``answer`` (yes, no,
    unsure, skip; of a question with choices one of these, unsure, skip) or ``retracts`` (the id of an
    answer of the same annotator); optionally ``shown_at``, ``decided_at``, ``active_ms``, ``batch``,
    ``source``. Votes on gold questions are marked so. An answer ends the annotator's lease on the
    question, and so does a retraction.
    """
    questions = {int(event["question_id"]) for _, events in batches for event in events}
    known = _known(connection, questions)
    results: list[list[str] | InputError] = []
    rows: list[Row] = []
    for annotator_id, events in batches:
        try:
            made = [_row(event, annotator_id, known, now) for event in events]
        except InputError as error:
            results.append(error)
            continue
        rows += made
        results.append([row["id"] for row in made])
    insert_new(connection, t.Vote, rows)
    recount(connection, {row["question_id"] for row in rows})
    ended = {(row["annotator_id"], row["question_id"]) for row in rows}
    if ended:
        connection.execute(_end_lease(), [{"whose": whose, "of": of} for whose, of in sorted(ended)])
    return results


def _row(
    event: Row, annotator_id: int, known: dict[int, tuple[bool, list[str] | None]], now: datetime
) -> Row:
    question = int(event["question_id"])
    if question not in known:
        raise InputError(f"There is no question {question} in this workspace.", "Reload the page.")
    gold, choices = known[question]
    answers = ANSWERS if choices is None else (*choices, "unsure", "skip")
    if (event.get("answer") in answers) == (event.get("retracts") is not None):
        raise InputError(
            f"The vote {event['id']} answers {event.get('answer')!r}.",
            f"Answers are: {', '.join(answers)}.",
        )
    return {
        "id": str(event["id"]),
        "question_id": question,
        "annotator_id": annotator_id,
        "answer": event.get("answer"),
        "retracts": event.get("retracts"),
        "is_gold": gold,
        "source": event.get("source", "grid"),
        "shown_at": event.get("shown_at"),
        "decided_at": event.get("decided_at") or now,
        "active_ms": event.get("active_ms"),
        "batch": event.get("batch"),
        "received_at": now,
    }


def recount(connection: Connection, questions: Collection[int] | None, *, dry_run: bool = False) -> int:
    """Count the effective votes of `questions` (None: of all) anew; returns how many rows were wrong."""
    if questions is None:
        questions = [row[0] for row in connection.execute(sa.select(t.Question.id).order_by(t.Question.id))]
    every = sorted(questions)
    step = QUESTIONS_PER_STATEMENT
    parts = (every[start : start + step] for start in range(0, len(every), step))
    return sum(_recount(connection, part, dry_run=dry_run) for part in parts)


def _recount(connection: Connection, questions: list[int], *, dry_run: bool) -> int:
    """Set tallies, and with them what needs no policy: the band, and when the question came into it.

    Bands 0 to 4 are the decision's to give; here they are only told from `UNTOUCHED`.
    """
    counted = {question: dict.fromkeys(COUNTERS, 0) for question in questions}
    asked = {"questions": questions}
    for question, answer, number in connection.execute(_tally(), asked):
        counted[question][f"n_{answer}" if answer in ANSWERS else "n_label"] += number
    changed = []
    now = microseconds()
    for question, band, queued_at, *numbers in connection.execute(_stored(), asked):
        was, new = dict(zip(COUNTERS, numbers, strict=True)), counted[question]
        if was == new:
            continue
        given, given_before = (sum(n.values()) - n["n_skip"] for n in (new, was))
        place = min(band, STARTED) if given else UNTOUCHED
        # A skip gives back the place that a lease held: others may answer who had passed the question by.
        freed = given < given_before or new["n_skip"] > was["n_skip"]
        moved = freed or place != band
        changed.append({"id": question, **new, "band": place, "queued_at": now if moved else queued_at})
    if not dry_run:
        update_by_id(connection, t.Question, changed)
    return len(changed)


def restamp(connection: Connection, questions: list[int]) -> None:
    """Tell the queue that questions may have become free: no annotator's cursor is beyond them now."""
    questions = sorted(questions)
    for start in range(0, len(questions), QUESTIONS_PER_STATEMENT):
        part = questions[start : start + QUESTIONS_PER_STATEMENT]
        if connection.dialect.name == "postgresql":
            # An update locks its rows in any order: two of them could wait for each other.
            rows = sa.select(t.Question.id).where(t.Question.id.in_(part)).order_by(t.Question.id)
            connection.execute(rows.with_for_update(key_share=True))
        change = sa.update(t.Question).where(t.Question.id.in_(part))
        connection.execute(change.values(queued_at=microseconds()))


def microseconds() -> int:
    """Now, as the queue counts: microseconds since 1970."""
    return time.time_ns() // 1000


def _known(connection: Connection, questions: Collection[int]) -> dict[int, tuple[bool, list[str] | None]]:
    # Whoever votes on the same question counts after us, and then sees our vote. Rows are locked by id
    # everywhere, and so that new leases and votes may still point to them: no two wait for each other.
    found = _asked(locked=connection.dialect.name == "postgresql")
    rows = connection.execute(found, {"questions": list(questions)})
    return {question: (gold is not None, choices) for question, gold, choices in rows}


# Built once: building them takes longer than SQLite takes to answer.

_GIVEN: Any = sa.bindparam("questions", expanding=True)


@cache
def _asked(*, locked: bool) -> Any:
    found = sa.select(t.Question.id, t.Question.gold_answer, t.Question.choices)
    found = found.where(t.Question.id.in_(_GIVEN)).order_by(t.Question.id)
    return found.with_for_update(of=t.Question, key_share=True) if locked else found


@cache
def _tally() -> Any:
    votes = effective_votes(t.Vote.question_id.in_(_GIVEN)).subquery()
    columns = (votes.c.question_id, votes.c.answer)
    return sa.select(*columns, sa.func.count()).group_by(*columns)


@cache
def _stored() -> Any:
    columns = (t.Question.band, t.Question.queued_at, *(getattr(t.Question, name) for name in COUNTERS))
    return sa.select(t.Question.id, *columns).where(t.Question.id.in_(_GIVEN)).order_by(t.Question.id)


@cache
def _end_lease() -> Any:
    theirs = t.Lease.annotator_id == sa.bindparam("whose")
    return sa.delete(t.Lease).where(theirs, t.Lease.question_id == sa.bindparam("of"))
