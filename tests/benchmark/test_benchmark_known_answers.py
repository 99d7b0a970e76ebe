"""Published numbers, and the same predictions in every format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from synsetlab.benchmark import evaluate, read_truth
from synsetlab.benchmark.classes import ilsvrc2012_wnids
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

ORDER = "evaluation/ilsvrc2012_val_order.tsv"
KIT = "taxonomy/ILSVRC2012_validation_ground_truth.txt"


def predictions(shared_data: Path, model: str) -> Path:
    return shared_data / "evaluation" / f"ilsvrc2012_val_{model}_top5.npz"


@pytest.fixture(scope="module")
def guesses(shared_data: Path) -> np.ndarray:
    with np.load(predictions(shared_data, "alexnet")) as arrays:
        return arrays["top5"]


@pytest.fixture(scope="module")
def order(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / ORDER, sep="\t", names=["image", "wnid"])


@pytest.fixture(scope="module")
def wnids(order: pd.DataFrame) -> list[str]:
    return sorted(order["wnid"].unique())


@pytest.mark.parametrize(
    ("model", "top1", "top5"), [("alexnet", 56.518, 79.070), ("resnet50", 76.130, 92.862)]
)
def test_published_accuracy(shared_data: Path, model: str, top1: float, top5: float) -> None:
    report = evaluate(shared_data / ORDER, predictions(shared_data, model), ids="index")
    assert report.n == 50_000
    assert report.accuracies[0] == round(top1 / 100, 5)
    assert report.accuracies[4] == round(top5 / 100, 5)
    assert report.multi_label_accuracy == report.accuracies[0]
    assert report.warnings == ()


@pytest.mark.usefixtures("wordnet")
def test_hierarchical_error_of_alexnet(shared_data: Path) -> None:
    report = evaluate(shared_data / ORDER, predictions(shared_data, "alexnet"))
    assert report.hierarchical_errors is not None
    assert report.hierarchical_heights is not None
    assert round(report.hierarchical_errors[0], 5) == 0.20246
    assert round(report.hierarchical_errors[4], 5) == 0.08596
    assert report.hierarchical_heights[0] == 3.8468
    assert report.root_height == 19


@pytest.mark.usefixtures("wordnet")
def test_induced_hierarchy_has_height_18(shared_data: Path) -> None:
    full = evaluate(shared_data / ORDER, predictions(shared_data, "alexnet"))
    induced = evaluate(shared_data / ORDER, predictions(shared_data, "alexnet"), hierarchy="induced")
    assert induced.root_height == 18
    assert induced.hierarchical_heights is not None
    assert full.hierarchical_heights is not None
    assert induced.hierarchical_heights[0] < full.hierarchical_heights[0]
    assert induced.errors == full.errors


def test_committed_ids_are_the_development_kits(shared_data: Path) -> None:
    lines = (shared_data / "taxonomy" / "ILSVRC2012_mapping.txt").read_text().splitlines()
    assert [line.split()[1] for line in lines[:1000]] == list(ilsvrc2012_wnids())


def test_ground_truth_of_the_kit_is_the_order_file_by_name(shared_data: Path, order: pd.DataFrame) -> None:
    kit = read_truth(shared_data / KIT, ids="ilsvrc2012")
    shown = dict(zip(order["image"], order["wnid"], strict=True))
    assert kit.images == sorted(shown)
    assert [kit.classes[code] for code in kit.pair_class.tolist()] == [shown[name] for name in kit.images]


@pytest.mark.parametrize("truth", [ORDER, KIT])
def test_text_in_name_order_against_both_truths(
    shared_data: Path, tmp_path: Path, order: pd.DataFrame, guesses: np.ndarray, truth: str
) -> None:
    wnids = sorted(set(order["wnid"]))
    id_of = {wnid: number for number, wnid in enumerate(ilsvrc2012_wnids(), start=1)}
    ids = np.array([id_of[wnid] for wnid in wnids])[guesses]
    places = np.argsort(order["image"].to_numpy(str))
    file = tmp_path / "submission.txt"
    np.savetxt(file, ids[places], fmt="%d")
    truth_ids = "ilsvrc2012" if truth == KIT else None
    report = evaluate(shared_data / truth, file, truth_ids=truth_ids)
    assert report.accuracies[::4] == (0.56518, 0.7907)
    if truth == ORDER:
        np.savetxt(file, ids, fmt="%d")  # in the order of the truth's rows
        assert evaluate(shared_data / truth, file).errors == report.errors


def test_every_format_gives_the_same(
    shared_data: Path, tmp_path: Path, order: pd.DataFrame, guesses: np.ndarray, wnids: list[str]
) -> None:
    truth = read_truth(shared_data / ORDER)
    named = np.array(wnids)[guesses]
    ids = {wnid: number for number, wnid in enumerate(ilsvrc2012_wnids(), start=1)}
    wide = pd.DataFrame(named, columns=[f"top{k}" for k in range(1, 6)])
    wide.insert(0, "image", order["image"])
    wide.to_csv(tmp_path / "wide.csv", index=False)
    wide.to_parquet(tmp_path / "wide.parquet")
    in_kit = wide.assign(**{name: wide[name].map(ids) for name in wide.columns[1:]})
    in_kit.to_csv(tmp_path / "kit.csv", index=False)
    long = wide.melt("image", var_name="rank", value_name="prediction")
    long["score"] = -long["rank"].str[3:].astype(float)
    long.sample(frac=1, random_state=1).drop(columns="rank").to_csv(tmp_path / "long.csv", index=False)
    boxes = [" 1 2 3.5 40 ".join(row) + " 5 6 7 8" for row in named.tolist()]
    kaggle = pd.DataFrame({"ImageId": order["image"].str[:-5], "PredictionString": boxes})
    kaggle.to_csv(tmp_path / "kaggle.csv", index=False)
    np.save(tmp_path / "indices.npy", guesses.astype(np.int64))
    np.savez(tmp_path / "two.npz", other=guesses[:7], top5=guesses)
    np.save(tmp_path / "texts.npy", named)
    wanted = evaluate(truth, guesses)
    found = {
        "wide.csv": evaluate(truth, tmp_path / "wide.csv"),
        "wide.parquet": evaluate(truth, tmp_path / "wide.parquet"),
        "kit.csv": evaluate(truth, tmp_path / "kit.csv", ids="ilsvrc2012"),
        "long.csv": evaluate(truth, tmp_path / "long.csv"),
        "kaggle.csv": evaluate(truth, tmp_path / "kaggle.csv"),
        "indices.npy": evaluate(truth, tmp_path / "indices.npy", ids="index"),
        "two.npz": evaluate(truth, tmp_path / "two.npz", key="top5"),
        "texts.npy": evaluate(truth, tmp_path / "texts.npy"),
    }
    for name, report in found.items():
        assert report.errors == wanted.errors, name
        assert report.hierarchical_errors == wanted.hierarchical_errors, name
        assert report.intervals == wanted.intervals, name


def test_wrong_numberings_and_orders_are_caught(
    shared_data: Path, order: pd.DataFrame, guesses: np.ndarray, wnids: list[str]
) -> None:
    truth = read_truth(shared_data / ORDER)
    kit = read_truth(shared_data / KIT, ids="ilsvrc2012")
    id_of = {wnid: number for number, wnid in enumerate(ilsvrc2012_wnids(), start=1)}
    ids = np.array([id_of[wnid] for wnid in wnids])[guesses]
    cases = {
        "less one": lambda: evaluate(truth, ids - 1),
        "out of range": lambda: evaluate(truth, ids),
        "count from 1": lambda: evaluate(truth, guesses.astype(int) + 1),
        "counted from 1": lambda: evaluate(truth, guesses.astype(int) + 1, ids="ilsvrc2012"),
        "count from 0": lambda: evaluate(truth, guesses, ids="ilsvrc2012"),
        "--order class": lambda: evaluate(kit, guesses),
        "--order name": lambda: evaluate(truth, guesses[np.argsort(order["image"].to_numpy(str))]),
    }
    for said, call in cases.items():
        with pytest.raises(InputError, match=said):
            call()
    assert evaluate(kit, guesses, order="class").errors == evaluate(truth, guesses).errors
    report = evaluate(kit, guesses, check=False)
    assert report.errors[0] > 0.99
    assert "chance" in report.warnings[0]
