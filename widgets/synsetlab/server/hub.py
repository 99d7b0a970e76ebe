"""Signing in through JupyterHub, of which the server is then a service.

The hub is an OAuth 2 provider (JupyterHub's documentation, "Services": implementing your own
authentication): it sends a visitor back with a code, for which it tells the server, and only the
server, who that is. The name is then kept in a signed cookie for a day.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import urllib.parse
from typing import TYPE_CHECKING, Any

import httpx
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from synsetlab.errors import InputError
from synsetlab.server.base import Page
from synsetlab.store.names import outside_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tornado.web import RequestHandler

__all__ = ["CALLBACK", "Hub", "HubCallback"]

CALLBACK = "oauth_callback"
STATE_DAYS = 10 / (24 * 60)
NAME_DAYS = 1
TIMEOUT_S = 20.0
NEEDED = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_API_URL", "JUPYTERHUB_CLIENT_ID", "JUPYTERHUB_SERVICE_PREFIX")


class Hub:
    """The hub that started this server as a service, as its environment describes it.

    Raises
    ------
    InputError
        The environment is not that of a service.
    """

    said_by = "JupyterHub"

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        missing = [name for name in NEEDED if not environment.get(name)]
        if missing:
            raise InputError(
                f"--hub is for a server that JupyterHub starts as a service: {missing[0]} is not set.",
                "See docs/team.md for what to write into jupyterhub_config.py.",
            )
        self._token = environment["JUPYTERHUB_API_TOKEN"]
        self._api = environment["JUPYTERHUB_API_URL"].rstrip("/")
        self._client = environment["JUPYTERHUB_CLIENT_ID"]
        self.prefix = environment["JUPYTERHUB_SERVICE_PREFIX"]
        self.service_url = environment.get("JUPYTERHUB_SERVICE_URL", "")
        site = environment.get("JUPYTERHUB_HOST", "") + environment.get("JUPYTERHUB_BASE_URL", "/").rstrip(
            "/"
        )
        self._authorize = f"{site}/hub/api/oauth2/authorize"
        self.leave_url = f"{site}/hub/logout"
        self._callback = f"{environment.get('JUPYTERHUB_HOST', '')}{self.prefix.rstrip('/')}/{CALLBACK}"
        self._cookie = f"synsetlab-hub-{self._client}"

    async def name(self, handler: RequestHandler) -> str | None:
        """The name that the hub told, if this browser came by it within a day."""
        kept = handler.get_signed_cookie(self._cookie, max_age_days=NAME_DAYS)
        return outside_name(kept.decode()) if kept else None

    def send(self, handler: Page, then: str) -> None:
        """Send the visitor to the hub, and afterwards to the page `then`."""
        state = secrets.token_urlsafe(24)
        kept = json.dumps({"state": state, "then": then})
        handler.set_signed_cookie(
            f"{self._cookie}-state", kept, expires_days=STATE_DAYS, **self._options(handler)
        )
        asked = {"client_id": self._client, "redirect_uri": self._callback, "response_type": "code"}
        handler.redirect(f"{self._authorize}?{urllib.parse.urlencode({**asked, 'state': state})}")

    async def come_back(self, handler: Page, code: str, state: str) -> str:
        """Ask the hub who came back with `code`, remember it, and return where they wanted to go."""
        found = handler.get_signed_cookie(f"{self._cookie}-state", max_age_days=STATE_DAYS)
        kept: dict[str, str] = json.loads(found) if found else {}
        if not kept or not hmac.compare_digest(kept["state"], state):
            raise web.HTTPError(403)
        handler.clear_cookie(f"{self._cookie}-state", path=handler.base_url)
        name = await self._who(code)  # looked at where it is used, on a page that can say what is wrong
        handler.set_signed_cookie(self._cookie, name, expires_days=NAME_DAYS, **self._options(handler))
        return kept["then"]

    def forget(self, handler: Page) -> None:
        """Forget the name in this browser."""
        handler.clear_cookie(self._cookie, path=handler.base_url)

    def _options(self, handler: Page) -> dict[str, Any]:
        secure = bool(handler.visitors.secure_cookie)
        return {"httponly": True, "samesite": "Lax", "secure": secure, "path": handler.base_url}

    async def _who(self, code: str) -> str:
        terms = {
            "client_id": self._client,
            "client_secret": self._token,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
        }
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            given = await client.post(f"{self._api}/oauth2/token", data=terms)
            if given.status_code >= 400:  # the code is old, was used, or is not the hub's
                raise web.HTTPError(403)
            bearer = {"Authorization": f"Bearer {given.json()['access_token']}"}
            user = await client.get(f"{self._api}/user", headers=bearer)
        user.raise_for_status()
        return str(user.json()["name"])


class HubCallback(Page):
    """Where the hub sends visitors back to."""

    is_page = False

    @allow_unauthenticated
    async def get(self) -> None:
        """Remember who it is and go on."""
        hub = self.visitors.outside
        if not isinstance(hub, Hub):
            raise web.HTTPError(404)
        code, state = self.get_argument("code", ""), self.get_argument("state", "")
        self.redirect(await hub.come_back(self, code, state))
