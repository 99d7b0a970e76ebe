"""What one annotator did and said: pages that can be opened again, notes."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from synsetlab import Workspace
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOG = "n02084071"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "ws") as made:
        made.writer.add_synsets(
            [{"wnid": DOG, "lemmas": ["dog"], "gloss": "", "path": [], "chosen": True}], []
        )
        run = made.writer.start_import("folder", "made up")
        names = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(8)]
        facts = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        made.writer.add_images(
            [{"id": name, "phash": None, "phash_name": None, **facts} for name in names],
            [],
            [{"image_id": name, "wnid": DOG, "import_id": run} for name in names],
        )
        made.writer.finish_import(run)
        yield made


def vote(workspace: Workspace, who: int, batch: str, answers: dict[int, str]) -> list[str]:
    return workspace.writer.record_votes(
        who,
        [
            {"id": str(uuid.uuid4()), "question_id": question, "answer": answer, "batch": batch}
            for question, answer in answers.items()
        ],
    )


def take_back(workspace: Workspace, who: int, batch: str, question: int, answer: str) -> None:
    event = {"id": str(uuid.uuid4()), "question_id": question, "retracts": answer, "batch": batch}
    workspace.writer.record_votes(who, [event])


def test_pages_are_mine_and_hold_what_is_not_decided(workspace: Workspace) -> None:
    questions = [int(number) for number in workspace.reader.questions()["id"]]
    ann, bob = (workspace.writer.ensure_annotator(name) for name in ("ann", "bob"))
    vote(workspace, ann, "first", {questions[0]: "yes", questions[1]: "no"})
    vote(workspace, ann, "second", {questions[2]: "yes"})
    vote(workspace, bob, "bobs", {questions[0]: "no"})
    pages = workspace.own_work.pages(ann)
    assert [(page["batch"], page["open"], page["answers"]) for page in pages] == [
        ("second", 1, {"yes": 1}),
        ("first", 2, {"yes": 1, "no": 1}),
    ]
    assert pages[0]["lemmas"] == ["dog"]
    assert workspace.own_work.page(ann, "first") == questions[:2]
    assert workspace.own_work.page(bob, "first") == []
    policy = {"hash": "p", "kind": "fixed", "body": "{}"}
    facts = {"posterior": 0.9, "n_yes": 1, "n_no": 0, "n_unsure": 0, "reason": "", "votes_wanted": 1}
    workspace.writer.record_decisions(policy, [{"question_id": questions[2], "outcome": "accepted", **facts}])
    assert [page["batch"] for page in workspace.own_work.pages(ann)] == ["first"]


def test_controls_are_in_no_page(workspace: Workspace) -> None:
    questions = [int(number) for number in workspace.reader.questions()["id"]]
    ann = workspace.writer.ensure_annotator("ann")
    workspace.writer.set_gold({questions[0]: "yes", questions[1]: "no", questions[2]: "no"})
    vote(workspace, ann, "one", dict(zip(questions[:4], ("yes", "yes", "unsure", "no"), strict=True)))
    assert workspace.own_work.page(ann, "one") == [questions[3]]


def test_a_control_counts_as_it_was_when_its_page_was_left(workspace: Workspace) -> None:
    questions = [int(number) for number in workspace.reader.questions()["id"]]
    ann, bob = (workspace.writer.ensure_annotator(name) for name in ("ann", "bob"))
    workspace.writer.set_gold({questions[0]: "yes", questions[1]: "no", questions[2]: "no"})

    def gold() -> tuple[int, int]:
        found = workspace.team.own_gold(ann)
        return found["known"], found["right"]

    assert gold() == (0, 0)
    (first,) = vote(workspace, ann, "one", {questions[0]: "no"})
    take_back(workspace, ann, "one", questions[0], first)
    vote(workspace, ann, "one", {questions[0]: "yes", questions[1]: "unsure", questions[3]: "yes"})
    vote(workspace, bob, "two", {questions[0]: "no"})
    assert gold() == (0, 0), "they are still at that page"
    (wrong,) = vote(workspace, ann, "two", {questions[2]: "yes"})
    assert gold() == (1, 1), "corrected while the page was open"
    vote(workspace, ann, "two", {questions[4]: "yes"})
    assert gold() == (1, 1)
    vote(workspace, ann, "three", {questions[4]: "no"})
    assert gold() == (2, 1)
    for batch in ("two", "three", "four"):
        vote(workspace, ann, batch, {questions[2]: "no", questions[1]: "no"})
        take_back(workspace, ann, batch, questions[2], wrong)
    assert gold() == (2, 1), "trying again earns nothing"


def test_notes_the_latest_counts_and_none_can_be_changed(workspace: Workspace) -> None:
    own = workspace.own_work
    ann = workspace.writer.ensure_annotator("ann")
    assert own.noted(ann, "preferences") is None
    own.note(ann, "preferences", "a")
    own.note(ann, "preferences", "b")
    assert own.noted(ann, "preferences") == "b"
    own.note(ann, "not-visible", "an idea", DOG)
    own.note(ann, "not-visible", "a mere idea", DOG)
    (problem,) = own.problems()
    assert (problem["wnid"], problem["kind"], problem["text"], problem["annotator"]) == (
        *(DOG, "not-visible"),
        *("a mere idea", "ann"),
    )
    with pytest.raises(InputError, match="no kind of note"):
        own.note(ann, "gossip", "x")
    with pytest.raises(InputError, match="too long"):
        own.note(ann, "quiz", "x" * 3000)
    with pytest.raises(Exception, match="append-only"), workspace.writer.transaction() as connection:
        connection.execute(sa.text("UPDATE note SET text = 'c'"))
