"""Localization and detection: cases counted by hand, and the definitions written out slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.benchmark import evaluate_detection, evaluate_localization
from synsetlab.benchmark.boxes import overlaps
from synsetlab.benchmark.classes import ilsvrc2012_wnids
from synsetlab.benchmark.detection import average_precision, least_overlap
from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, dict[str, Any]]]

DOG, CAT, HORSE = "n02084071", "n02121620", "n02374451"
SIDES = ["xmin", "ymin", "xmax", "ymax"]
TRUTH = [
    "image,wnid,xmin,ymin,xmax,ymax,difficult",
    f"a,{DOG},1,1,100,100,0", f"a,{DOG},200,1,300,100,0", f"a,{CAT},5,5,14,14,0", f"b,{CAT},1,1,50,50,0",
    f"c,{HORSE},,,,,",
]  # fmt: skip


@pytest.fixture
def boxes(write: Callable[..., Path]) -> Path:
    return write("boxes.csv", *TRUTH)


def test_overlap_counts_both_ends() -> None:
    one = np.array([[1.0, 1, 10, 10], [1, 1, 10, 10], [1, 1, 1, 1]])
    other = np.array([[1.0, 1, 10, 5], [11, 1, 20, 10], [1, 1, 1, 1]])
    assert overlaps(one, other).tolist() == [0.5, 0, 1]


def test_small_boxes_need_less() -> None:
    sides = np.array([10.0, 20, 25, 24])
    boxes = np.stack([np.ones(4), np.ones(4), sides, sides], axis=1)
    assert least_overlap(boxes).tolist() == [100 / 400, 400 / 900, 0.5, 576 / 34**2]


def test_average_precision_is_monotonous() -> None:
    assert average_precision(np.array([True, False, True]), 2) == (1 + 2 / 3) / 2
    assert average_precision(np.array([False, True, True]), 4) == (2 / 3 + 2 / 3) / 4
    assert average_precision(np.zeros(0, bool), 3) == 0


# ---- localization


def test_localization_by_hand(run: Run, boxes: Path, write: Callable[..., Path]) -> None:
    text = write("p.txt", f"{DOG} 1 1 100 50", f"{HORSE} 1 1 5 5 {CAT} 1 1 50 24", f"{HORSE} 1 1 5 5")
    given = ["evaluate", "--task", "localization", "--truth", boxes, "--predictions", text]
    code, found = run(*given, "--blacklist", write("out.txt", "c"))
    assert code == 0
    assert (found["n"], found["n_classified"], found["blacklisted"]) == (2, 3, 1)
    # a: the dog is found (overlap of exactly one half), the cat is not; b: 24 of 50 rows are too few.
    assert found["localization_error"] == 0.75
    assert found["top1_error"] == (0.5 + 1 + 0) / 3
    assert found["top5_error"] == (0.5 + 0 + 0) / 3
    code, found = run(*given)
    assert found["localization_error"] == (0.5 + 1 + 1) / 3
    assert "have no box" in found["warnings"][0]


def test_a_box_too_low_by_a_row_is_wrong(boxes: Path, write: Callable[..., Path]) -> None:
    text = write("p.txt", f"{DOG} 1 1 100 49", f"{CAT} 1 1 50 25 0 0 0 0 0", "")
    found = evaluate_localization(boxes, text)
    assert found["top1_localization_error"] == (1 + 0 + 1) / 3


def test_the_same_localization_in_every_format(boxes: Path, write: Callable[..., Path]) -> None:
    rows = [
        ("a", CAT, 5, 5, 14, 14),
        ("a", DOG, 190, 1, 300, 100),
        ("b", DOG, 1, 1, 9, 9),
        ("c", CAT, 1, 1, 2, 2),
    ]
    lines = [" ".join(" ".join(map(str, row[1:])) for row in rows if row[0] == name) for name in "abc"]
    frame = pd.DataFrame(rows, columns=["image", "prediction", *SIDES])
    strings = pd.DataFrame({"ImageId": list("abc"), "PredictionString": lines})
    wanted = evaluate_localization(boxes, frame)
    assert wanted["top1_localization_error"] == (0.5 + 1 + 1) / 3
    assert wanted["top2_localization_error"] == (0 + 1 + 1) / 3
    for source in (strings, write("p.txt", *lines), frame.assign(score=[0.9, 0.5, 1, 1]).iloc[::-1]):
        assert evaluate_localization(boxes, source) == wanted
    ids = {DOG: 1, CAT: 0}
    numbered = frame.assign(prediction=frame["prediction"].map(ids))
    assert (
        evaluate_localization(boxes, numbered, ids="index", classes=[CAT, DOG, HORSE])["top2_error"]
        == 1 / 3 * 2
    )


# ---- detection


def test_detection_by_hand(run: Run, boxes: Path, write: Callable[..., Path]) -> None:
    text = write(
        "d.txt", f"1 {DOG} .9 1 1 100 90", f"1 {DOG} .8 1 1 100 95", f"1 {DOG} .7 205 1 300 100",
        f"2 {CAT} .6 1 1 50 20", f"1 {CAT} .5 5 5 9 9", f"3 {CAT} .1 1 1 9 9",
    )  # fmt: skip
    code, found = run("evaluate", "--task", "detection", "--truth", boxes, "--predictions", text)
    assert code == 0
    # The second dog is a second hit. A quarter of a 10 x 10 cat is enough, two fifths of a 50 x 50 one not.
    precision = {row["wnid"]: row["ap"] for row in found["per_class"]}
    assert precision == {DOG: (1 + 2 / 3) / 2, CAT: 0.5 / 2, HORSE: None}
    assert found["map"] == ((1 + 2 / 3) / 2 + 0.25) / 2
    assert (found["n_boxes"], found["n_detections"], found["n_classes"]) == (4, 6, 2)
    low, high = found["intervals"]["map"]
    assert low <= found["map"] <= high


def test_blacklisted_pairs_count_neither_way(boxes: Path, write: Callable[..., Path]) -> None:
    made = write("d.txt", f"1 {DOG} .9 1 1 100 90", f"1 {CAT} .9 70 70 99 99", f"2 {CAT} .5 1 1 50 50")
    assert evaluate_detection(boxes, made)["map"] == (0.5 + 0.5 / 2) / 2
    found = evaluate_detection(boxes, made, blacklist=write("out.txt", f"1 {CAT}"))
    assert found["map"] == (0.5 + 1) / 2


def test_difficult_boxes_count_neither_way(write: Callable[..., Path]) -> None:
    truth = write("t.csv", TRUTH[0], f"a,{DOG},1,1,100,100,1", f"a,{DOG},200,1,300,100,0")
    made = write("d.txt", f"a {DOG} .9 1 1 100 100", f"a {DOG} .8 1 1 100 99", f"a {DOG} .7 200 1 300 100")
    found = evaluate_detection(truth, made)
    assert (found["map"], found["n_boxes"], found["n_detections"]) == (1, 1, 1)


def slowly(truth: pd.DataFrame, made: pd.DataFrame) -> float:
    """Mean average precision, box by box."""
    precisions = []
    for wnid in sorted(truth["wnid"].unique()):
        mine = made[made["prediction"] == wnid].sort_values("score", ascending=False, kind="stable")
        real = truth[truth["wnid"] == wnid].reset_index(drop=True)
        taken: set[int] = set()
        hits = []
        for guess in mine.itertuples():
            best, where = -1.0, None
            for place, box in enumerate(real.itertuples()):
                if box.image != guess.image or place in taken:
                    continue
                wide = min(guess.xmax, box.xmax) - max(guess.xmin, box.xmin) + 1
                high = min(guess.ymax, box.ymax) - max(guess.ymin, box.ymin) + 1
                if wide <= 0 or high <= 0:
                    continue
                sizes = [(b.xmax - b.xmin + 1) * (b.ymax - b.ymin + 1) for b in (guess, box)]
                overlap = wide * high / (sum(sizes) - wide * high)
                w, h = box.xmax - box.xmin + 1, box.ymax - box.ymin + 1
                if overlap >= min(0.5, w * h / ((w + 10) * (h + 10))) and overlap > best:
                    best, where = overlap, place
            hits.append(where is not None)
            taken |= {where} if where is not None else set()
        recall = [0.0, *(sum(hits[: i + 1]) / len(real) for i in range(len(hits))), 1.0]
        precision = [0.0, *(sum(hits[: i + 1]) / (i + 1) for i in range(len(hits))), 0.0]
        for i in reversed(range(len(precision) - 1)):
            precision[i] = max(precision[i], precision[i + 1])
        steps = range(1, len(recall))
        precisions.append(sum((recall[i] - recall[i - 1]) * precision[i] for i in steps))
    return sum(precisions) / len(precisions)


def drawn(rng: np.random.Generator, count: int, names: int) -> pd.DataFrame:
    low = rng.integers(1, 20, (count, 2))
    high = low + rng.integers(0, 18, (count, 2))
    frame = pd.DataFrame(np.concatenate([low, high], axis=1), columns=SIDES)
    frame.insert(0, "image", rng.choice([f"i{n}" for n in range(4)], count))
    return frame.assign(wnid=rng.choice(list("xyz")[:names], count))


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_detection_is_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = drawn(rng, 12, 3)
    truth = pd.concat([truth, pd.DataFrame({"image": [f"i{n}" for n in range(4)]})])
    made = drawn(rng, 40, 3).rename(columns={"wnid": "prediction"})
    made["score"] = rng.integers(0, 8, 40) / 8
    # Ties go to the image that comes first in the truth, as in the kit, and then to the row that does.
    order = {name: number for number, name in enumerate(dict.fromkeys(truth["image"]))}
    made = made.sort_values("image", key=lambda names: names.map(order), kind="stable")
    found = evaluate_detection(truth, made)
    assert found["map"] == pytest.approx(slowly(truth.dropna(), made), abs=1e-12)


# ---- what is refused

WRONG_DETECTIONS = {
    "words": ([f"1 {DOG} 1 1 5 5"], "line 1 has 6 words"),
    "image": ([f"4 {DOG} .5 1 1 5 5"], "there is no image '4'"),
    "from 0": ([f"0 {DOG} .5 1 1 5 5"], "numbered from 1 to 3"),
    "number": ([f"1 {DOG} high 1 1 5 5"], "no finite numbers"),
    "NaN": ([f"1 {DOG} nan 1 1 5 5"], "no finite numbers"),
    "numbering": (["1 3 .5 1 1 5 5"], "Say how: --ids index"),
}


@pytest.mark.parametrize("case", WRONG_DETECTIONS)
def test_wrong_detections_are_told(boxes: Path, write: Callable[..., Path], case: str) -> None:
    lines, said = WRONG_DETECTIONS[case]
    with pytest.raises(InputError, match=said):
        evaluate_detection(boxes, write("d.txt", *lines))


def test_wrong_tables_are_told(boxes: Path, write: Callable[..., Path]) -> None:
    row = {"image": "a", "prediction": DOG, "score": 1.0} | dict.fromkeys(SIDES, 1)
    with pytest.raises(MissingColumnError, match="no column 'score'"):
        evaluate_detection(boxes, pd.DataFrame([row]).drop(columns="score"))
    with pytest.raises(InputError, match="1 images that are not in"):
        evaluate_detection(boxes, pd.DataFrame([row | {"image": "z"}]))
    with pytest.raises(InputError, match="no predictions for 2 images: 'b', 'c'"):
        evaluate_localization(boxes, pd.DataFrame([row]))
    with pytest.raises(InputError, match="box is not complete"):
        evaluate_detection(write("t.csv", TRUTH[0], f"a,{DOG},1,1,,4,0"), pd.DataFrame([row]))
    with pytest.raises(InputError, match="xmin is 'left'"):
        evaluate_detection(write("t.csv", TRUTH[0], f"a,{DOG},left,1,4,4,0"), pd.DataFrame([row]))
    with pytest.raises(InputError, match="has a box and no class"):
        evaluate_detection(write("t.csv", *TRUTH, "d,,1,1,4,4,0"), pd.DataFrame([row]))
    with pytest.raises(InputError, match="there is no image 'z'"):
        evaluate_detection(boxes, pd.DataFrame([row]), blacklist=write("out.txt", "z"))


def test_swapped_ends_are_turned(write: Callable[..., Path]) -> None:
    truth = write("t.csv", TRUTH[0], f"a,{DOG},100,1,1,100,0")
    found = evaluate_detection(truth, write("d.txt", f"1 {DOG} 1 1 1 100 100"))
    assert found["map"] == 1
    assert "ends swapped" in found["warnings"][0]


def test_images_without_objects_come_from_a_list(boxes: Path, write: Callable[..., Path]) -> None:
    listed = write("val.txt", "b 1", "a 2", "z 3", "c 4")
    made = write("d.txt", f"3 {CAT} .9 1 1 5 5", f"1 {CAT} .5 1 1 50 50")
    assert evaluate_detection(boxes, made, images=listed)["per_class"][1]["ap"] == 0.25


def test_options_of_other_tasks_are_refused(run: Run, boxes: Path) -> None:
    given = ["evaluate", "--truth", boxes, "--predictions", boxes]
    for wrong, said in (
        (["--task", "detection", "--against", boxes], "--against does not go with --task detection"),
        (["--blacklist", boxes], "--blacklist does not go with --task classification"),
    ):
        code, found = run(*given, *wrong)
        assert code == 2
        assert said in found["error"]["message"]


def test_boxes_in_another_order_or_numbering_are_told(tmp_path: Path) -> None:
    """Classes give it away: 200 images in class order, a text in the order of the names."""
    wnids = ilsvrc2012_wnids()[:20]
    names = [f"p{(number * 77) % 200:03d}.JPEG" for number in range(200)]
    rows = [(name, wnids[number // 10]) for number, name in enumerate(names)]
    truth = tmp_path / "truth.csv"
    truth.write_text("image,wnid,xmin,ymin,xmax,ymax\n" + "".join(f"{n},{w},1,1,9,9\n" for n, w in rows))
    text = tmp_path / "guesses.txt"
    ids = {wnid: number for number, wnid in enumerate(ilsvrc2012_wnids(), start=1)}
    text.write_text("".join(f"{ids[wnid]} 1 1 9 9\n" for _, wnid in sorted(rows)))
    with pytest.raises(InputError, match="order of the images' names") as told:
        evaluate_localization(truth, text, ids="ilsvrc2012")
    assert "--order name" in told.value.remedy
    assert evaluate_localization(truth, text, ids="ilsvrc2012", order="name")["localization_error"] == 0
    loose = evaluate_localization(truth, text, ids="ilsvrc2012", check=False)
    assert loose["localization_error"] > 0.5
    found = tmp_path / "found.txt"
    at = {wnid: number for number, wnid in enumerate(sorted(wnids))}
    lines = [f"{n} {at[wnid] + 1} 0.5 1 1 9 9\n" for n, (_, wnid) in enumerate(rows, 1) if at[wnid] < 19]
    found.write_text("".join(lines))
    with pytest.raises(InputError, match="indices count from 1"):
        evaluate_detection(truth, found, ids="index")
    assert evaluate_detection(truth, found, ids="index", check=False)["map"] == 0
