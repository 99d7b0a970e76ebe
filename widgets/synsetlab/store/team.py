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
        said = _by_page(annotator)
        given = (
            sa.select(said.c.question_id, sa.func.max(said.c.seq).label("seq"))
            .where(
                said.c.question_id.in_(sa.select(t.Question.id).where(t.Question.gold_answer.is_not(None))),
                said.c.page == said.c.first_page,
                said.c.page < said.c.last_page,
                said.c.answer.is_not(None),
                ~_taken_back(annotator, said),
            )
            .group_by(said.c.question_id)
            .subquery()
        )
        right = sa.case((t.Vote.answer == t.Question.gold_answer, 1), else_=0)
        statement = (
            sa.select(sa.func.count().label("known"), sa.func.coalesce(sa.func.sum(right), 0).label("right"))
            .select_from(given)
            .join(t.Vote, t.Vote.seq == given.c.seq)
            .join(t.Question, t.Question.id == given.c.question_id)
            .where(t.Vote.answer.not_in(["unsure", "skip"]))
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


def _by_page(annotator: int) -> sa.Subquery:
    """All that an annotator said: seq, id, question_id, answer, and in which order they were at its page.

    ``page`` counts up where one batch follows another; ``page_end`` is the last seq of it, ``first_page``
    that on which the question was first said something of, ``last_page`` the one that they are at.
    """
    vote, by_seq = t.Vote, t.Vote.seq
    turned = sa.func.lag(vote.batch).over(order_by=by_seq).is_distinct_from(vote.batch)
    columns = (vote.seq, vote.id, vote.question_id, vote.answer)
    steps = (
        sa.select(*columns, sa.case((turned, 1), else_=0).label("turn"))
        .where(vote.annotator_id == annotator)
        .subquery()
    )
    told = [steps.c[column.key] for column in columns]
    pages = sa.select(*told, sa.func.sum(steps.c.turn).over(order_by=steps.c.seq).label("page")).subquery()
    return sa.select(
        pages,
        sa.func.max(pages.c.seq).over(partition_by=pages.c.page).label("page_end"),
        sa.func.min(pages.c.page).over(partition_by=pages.c.question_id).label("first_page"),
        sa.func.max(pages.c.page).over().label("last_page"),
    ).subquery()


def _taken_back(annotator: int, said: sa.Subquery) -> sa.ColumnElement[bool]:
    """Whether an answer was taken back before its page was left."""
    return sa.exists().where(
        t.Vote.annotator_id == annotator,
        t.Vote.retracts == said.c.id,
        t.Vote.seq <= said.c.page_end,
        # "+ 0" as in `synsetlab.store.reader.is_retracted`.
        t.Vote.question_id + 0 == said.c.question_id,
    )
