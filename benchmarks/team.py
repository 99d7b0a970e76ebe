"""Fifty annotators over websockets against `synsetlab serve`: votes a second, waiting, memory, losses.

    python benchmarks/team.py [--annotators 50] [--pages 6] [--database URL] [--chaos] [--json]

Each simulated annotator does what the browser does: signs in, opens the labelling page (which starts a
kernel), answers pages of 48 through the page's websocket, keeps every answer until it is acknowledged,
and hands the page in. When all are done, the vote log is compared with what was acknowledged.

All annotators work as fast as the server lets them; people look at a page for half a minute. The
workspace is made in a temporary folder, of pictures that are only rows; with --database in that (empty)
PostgreSQL database, which is dropped empty again by whoever made it.

``--json`` prints one object: annotators; votes_per_s; ack_p95_ms, from sending a page's answers to their
acknowledgement; lost, acknowledged answers that are not in the log; double, answers counted twice;
lock_errors; pss_mb_per_annotator, proportional memory of the kernels (Linux).

``--chaos``: in the middle the server is killed with SIGKILL and started again, and a kernel is killed every
few seconds; ``--restart COMMAND`` is run once too, for example to restart PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import html
import json
import random
import re
import signal
import socket
import statistics
import sys
import tempfile
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import kill
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from synsetlab import Workspace
from synsetlab.server.process import ServerProcess

DOG = "n02084071"
PAGE = 48
WANTED = 3
PROTOCOL = "v1.kernel.websocket.jupyter.org"
OPENING = 4
"""Pages that are opened at the same time: each starts a Python."""
PATIENCE = 15.0
"""Seconds that an annotator waits for an answer before the page is opened anew."""
MODEL = re.compile(r'"model_id":\s*"([0-9a-f]{32})"')
KERNEL = re.compile(r'"kernelId":\s*"([0-9a-f-]{36})"')


@dataclass
class Tally:
    """What all annotators saw."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Annotator by id of the answer."""
    waits: list[float] = field(default_factory=list)
    lock_errors: int = 0
    reopened: int = 0
    done: int = 0


class LostError(Exception):
    """The page is dead: open it again."""


class Page:
    """An open labelling page."""

    def __init__(self, channel: WebSocketClientConnection, model: str, tally: Tally) -> None:
        self.channel, self.model, self.tally = channel, model, tally
        self.owner = ""

    @classmethod
    async def open(cls, base: str, cookies: dict[str, str], tally: Tally) -> Page:
        """Load the page, which starts a kernel, and connect to it."""
        reply = await fetch(base + "label", cookies)
        text = html.unescape(reply.body.decode())
        model, kernel = MODEL.search(text), KERNEL.search(text)
        if model is None or kernel is None:
            raise LostError("the page has no grid")
        address = f"{base.replace('http', 'ws', 1)}api/kernels/{kernel[1]}/channels?session_id={uuid.uuid4()}"
        headers = {"Cookie": header_of(cookies), "Origin": base.rstrip("/")}
        request = HTTPRequest(address, headers=headers, connect_timeout=PATIENCE)
        try:
            channel = await websocket_connect(request, subprotocols=[PROTOCOL])
        except (OSError, HTTPClientError) as error:
            raise LostError(str(error)) from error
        page = cls(channel, model[1], tally)
        state = await page.request({"method": "request_state"}, "update")
        page.owner = state["state"]["owner"]
        return page

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """A message of the grid and its reply."""
        number = uuid.uuid4().hex
        while True:
            content = {"method": "custom", "content": {"type": kind, "id": number, **fields}}
            reply = (await self.request(content, "custom"))["content"]
            if "error" in reply:
                self.tally.lock_errors += "locked" in str(reply["error"])
                raise LostError(str(reply["error"]))
            return dict(reply)

    async def request(self, data: dict[str, Any], method: str) -> dict[str, Any]:
        """Send a message to the widget's comm and wait for one back."""
        number = data.get("content", {}).get("id")
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "comm_msg", "version": "5.3"}
        header |= {"username": "", "session": self.model, "date": datetime.now(UTC).isoformat()}
        parts = [
            json.dumps(part).encode() for part in (header, {}, {}, {"comm_id": self.model, "data": data})
        ]
        try:
            await self.channel.write_message(serialize_msg_to_ws_v1(parts, "shell"), binary=True)
            async with asyncio.timeout(PATIENCE):
                while True:
                    message = await self.channel.read_message()
                    if message is None:
                        raise LostError("the connection was closed")
                    if isinstance(message, str):
                        continue
                    _, back = deserialize_msg_from_ws_v1(message)
                    said = json.loads(back[3])
                    found = said.get("data", {}) if said.get("comm_id") == self.model else {}
                    if found.get("method") == method and found.get("content", {}).get("id") == number:
                        return dict(found)
        except (TimeoutError, OSError) as error:
            raise LostError(repr(error)) from error
        except Exception as error:
            if "closed" in type(error).__name__.lower():
                raise LostError(repr(error)) from error
            raise

    def close(self) -> None:
        """As closing the tab does."""
        self.channel.close()


