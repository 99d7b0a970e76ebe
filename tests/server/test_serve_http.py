"""The running server, asked over HTTP and websockets by visitors who try what they should not."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import html
import itertools
import json
import os
import re
import signal
import socket
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.web import create_signed_value
from tornado.websocket import websocket_connect

from synsetlab.errors import SynsetlabError
from synsetlab.server.process import ServerProcess
from synsetlab.store.workspace import Workspace
from synsetlab.ui.workspace.keys import QuestionKeys

PIDFD_GETFD = 438
"""Number of the system call on every Linux."""
PROTOCOL = "v1.kernel.websocket.jupyter.org"


def who(page: httpx.Response) -> list[str]:
    """What the kernel of a page says of itself: annotator, workspace, python, secret seen, query, pid."""
    assert page.status_code == 200, page.text
    said = re.search(r"<p id=who>(.*?)</p>", json.loads(f'"{_output(page)}"'))
    assert said, page.text
    return said.group(1).split("|")


def _output(page: httpx.Response) -> str:
    found = re.search(r'"text/html": ?"(.*?)(?<!\\)"', page.text)
    assert found, page.text
    return found.group(1)


def kernel_of(page: httpx.Response) -> str:
    found = re.search(r'"kernelId": ?"([\w-]+)"', page.text)
    assert found, page.text
    return found.group(1)


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


def test_another_visitors_kernel_cannot_be_reached(visit, server):
    alice, bob = visit("alice"), visit("bob")
    kernel = kernel_of(alice.get("label"))
    token = bob.get("name").text.split('name="_xsrf" value="')[1].split('"')[0]
    assert alice.get(f"api/kernels/{kernel}").status_code == 200
    assert bob.get(f"api/kernels/{kernel}").status_code == 403
    assert bob.delete(f"api/kernels/{kernel}").status_code in {403, 405}
    assert bob.post(f"voila/api/shutdown/{kernel}", data={"_xsrf": token}).status_code == 403
    assert alice.delete(f"api/kernels/{kernel}", headers={"X-XSRFToken": token}).status_code in {403, 405}
    assert [shake_hands(client, kernel, server.base) for client in (alice, bob, visit(None))] == [
        101,
        403,
        403,
    ]
    assert alice.get(f"api/kernels/{kernel}").json()["id"] == kernel


def test_a_page_from_elsewhere_cannot_open_the_websocket(visit, server):
    alice = visit("alice")
    kernel = kernel_of(alice.get("label"))
    assert shake_hands(alice, kernel, "http://evil.example") == 403
    assert shake_hands(alice, kernel, server.base) == 101


def shake_hands(client, kernel, origin) -> int:
    """The answer to a websocket's opening request: 101 where it is opened."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Origin": origin.rstrip("/"),
        "Sec-WebSocket-Key": "c3luc2V0bGFiLXRlc3QtMQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    with client.stream("GET", f"api/kernels/{kernel}/channels?session_id=x", headers=headers) as answer:
        return answer.status_code


def test_a_page_cannot_run_code_stop_its_kernel_or_make_widgets(visit, server, tmp_path):
    """A kernel_info_request, sent last through the same door and answered, shows that the door is open."""
    alice = visit("alice")
    kernel = kernel_of(alice.get("label"))
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'w')"
    replies = asyncio.run(
        _send(
            server,
            alice,
            kernel,
            [
                ("shell", "execute_request", {"code": code, "silent": False, "user_expressions": {}}),
                ("shell", "complete_request", {"code": "impor", "cursor_pos": 5}),
                ("control", "shutdown_request", {"restart": False}),
                ("control", "debug_request", {"type": "request", "command": "evaluate"}),
                (
                    "shell",
                    "comm_open",
                    {
                        "comm_id": "c1",
                        "target_name": "jupyter.widget",
                        "data": {"state": {"_model_module": "@jupyter-widgets/controls"}},
                    },
                ),
                (
                    "shell",
                    "comm_open",
                    {"comm_id": "c2", "target_name": "jupyter.widget.control", "data": {}},
                ),
                ("shell", "comm_info_request", {}),
                ("shell", "kernel_info_request", {}),
            ],
        )
    )
    kinds = {header["msg_type"] for header, _content in replies}
    comms = next(content for header, content in replies if header["msg_type"] == "comm_info_reply")["comms"]
    assert "kernel_info_reply" in kinds
    assert kinds <= {"kernel_info_reply", "comm_info_reply", "status", "comm_msg"}
    assert comms["c2"]["target_name"] == "jupyter.widget.control"
    assert "c1" not in comms
    assert not trace.exists()
    assert alice.get(f"api/kernels/{kernel}").json()["execution_state"] in {"idle", "busy"}


