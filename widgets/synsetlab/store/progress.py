"""How far each synset is, for everyone and for one annotator: asked at every page turn, at any size.

What is the same for everyone takes one look at every question; for large workspaces it is kept for a
while, so that looking takes at most a fiftieth of the time. What an annotator did is counted anew each
time, from their own votes, and taken off.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["Progress", "is_dropped"]

LARGE = 100_000
"""Questions from which on the counts that all share are kept."""
KEPT = 50.0
"""For so many times as long as counting took."""

ALL = sa.true()

Counts = dict[str, dict[str, int]]
"""Numbers by name, by wnid."""


class Progress:
    """The counts of one workspace; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._mutex = threading.Lock()
        self._kept: tuple[float, Counts] = (0.0, {})

    def of(self, annotator_id: int) -> list[dict[str, Any]]:
        """Each chosen synset, by wnid; see `synsetlab.store.lookups.Lookups.synset_progress`."""
        synset = t.Synset
        chosen = (
            sa.select(synset.wnid, synset.lemmas, synset.gloss).where(synset.chosen).order_by(synset.wnid)
        )
        with self._engine.connect() as connection:
            everyone = self._everyone(connection)
            own = _counts(connection, _own(annotator_id))
            rows = [dict(row) for row in connection.execute(chosen).mappings()]
        for row in rows:
            found, met = everyone.get(row["wnid"], {}), own.get(row["wnid"], {})
            row |= {name: found.get(name, 0) for name in ("questions", "decided")}
            row["mine"] = met.get("questions", 0)
            to_ask, hidden = (max(0, found.get(name, 0) - met.get(name, 0)) for name in ("to_ask", "hidden"))
            # Hidden gold counts like the rest, or these numbers would tell which questions it is.
            row["for_me"] = to_ask + hidden if to_ask else 0
        return rows

    def _everyone(self, connection: Connection) -> Counts:
        with self._mutex:
            until, counts = self._kept
            began = time.monotonic()
            if began < until:
                return counts
            counts = _counts(connection, _all())
            for wnid, dropped in _counts(connection, _dropped()).items():
                for name in ("to_ask", "hidden"):
                    counts[wnid][name] -= dropped[name]
            ended = time.monotonic()
            large = sum(found["questions"] for found in counts.values()) >= LARGE
            self._kept = (ended + KEPT * (ended - began) if large else 0.0, counts)
            return counts


def is_dropped() -> Any:
    """Whether a question is about a dropped duplicate: for few of many, from the index of these."""
    return t.Question.image_id.in_(sa.select(t.Image.id).where(t.Image.duplicate_of.is_not(None)))


def _counts(connection: Connection, statement: Any) -> Counts:
    return {row["wnid"]: dict(row) for row in connection.execute(statement).mappings()}


def _numbers(asked: Any = ALL) -> tuple[Any, ...]:
    """The counts over whatever questions a statement selects; `asked` is no dropped duplicate."""
    question = t.Question
    given = question.n_yes + question.n_no + question.n_unsure + question.n_label
    shown = ~question.example & asked
    wants = (question.outcome == "open") & question.gold_answer.is_(None) & (given < question.votes_wanted)
    return (
        question.wnid,
        sa.func.count().label("questions"),
        _count(question.outcome != "open").label("decided"),
        _count(wants & shown).label("to_ask"),
        _count(question.gold_answer.is_not(None) & shown).label("hidden"),
    )


def _all() -> Any:
    return sa.select(*_numbers()).group_by(t.Question.wnid)


def _dropped() -> Any:
    """Of questions about dropped duplicates, which nobody is asked."""
    return sa.select(*_numbers()).where(is_dropped()).group_by(t.Question.wnid)


def _own(annotator_id: int) -> Any:
    """Of questions that the annotator answered, whatever became of the answers."""
    met = sa.select(t.Vote.question_id).where(t.Vote.annotator_id == annotator_id).distinct().subquery()
    dropped = sa.exists().where(t.Image.id == t.Question.image_id, t.Image.duplicate_of.is_not(None))
    found = sa.select(*_numbers(~dropped)).join(met, met.c.question_id == t.Question.id)
    return found.group_by(t.Question.wnid)


def _count(condition: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
