"""Hand out questions: each annotator gets what they have not answered, the most valuable first.

A question belongs to a band (0: one more vote is worth most; 5: nobody was asked yet) and has the
time at which it came into it. Whatever makes a question available again (an expired lease, a
retraction, more votes wanted) gives it a new time. So, for each annotator, everything before the
first question that they may answer can be passed over next time: ``queue_cursor`` keeps that place,
and a page of 48 is found at once by someone who has seen nearly all of a synset. The cursor is only
a hint: where a page would stay short, everything is looked at again (at most once a minute).
"""

from __future__ import annotations

import hashlib
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.engine import insert_new, put
from synsetlab.store.prepared import Prepared
from synsetlab.store.tallies import UNTOUCHED, microseconds, restamp

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

__all__ = ["claim"]

WINDOW = 2
"""Free questions looked at for each one that is handed out: annotators are spread among them."""

GLANCE = 256
"""Of a band, rows that are looked at before the bands below are."""

SMALLEST_PART = 64
LARGEST_PART = 16_384
SPARSE = 8
START = (-1, -1)

CONTROLS_LOOKED_AT = 400
AGAIN_US = 60_000_000
LOOKED_AGAIN = -1
"""The band under which ``queue_cursor`` keeps when everything was looked at; at most once a minute."""

MARGIN_US = 5_000_000
"""PostgreSQL: a question may come into its band this much before we can see it."""


class _Asker(NamedTuple):
    connection: Connection
    annotator_id: int
    wnid: str

    @property
    def terms(self) -> dict[str, int | str]:
        """As the statements bind them."""
        return {"annotator": self.annotator_id, "wnid": self.wnid}


class _Place(NamedTuple):
    """Where in the queue a free question was found."""

    band: int
    rank: int
    question: int
    image: str


def claim(
    connection: Connection,
    annotator_id: int,
    wnid: str,
    size: int,
    *,
    batch: str,
    minutes: float,
    now: datetime,
    controls: float,
) -> list[int]:
    """Lease up to `size` open questions of `wnid` to the annotator; returns their ids.

    First what this annotator holds already, in the same order (a reloaded page shows the same
    pictures), then others by band. A question is handed out while its votes and the leases of
    others are fewer than the votes it wants. Dropped duplicates are not asked about. `controls` of
    the new ones are gold questions and hard negatives, at places that `batch` decides; they are
    never full, but are offered only among others.
    """
    asker = _Asker(connection, annotator_id, wnid)
    if connection.dialect.name == "postgresql":
        # Leases are counted, not locked: two claims on a synset at once could both see the last free one.
        key = int.from_bytes(hashlib.blake2b(wnid.encode(), digest_size=7).digest())
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    _sweep(connection, now)
    held = _held(asker)[:size]
    room = size - len(held)
    fresh = _mixed(asker, room, round(room * controls), batch) if room > 0 else []
    expires = now + timedelta(minutes=minutes)
    lease = {"annotator_id": annotator_id, "batch": batch, "expires_at": expires}
    rows = [{"question_id": q, "place": place, **lease} for place, q in enumerate(fresh, start=len(held))]
    insert_new(connection, t.Lease, rows)
    if held:
        mine = sa.update(t.Lease).where(t.Lease.annotator_id == annotator_id, t.Lease.question_id.in_(held))
        connection.execute(mine.values(expires_at=expires, batch=batch))
    return held + fresh


def _sweep(connection: Connection, now: datetime) -> None:
    """End the leases of whoever went away; their questions are free again."""
    questions = [row[0] for row in _GONE.rows(connection, {"now": now})]
    if questions:
        over = sa.delete(t.Lease).where(t.Lease.expires_at <= now, t.Lease.question_id.in_(questions))
        connection.execute(over)
        restamp(connection, questions)


def _held(asker: _Asker) -> list[int]:
    return [row[0] for row in _HELD.rows(asker.connection, asker.terms)]


