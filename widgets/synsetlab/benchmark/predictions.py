"""Predictions: at most five classes an image, best first, out of any of the formats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from synsetlab.benchmark.arrays import guess_matrix, read_array, score_columns
from synsetlab.benchmark.classes import NO_GUESS, ClassTable, check_ids
from synsetlab.benchmark.columns import GUESS_COLUMNS, holds_lists, score_names, wide_names
from synsetlab.benchmark.files import suffix_of
from synsetlab.benchmark.kaggle import is_kaggle, split_strings
from synsetlab.benchmark.lines import read_lines
from synsetlab.benchmark.order import align
from synsetlab.benchmark.tables import Table, as_table, read_table, shorten, table_suffixes
from synsetlab.benchmark.truth import IMAGE_COLUMNS
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from synsetlab.benchmark.truth import Truth

    Codes = npt.NDArray[np.int32]

__all__ = ["MOST", "Guesses", "Scores", "read_predictions"]

MOST: Final = 5
"""Guesses that count, as in ILSVRC; further ones are left out."""

_REMEDY = (
    "Give the column image and one of: prediction (or wnid), one guess a row, with score or best first; "
    "top1 to top5; a column of scores for each class; PredictionString (Kaggle)."
)


class Scores(NamedTuple):
    """The scores of all classes that guesses were made of."""

    array: npt.NDArray[Any]
    """Shape (rows, K): as it was given; perhaps a mapped file."""
    rows: Codes
    """Shape (images,): row of each image."""
    columns: Codes
    """Shape (K,): code of the class of each column."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """What a model says of each image of a test set."""

    codes: Codes
    """Shape (images, 5): code in `table.names`, best first; -1 where there is no guess."""
    table: ClassTable
    ids: str
    """How the file numbers classes."""
    order: str
    """``name`` if the file names the images; else the order that its rows were taken to be in."""
    notes: tuple[str, ...] = ()
    scores: Scores | None = None
    confidence: npt.NDArray[np.float64] | None = None
    """Shape (images,): score of the best guess, where a table gives each guess one; NaN: no guess."""

    @property
    def most(self) -> int:
        """The most guesses that any image has."""
        return int((self.codes != NO_GUESS).sum(axis=1).max(initial=0))


def read_predictions(
    source: Any,
    truth: Truth,
    *,
    ids: str | None = None,
    key: str | None = None,
    order: str | None = None,
) -> Guesses:
    """Read the predictions for a test set.

    Parameters
    ----------
    source
        An array, a frame, or a file: CSV, TSV, Parquet, ``.npy``, ``.npz`` or text (``.txt``, at most five
        classes a line). Integer arrays (n, k) hold class numbers, float arrays (n, K) scores, text arrays
        class strings; the greater score is better, and of equal ones the class that comes first.
    truth
        The test set.
    ids
        How classes are named; by default ``wnid`` in tables, ``index`` in arrays, ``ilsvrc2012`` in text.
    key
        Which array of an ``.npz``.
    order
        In what order an array's rows or a text's lines stand: ``rows`` of the truth (default), ``name`` or
        ``class`` (by class, then by name: the order of a folder for each class).

    Raises
    ------
    InputError
        The file cannot be read, or does not fit the test set; the message says what it may be instead.
    """
    check_ids(ids)
    if isinstance(source, np.ndarray):
        return _from_array(source, "the predictions", truth, ids, order)
    if hasattr(source, "columns"):
        return _from_table(as_table(source, "the predictions"), truth, ids)
    path = Path(source)
    suffix = suffix_of(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    if suffix in {".npy", ".npz"}:
        return _from_array(read_array(path, key), str(path), truth, ids, order)
    if suffix in table_suffixes():
        return _from_table(read_table(path, headless=("image", "wnid")), truth, ids)
    if suffix != ".txt":
        raise InputError(
            f"{path}: predictions ending in {suffix or 'nothing'} are not known.",
            f"Known are: {', '.join(sorted({*table_suffixes(), '.npy', '.npz', '.txt'}))}.",
        )
    table, numbering = ClassTable(truth.classes), ids or "ilsvrc2012"
    codes, notes = read_lines(path, table, numbering)
    aligned, said, _ = align(codes, truth, str(path), order, settle=True)
    return Guesses(_widen(aligned), table, numbering, said, (*notes, *_outside(str(path), table)))


def _from_array(
    array: npt.NDArray[Any], place: str, truth: Truth, ids: str | None, order: str | None
) -> Guesses:
    table = ClassTable(truth.classes)
    numbering = ids or ("wnid" if array.dtype.kind in "US" else "index")
    codes = guess_matrix(array, place, table, numbering, MOST)
    aligned, said, rows = align(codes, truth, place, order)
    scores = Scores(array, rows, score_columns(numbering, table)) if array.dtype.kind == "f" else None
    return Guesses(_widen(aligned), table, numbering, said, _outside(place, table), scores)


def _widen(codes: Codes) -> Codes:
    wide = np.full((len(codes), MOST), NO_GUESS, np.int32)
    width = min(codes.shape[1], MOST)
    wide[:, :width] = codes[:, :width]
    return wide


def _outside(place: str, table: ClassTable) -> tuple[str, ...]:
    if not table.outside:
        return ()
    return (
        f"{place}: {len(table.outside):,} of the guessed classes are not classes of the test set "
        f"({shorten(table.outside)}); such guesses are wrong.",
    )


# ---- tables, which name the images


class _Reader(NamedTuple):
    """What it takes to turn a table's words into codes."""

    table: Table
    truth: Truth
    classes: ClassTable
    ids: str

    def codes(self, values: Sequence[str]) -> Codes:
        return self.classes.from_texts(values, self.ids, self.table.place)

    def guesses(
        self,
        codes: Codes,
        notes: tuple[str, ...],
        confidence: npt.NDArray[np.float64] | None = None,
    ) -> Guesses:
        said = (*notes, *_outside(self.table.place, self.classes))
        return Guesses(codes, self.classes, self.ids, "name", said, confidence=confidence)


