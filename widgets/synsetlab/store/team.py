"""What the home page says of a person and shows of a class: small questions, answered by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from synsetlab.store.reader import Reader

__all__ = ["Team"]


class Team:
    """One person's work, and pictures of classes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def annotator(self, name: str) -> int | None:
        """The number of the annotator called `name`; None where there are no votes under it yet."""
        found = self._reader.scalar(t.Annotator.id, t.Annotator.name == name)
        return None if found is None else int(found)

    def own_day(self, annotator: int, since: datetime) -> dict[str, Any]:
        """What an annotator did since then: ``answers``, ``pages`` and ``seconds`` each (None: unknown)."""
        votes = effective_votes(t.Vote.annotator_id == annotator, everyone=True).subquery()
        statement = sa.select(
            sa.func.count().label("answers"),
            sa.func.count(sa.distinct(votes.c.batch)).label("pages"),
            sa.func.avg(votes.c.active_ms).label("active"),
        ).where(votes.c.received_at >= since)
        row = self._reader.rows(statement)[0]
        seconds = None if row["active"] is None else float(row["active"]) / 1000
        return {"answers": row["answers"], "pages": row["pages"], "seconds": seconds}

    def own_gold(self, annotator: int) -> dict[str, int]:
        """How an annotator did on known answers: ``right`` of ``known``.

        An answer counts as it was when its page was left for another: until then it may be corrected,
        and is not told of, for a number that moved with each answer would tell which questions have a
        known one. What is said of the question later changes nothing.
        """
        said = self._of_known(annotator)
        by_question: dict[int, list[dict[str, Any]]] = {}
        for row in said:
            by_question.setdefault(row["question_id"], []).append(row)
        stood = [self._when_left(annotator, rows) for rows in by_question.values()]
        counted = [row for row in stood if row is not None and row["answer"] not in {"unsure", "skip"}]
        if counted:
            newest = said[-1]["batch"]
            since = next(row["seq"] for row in said if row["batch"] == newest)
            if not self._left(annotator, newest, since):
                counted = [row for row in counted if row["batch"] != newest]
        return {"known": len(counted), "right": sum(row["answer"] == row["gold_answer"] for row in counted)}

    def _of_known(self, annotator: int) -> list[dict[str, Any]]:
        """All that an annotator said of questions with a known answer, the oldest first."""
        vote, question = t.Vote, t.Question
        columns: list[Any] = [vote.seq, vote.id, vote.question_id, vote.answer, vote.retracts, vote.batch]
        known = sa.select(question.id).where(question.gold_answer.is_not(None))
        statement = (
            sa.select(*columns, question.gold_answer)
            .join(question, question.id == vote.question_id)
            .where(vote.annotator_id == annotator, vote.question_id.in_(known))
            .order_by(vote.seq)
        )
        return self._reader.rows(statement)

    def _when_left(self, annotator: int, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
        """The answer that stood when the page was left on which the first one was given."""
        answers = [place for place, row in enumerate(rows) if row["answer"] is not None]
        if not answers:
            return None
        first, *later = rows[answers[0] :]
        stood: dict[str, Any] | None = first
        for row in later:
            batch, since = first["batch"], first["seq"]
            if row["batch"] != batch or self._left(annotator, batch, since, row["seq"]):
                break
            if row["answer"] is not None:
                stood = row
            elif stood is not None and row["retracts"] == stood["id"]:
                stood = None
        return stood

    def _left(self, annotator: int, batch: str | None, since: int, until: int | None = None) -> bool:
        """Whether an annotator answered on another page between two places of the log."""
        vote = t.Vote
        where = [vote.annotator_id == annotator, vote.seq > since, vote.batch.is_distinct_from(batch)]
        return (
            self._reader.scalar(vote.seq, *where, *([] if until is None else [vote.seq < until])) is not None
        )

    def pictures(self, wnids: Iterable[str], most: int) -> dict[str, list[str]]:
        """Image ids of up to `most` candidates of each synset, whatever became of them."""
        found: dict[str, list[str]] = {}
        for wnid in wnids:
            statement = (
                sa.select(t.Candidate.image_id)
                .join(t.Image, t.Image.id == t.Candidate.image_id)
                .where(t.Candidate.wnid == wnid, t.Image.duplicate_of.is_(None))
                .limit(most)
            )
            found[wnid] = sorted(row["image_id"] for row in self._reader.rows(statement))
        return found
