"""What the pictures of a test set show: one class each, or a set of classes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.benchmark.classes import (
    NO_GUESS,
    ClassTable,
    check_ids,
    ilsvrc2012_wnids,
    read_classes,
    refuse_twins,
)
from synsetlab.benchmark.files import read_text, suffix_of
from synsetlab.benchmark.kaggle import is_kaggle, split_strings
from synsetlab.benchmark.tables import Coded, Table, as_table, read_table, shorten
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]

__all__ = ["IMAGE_COLUMNS", "Truth", "build_truth", "class_list", "read_truth"]

IMAGE_COLUMNS = ("image", "ImageId", "image_id", "filename", "file_name", "file", "path")
"""Names of the column that names the picture."""
_LINES = "Give one class, or an image and its class, a line."
_REMEDY = "The truth is a table with the columns image and wnid."


@dataclass(frozen=True)
class Truth:
    """A test set: its images in the order given, and the classes that each shows."""

    place: str
    """File or folder, for messages."""
    images: list[str]
    """Names, distinct, by first appearance."""
    classes: list[str]
    """The class at each index."""
    pair_image: Codes
    """Shape (P,): place in `images` of each (image, class) pair; ascending, no pair twice."""
    pair_class: Codes
    """Shape (P,): index in `classes`."""
    rows: Codes
    """Shape (R,): place in `images` of each row of the file."""
    named: bool = True
    """Whether the file names its images; if not, `images` are line numbers."""
    aliases: dict[str, int] = field(default_factory=dict)
    """Further names of images."""
    image_ids: list[str] = field(default_factory=list)
    """Image id of each image, where the test set is a release's; else empty."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Names of pictures that are not in this test set, and the split that they are in."""
    notes: tuple[str, ...] = ()
    """What is remarkable about the file."""
    frequency: npt.NDArray[np.float64] | None = None
    """Shape (P,): selection frequency of each pair (share of annotators who said that the image shows the
    class), NaN where unknown; None if the file has no such column."""

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """How many classes each image shows; images with none are not scored."""
        return np.bincount(self.pair_image, minlength=len(self.images)).astype(np.int64)

    @cached_property
    def is_single(self) -> bool:
        """Whether every image shows exactly one class."""
        return bool((self.sizes == 1).all())

    def places(self, names: Sequence[str]) -> tuple[Codes, bool]:
        """Where each of `names` is in `images` (-1: nowhere), and whether folders and endings were ignored.

        They are ignored only where that makes every name known and no two images alike:
        ``val/x.JPEG`` and Kaggle's ``x`` are ``x.JPEG``.
        """
        if names == self.images:
            return np.arange(len(names), dtype=np.int32), False
        known = {name: place for place, name in enumerate(self.images)} | self.aliases
        found = np.array([known.get(name, -1) for name in names], np.int32)
        if not (found < 0).any():
            return found, False
        stems = {_stem(name): place for name, place in known.items()}
        if len(stems) == len(known):
            bare = np.array([stems.get(_stem(name), -1) for name in names], np.int32)
            if not (bare < 0).any() and len(set(bare.tolist())) == len(names):
                return bare, True
        return found, False


def read_truth(
    source: Any, *, classes: str | os.PathLike[str] | Sequence[str] | None = None, ids: str | None = None
) -> Truth:
    """Read what a test set's pictures show.

    Parameters
    ----------
    source
        A pandas frame, or a file: CSV, TSV or Parquet with the columns ``image`` and ``wnid`` (an image in
        several rows shows all their classes; one whose class cells are all empty is not scored), Kaggle's
        ``ImageId,PredictionString``, or text (``.txt``) with one class a line in the order of the file
        names, as the development kit's ground truth, or with ``image class`` on each line; or JSON: a list
        of lists of classes in that order (ReaL's ``real.json``), or an object of image to class or classes.
    classes
        The class at each index, as a list or a file (see `read_classes`); by default the distinct classes
        of the truth, sorted.
    ids
        How the truth names classes (``wnid`` by default: any text, verbatim). Must be said for text files
        of numbers.

    Raises
    ------
    InputError
        The file cannot be read or used; the message says what to do.
    """
    check_ids(ids)
    names = class_list(classes)
    if isinstance(source, Truth):
        return source
    if hasattr(source, "columns"):
        return _from_table(as_table(source, "the truth"), names, ids)
    path = Path(source)
    if suffix_of(path) == ".txt":
        return _from_text(path, names, ids)
    if suffix_of(path) == ".json":
        return _from_json(path, names, ids)
    return _from_table(read_table(path, headless=("image", "wnid")), names, ids)


