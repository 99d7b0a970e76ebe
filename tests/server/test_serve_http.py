"""The running server, asked over HTTP by visitors who try what they should not."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest
from tests.server.conftest import kernel_of, who
from tornado.web import create_signed_value

from synsetlab.errors import SynsetlabError
from synsetlab.server.process import ServerProcess
from synsetlab.store.workspace import Workspace
from synsetlab.ui.workspace.keys import QuestionKeys

# ---- who may see what


def test_what_an_anonymous_visitor_gets(visit):
    paths = {
        "": 302,
        "label": 302,
        "review": 302,
        "browse": 302,
        "name": 200,
        "static/page.css": 200,
        "static/favicon.svg": 200,
        "favicon.ico": 301,
        "voila/static/voila.js": 200,
        "voila/labextensions/anywidget/package.json": 200,
        "thumbnails/0123456789abcdef": 403,
        f"api/kernels/{uuid.uuid4()}": 403,
        f"api/kernels/{uuid.uuid4()}/channels": 403,
        # Not there at all, for anyone:
        "nothing": 404,
        "login": 404,
        "logout": 404,
        "api": 404,
        "api/kernels": 404,
        "api/contents": 404,
        "api/sessions": 404,
        "api/terminals": 404,
        "lab": 404,
        "tree": 404,
        "voila/tree": 404,
        "voila/render/04_label_images.ipynb": 404,
        "voila/files/04_label_images.ipynb": 404,
        "voila/api/contents": 404,
        "voila/templates/lab/static/index.css": 404,
        "voila/query/" + str(uuid.uuid4()): 404,
        "voila/execution/" + str(uuid.uuid4()): 404,
        "voila/labextensions/jupyterlab_pygments/package.json": 404,
        "voila/static/..%2f..%2f..%2fconf.json": 403,
        "static/..%2fstandalone.py": 404,
        "04_label_images.ipynb": 404,
        "metrics": 404,
    }
    client = visit(None)
    assert {path: client.get(path).status_code for path in paths} == paths


def test_a_page_asks_for_the_name_first_and_then_opens(visit):
    client = visit(None)
    asked = client.get("label?wnid=n02084071")
    assert asked.headers["location"] == "/name?next=%2Flabel%3Fwnid%3Dn02084071"
    form = client.get(asked.headers["location"])
    token = form.text.split('name="_xsrf" value="')[1].split('"')[0]
    back = html.unescape(form.text.split('name="next" value="')[1].split('"')[0])
    given = client.post("name", data={"_xsrf": token, "name": " Zoë ", "next": back})
    assert (given.status_code, given.headers["location"]) == (303, "/label?wnid=n02084071")
    cookie = next(c for c in given.headers.get_list("set-cookie") if c.startswith("synsetlab-"))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_thumbnail_needs_a_key_that_the_workspace_made(visit, served_workspace):
    client = visit("Zoë")
    with Workspace.open(served_workspace) as opened:
        questions = opened.reader.questions()
        keys = QuestionKeys(opened.question_key())
    assert client.get("thumbnails/0123456789abcdef").status_code == 404
    assert client.get("thumbnails/" + keys.seal(999_999)).status_code == 404
    for number in questions["id"][:2]:
        answer = client.get("thumbnails/" + keys.seal(int(number)))
        assert answer.headers["cache-control"].startswith("private")
        assert answer.content.startswith(b"\xff\xd8")


def test_the_kernel_knows_its_annotator_and_runs_this_python(visit, served_workspace):
    annotator, workspace, python, secret, query, _pid = who(visit("Zoë <x>").get("label?wnid=n1"))
    assert (annotator, workspace, python) == ("Zoë <x>", str(served_workspace), sys.executable)
    assert (secret, query) == ("False", "wnid=n1")


@pytest.mark.parametrize(
    "away",
    [
        "https://evil.example/label",
        "//evil.example/label",
        "/\\evil.example",
        "javascript:alert(1)",
        "/leave",
    ],
)
def test_the_name_form_sends_nobody_elsewhere(visit, away):
    client = visit(None)
    form = client.get("name", params={"next": away})
    token = form.text.split('name="_xsrf" value="')[1].split('"')[0]
    given = client.post("name", data={"_xsrf": token, "name": "ada", "next": away})
    assert given.headers["location"] == "/"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u200bb"])
def test_a_bad_name_is_explained(visit, name):
    client = visit(None)
    token = client.get("name").text.split('name="_xsrf" value="')[1].split('"')[0]
    refused = client.post("name", data={"_xsrf": token, "name": name})
    assert refused.status_code == 400
    assert 'role="alert"' in refused.text
    assert client.get("").status_code == 302


def test_leaving_forgets_the_name(visit):
    client = visit("ada")
    token = client.get("name").text.split('name="_xsrf" value="')[1].split('"')[0]
    assert client.get("").status_code == 200
    assert client.post("leave", data={"_xsrf": token}).status_code == 303
    assert client.get("").status_code == 302


# ---- forgeries


def test_a_forged_header_or_query_names_nobody(visit):
    client = visit("bob")
    page = client.get(
        "label?SYNSETLAB_ANNOTATOR=alice&annotator=alice", headers={"X-Synsetlab-Annotator": "alice"}
    )
    assert who(page)[0] == "bob"
    anonymous = visit(None).get("label", headers={"X-Synsetlab-Annotator": "alice"})
    assert anonymous.status_code == 302


def test_forged_cookies_are_refused_and_a_true_one_is_not(visit):
    client = visit("bobby")
    (name,) = [key for key in client.cookies if key.startswith("synsetlab-")]
    true = client.cookies[name].strip('"')
    payload = json.dumps({"name": "alice"})
    other_secret = create_signed_value("not the secret", name, payload).decode()
    mine = true.split("|")
    theirs = create_signed_value("x", name, payload).decode().split("|")
    transplanted = "|".join([*mine[:4], theirs[4], mine[5]])  # alice's payload under bobby's signature
    assert len(theirs[4]) == len(mine[4])
    unsigned = payload
    answers = {
        label: httpx.get(str(client.base_url), cookies={name: value}).status_code
        for label, value in {
            "true": true,
            "other secret": other_secret,
            "transplanted": transplanted,
            "plain": unsigned.replace('"', "%22"),
            "empty": "",
        }.items()
    }
    assert answers == {"true": 200, "other secret": 302, "transplanted": 302, "plain": 302, "empty": 302}


def test_a_form_without_its_token_is_refused(visit):
    client = visit("ada")
    assert client.post("name", data={"name": "eve"}).status_code == 403
    assert client.post("leave").status_code == 403
    kernel = kernel_of(client.get("label"))
    assert client.post(f"voila/api/shutdown/{kernel}").status_code == 403
    assert client.get(f"api/kernels/{kernel}").status_code == 200


def test_another_host_name_or_origin_is_refused(visit):
    client = visit("ada")
    assert client.get("", headers={"Host": "evil.example"}).status_code == 403
    token = client.get("name").text.split('name="_xsrf" value="')[1].split('"')[0]
    foreign = client.post("leave", data={"_xsrf": token}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code in {403, 404}
    assert client.get("").status_code == 200


# ---- what a page holds


def test_no_page_names_an_address_outside(visit):
    client = visit("ada")
    pages = ["", "name", "label", "nothing", "static/page.css", "static/app.css", "static/tokens.css"]
    pages += ["static/app.js", "static/theme.js", "static/favicon.svg", "voila/static/theme-light.css"]
    for path in pages:
        text = re.sub(r"/\*.*?\*/", "", client.get(path).text, flags=re.DOTALL)
        outside = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w{2,}[^\s\"'<>)]*", text))
        # A namespace is a name, not an address.
        assert {address for address in outside if "www.w3.org" not in address} == set(), path


def test_the_pages_are_closed_to_everything_from_outside(visit):
    client = visit("ada")
    for path in ("", "name", "label", "nothing"):
        headers = client.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] in {"'none'", "'self'"}
        assert policy["frame-ancestors"] == "'none'"
        assert "'unsafe-inline'" not in policy["script-src"]
        assert not re.search(r"\*|https?:|//", headers["content-security-policy"])
        assert headers["x-content-type-options"] == "nosniff"
        assert "no-store" in headers["cache-control"]


def test_prose_and_readers_cells_stay_in_the_notebook(visit):
    page = visit("ada").get("label").text
    assert "or readers" not in page
    assert "cell-failed" not in page


def test_a_page_whose_kernel_ends_while_it_starts_is_not_waited_for_in_vain(visit, server):
    client, ours = visit("ada"), psutil.Process(server.pid)
    before = set(ours.children())
    with ThreadPoolExecutor(1) as background:
        opened = background.submit(client.get, "label")
        while not (new := set(ours.children()) - before) and not opened.done():
            pass
        for kernel in new:  # long before it says that it is there
            kernel.kill()
        page = opened.result()
    assert "cell-failed" in page.text
    assert page.text.endswith("</html>")
    assert "The kernel of a page ended" in server.log()
    assert "id=who" in client.get("label").text


def test_a_failing_cell_shows_no_traceback_but_logs_it(visit, server):
    page = visit("ada").get("browse")
    assert "cell-failed" in page.text
    assert "the-secret-text" not in page.text
    assert "Traceback" not in page.text
    assert "the-secret-text" in server.log()


def test_a_name_cannot_carry_markup_into_a_page(visit):
    client = visit("<script>x</script>")
    for path in ("", "name", "label", "nothing"):
        text = client.get(path).text
        assert "<script>x" not in text.replace("<p id=who>", "").split("application/vnd.voila")[0], path
        assert "&lt;script&gt;x" in text


def test_templates_and_themes_cannot_be_chosen_by_the_visitor(visit):
    client = visit("ada")
    plain, chosen = client.get("label").text, client.get("label?template=reveal&theme=dark").text
    assert "reveal" not in chosen.split("application/vnd.voila")[0].replace("template=reveal", "")
    assert plain.split("<main")[0] == chosen.split("<main")[0]


def test_a_visitor_who_reloads_again_and_again_keeps_few_kernels(visit, server):
    client = visit("reloader")
    pids = [int(who(client.get("label"))[5]) for _ in range(8)]
    alive = [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    assert 1 <= len(alive) <= 6
    assert pids[-1] in alive


def test_a_dead_kernel_leaves_the_server_well(visit, server):
    client = visit("survivor")
    page = client.get("label")
    os.kill(int(who(page)[5]), signal.SIGKILL)
    again = client.get("label")
    assert who(again)[0] == "survivor"
    assert kernel_of(again) != kernel_of(page)
    assert server.alive


# ---- start and stop


def test_it_prints_one_object_stops_cleanly_and_takes_its_kernels_with_it(served_workspace, notebooks):
    with ServerProcess(served_workspace, "--notebooks", str(notebooks), "--as", "you") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/label", server.url)
        with httpx.Client(timeout=120) as client:
            page = client.get(server.url)
            assert who(page)[0] == "you"
            pid = int(who(page)[5])
            assert psutil.pid_exists(pid)
            assert client.get(server.base).status_code == 200
        os.kill(server.pid, signal.SIGINT)
        assert server.stop() == 0
        assert not psutil.pid_exists(pid)


def test_a_taken_port_is_said(served_workspace, server):
    port = server.base.rsplit(":", 1)[1].rstrip("/")
    with pytest.raises(SynsetlabError) as caught:
        ServerProcess(served_workspace, "--port", port)
    assert f"Port {port} of 127.0.0.1 is in use." in caught.value.remedy


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--as", "a\u200bb"], 2, "cannot be seen"),
        (["--as", "you", "--host", "0.0.0.0"], 2, "sign in everyone"),
        (["--host", "no.such.host.invalid"], 2, "not an address of this machine"),
        (["--port", "70000"], 2, "70000"),
        (["-w", "."], 2, "once"),
    ],
)
def test_what_cannot_be_served_is_refused(served_workspace, arguments, code, words):
    with pytest.raises(SynsetlabError, match=f"exit code {code}") as caught:
        ServerProcess(served_workspace, *arguments)
    assert words in caught.value.remedy


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    with pytest.raises(SynsetlabError, match="exit code 1") as caught:
        ServerProcess(tmp_path)
    assert "is not a workspace" in caught.value.remedy


def test_the_name_is_remembered_over_a_restart(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        folder = made.folder
    with ServerProcess(folder) as first, httpx.Client(base_url=first.base) as client:
        token = client.get("name").text.split('name="_xsrf" value="')[1].split('"')[0]
        client.post("name", data={"_xsrf": token, "name": "ada"})
        cookies = dict(client.cookies)
    with ServerProcess(folder) as second:
        assert httpx.get(second.base, cookies=cookies).status_code == 200