def _mixed(asker: _Asker, room: int, controls: int, batch: str) -> list[int]:
    """Questions with hidden controls among them; none where there is nothing to hide them among."""
    found = _free(asker, room)
    if not found:
        return []
    rng = random.Random(batch)
    hidden = _controls(asker, controls, rng)
    page = found[: room - len(hidden)]
    for question in hidden:
        page.insert(rng.randrange(len(page) + 1), question)
    return page


def _free(asker: _Asker, wanted: int) -> list[int]:
    """Up to `wanted` questions, best band first; within a band in an order of the annotator's own."""
    cursors = _cursors(asker)
    found = _walk(asker, wanted, cursors)
    now = microseconds()
    if len(found) < wanted and now - cursors.get(LOOKED_AGAIN, (0, 0))[0] > AGAIN_US:
        _keep_cursors(asker, {LOOKED_AGAIN: (now, 0)})
        found = _walk(asker, wanted, {})
    own = f"{asker.annotator_id}:"

    def order(place: _Place) -> tuple[int, int, bytes]:
        # Of the picture, not of the question: PostgreSQL leaves gaps in these where SQLite has none.
        mixed = hashlib.blake2b(f"{own}{place.image}".encode(), digest_size=8).digest()
        return place.band, place.rank, mixed

    return [place.question for place in sorted(found, key=order)[:wanted]]


def _walk(asker: _Asker, wanted: int, cursors: dict[int, tuple[int, int]]) -> list[_Place]:
    """Places of `wanted` or more from the cursors on; moves these to what was found first.

    A band is not looked through at once where it begins with a great deal that the annotator may not be
    asked: the next page goes on there, and this one takes from the bands below what there is.
    """
    walk = _Walk(asker, wanted, cursors)
    for band in _bands(asker, cursors):
        walk.look(band, GLANCE)
        if walk.missing <= 0:
            break
    for band in list(walk.unfinished):
        if walk.missing <= 0:
            break
        walk.look(band, None)
    _keep_cursors(asker, {band: place for band, place in walk.moved.items() if place != cursors.get(band)})
    return walk.found


class _Walk:
    """What one look through the queue has found, and how far it came."""

    def __init__(self, asker: _Asker, wanted: int, cursors: dict[int, tuple[int, int]]) -> None:
        self.found: list[_Place] = []
        self.moved: dict[int, tuple[int, int]] = {}
        self.unfinished: dict[int, tuple[int, int]] = {}
        self._asker = asker
        self._wanted = wanted
        self._cursors = cursors
        margin = MARGIN_US if asker.connection.dialect.name == "postgresql" else 0
        self._horizon = (microseconds() - margin, 0)

    @property
    def missing(self) -> int:
        """How many places are still looked for."""
        return self._wanted - len(self.found)

    def look(self, band: int, rows: int | None) -> None:
        """Take from a band, from where its cursor or the last look stands, looking at so many `rows`."""
        start = self.unfinished.pop(band, self._cursors.get(band, START))
        first, end, places = _look(self._asker, band, start, self.missing, rows)
        self.found += places
        if end is not None:
            self.unfinished[band] = end
        self.moved[band] = max(start, min(first or end or self._horizon, self._horizon))


def _bands(asker: _Asker, cursors: dict[int, tuple[int, int]]) -> list[int]:
    """The bands in which there is something from the cursors on."""
    bands = range(UNTOUCHED + 1)
    places = asker.terms
    for band in bands:
        places[f"since_{band}"], places[f"after_{band}"] = cursors.get(band, START)
    (row,) = _BANDS.rows(asker.connection, places)
    return [band for band in bands if row[band]]


