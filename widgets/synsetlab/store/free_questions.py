"""The queue of each synset's questions: what an annotator has not answered, the most valuable first.

A question belongs to a band (0: one more vote is worth most; 5: nobody was asked yet) and has the
time at which it came into it. Whatever makes a question available again (an expired lease, a
retraction, more votes wanted) gives it a new time. So, for each annotator, everything before the
first question that they may answer can be passed over next time: ``queue_cursor`` keeps that place,
and a page of 48 is found at once by someone who has seen nearly all of a synset. The cursor is only
a hint: where a page would stay short, everything is looked at again (at most once a minute).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.engine import put
from synsetlab.store.prepared import Prepared, among, ids
from synsetlab.store.tallies import UNTOUCHED, microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

__all__ = ["Asker", "free_questions", "kept", "met"]

WINDOW = 2
"""Places among which a question is chosen, for each one that is handed out: annotators are spread."""

SMALLEST_PART = 64
SMALL_PART = 256
"""Up to here what is asked is chosen before it is read."""

LARGEST_PART = 16_384
SPARSE = 8
START = (-1, -1)

AGAIN_US = 60_000_000
LOOKED_AGAIN = -1
"""The band under which ``queue_cursor`` keeps when everything was looked at; at most once a minute."""

MARGIN_US = 5_000_000
"""PostgreSQL: a question may come into its band this much before we can see it."""

Place = tuple[int, int]
"""In a band: when a question came into it, and its id."""


class Asker(NamedTuple):
    """Who asks for questions of which synset."""

    connection: Connection
    annotator_id: int
    wnid: str

    @property
    def terms(self) -> dict[str, int | str]:
        """As the statements bind them."""
        return {"annotator": self.annotator_id, "wnid": self.wnid}

    def chance(self, questions: Sequence[int]) -> random.Random:
        """By which some of `questions` are chosen: of another annotator, or of others, it is another."""
        return random.Random(f"{self.annotator_id}:{questions[0]}:{questions[-1]}")


class _Part(NamedTuple):
    """What some rows of a band hold for an annotator."""

    first: Place | None
    """From here on there may be something."""
    free: list[int]
    """Questions that may be handed out, in the order in which they are to be."""
    last: Place | None
    """None where the band ends."""


def free_questions(asker: Asker, wanted: int) -> list[int]:
    """Up to `wanted` questions, best band first; which of a band, and in which order, chance decides."""
    cursors = _cursors(asker)
    found = _walk(asker, wanted, cursors)
    now = microseconds()
    if len(found) < wanted and now - cursors.get(LOOKED_AGAIN, (0, 0))[0] > AGAIN_US:
        _keep_cursors(asker, {LOOKED_AGAIN: (now, 0)})
        found = _walk(asker, wanted, {})
    return sorted(found, key=found.__getitem__)


def _walk(asker: Asker, wanted: int, cursors: dict[int, Place]) -> dict[int, int]:
    """Up to `wanted` questions from the cursors on, each with its band; moves these to what was found first.

    A band is not looked through at once where it begins with a great deal that the annotator may not be
    asked: the next page goes on there, and this one takes from the bands below what there is.
    """
    walk = _Walk(asker, wanted, cursors)
    for band in _bands(asker, cursors):
        walk.look(band, once=True)
        if walk.missing <= 0:
            break
    for band in list(walk.unfinished):
        if walk.missing <= 0:
            break
        walk.look(band)
    _keep_cursors(asker, {band: place for band, place in walk.moved.items() if place != cursors.get(band)})
    return walk.found


class _Walk:
    """What one look through the queue has found, and how far it came."""

    def __init__(self, asker: Asker, wanted: int, cursors: dict[int, Place]) -> None:
        self.found: dict[int, int] = {}
        self.moved: dict[int, Place] = {}
        self.unfinished: dict[int, Place] = {}
        self._asker = asker
        self._wanted = wanted
        self._cursors = cursors
        margin = MARGIN_US if asker.connection.dialect.name == "postgresql" else 0
        self._horizon = (microseconds() - margin, 0)

    @property
    def missing(self) -> int:
        """How many questions are still looked for."""
        return self._wanted - len(self.found)

    def look(self, band: int, *, once: bool = False) -> None:
        """Take from a band, from where its cursor or the last look stands; `once`: look at one part of it.

        Parts grow from as many as are looked for: who has seen nearly everything passes over it by index
        alone.
        """
        start = place = self.unfinished.pop(band, self._cursors.get(band, START))
        first: Place | None = None
        size = max(WINDOW * self.missing, SMALLEST_PART)
        while self.missing > 0:
            part = _part(self._asker, band, place, size, self.missing)
            first = first or part.first
            # While PostgreSQL is asked, a question may go on to a band that is looked at later.
            new = [question for question in part.free if question not in self.found]
            self.found |= dict.fromkeys(new[: self.missing], band)
            if part.last is None:
                break
            place, size = (part.last[0], part.last[1] + 1), min(LARGEST_PART, 4 * size)
            if once:
                self.unfinished[band] = place
                break
        known = first or self.unfinished.get(band) or self._horizon
        self.moved[band] = max(start, min(known, self._horizon))


def _bands(asker: Asker, cursors: dict[int, Place]) -> list[int]:
    """The bands in which there is something from the cursors on."""
    bands = range(UNTOUCHED + 1)
    places = asker.terms
    for band in bands:
        places[f"since_{band}"], places[f"after_{band}"] = cursors.get(band, START)
    (row,) = _BANDS.rows(asker.connection, places)
    return [band for band in bands if row[band]]


def _part(asker: Asker, band: int, start: Place, size: int, wanted: int) -> _Part:
    """So many rows of a band from a place on.

    Where few of them are free, they are handed out as they came, so that nothing is passed over twice;
    elsewhere chance chooses.
    """
    where = {**asker.terms, "band": band, "since": start[0], "after": start[1], "part": size}
    if size <= SMALL_PART:
        return _chosen(asker, where, wanted)
    free = _FREE.rows(asker.connection, {**where, "most": WINDOW * wanted})
    last = None if len(free) >= wanted else next(iter(_LAST.rows(asker.connection, where)), None)
    questions = [question for _, question in free]
    if len(free) * SPARSE >= size:
        asker.chance(questions).shuffle(questions)
    return _Part(tuple(free[0]) if free else None, questions, tuple(last) if last else None)


def _chosen(asker: Asker, where: dict[str, int | str], wanted: int) -> _Part:
    """The same of a small part: chosen by indexes alone, so that only what is chosen has to be read."""
    rows = _ROWS.rows(asker.connection, where)
    last = rows[-1][:2] if len(rows) == where["part"] else None
    questions = [question for _, question, answered in rows if not answered]
    tried = asker.chance(questions).sample(questions, wanted) if len(questions) > wanted else questions
    free = _allowed(asker, tried)
    if len(free) == len(tried) < len(questions):
        return _Part(rows[0][:2], tried, last)
    free |= _allowed(asker, set(questions).difference(tried))
    found = [(queued_at, question) for queued_at, question, _ in rows if question in free]
    chosen = [question for _, question in found]
    if chosen and len(chosen) * SPARSE >= len(rows):
        asker.chance(questions).shuffle(chosen)
    return _Part(found[0] if found else None, chosen, last)


def _allowed(asker: Asker, questions: Collection[int]) -> set[int]:
    """Those of them that the annotator may be asked."""
    if not questions:
        return set()
    where = {**asker.terms, "questions": ids(asker.connection, questions)}
    return {row[0] for row in _ALLOWED.rows(asker.connection, where)}


def _cursors(asker: Asker) -> dict[int, Place]:
    rows = _CURSORS.rows(asker.connection, asker.terms)
    return {band: (queued_at, question) for band, queued_at, question in rows}


def _keep_cursors(asker: Asker, moved: dict[int, Place]) -> None:
    whose = {"annotator_id": asker.annotator_id, "wnid": asker.wnid}
    rows = [
        {**whose, "band": band, "queued_at": at, "question_id": last} for band, (at, last) in moved.items()
    ]
    put(asker.connection, t.QueueCursor, rows)


# ---- the statements: each is prepared, for a page is found in less time than SQLAlchemy takes to ask for it


def _queue(dialect: str, band: Any, since: str, after: str, *more: Any) -> Any:
    """queued_at, id and `more` of a band from a place on, by its index."""
    question = t.Question
    time, place = (sa.bindparam(name, type_=sa.BigInteger) for name in (since, after))
    there = (question.wnid == sa.bindparam("wnid"), sa.text(t.ASKABLE), question.band == band)
    here = sa.select(question.queued_at, question.id, *more).where(*there)
    if dialect == "postgresql":
        beyond = sa.tuple_(question.queued_at, question.id) >= sa.tuple_(time, place)
        return here.where(beyond).order_by(question.queued_at, question.id)
    # Two ranges that are merged: SQLite cannot look for both columns at once where the second is the row's
    # number, and went through all that came in one import.
    ranges = (
        here.where(question.queued_at == time, question.id >= place),
        here.where(question.queued_at > time),
    )
    both = sa.union_all(*ranges)
    return both.order_by(both.selected_columns.queued_at, both.selected_columns.id)


def _bands_statement(dialect: str) -> Any:
    """Which bands have something from a place on."""
    bands = range(UNTOUCHED + 1)
    places = (_queue(dialect, n, f"since_{n}", f"after_{n}").limit(1).subquery(f"q{n}") for n in bands)
    return sa.select(
        *(sa.exists(sa.select(q.c.id).select_from(q)).label(f"b{n}") for n, q in enumerate(places))
    )


def _last_statement(dialect: str) -> Any:
    """The last of a whole part."""
    part = sa.bindparam("part", type_=sa.Integer)
    return _queue(dialect, sa.bindparam("band"), "since", "after").limit(1).offset(part - 1)


def _rows_statement(dialect: str) -> Any:
    """A part: each question's time in the band, its id, and whether the annotator has answered it.

    Of what is untouched the log is not asked: few were answered there, and it would be read for all.
    """
    band, part = (sa.bindparam(name, type_=sa.Integer) for name in ("band", "part"))
    answered = _one(t.Vote, sa.bindparam("annotator"), t.Question.id).is_not(None)
    known = sa.case((band < UNTOUCHED, answered), else_=sa.false())
    return _queue(dialect, band, "since", "after", known.label("answered")).limit(part)


def _free_statement(dialect: str) -> Any:
    """Those of a part that may be asked."""
    part = sa.bindparam("part", type_=sa.Integer)
    question = t.Question
    # All that is asked of a question, for its row is read to see that it is askable.
    more = (question.image_id, _missing(), _told().label("told"))
    whole = _queue(dialect, sa.bindparam("band"), "since", "after", *more)
    queue = whole.limit(part).subquery("part")
    return (
        sa.select(queue.c.queued_at, queue.c.id)
        .where(*_may(queue.c.id, queue.c.missing, queue.c.told, "part.image_id", dialect))
        .order_by(queue.c.queued_at, queue.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def _allowed_statement(dialect: str) -> Any:
    question = t.Question
    listed = among(question.id, "questions", dialect)
    may = _may(question.id, _missing(), _told(), "question.image_id", dialect)
    return sa.select(question.id).where(listed, *may)


def _missing() -> sa.Label[int]:
    """How many votes a question wants that it has not."""
    question = t.Question
    given = question.n_yes + question.n_no + question.n_unsure + question.n_label
    return (question.votes_wanted - given).label("missing")


def _told() -> Any:
    """How many answers to a question count, skips among them."""
    question = t.Question
    return question.n_yes + question.n_no + question.n_unsure + question.n_label + question.n_skip


def _may(question: Any, missing: Any, told: Any, image: str, dialect: str) -> tuple[Any, ...]:
    """Whether the annotator has not met it, it has fewer votes and leases than it wants, and is kept."""
    annotator: sa.BindParameter[int] = sa.bindparam("annotator")
    leased = (
        sa.select(sa.func.count())
        .where(t.Lease.question_id == question, t.Lease.annotator_id != annotator)
        .scalar_subquery()
    )
    unless = _untold(told, annotator) if dialect == "sqlite" else None
    return ~met(annotator, question, unless=unless), missing > leased, kept(image, dialect)


def met(annotator: Any, question: Any, *, unless: Any = None) -> sa.ColumnElement[bool]:
    """Whether the annotator has answered (or taken back an answer to) the question, or holds it.

    `unless`: where it is known that they have not answered.
    """
    # Not EXISTS: PostgreSQL may rather read all that the annotator ever said than look for a few.
    answered, holds = (_one(table, annotator, question).is_not(None) for table in (t.Vote, t.Lease))
    return sa.or_(answered if unless is None else ~unless & answered, holds)


def _one(table: Any, annotator: Any, question: Any) -> Any:
    """The question where there is a row of it and the annotator; else null."""
    there = (table.question_id == question, table.annotator_id == annotator)
    return sa.select(table.question_id).where(*there).limit(1).scalar_subquery()


def _untold(told: Any, annotator: Any) -> Any:
    """Whether no answer to a question counts, and every answer of the annotator would.

    Then the annotator has given none, and their votes, whose places in the log's index are as many pages of
    the database, need not be read. For SQLite, which evaluates what it needs, in this order.
    """
    taken_back = (
        "EXISTS (SELECT 1 FROM vote INDEXED BY ix_vote_annotator_id_retracts"
        " WHERE vote.annotator_id = :annotator AND vote.retracts IS NOT NULL)"
    )
    excluded = sa.exists().where(t.Annotator.id == annotator, t.Annotator.excluded)
    return ~sa.or_(told > 0, excluded, sa.text(taken_back))


def kept(image: str, dialect: str) -> sa.TextClause:
    """Whether the picture of a column is no dropped duplicate; found by the index of the few that are."""
    # SQLite would take the index of all pictures.
    by = "INDEXED BY ix_image_dropped" if dialect == "sqlite" else ""
    found = f"SELECT 1 FROM image {by} WHERE image.id = {image} AND image.duplicate_of IS NOT NULL"  # noqa: S608 - no value is in it
    return sa.text(f"NOT EXISTS ({found})")


def _cursors_statement(_dialect: str) -> Any:
    cursor = t.QueueCursor
    return sa.select(cursor.band, cursor.queued_at, cursor.question_id).where(
        cursor.annotator_id == sa.bindparam("annotator"), cursor.wnid == sa.bindparam("wnid")
    )


_BANDS = Prepared(_bands_statement)
_ROWS = Prepared(_rows_statement)
_ALLOWED = Prepared(_allowed_statement)
_FREE = Prepared(_free_statement)
_LAST = Prepared(_last_statement)
_CURSORS = Prepared(_cursors_statement)
