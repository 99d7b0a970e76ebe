"""A service of a hub: people come by OAuth, from a provider that answers as JupyterHub does."""

from __future__ import annotations

import json
import os
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from synsetlab.errors import InputError
from synsetlab.server.hub import Hub
from synsetlab.server.process import ServerProcess
from synsetlab.store.workspace import Workspace

SECRET = "the-services-own-token"


class Provider(BaseHTTPRequestHandler):
    """Of OAuth 2: codes are names, a code becomes a token once, and only for who knows the secret."""

    used: set[str] = set()  # noqa: RUF012 - one provider

    def do_GET(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = self.path == "/hub/api/user" and token.startswith("token-")
        name = urllib.parse.unquote(token.removeprefix("token-"))
        self._say(200 if known else 403, json.dumps({"name": name}))

    def do_POST(self):
        sent = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        code = sent.get("code", "")
        good = self.path == "/hub/api/oauth2/token" and sent.get("client_secret") == SECRET
        good = good and sent["redirect_uri"] == "/services/label/oauth_callback" and code not in self.used
        self.used.add(code)
        self._say(200 if good else 400, json.dumps({"access_token": f"token-{urllib.parse.quote(code)}"}))

    def _say(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def service(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        folder = made.folder
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as provider:
        threading.Thread(target=provider.serve_forever, daemon=True).start()
        env = {
            **os.environ,
            "JUPYTERHUB_API_TOKEN": SECRET,
            "JUPYTERHUB_API_URL": f"http://127.0.0.1:{provider.server_port}/hub/api",
            "JUPYTERHUB_CLIENT_ID": "service-label",
            "JUPYTERHUB_SERVICE_PREFIX": "/services/label/",
        }
        with ServerProcess(folder, "--hub", env=env) as running:
            yield running
        provider.shutdown()


def test_people_come_from_the_hub_and_only_from_there(service):
    assert service.base.endswith("/services/label/")
    link = service.said["admin_link"]

    def browser():
        return httpx.Client(base_url=service.base, timeout=60)

    def come_back(client, path, code):
        sent = client.get(path)
        assert sent.status_code == 302
        place = urllib.parse.urlsplit(sent.headers["location"])
        asked = dict(urllib.parse.parse_qsl(place.query))
        assert place.path == "/hub/api/oauth2/authorize"
        assert (asked["client_id"], asked["response_type"]) == ("service-label", "code")
        return client.get("oauth_callback", params={"code": code, "state": asked["state"]})

    with browser() as ada, browser() as eve:
        assert ada.get("").headers["location"].startswith("/services/label/sign-in")
        back = come_back(ada, link, "ada")
        assert (back.status_code, back.headers["location"]) == (302, urllib.parse.urlsplit(link).path)
        cookie = back.headers.get_list("set-cookie")[-1]
        assert "HttpOnly" in cookie
        assert "You are <b>ada</b>, says JupyterHub" in ada.get(link).text
        assert ada.post(link, data={"_xsrf": ada.cookies["_xsrf"]}).status_code == 303
        assert ada.get("admin").status_code == 200
        # a code that was used, a state of someone else's, no state at all, a cookie of one's own making
        assert come_back(eve, "sign-in", "ada").status_code == 403
        assert eve.get("oauth_callback", params={"code": "x", "state": "y"}).status_code == 403
        with browser() as stranger:
            assert stranger.get("oauth_callback", params={"code": "eve", "state": ""}).status_code == 403
            stranger.cookies.set("synsetlab-hub-service-label", "ada", path="/services/label/")
            assert stranger.get("admin").status_code == 302
        assert come_back(eve, "sign-in", "eve").status_code == 302
        assert "You have no account here" in eve.get("sign-in").text
        assert eve.get("admin").status_code == 302
        with browser() as other:  # someone whom the hub calls by a name that only looks like Ada's
            assert come_back(other, "sign-in", "\uff41da").status_code == 302
            assert other.get("admin").status_code == 302
            assert "looks like one" in other.get("sign-in").text
        with browser() as other:
            assert come_back(other, "sign-in", "Zoe\u0308").status_code == 302
            assert other.get("admin").status_code == 302
            assert "cannot be used here" in other.get("sign-in").text
        left = ada.post("leave", data={"_xsrf": ada.cookies["_xsrf"]})
        assert left.headers["location"] == "/hub/logout"
        assert ada.get("").status_code == 302


def test_a_server_that_no_hub_started_is_told_so():
    with pytest.raises(InputError, match="JUPYTERHUB_API_URL is not set"):
        Hub({"JUPYTERHUB_API_TOKEN": "x"})
