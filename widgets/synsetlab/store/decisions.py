"""Decisions inside a transaction: what a judge needs to know, what is kept, what the logs say stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new, update_by_id
from synsetlab.store.reader import effective_votes
from synsetlab.store.tallies import microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = [
    "DEFAULT_VOTES_WANTED",
    "OUTCOME_OF_VERDICT",
    "append_decisions",
    "cases_of",
    "expected_state",
    "standing",
    "standing_verdicts",
]

Row = dict[str, Any]
DEFAULT_VOTES_WANTED = 3
OUTCOME_OF_VERDICT = {"accept": "accepted", "reject": "rejected", "exclude": "excluded"}
CACHED = ("outcome", "posterior", "label", "votes_wanted")


def cases_of(connection: Connection, questions: Collection[int]) -> list[Row]:
    """What a judge must know of `questions`, by id; in PostgreSQL they stay locked until the end.

    Each has the columns of ``question``, ``duplicate_of`` of its image, ``votes`` (annotator, role,
    answer; those that count, in order), and ``expert`` (the verdict that stands, or None) with
    ``expert_wants`` (votes in all that a standing ``more-votes`` asked for).
    """
    ids = sorted(set(questions))
    statement = (
        sa.select(*t.Question.__table__.columns, t.Image.duplicate_of)
        .join(t.Image, t.Image.id == t.Question.image_id)
        .where(t.Question.id.in_(ids))
        .order_by(t.Question.id)
    )
    if connection.dialect.name == "postgresql":
        statement = statement.with_for_update(of=t.Question, key_share=True)
    cases = {row["id"]: dict(row, votes=[]) for row in connection.execute(statement).mappings()}
    votes = effective_votes(t.Vote.question_id.in_(ids)).subquery()
    said = (
        sa.select(votes.c.question_id, t.Annotator.name, t.Annotator.role, votes.c.answer)
        .join(t.Annotator, t.Annotator.id == votes.c.annotator_id)
        .order_by(votes.c.seq)
    )
    for question, name, role, answer in connection.execute(said):
        cases[question]["votes"].append((name, role, answer))
    verdicts = standing_verdicts(connection, ids)
    for question, case in cases.items():
        verdict = verdicts.get(question, {})
        case["expert"] = verdict.get("verdict")
        case["expert_wants"] = verdict.get("votes_wanted")
    return list(cases.values())


def append_decisions(connection: Connection, policy: Row, rows: Sequence[Row], now: datetime) -> None:
    """Append decisions and cache what they say; see `synsetlab.store.writer.Writer.record_decisions`."""
    insert_new(connection, t.Policy, [policy])
    if not rows:
        return
    facts = [
        {"label": None, **{key: row[key] for key in row if key != "band"}} | _stamp(policy, now)
        for row in rows
    ]
    connection.execute(sa.insert(t.Decision), facts)
    update_by_id(
        connection,
        t.Question,
        [{"id": row["question_id"], **{name: row.get(name) for name in CACHED}} for row in rows],
    )
    ranked: dict[int, list[int]] = {}
    for row in rows:
        if row.get("band") is not None:
            ranked.setdefault(row["band"], []).append(row["question_id"])
    # A new time for all of them: more votes may be wanted than before.
    stamp = microseconds()
    for band, ids in ranked.items():
        for start in range(0, len(ids), 10_000):
            moved = sa.update(t.Question).where(t.Question.id.in_(ids[start : start + 10_000]))
            connection.execute(moved.values(band=band, queued_at=stamp))


def expected_state(connection: Connection, questions: Collection[int] | None) -> dict[int, Row]:
    """Outcome, posterior, label and votes_wanted of each question as the logs have them.

    Of the standing expert verdict, else of the last decision, else nothing was decided. A
    ``votes_wanted`` of None was not kept (by a decision of schema 0001).
    """
    chosen = sa.select(t.Question.id)
    last = sa.select(sa.func.max(t.Decision.seq)).group_by(t.Decision.question_id)
    if questions is not None:
        chosen = chosen.where(t.Question.id.in_(list(questions)))
        last = last.where(t.Decision.question_id.in_(list(questions)))
    blank = {"outcome": "open", "posterior": None, "label": None, "votes_wanted": DEFAULT_VOTES_WANTED}
    state: dict[int, Row] = {row[0]: dict(blank) for row in connection.execute(chosen)}
    decided_at = {}
    for row in _decisions(connection, last):
        state[row["question_id"]] = {name: row[name] for name in CACHED}
        decided_at[row["question_id"]] = row["decided_at"]
    for question, verdict in standing(_verdicts(connection, questions)).items():
        found = state.get(question)
        if found is None:
            continue  # a verdict on a question that is not there: the doctor says so
        if verdict["verdict"] in OUTCOME_OF_VERDICT:
            found["outcome"] = OUTCOME_OF_VERDICT[verdict["verdict"]]
        elif question not in decided_at or decided_at[question] < verdict["decided_at"]:
            # More votes were asked for after the last decision.
            found.update(outcome="open", votes_wanted=verdict["votes_wanted"])
    return state


def standing(log: Iterable[Row]) -> dict[int, Row]:
    """The verdict that counts on each question of an expert log in order: the last one not undone."""
    given: dict[int, list[Row]] = {}
    for row in log:
        rows = given.setdefault(row["question_id"], [])
        if row["verdict"] != "undo":
            rows.append(row)
        elif rows:
            rows.pop()
    return {question: rows[-1] for question, rows in given.items() if rows}


def standing_verdicts(connection: Connection, questions: Collection[int]) -> dict[int, Row]:
    """`standing` of the logs of these questions."""
    return standing(_verdicts(connection, questions))


def _stamp(policy: Row, now: datetime) -> Row:
    return {"policy_hash": policy["hash"], "decided_at": now}


def _decisions(connection: Connection, last: Any) -> Iterable[Any]:
    columns = sa.select(*t.Decision.__table__.columns).where(t.Decision.seq.in_(last))
    return connection.execute(columns).mappings()


def _verdicts(connection: Connection, questions: Collection[int] | None) -> list[Row]:
    statement = sa.select(*t.ExpertVerdict.__table__.columns).order_by(t.ExpertVerdict.seq)
    if questions is not None:
        statement = statement.where(t.ExpertVerdict.question_id.in_(list(questions)))
    return [dict(row) for row in connection.execute(statement).mappings()]
