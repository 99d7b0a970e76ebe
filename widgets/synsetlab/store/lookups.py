"""Small questions that a labelling page asks often: answered without frames, by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.decisions import standing_verdicts
from synsetlab.store.progress import Progress
from synsetlab.store.reader import effective_votes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Engine

__all__ = ["Lookups"]

AT_ONCE = 10_000
"""Ids in one statement."""


class Lookups:
    """Look-ups by key; each returns plain dicts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._progress = Progress(engine)

    def synset(self, wnid: str) -> dict[str, Any]:
        """A chosen synset of the workspace: wnid, lemmas, gloss, path, rules_yes, rules_no.

        Raises
        ------
        InputError
            The workspace has no such synset.
        """
        found = self._rows(
            sa.select(*t.Synset.__table__.columns).where(t.Synset.wnid == wnid, t.Synset.chosen)
        )
        if not found:
            raise InputError(f"The workspace has no synset {wnid!r}.", "Import candidates for it first.")
        return found[0]

    def cards(self, questions: Collection[int]) -> list[dict[str, Any]]:
        """What a tile shows of each question: id, image_id, choices, width, height, title, author, ...

        In the order of `questions`; credits are those of the picture's first source.
        """
        first = (
            sa.select(t.Source.image_id, sa.func.min(t.Source.id).label("id"))
            .group_by(t.Source.image_id)
            .where(
                t.Source.image_id.in_(
                    sa.select(t.Question.image_id).where(t.Question.id.in_(list(questions)))
                )
            )
            .subquery()
        )
        credit = [
            getattr(t.Source, name) for name in ("title", "author", "licence", "landing_page", "origin")
        ]
        statement = (
            sa.select(
                t.Question.id, t.Question.wnid, t.Image.id.label("image_id"), t.Image.width, t.Image.height
            )
            .add_columns(t.Question.choices, *credit)
            .join(t.Image, t.Image.id == t.Question.image_id)
            .outerjoin(first, first.c.image_id == t.Image.id)
            .outerjoin(t.Source, t.Source.id == first.c.id)
            .where(t.Question.id.in_(list(questions)))
        )
        by_id = {row["id"]: row for row in self._rows(statement)}
        return [by_id[question] for question in questions if question in by_id]

    def own_answers(self, annotator_id: int, questions: Collection[int]) -> dict[int, tuple[str, str]]:
        """The annotator's effective answers to `questions`: (vote id, answer)."""
        votes = effective_votes(
            t.Vote.annotator_id == annotator_id, t.Vote.question_id.in_(list(questions)), everyone=True
        ).subquery()
        mine = sa.select(votes.c.question_id, votes.c.id, votes.c.answer)
        return {row["question_id"]: (row["id"], row["answer"]) for row in self._rows(mine)}

    def synset_progress(self, annotator_id: int) -> list[dict[str, Any]]:
        """Each chosen synset: wnid, lemmas, gloss, questions, decided, mine, for_me.

        The last four count its questions, those decided, those that this annotator answered and those
        that they may still answer (leases of others not counted). In workspaces of more than 100,000
        questions what others did may be missing for a while.
        """
        return self._progress.of(annotator_id)

    def examples(self, wnid: str, limit: int = 3) -> list[tuple[str, bool]]:
        """Example pictures that show the synset and that do not: (image id, shows it)."""
        found: list[tuple[str, bool]] = []
        for good in (True, False):
            statement = (
                sa.select(t.Question.image_id)
                .where(
                    t.Question.wnid == wnid,
                    t.Question.example,
                    t.Question.gold_answer == ("yes" if good else "no"),
                )
                .order_by(t.Question.id)
                .limit(limit)
            )
            found += [(row["image_id"], good) for row in self._rows(statement)]
        return found

    def question_ids(self, wnid: str, images: Collection[str]) -> dict[str, int]:
        """The question of each image about `wnid`."""
        asked = sa.select(t.Question.image_id, t.Question.id).where(t.Question.wnid == wnid)
        rows = self._rows(asked.where(t.Question.image_id.in_(list(images))))
        return {row["image_id"]: row["id"] for row in rows}

    def questions(self, ids: Collection[int]) -> dict[int, dict[str, Any]]:
        """Questions by id: the columns of ``question``; without those that there are not."""
        rows = self._rows(sa.select(*t.Question.__table__.columns).where(t.Question.id.in_(list(ids))))
        return {row["id"]: row for row in rows}

    def standing(self, questions: Collection[int]) -> dict[int, dict[str, Any]]:
        """The expert verdict that counts on each of `questions`, where there is one."""
        with self._engine.connect() as connection:
            return standing_verdicts(connection, questions)

    def votes_on(self, question: int) -> list[dict[str, Any]]:
        """The votes that count on one question, in order: annotator, answer, active_ms, decided_at."""
        votes = effective_votes(t.Vote.question_id == question).subquery()
        columns = (votes.c.answer, votes.c.active_ms, votes.c.decided_at)
        statement = (
            sa.select(t.Annotator.name.label("annotator"), *columns)
            .join(t.Annotator, t.Annotator.id == votes.c.annotator_id)
            .order_by(votes.c.seq)
        )
        return self._rows(statement)

    def questions_about(self, image: str) -> list[dict[str, Any]]:
        """All questions about one picture: the columns of ``question`` with the synset's lemmas; by wnid."""
        statement = (
            sa.select(*t.Question.__table__.columns, t.Synset.lemmas)
            .join(t.Synset, t.Synset.wnid == t.Question.wnid)
            .where(t.Question.image_id == image)
            .order_by(t.Question.wnid)
        )
        return self._rows(statement)

    def said_before(self, question: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """All decisions on one question and all expert verdicts, each in order."""
        decisions, verdicts = (
            self._rows(
                sa.select(*table.__table__.columns).where(table.question_id == question).order_by(table.seq)
            )
            for table in (t.Decision, t.ExpertVerdict)
        )
        return decisions, verdicts

    def logged(self, events: Sequence[str]) -> set[str]:
        """Those of these ids under which there is an event in the vote log."""
        found: set[str] = set()
        for start in range(0, len(events), AT_ONCE):
            some = sa.select(t.Vote.id).where(t.Vote.id.in_(events[start : start + AT_ONCE]))
            found.update(row["id"] for row in self._rows(some))
        return found

    def pictures(self, images: Collection[str]) -> dict[str, dict[str, Any]]:
        """Pictures by id: the columns of ``image``, and as ``source`` those of the first source, or None."""
        found: dict[str, dict[str, Any]] = {}
        ids = list(images)
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            rows = self._rows(sa.select(*t.Image.__table__.columns).where(t.Image.id.in_(some)))
            found |= {row["id"]: {**row, "source": None} for row in rows}
            sources = sa.select(*t.Source.__table__.columns).where(t.Source.image_id.in_(some))
            for row in self._rows(sources.order_by(t.Source.origin.desc())):
                found[row["image_id"]]["source"] = row
        return found

    def paired(self, images: Collection[str]) -> set[str]:
        """Pictures that are in a pair with one of `images` and were not found to differ from it."""
        pair = t.DuplicatePair
        found: set[str] = set()
        for mine, other in ((pair.a, pair.b), (pair.b, pair.a)):
            near = sa.select(other.label("image")).where(mine.in_(images), pair.verdict != "different")
            found |= {row["image"] for row in self._rows(near)}
        return found

    def dropped(self, images: Collection[str]) -> set[str]:
        """Those of `images` that are dropped duplicates."""
        gone = sa.select(t.Image.id).where(t.Image.id.in_(images), t.Image.duplicate_of.is_not(None))
        return {row["id"] for row in self._rows(gone)}

    def expert_log(self, limit: int) -> list[dict[str, Any]]:
        """The last expert verdicts, newest first: their columns, image_id, lemmas, whether each stands."""
        verdict = t.ExpertVerdict
        statement = (
            sa.select(*verdict.__table__.columns, t.Question.image_id, t.Synset.lemmas)
            .join(t.Question, t.Question.id == verdict.question_id)
            .join(t.Synset, t.Synset.wnid == t.Question.wnid)
            .order_by(verdict.seq.desc())
            .limit(limit)
        )
        rows = self._rows(statement)
        standing = {row["id"] for row in self.standing({row["question_id"] for row in rows}).values()}
        return [{**row, "stands": row["id"] in standing} for row in rows]

    def near(self, image: str, limit: int = 8) -> list[dict[str, Any]]:
        """The pictures that look most like one: image_id, distance."""
        pair = t.DuplicatePair
        other = sa.case((pair.a == image, pair.b), else_=pair.a).label("image_id")
        statement = sa.select(other, pair.distance).where((pair.a == image) | (pair.b == image))
        return self._rows(statement.order_by(pair.distance, other).limit(limit))

    def _rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]