def test_an_unknown_websocket_protocol_is_closed(visit, server):
    alice = visit("alice")
    kernel = kernel_of(alice.get("label"))

    async def talk() -> object:
        connection = await _open(server, alice, kernel, protocol=None)
        await connection.write_message(
            json.dumps({"channel": "shell", "header": {"msg_type": "execute_request"}})
        )
        said = await connection.read_message()
        connection.close()
        await asyncio.sleep(0)
        return said

    assert asyncio.run(talk()) is None


def test_the_second_message_of_an_answer_is_not_held_back_by_the_socket(visit, server):
    alice = visit("alice")
    kernel = kernel_of(alice.get("label"))

    async def talk() -> bool:
        connection = await _open(server, alice, kernel)
        ours = connection.stream.socket.getsockname()
        at_once = any(
            theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for theirs in _sockets(server.pid, socket.AF_INET)
            if theirs.getpeername() == ours
        )
        await _close(connection)
        return at_once

    assert asyncio.run(talk())


def _sockets(pid, family):
    """Connected sockets of another process of ours, as its own descriptors are: Linux lends them."""
    process = os.pidfd_open(pid)
    for place in Path(f"/proc/{pid}/fd").iterdir():
        if not place.is_socket():
            continue
        number = ctypes.CDLL(None).syscall(PIDFD_GETFD, process, int(place.name), 0)
        with socket.socket(fileno=number) as lent, contextlib.suppress(OSError):
            if lent.family == family and lent.getpeername():
                yield lent
    os.close(process)


async def _open(server, client, kernel, *, protocol=PROTOCOL):
    request = HTTPRequest(
        f"{server.base.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id={uuid.uuid4()}",
        headers={
            "Cookie": "; ".join(f"{key}={value}" for key, value in client.cookies.items()),
            "Origin": server.base.rstrip("/"),
        },
        request_timeout=60,
    )
    return await websocket_connect(request, subprotocols=[protocol] if protocol else None)


async def _close(connection):
    """Close the websocket and wait until the server has let go of it."""
    connection.close()
    while await asyncio.wait_for(connection.read_message(), 60) is not None:
        pass
    await asyncio.sleep(0)  # the socket is closed by a callback of the loop's next round


async def _send(server, client, kernel, messages):
    """Send messages in the binary protocol; returns what came back until the answer to the last."""
    connection = await _open(server, client, kernel)
    try:
        session, last = str(uuid.uuid4()), ""
        for channel, kind, content in messages:
            last = str(uuid.uuid4())
            await connection.write_message(_pack(channel, kind, content, last, session), binary=True)
        replies = []
        while True:
            message = await asyncio.wait_for(connection.read_message(), 60)
            assert message is not None, "the server closed the websocket"
            header, parent, content = _unpack(message)
            replies.append((header, content))
            if parent.get("msg_id") == last and header["msg_type"].endswith("_reply"):
                return replies
    finally:
        await _close(connection)


def _pack(channel, kind, content, number, session):
    header = {"msg_id": number, "msg_type": kind, "session": session, "username": "x", "version": "5.3"}
    header["date"] = "2026-01-01T00:00:00Z"
    parts = [
        channel.encode(),
        *(json.dumps(part).encode() for part in (header, {}, {"version": "1.0.0"}, content)),
    ]
    offsets = [8 * (1 + len(parts) + 1)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join(value.to_bytes(8, "little") for value in numbers) + b"".join(parts)


def _unpack(message):
    count = int.from_bytes(message[:8], "little")
    offsets = [int.from_bytes(message[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    parts = [message[a:b] for a, b in itertools.pairwise(offsets)]
    return json.loads(parts[1]), json.loads(parts[2]), json.loads(parts[4])


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
