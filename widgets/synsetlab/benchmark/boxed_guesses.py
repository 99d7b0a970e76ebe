"""Predictions with boxes: ILSVRC's texts, Kaggle's strings, tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.benchmark.boxes import boxes_of, strings_with_boxes
from synsetlab.benchmark.classes import NO_GUESS, ClassTable, check_ids
from synsetlab.benchmark.files import read_text, suffix_of
from synsetlab.benchmark.kaggle import is_kaggle
from synsetlab.benchmark.tables import Table, as_table, read_table, shorten
from synsetlab.benchmark.truth import IMAGE_COLUMNS
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from synsetlab.benchmark.boxes import BoxTruth

    Codes = npt.NDArray[np.int64]

__all__ = ["BoxedGuesses", "read_boxed"]

_CLASS = ("prediction", "wnid", "label", "class")
_SCORE = ("score", "confidence", "conf")
_WHOLE = re.compile(r"\d+", re.ASCII)
_LINE = {
    "localization": "label xmin ymin xmax ymax, at most five times, a line for each image",
    "detection": "image number, class, confidence, xmin, ymin, xmax, ymax, a line for each box",
}


class BoxedGuesses(NamedTuple):
    """Guesses with boxes, sorted by image; of one image the best first."""

    image: Codes
    """Shape (G,): place of the image; ascending."""
    code: Codes
    """Shape (G,): class, a code of `table`."""
    boxes: npt.NDArray[np.float64]
    """Shape (G, 4)."""
    score: npt.NDArray[np.float64]
    """Shape (G,): 0 where the file has none."""
    table: ClassTable
    notes: tuple[str, ...]
    ids: str
    """How the file names classes."""


class _Raw(NamedTuple):
    """Guesses as they stand in a file."""

    image: Codes
    labels: Sequence[str]
    boxes: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]


def read_boxed(
    source: Any, truth: BoxTruth, task: str, *, ids: str | None, order: str | None
) -> BoxedGuesses:
    """Read predictions with boxes.

    Parameters
    ----------
    source
        A frame or a file. A table has ``image``, ``prediction`` (or ``wnid``), the four sides, a row a
        box, and ``score``; localization takes the rows of an image best first where there is no score.
        Kaggle's ``PredictionString`` and the development kit's texts are read, too.
    task
        ``localization`` or ``detection``.
    ids
        How classes are named; by default text for what is not all numbers, and for numbers in the
        localization text the development kit's.
    order
        ``name`` if a localization text stands in the order of the images' names.

    Raises
    ------
    InputError
        The file cannot be used; the message says why.
    """
    check_ids(ids)
    notes: tuple[str, ...] = ()
    if hasattr(source, "columns") or suffix_of(Path(source)) != ".txt":
        table = (
            as_table(source, "the predictions") if hasattr(source, "columns") else read_table(Path(source))
        )
        raw, place, notes = _from_table(table, truth, task), table.place, ()
    else:
        place = str(source)
        lines = [line.split() for line in read_text(Path(source), f"Write {_LINE[task]}.").splitlines()]
        raw = (
            _localized(lines, truth, place, order)
            if task == "localization"
            else _detected(lines, truth, place)
        )
    classes = ClassTable(truth.classes)
    values = list(dict.fromkeys(raw.labels))
    numbering = ids or _numbering(values, truth, place, task)
    of_value = classes.from_texts(values, numbering, place)
    code_of = dict(zip(values, of_value.tolist(), strict=True))
    code = np.array([code_of[label] for label in raw.labels], np.int64)
    made = code != NO_GUESS
    # Stable: of equal scores, what stands first in the file is the better.
    ranked = np.lexsort((-raw.score[made], raw.image[made]))
    pick = np.flatnonzero(made)[ranked]
    if classes.outside:
        said = f"{place}: {len(classes.outside):,} guessed classes are not classes of the test set"
        notes = (*notes, f"{said} ({shorten(classes.outside)}): wrong, or not counted in detection.")
    kept = (raw.image[pick], code[pick], raw.boxes[pick], raw.score[pick])
    return BoxedGuesses(*kept, classes, notes, numbering)


def _numbering(values: Sequence[str], truth: BoxTruth, place: str, task: str) -> str:
    if not values or set(values) <= {*truth.classes, ""} or not all(_WHOLE.fullmatch(v) for v in values if v):
        return "wnid"
    if task == "localization":
        return "ilsvrc2012"
    raise InputError(
        f"{place} numbers its classes.",
        "Say how: --ids index (from 0 in --classes FILE), --ids ilsvrc2012, or write class strings.",
    )


def _from_table(table: Table, truth: BoxTruth, task: str) -> _Raw:
    remedy = "Give image, prediction, score, xmin, ymin, xmax, ymax, a box a row."
    if is_kaggle(table):
        image, label, boxes, _ = strings_with_boxes(table)
        labels, score = label.texts(), np.zeros(len(label))
    else:
        image = table.text(table.find(IMAGE_COLUMNS, remedy))
        labels = table.text(table.find(_CLASS, remedy)).texts()
        boxes, _ = boxes_of(table, empty=False)
        name = next((name for name in _SCORE if name in table.columns), None)
        if name is None and task == "detection":
            table.find(_SCORE, remedy)
        every = np.ones(len(labels), bool)
        score = np.zeros(len(labels)) if name is None else table.numbers(name, every)
    if is_kaggle(table) and task == "detection":
        raise InputError(f"{table.place} has no confidences, which detection needs.", remedy)
    at = {name: place for place, name in enumerate(truth.images)}
    unknown = [name for name in image.values if name not in at]
    if unknown:
        raise InputError(
            f"{table.place} has {len(unknown):,} images that are not in {truth.place}: {shorten(unknown)}.",
            "Name all images of the test set, also those without objects, with --images FILE.",
        )
    where = np.array([at[name] for name in image.values], np.int64)[image.codes]
    if task == "localization":
        there = np.zeros(len(truth.images), bool)
        there[where] = True
        missing = [truth.images[place] for place in np.flatnonzero(~there).tolist()]
        if missing:
            raise InputError(
                f"{table.place} has no predictions for {len(missing):,} images: {shorten(missing)}.",
                "Add them.",
            )
    return _Raw(where, labels, boxes, score)


def _localized(lines: list[list[str]], truth: BoxTruth, place: str, order: str | None) -> _Raw:
    if order not in (None, "rows", "name"):
        raise InputError(f"order={order!r} does not go with boxes.", "Use rows or name.")
    while len(lines) > len(truth.images) and not lines[-1]:
        lines.pop()
    if len(lines) != len(truth.images):
        raise InputError(
            f"{place} has {len(lines):,} lines; {truth.place} has {len(truth.images):,} images.",
            f"Write {_LINE['localization']}, also for images that are blacklisted.",
        )
    by_name = sorted(range(len(lines)), key=truth.images.__getitem__)
    places = by_name if order == "name" else list(range(len(lines)))
    image, labels, sides = [], [], []
    for number, (words, where) in enumerate(zip(lines, places, strict=True), start=1):
        if len(words) % 5:
            raise InputError(
                f"{place}, line {number} has {len(words)} words.", f"Write {_LINE['localization']}."
            )
        for start in range(0, min(len(words), 25), 5):
            if set(words[start : start + 5]) == {"0"}:
                continue  # the development kit fills up short lines with zeros
            image.append(where)
            labels.append(words[start])
            sides.append(_numbers(words[start + 1 : start + 5], place, number))
    boxes = np.array(sides, np.float64).reshape(-1, 4)
    return _Raw(np.array(image, np.int64), labels, boxes, np.zeros(len(labels)))


def _detected(lines: list[list[str]], truth: BoxTruth, place: str) -> _Raw:
    rows = [(number, words) for number, words in enumerate(lines, start=1) if words]
    for number, words in rows:
        if len(words) != 7:
            raise InputError(
                f"{place}, line {number} has {len(words)} words.", f"Write {_LINE['detection']}."
            )
    at = {name: where for where, name in enumerate(truth.images)}
    image = []
    named = all(words[0] in at for _, words in rows)
    for number, words in rows:
        where = at[words[0]] if named else _image_number(words[0], truth, place, number)
        image.append(where)
    numbers = np.array([_numbers(words[2:], place, number) for number, words in rows]).reshape(-1, 5)
    return _Raw(np.array(image, np.int64), [words[1] for _, words in rows], numbers[:, 1:], numbers[:, 0])


def _image_number(word: str, truth: BoxTruth, place: str, line: int) -> int:
    if not _WHOLE.fullmatch(word) or not 1 <= int(word) <= len(truth.images):
        raise InputError(
            f"{place}, line {line}: there is no image {word!r}.",
            f"Images are numbered from 1 to {len(truth.images):,} as they first appear in the truth, or as "
            "--images FILE lists them.",
        )
    return int(word) - 1


def _numbers(words: Sequence[str], place: str, line: int) -> list[float]:
    try:
        found = [float(word) for word in words]
    except ValueError:
        found = [float("nan")]
    if not np.isfinite(found).all():
        raise InputError(f"{place}, line {line}: {' '.join(words)} are no finite numbers.")
    return found
