"""What our own pages have in common: who may see them, what they may load, how they say what went wrong."""

from __future__ import annotations

import secrets
import urllib.parse
from http.client import responses
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from synsetlab.server.pages import APPS, apps_for
from synsetlab.store.names import ROLES

if TYPE_CHECKING:
    from synsetlab.server.identity import Visitor, Visitors
    from synsetlab.store.workspace import Workspace

__all__ = ["PAGE_POLICY", "Page", "Plain"]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content security policy of our own pages: they need style sheets, a script and pictures."""


class Page(JupyterHandler):
    """A page for people: shows its errors as a page, and only to `roles`."""

    is_page: ClassVar[bool] = True
    """Whether a server with one name for everyone signs its visitor in."""
    policy: ClassVar[str] = PAGE_POLICY
    roles: frozenset[str] = frozenset(ROLES)

    @property
    def visitor(self) -> Visitor:
        """Who asks; only where someone is signed in."""
        user: Visitor = self.current_user
        return user

    @property
    def visitors(self) -> Visitors:
        """Who may come in."""
        provider: Any = self.identity_provider
        return provider  # type: ignore[no-any-return] # the only one that is configured

    @property
    def workspace(self) -> Workspace:
        """What is served."""
        return self.settings["synsetlab_workspace"]  # type: ignore[no-any-return]

    @property
    def content_security_policy(self) -> str:
        """The policy of this kind of page."""
        return self.policy

    async def prepare(self) -> None:  # type: ignore[override] # an awaitable, as the parent's
        """Let in whose role allows it."""
        waiting: Any = await super().prepare()
        if waiting is not None:
            await waiting
        if not self._finished and self.current_user and self.visitor.role not in self.roles:
            raise web.HTTPError(403)

    def get_current_user(self) -> None:  # type: ignore[override] # it raised, and the error page with it
        """Nobody: asked only of a request that is refused before it is looked at who sent it."""

    def set_default_headers(self) -> None:
        """Nothing that is shown to a visitor may be kept by a cache or sent on as a referrer."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "same-origin")

    def get_login_url(self) -> str:
        """Where a visitor who is not known is sent."""
        return self.url("sign-in" if self.visitors.locked else "name")

    def url(self, path: str) -> str:
        """The path of a page of ours."""
        return url_path_join(self.base_url, path)

    def next_page(self) -> str:
        """The page that was asked for before, if it is one of ours; else the home page."""
        try:
            asked = urllib.parse.urlsplit(self.get_argument("next", ""))
        except ValueError:  # no address at all
            return self.base_url
        ours = {self.url(path) for path in ("admin", "account", "requests", *(app.path for app in APPS))}
        if asked.scheme or asked.netloc or asked.path not in ours:
            return self.base_url
        return asked.path + (f"?{asked.query}" if asked.query else "")

    def show(self, template: str, **values: Any) -> None:
        """Write one of our page templates."""
        user: Visitor | None = self.current_user
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = self.settings["synsetlab_templates"].get_template(template)
        self.write(
            page.render(
                apps=apps_for(user.role) if user else (),
                base_url=self.base_url,
                visitor=user,
                locked=self.visitors.locked,
                title=self.settings["synsetlab_title"],
                form=self.xsrf_form_html,
                **values,
            )
        )

    def write_error(self, status_code: int, **details: Any) -> None:
        """Say what happened in words; the exception is only in the log, under the number that is shown."""
        number = ""
        if status_code >= 500:
            number = secrets.token_hex(4)
            self.log.error("Error id %s: %s %s", number, self.request.method, self.request.path)
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.show("error.html", status=status_code, here=self.request.uri, number=number)


class Plain(JupyterHandler):
    """Not a page: its errors are a line of text."""

    def get_login_url(self) -> str:
        """Nobody is sent anywhere from here."""
        raise web.HTTPError(403)

    def write_error(self, status_code: int, **_details: Any) -> None:
        """Say the number and what it stands for."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code} {responses.get(status_code, '')}")
