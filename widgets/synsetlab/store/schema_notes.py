"""The table of what annotators say beside their votes."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from synsetlab.store.columns import Base, BigId

__all__ = ["NOTE_KINDS", "PROBLEMS", "Note"]

PROBLEMS = ("not-visible", "bad-definition")
"""What can be wrong with a synset: it cannot be seen in pictures, or its definition or rules are bad."""

NOTE_KINDS = (*PROBLEMS, "quiz", "preferences")
"""Beside these: that the definition quiz was passed, and how someone likes to work."""


class Note(Base):
    """What an annotator said. Never changed; the latest of a kind, annotator and synset counts."""

    __tablename__ = "note"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    kind: Mapped[str] = mapped_column(String(16))
    wnid: Mapped[str | None] = mapped_column(ForeignKey("synset.wnid"))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind IN ({})".format(",".join(f"'{kind}'" for kind in NOTE_KINDS)), name="kind"),
        Index("ix_note_annotator_id_kind", "annotator_id", "kind"),
    )
