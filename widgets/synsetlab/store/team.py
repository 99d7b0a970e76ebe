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

        The page that they are at does not count yet: a number that moved with each answer would tell
        which of its questions have a known one.
        """
        newest = sa.select(t.Vote.batch).where(t.Vote.annotator_id == annotator)
        batch = newest.order_by(t.Vote.seq.desc()).limit(1).scalar_subquery()
        votes = effective_votes(t.Vote.annotator_id == annotator, everyone=True).subquery()
        right = sa.case((votes.c.answer == t.Question.gold_answer, 1), else_=0)
        statement = (
            sa.select(sa.func.count().label("known"), sa.func.coalesce(sa.func.sum(right), 0).label("right"))
            .select_from(votes.join(t.Question.__table__, t.Question.id == votes.c.question_id))
            .where(
                t.Question.gold_answer.is_not(None),
                votes.c.answer.not_in(["unsure", "skip"]),
                votes.c.batch.is_distinct_from(batch),
            )
        )
        return self._reader.rows(statement)[0]

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
