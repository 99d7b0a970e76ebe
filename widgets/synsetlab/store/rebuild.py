"""Caches against their logs: what differs, and how it is set right.

State is a pure function of the logs and of which vote counts (``vote_policy``). Everything that is
kept a second time for speed is compared here: tallies, outcomes, posteriors, labels and votes
wanted of questions, exclusion of annotators, dropped duplicates, and leases.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.decisions import expected_state
from synsetlab.store.engine import update_by_id
from synsetlab.store.tallies import UNTOUCHED, microseconds, recount, restamp

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.engine import Connection

__all__ = ["rebuild", "refresh_state"]

Row = dict[str, Any]
AT_ONCE = 5_000
"""Questions whose state is held at a time."""
LEASED = timedelta(days=1)
"""No lease is for longer: one that is keeps its question from everybody."""


def rebuild(connection: Connection, *, dry_run: bool) -> dict[str, list[int]]:
    """Set every cache to what its log says, unless `dry_run`; returns what was wrong, by cache.

    Keys: exclusion (annotators), counters, outcomes, bands, leases (questions), duplicates (as many
    zeros as pictures). Exclusion comes first, because tallies depend on it.
    """
    return {
        "exclusion": _exclusion(connection, dry_run=dry_run),
        "counters": [0] * recount(connection, None, dry_run=dry_run),
        "outcomes": refresh_state(connection, None, dry_run=dry_run),
        "bands": _bands(connection, dry_run=dry_run),
        "leases": _leases(connection, dry_run=dry_run),
        "duplicates": _duplicates(connection, dry_run=dry_run),
    }


def refresh_state(
    connection: Connection, questions: Collection[int] | None, *, dry_run: bool = False
) -> list[int]:
    """Set outcome, posterior, label and votes wanted to what the logs say; returns what differed."""
    if questions is None:  # in parts, so that a million of them need no more memory than a few
        every = [row[0] for row in connection.execute(sa.select(t.Question.id).order_by(t.Question.id))]
        parts = (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
        return [one for part in parts for one in refresh_state(connection, part, dry_run=dry_run)]
    expected = expected_state(connection, questions)
    names = ("outcome", "posterior", "label", "votes_wanted")
    stored = sa.select(t.Question.id, *(getattr(t.Question, name) for name in names)).order_by(t.Question.id)
    stored = stored.where(t.Question.id.in_(list(questions)))
    changes = []
    for row in connection.execute(stored).mappings():
        wanted = expected[row["id"]]
        if wanted["votes_wanted"] is None:
            wanted["votes_wanted"] = row["votes_wanted"]
        if any(row[name] != wanted[name] for name in names):
            changes.append({"id": row["id"], **wanted})
    if not dry_run:
        update_by_id(connection, t.Question, changes)
        restamp(connection, [row["id"] for row in changes])
    return [row["id"] for row in changes]


def _exclusion(connection: Connection, *, dry_run: bool) -> list[int]:
    log = sa.select(t.AnnotatorVerdict.annotator_id, t.AnnotatorVerdict.verdict)
    verdicts = connection.execute(log.order_by(t.AnnotatorVerdict.seq))
    last = {annotator: verdict for annotator, verdict in verdicts}  # noqa: C416 - as dict() it has no types
    stored = connection.execute(sa.select(t.Annotator.id, t.Annotator.excluded).order_by(t.Annotator.id))
    wrong = [
        {"id": annotator, "excluded": last.get(annotator) == "exclude"}
        for annotator, excluded in stored
        if excluded != (last.get(annotator) == "exclude")
    ]
    if not dry_run:
        update_by_id(connection, t.Annotator, wrong)
    return [row["id"] for row in wrong]


def _bands(connection: Connection, *, dry_run: bool) -> list[int]:
    """Only the two bands that need no policy can be checked: questions with votes, and without."""
    given = t.Question.n_yes + t.Question.n_no + t.Question.n_unsure + t.Question.n_label
    wrong = []
    for misplaced, band in (
        (sa.and_(given > 0, t.Question.band == UNTOUCHED), UNTOUCHED - 1),
        (sa.and_(given == 0, t.Question.band != UNTOUCHED), UNTOUCHED),
    ):
        wrong += [row[0] for row in connection.execute(sa.select(t.Question.id).where(misplaced))]
        if not dry_run:
            change = sa.update(t.Question).where(misplaced)
            connection.execute(change.values(band=band, queued_at=microseconds()))
    return sorted(wrong)


def _leases(connection: Connection, *, dry_run: bool) -> list[int]:
    """A lease on a question answered since by its annotator, or on one that is not asked; one without end."""
    answered = sa.exists().where(
        t.Vote.question_id == t.Lease.question_id, t.Vote.annotator_id == t.Lease.annotator_id
    )
    example = sa.exists().where(t.Question.id == t.Lease.question_id, t.Question.example)
    void = sa.or_(answered, example, t.Lease.expires_at > datetime.now(UTC) + LEASED)
    wrong = [row[0] for row in connection.execute(sa.select(t.Lease.question_id).where(void))]
    if not dry_run:
        connection.execute(sa.delete(t.Lease).where(void))
        connection.execute(sa.delete(t.QueueCursor))
    return sorted(wrong)


def _duplicates(connection: Connection, *, dry_run: bool) -> list[int]:
    log = sa.select(
        t.DuplicateVerdict.image_id, t.DuplicateVerdict.verdict, t.DuplicateVerdict.duplicate_of
    ).order_by(t.DuplicateVerdict.seq)
    last = {image: copy if verdict == "drop" else None for image, verdict, copy in connection.execute(log)}
    stored = connection.execute(sa.select(t.Image.id, t.Image.duplicate_of).order_by(t.Image.id))
    wrong: list[Row] = [
        {"id": image, "duplicate_of": last.get(image)} for image, copy in stored if copy != last.get(image)
    ]
    if not dry_run:
        update_by_id(connection, t.Image, wrong)
    return [0] * len(wrong)
