"""The administrator's page: who may come in as what, and what was done about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from tornado import web

from synsetlab.errors import InputError, SynsetlabError
from synsetlab.server.base import Page
from synsetlab.store.names import ROLES, same_name

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Admin"]

DAYS = (1, 7, 30)
LOG_LINES = 50


class Admin(Page):
    """People, invitations and the log; each form names what to ``do``."""

    roles = frozenset({"admin"})
    is_page: ClassVar[bool] = False

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self._tell()

    @web.authenticated
    async def post(self) -> None:
        """Do what a form asks, then show the page again."""
        actions: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
            "invite": self._invite,
            "revoke": self._revoke,
            "role": self._role,
            "disable": self._disable,
            "enable": self._enable,
            "sign-out": self._sign_out,
            "reset": self._reset,
            "erase": self._erase,
        }
        action = actions.get(self.get_body_argument("do", ""))
        if action is None:
            raise web.HTTPError(400)
        try:
            said = await action()
        except SynsetlabError as error:
            self.set_status(400 if isinstance(error, InputError) else 500)
            said = {"problem": f"{error.shown} {error.remedy}".strip()}
        # Also after an error: what was done before it holds.
        await self.settings["synsetlab_sweep"]()
        await self._tell(**said)

    async def _invite(self) -> dict[str, Any]:
        role = self.get_body_argument("role", "")
        name = self.get_body_argument("name", "").strip() or None
        days = self._number("days")
        if days not in DAYS:
            raise InputError(
                f"days is {days}, and an invitation is good for {', '.join(map(str, DAYS))}.",
                "Choose one of these.",
            )
        accounts, me = self.workspace.accounts, self.visitor.account
        token = await asyncio.to_thread(accounts.invite, role, by=me, days=days, name=name)
        whom = f"{name} as {role}" if name else f"one person as {role}"
        return {"link": self._link(token), "link_for": f"This link invites {whom}. It works once."}

    async def _revoke(self) -> dict[str, Any]:
        accounts, number = self.workspace.accounts, self._number("invitation")
        await asyncio.to_thread(accounts.revoke, number, by=self.visitor.account)
        return {"done": "The invitation was taken back."}

    async def _role(self) -> dict[str, Any]:
        account, role = self._account(), self.get_body_argument("role", "")
        await asyncio.to_thread(self.workspace.accounts.set_role, account, role, by=self.visitor.account)
        return {"done": f"The role is {role} now. Pages that were open have ended."}

    async def _disable(self) -> dict[str, Any]:
        await self._set_disabled(True)
        return {"done": "The account is shut, and everything it had open has ended."}

    async def _enable(self) -> dict[str, Any]:
        await self._set_disabled(False)
        return {"done": "The account is open again."}

    async def _set_disabled(self, disabled: bool) -> None:
        accounts, me = self.workspace.accounts, self.visitor.account
        await asyncio.to_thread(accounts.set_disabled, self._account(), disabled, by=me)

    async def _sign_out(self) -> dict[str, Any]:
        accounts, me = self.workspace.accounts, self.visitor.account
        await asyncio.to_thread(accounts.sign_out, self._account(), by=me)
        return {"done": "Signed out everywhere."}

    async def _reset(self) -> dict[str, Any]:
        accounts, me, account = self.workspace.accounts, self.visitor.account, self._account()
        member = await asyncio.to_thread(accounts.get, account)
        if member is None:
            raise InputError("There is no such account.", "Reload the page.")
        token = await asyncio.to_thread(accounts.invite, member.role, by=me, days=1, account=account)
        told = f"With this link {member.name} chooses a new password. It works once, until tomorrow."
        return {"link": self._link(token), "link_for": told}

    async def _erase(self) -> dict[str, Any]:
        accounts, me, account = self.workspace.accounts, self.visitor.account, self._account()
        member = await asyncio.to_thread(accounts.get, account)
        typed = self.get_body_argument("name", "")
        if member is None or same_name(typed.strip()) != same_name(member.name):
            raise InputError("Nobody was forgotten.", "Type the person's name to confirm it.")
        pseudonym = await asyncio.to_thread(self.workspace.forget, account, by=me)
        return {"done": f"The person is forgotten; the votes are those of {pseudonym} now."}

    def _account(self) -> int:
        return self._number("account")

    def _number(self, name: str) -> int:
        text = self.get_body_argument(name, "")
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise InputError(f"{name} is {text!r:.40}, not a number.", "Reload the page.")
        return int(text)

    def _link(self, token: str) -> str:
        origin = self.settings["synsetlab_origin"] or f"{self.request.protocol}://{self.request.host}"
        return f"{origin}{self.url('join')}/{token}"

    async def _tell(self, **said: Any) -> None:
        accounts = self.workspace.accounts
        people = await asyncio.to_thread(accounts.all)
        invitations = await asyncio.to_thread(accounts.invitations)
        log = await asyncio.to_thread(accounts.log, LOG_LINES)
        outside = self.visitors.outside
        values = {"people": people, "invitations": invitations, "log": log, "roles": ROLES, "days": DAYS}
        self.show("admin.html", outside=outside, **{"link": "", "problem": "", "done": "", **values, **said})
