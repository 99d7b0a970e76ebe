"""Boxes as test sets and predictions hold them.

A box is xmin, ymin, xmax, ymax in pixels, both ends within it (PASCAL VOC's convention, which ILSVRC keeps):
its width is xmax - xmin + 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS, ClassTable, check_ids, ilsvrc2012_wnids, read_classes
from synsetlab.benchmark.files import read_text
from synsetlab.benchmark.kaggle import is_kaggle
from synsetlab.benchmark.tables import Coded, Table, as_table, read_table, shorten
from synsetlab.benchmark.truth import IMAGE_COLUMNS
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy.typing as npt

    Codes = npt.NDArray[np.int64]
    Boxes = npt.NDArray[np.float64]

__all__ = [
    "SIDES",
    "BoxTruth",
    "boxes_of",
    "overlaps",
    "read_blacklist",
    "read_box_truth",
    "strings_with_boxes",
]

SIDES: Final = ("xmin", "ymin", "xmax", "ymax")
_REMEDY: Final = "The truth is a table with the columns image, wnid, xmin, ymin, xmax, ymax."


@dataclass(frozen=True, slots=True)
class BoxTruth:
    """Images, what they show, and where."""

    place: str
    images: list[str]
    """Names, distinct; image number i (from 1) is at i - 1."""
    classes: list[str]
    """The class at each index."""
    pair_image: Codes
    """Shape (P,): image of each (image, class) pair; ascending, no pair twice."""
    pair_class: Codes
    box_pair: Codes
    """Shape (B,): pair of each box, ascending; boxes of a pair in the order of the file."""
    boxes: Boxes
    """Shape (B, 4)."""
    difficult: npt.NDArray[np.bool_]
    """Shape (B,)."""
    notes: tuple[str, ...] = ()

    def pair_of(self, image: Codes, code: Codes) -> Codes:
        """The pair of each image and class; -1 where the image does not show the class."""
        size = len(self.classes)
        keys = self.pair_image * size + self.pair_class
        # A class that only predictions name has a code beyond the truth's, and may not pass for another.
        known = (code >= 0) & (code < size)
        wanted = image * size + np.where(known, code, 0)
        found = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
        if not len(keys):
            return np.full(len(wanted), -1)
        return np.where(known & (keys[found] == wanted), found, -1)


def overlaps(one: Boxes, other: Boxes) -> npt.NDArray[np.float64]:
    """Intersection over union of each box of `one` with that of `other`, shape (n,)."""
    low = np.maximum(one[:, :2], other[:, :2])
    high = np.minimum(one[:, 2:], other[:, 2:])
    sides = np.clip(high - low + 1, 0, None)
    shared = sides[:, 0] * sides[:, 1]
    areas = [(box[:, 2] - box[:, 0] + 1) * (box[:, 3] - box[:, 1] + 1) for box in (one, other)]
    found: npt.NDArray[np.float64] = shared / (areas[0] + areas[1] - shared)
    return found


def read_box_truth(
    source: Any,
    *,
    classes: str | os.PathLike[str] | Sequence[str] | None = None,
    ids: str | None = None,
    images: str | os.PathLike[str] | None = None,
) -> BoxTruth:
    """Read a test set with boxes.

    Parameters
    ----------
    source
        A frame or a file (CSV, TSV, Parquet, also packed with gzip): ``image``, ``wnid``, ``xmin``,
        ``ymin``, ``xmax``, ``ymax`` and perhaps ``difficult`` (0 or 1), a box a row. A row without a box
        says that the image shows the class, one without a class that it shows none. Or Kaggle's
        ``ImageId,PredictionString``.
    classes
        The class at each index: a list or a file.
    ids
        How the truth names classes (``wnid`` by default).
    images
        A text with the name of an image on each line (what follows it is passed over: ILSVRC's image
        sets have a number there), in the order of image numbers; by default the truth's images as they
        first appear.

    Raises
    ------
    InputError
        The file cannot be used; the message says why.
    """
    check_ids(ids)
    table = as_table(source, "the truth") if hasattr(source, "columns") else read_table(Path(source))
    image, label, boxes, has = (
        strings_with_boxes(table) if is_kaggle(table) else _columns(table, table.find(("wnid",), _REMEDY))
    )
    difficult = _flags(table) if not is_kaggle(table) else np.zeros(len(label), bool)
    listed = _list(classes)
    names = _names(label, ids, listed, table.place)
    known = sorted(set(names) - {""}) if listed is None else listed
    if not set(names) - {""}:
        raise InputError(f"{table.place} names no class.", _REMEDY)
    strangers = sorted(set(names) - {""} - set(known))
    if strangers:
        raise InputError(f"{table.place} has classes that the list lacks: {shorten(strangers)}.")
    at = {name: number for number, name in enumerate(known)} | {"": NO_GUESS}
    code = np.array([at[name] for name in names], np.int64)[label.codes]
    order = _image_list(Path(images)) if images is not None else image.values
    place_of = {name: number for number, name in enumerate(order)}
    missing = [name for name in image.values if name not in place_of]
    if missing:
        raise InputError(f"{table.place} has images that {images} lacks: {shorten(missing)}.")
    where = np.array([place_of[name] for name in image.values], np.int64)[image.codes]
    if bool((has & (code == NO_GUESS)).any()):
        row = int(np.flatnonzero(has & (code == NO_GUESS))[0])
        raise InputError(f"{table.place}, row {row + 1} has a box and no class.", "Fill in the column wnid.")
    return _build(table.place, list(order), known, _Rows(where, code, boxes, has, difficult))


class _Rows(NamedTuple):
    """The rows of a file: image, class, box and whether there is one, whether it is difficult."""

    image: Codes
    code: Codes
    boxes: Boxes
    has: npt.NDArray[np.bool_]
    difficult: npt.NDArray[np.bool_]


def _build(place: str, images: list[str], classes: list[str], rows: _Rows) -> BoxTruth:
    image, code, boxes, has, difficult = rows
    shown = code != NO_GUESS
    keys = image * len(classes) + code
    pairs = np.unique(keys[shown])
    taken = np.flatnonzero(has)
    pair = np.searchsorted(pairs, keys[taken])
    order = np.argsort(pair, kind="stable")
    taken = taken[order]
    fixed, swapped = _upright(boxes[taken])
    notes = (f"{place}: {swapped:,} boxes had their ends swapped.",) if swapped else ()
    return BoxTruth(
        place, images, classes, pairs // len(classes), pairs % len(classes), pair[order], fixed,
        difficult[taken], notes,
    )  # fmt: skip


def boxes_of(table: Table, *, empty: bool) -> tuple[Boxes, npt.NDArray[np.bool_]]:
    """The box of each row, shape (n, 4), and whether it has one.

    Raises
    ------
    InputError
        A side is no finite number, or (unless `empty` allows it) missing.
    """
    sides, there = [], []
    for name in SIDES:
        text = table.decimal(table.find((name,), f"A box is {', '.join(SIDES)}."))
        there.append(np.array([value != "" for value in text.values], bool)[text.codes])
        numbers = np.array([_side(value) for value in text.values], np.float64)
        bad = [
            value for value, number in zip(text.values, numbers, strict=True) if value and np.isnan(number)
        ]
        if bad:
            raise InputError(f"{table.place}: {name} is {bad[0]!r}, which is no finite number.")
        sides.append(numbers[text.codes])
    has = np.logical_and.reduce(there)
    half = np.flatnonzero(np.logical_or.reduce(there) != has)
    if half.size or (not empty and not has.all()):
        row = int(half[0] if half.size else np.flatnonzero(~has)[0])
        raise InputError(f"{table.place}, row {row + 1}: the box is not complete.", "Give all four sides.")
    return np.stack(sides, axis=1), has


def _columns(table: Table, label: str) -> tuple[Coded, Coded, Boxes, npt.NDArray[np.bool_]]:
    image = table.text(table.find(IMAGE_COLUMNS, _REMEDY))
    if "" in image.values:
        raise InputError(f"{table.place} has a row without an image.", "Fill in the column image.")
    boxes, has = boxes_of(table, empty=True)
    return image, table.text(label), boxes, has


def strings_with_boxes(table: Table) -> tuple[Coded, Coded, Boxes, npt.NDArray[np.bool_]]:
    """Image, class and box of each guess of Kaggle's strings; a row without any has one empty guess."""
    image = table.text(table.find(IMAGE_COLUMNS, _REMEDY))
    where, labels, boxes, has = [], [], [], []
    for row, text in enumerate(table.text("PredictionString").texts()):
        words = text.split()
        if len(words) % 5:
            raise InputError(
                f"{table.place}, row {row + 1}: PredictionString has {len(words)} words.",
                "Write label xmin ymin xmax ymax for each guess.",
            )
        for start in range(0, max(len(words), 1), 5):
            part = words[start : start + 5]
            sides = [_side(word) for word in part[1:]]
            if any(np.isnan(side) for side in sides):
                raise InputError(f"{table.place}, row {row + 1}: {' '.join(part)} is no class and box.")
            where.append(image.codes[row])
            labels.append(part[0] if part else "")
            boxes.append(sides or [0.0] * 4)
            has.append(bool(part))
    coded = Coded(np.array(where, np.int32), image.values)
    return coded, Coded.of(labels), np.array(boxes, np.float64).reshape(-1, 4), np.array(has, bool)


