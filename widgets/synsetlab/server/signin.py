"""The pages at the door: a name, a password, an invitation, and the visitor's own account."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from synsetlab.errors import InputError, SynsetlabError
from synsetlab.server.base import Page
from synsetlab.server.hub import Hub
from synsetlab.server.identity import Visitor
from synsetlab.server.passwords import SHORTEST, Guess, check_password, hash_password, strengthen
from synsetlab.store.names import clean_name, same_but_case, same_name

if TYPE_CHECKING:
    from synsetlab.server.outside import Proxies
    from synsetlab.store.accounts import Member

__all__ = ["AccountPage", "Join", "Leave", "Name", "SignIn"]

ROLE_WORDS = {
    "viewer": "see how the work goes and browse what was accepted",
    "annotator": "label pictures",
    "expert": "label pictures, and decide what the votes could not",
    "curator": "label, review and run the dataset",
    "admin": "do everything, and say who may come in",
}


class _Door(Page):
    """A page that must not sign anyone in by itself."""

    is_page: ClassVar[bool] = False

    def guess(self, name: str) -> Guess:
        """An attempt to know the password of `name`, from where the visitor is."""
        proxies: Proxies = self.settings["synsetlab_proxies"]
        return Guess(self.settings["synsetlab_throttles"], same_name(name), proxies.client(self))

    async def hash(self, password: str, name: str) -> str:
        """Hash beside the event loop, a few at a time: each takes 64 MiB."""
        async with self.settings["synsetlab_hashing"]:
            return await asyncio.to_thread(hash_password, password, name)

    async def check(self, member: Member | None, password: str) -> bool:
        """Check a password likewise."""
        async with self.settings["synsetlab_hashing"]:
            return await asyncio.to_thread(check_password, member.password if member else None, password)

    async def known(self) -> tuple[str | None, str]:
        """Whom someone outside vouches for, and what is wrong with the name."""
        if self.visitors.outside is None:
            return None, ""
        try:
            name = await self.visitors.outside.name(self)
            if name is not None:
                await asyncio.to_thread(self.visitors.member_of, name)
        except InputError as error:
            return None, f"{error.shown} {error.remedy}"
        return name, ""

    def enter(self, member: Member) -> None:
        """Sign in, here and now."""
        self.visitors.set_login_cookie(self, Visitor.of(member))


class Name(_Door):
    """Asks for a name, once; only where there are no accounts."""

    @allow_unauthenticated
    def get(self) -> None:
        """Show the form."""
        if self.visitors.locked:
            self.redirect(self.url("sign-in"))
            return
        known = self.current_user.username if self.current_user else ""
        self.show("name.html", name=known, next=self.next_page(), problem="")

    @allow_unauthenticated
    def post(self) -> None:
        """Keep the name in the cookie and go where the visitor wanted to go."""
        if self.visitors.locked:
            raise web.HTTPError(403)
        given = self.get_body_argument("name", "", strip=False)
        try:
            name = clean_name(given)
        except InputError as error:
            self.set_status(400)
            self.show("name.html", name=given, next=self.next_page(), problem=error.shown)
            return
        self.visitors.set_login_cookie(self, Visitor(name))
        self.redirect(self.next_page(), status=303)


class Leave(_Door):
    """Forgets the visitor in this browser, or in all of them."""

    @allow_unauthenticated
    async def post(self) -> None:
        """End the cookie, also a copy of it; with ``everywhere``, end every other one too."""
        if self.get_body_argument("everywhere", "") and self.current_user and self.visitor.account:
            me = self.visitor.account
            await asyncio.to_thread(self.workspace.accounts.sign_out, me, by=me)
            await self.settings["synsetlab_sweep"]()
        elif self.current_user and self.visitor.account and self.visitor.session:
            account, session = self.visitor.account, self.visitor.session
            await asyncio.to_thread(self.workspace.accounts.leave, account, session)
        self.visitors.clear_login_cookie(self)
        outside = self.visitors.outside
        if isinstance(outside, Hub):
            outside.forget(self)
        away = outside.leave_url if outside else ""
        self.redirect(away or self.get_login_url(), status=303)


class SignIn(_Door):
    """Name and password; or, where someone outside vouches for visitors, why this one was not let in."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form."""
        if not self.visitors.locked:
            self.redirect(self.url("name"))
            return
        if self.current_user:
            self.redirect(self.next_page())
            return
        hub = self.visitors.outside
        if isinstance(hub, Hub) and await self.known() == (None, ""):
            hub.send(self, self.next_page())
            return
        await self._ask()

    @allow_unauthenticated
    async def post(self) -> None:
        """Let in who knows the password; who guesses has to wait longer and longer."""
        if not self.visitors.locked or self.visitors.outside:
            raise web.HTTPError(403)
        name = self.get_body_argument("name", "", strip=True)[:256]
        guess = self.guess(name)
        if wait := guess.begin():
            self.set_header("Retry-After", str(wait))
            await self._ask(429, name, f"Too many attempts. Try again in {_duration(wait)}.")
            return
        member = await asyncio.to_thread(self.workspace.accounts.named, name) if name else None
        password = self.get_body_argument("password", "", strip=False)
        if not await self.check(member, password) or member is None:
            await self._ask(401, name, "Name or password is wrong.")
            return
        guess.was_right()
        if member.disabled:
            await self._ask(403, name, "This account was shut. Ask whoever runs this server.")
            return
        if stronger := await asyncio.to_thread(strengthen, member.password or "", password):
            await asyncio.to_thread(self.workspace.accounts.rehash, member.id, stronger)
        self.enter(member)
        self.redirect(self.next_page(), status=303)

    async def _ask(self, status: int = 200, name: str = "", problem: str = "") -> None:
        outside = self.visitors.outside
        known, wrong = await self.known()
        problem = problem or wrong
        first = not await asyncio.to_thread(self.workspace.accounts.exist)
        self.set_status(status)
        values = {"name": name, "known": known, "first": first, "next": self.next_page()}
        self.show("sign-in.html", problem=problem, outside=outside, **values)


