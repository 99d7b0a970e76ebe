"""What a transaction waits for: votes for the disk, leases for no more than SQLite's file."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from synsetlab.store.capability import issue
from synsetlab.store.prepared import Prepared
from synsetlab.store.wire import Incoming, pack
from synsetlab.store.workspace import Workspace
from synsetlab.store.writer_service import WriterService

DOG = "n02084071"
NORMAL, FULL = 1, 2


def test_only_a_lease_does_not_wait_for_the_disk(many_on_sqlite):
    waited: list[tuple[str, int]] = []

    @sa.event.listens_for(many_on_sqlite.engine, "commit")
    def note(connection: sa.Connection) -> None:
        waited.append((kind, connection.exec_driver_sql("PRAGMA synchronous").scalar_one()))

    writer = many_on_sqlite.writer
    kind = "annotator"
    ann = writer.ensure_annotator("ann")
    kind = "claim"
    page = writer.claim(ann, DOG, 4, batch="b")
    kind = "votes"
    writer.record_votes(ann, [{"id": str(uuid.uuid4()), "question_id": page[0], "answer": "yes"}])
    kind = "both"
    with writer.together():
        writer.claim(ann, DOG, 8, batch="c")
    assert waited == [("annotator", FULL), ("claim", NORMAL), ("votes", FULL), ("both", FULL)]


def test_what_sqlite_gives_up_as_a_whole_is_not_begun_again_in_part(many_on_sqlite):
    """A full disk may end the transaction: what came after would be saved without what came before."""
    again = sa.text("INSERT OR ROLLBACK INTO setting (key, value) VALUES (:key, 'second')")

    def write() -> None:
        with many_on_sqlite.writer.transaction() as connection:
            connection.execute(sa.text("INSERT INTO setting (key, value) VALUES ('a', 'first')"))
            Prepared(lambda _: again).once(connection, {"key": "a"})

    with pytest.raises(sqlite3.IntegrityError):
        write()
    assert many_on_sqlite.reader.setting("a") is None
    many_on_sqlite.writer.set_settings({"a": "third"})
    assert many_on_sqlite.reader.setting("a") == "third"


CLAIM_AND_DIE = """
import os, signal, sys
from synsetlab import Workspace
workspace = Workspace.open(sys.argv[1])
print(*workspace.writer.claim(int(sys.argv[2]), "n02084071", 48, batch="b"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_lease_outlives_whoever_took_it(many):
    ann = many.writer.ensure_annotator("ann")
    command = [sys.executable, "-c", CLAIM_AND_DIE, str(many.folder), str(ann)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    claimed = [int(word) for word in done.stdout.split()]
    assert len(claimed) == 48
    assert sorted(many.reader.leases()["question_id"]) == sorted(claimed)


class Gate(WriterService):
    """Waits in each transaction until it is let go on."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.sizes: list[int] = []

    def _write(self, requests) -> None:
        if requests:
            self.sizes.append(len(requests))
            self.begun.release()
            assert self.go_on.acquire(timeout=30)
        super()._write(requests)


@contextmanager
def gated(workspace, listener):
    """A writer behind a gate, running."""
    with Workspace.open(workspace.folder) as opened:
        service = Gate(opened, listener)
        loop = threading.Thread(target=service.run)
        loop.start()
        try:
            yield service
        finally:
            service.stop()
            for _ in range(50):
                service.go_on.release()
            loop.join()


class Asker:
    """A kernel that asks, and takes the answer later."""

    def __init__(self, path: str, capability: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(path)
        self._incoming = Incoming()
        self.send({"capability": capability})
        self.take()

    def send(self, message: dict[str, object]) -> None:
        self._socket.sendall(pack(message))

    def take(self) -> dict[str, object]:
        while True:
            data = self._socket.recv(1 << 16)
            assert data, "hung up without an answer"
            for message in self._incoming.feed(data):
                return message

    def close(self) -> None:
        self._socket.close()


def test_half_of_all_who_ask_are_next_and_whoever_was_heard_is_answered(many, short_folder):
    """One asks, and six while its transaction runs: four of these come next, and the others at the end."""
    path, secret = str(short_folder / uuid.uuid4().hex[:8]), many.setting("secret")
    numbers = {f"a{n}": many.writer.ensure_annotator(f"a{n}") for n in range(7)}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(10)
        with gated(many, listener) as service:
            askers = [Asker(path, issue(secret, name, "annotator")) for name in numbers]

            def ask(which: range) -> None:
                for n in which:
                    vote = {"id": str(uuid.uuid4()), "question_id": n + 1, "answer": "yes"}
                    askers[n].send({"do": "writer.record_votes", "args": [numbers[f"a{n}"], [vote]]})

            ask(range(1))
            assert service.begun.acquire(timeout=30)
            ask(range(1, 7))
            service.go_on.release()
            assert service.begun.acquire(timeout=30)
            service.stop()
            service.go_on.release()
            assert service.begun.acquire(timeout=30)
            service.go_on.release()
            acknowledged = [asker.take()["value"] for asker in askers]
        for asker in askers:
            asker.close()
    assert service.sizes == [1, 4, 2]
    assert sorted(word for words in acknowledged for word in words) == sorted(many.reader.votes()["id"])