def read_blacklist(path: Path, images: Sequence[str], classes: Sequence[str]) -> list[tuple[int, int | None]]:
    """Places of the images, and of the classes (None: the whole image), that a blacklist names.

    A line is an image, by name or by number from 1, and perhaps a class.

    Raises
    ------
    InputError
        A line names an image that there is not.
    """
    place_of = {name: number for number, name in enumerate(images)}
    class_of = {name: number for number, name in enumerate(classes)}
    found: list[tuple[int, int | None]] = []
    for number, line in enumerate(read_text(path, "Write an image a line.").splitlines(), start=1):
        words = line.replace(",", " ").split()
        if not words:
            continue
        image = place_of.get(words[0])
        if image is None and words[0].isdecimal() and 1 <= int(words[0]) <= len(images):
            image = int(words[0]) - 1
        if image is None:
            raise InputError(
                f"{path}, line {number}: there is no image {words[0]!r}.",
                f"Give a name, or a number from 1 to {len(images):,}.",
            )
        if len(words) == 1:
            found.append((image, None))
        elif words[1] in class_of:
            found.append((image, class_of[words[1]]))
    return found


def _list(classes: str | os.PathLike[str] | Sequence[str] | None) -> list[str] | None:
    if classes is None or isinstance(classes, (list, tuple)):
        return None if classes is None else list(classes)
    return read_classes(Path(classes))  # type: ignore[arg-type]  # what is no list is a path


