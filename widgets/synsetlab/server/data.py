"""The pages of releases that are offered: what they are, asking for them, fetching them, deciding who may."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web
from tornado.iostream import StreamClosedError

from synsetlab.errors import InputError, ReleaseError, WorkspaceError
from synsetlab.release.access import (
    LINK_HOURS,
    ask_for_release,
    decide_request,
    find_file,
    forget_request,
    release_files,
    signature,
    signed_request,
)
from synsetlab.release.verify import read_release
from synsetlab.server.base import Page, Plain

if TYPE_CHECKING:
    from synsetlab.server.outside import Proxies
    from synsetlab.server.passwords import Throttle
    from synsetlab.store.access import OfferedRelease, Request
    from synsetlab.store.workspace import Workspace

__all__ = ["AskedRequest", "Data", "DataFile", "OfferPage", "Requests"]

FIELDS = ("person", "email", "institution", "purpose")
BLOCK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
LOG_LINES = 50


class _Open(Page):
    """A page that people without an account may see; it signs nobody in."""

    is_page: ClassVar[bool] = False

    async def offered(self, name: str) -> OfferedRelease:
        """The release that is offered under a name."""
        offer = await asyncio.to_thread(self.workspace.access.offer, name)
        if offer is None or offer.withdrawn_at is not None:
            raise web.HTTPError(404)
        return offer


class Data(_Open):
    """What is offered."""

    @allow_unauthenticated
    async def get(self) -> None:
        """List it."""
        offers = await asyncio.to_thread(self.workspace.access.offers)
        facts = [await asyncio.to_thread(_facts, offer) for offer in offers]
        self.show("data.html", offers=list(zip(offers, facts, strict=True)))


class OfferPage(_Open):
    """One release: what is in it, its terms, and the form to ask for it."""

    @allow_unauthenticated
    async def get(self, name: str) -> None:
        """Show it."""
        await self._tell(await self.offered(name))

    @allow_unauthenticated
    async def post(self, name: str) -> None:
        """Take a request and go to its page."""
        offer = await self.offered(name)
        person = {field: self.get_body_argument(field, "", strip=False) for field in FIELDS}
        throttle: Throttle = self.settings["synsetlab_asking"]
        proxies: Proxies = self.settings["synsetlab_proxies"]
        client = f"from {proxies.client(self)}"
        problem, status = "", 400
        if wait := throttle.wait(client):
            problem, status = f"Too many requests came from here. Try again in {wait} seconds.", 429
        elif not self.get_body_argument("accept", ""):
            problem = "Read the terms and tick that you accept them."
        else:
            accepted = self.get_body_argument("terms", "")
            # Each counts: a form that anyone may fill in is slow for machines. Counted before anything is
            # waited for: of many at once each would else find that there were few.
            throttle.take(client)
            try:
                asking = asyncio.to_thread(ask_for_release, self.workspace, name, accepted, **person)
                token, _ = await asking
            except InputError as error:
                throttle.give_back(client)  # nothing was asked for
                problem = f"{error.shown} {error.remedy}".strip()
            else:
                self.redirect(self.url(f"data/request/{token}"), status=303)
                return
        self.set_status(status)
        person["accept"] = self.get_body_argument("accept", "")
        await self._tell(offer, problem=problem, **person)

    async def _tell(self, offer: OfferedRelease, problem: str = "", **person: str) -> None:
        facts = await asyncio.to_thread(_facts, offer)
        values = {field: person.get(field, "") for field in (*FIELDS, "accept")}
        self.show("offer.html", offer=offer, facts=facts, problem=problem, **values)


class AskedRequest(_Open):
    """The page of a request: how it stands, and links to the files while it is approved."""

    @allow_unauthenticated
    async def get(self, token: str) -> None:
        """Show it to whoever has its address."""
        request = await asyncio.to_thread(self.workspace.access.request_of, token)
        offer = await asyncio.to_thread(self.workspace.access.offer, request.offer) if request else None
        if request is None or offer is None:
            raise web.HTTPError(404)
        files, state = [], request.state
        if state == "approved":
            if offer.withdrawn_at is not None:
                state = "withdrawn"
            elif request.open_until(_now()) is None:
                state = "ended"
            else:
                files = await asyncio.to_thread(self._files, offer, request)
        terms = await asyncio.to_thread(self.workspace.access.terms, request.terms_sha256)
        values = {"asked": request, "offer": offer, "files": files, "hours": LINK_HOURS}
        self.show("request.html", state=state, terms=terms, **values)

    def _files(self, offer: OfferedRelease, request: Request) -> list[dict[str, Any]]:
        """Name, size, sum and a link of each file."""
        assert request.until is not None
        expires = int(min(time.time() + LINK_HOURS * 3600, request.until.timestamp()))
        secret, number = self.workspace.setting("secret"), request.id
        found = []
        try:
            listed = release_files(offer)
        except ReleaseError:
            self.log.exception("The files of %s cannot be listed", offer.name)
            return []
        for file in listed:
            signed = signature(secret, number, offer.identity, file.name, expires)
            link = self.url(f"data/file/{number}/{expires}/{signed}/{urllib.parse.quote(file.name)}")
            found.append({"name": file.name, "bytes": file.bytes, "sha256": file.sha256, "link": link})
        return found


class DataFile(Plain):
    """A file of a release, for whoever has a link to it that still works."""

    def get_login_url(self) -> str:
        """The link alone decides."""
        raise web.HTTPError(403)

    @allow_unauthenticated
    async def get(self, number: str, expires: str, signed: str, name: str) -> None:
        """Note the download of what can be sent, and send it, or a part of it (RFC 9110, ranges)."""
        workspace: Workspace = self.settings["synsetlab_workspace"]
        allowed = await asyncio.to_thread(signed_request, workspace, int(number), name, int(expires), signed)
        if allowed is None:
            raise web.HTTPError(403)
        request, offer = allowed
        path = await asyncio.to_thread(find_file, offer, name)
        if path is None:
            raise web.HTTPError(404)
        size = path.stat().st_size
        start, end = self._range(size)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", _attachment(Path(name).name))
        self.set_header("Content-Length", str(end - start))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Control", "private, no-store")
        with await asyncio.to_thread(path.open, "rb") as file:
            note = workspace.access.note_download
            await asyncio.to_thread(note, request.id, offer.identity, name, end - start)
            await self._send(file, start, end)

    async def _send(self, file: BinaryIO, start: int, end: int) -> None:
        file.seek(start)
        left = end - start
        try:
            while left and (block := await asyncio.to_thread(file.read, min(BLOCK, left))):
                left -= len(block)
                self.write(block)
                await self.flush()
        except StreamClosedError:  # whoever fetched it went away
            return

    def _range(self, size: int) -> tuple[int, int]:
        """The bytes that are asked for, from and up to; sets status 206 where it is not all.

        One range is understood (``first-last``, ``first-``, ``-count``); anything else gets the whole file.
        """
        asked = _RANGE.fullmatch(self.request.headers.get("Range", ""))
        if asked is None or not any(asked.groups()):
            return 0, size
        start, end = asked.groups()
        if start:
            first, last = int(start), min(size, int(end) + 1 if end else size)
        else:
            first, last = max(0, size - int(end)), size
        if first >= last:
            self.set_header("Content-Range", f"bytes */{size}")
            raise web.HTTPError(416)
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {first}-{last - 1}/{size}")
        return first, last


class Requests(Page):
    """For those who run the dataset: who asks, who may, who fetched what."""

    roles = frozenset({"curator", "admin"})
    is_page: ClassVar[bool] = False

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        await self._tell()

    @web.authenticated
    async def post(self) -> None:
        """Decide one, then show all again."""
        text, days = self.get_body_argument("request", ""), self.get_body_argument("days", "")
        try:
            number = _number("request", text)
            verdict, held = self.get_body_argument("do", ""), _number("days", days) if days else None
            reason, me = self.get_body_argument("reason", ""), self.visitor.account
            if verdict == "forget":
                if not self.get_body_argument("sure", ""):
                    raise InputError(
                        f"Request {number} is not forgotten yet.", "Tick that it may go for good."
                    )
                await asyncio.to_thread(forget_request, self.workspace, number, by=me)
                done = f"Request {number} names nobody now."
            else:
                decided = await asyncio.to_thread(
                    decide_request, self.workspace, number, verdict, by=me, days=held, reason=reason
                )
                told = (
                    f"{decided.email} hears of it."
                    if self.workspace.option("notifier")
                    else (f"Nobody was told: write to {decided.email}.")
                )
                done = f"Request {number} is {decided.state}. {told}"
        except (InputError, WorkspaceError) as error:
            self.set_status(400 if isinstance(error, InputError) else 500)
            await self._tell(problem=f"{error.shown} {error.remedy}".strip())
            return
        await self._tell(done=done)

    async def _tell(self, problem: str = "", done: str = "") -> None:
        access = self.workspace.access
        requests = await asyncio.to_thread(access.requests)
        downloads = await asyncio.to_thread(access.downloads, LOG_LINES)
        offers = await asyncio.to_thread(access.offers)
        values = {"requests": requests, "downloads": downloads, "offers": offers, "now": _now()}
        self.show("requests.html", problem=problem, done=done, **values)


def _facts(offer: OfferedRelease) -> dict[str, Any]:
    """What ``release.json`` says of it, with the size of all files; empty where it cannot be read."""
    try:
        release = read_release(offer.folder)
        size = sum(file.bytes for file in release_files(offer))
    except ReleaseError:
        return {}
    return {"bytes": size, **{name: release.get(name) for name in ("images", "classes", "splits", "date")}}


def _attachment(name: str) -> str:
    """The ``Content-Disposition`` of a file of any name: in ASCII, then in full (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9 ._-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{urllib.parse.quote(name, safe='')}"


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InputError(f"{name} is {text!r:.40}, not a number.", "Reload the page.")
    return int(text)


def _now() -> datetime:
    return datetime.now(UTC)
