"""The tables of a workspace.

Facts are append-only (``vote``, ``decision``, ``duplicate_verdict``, ``expert_verdict``,
``annotator_verdict``): the database itself refuses to change or delete their rows. What ``question``,
``image`` and ``annotator`` say about votes, outcomes, duplicates and exclusion are caches of those
facts and can be rebuilt from them; ``queue_cursor`` is a hint that may be lost.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from synsetlab.store.columns import Base, BigId, UtcDateTime
from synsetlab.store.schema_access import AccessEvent, AccessRequest, Download, Offer, Terms
from synsetlab.store.schema_accounts import Account, AccountEvent, Invitation
from synsetlab.store.schema_notes import Note

__all__ = [
    "APPEND_ONLY",
    "ASKABLE",
    "AccessEvent",
    "AccessRequest",
    "Account",
    "AccountEvent",
    "Annotator",
    "AnnotatorVerdict",
    "Base",
    "Candidate",
    "Decision",
    "Download",
    "DuplicateCluster",
    "DuplicatePair",
    "DuplicateVerdict",
    "ExpertVerdict",
    "Image",
    "ImportFailure",
    "ImportRun",
    "Invitation",
    "Lease",
    "Note",
    "Offer",
    "Policy",
    "Question",
    "QueueCursor",
    "Release",
    "Setting",
    "Source",
    "Synset",
    "SynsetEdge",
    "Terms",
    "UtcDateTime",
    "Vote",
    "sqlite_guards",
]

APPEND_ONLY = (
    *("vote", "decision", "duplicate_verdict", "expert_verdict", "annotator_verdict"),
    *("account_event", "note", "access_event", "download"),
)
"""Tables whose rows are facts: triggers refuse UPDATE and DELETE."""


def sqlite_guards(table: str) -> dict[str, str]:
    """The triggers of an append-only table in SQLite, by name, as the migrations make them."""
    told = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    names = {f"{table}_no_{verb.lower()}": verb for verb in ("UPDATE", "DELETE")}
    return {name: f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {told}" for name, verb in names.items()}


ASKABLE = "outcome = 'open' AND gold_answer IS NULL AND NOT example"
"""Which questions the queue hands out by themselves."""


def _partial_index(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Setting(Base):
    """Facts about the workspace itself: its id, its secret, which of two votes counts, the model in use."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class Synset(Base):
    """A synset of the workspace, or an ancestor of one (``chosen`` false)."""

    __tablename__ = "synset"
    wnid: Mapped[str] = mapped_column(String(9), primary_key=True)
    lemmas: Mapped[list[str]]
    gloss: Mapped[str] = mapped_column(Text)
    path: Mapped[list[str]]
    """First lemmas from the root to this synset, along a shortest path."""
    chosen: Mapped[bool]
    rules_yes: Mapped[str] = mapped_column(Text, default="")
    rules_no: Mapped[str] = mapped_column(Text, default="")


class SynsetEdge(Base):
    """A hypernym edge between synsets of the workspace."""

    __tablename__ = "synset_edge"
    parent: Mapped[str] = mapped_column(ForeignKey("synset.wnid"), primary_key=True)
    child: Mapped[str] = mapped_column(ForeignKey("synset.wnid"), primary_key=True)


class ImportRun(Base):
    """One run of an importer."""

    __tablename__ = "import_run"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    argument: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportFailure(Base):
    """A file or URL that could not be brought in, and why."""

    __tablename__ = "import_failure"
    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))


class Image(Base):
    """A picture, once, by the SHA-256 of its original bytes."""

    __tablename__ = "image"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    format: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    phash: Mapped[str | None] = mapped_column(String(16), index=True)
    phash_name: Mapped[str | None] = mapped_column(String(32))
    mean_color: Mapped[str] = mapped_column(String(7))
    imported_at: Mapped[datetime]
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("image.id"))
    """Cache of the last duplicate verdicts: the copy that stays, if this one was dropped."""
    __table_args__ = (_partial_index("ix_image_dropped", "id", where="duplicate_of IS NOT NULL"),)


