"""Files as people write them, and the mistakes in them that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synsetlab.benchmark import evaluate, read_predictions, read_truth
from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOG, CAT, HORSE = "n02084071", "n02121620", "n02374451"


def guessed(source: Any, truth: Any, **options: Any) -> list[list[str]]:
    """The class strings guessed for each image."""
    found = read_predictions(source, read_truth(truth), **options)
    return [[found.table.names[code] for code in row if code >= 0] for row in found.codes.tolist()]


# ---- what is accepted


def test_repeated_images_are_a_set_of_classes_and_empty_ones_are_not_scored(
    write: Callable[..., Path],
) -> None:
    truth = write("truth.csv", "image,wnid", f"a,{DOG}", f"b,{CAT}", f"a,{HORSE}", "c,")
    report = evaluate(
        truth, write("p.csv", "image,top1,top2", f"a,{HORSE},{CAT}", f"b,{DOG},{CAT}", f"c,{DOG},")
    )
    assert (report.n, report.excluded) == (2, 1)
    assert report.errors == (0.75, 0.25, 0.25, 0.25, 0.25)
    assert report.multi_label_accuracy == 0.5


def test_an_image_without_classes_needs_no_prediction(write: Callable[..., Path]) -> None:
    truth = write("truth.csv", "image,wnid", f"a,{DOG}", "c,")
    assert evaluate(truth, write("p.csv", "image,prediction", f"a,{DOG}")).errors[0] == 0


def test_any_class_string_is_kept_verbatim(write: Callable[..., Path]) -> None:
    classes = ["001", "1", "None", "NA", "nan", "hot dog", "a,b", " lead", "Ünïcode", "1e3"]
    rows = [f'{number},"{name}"' for number, name in enumerate(classes)]
    truth = write("truth.csv", "image,wnid", *rows)
    report = evaluate(truth, write("p.csv", "image,prediction", *rows))
    assert report.errors[0] == 0
    assert report.classes == tuple(sorted(classes))
    assert report.hierarchical_errors is None
    assert "no wnid" in report.hierarchical_reason


def test_byte_order_mark_and_crlf(write: Callable[..., Path], truth: Path) -> None:
    text = truth.read_text("utf-8").replace("\n", "\r\n")
    windows = write("windows.csv", b"\xef\xbb\xbf", text.encode())
    assert evaluate(windows, write("p.csv", *text.split("\r\n")[:-1])).errors[0] == 0
    assert evaluate(truth, windows).errors[0] == 0


def test_a_list_of_image_and_wnid_without_heading(write: Callable[..., Path], truth: Path) -> None:
    lines = truth.read_text("utf-8").replace(",", "\t").splitlines()[1:]
    assert read_truth(write("order.tsv", *lines)).images == read_truth(truth).images


def test_a_lone_row_is_no_heading_either(write: Callable[..., Path]) -> None:
    assert read_truth(write("one.csv", f"a.jpg,{DOG}")).images == ["a.jpg"]


def test_one_guess_a_row_by_score_or_as_they_stand(write: Callable[..., Path], truth: Path) -> None:
    rows = [f"a.jpg,{DOG},.1", f"b.jpg,{CAT},2", f"a.jpg,{CAT},1e1", f"c.jpg,{CAT},0", f"a.jpg,{HORSE},.1"]
    rows.append(f"d.jpg,{DOG},-3")
    scored = write("scored.csv", "image,prediction,score", *rows)
    assert guessed(scored, truth)[0] == [CAT, DOG, HORSE]
    plain = write("plain.csv", "image,wnid", *(row.rpartition(",")[0] for row in rows))
    assert guessed(plain, truth)[0] == [DOG, CAT, HORSE]


def test_parquet_with_integers_missing_cells_and_lists(tmp_path: Path, truth: Path) -> None:
    frame = pd.DataFrame({"image": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "top1": [1, 0, 2, 0]})
    frame["top2"] = [0, None, 1, None]
    frame.to_parquet(tmp_path / "holes.parquet")
    wanted = [[CAT, DOG], [DOG], [HORSE, CAT], [DOG]]
    assert guessed(tmp_path / "holes.parquet", truth, ids="index") == wanted
    assert guessed(frame, truth, ids="index") == wanted
    lists = pd.DataFrame({"image": frame["image"], "prediction": [row[:2] for row in wanted]})
    lists.to_parquet(tmp_path / "lists.parquet")
    assert guessed(tmp_path / "lists.parquet", truth) == wanted


WIDE = {
    "ranked": ["image,top1,top2", "a.jpg,{1},{0}", "b.jpg,{0},", "c.jpg,{2},{1}", "d.jpg,{0},"],
    "from 0": ["image,pred_0,pred_1", "a.jpg,{1},{0}", "b.jpg,{0},", "c.jpg,{2},{1}", "d.jpg,{0},"],
    "beside the truth": [
        "filename,wnid,top1,top2", "a.jpg,x,{1},{0}", "b.jpg,x,{0},", "c.jpg,x,{2},{1}", "d.jpg,x,{0},"
    ],
    "spaces": ["image,prediction", "a.jpg,{1} {0}", "b.jpg,{0}", "c.jpg,{2} {1}", "d.jpg,{0}"],
    "without heading": ["a.jpg,{1},{0}", "b.jpg,{0},{0}", "c.jpg,{2},{1}", "d.jpg,{0},{0}"],
}  # fmt: skip


@pytest.mark.parametrize("case", WIDE)
def test_guesses_stand_in_columns_by_many_names(write: Callable[..., Path], truth: Path, case: str) -> None:
    lines = [line.format(DOG, CAT, HORSE) for line in WIDE[case]]
    found = [list(dict.fromkeys(row)) for row in guessed(write("p.csv", *lines), truth)]
    assert found == [[CAT, DOG], [DOG], [HORSE, CAT], [DOG]]


def test_a_column_of_scores_for_each_class(write: Callable[..., Path], truth: Path) -> None:
    rows = ["a.jpg,.1,.8,.1", "d.jpg,1,0,0", "b.jpg,.6,.2,.2", "c.jpg,.5,0,.5"]
    made = write("p.csv", f"image,{DOG},{CAT},{HORSE}", *rows)
    report = evaluate(truth, made)
    assert report.errors[:2] == (0.25, 0)
    assert report.calibration is not None
    assert report.calibration["brier"] == pytest.approx((0.06 + 0.24 + 0.5 + 0) / 4)
    with pytest.raises(InputError, match="is 'nan'"):
        evaluate(truth, write("q.csv", f"image,{DOG},{CAT},{HORSE}", "a.jpg,nan,.8,.1", *rows[1:]))


def test_ten_labels_a_line_are_no_boxes(write: Callable[..., Path], truth: Path) -> None:
    ten = f"{HORSE} {CAT} {DOG} {DOG} {DOG} {DOG} {DOG} {DOG} {DOG} {DOG}"
    found = evaluate(truth, write("p.txt", *[ten] * 4), ids="wnid")
    assert found.errors == (0.75, 0.5, 0, 0, 0)
    assert "the first 5 count" in found.warnings[0]
    kit = write("kit.txt", *(" ".join(map(str, range(10 + n, n, -1))) for n in range(3)))
    shown = write("truth.txt", "9", "3", "12")
    assert evaluate(read_truth(shown, ids="ilsvrc2012"), kit).errors[1] == pytest.approx(1 / 3)


def test_kaggles_solution_is_a_truth(write: Callable[..., Path]) -> None:
    rows = [f"x,{DOG} 1 2 3 4 {DOG} 5 6 7 8 ", f"y,{CAT} 1 2 3 4 {HORSE} 5 6 7 8 "]
    truth = read_truth(write("LOC_val_solution.csv", "ImageId,PredictionString", *rows))
    assert truth.sizes.tolist() == [1, 2]
    names = write("p.csv", "image,prediction", f"val/x.JPEG,{DOG}", f"val/y.JPEG,{CAT}")
    report = evaluate(truth, names)
    assert report.errors[0] == 0.25
    assert "without folder and ending" in report.warnings[0]


def test_rows_of_arrays_are_the_truths_as_given(truth: Path) -> None:
    # CAT, DOG, HORSE, DOG; sorted classes: DOG, CAT, HORSE
    assert evaluate(truth, np.array([[1], [0], [2], [0]])).errors[0] == 0
    assert evaluate(truth, np.array([1, 0, 2, 0], np.uint8)).errors[0] == 0
    assert evaluate(truth, np.eye(3, dtype=np.float16)[[1, 0, 2, 0]]).errors[0] == 0


def test_classes_of_a_file_are_the_numbering(write: Callable[..., Path], truth: Path) -> None:
    listed = write(
        "LOC_synset_mapping.txt", f"{HORSE} horse, Equus", "n02129165 lion", f"{CAT} cat", f"{DOG} dog"
    )
    report = evaluate(truth, np.array([2, 3, 0, 3]), classes=listed)
    assert report.errors[0] == 0
    assert report.per_class["n"].tolist() == [1, 0, 1, 2]
    assert report.as_json()["per_class"][1]["top1_error"] is None


def test_arrays_with_a_row_for_each_row_of_the_truth(write: Callable[..., Path]) -> None:
    truth = write("truth.csv", "image,wnid", f"a,{DOG}", f"b,{CAT}", f"a,{HORSE}")
    assert guessed(np.array([1, 0]), truth) == guessed(np.array([1, 0, 1]), truth)
    with pytest.raises(InputError, match="rows of the same image differ"):
        guessed(np.array([1, 0, 2]), truth)


def test_short_and_empty_lines_of_text(write: Callable[..., Path], truth: Path) -> None:
    text = write("p.txt", f"{CAT} {DOG}", "", f"{HORSE}\t{CAT} {DOG}", f"  {DOG} ", "", "")
    wanted = [[CAT, DOG], [], [HORSE, CAT, DOG], [DOG]]
    assert guessed(text, truth, ids="wnid") == wanted
    assert guessed(write("i.txt", "1 0", "", "2 1 0", "0"), truth, ids="index") == wanted


def test_text_with_boxes_is_read_for_its_labels(write: Callable[..., Path], truth: Path) -> None:
    lines = [f"{name} 1 2 30 40 {DOG} 5 6 7 8" for name in (CAT, HORSE, CAT, HORSE)]
    assert guessed(write("p.txt", *lines), truth, ids="wnid")[0] == [CAT, DOG]


def test_zeros_fill_up_lines_of_the_kit(write: Callable[..., Path]) -> None:
    truth = read_truth(write("truth.txt", "1", "2", "3"), ids="ilsvrc2012")
    found = read_predictions(write("p.txt", "1 0 0", "3 2 0", "0 0 0"), truth)
    assert (found.codes >= 0).sum(axis=1).tolist() == [1, 2, 0]
    for number, lines in enumerate((("1 0 2", "3 2 0", "3"), ("1", "2", "0"))):
        with pytest.raises(InputError, match="may count from 0"):
            read_predictions(write(f"q{number}.txt", *lines), truth)


def test_only_five_guesses_count(truth: Path) -> None:
    frame = pd.DataFrame({"image": "a.jpg", "prediction": [f"x{i}" for i in range(5)] + [CAT]})
    rest = pd.DataFrame({"image": ["b.jpg", "c.jpg", "d.jpg"], "prediction": CAT})
    assert evaluate(truth, pd.concat([frame, rest])).errors[4] == 1


# ---- what is refused

NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
WRONG_TABLES = {
    "no image": (["picture,prediction", f"a.jpg,{DOG}"], "no column 'image'; it has: picture, prediction"),
    "no guess": (["image,guess", f"a.jpg,{DOG}"], "no column 'prediction'"),
    "unknown": (["image,prediction", *(f"{n},{DOG}" for n in [*NAMES, "e.jpg"])], "1 images that are not in"),
    "missing": (["image,prediction", f"a.jpg,{DOG}"], r"no predictions for 3 of 4 images: 'b.jpg', 'c.jpg'"),
    "twice": (
        ["image,top1", *(f"{n},{DOG}" for n in [*NAMES, "b.jpg"])],
        "several rows for 1 images: 'b.jpg'",
    ),
    "same guess": (["image,prediction", *(f"{n},{DOG}" for n in [*NAMES, "b.jpg"])], "more than once"),
    "gap": (["image,top1,top3", *(f"{n},{DOG},{CAT}" for n in NAMES)], "from top1, without gaps"),
    "no top1": (["image,top2", *(f"{n},{DOG}" for n in NAMES)], "from top1, without gaps"),
    "ragged": (["image,prediction", f"a.jpg,{DOG},{CAT}"], "is not a table"),
    "score": (["image,prediction,score", *(f"{n},{DOG},high" for n in NAMES)], "row 1: score is 'high'"),
    "NaN": (["image,prediction,score", *(f"{n},{DOG},nan" for n in NAMES)], "row 1: score is 'nan'"),
    "numbers": (["image,prediction", *(f"{n},{k}" for k, n in enumerate(NAMES))], "--ids index or"),
    "names": (["image,prediction", *(f"{n},dog" for n in NAMES)], "are wnids"),
    "column twice": (["image,prediction,prediction", f"a.jpg,{DOG},{CAT}"], "several columns 'prediction'"),
    "half boxes": (
        ["ImageId,PredictionString", f"a.jpg,{DOG} 1 2 3 4", *(f"{n},{DOG}" for n in NAMES[1:])],
        "row 2: PredictionString is not a label and four numbers",
    ),
    "empty": ([], "is empty"),
}


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_wrong_table_is_told(write: Callable[..., Path], truth: Path, case: str) -> None:
    lines, said = WRONG_TABLES[case]
    with pytest.raises(InputError, match=said):
        evaluate(truth, write("p.csv", *lines))


WRONG_NUMBERS = {
    "beyond": ([["3"], ["0"], ["0"], ["0"]], "3 is out of range: class indices are 0 to 2"),
    "from 1": ([["1"], ["2"], ["3"], ["1"]], "may count from 1"),
    "negative": ([["-1"], ["2"], ["0"], ["1"]], "-1 is out of range"),
    "wnids": ([[DOG], ["1"], ["0"], ["1"]], "Use --ids wnid"),
    "fraction": ([["1.5"], ["1"], ["0"], ["1"]], "cannot be numbers"),
    "few": ([["1"], ["1"], ["0"]], "predictions for 3 images; .* has 4 images"),
    "many": ([["1"], ["1"], ["0"], ["1"], ["1"]], "is the first line a heading"),
    "commas": ([["1,2"]], "has commas"),
}


@pytest.mark.parametrize("case", WRONG_NUMBERS)
def test_wrong_numbers_are_told(write: Callable[..., Path], truth: Path, case: str) -> None:
    rows, said = WRONG_NUMBERS[case]
    with pytest.raises(InputError, match=said):
        evaluate(truth, write("p.txt", *map(" ".join, rows)), ids="index")


WRONG_ARRAYS: dict[str, tuple[np.ndarray, str]] = {
    "beyond": (np.array([[0], [1], [3], [0]]), "3 is out of range"),
    "from 1": (np.array([[3], [1], [2], [1]]), "may count from 1"),
    "negative": (np.array([[0], [1], [-2], [0]]), "-2 is out of range"),
    "no first": (np.array([[0, 1], [-1, 2], [0, 1], [1, 2]]), "row 2: -1 stands before"),
    "hole": (np.array([[0, 1, 2], [0, -1, 1], [0, 1, 2], [1, 2, 0]]), r"row 2: -1 .*column 2"),
    "count": (np.zeros((3, 1), int), "predictions for 3 images"),
    "scores": (np.zeros((4, 5)), "scores of 5 classes; there are 3"),
    "NaN": (
        np.array([[0.0] * 3, [0.0] * 3, [0.0, np.nan, 0.0], [0.0] * 3]),
        "row 3: a score is not a number",
    ),
    "line": (np.zeros(4), "array of float64 with 4"),
    "cube": (np.zeros((4, 3, 2)), "with 4 x 3 x 2"),
    "truth values": (np.zeros((4, 3), bool), "array of bool"),
}


@pytest.mark.parametrize("case", WRONG_ARRAYS)
def test_wrong_arrays_are_told(truth: Path, case: str) -> None:
    array, said = WRONG_ARRAYS[case]
    with pytest.raises(InputError, match=said):
        evaluate(truth, array)


def test_an_array_the_wrong_way_round_is_told(write: Callable[..., Path]) -> None:
    truth = write("truth.csv", "image,wnid", *(f"{n},{(DOG, CAT)[n % 2]}" for n in range(30)))
    with pytest.raises(InputError, match="wrong way round"):
        evaluate(truth, np.zeros((5, 30), int))


def test_minus_one_fills_up_short_rows(truth: Path) -> None:
    wanted = [[CAT, DOG], [DOG], [HORSE], [DOG]]
    assert guessed(np.array([[1, 0], [0, -1], [2, -1], [0, -1]]), truth) == wanted


def test_archives_of_several_arrays_need_a_key(tmp_path: Path, truth: Path) -> None:
    np.savez(tmp_path / "two.npz", one=np.zeros((4, 1), int), two=np.ones((4, 1), int))
    with pytest.raises(InputError, match="holds 2 arrays: one, two"):
        evaluate(truth, tmp_path / "two.npz")
    with pytest.raises(InputError, match="no array 'three'"):
        evaluate(truth, tmp_path / "two.npz", key="three")
    assert evaluate(truth, tmp_path / "two.npz", key="two").errors[0] == 0.75


@pytest.mark.parametrize("name", ["p.npy", "p.npz", "p.parquet"])
def test_damaged_files_are_told(write: Callable[..., Path], truth: Path, name: str) -> None:
    with pytest.raises(InputError, match=name):
        evaluate(truth, write(name, b"PK\x03\x04 no such thing"))


def test_arrays_of_objects_are_not_unpickled(tmp_path: Path, truth: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([["a"], [None]], object), allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as NumPy arrays"):
        evaluate(truth, tmp_path / "p.npy")


WRONG_TRUTHS = {
    "no class": (["image,label", "a,x"], MissingColumnError, "no column 'wnid'; it has: image, label"),
    "no name": (["image,wnid", "a,x", ",y"], InputError, "row 2 names no image"),
    "nothing": (["image,wnid", "a,"], InputError, "names no class"),
    "only a heading": (["image,wnid"], InputError, "names no class"),
}


@pytest.mark.parametrize("case", WRONG_TRUTHS)
def test_a_wrong_truth_is_told(write: Callable[..., Path], case: str) -> None:
    lines, kind, said = WRONG_TRUTHS[case]
    with pytest.raises(kind, match=said):
        read_truth(write("truth.csv", *lines))


def test_latin_1_is_told(write: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"UTF-8"):
        read_truth(write("truth.csv", "image,wnid\nä,x\n".encode("latin-1")))


def test_ids_of_the_kit_need_classes_of_the_kit(write: Callable[..., Path], truth: Path) -> None:
    with pytest.raises(InputError, match=r"none of ILSVRC2012's 1,000 classes(.|\n)*--ids index"):
        evaluate(truth, write("p.txt", "1", "2", "3", "1"))


def test_numbers_in_a_text_truth_need_their_numbering(write: Callable[..., Path]) -> None:
    numbers = write("truth.txt", "490", "361")
    with pytest.raises(InputError, match="--truth-ids ilsvrc2012"):
        read_truth(numbers)
    assert read_truth(numbers, ids="ilsvrc2012").classes == ["n01751748", "n09193705"]
    with pytest.raises(InputError, match="--classes FILE"):
        read_truth(numbers, ids="index")
    with pytest.raises(InputError, match="names images, and"):
        evaluate(
            read_truth(numbers, ids="ilsvrc2012"),
            pd.DataFrame({"image": ["1", "2"], "prediction": ["x", "y"]}),
        )


def test_classes_must_hold_the_truths(write: Callable[..., Path], truth: Path) -> None:
    with pytest.raises(InputError, match=f"1 classes that the list of classes lacks: '{HORSE}'"):
        read_truth(truth, classes=write("classes.txt", DOG, CAT))
    with pytest.raises(InputError, match=f"'{DOG}' twice"):
        read_truth(truth, classes=write("classes.txt", DOG, CAT, DOG))
    with pytest.raises(InputError, match="line 2 is empty"):
        read_truth(truth, classes=write("classes.txt", DOG, "", CAT))


def test_indices_from_1_that_never_reach_the_end_are_caught() -> None:
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 9, 300)
    truth = pd.DataFrame({"image": [f"{i}" for i in range(300)], "wnid": [f"c{i}" for i in shown]})
    listed = [f"c{i}" for i in range(10)]
    with pytest.raises(InputError, match=r"only 0\.0 % .* but 100\.0 % if the indices count from 1"):
        evaluate(truth, shown + 1, classes=listed)
    assert evaluate(truth, shown + 1, classes=listed, check=False).errors[0] == 1


def test_predictions_no_better_than_chance_are_scored_with_a_note() -> None:
    rng = np.random.default_rng(0)
    truth = pd.DataFrame({"image": np.arange(500).astype(str), "wnid": rng.choice(list("abcdefgh"), 500)})
    report = evaluate(truth, rng.random((500, 8)))
    assert "no better than chance (1 in 8)" in report.warnings[-1]