async def annotate(name: str, base: str, pages: int, tally: Tally, gate: Gate) -> None:
    """One annotator, until so many pages are handed in or nothing is left."""
    rng = random.Random(name)
    waiting: dict[str, dict[str, Any]] = {}
    cookies: dict[str, str] = {}
    page: Page | None = None
    handed_in = 0
    ready = False
    while True:
        try:
            if not cookies:
                cookies = await sign_in(base, name)
            async with gate.opening:
                page = page or await Page.open(base, cookies, tally)
                shown = await page.ask("open", keys=[event["key"] for event in waiting.values()])
            if not ready:
                ready = True
                await gate.wait()
            while True:
                fresh = [item["key"] for item in shown["items"] if item["key"] not in shown["answers"]]
                known = {event["key"] for event in waiting.values()}
                for key in fresh:
                    if key not in known:
                        event = new_event(key, shown["batch"], rng)
                        waiting[event["id"]] = event
                await send(page, waiting, name, tally)
                if handed_in >= pages or not shown["items"]:
                    tally.done += 1
                    page.close()
                    return
                keys = [item["key"] for item in shown["items"]]
                shown = await page.ask("submit", batch=shown["batch"], keys=keys)
                handed_in += 1
        except (LostError, OSError, HTTPClientError):
            tally.reopened += 1
            if page is not None:
                page.close()
            page = None
            await asyncio.sleep(0.5 + rng.random())  # as a person reloads


def new_event(key: str, batch: str, rng: random.Random) -> dict[str, Any]:
    """An answer as the browser makes it."""
    name = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    now = datetime.now(UTC).isoformat()
    answer = "yes" if rng.random() < 0.8 else "no"
    times = {"shown_at": now, "decided_at": now, "active_ms": 900}
    return {"id": name, "key": key, "answer": answer, "retracts": None, "batch": batch, **times}


async def send(page: Page, waiting: dict[str, dict[str, Any]], name: str, tally: Tally) -> None:
    """Send what is not acknowledged yet, at most a page at a time."""
    while waiting:
        events = list(waiting.values())[:PAGE]
        started = time.perf_counter()
        reply = await page.ask("votes", owner=page.owner, events=events)
        tally.waits.append(time.perf_counter() - started)
        if reply["refused"]:
            raise SystemExit(f"{name}: refused {reply['refused']}")
        for done in reply["acked"]:
            del waiting[done]
            tally.acknowledged[done] = name


class Gate:
    """Opens when everyone has their page."""

    def __init__(self, number: int) -> None:
        self.opening = asyncio.Semaphore(OPENING)
        self._left = number
        self.open = asyncio.Event()

    async def wait(self) -> None:
        """Say that one more is ready, and wait for the others."""
        self._left -= 1
        if self._left == 0:
            self.open.set()
        await self.open.wait()


async def fetch(url: str, cookies: dict[str, str], **options: Any) -> Any:
    """A request with the visitor's cookies, which it may set."""
    headers = {"Cookie": header_of(cookies), **options.pop("headers", {})}
    options = {"request_timeout": 300, "connect_timeout": 30, "follow_redirects": False} | options
    reply = await AsyncHTTPClient(max_clients=500).fetch(url, headers=headers, raise_error=False, **options)
    for line in reply.headers.get_list("Set-Cookie"):
        name, _, value = line.partition(";")[0].partition("=")
        cookies[name] = value
    if reply.code not in {200, 302, 303}:
        raise LostError(f"{url}: {reply.code}")
    return reply


async def sign_in(base: str, name: str) -> dict[str, str]:
    """Give a name, as on a machine without accounts."""
    cookies: dict[str, str] = {}
    form = (await fetch(base + "name", cookies)).body.decode()
    token = form.split('name="_xsrf" value="')[1].split('"')[0]
    body = urllib.parse.urlencode({"_xsrf": token, "name": name})
    await fetch(base + "name", cookies, method="POST", body=body)
    return cookies


def header_of(cookies: dict[str, str]) -> str:
    """The Cookie header."""
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


# ---- the workspace and the server


def make_workspace(folder: Path, database: str | None, questions: int) -> None:
    """One synset with so many questions about pictures that are only rows."""
    with Workspace.create(folder, database=database or "sqlite:///workspace.sqlite") as workspace:
        writer = workspace.writer
        dog = {"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True}
        writer.add_synsets([dog], [])
        run = writer.start_import("folder", "made up")
        ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(questions)]
        picture = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        writer.add_images(
            [{"id": image, **picture} for image in ids],
            [],
            [{"image_id": image, "wnid": DOG, "import_id": run} for image in ids],
        )


