"""Expert verdicts inside a transaction: append them, cache what they mean, move pictures between synsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new
from synsetlab.store.rebuild import refresh_state
from synsetlab.store.votelog import microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["give_verdicts", "relabel"]

Row = dict[str, Any]


def give_verdicts(connection: Connection, rows: Sequence[Row], now: datetime) -> dict[int, str]:
    """See `synsetlab.store.writer.Writer.record_expert_verdicts`."""
    blank = {"votes_wanted": None, "decided_at": now}
    insert_new(connection, t.ExpertVerdict, [{**blank, **row} for row in rows])
    questions = sorted({int(row["question_id"]) for row in rows})
    refresh_state(connection, questions)
    outcomes = sa.select(t.Question.id, t.Question.outcome).where(t.Question.id.in_(questions))
    return {question: outcome for question, outcome in connection.execute(outcomes)}  # noqa: C416 - rows are typed


def relabel(
    connection: Connection,
    moves: Sequence[Row],
    wnid: str,
    *,
    by: str,
    question: Mapping[str, Any],
    now: datetime,
) -> dict[int, str]:
    """See `synsetlab.store.writer.Writer.relabel`; `question` is what a new question holds."""
    images = [row["image_id"] for row in moves]
    asked = sa.select(t.Question.image_id, t.Question.id).where(t.Question.wnid == wnid)
    known = {row[0] for row in connection.execute(asked.where(t.Question.image_id.in_(images)))}
    new = sorted(set(images) - known)
    if new:
        run = {"kind": "relabel", "argument": by, "started_at": now, "finished_at": now}
        made = connection.execute(sa.insert(t.ImportRun).values(run).returning(t.ImportRun.id))
        number = int(made.scalar_one())
        pairs = [{"image_id": image, "wnid": wnid} for image in new]
        insert_new(connection, t.Candidate, [{**pair, "import_id": number} for pair in pairs])
        fresh = {**question, "queued_at": microseconds()}
        insert_new(connection, t.Question, [{**pair, **fresh} for pair in pairs])
    found = connection.execute(asked.where(t.Question.image_id.in_(images)))
    targets = {image: int(number) for image, number in found}
    rows = [{**row["reject"], "question_id": row["question_id"]} for row in moves]
    rows += [{**row["accept"], "question_id": targets[row["image_id"]]} for row in moves]
    return give_verdicts(connection, rows, now)
