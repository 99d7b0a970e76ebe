"""What questions say about their votes: counters of the log, and their place in the queue."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.prepared import Prepared, among, ids
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.engine import Connection

__all__ = [
    "ANSWERS",
    "STARTED",
    "UNTOUCHED",
    "Asked",
    "count",
    "microseconds",
    "place_of",
    "recount",
    "restamp",
    "set_tallies",
    "stored",
]

Row = dict[str, Any]
Tally = list[int]
"""How many votes of each kind count: yes, no, unsure, skip, and those that name a class."""
ANSWERS = ("yes", "no", "unsure", "skip")
COUNTERS = (*(f"n_{answer}" for answer in ANSWERS), "n_label")
PLACES = {answer: place for place, answer in enumerate(ANSWERS)}
SKIPS, LABELS = PLACES["skip"], len(ANSWERS)
"""Where skips and classes are counted."""
QUESTIONS_PER_STATEMENT = 500

STARTED = 4
UNTOUCHED = 5
"""Bands of the queue: where the value of a vote is not known yet, and where nobody was asked."""


class Asked(NamedTuple):
    """What is stored of a question."""

    gold: str | None
    choices: str | None
    band: int
    tally: Tally


def place_of(answer: str) -> int:
    """Where in a tally an answer is counted."""
    return PLACES.get(answer, LABELS)


def stored(connection: Connection, questions: Collection[int], *, lock: bool = False) -> dict[int, Asked]:
    """By id, ascending; with `lock` nobody else on PostgreSQL counts them before this transaction ends."""
    asked = {"questions": ids(connection, questions)}
    rows = (_LOCKED if lock else _STORED).rows(connection, asked)
    return {question: Asked(gold, choices, band, tally) for question, gold, choices, band, *tally in rows}


def count(connection: Connection, questions: Iterable[int]) -> dict[int, Tally]:
    """The tallies of questions, by the log."""
    counted = {question: [0] * len(COUNTERS) for question in questions}
    if counted:
        asked = {"questions": ids(connection, counted)}
        for question, answer, number in _TALLY.rows(connection, asked):
            counted[question][place_of(answer)] += number
    return counted


def set_tallies(
    connection: Connection,
    before: Mapping[int, Asked],
    tallies: Mapping[int, Tally],
    *,
    dry_run: bool = False,
) -> int:
    """Let questions say these tallies; returns how many said otherwise.

    With them changes what needs no policy, the band and the time in it. Bands 0 to 4 are the decision's
    to give; here they are only told from `UNTOUCHED`.
    """
    changes: dict[tuple[tuple[int, ...], tuple[int, ...], int], list[int]] = {}
    for question, tally in tallies.items():
        asked = before[question]
        if asked.tally != tally:
            changes.setdefault((tuple(asked.tally), tuple(tally), asked.band), []).append(question)
    if not dry_run:
        _write(connection, changes)
    return sum(len(questions) for questions in changes.values())


def _place(was: tuple[int, ...], tally: tuple[int, ...], band: int) -> int | None:
    """The band to which questions of one go by a tally that was another; None where they stay."""
    given, given_before = sum(tally) - tally[SKIPS], sum(was) - was[SKIPS]
    place = min(band, STARTED) if given else UNTOUCHED
    # A skip gives back the place that a lease held: others may answer who had passed the question by.
    freed = given < given_before or tally[SKIPS] > was[SKIPS]
    return place if freed or place != band else None


def _write(
    connection: Connection, changes: Mapping[tuple[tuple[int, ...], tuple[int, ...], int], list[int]]
) -> None:
    """Set the tally, and the place where it is another: a statement for all that are to say the same.

    There are few kinds of these, and the queue's index is left alone where nothing moves in it.
    """
    alike: dict[tuple[tuple[int, ...], int | None], list[int]] = {}
    for (was, tally, band), questions in changes.items():
        alike.setdefault((tally, _place(was, tally, band)), []).extend(questions)
    now = microseconds()
    for (tally, place), questions in alike.items():
        row: Row = dict(zip(COUNTERS, tally, strict=True))
        row["questions"] = ids(connection, questions)
        if place is None:
            _COUNTED.once(connection, row)
        else:
            _MOVED.once(connection, {**row, "place": place, "now": now})


def recount(connection: Connection, questions: Collection[int] | None, *, dry_run: bool = False) -> int:
    """Count the effective votes of `questions` (None: of all) anew; returns how many rows were wrong."""
    if questions is None:
        questions = [row[0] for row in connection.execute(sa.select(t.Question.id).order_by(t.Question.id))]
    every = sorted(questions)
    wrong = 0
    for start in range(0, len(every), QUESTIONS_PER_STATEMENT):
        before = stored(connection, every[start : start + QUESTIONS_PER_STATEMENT], lock=not dry_run)
        wrong += set_tallies(connection, before, count(connection, before), dry_run=dry_run)
    return wrong


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
    found = sa.select(own.id, own.gold_answer, sa.cast(own.choices, sa.Text), own.band, *counters)
    found = found.where(among(own.id, "questions", dialect)).order_by(own.id)
    # Rows are locked by id everywhere, and so that new leases and votes may still point to them: no two
    # wait for each other.
    locked = lock and dialect == "postgresql"
    return found.with_for_update(of=own, key_share=True) if locked else found


def _tally(dialect: str) -> Any:
    votes = effective_votes(among(t.Vote.question_id, "questions", dialect)).subquery()
    columns = (votes.c.question_id, votes.c.answer)
    return sa.select(*columns, sa.func.count()).group_by(*columns)


def _set(dialect: str, *, move: bool) -> Any:
    own = t.Question
    values = {name: sa.bindparam(name, type_=sa.Integer) for name in COUNTERS}
    if move:
        values |= {"band": sa.bindparam("place", type_=sa.Integer)}
        values |= {"queued_at": sa.bindparam("now", type_=sa.BigInteger)}
    return sa.update(own).where(among(own.id, "questions", dialect)).values(values)


_STORED = Prepared(partial(_questions, lock=False))
_LOCKED = Prepared(partial(_questions, lock=True))
_TALLY = Prepared(_tally)
_COUNTED = Prepared(partial(_set, move=False))
_MOVED = Prepared(partial(_set, move=True))
