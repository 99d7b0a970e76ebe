"""One consistent look at a workspace, read as streams: a million rows pass by, a few thousand are held."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Self, cast

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.defaults import VOTE_POLICY
from synsetlab.store.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import TracebackType

    from sqlalchemy.engine import Connection, Engine

__all__ = ["Snapshot"]

BATCH = 20_000
"""Rows held at a time."""


class Snapshot:
    """A context manager: whatever others write meanwhile, all its reads see the same state.

    ``reader`` gives the frames of `Reader`, of this state. Streams are ordered by image id and wnid,
    both of one length and of digits and small letters only, so that no collation has a say.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection
        self.reader: Reader

    def __enter__(self) -> Self:
        self._connection = self._engine.connect()
        if self._engine.dialect.name == "postgresql":
            self._connection = self._connection.execution_options(isolation_level="REPEATABLE READ")
        else:  # sorts of a million rows belong on disk, not in memory
            self._keep_sorts_in("FILE")
        self.reader = Reader(cast("Engine", _Held(self._connection)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.rollback()
        if self._engine.dialect.name != "postgresql":
            self._keep_sorts_in("MEMORY")
        self._connection.close()

    def _keep_sorts_in(self, place: str) -> None:
        raw = self._connection.connection.driver_connection  # not within a transaction, says SQLite
        assert raw is not None
        raw.execute(f"PRAGMA temp_store={place}")
        # Rows are looked up in the order of image ids, all over the file: the default 2 MB thrash.
        raw.execute(f"PRAGMA cache_size={-65_536 if place == 'FILE' else -2_000}")

    def memberships(self, *, accepted_only: bool = True) -> Iterator[dict[str, Any]]:
        """Questions about chosen synsets whose picture is no dropped duplicate, with the picture's columns.

        ``cluster_id`` is None where the picture has no duplicate; excluded questions never come.
        """
        question, image = t.Question, t.Image
        columns = [
            question.image_id, question.wnid, question.id.label("question_id"), question.outcome,
            question.posterior, question.label, question.n_label, question.n_yes, question.n_no,
            question.n_unsure, image.format, image.width, image.height, image.bytes, image.phash,
            image.phash_name, t.DuplicateCluster.cluster_id,
        ]  # fmt: skip
        wanted = question.outcome == "accepted" if accepted_only else question.outcome != "excluded"
        statement = (
            sa.select(*columns)
            .join(image, image.id == question.image_id)
            .join(t.Synset, t.Synset.wnid == question.wnid)
            .outerjoin(t.DuplicateCluster, t.DuplicateCluster.image_id == image.id)
            .where(wanted, image.duplicate_of.is_(None), t.Synset.chosen)
        )
        return self._stream(statement.order_by(question.image_id, question.wnid))

    def sources(self) -> Iterator[dict[str, Any]]:
        """Where the pictures came from, by image and then in the order of import."""
        source = t.Source
        names = ("image_id", "origin", "provider", "licence", "author", "title", "landing_page",
                 "retrieved_at")  # fmt: skip
        columns = [getattr(source, name) for name in names]
        return self._stream(sa.select(*columns).order_by(source.image_id, source.id))

    def answers(self) -> Iterator[dict[str, Any]]:
        """Answers that were not retracted, with their question's outcome; by image, wnid and time.

        Of an annotator's answers to a question the last row is the one that counts (`effective_votes`).
        """
        vote, question = t.Vote, t.Question
        whose = (vote.retracts, vote.annotator_id, vote.question_id)
        taken_back = sa.select(*whose).where(vote.retracts.is_not(None))
        retracted = {tuple(row) for row in self._connection.execute(taken_back)}  # few: looked up here
        columns = [
            question.image_id, question.wnid, question.outcome, question.gold_answer, vote.seq, vote.answer,
            vote.id.label("vote_id"), vote.annotator_id, vote.question_id, vote.is_gold, vote.active_ms,
            t.Annotator.name.label("annotator"),
        ]  # fmt: skip
        statement = (
            sa.select(*columns)
            .select_from(question)
            .join(vote, vote.question_id == question.id)
            .join(t.Annotator, t.Annotator.id == vote.annotator_id)
            .where(vote.answer.is_not(None), ~t.Annotator.excluded)
        )
        first = self.reader.scalar(t.Setting.value, t.Setting.key == VOTE_POLICY) == "keep_first"
        time = vote.seq.desc() if first else vote.seq
        for row in self._stream(statement.order_by(question.image_id, question.wnid, time)):
            if (row["vote_id"], row["annotator_id"], row.pop("question_id")) not in retracted:
                yield row

    def decided(self) -> Iterator[dict[str, Any]]:
        """Questions that are not open with the reason and the policy of their last decision."""
        question, decision = t.Question, t.Decision
        later = sa.orm.aliased(decision)
        superseded = sa.exists().where(later.question_id == decision.question_id, later.seq > decision.seq)
        names = ("image_id", "wnid", "outcome", "posterior", "n_yes", "n_no", "n_unsure")
        columns = [getattr(question, name) for name in names]
        statement = (
            sa.select(question.id.label("question_id"), *columns, decision.reason, decision.policy_hash)
            .outerjoin(decision, sa.and_(decision.question_id == question.id, ~superseded))
            .where(question.outcome != "open")
        )
        return self._stream(statement.order_by(question.image_id, question.wnid))

    def pairs(self) -> Iterator[dict[str, Any]]:
        """Pairs of near hashes: a, b, distance, verdict; in order."""
        pair = t.DuplicatePair
        columns = [pair.a, pair.b, pair.distance, pair.verdict]
        return self._stream(sa.select(*columns).order_by(pair.a, pair.b))

    def unsettled(self, outcome: str) -> Iterator[dict[str, Any]]:
        """Questions of chosen synsets with this outcome, pictures that were dropped left out."""
        statement = (
            sa.select(t.Question.id.label("question_id"), t.Question.image_id, t.Question.wnid)
            .join(t.Image, t.Image.id == t.Question.image_id)
            .join(t.Synset, t.Synset.wnid == t.Question.wnid)
            .where(t.Question.outcome == outcome, t.Image.duplicate_of.is_(None), t.Synset.chosen)
            .where(~t.Question.example)
        )
        return self._stream(statement.order_by(t.Question.image_id, t.Question.wnid))

    def setting(self, key: str) -> str:
        """A fact about the workspace: ``workspace_id`` or ``secret``."""
        return str(self.reader.scalar(t.Setting.value, t.Setting.key == key))

    def has_image(self, image: str) -> bool:
        """Whether the workspace has this picture."""
        found = self._connection.execute(sa.select(t.Image.id).where(t.Image.id == image)).first()
        return found is not None

    def last_event(self) -> datetime | None:
        """When the last picture, vote, decision or verdict came in."""
        columns = (
            t.Image.imported_at,
            t.Vote.received_at,
            t.Decision.decided_at,
            t.DuplicateVerdict.decided_at,
            t.ExpertVerdict.decided_at,
        )
        # MAX() of a type of ours gives back the bare column: ordering keeps the zone.
        found = [
            self._connection.execute(sa.select(column).order_by(column.desc()).limit(1)).scalar()
            for column in columns
        ]
        return max((time for time in found if time is not None), default=None)

    def _stream(self, statement: Any) -> Iterator[dict[str, Any]]:
        options = {"yield_per": BATCH}
        # Closed also where the rows are not read to their end: PostgreSQL keeps a cursor for them.
        with self._connection.execute(statement, execution_options=options) as result:
            names = tuple(result.keys())
            for rows in result.partitions():
                for row in rows:
                    yield dict(zip(names, row, strict=True))


class _Held:
    """Stands for the engine: whoever connects gets the snapshot's own connection, and leaves it open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def connect(self) -> contextlib.AbstractContextManager[Connection]:
        return contextlib.nullcontext(self._connection)