class Join(_Door):
    """An invitation: looking at it changes nothing, only the form uses it."""

    @allow_unauthenticated
    async def get(self, token: str) -> None:
        """Show what the link is for."""
        await self._ask(token)

    @allow_unauthenticated
    async def post(self, token: str) -> None:
        """Use it."""
        found = await asyncio.to_thread(self.workspace.accounts.invitation, token)
        if found is None:
            await self._ask(token)
            return
        name = found["account"] or found["name"] or self.get_body_argument("name", "", strip=False)
        try:
            member = await self._join(token, found, name)
        except SynsetlabError as error:
            await self._ask(token, name, f"{error.shown} {error.remedy}".strip())
            return
        self.visitors.locked = True
        await self.settings["synsetlab_sweep"]()
        if not self.visitors.outside:
            self.enter(member)
        self.redirect(self.base_url, status=303)

    async def _join(self, token: str, found: dict[str, Any], name: str) -> Member:
        accounts = self.workspace.accounts
        if self.visitors.outside is None:
            password = await self.hash(self.get_body_argument("password", "", strip=False), clean_name(name))
            return await asyncio.to_thread(accounts.join, token, name, password)
        known = await self.visitors.outside.name(self)
        if known is None or found["account"]:
            raise InputError(f"Here {self.visitors.outside.said_by} says who you are, and it did not.")
        if found["name"] and not same_but_case(found["name"], known):
            raise InputError(f"This link is for {found['name']}, and you are {known}.")
        member = await asyncio.to_thread(self.visitors.member_of, known)
        if member is not None:
            return await asyncio.to_thread(accounts.promote, token, member.id)
        return await asyncio.to_thread(accounts.join, token, known, None)

    async def _ask(self, token: str, name: str = "", problem: str = "") -> None:
        found = await asyncio.to_thread(self.workspace.accounts.invitation, token)
        outside = self.visitors.outside
        known, wrong = await self.known()
        problem = problem or wrong
        if isinstance(outside, Hub) and known is None and not problem:
            outside.send(self, self.url(f"join/{token}"))
            return
        self.set_status(400 if problem else 200 if found else 410)
        self.show(
            "join.html",
            invitation=found,
            may=ROLE_WORDS[found["role"]] if found else "",
            name=name,
            problem=problem,
            outside=outside,
            known=known,
            shortest=SHORTEST,
            token=token,
        )


class AccountPage(_Door):
    """The visitor's own account: who they are here, their password, and the way out."""

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self._tell()

    @web.authenticated
    async def post(self) -> None:
        """Change the password."""
        me = self.visitor.account
        if me is None or self.visitors.outside:
            raise web.HTTPError(403)
        accounts = self.workspace.accounts
        guess = self.guess(self.visitor.username)
        if wait := guess.begin():
            await self._tell(429, f"Too many attempts. Try again in {_duration(wait)}.")
            return
        member = await asyncio.to_thread(accounts.get, me)
        if not await self.check(member, self.get_body_argument("password", "", strip=False)):
            await self._tell(401, "The current password is wrong.")
            return
        guess.was_right()
        try:
            new = await self.hash(self.get_body_argument("new", "", strip=False), self.visitor.username)
        except InputError as error:
            await self._tell(400, f"{error.shown} {error.remedy}".strip())
            return
        await asyncio.to_thread(accounts.set_password, me, new, by=me)
        await self.settings["synsetlab_sweep"]()
        again = await asyncio.to_thread(accounts.get, me)
        if again is not None:
            self.enter(again)
        await self._tell(done="Your password is changed. Every other browser was signed out.")

    async def _tell(self, status: int = 200, problem: str = "", done: str = "") -> None:
        if not self.visitors.locked:
            self.redirect(self.url("name"))
            return
        self.set_status(status)
        outside = self.visitors.outside
        may = ROLE_WORDS[self.visitor.role]
        self.show("account.html", may=may, problem=problem, done=done, outside=outside, shortest=SHORTEST)


def _duration(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 100 else f"{-(-seconds // 60)} minutes"