def _stem(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem


def class_list(classes: str | os.PathLike[str] | Sequence[str] | None) -> list[str] | None:
    """The class at each index, out of a list or a file; None if there is none."""
    if classes is None:
        return None
    if isinstance(classes, (list, tuple)):
        refuse_twins(classes, "The list of classes")
        return list(classes)
    return read_classes(Path(classes))  # type: ignore[arg-type]  # what is no list is a path


def _from_table(table: Table, classes: list[str] | None, ids: str | None) -> Truth:
    image = table.text(table.find(IMAGE_COLUMNS, _REMEDY))
    if "" in image.values:
        row = int(np.flatnonzero(image.codes == image.values.index(""))[0])
        raise InputError(f"{table.place}, row {row + 1} names no image.", "Fill in the column image.")
    if is_kaggle(table):
        found = [list(dict.fromkeys(labels)) or [""] for labels in split_strings(table)]
        label = Coded.of([label for labels in found for label in labels])
        image = Coded(np.repeat(image.codes, [len(labels) for labels in found]), image.values)
    else:
        label = table.text(table.find(("wnid",), _REMEDY))
    frequency = table.fractions("selection_frequency")
    if frequency is not None and len(frequency) != len(label):
        frequency = None  # Kaggle's rows, one of which may name several classes
    return build_truth(table.place, image, label, classes, ids, frequency=frequency)


def _from_json(path: Path, classes: list[str] | None, ids: str | None) -> Truth:
    remedy = "Write a list of lists of classes, or an object of image to list."
    try:
        found = json.loads(read_text(path, remedy))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}.", remedy) from error
    sets = list(found.values()) if isinstance(found, dict) else found
    if not isinstance(sets, list):
        raise InputError(f"{path} holds {type(found).__name__}, not a list.", remedy)
    images: list[int] = []
    labels: list[str] = []
    for place, one in enumerate(sets):
        several = (one if isinstance(one, list) else [one]) or [""]
        odd = [label for label in several if isinstance(label, bool) or not isinstance(label, int | str)]
        if odd:
            raise InputError(f"{path}, entry {place + 1}: {odd[0]!r} is no class.", remedy)
        images += [place] * len(several)
        labels += map(str, several)
    if ids is None and any(isinstance(one, list) and one and isinstance(one[0], int) for one in sets):
        raise InputError(f"{path} holds numbers.", "Say which: --truth-ids index or --truth-ids ilsvrc2012.")
    named = isinstance(found, dict)
    # ReaL's 50,000 sets are those of the validation set, with indices of its sorted wnids.
    line_ids = "ilsvrc2012" if classes is not None and set(classes) == set(ilsvrc2012_wnids()) else ids
    names = list(found) if named else _line_names(len(sets), line_ids)
    known = named or bool(names and not names[0].isdecimal())
    image = Coded(np.array(images, np.int32), names)
    return replace(build_truth(str(path), image, Coded.of(labels), classes, ids), named=known)


