"""A team with accounts, asked over HTTP: how people come in, what each role may open, what ends when."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import types

import httpx
import pytest

from synsetlab.cli import main
from synsetlab.errors import InputError
from synsetlab.server.address import bind, split_base
from synsetlab.server.options import ServeOptions
from synsetlab.server.outside import Proxies, ProxyHeader
from synsetlab.server.pages import APPS
from synsetlab.server.passwords import Throttle, check_password, hash_password
from synsetlab.server.process import ServerProcess
from synsetlab.server.routes import routes
from synsetlab.server.serve import serve
from synsetlab.store.names import ROLES
from synsetlab.store.workspace import Workspace

IMAGE = "0" * 64
PERMIT = "0" * 32


# ---- who may open what

APP_ROLES = {
    "label": "annotator, expert, curator, admin",
    "review": "expert, curator, admin",
    "duplicates": "expert, curator, admin",
    "dashboard": "viewer, expert, curator, admin",
    "browse": "viewer, annotator, expert, curator, admin",
}
EVERYONE = ", ".join(ROLES)
ROUTES = {
    "/": f"GET: {EVERYONE}",
    "/name": "GET, POST: anyone",
    "/sign-in": "GET, POST: anyone",
    "/leave": "POST: anyone",
    "/join/([A-Za-z0-9_-]{1,64})": "GET, POST: anyone",
    "/account": f"GET, POST: {EVERYONE}",
    "/oauth_callback": "GET: anyone",
    "/admin": "GET, POST: admin",
    "/data": "GET: anyone",
    "/data/([a-z0-9][a-z0-9._-]{0,63})": "GET, POST: anyone",
    "/data/request/([A-Za-z0-9_-]{1,64})": "GET: anyone",
    "/data/file/([0-9]{1,9})/([0-9]{1,11})/([A-Za-z0-9_-]{43})/(.+)": "GET: with a signed link",
    "/requests": "GET, POST: curator, admin",
    "/thumbnail/([0-9a-f]{64})/([0-9a-f]{32})": "GET: with a permit of one's own",
    "/thumbnails/([0-9a-f]{16})": "GET: annotator, expert, curator, admin",
    **{f"/{path}": f"GET: {roles}" for path, roles in APP_ROLES.items()},
    "/static/(.*)": "GET: anyone",
    "/favicon.ico": "GET: anyone",
    "/api/kernels/KERNEL": "GET: its owner",
    "/api/kernels/KERNEL/channels": "GET: its owner",
    "/voila/api/shutdown/KERNEL": "POST: its owner",
    "/voila/static/(.*)": "GET: anyone",
    "/voila/labextensions/EXTENSIONS": "GET: anyone",
}
"""Every route there is, and who may use it. A change here is a change of who may do what."""


def test_the_routes_and_who_may_use_them():
    server = types.SimpleNamespace(
        template_paths=[],
        config=None,
        voila_configuration=None,
        base_url="/",
        static_paths=[],
        labextensions_path=[],
    )
    assert {_named(pattern): _users(handler, more) for pattern, handler, *more in routes(server)} == ROUTES


def _named(pattern: str) -> str:
    pattern = re.sub(r"\(\?P<kernel_id>[^)]*\)", "KERNEL", pattern)
    return re.sub(r"labextensions/.*", "labextensions/EXTENSIONS", pattern)


OTHERWISE = {
    **dict.fromkeys(("Assets", "Extensions", "MultiStaticFileHandler", "RedirectHandler"), "anyone"),
    **dict.fromkeys(("KernelModel", "Channels", "CloseKernel"), "its owner"),
    "Thumbnail": "with a permit of one's own",
    "QuestionThumbnail": APP_ROLES["label"],
    "DataFile": "with a signed link",
}
"""Files of ours, the same for all; and what decides by itself, which is tried elsewhere."""


def _users(handler, more) -> str:
    methods = [name for name in ("GET", "POST", "PUT", "PATCH", "DELETE") if _own(handler, name)]
    users = OTHERWISE.get(handler.__name__)
    if users is None and all(_open(getattr(handler, name.lower())) for name in methods):
        users = "anyone"
    if users is None:
        roles = more[0]["app"].roles if more else handler.roles
        users = ", ".join(role for role in ROLES if role in roles)
    return f"{', '.join(methods)}: {users}"


def _open(method) -> bool:
    return getattr(method, "__allow_unauthenticated", False)


def _own(handler, method: str) -> bool:
    if method not in handler.SUPPORTED_METHODS:
        return False
    return "_unimplemented_method" not in getattr(handler, method.lower()).__qualname__


def test_what_an_anonymous_visitor_gets_where_there_are_accounts(team):
    paths = {
        "": 302,
        **dict.fromkeys((app.path for app in APPS), 302),
        "account": 302,
        "admin": 302,
        "name": 302,
        "sign-in": 200,
        "leave": 302,
        "join/nothing": 410,
        "oauth_callback": 404,
        f"thumbnail/{IMAGE}/{PERMIT}": 403,
        "static/page.css": 200,
        "api/kernels/0-0-0-0-0": 403,
        "nothing": 404,
    }
    client = team.client()
    assert {path: client.get(path).status_code for path in paths} == paths
    assert client.get("label?wnid=n1").headers["location"] == "/sign-in?next=%2Flabel%3Fwnid%3Dn1"


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_is_refused_and_shown(team, role):
    client = team.people[role]
    may = {app.path: app.roles for app in APPS} | {"admin": {"admin"}, "requests": {"curator", "admin"}}
    refused = {path for path, roles in may.items() if role not in roles}
    refused |= {f"thumbnails/{'0' * 16}"} if role == "viewer" else set()
    assert {path: client.get(path).status_code for path in refused} == dict.fromkeys(refused, 403)
    assert client.get("account").status_code == 200
    home = client.get("").text
    shown = re.findall(r"<nav.*?</nav>", home, flags=re.DOTALL)[0].split('href="/')[1:]
    assert {text.split('"')[0] for text in shown} == {path for path, roles in may.items() if role in roles}
    assert ("label?wnid=" in home) == (role != "viewer")
    if role != "admin":
        for action in ("invite", "role", "erase"):
            said = team.post(client, "admin", do=action, role="admin", account=1, name="x", days=7)
            assert said.status_code == 403


# ---- coming in


def test_the_first_link_is_looked_at_freely_used_once_and_ends_names(team):
    assert [look.status_code for look in team.looks] == [200, 200, 200]
    assert "Nothing happens before you press the button" in team.looks[0].text
    assert "set-cookie" not in "".join(look.headers.get("set-cookie", "") for look in team.looks).replace(
        "_xsrf", ""
    )
    again = team.post(team.client(), team.link, name="Eve", password="another long one")
    assert again.status_code == 410
    assert team.before.get("").headers["location"] == "/sign-in?next=%2F"  # a name is not enough any more
    assert team.post(team.before, "name", name="sam").status_code == 403


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("Bob", "short", "at least 10 characters"),
        ("Bob", "bobbobbobbob", "easy to guess"),
        ("", "four simple words", "name is needed"),
        ("ADA", "four simple words", "taken"),
        ("x" * 65, "four simple words", "at most 64"),
    ],
)
def test_an_invitation_survives_a_form_that_is_refused(team, name, password, words):
    link = team.invite(team.people["admin"], "viewer")
    client = team.client()
    refused = team.post(client, link, name=name, password=password)
    assert (refused.status_code, client.get("").status_code) == (400, 302)
    assert words in html.unescape(refused.text)
    assert client.get(link).status_code == 200
    assert (
        httpx.post(link, data={"name": "Bob", "password": "four simple words"}).status_code == 403
    )  # no token


def test_a_taken_back_invitation_is_gone(team):
    link = team.invite(team.people["admin"], "viewer", name="Nobody")
    number = re.search(r'name="invitation" value="(\d+)"', team.people["admin"].get("admin").text)[1]
    assert team.post(team.people["admin"], "admin", do="revoke", invitation=number).status_code == 200
    assert team.client().get(link).status_code == 410


@pytest.mark.parametrize("days", ["365", "31", "0"])
def test_an_invitation_is_good_for_one_of_the_times_that_are_offered(team, days):
    admin = team.people["admin"]
    before = admin.get("admin").text.count('name="invitation"')
    said = team.post(admin, "admin", do="invite", role="admin", name="", days=days)
    assert (said.status_code, f"days is {days}" in said.text) == (400, True)
    assert admin.get("admin").text.count('name="invitation"') == before


def test_signing_in_tells_nothing_and_slows_down(team):
    client = team.client()
    wrong = [team.post(client, "sign-in", name="Guy", password="wrong") for _ in range(5)]
    assert [said.status_code for said in wrong] == [401] * 5
    known = team.post(client, "sign-in", name="Vera", password="wrong")
    assert known.status_code == 401
    texts = [re.sub(r'value="2\|[^"]*"', "", said.text) for said in (known, wrong[0])]  # less its token
    assert texts[0].replace("Vera", "Guy") == texts[1]
    slow = team.post(client, "sign-in", name="guy", password="wrong")
    assert slow.status_code == 429
    assert int(slow.headers["retry-after"]) >= 1
    assert team.post(client, "sign-in", name="vera", password="four simple words").status_code == 303


def test_the_cookie_is_closed_to_scripts_and_other_sites(team):
    given = team.post(team.client(), "sign-in", name="Vera", password="four simple words")
    cookie = next(c for c in given.headers.get_list("set-cookie") if c.startswith("synsetlab-"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/label", "//[", "http://[", "/leave", "/join/x"]
)
def test_signing_in_sends_nobody_elsewhere(team, away):
    given = team.post(team.client(), "sign-in", name="Vera", password="four simple words", next=away)
    assert given.headers["location"] == "/"


# ---- what ends, and when


def test_signing_out_everywhere_ends_every_browser(team):
    one = team.new("annotator", "Olga")
    two, three = team.sign_in("Olga"), team.sign_in("olga")
    assert team.post(two, "leave").status_code == 303
    assert [c.get("").status_code for c in (one, two, three)] == [200, 302, 200]
    assert team.post(one, "leave", everywhere="yes").status_code == 303
    assert [c.get("").status_code for c in (one, two, three)] == [302, 302, 302]
    assert team.sign_in("Olga").get("").status_code == 200


def test_signing_out_ends_a_copy_of_the_cookie_too(team):
    one = team.new("annotator", "Quinn")
    two, copy = team.sign_in("Quinn"), team.client()
    copy.cookies.update(one.cookies)
    assert copy.get("").status_code == 200
    assert team.post(one, "leave").status_code == 303
    assert [c.get("").status_code for c in (one, copy, two)] == [302, 302, 200]
    assert team.sign_in("Quinn").get("").status_code == 200


def test_a_new_password_ends_the_other_browsers_and_keeps_this_one(team):
    one = team.new("annotator", "Petra")
    two = team.sign_in("Petra")
    wrong = team.post(one, "account", password="not mine at all", new="another long one")
    assert wrong.status_code == 401
    assert two.get("").status_code == 200
    changed = team.post(one, "account", password="four simple words", new="another long one")
    assert "is changed" in changed.text
    assert [c.get("").status_code for c in (one, two)] == [200, 302]
    assert team.sign_in("Petra", "another long one").get("").status_code == 200
    link = team.post(team.people["admin"], "admin", do="reset", account=team.id("Petra")).text
    link = link.split('id="link" type="text" readonly value="')[1].split('"')[0]
    assert team.post(team.client(), link, password="a third long one").status_code == 303
    assert one.get("").status_code == 302
    assert team.sign_in("Petra", "a third long one").get("").status_code == 200


def test_a_role_and_a_shut_account_hold_at_once_and_end_kernels(team):
    rita, admin = team.new("annotator", "Rita"), team.people["admin"]
    page = rita.get("label")
    assert page.status_code == 200
    kernel = re.search(r'"kernelId": ?"([\w-]+)"', page.text)[1]
    assert rita.get(f"api/kernels/{kernel}").status_code == 200
    number = team.id("Rita")
    assert team.post(admin, "admin", do="role", account=number, role="viewer").status_code == 200
    assert rita.get("").status_code == 302  # what was open has ended
    rita = team.sign_in("Rita")
    assert rita.get("label").status_code == 403
    assert rita.get(f"api/kernels/{kernel}").status_code == 403
    assert team.post(admin, "admin", do="disable", account=number).status_code == 200
    assert rita.get("").status_code == 302
    shut = team.post(team.client(), "sign-in", name="Rita", password="four simple words")
    assert (shut.status_code, "was shut" in shut.text) == (403, True)
    log = html.unescape(re.sub(r"<[^>]+>", "", admin.get("admin").text))
    assert re.search(r"Ada changed a role of Rita: annotator → viewer", log)
    assert re.search(r"Ada shut the account of Rita", log)


def test_a_person_is_forgotten_by_name_only(team):
    gone, admin = team.new("annotator", "Tilda"), team.people["admin"]
    number = team.id("Tilda")
    assert team.post(admin, "admin", do="erase", account=number, name="").status_code == 400
    assert gone.get("").status_code == 200
    said = team.post(admin, "admin", do="erase", account=number, name="tilda")
    assert f"erased-{number}" in said.text
    assert "Tilda" not in said.text
    assert gone.get("").status_code == 302
    assert team.post(team.client(), "sign-in", name="Tilda", password="four simple words").status_code == 401


def test_a_person_is_forgotten_though_their_file_cannot_be_renamed(team):
    gone, admin = team.new("annotator", "Ulf"), team.people["admin"]
    number = team.id("Ulf")
    (team.folder / "selections" / f"erased-{number}.txt").mkdir(parents=True)  # in its way
    (team.folder / "selections" / "Ulf.txt").write_text("n02084071\n")
    said = team.post(admin, "admin", do="erase", account=number, name="Ulf")
    assert (said.status_code, "forgotten in the database" in said.text) == (500, True)
    assert str(team.folder) not in html.unescape(said.text)
    assert f"erased-{number}" in said.text
    assert gone.get("").status_code == 302


def test_the_only_administrator_cannot_lock_everyone_out(team):
    admin = team.people["admin"]
    for action in ({"do": "role", "role": "viewer"}, {"do": "disable"}, {"do": "erase", "name": "Ada"}):
        said = team.post(admin, "admin", account=team.id("Ada"), **action)
        assert (said.status_code, "only administrator" in said.text) == (400, True)
    for nonsense in (
        {"do": "no"},
        {"do": "role", "account": "x"},
        {"do": "role", "account": "999", "role": "viewer"},
    ):
        assert team.post(admin, "admin", **nonsense).status_code == 400


# ---- pictures


def test_a_picture_is_for_whom_it_was_shown_to(team):
    anna, eve = team.people["annotator"], team.people["expert"]
    (first, *others) = re.findall(r'src="(/thumbnail/[^"]+)"', anna.get("").text)
    assert len(others) == 3
    sent = anna.get(first)
    assert (sent.status_code, sent.headers["content-type"]) == (200, "image/jpeg")
    assert "private" in sent.headers["cache-control"]
    assert sent.content.startswith(b"\xff\xd8\xff")
    image, permit = first.split("/")[2:]
    assert eve.get(first).status_code == 403
    assert team.client().get(first).status_code == 403
    assert anna.get(f"thumbnail/{IMAGE}/{permit}").status_code == 403
    assert anna.get(f"thumbnail/{image}/{PERMIT}").status_code == 403


# ---- addresses and those who vouch


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_behind_a_proxy_under_a_path_with_tls(tmp_path, certificate):
    with Workspace.create(tmp_path / "ws") as made:
        folder = made.folder
    options = ["--tls-cert", str(certificate / "cert.pem"), "--tls-key", str(certificate / "key.pem")]
    options += ["--base-url", "/team", "--trust-header", "X-Remote-User", "--trusted-proxy", "127.0.0.0/8"]
    with (
        ServerProcess(folder, *options) as server,
        httpx.Client(base_url=server.base, verify=False, timeout=60) as client,
    ):
        assert re.fullmatch(r"https://127\.0\.0\.1:\d+/team/label", server.url)
        link = server.said["admin_link"]
        assert link.startswith(server.base + "join/")
        assert client.get("").headers["location"] == "/team/sign-in?next=%2Fteam%2F"
        assert "Nobody says who you are" in client.get("sign-in").text
        ada = {"X-Remote-User": "Ada L\u00f3velace".encode()}
        page = client.get(link, headers=ada)
        assert "You are <b>Ada L\u00f3velace</b>" in page.text
        cookies = page.headers.get_list("set-cookie")
        assert cookies
        assert all("Secure" in cookie and "SameSite=Lax" in cookie for cookie in cookies)
        token = {"_xsrf": client.cookies["_xsrf"]}
        assert client.post(link, data=token).status_code == 400  # nobody vouches
        assert client.post(link, data=token, headers=ada).status_code == 303
        assert client.get("", headers=ada).status_code == 200
        assert client.get("admin", headers=ada).status_code == 200
        assert client.get("").status_code == 302  # the header is all there is
        assert client.get("", headers=[("X-Remote-User", "Ada"), ("X-Remote-User", "Eve")]).status_code == 302
        stranger = client.get("sign-in", headers={"X-Remote-User": "Bob"})
        assert "You have no account here" in stranger.text
        assert client.get("admin", headers={"X-Remote-User": "aDA L\u00f3VELACE".encode()}).status_code == 200
        invited = httpx.URL(_invitation(client, ada))
        for name, words in NOT_ADA.items():
            header = {"X-Remote-User": name.encode()}
            assert client.get("admin", headers=header).status_code == 302
            assert words in html.unescape(client.get("sign-in", headers=header).text)
            assert words in html.unescape(client.get(invited, headers=header).text)
            refused = client.post(invited, data=token, headers=header)
            assert (refused.status_code, words in html.unescape(refused.text)) == (400, True)
        own = [("X-Remote-User", "Bob"), ("X-Synsetlab-Annotator", "Ada"), ("X-Synsetlab-Role", "admin")]
        assert client.get("admin", headers=own).status_code == 302
        assert httpx.get(server.base.replace("/team/", "/"), verify=False).status_code == 404
        assert client.get("static/page.css").status_code == 200


NOT_ADA = {
    "\uff21da L\u00f3velace": "is not that of an account here, but looks like one",  # full width
    "\u00aada l\u00f3velace": "is not that of an account here, but looks like one",
    "ada l\u00d3velace": "is not that of an account here, but looks like one",
    "Ada L\u00f3velace\u2028": r"The name 'Ada L\xf3velace\u2028' cannot be used here",
    "Ada  L\u00f3velace": "cannot be used here",
    "Ada Lo\u0301velace": "cannot be used here",  # not NFC
}
"""Who is not Ada Lóvelace, and what they are told."""


def _invitation(client, admin) -> str:
    client.get("admin", headers=admin)
    form = {"_xsrf": client.cookies["_xsrf"], "do": "invite", "role": "admin", "name": "", "days": 7}
    said = client.post("admin", data=form, headers=admin)
    return said.text.split('id="link" type="text" readonly value="')[1].split('"')[0]


@pytest.mark.parametrize(
    ("address", "name"), [("127.0.0.1", "Ada"), ("::ffff:127.0.0.1", "Ada"), ("10.0.0.9", None), ("", None)]
)
def test_a_header_is_believed_from_a_listed_address_only(address, name):
    import asyncio

    from tornado.httputil import HTTPHeaders

    proxy = ProxyHeader("X-Remote-User", Proxies(["127.0.0.1", "192.168.0.0/24"]))
    request = types.SimpleNamespace(remote_ip=address, headers=HTTPHeaders({"X-Remote-User": " Ada "}))
    assert asyncio.run(proxy.name(types.SimpleNamespace(request=request))) == name


def test_the_client_behind_proxies_is_the_first_that_is_not_one():
    from tornado.httputil import HTTPHeaders

    proxies = Proxies(["10.0.0.1", "10.0.0.2"])

    def client(peer: str, chain: str) -> str:
        request = types.SimpleNamespace(remote_ip=peer, headers=HTTPHeaders({"X-Forwarded-For": chain}))
        return proxies.client(types.SimpleNamespace(request=request))

    assert client("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2") == "1.2.3.4"
    assert client("1.2.3.4", "5.6.7.8") == "1.2.3.4"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trust_header": "X-Remote-User"}, "would let anyone"),
        ({"trust_header": "X User", "proxies": ("::1",)}, "no name of a header"),
        ({"trust_header": "X-U", "proxies": ("proxy.example",)}, "no IP address"),
        ({"everyone": "you", "accounts": True}, "signs everyone in"),
        ({"everyone": "you", "trust_header": "X-U"}, "signs everyone in"),
        ({"newcomers": "boss"}, "no role"),
        ({"newcomers": "annotator"}, "there is neither"),
    ],
)
def test_options_that_would_let_someone_in_wrongly_are_refused(served_workspace, options, words):
    with pytest.raises(InputError, match=words):
        serve(ServeOptions(served_workspace, port=0, **options), lambda *_: None)


def test_the_command_says_so_with_exit_code_2(served_workspace, capsys):
    assert main(["serve", str(served_workspace), "--trust-header", "X-Remote-User"]) == 2
    assert "--trusted-proxy 127.0.0.1" in capsys.readouterr().err


def test_nobody_is_everybody_where_there_are_accounts(team):
    with pytest.raises(InputError, match="has accounts"):
        serve(ServeOptions(team.folder, port=0, everyone="you"), lambda *_: None)


@pytest.mark.parametrize(("cert", "key"), [(None, "key.pem"), ("cert.pem", "cert.pem"), ("key.pem", None)])
def test_files_that_are_no_certificate_are_refused(certificate, cert, key):
    files = [certificate / name if name else None for name in (cert, key)]
    with pytest.raises(InputError, match=r"--tls-key|cannot be used"):
        bind("127.0.0.1", 0, "", *files)


@pytest.mark.parametrize(
    ("given", "origin", "path"),
    [
        ("", "", "/"),
        ("/team", "", "/team/"),
        ("https://label.example.org", "https://label.example.org", "/"),
        ("https://label.example.org:8443/a/b/", "https://label.example.org:8443", "/a/b/"),
    ],
)
def test_a_base_url_is_a_path_or_an_address(given, origin, path):
    assert split_base(given) == (origin, path)


@pytest.mark.parametrize(
    "wrong", ["team", "ftp://x/", "https://u:p@x/", "/a?b", "/../x", "https:///x", "//x/y"]
)
def test_other_base_urls_are_refused(wrong):
    with pytest.raises(InputError):
        split_base(wrong)


# ---- passwords


def test_a_password_is_kept_as_its_hash():
    kept = hash_password("quatre mots tre\u0301s simples", "Zo\u00eb")
    assert kept.startswith("$argon2id$")
    assert "simples" not in kept
    assert check_password(kept, "quatre mots tr\u00e9s simples")
    assert not check_password(kept, "quatre mots tres simples")
    assert not check_password(None, "nobody has this password")


def test_guesses_have_to_wait_longer_and_longer():
    now = [0.0]
    throttle = Throttle(free=3, seconds=100, clock=lambda: now[0])
    waits = []
    for _ in range(8):
        throttle.take("a")
        waits.append(throttle.wait("a"))
    assert waits == [0, 0, 5, 10, 20, 40, 80, 100]
    assert throttle.wait("b") == 0
    now[0] = 101.0
    assert throttle.wait("a") == 0
