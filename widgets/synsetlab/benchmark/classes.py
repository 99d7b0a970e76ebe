"""The classes of a test set and the three ways to number them.

``wnid``: the class string itself. ``index``: its position, from 0, in the list of classes.
``ilsvrc2012``: ILSVRC2012_ID of the development kit, from 1, in an order of its own. The last two are
both small integers and mean different classes, so that a file never says which it uses.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import numpy as np

from synsetlab.benchmark.files import read_text
from synsetlab.benchmark.tables import shorten
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]

__all__ = [
    "IDS",
    "NO_GUESS",
    "ClassTable",
    "check_ids",
    "ilsvrc2012_wnids",
    "is_wnid",
    "read_classes",
    "refuse_twins",
]

IDS: Final = ("index", "wnid", "ilsvrc2012")
"""Legal numberings."""
NO_GUESS: Final = -1
"""Code of a guess that was not made."""

_LINE = re.compile(r"(n\d{8})(?=[\s,]|$)")
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_WNID = re.compile(r"n\d{8}", re.ASCII)


def is_wnid(text: str) -> bool:
    """Whether a class string has the form of a wnid."""
    return _WNID.fullmatch(text) is not None


def check_ids(ids: str | None) -> None:
    """Refuse a numbering that there is not."""
    if ids is not None and ids not in IDS:
        raise InputError(f"ids={ids!r} is no numbering of classes.", f"Use one of: {', '.join(IDS)}.")


@cache
def ilsvrc2012_wnids() -> tuple[str, ...]:
    """The wnid of each ILSVRC2012_ID 1 to 1000; id i is at place i - 1."""
    text = files("synsetlab.benchmark").joinpath("ilsvrc2012_ids.txt").read_text("ascii")
    return tuple(line for line in text.split() if is_wnid(line))


def read_classes(path: Path) -> list[str]:
    """The class at each index, from a text file with one class a line.

    Where every line begins with a wnid, only that counts (``n02084071 dog, domestic dog``, as in Kaggle's
    ``LOC_synset_mapping.txt``); else the whole line is the class.

    Raises
    ------
    InputError
        The file cannot be read, is empty, has an empty line within or names a class twice.
    """
    lines = read_text(path, "Give one class a line.").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise InputError(f"{path} lists no classes.", "Give one class a line, in the order of the indices.")
    if "" in lines:
        raise InputError(
            f"{path}, line {lines.index('') + 1} is empty.", "Line i is the class with index i - 1."
        )
    heads = [match[1] for line in lines if (match := _LINE.match(line))]
    names = heads if len(heads) == len(lines) else lines
    refuse_twins(names, str(path))
    return names


def refuse_twins(names: Sequence[str], place: str) -> None:
    """Refuse a list that names a class twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"{place} lists the class {name!r} twice.", "Each index has a class of its own.")
        seen.add(name)


class ClassTable:
    """The classes of a test set, each with its index; guesses may bring in further ones behind them.

    Parameters
    ----------
    names
        Class strings in the order of their indices.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        """The test set's classes first, then those that only guesses name."""
        self.size = len(self.names)
        """How many of them are the test set's: legal indices are 0 to size - 1."""
        self._code = {name: code for code, name in enumerate(self.names)}

    @property
    def outside(self) -> list[str]:
        """Classes that were guessed and are not the test set's, sorted."""
        return sorted(self.names[self.size :])

    def code(self, name: str) -> int:
        """The code of a class string; an unknown one is added."""
        if name not in self._code:
            self._code[name] = len(self.names)
            self.names.append(name)
        return self._code[name]

    def from_texts(self, values: Sequence[str], ids: str, place: str) -> Codes:
        """Codes of class strings or numbers written as text; an empty text is no guess.

        Raises
        ------
        InputError
            A number is none, or is out of range; the message says what it may be.
        """
        if ids == "wnid":
            return np.array([self.code(value) if value else NO_GUESS for value in values], np.int32)
        filled = [value.strip() for value in values if value]
        odd = [value for value in filled if not _WHOLE.fullmatch(value)]
        if odd:
            remedy = "Use --ids wnid." if all(map(is_wnid, odd)) else f"--ids {ids} needs whole numbers."
            raise InputError(f"{place}: {shorten(odd)} cannot be numbers of classes ({ids}).", remedy)
        codes = np.full(len(values), NO_GUESS, np.int32)
        numbers = np.array([int(value) for value in filled], np.int64)
        codes[[bool(value) for value in values]] = self.from_numbers(numbers, ids, place)
        return codes

    def from_numbers(self, numbers: npt.NDArray[np.integer], ids: str, place: str) -> Codes:
        """Codes of class numbers, all of which must be in range.

        Raises
        ------
        InputError
            One is out of range; the message says what the numbers may be.
        """
        if ids == "ilsvrc2012":
            self._check_range(numbers, 1, len(ilsvrc2012_wnids()), ids, place)
            # Only ids that occur: a class that nobody guessed is not brought in.
            used, places = np.unique(numbers, return_inverse=True)
            found = [self.code(ilsvrc2012_wnids()[number - 1]) for number in used.tolist()]
            codes: Codes = np.array(found, np.int32)[places].reshape(numbers.shape)
            return codes
        if ids != "index":
            raise InputError(
                f"{place} holds numbers, not class strings.", "Say which: --ids index or --ids ilsvrc2012."
            )
        self._check_range(numbers, 0, self.size - 1, ids, place)
        return numbers.astype(np.int32)

    def _check_range(
        self, numbers: npt.NDArray[np.integer], low: int, high: int, ids: str, place: str
    ) -> None:
        if not numbers.size:
            return
        least, most = int(numbers.min()), int(numbers.max())
        if low <= least and most <= high:
            return
        bad = numbers[(numbers < low) | (numbers > high)]
        what = "class indices" if ids == "index" else "ILSVRC2012 ids"
        raise InputError(
            f"{place}: {int(bad.flat[0])} is out of range: {what} are {low} to {high}; the file has "
            f"{least} to {most} ({bad.size:,} out of range).",
            _range_remedy(least, most, ids, self.size),
        )


def _range_remedy(least: int, most: int, ids: str, size: int) -> str:
    ilsvrc = len(ilsvrc2012_wnids())
    if ids == "ilsvrc2012":
        if least >= 0 and most < ilsvrc:
            return "They may count from 0: indices of the sorted wnids (--ids index), or ids less one."
        return "Give ILSVRC2012_ID numbers, or say --ids index or --ids wnid."
    if least >= 1 and most == size:
        hint = "; ILSVRC2012 ids count so: --ids ilsvrc2012" if size == ilsvrc else ""
        return f"They may count from 1; indices count from 0 (subtract one{hint})."
    return (
        f"There are {size} classes. If the numbers are of a longer list, name it with --classes FILE "
        "(one class a line, in the order of the indices)."
    )
