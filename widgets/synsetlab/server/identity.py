"""Who is asking, decided for every request anew; nothing that a request says of itself is believed.

Three ways of knowing: a *name* given once (a workspace without accounts, on this machine only), an
*account* that signed in, or someone *outside* (a proxy, a hub) who vouches for the visitor.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.authorizer import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User
from traitlets import Instance, Unicode, default

from synsetlab.errors import InputError
from synsetlab.store.accounts import Accounts, Member
from synsetlab.store.names import clean_name, same_but_case

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler
    from tornado.web import RequestHandler

    from synsetlab.server.outside import Outside

__all__ = ["EPOCH_HEADER", "HEADER", "HEADERS", "ROLE_HEADER", "KernelOwners", "Visitor", "Visitors"]

HEADER = "X-Synsetlab-Annotator"
ROLE_HEADER = "X-Synsetlab-Role"
EPOCH_HEADER = "X-Synsetlab-Epoch"
HEADERS = (HEADER, ROLE_HEADER, EPOCH_HEADER)
"""How the visitor travels from the server to the kernel it starts; deleted from every request."""

NAME_ROLE = "curator"
"""Of whoever sits at a machine without accounts: everything but what only accounts need."""

NAME_DAYS = 365
ACCOUNT_DAYS = 30
"""How long a browser stays signed in."""


@dataclass
class Visitor(User):
    """Someone who asks: a name, a role, and the account and epoch where there are accounts."""

    role: str = NAME_ROLE
    account: int | None = None
    epoch: int = 0
    session: str = ""
    """Of the browser that signed in with a password."""

    @classmethod
    def of(cls, member: Member, session: str = "") -> Visitor:
        """The visitor that an account stands for."""
        return cls(member.name, role=member.role, account=member.id, epoch=member.epoch, session=session)

    @property
    def mark(self) -> str:
        """What a kernel was started for: it ends when this changes."""
        return "" if self.account is None else f"{self.account}.{self.epoch}"


class Visitors(IdentityProvider):
    """Knows visitors by name or account; `everyone` (if set) signs in whoever has no name yet."""

    everyone = Unicode("", help="Name given to visitors who have none; empty: they are asked.")
    accounts = Instance(Accounts, help="The accounts of the workspace.")
    locked = False
    """Whether an account is needed. Once there is one, it is."""
    outside: Outside | None = None
    """Who vouches for visitors instead of a password."""
    newcomers = ""
    """The role of people who are vouched for and have no account yet; empty: they need an invitation."""

    @default("token")
    def _no_token(self) -> str:
        return ""

    def set_login_cookie(self, handler: RequestHandler, user: User) -> None:
        """Remember the visitor in this browser: for a month with an account, for a year with a name."""
        self.cookie_options = {"samesite": "Lax", "expires_days": self._days}
        super().set_login_cookie(handler, user)

    def get_user_cookie(self, handler: RequestHandler) -> Any:
        """Whom the browser remembers."""
        self.get_secure_cookie_kwargs = {"max_age_days": self._days}
        return super().get_user_cookie(handler)

    @property
    def _days(self) -> int:
        return ACCOUNT_DAYS if self.locked else NAME_DAYS

    async def get_user(self, handler: RequestHandler) -> Visitor | None:
        """The visitor who asks, or None; whatever the request says of itself in `HEADERS` is dropped."""
        for name in HEADERS:
            if name in handler.request.headers:
                del handler.request.headers[name]
        if not self.locked:
            self.locked = await asyncio.to_thread(self.accounts.exist)
        visitor = await self._find(handler)
        if visitor is not None:
            values = (urllib.parse.quote(visitor.username), visitor.role, visitor.mark)
            for name, value in zip(HEADERS, values, strict=True):
                handler.request.headers[name] = value
        return visitor

    async def _find(self, handler: RequestHandler) -> Visitor | None:
        if self.outside is not None:
            try:
                name = await self.outside.name(handler)
                return await asyncio.to_thread(self._vouched, name) if name else None
            except InputError:
                return None  # the page to sign in says why
        known: Any = self.get_user_cookie(handler)
        if self.locked:
            return await asyncio.to_thread(self._signed_in, known) if known else None
        if known is not None and known.account is None:
            return known  # type: ignore[no-any-return] # a Visitor: user_from_cookie made it
        if self.everyone and getattr(handler, "is_page", False):
            visitor = Visitor(self.everyone)
            self.set_login_cookie(handler, visitor)
            return visitor
        return None

    def _signed_in(self, known: Visitor) -> Visitor | None:
        """The account that a cookie names, if it may still come in."""
        if known.account is None or not known.session:
            return None
        member = self.accounts.signed_in(known.account, known.epoch, known.session)
        if member is None:
            return None
        self.accounts.seen(member)
        return Visitor.of(member, known.session)

    def _vouched(self, name: str) -> Visitor | None:
        """Someone who is vouched for, if they may come in."""
        member = self.member_of(name)
        if member is None and self.newcomers:
            member = self.accounts.admit(name, self.newcomers)
        if member is None or member.disabled:
            return None
        self.accounts.seen(member)
        return Visitor.of(member)

    def member_of(self, name: str) -> Member | None:
        """The account of someone who is vouched for as `name`: the same, but for the case of A to Z.

        Raises
        ------
        InputError
            Someone else has an account whose name looks like it.
        """
        member = self.accounts.named(name)
        if member is not None and not same_but_case(member.name, name):
            raise InputError(
                f"The name {name} is not that of an account here, but looks like one.",
                "Ask whoever runs this server.",
            )
        return member

    def user_to_cookie(self, user: User) -> str:
        """Only who it is, and which browser; what they may do is looked up each time."""
        assert isinstance(user, Visitor)
        if user.account is None:
            return json.dumps({"name": user.username})
        session = secrets.token_urlsafe(16)
        return json.dumps({"account": user.account, "epoch": user.epoch, "session": session})

    def user_from_cookie(self, cookie_value: str) -> Visitor | None:
        """The visitor that a cookie of ours names."""
        kept = json.loads(cookie_value)
        if "account" in kept:
            account, epoch = int(kept["account"]), int(kept["epoch"])
            return Visitor("?", role="", account=account, epoch=epoch, session=kept.get("session", ""))
        return Visitor(clean_name(kept["name"]))


class KernelOwners(Authorizer):
    """Lets a visitor look at and talk to kernels of their own, and nothing else."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """Whether the request's kernel was started for `user`."""
        kernel = handler.path_kwargs.get("kernel_id", "")
        kernels: Any = handler.kernel_manager
        mine: bool = kernels.belongs(kernel, user)
        return mine and resource == "kernels" and action in {"read", "execute"}
