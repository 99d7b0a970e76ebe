"""Predictions as NumPy arrays: class numbers (n, k), scores (n, K) or class strings (n, k)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS, ClassTable, ilsvrc2012_wnids
from synsetlab.benchmark.files import open_bytes, suffix_of
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]

__all__ = ["best", "guess_matrix", "read_array", "score_columns"]

_BLOCK = 1 << 22
"""Scores handled at once: 32 MB of them as float64."""


def read_array(path: Path, key: str | None = None) -> npt.NDArray[Any]:
    """The array of an ``.npy``, or the one (or the one called `key`) of an ``.npz``.

    Raises
    ------
    InputError
        The file is neither, or holds several arrays and `key` is none of them.
    """
    try:
        if suffix_of(path) == ".npy":
            if key is not None:
                raise InputError(f"{path} is a single array.", "Leave --key out.")
            if path.suffix.lower() == ".npy":
                # A mapped file: blocks of scores are read when their turn comes.
                return np.lib.format.open_memmap(path, mode="r")
            with open_bytes(path) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
        with open_bytes(path) as stream, np.load(stream, allow_pickle=False) as loaded:
            names = list(loaded.files)
            if key is None and len(names) != 1:
                raise InputError(
                    f"{path} holds {len(names)} arrays: {', '.join(names) or 'none'}.",
                    "Choose one with --key NAME.",
                )
            chosen = names[0] if key is None else key
            if chosen not in names:
                raise InputError(f"{path} has no array {key!r}.", f"It has: {', '.join(names)}.")
            found: npt.NDArray[Any] = loaded[chosen]
            return found
    except InputError:
        raise
    except Exception as error:  # a damaged zip or header fails in many ways
        raise InputError(
            f"{path} cannot be read as NumPy arrays: {error}.",
            "Save it with numpy.save or numpy.savez; arrays of Python objects are not read.",
        ) from error


def guess_matrix(array: npt.NDArray[Any], place: str, table: ClassTable, ids: str, most: int) -> Codes:
    """Codes of an array's guesses, best first, at most `most` a row; -1 where there is none.

    Integers are class numbers (-1 fills up short rows), floats scores of all classes, text is class strings.

    Raises
    ------
    InputError
        The array has another shape or kind, or numbers out of range.
    """
    kind = array.dtype.kind
    if array.ndim == 1 and kind in "iuUS":
        array = array[:, None]
    if array.ndim != 2 or kind not in "iufUS":
        shape = " x ".join(map(str, array.shape)) or "no axes"
        raise InputError(
            f"{place} is an array of {array.dtype} with {shape}.",
            "Save integers (n, k): numbers of the best k classes; or floats (n, K): scores of all K.",
        )
    if kind == "f":
        return _from_scores(array, place, table, ids, most)
    if kind in "US":
        if ids != "wnid":
            raise InputError(f"{place} is an array of text.", "Use --ids wnid.")
        values, places = np.unique(array[:, :most].astype(str), return_inverse=True)
        return table.from_texts(values.tolist(), ids, place)[places].reshape(array[:, :most].shape)
    return _from_numbers(np.asarray(array[:, :most]), place, table, ids)


def _from_numbers(numbers: npt.NDArray[np.integer], place: str, table: ClassTable, ids: str) -> Codes:
    filler = numbers == NO_GUESS if numbers.dtype.kind == "i" else np.zeros(numbers.shape, bool)
    gap = filler[:, :1] | np.zeros_like(filler)
    gap[:, :-1] |= filler[:, :-1] & ~filler[:, 1:]
    if gap.any():
        row, column = map(int, np.argwhere(gap)[0])
        raise InputError(
            f"{place}, row {row + 1}: -1 stands before or in place of the best guess (column {column + 1}).",
            "-1 may only fill up the end of a row that has fewer guesses than others.",
        )
    codes = np.full(numbers.shape, NO_GUESS, np.int32)
    codes[~filler] = table.from_numbers(numbers[~filler], ids, place)
    return codes


def _from_scores(array: npt.NDArray[Any], place: str, table: ClassTable, ids: str, most: int) -> Codes:
    wanted = len(ilsvrc2012_wnids()) if ids == "ilsvrc2012" else table.size
    if ids == "wnid":
        raise InputError(
            f"{place} holds scores: column j is the class with index j.", "Use --ids index or leave it out."
        )
    if array.shape[1] != wanted:
        raise InputError(
            f"{place} has scores of {array.shape[1]} classes; there are {wanted}.",
            "Name the classes of its columns with --classes FILE, one a line. If these are not scores but "
            "class numbers, save them as integers.",
        )
    numbers = np.empty((len(array), min(most, wanted)), np.int32)
    step = max(1, _BLOCK // wanted)
    for start in range(0, len(array), step):
        block = np.array(array[start : start + step])
        if np.isnan(block).any():
            row = start + int(np.flatnonzero(np.isnan(block).any(axis=1))[0])
            raise InputError(f"{place}, row {row + 1}: a score is not a number.", "Did the model diverge?")
        numbers[start : start + step] = best(block, numbers.shape[1])
    if ids == "index":
        return numbers
    made = numbers != NO_GUESS
    numbers[made] = table.from_numbers(numbers[made] + 1, ids, place)
    return numbers


def score_columns(ids: str, table: ClassTable) -> Codes:
    """The code of the class whose scores each column holds; -1 for what is no class of the test set."""
    if ids == "index":
        return np.arange(table.size, dtype=np.int32)
    at = {name: code for code, name in enumerate(table.names[: table.size])}
    return np.array([at.get(wnid, NO_GUESS) for wnid in ilsvrc2012_wnids()], np.int32)


def best(scores: npt.NDArray[Any], count: int) -> Codes:
    """Columns of the `count` highest scores of each row, best first; overwrites `scores`.

    Of equal scores the first column is the better. A score of minus infinity is no guess (-1).
    """
    rows = np.arange(len(scores))
    found = np.full((len(scores), count), NO_GUESS, np.int32)
    for rank in range(count):
        column = scores.argmax(axis=1)
        made = scores[rows, column] > -np.inf
        found[made, rank] = column[made]
        scores[rows, column] = -np.inf
    return found
