"""A workspace that was voted on: 3 classes, near-duplicates, some rejected, some undecided."""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import UTC, datetime

import pytest

from synsetlab import Workspace
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

WNIDS = ("n02084071", "n02121620", "n02374451")
DAY = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def build(folder, images: int = 120) -> Workspace:
    workspace = Workspace.create(folder)
    workspace.writer.add_synsets(
        [
            {"wnid": w, "lemmas": [w], "gloss": "made up", "path": ["entity", w], "chosen": True}
            for w in WNIDS
        ],
        [],
    )
    run = workspace.writer.start_import("folder", "made up")
    ids = [workspace.blobs.put(f"picture {number}".encode()) for number in range(images)]
    blank = {
        "format": "JPEG",
        "width": 4,
        "height": 3,
        "bytes": 9,
        "mean_color": "#000000",
        "phash_name": "none",
    }
    workspace.writer.add_images(
        [{"id": i, "phash": i[:16], "imported_at": DAY, **blank} for i in ids],
        [
            {
                "image_id": i,
                "origin": i[:8],
                "name": "",
                "provider": "",
                "licence": "CC0-1.0" if n % 7 else "",
                "author": "",
                "title": "",
                "landing_page": "",
                "import_id": run,
                "retrieved_at": DAY,
            }
            for n, i in enumerate(ids)
        ],
        [{"image_id": i, "wnid": WNIDS[n % 3], "import_id": run} for n, i in enumerate(ids)],
    )
    clusters = [{"cluster_id": ids[n - n % 4], "image_id": ids[n]} for n in range(24)]
    workspace.writer.replace_clusters([], clusters)
    rng = random.Random(5)
    questions = workspace.reader.questions().to_dict("records")
    for name in ("ann", "bob", "eve"):
        annotator = workspace.writer.ensure_annotator(name)
        events = [
            {
                "id": str(uuid.UUID(int=rng.getrandbits(128))),
                "question_id": question["id"],
                "answer": "no" if hashlib.sha256(question["image_id"].encode()).digest()[0] < 40 else "yes",
                "decided_at": DAY,
            }
            for question in questions
        ]
        workspace.writer.record_votes(annotator, events)
    run_consensus(workspace, FixedPolicy(votes=3), fit=False)
    return workspace


@pytest.fixture(scope="session")
def build_voted():
    """Makes such a workspace in a folder."""
    return build


@pytest.fixture
def voted(tmp_path):
    with build(tmp_path / "ws") as made:
        yield made
