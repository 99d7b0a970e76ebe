"""The vote store alone: eight writing processes, and the next page for one who has seen nearly all.

    python benchmarks/store.py [--writers 8] [--commits 200] [--images 1000000] [--json]

Writes: each process records 48 votes at a time and waits for the acknowledgement, all durable
(``synchronous=FULL``). Once through the writer (`synsetlab.server.writer`), once each on the database
itself, where SQLite makes them wait for each other by a back-off; the ratio is between the two.

Claims: one synset of so many images. A fresh annotator, and one who has answered 99.5 % of it, claim
the next 48; in one process, wall clock of the call: they are found, leased and committed. For the second
also how long finding them takes. Each page is another one, so that its rows are read anew.

``--json`` prints one object: writers; through_writer and direct, each with votes_per_s, p50_ms, p99_ms,
max_ms, lock_errors; claim, with images, fresh_p50_ms, seen_p50_ms, seen_p99_ms, and seen_found_p50_ms.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from synsetlab import Workspace
from synsetlab.errors import WorkspaceBusyError
from synsetlab.server.services import Services
from synsetlab.store.free_questions import Asker, free_questions

DOG = "n02084071"
PAGE = 48
SEEN = 0.995
CLAIMS = 40
"""Pages that each of the two claims, if there are so many."""


def make_workspace(folder: Path, images: int, database: str | None = None) -> str:
    """One synset with so many questions about pictures that are only rows; returns the secret."""
    with Workspace.create(folder, database=database or "sqlite:///workspace.sqlite") as workspace:
        writer = workspace.writer
        dog = {"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True}
        writer.add_synsets([dog], [])
        run = writer.start_import("folder", "made up")
        picture = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        for start in range(0, images, 20_000):
            numbers = range(start, min(images, start + 20_000))
            ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]
            writer.add_images(
                [{"id": image, **picture} for image in ids],
                [],
                [{"image_id": image, "wnid": DOG, "import_id": run} for image in ids],
            )
        return workspace.setting("secret")


def event_id() -> str:
    """As the grid makes them: a UUID of version 7 (RFC 9562)."""
    rest = str(uuid.uuid4())[15:]
    time_ms = f"{time.time_ns() // 1_000_000:012x}"
    return f"{time_ms[:8]}-{time_ms[8:]}-7{rest}"


def write(folder: str, name: str, commits: int, first: int) -> None:
    """One writing process: ready, waits for a line; done, waits for another; prints how long commits took."""
    with Workspace.open(folder) as workspace:
        annotator = workspace.writer.ensure_annotator(name)
        pages = [
            [
                {"id": event_id(), "question_id": question, "answer": "yes"}
                for question in range(first + page * PAGE, first + (page + 1) * PAGE)
            ]
            for page in range(commits + 1)
        ]
        workspace.writer.record_votes(annotator, pages.pop())  # what is compiled once is compiled
        print("ready", flush=True)
        sys.stdin.readline()
        waits, errors = [], 0
        started = time.perf_counter()
        for events in pages:
            begun = time.perf_counter()
            try:
                acknowledged = workspace.writer.record_votes(annotator, events)
            except WorkspaceBusyError:
                errors += 1
                continue
            assert len(acknowledged) == PAGE
            waits.append(time.perf_counter() - begun)
        result = {"waits": waits, "errors": errors, "seconds": time.perf_counter() - started}
        print("done", flush=True)
        sys.stdin.readline()  # while others vote, to end a process would be a load of another kind
        print(json.dumps(result))


def measure_writes(folder: Path, writers: int, commits: int, links: list[dict[str, str]]) -> dict[str, Any]:
    """All of them at once, with these environments."""
    processes = []
    for number, link in enumerate(links):
        command = [sys.executable, __file__, "--write", str(folder), f"writer {number}", str(commits)]
        command.append(str(1 + number * (commits + 1) * PAGE))
        processes.append(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **link},
            )
        )
    for said, answer in (("ready", "go"), ("done", "end")):
        for process in processes:
            assert process.stdout.readline() == f"{said}\n"
        for process in processes:
            process.stdin.write(f"{answer}\n")
            process.stdin.flush()
    found = [json.loads(process.communicate()[0]) for process in processes]
    waits = sorted(1000 * wait for one in found for wait in one["waits"])
    return {
        "votes_per_s": round(len(waits) * PAGE / max(one["seconds"] for one in found)),
        "p50_ms": round(statistics.median(waits), 2),
        "p99_ms": round(waits[int(0.99 * len(waits))], 2),
        "max_ms": round(waits[-1], 2),
        "lock_errors": sum(one["errors"] for one in found),
    }


def measure_claims(folder: Path, images: int) -> dict[str, Any]:
    """Pages of a fresh annotator, and of one who has seen nearly all."""
    claims = max(1, min(CLAIMS, int(images * (1 - SEEN) / PAGE / 2)))
    with Workspace.open(folder) as workspace:
        fresh, seen = (workspace.writer.ensure_annotator(name) for name in ("fresh", "seen"))
    raw = sqlite3.connect(folder / "workspace.sqlite")
    raw.execute(
        "INSERT INTO vote (id, question_id, annotator_id, answer, is_gold, source, decided_at, received_at) "
        "SELECT lower(hex(randomblob(16))), id, ?, 'yes', 0, 'made up', '2026-01-01 00:00:00.000000', "
        "'2026-01-01 00:00:00.000000' FROM question WHERE id % 200 <> 0",
        (seen,),
    )
    raw.execute("UPDATE question SET n_yes = 1, band = 4 WHERE id % 200 <> 0")
    raw.commit()
    raw.execute("ANALYZE")
    raw.close()
    with Workspace.open(folder) as workspace:
        times: dict[int, list[float]] = {fresh: [], seen: []}
        for annotator, taken in times.items():
            for _ in range(claims):
                begun = time.perf_counter()
                page = workspace.writer.claim(annotator, DOG, PAGE, batch=str(uuid.uuid4()))
                taken.append(1000 * (time.perf_counter() - begun))
                assert len(page) == PAGE
                votes = [{"id": event_id(), "question_id": q, "answer": "yes"} for q in page]
                workspace.writer.record_votes(annotator, votes)
        found = [find(workspace, seen) for _ in range(claims)]
    times[seen].sort()
    return {
        "images": images,
        "fresh_p50_ms": round(statistics.median(times[fresh]), 3),
        "seen_p50_ms": round(statistics.median(times[seen]), 3),
        "seen_p99_ms": round(times[seen][int(0.99 * claims)], 3),
        "seen_found_p50_ms": round(statistics.median(found), 3),
    }


def find(workspace: Workspace, annotator: int) -> float:
    """Milliseconds in which the next page is found; it is then claimed and answered."""
    with workspace.writer.transaction() as connection:
        begun = time.perf_counter()
        page = free_questions(Asker(connection, annotator, DOG), PAGE)
        taken = 1000 * (time.perf_counter() - begun)
    assert len(page) == PAGE
    page = workspace.writer.claim(annotator, DOG, PAGE, batch=str(uuid.uuid4()))
    votes = [{"id": event_id(), "question_id": q, "answer": "yes"} for q in page]
    workspace.writer.record_votes(annotator, votes)
    return taken


def main() -> None:
    """Run it once, or be one of the writing processes."""
    if sys.argv[1:2] == ["--write"]:
        folder, name, commits, first = sys.argv[2:]
        write(folder, name, int(commits), int(first))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--commits", type=int, default=200, help="of 48 votes, by each writer")
    parser.add_argument("--images", type=int, default=1_000_000, help="for the claims; 0: none")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result: dict[str, Any] = {"writers": options.writers}
    with tempfile.TemporaryDirectory(prefix="synsetlab-store-") as place:
        questions = options.writers * (options.commits + 1) * PAGE
        secret = make_workspace(Path(place, "linked"), questions)
        with Services(Path(place, "linked")) as services:
            names = [f"writer {n}" for n in range(options.writers)]
            links = [services.environment(secret, name, "annotator") for name in names]
            result["through_writer"] = measure_writes(
                Path(place, "linked"), options.writers, options.commits, links
            )
        make_workspace(Path(place, "direct"), questions)
        none: list[dict[str, str]] = [{}] * options.writers
        result["direct"] = measure_writes(Path(place, "direct"), options.writers, options.commits, none)
        if options.images:
            make_workspace(Path(place, "large"), options.images)
            result["claim"] = measure_claims(Path(place, "large"), options.images)
    if options.json:
        print(json.dumps(result))
        return
    for name, found in result.items():
        print(f"{name}: {found}")


if __name__ == "__main__":
    main()