class Source(Base):
    """Where a picture came from, with what may be done with it."""

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"))
    origin: Mapped[str] = mapped_column(Text)
    """Path relative to the imported folder, or URL."""
    name: Mapped[str] = mapped_column(Text, default="")
    provider: Mapped[str] = mapped_column(Text, default="")
    licence: Mapped[str] = mapped_column(Text, default="")
    author: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(Text, default="")
    landing_page: Mapped[str] = mapped_column(Text, default="")
    retrieved_at: Mapped[datetime]
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    __table_args__ = (UniqueConstraint("image_id", "origin"), Index("ix_source_origin", "origin"))


class Candidate(Base):
    """Membership: this picture may show this synset."""

    __tablename__ = "candidate"
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"), primary_key=True)
    wnid: Mapped[str] = mapped_column(ForeignKey("synset.wnid"), primary_key=True, index=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))


class DuplicatePair(Base):
    """Two pictures whose perceptual hashes are near, and what the second look said."""

    __tablename__ = "duplicate_pair"
    a: Mapped[str] = mapped_column(ForeignKey("image.id"), primary_key=True)
    b: Mapped[str] = mapped_column(ForeignKey("image.id"), primary_key=True)
    distance: Mapped[int]
    verdict: Mapped[str] = mapped_column(String(16))
    __table_args__ = (CheckConstraint("a < b", name="ordered"), Index("ix_duplicate_pair_b", "b"))


class DuplicateCluster(Base):
    """Which duplicate cluster a picture is in; a picture alone in its cluster has no row."""

    __tablename__ = "duplicate_cluster"
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"), primary_key=True)
    cluster_id: Mapped[str] = mapped_column(String(64), index=True)


class DuplicateVerdict(Base):
    """Someone's (or the policy's) word on a picture of a cluster; the last one counts."""

    __tablename__ = "duplicate_verdict"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"), index=True)
    cluster_id: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("image.id"))
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime]
    policy_hash: Mapped[str | None] = mapped_column(ForeignKey("policy.hash"))
    """The policy that gave it; None where a person did."""
    __table_args__ = (CheckConstraint("verdict IN ('keep','drop','not-a-duplicate')", name="verdict"),)


class Annotator(Base):
    """Someone who votes."""

    __tablename__ = "annotator"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(16), default="annotator")
    """``annotator``, or ``anonymous``: someone whose skill is never fitted."""
    created_at: Mapped[datetime]
    excluded: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Cache of the last annotator verdict: their votes are kept but do not count."""


class AnnotatorVerdict(Base):
    """Someone's word on whether an annotator's votes count; the last one stands."""

    __tablename__ = "annotator_verdict"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("verdict IN ('exclude','include')", name="verdict"),)


class Question(Base):
    """Does this picture show this synset, or which of these? With cached tallies and the last outcome.

    Without `choices` the answers are yes and no. With them the answer is one of these wnids, and
    `wnid` is the synset under which the picture was collected.
    """

    __tablename__ = "question"
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"))
    wnid: Mapped[str] = mapped_column(ForeignKey("synset.wnid"))
    gold_answer: Mapped[str | None] = mapped_column(String(9))
    example: Mapped[bool] = mapped_column(default=False)
    """Shown beside the question with its gold answer, and therefore not asked."""
    votes_wanted: Mapped[int]
    n_yes: Mapped[int] = mapped_column(default=0)
    n_no: Mapped[int] = mapped_column(default=0)
    n_unsure: Mapped[int] = mapped_column(default=0)
    n_skip: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(16), default="open")
    posterior: Mapped[float | None]
    choices: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    n_label: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Votes that name a wnid of `choices`."""
    label: Mapped[str | None] = mapped_column(String(9))
    """The wnid of `choices` that was accepted."""
    control: Mapped[str | None] = mapped_column(String(8))
    """``sibling``: a hard negative, made to be answered no; its answer is known less surely than gold."""
    band: Mapped[int] = mapped_column(default=5, server_default=text("5"))
    """How soon to ask: 0 where one more vote is worth most, 5 where nobody was asked yet."""
    queued_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """When it came into its band, in microseconds since 1970."""
    __table_args__ = (
        UniqueConstraint("image_id", "wnid"),
        CheckConstraint("outcome IN ('open','accepted','rejected','ambiguous','excluded')", name="outcome"),
        _partial_index("ix_question_queue", "wnid", "band", "queued_at", "id", where=ASKABLE),
        _partial_index("ix_question_gold", "wnid", "id", where="gold_answer IS NOT NULL"),
    )


