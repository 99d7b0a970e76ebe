"""The tables of who may have a release: terms, offers, requests, what was decided, what was fetched."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from synsetlab.store.columns import Base, BigId

__all__ = ["EVENTS", "AccessEvent", "AccessRequest", "Download", "Offer", "Terms"]

EVENTS = ("requested", "approved", "declined", "revoked", "forgotten")
"""What can happen to a request; the last one that is not ``forgotten`` is its state."""


class Terms(Base):
    """One version of a text that people accept: never changed, a new wording is a new version."""

    __tablename__ = "terms"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the text in UTF-8: what was accepted can be proved."""
    text: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]


class Offer(Base):
    """A release that can be asked for, under a name in the site's addresses."""

    __tablename__ = "offer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    folder: Mapped[str] = mapped_column(Text)
    pictures: Mapped[str | None] = mapped_column(Text)
    """Folder of an export with the pictures, whose files may be fetched too."""
    identity: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(32))
    terms_sha256: Mapped[str] = mapped_column(ForeignKey("terms.sha256"))
    """What is to be accepted now; a request keeps what it accepted."""
    approval: Mapped[bool]
    """Whether a curator decides; else whoever accepts the terms may have it."""
    domains: Mapped[list[str]]
    """E-mail domains that may ask, with their subdomains; none: all may."""
    days: Mapped[int]
    """How long a request that is approved holds, by default."""
    offered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class AccessRequest(Base):
    """Someone who asks for a release. Who that is can be forgotten; that it was asked stays."""

    __tablename__ = "access_request"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of what the address of the request's page holds: who reads the database cannot open it."""
    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), index=True)
    terms_sha256: Mapped[str] = mapped_column(ForeignKey("terms.sha256"))
    person: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    institution: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]


class AccessEvent(Base):
    """What was done with a request, by whom. Never changed, never deleted; it holds no names."""

    __tablename__ = "access_event"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    request_id: Mapped[int] = mapped_column(ForeignKey("access_request.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    """None: the person who asks, or someone at the server's own command line."""
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    __table_args__ = (
        CheckConstraint("kind IN ({})".format(",".join(f"'{kind}'" for kind in EVENTS)), name="kind"),
    )


class Download(Base):
    """A file that was fetched: by which request, so under which terms. Never changed, never deleted."""

    __tablename__ = "download"
    seq: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    request_id: Mapped[int] = mapped_column(ForeignKey("access_request.id"), index=True)
    identity: Mapped[str] = mapped_column(String(64))
    file: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
