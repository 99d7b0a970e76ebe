"""What one annotator did and said: pages handed in, problems reported, preferences."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.reader import effective_votes
from synsetlab.store.schema_notes import NOTE_KINDS, PROBLEMS, Note
from synsetlab.texts import plain_text

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from synsetlab.store.writer import Writer

__all__ = ["OwnWork"]

LONGEST = 2_000


class OwnWork:
    """Look-ups by annotator, and their notes; each returns plain dicts."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    def pages(self, annotator_id: int, limit: int = 10) -> list[dict[str, Any]]:
        """The last pages of which pictures are not decided yet, the latest first.

        Each: batch, wnid, lemmas, at (of the last answer), open (how many are not decided), and how often
        each answer was given to these: ``answers``. Hidden controls are never decided and not among them.
        """
        votes = self._open(annotator_id).subquery()
        one = sa.select(
            votes.c.batch,
            votes.c.wnid,
            votes.c.answer,
            sa.func.count().label("n"),
            sa.func.max(votes.c.decided_at).label("at"),
        ).group_by(votes.c.batch, votes.c.wnid, votes.c.answer)
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for row in self._rows(one):
            page = found.setdefault(
                (row["batch"], row["wnid"]),
                {"batch": row["batch"], "wnid": row["wnid"], "at": row["at"], "open": 0, "answers": {}},
            )
            page["answers"][row["answer"]] = row["n"]
            page["open"] += row["n"]
            page["at"] = max(page["at"], row["at"])
        latest = sorted(found.values(), key=lambda page: (page["at"], page["batch"]), reverse=True)[:limit]
        named = self._rows(
            sa.select(t.Synset.wnid, t.Synset.lemmas).where(
                t.Synset.wnid.in_({page["wnid"] for page in latest})
            )
        )
        lemmas = {row["wnid"]: row["lemmas"] for row in named}
        return [{**page, "lemmas": lemmas[page["wnid"]]} for page in latest]

    def page(self, annotator_id: int, batch: str) -> list[int]:
        """The questions of a page that are not decided yet, in the order in which they were answered."""
        votes = self._open(annotator_id).subquery()
        chosen = sa.select(votes.c.question_id).where(votes.c.batch == batch).order_by(votes.c.seq)
        return [row["question_id"] for row in self._rows(chosen)]

    def note(self, annotator_id: int, kind: str, text: str, wnid: str | None = None) -> None:
        """Keep what an annotator says, less control and format characters; durable when it returns.

        Raises
        ------
        InputError
            `kind` is none of `NOTE_KINDS`, or `text` is longer than 2,000 characters.
        """
        if kind not in NOTE_KINDS:
            raise InputError(f"{kind!r:.40} is no kind of note.", f"There are: {', '.join(NOTE_KINDS)}.")
        if len(text) > LONGEST:
            raise InputError(f"A note of {len(text):,} characters is too long.", f"Use at most {LONGEST:,}.")
        row = {
            "annotator_id": annotator_id,
            "kind": kind,
            "wnid": wnid,
            "text": plain_text(text),
            "at": datetime.now(UTC),
        }
        with self._writer.transaction() as connection:
            connection.execute(sa.insert(Note), [row])

    def noted(self, annotator_id: int, kind: str, wnid: str | None = None) -> str | None:
        """The latest text of this kind, of the annotator and the synset; None: there is none."""
        about = Note.wnid.is_(None) if wnid is None else Note.wnid == wnid
        statement = sa.select(Note.text).where(Note.annotator_id == annotator_id, Note.kind == kind, about)
        rows = self._rows(statement.order_by(Note.seq.desc()).limit(1))
        return rows[0]["text"] if rows else None

    def problems(self) -> list[dict[str, Any]]:
        """What annotators reported: wnid, lemmas, kind, text, annotator, at; the latest of each kind."""
        latest = (
            sa.select(sa.func.max(Note.seq))
            .where(Note.kind.in_(PROBLEMS))
            .group_by(Note.annotator_id, Note.kind, Note.wnid)
        )
        columns = (
            Note.wnid,
            t.Synset.lemmas,
            Note.kind,
            Note.text,
            t.Annotator.name.label("annotator"),
            Note.at,
        )
        statement = (
            sa.select(*columns)
            .join(t.Synset, t.Synset.wnid == Note.wnid)
            .join(t.Annotator, t.Annotator.id == Note.annotator_id)
            .where(Note.seq.in_(latest))
        )
        return self._rows(statement.order_by(Note.wnid, Note.seq))

    def _open(self, annotator_id: int) -> sa.Select[Any]:
        """The annotator's votes that count, on questions that are neither decided nor controls."""
        votes = effective_votes(t.Vote.annotator_id == annotator_id, everyone=True).subquery()
        columns = (
            votes.c.seq,
            votes.c.batch,
            votes.c.question_id,
            votes.c.answer,
            votes.c.decided_at,
            t.Question.wnid,
        )
        return (
            sa.select(*columns)
            .join(t.Question, t.Question.id == votes.c.question_id)
            .where(votes.c.batch.is_not(None), t.Question.outcome == "open", t.Question.gold_answer.is_(None))
        )

    def _rows(self, statement: sa.Executable) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]