def _from_table(table: Table, truth: Truth, ids: str | None) -> Guesses:
    if not truth.named:
        raise InputError(
            f"{table.place} names images, and {truth.place} does not.",
            "Give a truth with the columns image and wnid, or predictions as an array or text.",
        )
    reader = _Reader(table, truth, ClassTable(truth.classes), ids or "wnid")
    given = is_kaggle(table) or bool(set(GUESS_COLUMNS[:2]) & set(table.columns))
    scores = [] if given else score_names(table, truth)
    wide = [] if is_kaggle(table) or scores else wide_names(table)
    name = "" if wide or scores or is_kaggle(table) else table.find(GUESS_COLUMNS, _REMEDY)
    image, notes = _images(table, truth)
    if scores:
        return _dense(reader, scores, image, notes)
    if is_kaggle(table):
        codes = _ragged(reader, split_strings(table))
    elif wide:
        codes = _wide(reader, wide)
    else:
        cells = _lists(table, name, reader)
        if cells is None:
            codes, confidence = _long(reader, name, image)
            return reader.guesses(codes, notes, confidence)
        codes = _ragged(reader, cells)
    _refuse_repeats(image, truth, table.place)
    full = np.full((len(truth.images), MOST), NO_GUESS, np.int32)
    full[image, : codes.shape[1]] = codes
    return reader.guesses(full, notes)


def _images(table: Table, truth: Truth) -> tuple[Codes, tuple[str, ...]]:
    """Place in the truth of the image of each row; all of the truth's images are there."""
    image = table.text(table.find(IMAGE_COLUMNS, _REMEDY))
    places, loosely = truth.places(image.values)
    unknown = [name for name, place in zip(image.values, places.tolist(), strict=True) if place < 0]
    if unknown:
        raise InputError(
            f"{table.place} has {len(unknown):,} images that are not in {truth.place}: {shorten(unknown)}.",
            _remedy_for_unknown(unknown, truth),
        )
    there = np.zeros(len(truth.images), bool)
    there[places] = True
    missing = [truth.images[place] for place in np.flatnonzero(~there & (truth.sizes > 0)).tolist()]
    if missing:
        raise InputError(
            f"{table.place} has no predictions for {len(missing):,} of {len(truth.images):,} images: "
            f"{shorten(missing)}.",
            "Add them; a row with empty cells says that the model makes no guess, which counts as wrong.",
        )
    notes = (f"{table.place}: images are matched without folder and ending.",) if loosely else ()
    return places[image.codes], notes


def _remedy_for_unknown(unknown: Sequence[str], truth: Truth) -> str:
    splits = sorted({truth.elsewhere[name] for name in unknown if name in truth.elsewhere})
    if splits:
        return f"The release has them in another split: {', '.join(splits)}. Give --split."
    return f"There, images are called like {shorten(truth.images[:1])}. Are these of another test set?"