def _look(
    asker: _Asker, band: int, start: tuple[int, int], wanted: int, rows: int | None
) -> tuple[tuple[int, int] | None, tuple[int, int] | None, list[_Place]]:
    """When and which the first question of a band is that may be asked, and the places from there on.

    Between the two: where it stopped, if there may be more after so many `rows`. Parts grow from as many
    as are looked for: who has seen nearly everything passes over it by index alone. There the rank is the
    order in which they came, so that nothing is passed over twice; elsewhere it is the same for all, and
    annotators can be spread.
    """
    first: tuple[int, int] | None = None
    found: list[_Place] = []
    most = WINDOW * wanted
    part = max(most, SMALLEST_PART)
    left = LARGEST_PART if rows is None else max(rows, part)
    while len(found) < wanted:
        if left <= 0:
            return first, start, found
        part = min(part, left)
        where = {**asker.terms, "band": band, "since": start[0], "after": start[1], "part": part}
        free = _FREE.rows(asker.connection, {**where, "most": most})
        if free and first is None:
            first = (free[0][0], free[0][1])
        sparse = len(free) * SPARSE < part
        rank = len(found)
        found += [
            _Place(band, rank + n if sparse else 0, question, image)
            for n, (_, question, image) in enumerate(free)
        ]
        last = None if len(free) == most else next(iter(_LAST.rows(asker.connection, where)), None)
        if last is None:
            break
        if rows is not None:
            left -= part
        start, part = (last[0], last[1] + 1), min(LARGEST_PART, 4 * part)
    return first, None, found


