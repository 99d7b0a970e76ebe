"""Who may come in: accounts, invitations, and the log of what was done to them.

Names are for people, numbers for the log: the log of what was done to accounts holds numbers only,
so that a person can be forgotten while it stays whole. Passwords come in hashed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.erasure import free_pseudonym, pseudonymise
from synsetlab.store.invitations import MAY_INVITE, by_or_for, end_links, hash_token, open_links
from synsetlab.store.names import RESERVED, clean_name, clean_role, same_name
from synsetlab.store.schema_accounts import Account, AccountEvent, Invitation

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from synsetlab.store.reader import Reader
    from synsetlab.store.writer import Writer

__all__ = ["Accounts", "Member"]

SEEN_EVERY = timedelta(minutes=1)
LEFT = "left"
"""The event of signing out in one browser; ``after`` says in which."""


@dataclass(frozen=True)
class Member:
    """An account as the server sees it."""

    id: int
    name: str
    role: str
    password: str | None
    epoch: int
    disabled: bool
    created_at: datetime
    seen_at: datetime | None
    erased_at: datetime | None


class Accounts:
    """The accounts of a workspace. `by` is always the number of the account that acts, or None: the server.

    Every change is one transaction, durable when it returns, and a row of the log.
    """

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    # -- read ---------------------------------------------------------------------------------

    def exist(self) -> bool:
        """Whether anyone has an account: from then on everyone needs one."""
        return self._reader.scalar(Account.id) is not None

    def get(self, account: int) -> Member | None:
        """The account with this number."""
        return self._one(Account.id == account)

    def signed_in(self, account: int, epoch: int, session: str) -> Member | None:
        """The account that a browser is signed in with; None if it is shut, or that ended or was left."""
        event = AccountEvent
        left = sa.exists().where(event.account_id == Account.id, event.kind == LEFT, event.after == session)
        return self._one(Account.id == account, Account.epoch == epoch, ~Account.disabled, ~left)

    def named(self, name: str) -> Member | None:
        """The account of this name, whatever its case."""
        return self._one(Account.key == same_name(name))

    def all(self) -> list[dict[str, Any]]:
        """Every account with the votes under its name: id, name, role, disabled, ..., votes; by name."""
        votes = (
            sa.select(t.Annotator.name.label("annotator"), sa.func.count().label("votes"))
            .join(t.Vote, t.Vote.annotator_id == t.Annotator.id)
            .where(t.Vote.answer.is_not(None))
            .group_by(t.Annotator.name)
            .subquery()
        )
        columns = [column for column in Account.__table__.columns if column.name not in {"key", "password"}]
        statement = (
            sa.select(*columns, Account.password.is_not(None).label("has_password"))
            .add_columns(sa.func.coalesce(votes.c.votes, 0).label("votes"))
            .outerjoin(votes, votes.c.annotator == Account.name)
            .order_by(Account.erased_at.is_not(None), Account.key)
        )
        return self._reader.rows(statement)

    def marks(self) -> set[str]:
        """Of everyone who may come in: number and epoch, as in ``3.17``."""
        columns: list[Any] = [Account.id, Account.epoch]
        rows = self._reader.rows(sa.select(*columns).where(~Account.disabled))
        return {f"{row['id']}.{row['epoch']}" for row in rows}

    def log(self, limit: int = 200) -> list[dict[str, Any]]:
        """The newest events first: seq, at, actor, account (names as they are now), kind, before, after.

        Without people who leave one browser: that changes nothing for the account.
        """
        actor, account = sa.orm.aliased(Account), sa.orm.aliased(Account)
        event = AccountEvent
        statement = (
            sa.select(event.seq, event.at, event.kind, event.before, event.after)
            .add_columns(actor.name.label("actor"), account.name.label("account"))
            .outerjoin(actor, actor.id == event.actor_id)
            .outerjoin(account, account.id == event.account_id)
            .where(event.kind != LEFT)
            .order_by(event.seq.desc())
            .limit(limit)
        )
        return self._reader.rows(statement)

    def invitation(self, token: str) -> dict[str, Any] | None:
        """What a link invites to: id, role, name, account_id, expires_at, inviter; None if it is not open."""
        rows = self._reader.rows(open_links(Invitation.token_hash == hash_token(token)))
        return rows[0] if rows else None

    def invitations(self) -> list[dict[str, Any]]:
        """Those that can still be used, the newest first; their tokens only the invited have."""
        return self._reader.rows(open_links().order_by(Invitation.id.desc()))

    # -- invite -------------------------------------------------------------------------------

    def invite(
        self,
        role: str,
        *,
        by: int | None,
        days: float = 7,
        name: str | None = None,
        account: int | None = None,
    ) -> str:
        """Make a link that works once; returns its token, which is kept nowhere.

        `name` binds it to one name, which may be one that votes are kept under already. With `account`
        it gives that account a new password.
        """
        if not 0 < days <= 365:
            raise InputError(f"An invitation is good for up to 365 days, not {days:g}.")
        _refuse_reserved(name or "")
        token = secrets.token_urlsafe(24)
        now = _now()
        with self._writer.transaction() as connection:
            values = {
                "token_hash": hash_token(token),
                "role": clean_role(role),
                "name": clean_name(name) if name else None,
                "account_id": account,
                "invited_by": by,
                "created_at": now,
                "expires_at": now + timedelta(days=days),
            }
            if name and self._taken(connection, name):
                raise InputError(f"{name} has an account already.")
            connection.execute(sa.insert(Invitation).values(values))
            _note(connection, "invited" if account is None else "reset-link", by, account, after=role)
        return token

    def first_link(self) -> str:
        """The token of a link that makes the administrator; those of earlier starts end."""
        with self._writer.transaction() as connection:
            end_links(connection, Invitation.invited_by.is_(None), Invitation.role == "admin")
        return self.invite("admin", by=None, days=1)

    def revoke(self, invitation: int, *, by: int | None) -> None:
        """End an invitation that was not used."""
        with self._writer.transaction() as connection:
            end_links(connection, Invitation.id == invitation)
            _note(connection, "uninvited", by, None)

    def join(self, token: str, name: str, password: str | None) -> Member:
        """Use an invitation: make the account, or give it its new password; returns it.

        Every other link for a new password of that account ends.

        Raises
        ------
        InputError
            The link was used, revoked or is too old, or the name is someone else's.
        """
        with self._writer.transaction() as connection:
            found = connection.execute(open_links(Invitation.token_hash == hash_token(token))).one_or_none()
            if found is None:
                raise InputError("This link was used, or is too old.", "Ask for a new one.")
            if found.account_id is not None:
                account = int(found.account_id)
                self._end_sessions(connection, account, password=password)
                _note(connection, "password", account, account)
            else:
                account = self._make(connection, found, clean_name(found.name or name), password)
            used = sa.update(Invitation).where(Invitation.id == found.id)
            # The name was for the link; the account has it now, and alone, so that it can be forgotten.
            connection.execute(used.values(used_at=_now(), used_by=account, name=None))
            end_links(connection, Invitation.account_id == account)
        return self._must(account)

    def admit(self, name: str, role: str) -> Member:
        """Make an account for someone whom a hub or a proxy vouches for."""
        with self._writer.transaction() as connection:
            account = self._insert(connection, clean_name(name), clean_role(role), None)
            _note(connection, "admitted", None, account, after=role)
        return self._must(account)

    def promote(self, token: str, account: int) -> Member:
        """Use an invitation for an account that is there: someone whom a hub or a proxy vouches for."""
        with self._writer.transaction() as connection:
            found = connection.execute(open_links(Invitation.token_hash == hash_token(token))).one_or_none()
            if found is None or found.account_id is not None:
                raise InputError("This link was used, or is too old.", "Ask for a new one.")
            used = sa.update(Invitation).where(Invitation.id == found.id)
            connection.execute(used.values(used_at=_now(), used_by=account, name=None))
            self._change_role(connection, account, found.role, by=found.invited_by)
        return self._must(account)

    # -- change -------------------------------------------------------------------------------

    def set_role(self, account: int, role: str, *, by: int | None) -> None:
        """Give a person another role; what they have open ends, so that it holds at once.

        The links that an administrator made end with the role.
        """
        clean_role(role)
        with self._writer.transaction() as connection:
            self._change_role(connection, account, role, by=by)

    def set_disabled(self, account: int, disabled: bool, *, by: int | None) -> None:
        """Shut a person out at once, with the links made by or for them, or let them in again."""
        with self._writer.transaction() as connection:
            before = self._row(connection, account)
            if before.disabled == disabled:
                return
            if disabled:
                self._keep_an_admin(connection, before)
                end_links(connection, by_or_for(account))
            self._end_sessions(connection, account, disabled=disabled)
            _note(connection, "disabled" if disabled else "enabled", by, account)

    def leave(self, account: int, session: str) -> None:
        """End what one browser is signed in with, also where its cookie was copied to."""
        with self._writer.transaction() as connection:
            _note(connection, LEFT, account, account, after=session)

    def sign_out(self, account: int, *, by: int | None) -> None:
        """End everything that is signed in as this person, everywhere."""
        with self._writer.transaction() as connection:
            self._row(connection, account)
            self._end_sessions(connection, account)
            _note(connection, "signed-out", by, account)

    def set_password(self, account: int, password: str, *, by: int | None) -> None:
        """Keep another hash; what is signed in with the old password ends, and links for a new one do."""
        with self._writer.transaction() as connection:
            self._row(connection, account)
            self._end_sessions(connection, account, password=password)
            end_links(connection, Invitation.account_id == account)
            _note(connection, "password", by, account)

    def rehash(self, account: int, password: str) -> None:
        """Keep the same password under a hash of today's strength."""
        with self._writer.transaction() as connection:
            connection.execute(sa.update(Account).where(Account.id == account).values(password=password))

    def erase(self, account: int, *, by: int | None) -> str:
        """Forget a person: their name becomes a pseudonym everywhere, their votes stay; returns it."""
        with self._writer.transaction() as connection:
            before = self._row(connection, account)
            self._keep_an_admin(connection, before)
            pseudonym = free_pseudonym(connection, f"{RESERVED}{account}")
            gone = {"password": None, "disabled": True, "seen_at": None, "erased_at": _now()}
            self._end_sessions(connection, account, name=pseudonym, key=pseudonym, **gone)
            end_links(connection, by_or_for(account))
            pseudonymise(connection, before.name, pseudonym)
            _note(connection, "erased", by, account)
        return pseudonym

    def seen(self, member: Member) -> None:
        """Note that someone was here, at most once a minute."""
        now = _now()
        if member.seen_at is None or now - member.seen_at > SEEN_EVERY:
            with self._writer.transaction() as connection:
                connection.execute(sa.update(Account).where(Account.id == member.id).values(seen_at=now))

    # -- how ----------------------------------------------------------------------------------

    def _one(self, *where: Any) -> Member | None:
        rows = self._reader.rows(sa.select(*_MEMBER).where(Account.erased_at.is_(None), *where))
        return Member(**rows[0]) if rows else None

    def _must(self, account: int) -> Member:
        found = self.get(account)
        assert found is not None
        return found

    def _make(self, connection: Connection, found: Any, name: str, password: str | None) -> int:
        """The account that an invitation makes."""
        first = found.invited_by is None and found.role == "admin"
        known = {same_name(row[0]) for row in connection.execute(sa.select(t.Annotator.name))}
        if found.name is None and not first and same_name(name) in known:
            raise InputError(
                f"There are votes under the name {name} already.",
                "Choose another, or ask for an invitation in that name.",
            )
        account = self._insert(connection, name, found.role, password)
        _note(connection, "joined", account, account, after=found.role)
        return account

    def _insert(self, connection: Connection, name: str, role: str, password: str | None) -> int:
        _refuse_reserved(name)
        if self._taken(connection, name):
            raise InputError(f"The name {name} is taken.", "Choose another.")
        values = {
            "name": name,
            "key": same_name(name),
            "role": role,
            "password": password,
            "created_at": _now(),
        }
        return int(connection.execute(sa.insert(Account).values(values).returning(Account.id)).scalar_one())

    def _taken(self, connection: Connection, name: str) -> bool:
        asked = sa.select(Account.id).where(Account.key == same_name(name))
        return connection.execute(asked).first() is not None

    def _row(self, connection: Connection, account: int) -> Any:
        # Locked, so that two administrators cannot each take the other's role away at once.
        asked = sa.select(*_MEMBER).where(Account.id == account, Account.erased_at.is_(None))
        row = connection.execute(asked.with_for_update()).one_or_none()
        if row is None:
            raise InputError(f"There is no account {account}.", "Reload the page.")
        return row

    def _keep_an_admin(self, connection: Connection, row: Any, *, role: str = "") -> None:
        if row.role != "admin" or role == "admin" or row.disabled:
            return
        admins = sa.select(Account.id).where(Account.role == "admin", ~Account.disabled).with_for_update()
        if len(connection.execute(admins).all()) < 2:
            raise InputError(
                f"{row.name} is the only administrator.", "Make someone else an administrator first."
            )

    def _change_role(self, connection: Connection, account: int, role: str, *, by: int | None) -> None:
        before = self._row(connection, account)
        if before.role == role:
            return
        self._keep_an_admin(connection, before, role=role)
        if role not in MAY_INVITE:
            end_links(connection, Invitation.invited_by == account)
        self._end_sessions(connection, account, role=role)
        _note(connection, "role", by, account, before=before.role, after=role)

    def _end_sessions(self, connection: Connection, account: int, **changes: Any) -> None:
        change = sa.update(Account).where(Account.id == account)
        connection.execute(change.values(epoch=Account.epoch + 1, **changes))


_MEMBER = [getattr(Account, field.name) for field in fields(Member)]


def _refuse_reserved(name: str) -> None:
    if same_name(name).startswith(RESERVED):
        raise InputError(f"Names that begin with {RESERVED} are kept for people who left.")


def _note(
    connection: Connection,
    kind: str,
    actor: int | None,
    account: int | None,
    *,
    before: str = "",
    after: str = "",
) -> None:
    row = {"kind": kind, "actor_id": actor, "account_id": account, "before": before, "after": after}
    connection.execute(sa.insert(AccountEvent).values(at=_now(), **row))


def _now() -> datetime:
    return datetime.now(UTC)
