"""The tables of who may come in: accounts, invitations and the log of what was done to them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from synsetlab.store.columns import Base, BigId
from synsetlab.store.names import ROLES

__all__ = ["Account", "AccountEvent", "Invitation"]

_ROLE = "role IN ({})".format(",".join(f"'{role}'" for role in ROLES))


class Account(Base):
    """Someone who may sign in. Their votes are those of the annotator with the same name."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    key: Mapped[str] = mapped_column(String(192), unique=True)
    """The name without case and compatibility forms: two people must not look alike."""
    role: Mapped[str] = mapped_column(String(16))
    password: Mapped[str | None] = mapped_column(Text)
    """An Argon2 hash; none where a hub or a proxy says who is there."""
    epoch: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Counts up whenever all that is signed in has to end; a cookie names the epoch it is of."""
    disabled: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """When the person was forgotten; `name` is a pseudonym since."""
    __table_args__ = (CheckConstraint(_ROLE, name="role"),)


class Invitation(Base):
    """A link that works once: it makes an account, or gives one a new password."""

    __tablename__ = "invitation"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of what the link holds: who reads the database cannot use it."""
    role: Mapped[str] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(64))
    """Of the person who is meant; None: whoever opens it chooses one."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """The account that gets a new password by it; None: it makes an account."""
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    revoked_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint(_ROLE, name="role"),)


class AccountEvent(Base):
    """What was done to an account, by whom, and when. Never changed, never deleted; it holds no names."""

    __tablename__ = "account_event"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """None: someone at the server's own command line."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(32), default="")
    after: Mapped[str] = mapped_column(String(32), default="")
