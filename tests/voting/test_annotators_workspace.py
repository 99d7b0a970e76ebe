"""What is said about the annotators of a workspace, for its dashboard."""

from __future__ import annotations

import hashlib
import uuid

import numpy as np
import pytest

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.voting import selection_frequency
from synsetlab.voting.annotators import study_workspace
from synsetlab.voting.exchange import export_votes
from synsetlab.voting.queue import LabelQueue

DOG = "n02084071"


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        path = ["entity", "dog"]
        made.writer.add_synsets(
            [{"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": path, "chosen": True}], []
        )
        run = made.writer.start_import("folder", "made up")
        blank = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(40)]
        made.writer.add_images(
            [{"id": image, "phash": None, "phash_name": None, **blank} for image in ids],
            [],
            [{"image_id": image, "wnid": DOG, "import_id": run} for image in ids],
        )
        yield made


def say(workspace, who: str, answers: dict[int, str], active_ms: int) -> None:
    events = [
        {"id": str(uuid.uuid4()), "question_id": question, "answer": answer, "active_ms": active_ms}
        for question, answer in answers.items()
    ]
    LabelQueue(workspace, who, DOG).record(events)


def test_votes_of_a_workspace_tell_of_its_annotators(workspace) -> None:
    asked = [int(question) for question in workspace.reader.questions()["id"]]
    rng = np.random.default_rng(1)
    truth = {question: str(rng.choice(["yes", "no"])) for question in asked}
    for who in ("ann", "ben"):
        say(workspace, who, truth, 1500)
    say(
        workspace,
        "cid",
        {question: "unsure" if question % 9 == 0 else truth[question] for question in asked},
        1600,
    )
    say(workspace, "yea", dict.fromkeys(asked, "yes"), 200)
    say(workspace, "dan", dict.fromkeys(asked, "skip"), 900)
    study = study_workspace(workspace)
    report = study.report.set_index("worker")
    assert sorted(report.index) == ["ann", "ben", "cid", "yea"]  # a skip is no vote
    assert report.loc["yea", "flags"] == ["always-yes", "fast"]
    assert report.loc[["ann", "ben", "cid"], "flags"].tolist() == [[], [], []]
    assert report.loc["ann", "median_ms"] == 1500
    assert set(study.confusion["truth"]) == {"yes", "no"}
    assert set(study.confusion["answer"]) == {"yes", "no", "unsure"}
    assert study.gold_confusion is None
    votes = export_votes(workspace)
    shares = selection_frequency(votes[votes["label"] != "skip"], by=["image_id", "wnid"])
    assert len(shares) == len(asked)
    assert (shares["votes"] == 4).all()


def test_gold_questions_of_the_workspace_are_used(workspace) -> None:
    asked = [int(question) for question in workspace.reader.questions()["id"]]
    for who in ("ann", "ben", "cid"):
        say(workspace, who, {question: "yes" if question % 2 else "no" for question in asked}, 1000)
    workspace.writer.set_gold({question: "yes" if question % 2 else "no" for question in asked[:10]})
    report = study_workspace(workspace).report
    assert report["gold_votes"].tolist() == [10, 10, 10]
    assert report["gold_right"].tolist() == [10, 10, 10]


def test_nobody_has_voted(workspace) -> None:
    with pytest.raises(InputError, match="Nobody has voted"):
        study_workspace(workspace)
