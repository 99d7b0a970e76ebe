"""What one visitor can cost: attempts, kernels, forms and messages are bounded, also of many at once."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.server.conftest import kernel_of
from tests.server.test_serve_websocket import _close, _open, _pack, _send, _unpack

from synsetlab.server.frames import asked
from synsetlab.server.kernels import KERNELS_PER_VISITOR
from synsetlab.server.passwords import Guess, Throttle, Throttles

MESSAGE = _pack("shell", "comm_msg", {"comm_id": "c", "data": {}}, "1", "s")


# ---- messages


def test_what_a_message_asks():
    assert asked(MESSAGE) == ("comm_msg", None)
    opening = _pack("shell", "comm_open", {"target_name": "jupyter.widget"}, "1", "s")
    assert asked(opening) == ("comm_open", "jupyter.widget")


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"\x06",
        struct.pack("<Q", 2**64 - 1),
        struct.pack("<Q", 12_000_000),
        struct.pack("<Q", 6),
        struct.pack("<7Q", 6, 56, 56, 56, 56, 56, 2**63),
        struct.pack("<7Q", 6, 56, 0, 56, 56, 56, 56),
        struct.pack("<7Q", 6, 56, 56, 56, 56, 56, 56),
        MESSAGE.replace(b'"comm_msg"', b"[]        "),
        MESSAGE.replace(b"shell", b"\xff\xff\xff\xff\xff"),
        _pack("shell", "comm_msg", [], "1", "s"),
    ],
)
def test_what_is_no_message_is_told_at_once(wrong):
    """The first number says how many parts there are: reading so many would hold up everybody."""
    with pytest.raises(ValueError, match=r"."):
        asked(wrong)


def test_who_sends_no_message_is_closed_and_the_page_lives(visit, server):
    alice = visit("alice")
    kernel = kernel_of(alice.get("label"))

    async def send():
        connection = await _open(server, alice, kernel)
        await connection.write_message(struct.pack("<Q", 2**64 - 1), binary=True)
        await _close(connection)
        return connection.close_code

    assert asyncio.run(send()) == 1002
    replies = asyncio.run(_send(server, alice, kernel, [("shell", "kernel_info_request", {})]))
    assert replies[-1][0]["msg_type"] == "kernel_info_reply"


def test_an_error_in_the_kernel_does_not_end_the_page(visit, server):
    """Whatever a kernel says of itself comes by one channel: it goes on after the error that is kept back."""
    alice = visit("alice")
    page = alice.get("label")
    model = page.text.split('"model_id": "')[1].split('"')[0]
    bad = {"comm_id": model, "data": {"method": "update", "state": {}, "buffer_paths": 5}}

    async def kinds():
        connection = await _open(server, alice, kernel_of(page))
        await connection.write_message(_pack("shell", "comm_msg", bad, "bad", "s"), binary=True)
        await connection.write_message(_pack("shell", "kernel_info_request", {}, "last", "s"), binary=True)
        said = []
        while said[-1:] != [("last", "status", "idle")]:
            header, parent, content = _unpack(await asyncio.wait_for(connection.read_message(), 60))
            said.append((parent.get("msg_id"), header["msg_type"], content.get("execution_state")))
        await _close(connection)
        return said

    said = asyncio.run(kinds())
    assert ("bad", "status", "idle") in said
    assert "error" not in {kind for _, kind, _ in said}


# ---- kernels


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are counted by /proc, which only Linux has")
def test_many_pages_at_once_get_no_more_kernels_than_one_by_one(visit):
    name = f"greedy {uuid.uuid4().hex[:8]}"  # the tests may run twice on a machine
    greedy = visit(name)
    with ThreadPoolExecutor(KERNELS_PER_VISITOR + 3) as pool:
        pages = list(pool.map(lambda _: greedy.get("label"), range(KERNELS_PER_VISITOR + 3)))
    statuses = Counter(page.status_code for page in pages)
    assert set(statuses) <= {200, 429}, "a page lost its kernel to another that came later"
    assert statuses[200] >= KERNELS_PER_VISITOR
    assert 1 <= _kernels(name) <= KERNELS_PER_VISITOR
    assert greedy.get("label").status_code == 200


def _kernels(name: str) -> int:
    """Running kernels that were told that they are this visitor's."""
    told = f"SYNSETLAB_ANNOTATOR={name}".encode()
    found = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            kernel = b"ipykernel_launcher" in (process / "cmdline").read_bytes()
            found += kernel and told in (process / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or is someone else's
            continue
    return found


# ---- attempts


def test_of_many_guesses_at_once_few_are_tried(team):
    client = team.client()
    form = {"_xsrf": team.token(client), "name": "Cara", "password": "wrong"}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: client.post("sign-in", data=form).status_code, range(12)))
    assert Counter(answers) == {401: 5, 429: 7}


def test_who_guesses_shuts_out_themselves():
    throttles = Throttles(Throttle(), Throttle(free=40), Throttle(free=40))
    waits = [Guess(throttles, "ada", "192.0.2.1").begin() for _ in range(8)]
    assert waits[:5] == [0] * 5
    assert all(waits[5:])
    hers = Guess(throttles, "ada", "192.0.2.2")
    assert hers.begin() == 0
    hers.was_right()
    assert Guess(throttles, "ada", "192.0.2.1").begin() > 0


def test_who_guesses_from_many_addresses_or_many_names_has_to_wait():
    throttles = Throttles(Throttle(), Throttle(free=40), Throttle(free=40))
    assert [Guess(throttles, "ada", f"192.0.2.{n}").begin() for n in range(40)] == [0] * 40
    assert Guess(throttles, "ada", "192.0.2.99").begin() > 0
    assert [Guess(throttles, f"name {n}", "198.51.100.1").begin() for n in range(40)] == [0] * 40
    assert Guess(throttles, "another", "198.51.100.1").begin() > 0


def test_a_right_password_costs_nothing():
    throttles = Throttles(Throttle(free=2), Throttle(free=2), Throttle(free=2))
    for _ in range(9):
        guess = Guess(throttles, "ada", "192.0.2.1")
        assert guess.begin() == 0
        guess.was_right()


# ---- forms


def test_a_form_is_small(team):
    """It is refused by what it says of its length, before it is read."""
    there = urlsplit(team.server.base)
    with socket.create_connection((there.hostname, there.port), timeout=60) as connection:
        head = f"POST /sign-in HTTP/1.1\r\nHost: {there.netloc}\r\nContent-Length: 30000000\r\n"
        connection.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_a_form_of_a_thousand_fields_is_refused_with_a_page(team):
    fields = {f"field{number}": "x" for number in range(2000)}
    refused = team.client().post("sign-in", data=fields)
    assert refused.status_code == 400
    assert "That could not be understood" in refused.text
    assert "get_current_user" not in team.server.log()
