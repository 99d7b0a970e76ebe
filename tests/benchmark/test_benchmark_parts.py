"""Parts of a report: subtrees, frequencies, confusions, calibration, comparisons; packed files and JSON."""

from __future__ import annotations

import gzip
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from synsetlab.benchmark import evaluate, read_truth
from synsetlab.benchmark.compare import mcnemar
from synsetlab.errors import InputError
from synsetlab.taxonomy import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOG, POODLE, CAT, HORSE = "n02084071", "n02113335", "n02121620", "n02374451"


def frame(shown: list[str], **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"image": [f"{i}" for i in range(len(shown))], "wnid": shown, **columns})


# ---- subtrees and frequencies


@pytest.mark.usefixtures("wordnet")
@pytest.mark.parametrize("which", ["full", "induced"])
def test_a_subtree_is_the_mean_over_the_classes_below(which: str) -> None:
    rng = np.random.default_rng(3)
    classes = [POODLE, CAT, HORSE, "n02085374", "n02123045"]
    truth = frame(rng.choice(classes, 200).tolist())
    truth = pd.concat([truth, truth.head(40).assign(wnid=HORSE)]).drop_duplicates()
    made = pd.DataFrame(rng.choice(classes, (200, 5)), columns=[f"top{k}" for k in range(1, 6)])
    made.insert(0, "image", [f"{i}" for i in range(200)])
    report = evaluate(truth, made, hierarchy=which)
    taxonomy = load()
    assert report.per_subtree is not None
    rows = {row["wnid"]: row for row in report.per_subtree}
    assert set(rows) == {node for name in set(truth["wnid"]) for node in taxonomy.ancestors(name)}
    guess = made.set_index("image")
    for wnid in ("n02075296", DOG, "n00001740"):
        below = truth[truth["wnid"].map(lambda name, top=wnid: taxonomy.is_ancestor(top, name))]
        wrong = [row.wnid != guess.loc[row.image, "top1"] for row in below.itertuples()]
        assert rows[wnid]["n"] == len(below)
        assert rows[wnid]["classes"] == below["wnid"].nunique()
        assert rows[wnid]["top1_error"] == pytest.approx(np.mean(wrong), abs=1e-15)
        assert rows[wnid]["name"] == taxonomy.lemmas(wnid)[0]


def test_without_wnids_there_are_no_subtrees() -> None:
    assert evaluate(frame(["x", "y"]), np.array([0, 1])).per_subtree is None


def test_bins_of_selection_frequency() -> None:
    truth = frame(["x"] * 6, selection_frequency=["0", "0.2", ".19", "1", "0.8", ""])
    made = frame(["x", "x", "y", "x", "y", "y"]).rename(columns={"wnid": "prediction"})
    report = evaluate(truth, made)
    assert report.per_frequency is not None
    found = [(row["low"], row["n"], row["top1_error"]) for row in report.per_frequency]
    assert found == [(0, 2, 0.5), (0.2, 1, 0), (0.4, 0, None), (0.6, 0, None), (0.8, 2, 0.5), (None, 1, 1)]
    assert evaluate(frame(["x"]), np.array([0])).per_frequency is None
    with pytest.raises(InputError, match=r"row 2: selection_frequency is '1\.5'"):
        read_truth(frame(["x", "y"], selection_frequency=["1", "1.5"]))


# ---- confusions


@pytest.mark.usefixtures("wordnet")
def test_confusions_meet_at_their_lowest_common_ancestor() -> None:
    truth = frame([POODLE, POODLE, POODLE, CAT, CAT, HORSE])
    made = frame([CAT, CAT, HORSE, POODLE, CAT, ""]).rename(columns={"wnid": "prediction"})
    report = evaluate(truth, made, confusion=2)
    assert report.confusions == [
        {"wnid": POODLE, "guess": CAT, "n": 2, "share": 0.5, "lca": "n02075296", "lca_name": "carnivore",
         "lca_height": load().height("n02075296")},
        {"wnid": POODLE, "guess": HORSE, "n": 1, "share": 0.25, "lca": "n01886756", "lca_name": "placental",
         "lca_height": load().height("n01886756")},
    ]  # fmt: skip
    assert report.confused_under is not None
    assert [(row["wnid"], row["n"]) for row in report.confused_under] == [("n02075296", 3), ("n01886756", 1)]


