"""The websocket to a kernel: for whom it opens, and what may be said through it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import itertools
import json
import os
import socket
import uuid
from pathlib import Path

from tests.server.conftest import kernel_of
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PIDFD_GETFD = 438
"""Number of the system call on every Linux."""
PROTOCOL = "v1.kernel.websocket.jupyter.org"


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
        # The server makes it so once the websocket is open, and by its first message it has.
        await connection.write_message(_pack("shell", "kernel_info_request", {}, "1", "s"), binary=True)
        assert await asyncio.wait_for(connection.read_message(), 60) is not None
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