def kernels_of(server: int) -> list[int]:
    """Processes that are kernels of the server."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == server and b"ipykernel_launcher" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def memory_of(pids: list[int]) -> float:
    """Mean proportional set size in MB; 0 where the system does not tell."""
    sizes = []
    for pid in pids:
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            sizes.append(int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024)
    return statistics.mean(sizes) if sizes else 0.0


def free_port() -> int:
    """A port that nobody listens on now: the server is started again on the same one."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


class Serving:
    """The server, which can be killed and started again at the same address."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.folder, self.arguments = folder, ["--port", str(free_port())]
        self.arguments += ["--database", database] if database else []
        self.logs = ""
        self.running = ServerProcess(folder, *self.arguments)

    def kill(self) -> None:
        """SIGKILL, and start again."""
        kill(self.running.pid, signal.SIGKILL)
        self.stop()
        self.running = ServerProcess(self.folder, *self.arguments)

    def stop(self) -> None:
        """Stop it and keep what it wrote."""
        self.running.stop()
        self.logs += self.running.log()


async def disturb(serving: Serving, tally: Tally, expected: int, command: str | None, every: float) -> None:
    """Kill a kernel every few seconds, the server after a third of the votes; run `command` after two."""
    rng = random.Random(0)
    killed = restarted = False
    while True:
        await asyncio.sleep(every)
        given = len(tally.acknowledged)
        if not killed and given > expected / 3:
            killed = True
            print(f"  the server is killed after {given} votes", file=sys.stderr)
            await asyncio.to_thread(serving.kill)
        elif command and not restarted and given > expected * 2 / 3:
            restarted = True
            print(f"  {command}", file=sys.stderr)
            process = await asyncio.create_subprocess_shell(command)
            await process.wait()
        elif alive := kernels_of(serving.running.pid):
            with contextlib.suppress(ProcessLookupError):
                kill(rng.choice(alive), signal.SIGKILL)


async def work(serving: Serving, options: argparse.Namespace, tally: Tally) -> tuple[float, float]:
    """Everyone at once; returns seconds from when all had their page, and memory a kernel."""
    gate = Gate(options.annotators)
    base = serving.running.base
    names = [f"annotator {number:02d}" for number in range(options.annotators)]
    tasks = [asyncio.create_task(annotate(name, base, options.pages, tally, gate)) for name in names]
    everyone = asyncio.gather(*tasks)
    opened = asyncio.create_task(gate.open.wait())
    await asyncio.wait({everyone, opened}, return_when=asyncio.FIRST_COMPLETED)
    started = time.perf_counter()
    expected = options.annotators * options.pages * PAGE
    disturbing = disturb(serving, tally, expected, options.restart, options.every)
    chaos = asyncio.create_task(disturbing) if options.chaos else disturbing.close()
    memory = memory_of(kernels_of(serving.running.pid))
    await everyone
    seconds = time.perf_counter() - started
    if chaos is not None:
        chaos.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await chaos
    return seconds, memory


def compare(folder: Path, database: str | None, tally: Tally) -> tuple[int, int]:
    """Acknowledged answers that are not in the log, and answers that are counted twice."""
    with Workspace.open(folder, database=database) as workspace:
        log = workspace.reader.votes(effective=False)
        wrong = workspace.writer.rebuild(dry_run=True)["counters"]
    there = set(zip(log["id"], log["annotator"], strict=True))
    lost = sum(item not in there for item in tally.acknowledged.items())
    twice = int(log.duplicated(["annotator_id", "question_id"]).sum())
    return lost, twice + len(wrong)


def main() -> None:
    """Run it once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--annotators", type=int, default=50)
    parser.add_argument("--pages", type=int, default=6, help="pages of 48 that each hands in")
    parser.add_argument("--database", metavar="URL", help="an empty PostgreSQL database; default: SQLite")
    parser.add_argument("--chaos", action="store_true", help="kill the server and kernels meanwhile")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two kernels killed")
    parser.add_argument("--restart", metavar="COMMAND", help="with --chaos: run once, two thirds through")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="synsetlab-team-") as place:
        folder = Path(place, "workspace")
        pages = options.pages + 2
        make_workspace(folder, options.database, max(200, options.annotators * pages * PAGE // WANTED))
        serving = Serving(folder, options.database)
        try:
            seconds, memory = asyncio.run(work(serving, options, tally))
        finally:
            serving.stop()
        lost, double = compare(folder, options.database, tally)
    locked = tally.lock_errors + serving.logs.count("is locked")
    result = {
        "annotators": options.annotators,
        "votes_per_s": round(len(tally.acknowledged) / seconds, 1),
        "ack_p95_ms": round(1000 * statistics.quantiles(tally.waits, n=20)[-1], 1),
        "lost": lost,
        "double": double,
        "lock_errors": locked,
        "pss_mb_per_annotator": round(memory, 1),
    }
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:22} {value:>10}")
    print(f"{len(tally.acknowledged):,} votes in {seconds:.1f} s; pages opened anew: {tally.reopened}")


if __name__ == "__main__":
    main()