def test_class_strings_are_confused_without_ancestors() -> None:
    report = evaluate(frame(["x", "y"]), np.array([1, 1]), confusion=5)
    assert report.confusions is not None
    assert [(row["wnid"], row["guess"], row["lca"]) for row in report.confusions] == [("x", "y", None)]
    assert report.confused_under is None


def test_an_image_that_shows_the_guess_confuses_nothing() -> None:
    truth = pd.DataFrame({"image": ["1", "1", "2"], "wnid": ["x", "y", "y"]})
    report = evaluate(truth, np.array([1, 0]), confusion=5)
    assert report.confusions is not None
    assert [(row["wnid"], row["guess"]) for row in report.confusions] == [("y", "x")]


# ---- calibration


@pytest.fixture
def scored() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    return frame(rng.choice(list("abcd"), 300).tolist()), rng.dirichlet([0.5] * 4, 300)


def slow_ece(confidence: np.ndarray, right: np.ndarray) -> float:
    total = 0.0
    for low in range(15):
        inside = (confidence > low / 15) & (confidence <= (low + 1) / 15)
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total


def test_calibration_is_its_definition(scored: tuple[pd.DataFrame, np.ndarray]) -> None:
    truth, scores = scored
    shown = truth["wnid"].map("abcd".index).to_numpy()
    found = evaluate(truth, scores).calibration
    assert found is not None
    assert (found["scale"], found["n"], found["reason"]) == ("probability", 300, None)
    assert found["nll"] == pytest.approx(-np.log(scores[np.arange(300), shown]).mean(), rel=1e-12)
    assert found["brier"] == pytest.approx(np.square(scores - np.eye(4)[shown]).sum(axis=1).mean(), rel=1e-12)
    right = scores.argmax(axis=1) == shown
    assert found["ece"] == pytest.approx(slow_ece(scores.max(axis=1), right), rel=1e-12)
    assert sum(row["n"] for row in found["bins"]) == 300


def test_logits_become_probabilities(scored: tuple[pd.DataFrame, np.ndarray]) -> None:
    truth, scores = scored
    wanted, found = (evaluate(truth, x).calibration for x in (scores, np.log(scores) + 7))
    assert wanted is not None
    assert found is not None
    assert found["scale"] == "logit"
    for name in ("ece", "nll", "brier"):
        assert found[name] == pytest.approx(wanted[name], rel=1e-9)
    with pytest.raises(InputError, match="not all are from 0 to 1"):
        evaluate(truth, np.log(scores) + 7, scores="probability")


def test_columns_of_scores_may_be_more_than_the_classes(scored: tuple[pd.DataFrame, np.ndarray]) -> None:
    truth, scores = scored
    wide = np.concatenate([np.zeros((300, 1)), scores], axis=1)[:, [0, 2, 1, 4, 3]]
    found = evaluate(truth, wide, classes=["z", "b", "a", "d", "c"]).calibration
    wanted = evaluate(truth, scores).calibration
    assert found is not None
    assert wanted is not None
    assert found["nll"] == pytest.approx(wanted["nll"], rel=1e-12)


def test_what_calibration_cannot_say(scored: tuple[pd.DataFrame, np.ndarray]) -> None:
    truth, scores = scored
    odd = evaluate(truth, scores * 0.5).calibration
    assert odd is not None
    assert odd["ece"] is None
    assert "do not sum to 1" in odd["reason"]
    sharp = evaluate(truth, np.eye(4)[scores.argmax(axis=1)]).calibration
    assert sharp is not None
    assert sharp["nll"] is None
    assert "infinite" in sharp["reason"]
    assert sharp["brier"] > 0
    assert evaluate(truth, scores.argmax(axis=1)).calibration is None


def test_scores_of_guesses_alone_give_only_the_calibration_error() -> None:
    made = pd.DataFrame({"image": ["0", "1"], "prediction": ["x", "x"], "score": [0.9, 0.6]})
    found = evaluate(frame(["x", "y"]), made).calibration
    assert found is not None
    assert found["ece"] == pytest.approx(0.5 * 0.1 + 0.5 * 0.6)
    assert found["nll"] is None


# ---- two submissions


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_the_binomial_test(one: int, other: int) -> None:
    wanted = binomtest(one, one + other, 0.5).pvalue if one + other else 1.0
    assert mcnemar(one, other) == pytest.approx(wanted, rel=1e-9)


def test_mcnemar_of_many() -> None:
    assert mcnemar(25_000, 25_000) == 1
    assert mcnemar(24_000, 26_000) == pytest.approx(binomtest(24_000, 50_000, 0.5).pvalue, rel=1e-9)
    assert mcnemar(0, 5_000) == 0


