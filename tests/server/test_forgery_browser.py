"""Two people in two browsers, one of whom tries everything to be, read or stop the other."""

from __future__ import annotations

import json
import uuid

import psutil
import pytest

READY = "html[data-state=ready]"

# Sends messages of the kernel's protocol from within the page, with the browser's own cookies and origin;
# resolves with what came back, once the answer to the last message did, or one with the text `until`.
SEND = """async ([url, messages, until]) => {
  const text = new TextEncoder(), session = crypto.randomUUID();
  const pack = ([channel, type, content, id]) => {
    const header = { msg_id: id, msg_type: type, session, username: "x", version: "5.3" };
    header.date = "2026-01-01T00:00:00Z";
    const json = [header, {}, { version: "1.0.0" }, content].map((part) => JSON.stringify(part));
    const parts = [channel, ...json].map((part) => text.encode(part));
    const offsets = [8 * (parts.length + 2)];
    for (const part of parts) offsets.push(offsets[offsets.length - 1] + part.length);
    const out = new Uint8Array(offsets[offsets.length - 1]);
    const view = new DataView(out.buffer);
    [offsets.length, ...offsets].forEach((n, i) => view.setBigUint64(8 * i, BigInt(n), true));
    parts.forEach((part, i) => out.set(part, offsets[i]));
    return out;
  };
  const socket = new WebSocket(url, "v1.kernel.websocket.jupyter.org");
  socket.binaryType = "arraybuffer";
  const heard = [];
  return new Promise((resolve) => {
    socket.onerror = () => resolve("refused");
    socket.onclose = () => resolve("refused");
    socket.onopen = () => messages.forEach((message) => socket.send(pack(message)));
    socket.onmessage = ({ data }) => {
      const view = new DataView(data), at = (i) => Number(view.getBigUint64(8 * i, true));
      const part = (i) => JSON.parse(new TextDecoder().decode(data.slice(at(i + 1), at(i + 2))));
      const header = part(1), parent = part(2);
      heard.push([header.msg_type, parent.msg_type ?? "", JSON.stringify(part(4))]);
      const last = parent.msg_id === messages[messages.length - 1][3] && header.msg_type.endsWith("_reply");
      if (until ? heard[heard.length - 1][2].includes(until) : last) {
        socket.onclose = null;
        socket.close();
        resolve(heard);
      }
    };
  });
}"""


@pytest.fixture(scope="module")
def two(browser, team):
    """Alice and Bob, each signed in with a browser of their own, each with the labelling page open."""
    contexts, pages = [], []
    for name in ("Alice", "Bob"):
        team.new("annotator", name)
        context = browser.new_context()
        context.set_default_timeout(90_000)
        page = context.new_page()
        page.goto(team.server.base + "sign-in?next=%2Flabel")
        page.fill("#name", name)
        page.fill("#password", "four simple words")
        page.keyboard.press("Enter")
        page.wait_for_selector(READY)
        contexts.append(context)
        pages.append(page)
    yield pages
    for context in contexts:
        context.close()


def who(page) -> str:
    return page.inner_text("#who").split("|")[0]


def pid(page) -> int:
    return int(page.inner_text("#who").split("|")[5])


def kernel(page) -> str:
    return page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")


def send(page, base, to, *messages, until=""):
    url = f"{base.replace('http', 'ws', 1)}api/kernels/{to}/channels?session_id={uuid.uuid4()}"
    return page.evaluate(SEND, [url, [[*message, str(uuid.uuid4())] for message in messages], until])


def comm(number, data):
    return ("shell", "comm_msg", {"comm_id": number, "data": data})


ALIVE = ("shell", "kernel_info_request", {})


def test_each_is_who_they_are_and_no_kernel_was_started_before_its_visitor(two, team):
    """Nothing is preheated: a kernel that was ready before could be someone else's, or nobody's."""
    alice, bob = two
    assert (who(alice), who(bob)) == ("Alice", "Bob")
    assert pid(alice) != pid(bob)
    mine = [
        process.environ()["SYNSETLAB_ANNOTATOR"]
        for process in psutil.Process(team.server.pid).children(recursive=True)
        if "ipykernel_launcher" in " ".join(process.cmdline())
    ]
    assert sorted(name for name in mine if name in {"Alice", "Bob"}) == ["Alice", "Bob"]
    assert "" not in mine


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Synsetlab-Annotator": "Alice", "X-Synsetlab-Role": "admin", "X-Synsetlab-Epoch": "1.0"},
        {"X-Remote-User": "Ada", "X-Forwarded-User": "Ada", "X-Forwarded-For": "127.0.0.1"},
        {"Authorization": "token admin"},
    ],
)
def test_a_header_makes_nobody_anyone(two, team, headers):
    bob = two[1]
    for path, status in (("admin", 403), ("review", 403), ("account", 200)):
        answer = bob.context.request.get(team.server.base + path, headers=headers)
        assert answer.status == status
        assert "Ada" not in answer.text()


