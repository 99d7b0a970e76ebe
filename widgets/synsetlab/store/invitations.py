"""The links that make an account or give one a new password: which of them are open, and how they end."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store.schema_accounts import Account, Invitation

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["MAY_INVITE", "by_or_for", "end_links", "hash_token", "open_links"]

MAY_INVITE = ("admin",)
"""The roles whose links hold."""

_UNUSED = (Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
_COLUMNS = [
    *(getattr(Invitation, name) for name in ("id", "role", "name", "account_id", "invited_by")),
    Invitation.created_at,
    Invitation.expires_at,
    sa.select(Account.name).where(Account.id == Invitation.invited_by).scalar_subquery().label("inviter"),
    sa.select(Account.name).where(Account.id == Invitation.account_id).scalar_subquery().label("account"),
]


def open_links(*which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Of `which` links those that can still be used: id, role, name, ..., inviter and account by name."""
    # Asked here too, not only when an account is shut: a link may be made in the same moment.
    may = sa.exists().where(
        Account.id == Invitation.invited_by, Account.role.in_(MAY_INVITE), ~Account.disabled
    )
    made_by_the_server = Invitation.invited_by.is_(None)
    return sa.select(*_COLUMNS).where(
        *_UNUSED, Invitation.expires_at > datetime.now(UTC), made_by_the_server | may, *which
    )


def by_or_for(account: int) -> sa.ColumnElement[bool]:
    """The links that an account made, and those that give it a new password."""
    return (Invitation.invited_by == account) | (Invitation.account_id == account)


def end_links(connection: Connection, *which: sa.ColumnElement[bool]) -> None:
    """End those of `which` that were not used; the name that one was for goes with it."""
    ended = sa.update(Invitation).where(*_UNUSED, *which)
    connection.execute(ended.values(revoked_at=datetime.now(UTC), name=None))


def hash_token(token: str) -> str:
    """What is kept of a link's token."""
    return hashlib.sha256(token.encode()).hexdigest()