def _refuse_repeats(places: Codes, truth: Truth, place: str) -> None:
    times = np.bincount(places, minlength=len(truth.images))
    twice = [truth.images[number] for number in np.flatnonzero(times > 1).tolist()]
    if twice:
        raise InputError(
            f"{place} has several rows for {len(twice):,} images: {shorten(twice)}.",
            "Leave one row for each image, or give one guess a row in the column prediction.",
        )


def _wide(reader: _Reader, names: Sequence[str]) -> Codes:
    columns = [reader.table.text(name) for name in names[:MOST]]
    # All columns at once: what is out of range is told for the file, not for its first column.
    codes = reader.codes([value for column in columns for value in column.values])
    ends = np.cumsum([len(column.values) for column in columns])
    parts = np.split(codes, ends[:-1])
    return np.stack([part[column.codes] for part, column in zip(parts, columns, strict=True)], axis=1)


def _ragged(reader: _Reader, rows: Sequence[Sequence[str]]) -> Codes:
    values = list(dict.fromkeys(label for row in rows for label in row[:MOST]))
    code_of = dict(zip(values, reader.codes(values).tolist(), strict=True))
    codes = np.full((len(rows), MOST), NO_GUESS, np.int32)
    for number, row in enumerate(rows):
        codes[number, : len(row[:MOST])] = [code_of[label] for label in row[:MOST]]
    return codes


def _lists(table: Table, name: str, reader: _Reader) -> list[list[str]] | None:
    """The guesses of each row, if its cell holds several; None if each cell is one guess."""
    if table.is_list(name):
        return [[str(label) for label in row or []] for row in table.data.column(name).to_pylist()]
    text = table.text(name)
    if not holds_lists(text.values, reader.ids, reader.truth.classes):
        return None
    return [text.values[code].split() for code in text.codes.tolist()]


def _dense(reader: _Reader, names: Sequence[str], image: Codes, notes: tuple[str, ...]) -> Guesses:
    """A column of scores for each class."""
    every = np.ones(len(image), bool)
    _refuse_repeats(image, reader.truth, reader.table.place)
    array = np.empty((len(reader.truth.images), len(names)))
    array[:] = -np.inf  # images that show no class need no scores
    array[image] = np.stack([reader.table.numbers(name, every) for name in names], axis=1)
    codes = _widen(guess_matrix(array, reader.table.place, reader.classes, "index", MOST))
    found = Scores(array, np.arange(len(array), dtype=np.int32), score_columns("index", reader.classes))
    return Guesses(codes, reader.classes, "wnid", "name", notes, found)


def _long(reader: _Reader, name: str, image: Codes) -> tuple[Codes, npt.NDArray[np.float64] | None]:
    """One guess a row: by score, the highest first, or in the order of the file."""
    table = reader.table
    column = table.text(name)
    guess = reader.codes(column.values)[column.codes]
    made = guess != NO_GUESS
    scored = "score" in table.columns
    score = table.numbers("score", made) if scored else np.zeros(int(made.sum()))
    image, guess = image[made], guess[made]
    _refuse_twin_guesses(reader, image, guess)
    ranked = np.lexsort((-score, image))  # stable: of equal scores, what stands first
    image, guess, score = image[ranked], guess[ranked], score[ranked]
    rank = np.arange(len(image)) - np.searchsorted(image, image)
    kept = rank < MOST
    codes = np.full((len(reader.truth.images), MOST), NO_GUESS, np.int32)
    codes[image[kept], rank[kept]] = guess[kept]
    if not scored:
        return codes, None
    confidence = np.full(len(codes), np.nan)
    confidence[image[rank == 0]] = score[rank == 0]
    return codes, confidence


def _refuse_twin_guesses(reader: _Reader, image: Codes, guess: Codes) -> None:
    names = reader.classes.names
    keys, times = np.unique(image.astype(np.int64) * len(names) + guess, return_counts=True)
    twice = keys[times > 1]
    if twice.size:
        number, code = divmod(int(twice[0]), len(names))
        raise InputError(
            f"{reader.table.place} repeats {twice.size:,} rows: image {reader.truth.images[number]!r} has "
            f"the guess {names[code]!r} more than once.",
            "Is the file joined from parts that overlap? Leave each guess once.",
        )
