"""The vote log inside a transaction: append events, count what counts."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new, update_by_id
from synsetlab.store.prepared import Prepared, among, ids
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["STARTED", "UNTOUCHED", "append_votes", "microseconds", "recount", "restamp"]

Row = dict[str, Any]
ANSWERS = ("yes", "no", "unsure", "skip")
COUNTERS = (*(f"n_{answer}" for answer in ANSWERS), "n_label")
PLACES = {answer: place for place, answer in enumerate(ANSWERS)}
SKIPS, LABELS = PLACES["skip"], len(ANSWERS)
"""Where skips and classes are counted."""
QUESTIONS_PER_STATEMENT = 500

STARTED = 4
UNTOUCHED = 5
"""Bands of the queue: where the value of a vote is not known yet, and where nobody was asked."""


class _Question(NamedTuple):
    """What is stored of a question."""

    gold: str | None
    choices: str | None
    band: int
    queued_at: int
    n_yes: int
    n_no: int
    n_unsure: int
    n_skip: int
    n_label: int


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
    touched = {int(event["question_id"]) for _, events in batches for event in events}
    # Whoever votes on the same question counts after us, and then sees our vote.
    stored = _stored(connection, touched, lock=True)
    results: list[list[str] | InputError] = []
    rows: list[Row] = []
    for annotator_id, events in batches:
        try:
            made = [_row(event, annotator_id, stored, now) for event in events]
        except InputError as error:
            results.append(error)
            continue
        rows += made
        results.append([row["id"] for row in made])
        _end_leases(connection, annotator_id, {row["question_id"] for row in made})
    insert_new(connection, t.Vote, rows)
    update_by_id(connection, t.Question, _changed(connection, stored))
    return results


def _row(event: Row, annotator_id: int, stored: dict[int, _Question], now: datetime) -> Row:
    question = int(event["question_id"])
    if question not in stored:
        raise InputError(f"There is no question {question} in this workspace.", "Reload the page.")
    asked = stored[question]
    answers = ANSWERS if asked.choices is None else (*json.loads(asked.choices), "unsure", "skip")
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
        "is_gold": asked.gold is not None,
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
    wrong = 0
    for start in range(0, len(every), QUESTIONS_PER_STATEMENT):
        part = every[start : start + QUESTIONS_PER_STATEMENT]
        changed = _changed(connection, _stored(connection, part))
        wrong += len(changed)
        if not dry_run:
            update_by_id(connection, t.Question, changed)
    return wrong


def _changed(connection: Connection, stored: dict[int, _Question]) -> list[Row]:
    """What the log says otherwise: tallies, and with them what needs no policy, the band and the time in it.

    Bands 0 to 4 are the decision's to give; here they are only told from `UNTOUCHED`.
    """
    counted = {question: [0] * len(COUNTERS) for question in stored}
    asked = {"questions": ids(connection, stored)}
    for question, answer, number in _TALLY.rows(connection, asked):
        counted[question][PLACES.get(answer, LABELS)] += number
    changed = []
    now = microseconds()
    for question, (_, _, band, queued_at, *was) in stored.items():
        new = counted[question]
        if was == new:
            continue
        given, given_before = (sum(n) - n[SKIPS] for n in (new, was))
        place = min(band, STARTED) if given else UNTOUCHED
        # A skip gives back the place that a lease held: others may answer who had passed the question by.
        freed = given < given_before or new[SKIPS] > was[SKIPS]
        since = now if freed or place != band else queued_at
        numbers = dict(zip(COUNTERS, new, strict=True))
        changed.append({"id": question, **numbers, "band": place, "queued_at": since})
    return changed


def _stored(
    connection: Connection, questions: Collection[int], *, lock: bool = False
) -> dict[int, _Question]:
    """By id, ascending; with `lock` nobody else on PostgreSQL counts them before this transaction ends."""
    asked = {"questions": ids(connection, questions)}
    rows = (_LOCKED if lock else _STORED).rows(connection, asked)
    return {question: _Question(*values) for question, *values in rows}


def _end_leases(connection: Connection, annotator_id: int, questions: Collection[int]) -> None:
    _ENDED.once(connection, {"whose": annotator_id, "questions": ids(connection, questions)})


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


def _questions(dialect: str, *, lock: bool) -> Any:
    own = t.Question
    counters = (getattr(own, name) for name in COUNTERS)
    found = sa.select(
        own.id, own.gold_answer, sa.cast(own.choices, sa.Text), own.band, own.queued_at, *counters
    )
    found = found.where(among(own.id, "questions", dialect)).order_by(own.id)
    # Rows are locked by id everywhere, and so that new leases and votes may still point to them: no two
    # wait for each other.
    locked = lock and dialect == "postgresql"
    return found.with_for_update(of=own, key_share=True) if locked else found


def _tally(dialect: str) -> Any:
    votes = effective_votes(among(t.Vote.question_id, "questions", dialect)).subquery()
    columns = (votes.c.question_id, votes.c.answer)
    return sa.select(*columns, sa.func.count()).group_by(*columns)


def _leases(dialect: str) -> Any:
    theirs = t.Lease.annotator_id == sa.bindparam("whose")
    return sa.delete(t.Lease).where(theirs, among(t.Lease.question_id, "questions", dialect))


_STORED = Prepared(partial(_questions, lock=False))
_LOCKED = Prepared(partial(_questions, lock=True))
_TALLY = Prepared(_tally)
_ENDED = Prepared(_leases)