def _names(label: Coded, ids: str | None, classes: list[str] | None, place: str) -> list[str]:
    if ids in (None, "wnid"):
        return label.values
    if ids != "ilsvrc2012" and classes is None:
        raise InputError(f"{place} holds numbers, but of what?", "Name the classes with --classes FILE.")
    table = ClassTable(classes if classes is not None else ilsvrc2012_wnids())
    codes = table.from_texts(label.values, str(ids), place)
    return [table.names[code] if code != NO_GUESS else "" for code in codes.tolist()]


def _image_list(path: Path) -> list[str]:
    names = [
        words[0] for line in read_text(path, "Name an image a line.").splitlines() if (words := line.split())
    ]
    if len(set(names)) < len(names):
        twin = next(name for number, name in enumerate(names) if name in names[:number])
        raise InputError(f"{path} names the image {twin!r} twice.")
    return names


def _flags(table: Table) -> npt.NDArray[np.bool_]:
    if "difficult" not in table.columns:
        return np.zeros(len(table.data), bool)
    text = table.decimal("difficult")
    legal = {"": False, "0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}
    odd = [value for value in text.values if value.strip().lower() not in legal]
    if odd:
        raise InputError(f"{table.place}: difficult is {odd[0]!r}.", "Write 0 or 1.")
    return np.array([legal[value.strip().lower()] for value in text.values], bool)[text.codes]


def _upright(boxes: Boxes) -> tuple[Boxes, int]:
    """Boxes whose second corner is not above or left of the first, and how many had to be turned."""
    fixed = np.concatenate(
        [np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1
    )
    return fixed, int((fixed != boxes).any(axis=1).sum())


def _side(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) else float("nan")