def _controls(asker: _Asker, wanted: int, rng: random.Random) -> list[int]:
    """Gold questions and hard negatives that the annotator has not met, half of each where there are both."""
    if wanted <= 0:
        return []
    rows = _CONTROLS.rows(asker.connection, asker.terms)
    gold = [question for question, control in rows if control is None]
    siblings = [question for question, control in rows if control is not None]
    rng.shuffle(gold)
    rng.shuffle(siblings)
    half = max(wanted - len(siblings), (wanted + 1) // 2)
    chosen = gold[:half]
    return chosen + siblings[: wanted - len(chosen)]


def _cursors(asker: _Asker) -> dict[int, tuple[int, int]]:
    rows = _CURSORS.rows(asker.connection, asker.terms)
    return {band: (queued_at, question) for band, queued_at, question in rows}


def _keep_cursors(asker: _Asker, moved: dict[int, tuple[int, int]]) -> None:
    whose = {"annotator_id": asker.annotator_id, "wnid": asker.wnid}
    rows = [
        {**whose, "band": band, "queued_at": at, "question_id": last} for band, (at, last) in moved.items()
    ]
    put(asker.connection, t.QueueCursor, rows)


# ---- the statements: each is prepared, for a page is found in less time than SQLAlchemy takes to ask for it


def _queue(band: Any, since: str, after: str, *more: Any) -> sa.CompoundSelect[Any]:
    """queued_at, id and `more` of a band from a place on, by its index."""
    question = t.Question
    time, place = (sa.bindparam(name, type_=sa.BigInteger) for name in (since, after))
    there = (question.wnid == sa.bindparam("wnid"), sa.text(t.ASKABLE), question.band == band)
    # Two ranges that are merged: SQLite cannot look for both columns at once where the second is the row's
    # number, and went through all that came in one import.
    here = sa.select(question.queued_at, question.id, *more).where(*there)
    ranges = (
        here.where(question.queued_at == time, question.id >= place),
        here.where(question.queued_at > time),
    )
    both = sa.union_all(*ranges)
    return both.order_by(both.selected_columns.queued_at, both.selected_columns.id)


def _bands_statement(_dialect: str) -> Any:
    """Which bands have something from a place on."""
    bands = range(UNTOUCHED + 1)
    places = (_queue(n, f"since_{n}", f"after_{n}").limit(1).subquery(f"q{n}") for n in bands)
    return sa.select(
        *(sa.exists(sa.select(q.c.id).select_from(q)).label(f"b{n}") for n, q in enumerate(places))
    )


def _last_statement(_dialect: str) -> Any:
    """The last of a whole part."""
    part = sa.bindparam("part", type_=sa.Integer)
    return _queue(sa.bindparam("band"), "since", "after").limit(1).offset(part - 1)


def _free_statement(dialect: str) -> Any:
    """Those of a part that the annotator has not met, with fewer votes and leases than they want."""
    annotator: sa.BindParameter[int] = sa.bindparam("annotator")
    part = sa.bindparam("part", type_=sa.Integer)
    question = t.Question
    given = question.n_yes + question.n_no + question.n_unsure + question.n_label
    missing = (question.votes_wanted - given).label("missing")
    # All that is asked of a question, for its row is read to see that it is askable.
    whole = _queue(sa.bindparam("band"), "since", "after", question.image_id, missing)
    queue = whole.limit(part).subquery("part")
    leased = (
        sa.select(sa.func.count())
        .where(t.Lease.question_id == queue.c.id, t.Lease.annotator_id != annotator)
        .scalar_subquery()
    )
    return (
        sa.select(queue.c.queued_at, queue.c.id, queue.c.image_id)
        .where(~_met(annotator, queue.c.id), queue.c.missing > leased, _kept("part.image_id", dialect))
        .order_by(queue.c.queued_at, queue.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def _met(annotator: Any, question: Any) -> sa.ColumnElement[bool]:
    """Whether the annotator has answered (or taken back an answer to) the question, or holds it."""
    answered = sa.exists().where(t.Vote.question_id == question, t.Vote.annotator_id == annotator)
    held = sa.exists().where(t.Lease.question_id == question, t.Lease.annotator_id == annotator)
    return sa.or_(answered, held)


def _kept(image: str, dialect: str) -> sa.TextClause:
    """Whether the picture of a column is no dropped duplicate; found by the index of the few that are."""
    # SQLite would take the index of all pictures.
    by = "INDEXED BY ix_image_dropped" if dialect == "sqlite" else ""
    found = f"SELECT 1 FROM image {by} WHERE image.id = {image} AND image.duplicate_of IS NOT NULL"  # noqa: S608 - no value is in it
    return sa.text(f"NOT EXISTS ({found})")


def _gone_statement(dialect: str) -> Any:
    gone = sa.select(t.Lease.question_id).where(t.Lease.expires_at <= sa.bindparam("now"))
    free = sa.select(t.Question.id).where(t.Question.id.in_(gone)).order_by(t.Question.id)
    # PostgreSQL: whoever votes on one of them right now holds it; the next page sweeps that one.
    locked = dialect == "postgresql"
    return free.with_for_update(of=t.Question, key_share=True, skip_locked=True) if locked else free


def _held_statement(_dialect: str) -> Any:
    return (
        sa.select(t.Lease.question_id)
        .join(t.Question, t.Question.id == t.Lease.question_id)
        .where(t.Lease.annotator_id == sa.bindparam("annotator"), t.Question.wnid == sa.bindparam("wnid"))
        .order_by(t.Lease.place, t.Lease.question_id)
    )


def _controls_statement(dialect: str) -> Any:
    return (
        sa.select(t.Question.id, t.Question.control)
        .where(
            t.Question.wnid == sa.bindparam("wnid"),
            t.Question.gold_answer.is_not(None),
            ~t.Question.example,
            ~_met(sa.bindparam("annotator"), t.Question.id),
            _kept("question.image_id", dialect),
        )
        .order_by(t.Question.id)
        .limit(CONTROLS_LOOKED_AT)
    )


def _cursors_statement(_dialect: str) -> Any:
    cursor = t.QueueCursor
    return sa.select(cursor.band, cursor.queued_at, cursor.question_id).where(
        cursor.annotator_id == sa.bindparam("annotator"), cursor.wnid == sa.bindparam("wnid")
    )


_GONE = Prepared(_gone_statement)
_HELD = Prepared(_held_statement)
_BANDS = Prepared(_bands_statement)
_FREE = Prepared(_free_statement)
_LAST = Prepared(_last_statement)
_CONTROLS = Prepared(_controls_statement)
_CURSORS = Prepared(_cursors_statement)
