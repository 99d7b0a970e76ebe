"""The vote log inside a transaction: append events, and count them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new
from synsetlab.store.prepared import Prepared, among, ids, listed, texts
from synsetlab.store.sent_again import check_sent_again
from synsetlab.store.tallies import ANSWERS, Asked, Tally, count, place_of, set_tallies, stored

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["append_votes", "voted_on"]

Row = dict[str, Any]

SAID = ("annotator_id", "question_id", "answer", "retracts")
"""What an event says, and who says it: all of it is the same where the event is sent again."""


def append_votes(
    connection: Connection, batches: Sequence[tuple[int, Sequence[Row]]], now: datetime
) -> list[list[str] | InputError]:
    """Append events of several annotators (number, events), and bring their questions' counters up to date.

    Returns for each batch the ids that are in the log, or why nothing of it can be: the others do
    not wait for it, and pay together for what one would cost. Raises InputError where two events have
    one id, and then stores nothing: whose it is shows only where each batch is appended alone.

    An event has ``id`` (UUID of the client), ``question_id``, and either ``answer`` (yes, no,
    unsure, skip; of a question with choices one of these, unsure, skip) or ``retracts`` (the id of an
    answer of the same annotator); optionally ``shown_at``, ``decided_at``, ``active_ms``, ``batch``,
    ``source``. Votes on gold questions are marked so. An answer ends the annotator's lease on the
    question, and so does a retraction.
    """
    touched = {int(event["question_id"]) for _, events in batches for event in events}
    # Whoever votes on the same question counts after us, and then sees our vote.
    before = stored(connection, touched, lock=True)
    results: list[list[str] | InputError] = []
    rows: dict[int, list[Row]] = {}
    for annotator_id, events in batches:
        try:
            made = [_row(event, annotator_id, before, now) for event in events]
            _check_retractions(connection, made)
        except InputError as error:
            results.append(error)
            continue
        rows.setdefault(annotator_id, []).extend(made)
        results.append([row["id"] for row in made])
    for annotator_id, theirs in rows.items():
        _end_leases(connection, annotator_id, {row["question_id"] for row in theirs})
    set_tallies(connection, before, _append(connection, before, rows))
    return results


def voted_on(connection: Connection, annotator_id: int, questions: Collection[int]) -> set[int]:
    """Those of `questions` on which the annotator has said something, if only to take it back."""
    whose = {"whose": annotator_id, "questions": ids(connection, questions)}
    return {row[0] for row in _MET.rows(connection, whose)}


def _append(connection: Connection, before: dict[int, Asked], rows: dict[int, list[Row]]) -> dict[int, Tally]:
    """Append rows by annotator; returns the tallies with them of the questions that they touch.

    Most answers are all that their annotator ever said of the question, and then one more counts. Where
    there is more to it (`_entangled`), the log is read.
    """
    every = [row for theirs in rows.values() for row in theirs]
    by_log = _entangled(connection, rows)
    if insert_new(connection, t.Vote, every) < len(every):
        check_sent_again(connection, t.Vote, every, SAID)
        by_log = {row["question_id"] for row in every}
    tallies = count(connection, by_log)
    for row in every:
        question = row["question_id"]
        if question in by_log:
            continue
        tally = tallies.get(question)
        if tally is None:
            tally = tallies[question] = list(before[question].tally)
        tally[place_of(row["answer"])] += 1
    return tallies


def _entangled(connection: Connection, rows: dict[int, list[Row]]) -> set[int]:
    """Questions of rows that do not simply count one more, each.

    That is: of annotators who do not count, who have said something of the question before (if only
    that they take an answer back, which is to come yet), or say more than one thing of it now.
    """
    excluded = {row[0] for row in _EXCLUDED.rows(connection, {"annotators": ids(connection, rows)})}
    found: set[int] = set()
    for annotator_id, theirs in rows.items():
        questions = {row["question_id"] for row in theirs}
        if annotator_id in excluded or len(questions) < len(theirs):
            found |= questions
            continue
        found |= voted_on(connection, annotator_id, questions)
        found.update(row["question_id"] for row in theirs if row["answer"] is None)
    return found


def _check_retractions(connection: Connection, rows: Sequence[Row]) -> None:
    """An answer is taken back under its own question, or that question's tally would not hear of it."""
    retractions = {row["retracts"]: row for row in rows if row["retracts"] is not None}
    if not retractions:
        return
    for vote, question in _ANSWERED.rows(connection, {"ids": texts(connection, retractions)}):
        asked = retractions[vote]["question_id"]
        if asked != question:
            raise InputError(
                f"The vote {vote} is on question {question}, and a retraction names question {asked}.",
                "Reload the page.",
            )


def _row(event: Row, annotator_id: int, before: dict[int, Asked], now: datetime) -> Row:
    question = int(event["question_id"])
    if question not in before:
        raise InputError(f"There is no question {question} in this workspace.", "Reload the page.")
    asked = before[question]
    answers = ANSWERS if asked.choices is None else (*json.loads(asked.choices), "unsure", "skip")
    get = event.get
    answer, retracts = get("answer"), get("retracts")
    if (answer in answers) == (retracts is not None):
        raise InputError(
            f"The vote {event['id']} answers {answer!r}.",
            f"Answers are: {', '.join(answers)}.",
        )
    return {
        "id": str(event["id"]),
        "question_id": question,
        "annotator_id": annotator_id,
        "answer": answer,
        "retracts": retracts,
        "is_gold": asked.gold is not None,
        "source": get("source", "grid"),
        "shown_at": get("shown_at"),
        "decided_at": get("decided_at") or now,
        "active_ms": get("active_ms"),
        "batch": get("batch"),
        "received_at": now,
    }


def _end_leases(connection: Connection, annotator_id: int, questions: Collection[int]) -> None:
    _ENDED.once(connection, {"whose": annotator_id, "questions": ids(connection, questions)})


def _leases(dialect: str) -> Any:
    theirs = t.Lease.annotator_id == sa.bindparam("whose")
    return sa.delete(t.Lease).where(theirs, among(t.Lease.question_id, "questions", dialect))


def _met(dialect: str) -> Any:
    asked = listed("questions", dialect)
    said = sa.select(t.Vote.question_id).where(
        t.Vote.annotator_id == sa.bindparam("whose"), t.Vote.question_id == asked.c.value
    )
    # Not as a join: PostgreSQL keeps the plan that it made while nobody had voted, and read all votes.
    return sa.select(asked.c.value).where(said.limit(1).scalar_subquery().is_not(None))


def _excluded(dialect: str) -> Any:
    return sa.select(t.Annotator.id).where(t.Annotator.excluded, among(t.Annotator.id, "annotators", dialect))


def _answered(dialect: str) -> Any:
    return sa.select(t.Vote.id, t.Vote.question_id).where(among(t.Vote.id, "ids", dialect))


_ENDED = Prepared(_leases)
_MET = Prepared(_met)
_EXCLUDED = Prepared(_excluded)
_ANSWERED = Prepared(_answered)