def test_two_submissions_are_compared_image_by_image() -> None:
    rng = np.random.default_rng(1)
    shown = rng.integers(0, 4, 500)
    truth = frame([f"c{i}" for i in shown])
    ours = np.where(rng.random(500) < 0.8, shown, (shown + 1) % 4)
    theirs = np.where(rng.random(500) < 0.6, shown, (shown + 2) % 4)
    found = evaluate(truth, ours, against=theirs).comparison
    assert found is not None
    row = found["top1_error"]
    assert row["this"] == np.mean(ours != shown)
    assert row["other"] == np.mean(theirs != shown)
    assert row["difference"] == pytest.approx(row["this"] - row["other"], abs=1e-15)
    assert row["only_this_wrong"] == ((ours != shown) & (theirs == shown)).sum()
    assert row["only_other_wrong"] == ((theirs != shown) & (ours == shown)).sum()
    assert row["interval"][0] < row["difference"] < row["interval"][1] < 0
    assert row["bootstrap_p"] < 0.001 > row["mcnemar_p"]
    back = evaluate(truth, theirs, against=ours).comparison
    assert back is not None
    assert back["top1_error"]["difference"] == -row["difference"]
    assert back["top1_error"]["mcnemar_p"] == row["mcnemar_p"]


def test_a_submission_is_no_better_than_itself() -> None:
    truth = frame(["x", "y", "x"])
    found = evaluate(truth, np.array([0, 0, 0]), against=np.array([0, 0, 0])).comparison
    assert found is not None
    assert found["top1_error"]["interval"] == [0, 0]
    assert found["top1_error"]["mcnemar_p"] == found["top1_error"]["bootstrap_p"] == 1
    assert "hierarchical_top1_error" not in found


# ---- files


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.txt", "p.npy", "p.npz"])
def test_packed_files_are_read(name: str, tmp_path: Path, truth: Path) -> None:
    plain = tmp_path / name
    if name.endswith(".txt"):
        plain.write_text("1\n0\n2\n0\n")
    elif name.endswith(".npy"):
        np.save(plain, np.array([1, 0, 2, 0]))
    elif name.endswith(".npz"):
        np.savez(plain, np.array([1, 0, 2, 0]))
    else:
        text = truth.read_text().replace("wnid", "prediction")
        plain.write_text(text.replace(",", "\t") if name.endswith(".tsv") else text)
    packed = plain.with_name(f"{name}.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    ids = "wnid" if "sv" in name else "index"
    assert evaluate(truth, packed, ids=ids).errors[0] == 0
    packed.write_bytes(gzip.compress(plain.read_bytes())[:-12])
    with pytest.raises(InputError, match=name):
        evaluate(truth, packed, ids=ids)


def test_a_packed_truth(tmp_path: Path, truth: Path) -> None:
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(truth.read_bytes()))
    assert read_truth(packed).images == read_truth(truth).images


def test_lists_of_labels_as_json(write: Callable[..., Path]) -> None:
    classes = ["x", "y", "z"]
    sets = write("real.json", "[[0, 2], [], [1]]")
    report = evaluate(read_truth(sets, ids="index", classes=classes), np.array([2, 0, 0]))
    assert (report.n, report.excluded) == (2, 1)
    assert report.multi_label_accuracy == 0.5
    assert report.errors[0] == 0.75
    named = read_truth(write("named.json", '{"a.jpg": ["x", "z"], "b.jpg": "y"}'))
    assert (named.images, named.sizes.tolist()) == (["a.jpg", "b.jpg"], [2, 1])
    for text, said in (("[[0]]", "Say which"), ("{", "is not JSON"), ("3", "not a list"), ("[[1.5]]", "1.5")):
        with pytest.raises(InputError, match=said):
            read_truth(write("bad.json", text))


def test_a_repeated_guess_takes_a_place(write: Callable[..., Path], truth: Path) -> None:
    text = write("p.txt", "0 0 1", "0", "2", "0")
    report = evaluate(truth, text, ids="index")
    assert report.errors == (0.25, 0.25, 0, 0, 0)


def test_of_equal_scores_the_first_class_is_the_better() -> None:
    report = evaluate(frame(["a", "b"]), np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert report.errors[:2] == (0.5, 0)
    assert math.isclose(report.accuracies[0], 0.5)