class Vote(Base):
    """An event of the vote log: an answer, or the retraction of one. Never changed, never deleted."""

    __tablename__ = "vote"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    """UUID made by the client: the same event sent twice is one vote."""
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"))
    answer: Mapped[str | None] = mapped_column(String(9))
    """yes, no, unsure, skip, or a wnid of the question's choices."""
    retracts: Mapped[str | None] = mapped_column(String(36))
    is_gold: Mapped[bool]
    source: Mapped[str] = mapped_column(String(16))
    shown_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]
    active_ms: Mapped[int | None]
    batch: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("(answer IS NULL) <> (retracts IS NULL)", name="answer_or_retraction"),
        CheckConstraint(
            "answer IN ('yes','no','unsure','skip') OR answer LIKE 'n________' OR answer IS NULL",
            name="answer",
        ),
        Index("ix_vote_annotator_id_question_id", "annotator_id", "question_id"),
        # Of both, or SQLite looks for an annotator's retraction among all their votes.
        _partial_index(
            "ix_vote_annotator_id_retracts", "annotator_id", "retracts", where="retracts IS NOT NULL"
        ),
    )


class Lease(Base):
    """A question handed to an annotator until a time; then it is free again."""

    __tablename__ = "lease"
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), primary_key=True)
    batch: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    place: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Where on its page: a reloaded page has the same order."""
    __table_args__ = (Index("ix_lease_annotator_id", "annotator_id"),)


class QueueCursor(Base):
    """How far into a band of a synset an annotator has seen everything: where to look on from."""

    __tablename__ = "queue_cursor"
    annotator_id: Mapped[int] = mapped_column(ForeignKey("annotator.id"), primary_key=True)
    wnid: Mapped[str] = mapped_column(ForeignKey("synset.wnid"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    queued_at: Mapped[int] = mapped_column(BigInteger)
    question_id: Mapped[int] = mapped_column(BigInteger)


class Policy(Base):
    """A policy under which decisions were made, by the hash of its canonical JSON."""

    __tablename__ = "policy"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    body: Mapped[str] = mapped_column(Text)


class Decision(Base):
    """What the policy made of a question's votes; the last one counts."""

    __tablename__ = "decision"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    posterior: Mapped[float]
    n_yes: Mapped[int]
    n_no: Mapped[int]
    n_unsure: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy.hash"))
    decided_at: Mapped[datetime]
    votes_wanted: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(String(9))


class ExpertVerdict(Base):
    """An expert's word on a question; it overrules the votes."""

    __tablename__ = "expert_verdict"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime]
    votes_wanted: Mapped[int | None]
    """With ``more-votes``: how many votes in all."""
    __table_args__ = (
        CheckConstraint("verdict IN ('accept','reject','more-votes','exclude','undo')", name="verdict"),
    )


class Release(Base):
    """A release that was frozen from this workspace."""

    __tablename__ = "release"
    identity: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    folder: Mapped[str] = mapped_column(Text)
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy.hash"))
    seed: Mapped[int] = mapped_column(BigInteger)
    frozen_at: Mapped[datetime]
