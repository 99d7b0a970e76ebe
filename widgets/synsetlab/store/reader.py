"""Read a workspace: every table as a frame with a fixed row order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.defaults import VOTE_POLICY
from synsetlab.store.progress import is_dropped

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd
    from sqlalchemy.engine import Engine

__all__ = ["Reader", "effective_votes", "is_retracted"]


def effective_votes(*where: Any, everyone: bool = False) -> sa.Select[Any]:
    """The votes that count: one answer per annotator and question, among those not retracted.

    Which one, the workspace's setting ``vote_policy`` says: the last (``keep_last``, the default) or
    the first (``keep_first``). Votes of excluded annotators do not count, unless `everyone`. An
    annotator can retract only answers of their own, each under its question; a retraction may arrive
    before its answer.

    `where` narrows the votes looked at, by question or annotator only: the others of a question
    and an annotator must be in sight for the choice between them.
    """
    first = sa.exists().where(t.Setting.key == VOTE_POLICY, t.Setting.value == "keep_first")
    of_one = (t.Vote.question_id, t.Vote.annotator_id)
    chosen = sa.case(
        (first, sa.func.min(t.Vote.seq).over(partition_by=of_one)),
        else_=sa.func.max(t.Vote.seq).over(partition_by=of_one),
    )
    standing = sa.select(t.Vote, chosen.label("last_seq")).where(
        t.Vote.answer.is_not(None), ~is_retracted(), *where
    )
    if not everyone:
        excluded = sa.select(t.Annotator.id).where(t.Annotator.excluded)
        standing = standing.where(t.Vote.annotator_id.not_in(excluded))
    votes = standing.subquery()
    return sa.select(votes).where(votes.c.seq == votes.c.last_seq)


def is_retracted() -> sa.ColumnElement[bool]:
    """Whether the vote of a statement was taken back by its annotator."""
    retraction = sa.orm.aliased(t.Vote)
    return sa.exists().where(
        retraction.retracts == t.Vote.id,
        retraction.annotator_id == t.Vote.annotator_id,
        # "+ 0", or SQLite looks among all that they said of the question: retractions are fewer.
        retraction.question_id + 0 == t.Vote.question_id,
    )


class Reader:
    """Frames of a workspace. Each method takes one consistent look at the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def scalar(self, column: Any, *where: Any) -> Any:
        """The first value of `column`, or None."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(column).where(*where).limit(1)).scalar()

    def rows(self, statement: sa.Select[Any]) -> list[dict[str, Any]]:
        """Rows of a statement as dicts."""
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def frame(self, statement: sa.Select[Any]) -> pd.DataFrame:
        """A statement's rows as a frame, with its columns even when it is empty.

        Numbers are numbers (a missing one is NaN); everything else is held as Python objects, so
        that a missing text is None and nothing else.
        """
        import pandas as pd  # noqa: PLC0415 - half the start-up time of a labelling page

        with self._engine.connect() as connection:
            result = connection.execute(statement)
            names = list(result.keys())
            columns = list(zip(*result.all(), strict=True)) or [()] * len(names)
        return pd.DataFrame({name: _series(values) for name, values in zip(names, columns, strict=True)})

    def synsets(self, *, chosen_only: bool = True) -> pd.DataFrame:
        """wnid, lemmas, gloss, path, chosen, rules_yes, rules_no; by wnid."""
        statement = _columns(t.Synset).order_by(t.Synset.wnid)
        return self.frame(statement.where(t.Synset.chosen) if chosen_only else statement)

    def edges(self) -> pd.DataFrame:
        """parent, child; hypernym edges among the synsets and their ancestors."""
        return self.frame(_columns(t.SynsetEdge).order_by(t.SynsetEdge.parent, t.SynsetEdge.child))

    def images(self) -> pd.DataFrame:
        """One row a picture, by id; with `cluster_id` (its own id where it has no duplicate)."""
        cluster = sa.func.coalesce(t.DuplicateCluster.cluster_id, t.Image.id).label("cluster_id")
        statement = (
            sa.select(*t.Image.__table__.columns, cluster)
            .outerjoin(t.DuplicateCluster, t.DuplicateCluster.image_id == t.Image.id)
            .order_by(t.Image.id)
        )
        return self.frame(statement)

    def sources(self) -> pd.DataFrame:
        """Where the pictures came from; by image and origin."""
        return self.frame(_columns(t.Source).order_by(t.Source.image_id, t.Source.origin))

    def candidates(self) -> pd.DataFrame:
        """image_id, wnid, and the licence, author, title, landing_page and origin of the first source."""
        first = (
            sa.select(t.Source.image_id, sa.func.min(t.Source.id).label("id"))
            .group_by(t.Source.image_id)
            .subquery()
        )
        source = [
            getattr(t.Source, name)
            for name in ("origin", "provider", "licence", "author", "title", "landing_page", "retrieved_at")
        ]
        statement = (
            sa.select(t.Candidate.image_id, t.Candidate.wnid, *source)
            .outerjoin(first, first.c.image_id == t.Candidate.image_id)
            .outerjoin(t.Source, t.Source.id == first.c.id)
            .order_by(t.Candidate.wnid, t.Candidate.image_id)
        )
        return self.frame(statement)

    def failures(self) -> pd.DataFrame:
        """Files and URLs that could not be brought in; by origin."""
        return self.frame(_columns(t.ImportFailure).order_by(t.ImportFailure.origin))

    def duplicate_pairs(self) -> pd.DataFrame:
        """a, b, distance, verdict; by a and b."""
        return self.frame(_columns(t.DuplicatePair).order_by(t.DuplicatePair.a, t.DuplicatePair.b))

    def duplicate_verdicts(self, images: Collection[str] | None = None) -> pd.DataFrame:
        """The verdict that stands on each picture, or each of these: the last one; by cluster and image."""
        last = sa.select(sa.func.max(t.DuplicateVerdict.seq)).group_by(t.DuplicateVerdict.image_id)
        if images is not None:
            last = last.where(t.DuplicateVerdict.image_id.in_(images))
        statement = _columns(t.DuplicateVerdict).where(t.DuplicateVerdict.seq.in_(last))
        return self.frame(statement.order_by(t.DuplicateVerdict.cluster_id, t.DuplicateVerdict.image_id))

    def clusters(self) -> pd.DataFrame:
        """cluster_id, image_id, and the image's last verdict (None where none was given)."""
        last = sa.select(sa.func.max(t.DuplicateVerdict.seq)).group_by(t.DuplicateVerdict.image_id)
        verdict = sa.select(t.DuplicateVerdict).where(t.DuplicateVerdict.seq.in_(last)).subquery()
        statement = (
            sa.select(
                t.DuplicateCluster.cluster_id,
                t.DuplicateCluster.image_id,
                verdict.c.verdict,
                verdict.c.decided_by,
                verdict.c.decided_at,
                verdict.c.policy_hash,
            )
            .outerjoin(verdict, verdict.c.image_id == t.DuplicateCluster.image_id)
            .order_by(t.DuplicateCluster.cluster_id, t.DuplicateCluster.image_id)
        )
        return self.frame(statement)

    def questions(self) -> pd.DataFrame:
        """Every question with its tallies, outcome, posterior and the image's `duplicate_of`; by id."""
        statement = (
            sa.select(*t.Question.__table__.columns, t.Image.duplicate_of)
            .join(t.Image, t.Image.id == t.Question.image_id)
            .order_by(t.Question.id)
        )
        return self.frame(statement)

    def accepted(self, wnid: str, limit: int) -> list[str]:
        """Ids of pictures accepted for a synset, those with the highest posterior first."""
        question = t.Question
        found = sa.select(question.image_id).where(question.wnid == wnid, question.outcome == "accepted")
        surest = (question.posterior.is_(None), question.posterior.desc(), question.id)
        rows = self.rows(found.where(~is_dropped()).order_by(*surest).limit(limit))
        return [row["image_id"] for row in rows]

    def votes(self, *, effective: bool = True) -> pd.DataFrame:
        """The vote log in order, or the votes that count; with annotator, role, excluded, image_id and wnid.

        `annotator` is the name; `role` and `excluded` are the annotator's.
        """
        source = effective_votes().subquery() if effective else _columns(t.Vote).subquery()
        columns = [column for column in source.c if column.name not in {"last_seq"}]
        statement = (
            sa.select(
                *columns,
                t.Annotator.name.label("annotator"),
                t.Annotator.role,
                t.Annotator.excluded,
                t.Question.image_id,
                t.Question.wnid,
            )
            .join(t.Annotator, t.Annotator.id == source.c.annotator_id)
            .join(t.Question, t.Question.id == source.c.question_id)
            .order_by(source.c.seq)
        )
        return self.frame(statement)

    def annotators(self) -> pd.DataFrame:
        """id, name, role, created_at, excluded; by id."""
        return self.frame(_columns(t.Annotator).order_by(t.Annotator.id))

    def annotator_verdicts(self) -> pd.DataFrame:
        """The log of who was excluded and taken back, in order."""
        return self.frame(_columns(t.AnnotatorVerdict).order_by(t.AnnotatorVerdict.seq))

    def setting(self, key: str) -> str | None:
        """A setting of the workspace, or None where it was never set."""
        value = self.scalar(t.Setting.value, t.Setting.key == key)
        return None if value is None else str(value)

    def leases(self) -> pd.DataFrame:
        """Who holds which question until when; by question and annotator."""
        return self.frame(_columns(t.Lease).order_by(t.Lease.question_id, t.Lease.annotator_id))

    def decisions(self) -> pd.DataFrame:
        """The last decision on each question, with the policy's hash; by question."""
        last = sa.select(sa.func.max(t.Decision.seq)).group_by(t.Decision.question_id)
        return self.frame(
            _columns(t.Decision).where(t.Decision.seq.in_(last)).order_by(t.Decision.question_id)
        )

    def policies(self) -> pd.DataFrame:
        """hash, kind, body (canonical JSON); by hash."""
        return self.frame(_columns(t.Policy).order_by(t.Policy.hash))

    def expert_verdicts(self) -> pd.DataFrame:
        """The log of expert verdicts, in order."""
        return self.frame(_columns(t.ExpertVerdict).order_by(t.ExpertVerdict.seq))

    def standing_verdicts(self) -> pd.DataFrame:
        """The expert verdict that counts on each question: the last one that was not undone; by question."""
        log = self.expert_verdicts()
        standing: dict[int, list[int]] = {}
        for place, (question, verdict) in enumerate(zip(log["question_id"], log["verdict"], strict=True)):
            given = standing.setdefault(question, [])
            if verdict != "undo":
                given.append(place)
            elif given:
                given.pop()
        last = [places[-1] for _, places in sorted(standing.items()) if places]
        return log.iloc[last].reset_index(drop=True)

    def releases(self) -> pd.DataFrame:
        """Releases frozen from this workspace, oldest first."""
        return self.frame(_columns(t.Release).order_by(t.Release.frozen_at, t.Release.identity))

    def counts(self) -> dict[str, int]:
        """How many there are: synsets, images, candidates, votes, annotators, and questions by outcome.

        Outcomes count what people are asked: neither examples nor pictures that are dropped duplicates.
        Annotators are those who voted.
        """
        tables = {
            "synsets": _number(t.Synset).where(t.Synset.chosen),
            "images": _number(t.Image),
            "candidates": _number(t.Candidate),
            "votes": _number(t.Vote),
            "annotators": _number(t.Annotator).where(
                sa.exists().where(t.Vote.annotator_id == t.Annotator.id)
            ),
        }
        shown = sa.select(t.Question.outcome, sa.func.count()).where(~t.Question.example)
        shown = shown.group_by(t.Question.outcome)
        # Taken off, because few are dropped: to look at every question's picture takes far longer.
        dropped = shown.where(is_dropped())
        with self._engine.connect() as connection:
            found = {name: int(connection.execute(rows).scalar() or 0) for name, rows in tables.items()}
            outcomes, off = (
                {outcome: int(number) for outcome, number in connection.execute(rows)}
                for rows in (shown, dropped)
            )
        told = ("open", "accepted", "rejected", "ambiguous")
        return found | {name: outcomes.get(name, 0) - off.get(name, 0) for name in told}


def _number(table: type[t.Base]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(table)


def _series(values: tuple[Any, ...]) -> pd.Series[Any]:
    import pandas as pd  # noqa: PLC0415 - as above

    numbers = any(isinstance(value, int | float) for value in values)
    return pd.Series(list(values), dtype=None if numbers else object)


def _columns(table: type[t.Base]) -> sa.Select[Any]:
    return sa.select(*table.__table__.columns)
