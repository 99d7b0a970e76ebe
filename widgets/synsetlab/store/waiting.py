"""What waits for an expert, found in the database: what the queue of the review page is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.decisions import standing
from synsetlab.store.progress import is_dropped
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Waiting"]

AT_ONCE: Final = 10_000


class Waiting:
    """Questions that are asked (neither examples nor of dropped duplicates) and have no expert verdict."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def escalated(self, wnid: str | None, votes: int, share: float) -> list[dict[str, Any]]:
        """Those that somebody flagged, that are ambiguous, or disputed; with ``why``; by id.

        Disputed: settled, though at least so many votes, and such a share, went the other way.
        """
        question = t.Question
        against = sa.case((question.n_yes < question.n_no, question.n_yes), else_=question.n_no)
        given = question.n_yes + question.n_no
        disputed = (*_settled(), against >= votes, against >= share * given)
        why = sa.case(
            (question.n_skip > 0, "flagged"),
            (question.outcome == "ambiguous", "ambiguous"),
            (sa.and_(*disputed), "disputed"),
            else_="",
        )
        inner = sa.select(*question.__table__.columns, why.label("why")).where(*_asked(wnid)).subquery()
        with self._engine.connect() as connection:
            judged = _judged(connection)
            found = connection.execute(sa.select(inner).where(inner.c.why != "").order_by(inner.c.id))
            return [dict(row) for row in found.mappings() if row["id"] not in judged]

    def ambiguous(self, wnid: str | None) -> list[dict[str, Any]]:
        """Those that the votes could not settle, with the ``reason`` of it; the most undecided first."""
        question, decision = t.Question, t.Decision
        doubt = sa.func.abs(sa.func.coalesce(question.posterior, 0.5) - 0.5)
        of_it = sa.select(decision.reason).where(decision.question_id == question.id)
        last = of_it.order_by(decision.seq.desc()).limit(1).scalar_subquery()
        reason = sa.func.coalesce(last, "").label("reason")
        names = ("image_id", "wnid", "posterior", "n_yes", "n_no", "n_unsure")
        columns = (question.id.label("question_id"), *(getattr(question, name) for name in names), reason)
        statement = sa.select(*columns).where(question.outcome == "ambiguous", *_asked(wnid))
        with self._engine.connect() as connection:
            found = connection.execute(statement.order_by(doubt, question.id))
            return [dict(row) for row in found.mappings()]

    def settled(self, wnid: str | None) -> list[int]:
        """Ids of those that the votes settled and nobody flagged, in order."""
        statement = sa.select(t.Question.id).where(*_asked(wnid), *_settled(), t.Question.n_skip == 0)
        with self._engine.connect() as connection:
            judged = _judged(connection)
            found = connection.execute(statement.order_by(t.Question.id)).scalars()
            return [number for number in found if number not in judged]

    def voters(self, questions: Sequence[int]) -> dict[int, list[str]]:
        """Who gave the votes that count on each of `questions`, in their order."""
        found: dict[int, list[str]] = {}
        with self._engine.connect() as connection:
            for start in range(0, len(questions), AT_ONCE):
                votes = effective_votes(t.Vote.question_id.in_(questions[start : start + AT_ONCE])).subquery()
                statement = sa.select(votes.c.question_id, t.Annotator.name).order_by(votes.c.seq)
                statement = statement.join(t.Annotator, t.Annotator.id == votes.c.annotator_id)
                for question, name in connection.execute(statement):
                    found.setdefault(int(question), []).append(str(name))
        return found


def _asked(wnid: str | None) -> tuple[Any, ...]:
    here = () if wnid is None else (t.Question.wnid == wnid,)
    return ~t.Question.example, ~is_dropped(), *here


def _judged(connection: Connection) -> set[int]:
    """Questions on which an expert verdict stands."""
    verdict = t.ExpertVerdict
    log = sa.select(verdict.question_id, verdict.verdict).order_by(verdict.seq)
    return set(standing(dict(row) for row in connection.execute(log).mappings()))


def _settled() -> tuple[Any, ...]:
    return t.Question.outcome.in_(("accepted", "rejected")), t.Question.gold_answer.is_(None)