def test_a_query_and_a_header_leave_the_kernel_as_it_is(two, team):
    page = two[1].context.new_page()
    page.set_extra_http_headers({"X-Synsetlab-Annotator": "Alice", "X-Synsetlab-Role": "admin"})
    page.goto(team.server.base + "label?SYNSETLAB_ANNOTATOR=Alice&annotator=Alice&token=x")
    page.wait_for_selector(READY)
    assert who(page) == "Bob"
    page.close(run_before_unload=True)


def test_a_cookie_made_or_changed_elsewhere_is_no_cookie(two, team, browser):
    alice, bob = (
        next(c for c in page.context.cookies() if c["name"].startswith("synsetlab-")) for page in two
    )
    assert bob["httpOnly"]
    assert bob["sameSite"] == "Lax"
    assert two[1].evaluate("document.cookie").find("synsetlab-") == -1
    mine, hers = bob["value"].strip('"').split("|"), alice["value"].strip('"').split("|")
    forged = {
        "her account under my signature": "|".join([*mine[:4], hers[4], mine[5]]),
        "no signature": hers[4],
        "nothing": "",
    }
    for value in forged.values():
        context = browser.new_context()
        context.add_cookies([{"name": bob["name"], "value": value or '""', "url": team.server.base}])
        answer = context.request.get(team.server.base, max_redirects=0)
        context.close()
        assert answer.status == 302
    context = browser.new_context()
    context.add_cookies([{"name": bob["name"], "value": bob["value"], "url": team.server.base}])
    assert context.request.get(team.server.base, max_redirects=0).status == 200  # the same way, unchanged
    context.close()


def test_her_kernel_cannot_be_reached_read_or_stopped(two, team):
    alice, bob = two
    hers, mine = kernel(alice), kernel(bob)
    assert send(bob, team.server.base, hers, ALIVE) == "refused"
    assert send(bob, team.server.base, mine, ALIVE) != "refused"
    fetch = """async ([path, method]) => (await fetch(path, { method, headers: {
      "X-XSRFToken": document.cookie.match(/_xsrf=([^;]*)/)[1] } })).status"""
    answers = {
        method + " " + path: bob.evaluate(fetch, [team.server.base + path, method])
        for method, path in (
            ("GET", f"api/kernels/{hers}"),
            ("DELETE", f"api/kernels/{hers}"),
            ("POST", f"voila/api/shutdown/{hers}"),
            ("POST", f"api/kernels/{hers}/restart"),
            ("POST", f"api/kernels/{hers}/interrupt"),
            ("GET", f"voila/query/{hers}"),
        )
    }
    assert set(answers.values()) <= {403, 404, 405}
    assert psutil.pid_exists(pid(alice))
    alice.click("button:text('who')")
    alice.wait_for_selector("output:has-text('Alice')")


def test_no_code_runs_and_nothing_is_stopped_in_ones_own_kernel(two, team, tmp_path):
    bob = two[1]
    trace = tmp_path / "ran"
    code = f"open({str(trace)!r}, 'w')"
    heard = send(
        bob,
        team.server.base,
        kernel(bob),
        ("shell", "execute_request", {"code": code, "silent": False, "user_expressions": {"x": code}}),
        ("control", "execute_request", {"code": code, "silent": False}),
        ("shell", "complete_request", {"code": "open", "cursor_pos": 4}),
        ("shell", "inspect_request", {"code": "env", "cursor_pos": 3, "detail_level": 1}),
        ("shell", "history_request", {"hist_access_type": "tail", "n": 9, "output": True, "raw": True}),
        ("control", "shutdown_request", {"restart": True}),
        ("control", "interrupt_request", {}),
        ("control", "debug_request", {"type": "request", "command": "evaluate", "seq": 1}),
        ("stdin", "input_reply", {"value": code}),
        ALIVE,
    )
    parents = {parent for _, parent, _ in heard}
    assert parents <= {"kernel_info_request", ""}
    assert not trace.exists()
    assert psutil.pid_exists(pid(bob))


def test_no_trait_of_a_panel_can_be_written(two, team):
    """The comm answers to ``who``, so it is the right one; what is written to it changes nothing."""
    bob = two[1]
    target = {"comm_id": "control", "target_name": "jupyter.widget.control", "data": {}}
    heard = send(
        bob,
        team.server.base,
        kernel(bob),
        ("shell", "comm_open", target),
        comm("control", {"method": "request_states"}),
        until="update_states",
    )
    states = next(text for kind, _, text in heard if "update_states" in text)
    every = json.loads(states)["data"]["states"]
    panel = next(number for number, found in every.items() if "_esm" in found["state"])
    forged = {"_esm": "alert(1)", "_css": "", "annotator": "Alice", "tooltip": "x", "tabbable": True}
    heard = send(
        bob,
        team.server.base,
        kernel(bob),
        comm(panel, {"method": "update", "state": forged, "buffer_paths": []}),
        comm(panel, {"method": "request_state"}),
        comm(panel, {"method": "custom", "content": {"type": "who", "id": "w"}}),
        until='"who"',
    )
    said = "".join(text for kind, _, text in heard if kind == "comm_msg")
    assert '"who":"Bob"' in said.replace(" ", "")
    assert "alert(1)" not in said
    assert "Alice" not in said
    bob.click("button:text('who')")
    bob.wait_for_selector("output:has-text('Bob')")
