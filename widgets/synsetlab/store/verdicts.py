"""Verdicts of people inside a transaction: append them, cache what they mean, let others stand again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.defaults import BY_POLICY
from synsetlab.store.engine import insert_new
from synsetlab.store.rebuild import refresh_state
from synsetlab.store.sent_again import check_sent_again
from synsetlab.store.tallies import microseconds, restamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["give_duplicate_verdicts", "give_verdicts", "relabel", "take_back_duplicate_verdicts"]

Row = dict[str, Any]


def give_verdicts(connection: Connection, rows: Sequence[Row], now: datetime) -> dict[int, str]:
    """See `synsetlab.store.writer.Writer.record_expert_verdicts`."""
    blank = {"votes_wanted": None, "decided_at": now}
    if insert_new(connection, t.ExpertVerdict, [{**blank, **row} for row in rows]) < len(rows):
        check_sent_again(connection, t.ExpertVerdict, rows, ("question_id", "verdict", "decided_by"))
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


def give_duplicate_verdicts(connection: Connection, rows: Sequence[Row]) -> None:
    """See `synsetlab.store.writer.Writer.add_duplicate_verdicts`; `rows` are whole."""
    connection.execute(sa.insert(t.DuplicateVerdict), list(rows))
    for row in rows:
        dropped = row["duplicate_of"] if row["verdict"] == "drop" else None
        image = sa.update(t.Image).where(t.Image.id == row["image_id"])
        connection.execute(image.values(duplicate_of=dropped))
        if dropped is None:
            asked = sa.select(t.Question.id).where(t.Question.image_id == row["image_id"])
            restamp(connection, [found[0] for found in connection.execute(asked)])


def take_back_duplicate_verdicts(
    connection: Connection, given: Mapping[str, tuple[int, int]], *, by: str, now: datetime
) -> dict[str, Row]:
    """See `synsetlab.store.writer.Writer.take_back_duplicate_verdicts`."""
    again: dict[str, Row] = {}
    for image, (seq, stands_by) in given.items():
        log = _log_of(connection, image)
        stands, mine = log[-1:], [row for row in log if row["seq"] == seq]
        if not (stands and mine and stands[0]["seq"] == stands_by and _same(stands[0], mine[0], by)):
            judge = stands[0]["decided_by"] if stands else "Nobody"
            raise InputError(
                f"{judge} has judged {image[:12]} since.", "Look at it again and give another verdict."
            )
        unsaid = {"image_id": image, "cluster_id": mine[0]["cluster_id"], "verdict": "keep", "seq": None}
        unsaid |= {"duplicate_of": None, "decided_by": BY_POLICY, "policy_hash": None}
        before = [row for row in log if row["seq"] < seq]
        again[image] = {**(before[-1] if before else unsaid), "decided_at": now}
    rows = [{name: row[name] for name in row if name != "seq"} for row in again.values()]
    give_duplicate_verdicts(connection, rows)
    return {
        image: {
            "verdict": row["verdict"],
            "decided_by": row["decided_by"],
            "seq": _log_of(connection, image)[-1]["seq"],
            "was": row["seq"],
        }
        for image, row in again.items()
    }


def _log_of(connection: Connection, image: str) -> list[Row]:
    verdict = t.DuplicateVerdict
    log = sa.select(*verdict.__table__.columns).where(verdict.image_id == image).order_by(verdict.seq)
    return [dict(row) for row in connection.execute(log).mappings()]


def _same(one: Row, other: Row, by: str) -> bool:
    """Whether both say the same in the name of `by`."""
    return bool(one["decided_by"] == other["decided_by"] == by and one["verdict"] == other["verdict"])