def _from_text(path: Path, classes: list[str] | None, ids: str | None) -> Truth:
    cells = [line.split() for line in read_text(path, _REMEDY).splitlines()]
    while cells and not cells[-1]:
        cells.pop()
    width = len(cells[0]) if cells else 0
    if width not in (1, 2):
        raise InputError(f"{path} is no list of classes.", _LINES)
    for number, row in enumerate(cells, start=1):
        if len(row) != width:
            raise InputError(
                f"{path}, line {number} has {len(row)} words; the first line has {width}.",
                _LINES,
            )
    labels = [row[-1] for row in cells]
    if ids is None and all(label.isdecimal() for label in labels):
        raise InputError(
            f"{path} holds numbers, and ILSVRC2012 ids and indices are different numberings.",
            "Say which: --truth-ids ilsvrc2012 (the development kit's) or --truth-ids index.",
        )
    named = width == 2
    names = [row[0] for row in cells] if named else _line_names(len(cells), ids)
    known = named or not names[0].isdecimal()
    return replace(build_truth(str(path), Coded.of(names), Coded.of(labels), classes, ids), named=known)


def _line_names(count: int, ids: str | None) -> list[str]:
    # The development kit's validation set is the one whose names are known without a list.
    if ids == "ilsvrc2012" and count == 50_000:
        return [f"ILSVRC2012_val_{number:08d}.JPEG" for number in range(1, count + 1)]
    return [str(number) for number in range(1, count + 1)]


def build_truth(
    place: str,
    image: Coded,
    label: Coded,
    classes: list[str] | None,
    ids: str | None,
    *,
    frequency: npt.NDArray[np.float64] | None = None,
) -> Truth:
    """A test set out of its rows: the image and the class of each, and its selection frequency.

    Parameters
    ----------
    place
        What messages call it.
    classes
        The class at each index; by default the distinct classes, sorted.
    ids
        How `label` names classes.

    Raises
    ------
    InputError
        There is no class, or one that `classes` lacks.
    """
    names = _as_classes(label.values, ids, classes, place)
    distinct = sorted(set(names) - {""})
    if not distinct:
        raise InputError(f"{place} names no class.", _REMEDY)
    listed = distinct if classes is None else classes
    strangers = sorted(set(distinct) - set(listed))
    if strangers:
        raise InputError(
            f"{place} has {len(strangers):,} classes that the list of classes lacks: {shorten(strangers)}.",
            "Name the list that the test set was made with.",
        )
    index = {name: number for number, name in enumerate(listed)}
    codes = np.array([index[name] if name else NO_GUESS for name in names], np.int64)[label.codes]
    shown = codes != NO_GUESS
    keys = image.codes[shown].astype(np.int64) * len(listed) + codes[shown]
    pairs = keys if bool((np.diff(keys) > 0).all()) else np.unique(keys)
    notes: tuple[str, ...] = ()
    if pairs.size < keys.size:
        notes = (f"{place}: {keys.size - pairs.size:,} rows repeat another one and count once.",)
    return Truth(
        place=place,
        images=image.values,
        classes=listed,
        pair_image=(pairs // len(listed)).astype(np.int32),
        pair_class=(pairs % len(listed)).astype(np.int32),
        rows=image.codes,
        notes=notes,
        frequency=None if frequency is None else _of_pairs(frequency[shown], keys, pairs),
    )


def _of_pairs(
    values: npt.NDArray[np.float64], keys: npt.NDArray[np.int64], pairs: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """The value of the first row of each pair."""
    found, first = np.unique(keys, return_index=True)
    return values[first[np.searchsorted(found, pairs)]]


def _as_classes(values: list[str], ids: str | None, classes: list[str] | None, place: str) -> list[str]:
    """Class strings for distinct labels that may be numbers."""
    if ids in (None, "wnid"):
        return values
    if ids == "index" and classes is None:
        raise InputError(
            f"{place} holds indices, but of what?", "Name the classes with --classes FILE, one a line."
        )
    table = ClassTable(classes if classes is not None else ilsvrc2012_wnids())
    codes = table.from_texts(values, str(ids), place)
    return [table.names[code] if code != NO_GUESS else "" for code in codes.tolist()]
