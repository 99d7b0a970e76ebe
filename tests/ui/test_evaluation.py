"""ModelEvaluation without a page: what it counts, what it refuses, what it sends back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from tests.release.conftest import WNIDS, build

from synsetlab.benchmark import evaluate, release_truth
from synsetlab.benchmark.leaderboard import Leaderboard, Target
from synsetlab.errors import InputError
from synsetlab.release import ReleasePolicy, freeze
from synsetlab.ui.evaluation import ModelEvaluation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from synsetlab import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with build(tmp_path / "ws", images=60) as made:
        yield made


@pytest.fixture
def panel(workspace: Workspace, tmp_path: Path) -> ModelEvaluation:
    """Two models: one is right save in the first class, the other always says the first class."""
    freeze(workspace, tmp_path / "v1", policy=ReleasePolicy(splits={"train": 0.5, "val": 0.5}), seed=1)
    truth = release_truth(tmp_path / "v1", "val")
    labels = [truth.classes[code] for code in truth.pair_class]
    other = {WNIDS[0]: WNIDS[1]}
    good = pd.DataFrame({"image": truth.images, "top1": [other.get(label, label) for label in labels]})
    lazy = pd.DataFrame({"image": truth.images, "top1": WNIDS[0]})
    good.to_csv(tmp_path / "good.csv", index=False)
    board = Leaderboard(tmp_path / "board")
    target = Target.of_release(tmp_path / "v1", "val")
    board.submit(target, truth, tmp_path / "good.csv", model="<good>", user="ann", on="2026-01-02")
    return ModelEvaluation(
        workspace=workspace, release=tmp_path / "v1", board=tmp_path / "board",
        predictions={"lazy": lazy, "good": tmp_path / "good.csv"}, options={"expert": "eva"},
    )  # fmt: skip


def test_models_and_classes_have_the_errors_of_evaluate(panel: ModelEvaluation, tmp_path: Path) -> None:
    reply: Any = panel.on_open({})
    truth = release_truth(tmp_path / "v1", "val")
    report = evaluate(truth, tmp_path / "good.csv")
    assert [row["name"] for row in reply["models"]] == ["good", "lazy"]
    assert reply["models"][0]["top1"] == report.top1_error
    assert reply["test_set"] == {"name": "dataset 1.0.0", "split": "val", "n": report.n, "classes": 3}
    classes: Any = panel.on_classes({"model": "good"})
    by = {row["wnid"]: row for row in classes["classes"]}
    assert by[WNIDS[0]]["wrong"] == by[WNIDS[0]]["n"] == by[WNIDS[0]]["confused"]["n"]
    assert by[WNIDS[0]]["confused"]["wnid"] == WNIDS[1]
    assert (by[WNIDS[1]]["wrong"], by[WNIDS[1]]["confused"]) == (0, None)
    board: Any = panel.on_board({})
    assert len(board["board"]["rows"]) == 1
    assert "&lt;good&gt;" in board["board"]["chart"]
    with pytest.raises(InputError, match="no model 'best'"):
        panel.on_classes({"model": "best"})


def test_wrong_pictures_go_back_to_review_once_chosen(panel: ModelEvaluation, workspace: Workspace) -> None:
    of_class: Any = panel.on_wrong({"model": "good", "wnid": WNIDS[0]})
    everything: Any = panel.on_wrong({"model": "lazy", "wnid": ""})
    assert of_class["total"] == len(of_class["pictures"]) > 2
    assert {row["wnid"] for row in everything["pictures"]} == set(WNIDS[1:])
    assert not any(row["asked"] for row in of_class["pictures"])
    pairs = [[row["key"], row["wnid"]] for row in of_class["pictures"][:2]]
    assert panel.on_send_back({"pictures": pairs, "reason": ""}) == {"sent": 2}
    verdicts = workspace.reader.expert_verdicts()
    assert set(verdicts["verdict"]) == {"more-votes"}
    assert set(verdicts["decided_by"]) == {"eva"}
    assert all(f"say {WNIDS[1]}" in reason for reason in verdicts["reason"])
    again: Any = panel.on_wrong({"model": "good", "wnid": WNIDS[0]})
    assert [row["key"] for row in again["pictures"] if row["asked"]] == [key for key, _ in pairs]
    right = [next(row["key"] for row in everything["pictures"]), WNIDS[0]]
    for bad in ([], [["x"]], "all", [right]):
        with pytest.raises(InputError):
            panel.on_send_back({"pictures": bad, "reason": ""})
    assert len(workspace.reader.expert_verdicts()) == 2


def test_it_says_what_it_needs(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="a source or a workspace"):
        ModelEvaluation()
    with pytest.raises(InputError, match="a release and predictions"):
        ModelEvaluation(workspace=workspace)
