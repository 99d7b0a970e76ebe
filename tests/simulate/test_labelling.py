"""Simulated annotators in a real workspace."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from synsetlab import Workspace
from synsetlab.simulate.annotators import make_crowd
from synsetlab.simulate.labelling import Known, simulate_labelling

if TYPE_CHECKING:
    from pathlib import Path

DOG = "n02084071"


def make(folder: Path) -> Workspace:
    made = Workspace.create(folder)
    dog = {"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True}
    made.writer.add_synsets([dog], [])
    return made


@pytest.fixture
def workspace(tmp_path):
    with make(tmp_path / "ws") as made:
        yield made


def collect(workspace: Workspace, numbers: range) -> dict[tuple[str, str], Known]:
    """Pictures that are only rows; what is known of them."""
    run = workspace.writer.start_import("folder", "made up")
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]
    blank = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
    candidates = [{"image_id": i, "wnid": DOG, "import_id": run} for i in ids]
    workspace.writer.add_images([{"id": i, **blank} for i in ids], [], candidates)
    return {(i, DOG): Known("yes", 0.0) for i in ids}


def test_the_same_seed_again_votes_on_what_has_come_since(workspace):
    crowd = make_crowd(5, seed=1)
    truth = collect(workspace, range(60))
    first = simulate_labelling(workspace, truth, crowd, seed=7)
    assert simulate_labelling(workspace, truth, crowd, seed=7) == 0
    truth |= collect(workspace, range(60, 120))
    second = simulate_labelling(workspace, truth, crowd, seed=7)
    log = workspace.reader.votes(effective=False)
    assert (first, second) == (180, 180)
    assert len(log) == len(workspace.reader.votes()) == first + second


def test_the_same_seed_gives_the_same_votes_in_a_workspace_like_it(workspace, tmp_path):
    columns = ["id", "question_id", "annotator", "answer", "active_ms"]
    truth = collect(workspace, range(60))
    simulate_labelling(workspace, truth, make_crowd(5, seed=1), seed=7)
    with make(tmp_path / "like it") as other:
        collect(other, range(60))
        simulate_labelling(other, truth, make_crowd(5, seed=1), seed=7)
        assert other.reader.votes()[columns].equals(workspace.reader.votes()[columns])
