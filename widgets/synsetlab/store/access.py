"""Who may have a release: what is offered, who asked, what was decided, what was fetched.

Rows only; the rules (which addresses may ask, how links are signed) are in `synsetlab.release.access`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store.engine import insert_new
from synsetlab.store.schema_access import AccessEvent, AccessRequest, Download, Offer, Terms
from synsetlab.store.schema_accounts import Account

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from synsetlab.store.reader import Reader
    from synsetlab.store.writer import Writer

__all__ = ["Access", "OfferedRelease", "Request"]

STATES = {
    "requested": "waiting",
    "approved": "approved",
    "declined": "declined",
    "revoked": "revoked",
}
"""The state that each kind of event leads to."""


@dataclass(frozen=True)
class OfferedRelease:
    """A release that can be asked for, with the terms that are to be accepted."""

    id: int
    name: str
    folder: str
    pictures: str | None
    identity: str
    version: str
    terms_sha256: str
    approval: bool
    domains: list[str]
    days: int
    offered_at: datetime
    withdrawn_at: datetime | None
    terms: str


@dataclass(frozen=True)
class Request:
    """A request as it stands: who asks for what and why, and what was last decided."""

    id: int
    offer_id: int
    offer: str
    terms_sha256: str
    person: str
    email: str
    institution: str
    purpose: str
    asked_at: datetime
    state: str
    """``waiting``, ``approved``, ``declined`` or ``revoked``."""
    decided_at: datetime | None
    decided_by: str | None
    until: datetime | None
    reason: str

    def open_until(self, now: datetime) -> datetime | None:
        """Until when files may be fetched, or None where they may not (any more)."""
        return self.until if self.state == "approved" and self.until and self.until > now else None


class Access:
    """Offers, requests and downloads of a workspace. Every change is one transaction, durable at its end."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    # -- read ---------------------------------------------------------------------------------

    def offers(self, *, withdrawn: bool = False) -> list[OfferedRelease]:
        """What can be asked for, by name; with `withdrawn`, also what no longer can."""
        found = _offers() if withdrawn else _offers().where(Offer.withdrawn_at.is_(None))
        return [OfferedRelease(**row) for row in self._reader.rows(found.order_by(Offer.name))]

    def offer(self, name: str) -> OfferedRelease | None:
        """The offer of this name, withdrawn or not."""
        rows = self._reader.rows(_offers().where(Offer.name == name))
        return OfferedRelease(**rows[0]) if rows else None

    def terms(self, sha256: str) -> str | None:
        """The wording of one version of the terms."""
        found = self._reader.scalar(Terms.text, Terms.sha256 == sha256)
        return None if found is None else str(found)

    def requests(self, state: str | None = None) -> list[Request]:
        """Every request as it stands, or those in one state; those that wait first, then the newest."""
        rows = [Request(**row) for row in self._reader.rows(_requests())]
        kept = [row for row in rows if state in (None, row.state)]
        return sorted(kept, key=lambda row: (row.state != "waiting", -row.id))

    def request(self, number: int) -> Request | None:
        """The request of this number."""
        rows = self._reader.rows(_requests().where(AccessRequest.id == number))
        return Request(**rows[0]) if rows else None

    def request_of(self, token: str) -> Request | None:
        """The request whose page has this token in its address."""
        rows = self._reader.rows(_requests().where(AccessRequest.token_hash == _hash(token)))
        return Request(**rows[0]) if rows else None

    def events(self, request: int | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """What was done with requests, the newest first: seq, at, request_id, kind, by, until, reason."""
        columns = [getattr(AccessEvent, name) for name in ("seq", "at", "request_id", "kind")]
        statement = (
            sa.select(*columns, Account.name.label("by"), AccessEvent.until, AccessEvent.reason)
            .outerjoin(Account, Account.id == AccessEvent.actor_id)
            .order_by(AccessEvent.seq.desc())
            .limit(limit)
        )
        one = statement.where(AccessEvent.request_id == request) if request is not None else statement
        return self._reader.rows(one)

    def downloads(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Who fetched what under which terms, the newest first.

        Keys: seq, at, request_id, offer, person, email, institution, identity, file, bytes, terms_sha256.
        """
        who = [getattr(AccessRequest, name) for name in ("person", "email", "institution")]
        what = (Download.identity, Download.file, Download.bytes, AccessRequest.terms_sha256)
        statement = (
            sa.select(Download.seq, Download.at, Download.request_id, Offer.name.label("offer"), *who, *what)
            .join(AccessRequest, AccessRequest.id == Download.request_id)
            .join(Offer, Offer.id == AccessRequest.offer_id)
            .order_by(Download.seq.desc())
        )
        return self._reader.rows(statement if limit is None else statement.limit(limit))

    # -- change -------------------------------------------------------------------------------

    def put_offer(self, name: str, terms: str, **values: Any) -> None:
        """Offer a release under `name`, or change what is offered there.

        `values`: folder, pictures, identity, version, approval, domains, days. Requests that were made
        before keep the terms that they accepted.
        """
        accepted = _hash(terms)
        with self._writer.transaction() as connection:
            row = {"sha256": accepted, "text": terms, "added_at": _now()}
            insert_new(connection, Terms, [row])
            new = {**values, "terms_sha256": accepted, "withdrawn_at": None}
            if not insert_new(connection, Offer, [{"name": name, "offered_at": _now(), **new}]):
                connection.execute(sa.update(Offer).where(Offer.name == name).values(**new))

    def withdraw(self, name: str) -> None:
        """Take an offer back: nobody can ask for it or fetch from it any more.

        Raises
        ------
        InputError
            Nothing is offered under that name.
        """
        with self._writer.transaction() as connection:
            change = sa.update(Offer).where(Offer.name == name, Offer.withdrawn_at.is_(None))
            if connection.execute(change.values(withdrawn_at=_now())).rowcount == 0:
                raise InputError(f"No release is offered as {name!r}.", "See: synsetlab access list")

    def ask(self, offer: int, terms_sha256: str, until: datetime | None, **person: str) -> str:
        """Make a request; returns the token of its page, which is kept nowhere.

        `person`: person, email, institution, purpose. With `until` it is approved at once.
        """
        token = secrets.token_urlsafe(24)
        with self._writer.transaction() as connection:
            values = {"offer_id": offer, "terms_sha256": terms_sha256, "asked_at": _now(), **person}
            made = sa.insert(AccessRequest).values(token_hash=_hash(token), **values)
            number = int(connection.execute(made.returning(AccessRequest.id)).scalar_one())
            _note(connection, number, "requested", None)
            if until is not None:
                _note(connection, number, "approved", None, until=until)
        return token

    def decide(
        self, number: int, kind: str, *, by: int | None, until: datetime | None = None, reason: str = ""
    ) -> Request:
        """Approve (until a time), decline or revoke a request; returns it as it stands then.

        A decision can be changed: approved after it was declined, declined after it was approved.

        Raises
        ------
        InputError
            There is no such request.
        """
        with self._writer.transaction() as connection:
            _known(connection, number)
            _note(connection, number, kind, by, until=until, reason=reason)
        decided = self.request(number)
        assert decided is not None
        return decided

    def forget(self, number: int, *, by: int | None) -> None:
        """Blank who asked, here only: see `synsetlab.release.access.forget_request`.

        That it was asked, decided and fetched stays. Ends what was approved.

        Raises
        ------
        InputError
            There is no such request.
        """
        with self._writer.transaction() as connection:
            _known(connection, number)
            _note(connection, number, "revoked", by)
            _note(connection, number, "forgotten", by)
            blank = dict.fromkeys(("person", "email", "institution", "purpose"), "")
            connection.execute(sa.update(AccessRequest).where(AccessRequest.id == number).values(**blank))

    def note_download(self, request: int, identity: str, file: str, size: int) -> None:
        """Note that a file is about to be sent."""
        with self._writer.transaction() as connection:
            row = {"at": _now(), "request_id": request, "identity": identity, "file": file, "bytes": size}
            connection.execute(sa.insert(Download).values(row))


def _offers() -> sa.Select[Any]:
    columns = [getattr(Offer, field.name) for field in fields(OfferedRelease) if field.name != "terms"]
    return sa.select(*columns, Terms.text.label("terms")).join(Terms, Terms.sha256 == Offer.terms_sha256)


def _requests() -> sa.Select[Any]:
    """Requests with the last event that decides."""
    deciding = sa.select(sa.func.max(AccessEvent.seq)).where(AccessEvent.kind != "forgotten")
    last = deciding.group_by(AccessEvent.request_id)
    event = sa.select(AccessEvent).where(AccessEvent.seq.in_(last)).subquery()
    state = sa.case(STATES, value=event.c.kind).label("state")
    decided = event.c.kind != "requested"
    own = ("id", "offer_id", "terms_sha256", "person", "email", "institution", "purpose", "asked_at")
    columns = [getattr(AccessRequest, name) for name in own]
    return (
        sa.select(*columns, Offer.name.label("offer"), state, event.c.until, event.c.reason)
        .add_columns(sa.case((decided, event.c.at)).label("decided_at"), Account.name.label("decided_by"))
        .join(Offer, Offer.id == AccessRequest.offer_id)
        .join(event, event.c.request_id == AccessRequest.id)
        .outerjoin(Account, Account.id == event.c.actor_id)
    )


def _known(connection: Connection, number: int) -> None:
    if connection.execute(sa.select(AccessRequest.id).where(AccessRequest.id == number)).first() is None:
        raise InputError(f"There is no request {number}.", "See: synsetlab access requests")


def _note(
    connection: Connection,
    number: int,
    kind: str,
    by: int | None,
    *,
    until: datetime | None = None,
    reason: str = "",
) -> None:
    row = {"request_id": number, "kind": kind, "actor_id": by, "until": until, "reason": reason}
    connection.execute(sa.insert(AccessEvent).values(at=_now(), **row))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
