"""How databases look for the next page: by indexes, also where nobody has counted their rows yet."""

from __future__ import annotations

import hashlib
import uuid

import pytest

from synsetlab.store import free_questions, votelog
from synsetlab.store.prepared import ids

DOG = "n02084071"
WHOLE_TABLES = ("Seq Scan on question", "Seq Scan on vote", "SCAN question", "SCAN vote", "Sort", "hashed")


@pytest.fixture
def large(many):
    """3,060 questions, of which one annotator has answered 1,000."""
    run = many.writer.start_import("folder", "made up")
    pictures = [hashlib.sha256(f"large {n}".encode()).hexdigest() for n in range(3000)]
    blank = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
    many.writer.add_images(
        [{"id": i, **blank} for i in pictures],
        [],
        [{"image_id": i, "wnid": DOG, "import_id": run} for i in pictures],
    )
    ann = many.writer.ensure_annotator("ann")
    questions = many.reader.questions()["id"].tolist()
    votes = [{"id": str(uuid.uuid4()), "question_id": q, "answer": "yes"} for q in questions[:1000]]
    many.writer.record_votes(ann, votes)
    return many, ann, questions


def test_a_page_is_found_by_indexes_alone(large):
    workspace, ann, questions = large
    with workspace.engine.connect() as connection:
        few = ids(connection, questions[:48])
        cursors = {f"since_{band}": 1 for band in range(6)} | {f"after_{band}": 1 for band in range(6)}
        values = {"annotator": ann, "whose": ann, "wnid": DOG, "band": 5, "since": 1, "after": 1, **cursors}
        values |= {"part": 96, "most": 96, "questions": few}
        sqlite = connection.dialect.name == "sqlite"
        for module, name in (
            *((free_questions, name) for name in ("_BANDS", "_ROWS", "_FREE", "_LAST", "_ALLOWED")),
            (votelog, "_MET"),
        ):
            text, binder = getattr(module, name)._for(connection.dialect)
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            found = connection.exec_driver_sql(explain + text, binder.one(values))
            plan = "\n".join(str(row[-1]) for row in found)
            assert "index" in plan.lower(), (name, plan)
            for words in WHOLE_TABLES:
                assert words not in plan, (name, plan)
