"""Numbers over all questions and votes, counted in the database: what panels and reports show of millions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.defaults import VOTE_POLICY
from synsetlab.store.progress import is_dropped
from synsetlab.store.reader import effective_votes, is_retracted

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta

    import pandas as pd
    from sqlalchemy.engine import Engine

__all__ = ["Totals"]

KEYS: Final = ("wnid", "outcome", "n_yes", "n_no", "n_unsure", "n_label", "votes_wanted")
AT_ONCE: Final = 50_000
LN2: Final = 0.6931471805599453


class Totals:
    """Each method takes one consistent look; only `answers` brings a row a vote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> tuple[Any, ...]:
        """Another one whenever a number here may be another: the ends of the logs, and what has no log."""
        ends = (
            t.Vote.seq,
            t.Decision.seq,
            t.ExpertVerdict.seq,
            t.DuplicateVerdict.seq,
            t.AnnotatorVerdict.seq,
            t.Question.id,
        )
        gold = sa.select(sa.func.count()).where(t.Question.gold_answer.is_not(None)).scalar_subquery()
        policy = sa.select(t.Setting.value).where(t.Setting.key == VOTE_POLICY).scalar_subquery()
        last = [sa.select(sa.func.max(column)).scalar_subquery() for column in ends]
        with self._engine.connect() as connection:
            return tuple(connection.execute(sa.select(*last, gold, policy)).one())

    def tallies(self) -> pd.DataFrame:
        """Questions that are asked, alike ones together; neither examples nor dropped duplicates.

        Columns: wnid, outcome, n_yes, n_no, n_unsure, n_label, votes_wanted, gold (its answer is known),
        several (it has choices), and of the group: questions, beliefs (how many have a posterior), belief
        (the sum of these), doubt (the sum of their entropies, bits).
        """
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        question = t.Question
        keys: list[Any] = [getattr(question, name) for name in KEYS]
        keys += [
            question.gold_answer.is_not(None).label("gold"),
            question.choices.is_not(None).label("several"),
        ]
        p = question.posterior
        entropy = -(p * sa.func.ln(p) + (1 - p) * sa.func.ln(1 - p)) / LN2
        sums: dict[str, Any] = {
            "questions": sa.func.count(),
            "beliefs": sa.func.count(p),
            "belief": sa.func.coalesce(sa.func.sum(p), 0.0),
            "doubt": sa.func.coalesce(sa.func.sum(sa.case(((p > 0) & (p < 1), entropy), else_=0.0)), 0.0),
        }
        statement = sa.select(*keys, *(value.label(name) for name, value in sums.items()))
        statement = statement.where(~question.example, ~is_dropped()).group_by(*keys)
        names = [*KEYS, "gold", "several", *sums]
        with self._engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(statement)]
        whole = {name: "int64" for name in names if name.startswith(("n_", "votes", "questions", "beliefs"))}
        kinds: Any = {**whole, "gold": bool, "several": bool, "belief": float, "doubt": float}
        return pd.DataFrame(rows, columns=names).astype(kinds)

    def answers(self) -> pd.DataFrame:
        """The votes that count, in order: seq, question_id, annotator, answer, active_ms (NaN: not known)."""
        import numpy as np  # noqa: PLC0415 - as above
        import pandas as pd  # noqa: PLC0415 - as above

        votes = effective_votes().subquery()
        columns = (votes.c.seq, votes.c.question_id, votes.c.annotator_id, votes.c.answer, votes.c.active_ms)
        parts: list[pd.DataFrame] = []
        names = ("seq", "question_id", "annotator", "answer", "active_ms")
        with self._engine.connect() as connection:
            known = {
                row[0]: row[1] for row in connection.execute(sa.select(t.Annotator.id, t.Annotator.name))
            }
            for rows in connection.execute(sa.select(*columns)).partitions(AT_ONCE):
                seq, question, annotator, answer, active = zip(*rows, strict=True)
                values = (
                    np.array(seq, np.int64),
                    np.array(question, np.int64),
                    np.array([known[number] for number in annotator], object),
                    np.array(answer, object),
                    np.array(active, np.float64),
                )
                parts.append(pd.DataFrame(dict(zip(names, values, strict=True))))
        if not parts:
            empty = {"seq": np.int64, "question_id": np.int64, "active_ms": np.float64}
            return pd.DataFrame({name: np.zeros(0, empty.get(name, object)) for name in names})
        return pd.concat(parts, ignore_index=True).sort_values("seq", ignore_index=True)

    def by_synset(self) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, str]]]:
        """Questions about pictures of one synset (wnid, outcome, number), and others (wnid, image, outcome).

        Dropped duplicates are left out.
        """
        question = t.Question
        several = sa.select(question.image_id).group_by(question.image_id).having(sa.func.count() > 1)
        alone = sa.select(question.wnid, question.outcome, sa.func.count()).where(~is_dropped())
        alone = alone.group_by(question.wnid, question.outcome)
        shared = sa.select(question.wnid, question.image_id, question.outcome).where(~is_dropped())
        shared = shared.where(question.image_id.in_(several)).order_by(question.id)
        with self._engine.connect() as connection:
            others = [(row[0], row[1], row[2]) for row in connection.execute(shared)]
            if others:  # to leave out what there is not takes as long as the rest
                alone = alone.where(question.image_id.not_in(several))
            return [(row[0], row[1], int(row[2])) for row in connection.execute(alone)], others

    def gold(self) -> dict[int, str]:
        """The known answer of each question that has one."""
        question = t.Question
        known = sa.select(question.id, question.gold_answer).where(question.gold_answer.is_not(None))
        with self._engine.connect() as connection:
            return {row[0]: str(row[1]) for row in connection.execute(known)}

    def anyone_voted(self) -> bool:
        """Whether there is an answer besides flags (skips)."""
        answer = sa.select(sa.exists().where(t.Vote.answer != "skip", *_told()))
        with self._engine.connect() as connection:
            return bool(connection.execute(answer).scalar())

    def given(self) -> dict[str, Any]:
        """``votes`` that count, and of all answers ``annotators``, times of the ``first`` and ``last``."""
        vote, question = t.Vote, t.Question
        counted = question.n_yes + question.n_no + question.n_unsure + question.n_skip + question.n_label
        times = sa.select(sa.func.min(vote.decided_at), sa.func.max(vote.decided_at)).where(*_told())
        people = sa.select(sa.func.count()).select_from(t.Annotator)
        people = people.where(sa.exists().where(vote.annotator_id == t.Annotator.id, *_told()))
        with self._engine.connect() as connection:
            first, last = connection.execute(times).one()
            annotators = connection.execute(people).scalar_one()
            votes = connection.execute(sa.select(sa.func.coalesce(sa.func.sum(counted), 0))).scalar_one()
        return {"votes": int(votes), "annotators": int(annotators), "first": first, "last": last}

    def given_over_time(self, start: datetime, length: timedelta) -> dict[int, tuple[int, int]]:
        """Answers and annotators in each stretch of so long from `start` on, by number; no empty ones."""
        at = t.Vote.decided_at
        if self._engine.dialect.name == "sqlite":
            seconds = sa.cast(sa.func.strftime("%s", at), sa.BigInteger)
        else:
            seconds = sa.cast(sa.func.floor(sa.extract("epoch", at)), sa.BigInteger)
        place = ((seconds - int(start.timestamp())) // int(length.total_seconds())).label("place")
        who = t.Vote.annotator_id
        statement = sa.select(place, who, sa.func.count()).where(*_told()).group_by(place, who)
        found: dict[int, tuple[int, int]] = {}
        with self._engine.connect() as connection:
            for number, _, votes in connection.execute(statement):
                before = found.get(int(number), (0, 0))
                found[int(number)] = (before[0] + int(votes), before[1] + 1)
        return found

    def median_active_ms(self) -> float | None:
        """The median active time of an answer, None where no time is known."""
        active = t.Vote.active_ms
        statement = sa.select(active, sa.func.count()).where(active.is_not(None), *_told())
        with self._engine.connect() as connection:
            rows = connection.execute(statement.group_by(active).order_by(active)).all()
        half, seen = sum(row[1] for row in rows) / 2, 0
        for place, (value, number) in enumerate(rows):
            seen += number
            if seen > half:
                return float(value or 0)
            if seen == half:
                return (float(value or 0) + float(rows[place + 1][0] or 0)) / 2
        return None

    def decided_at(self, votes: Collection[int]) -> dict[int, Any]:
        """When votes were decided, by ``seq``."""
        found = sa.select(t.Vote.seq, t.Vote.decided_at).where(t.Vote.seq.in_(list(votes)))
        with self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(found)}


def _told() -> tuple[Any, ...]:
    """Answers not retracted, of annotators not excluded; earlier answers to the same question too."""
    excluded = sa.select(t.Annotator.id).where(t.Annotator.excluded)
    return t.Vote.answer.is_not(None), ~is_retracted(), t.Vote.annotator_id.not_in(excluded)
