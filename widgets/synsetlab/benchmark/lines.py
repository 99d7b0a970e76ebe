"""Submissions as text: a line an image, at most five classes a line, best first.

That is the form of ILSVRC's development kit (``demo.val.pred.txt``); its form with boxes
(``label xmin ymin xmax ymax`` for each guess) is read for its labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS, ClassTable
from synsetlab.benchmark.files import read_text
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["read_lines"]

_MOST = 5


def read_lines(path: Path, table: ClassTable, ids: str) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Codes, shape (lines, 5), -1 where a line is short; and notes on what was left out.

    Under ``ilsvrc2012`` zeros may fill up short lines, as the development kit itself does.

    Raises
    ------
    InputError
        The file is no such text, or a number is out of range.
    """
    lines = [line.split() for line in read_text(path, "Give one line an image.").splitlines()]
    if any("," in word for words in lines[:1] for word in words):
        raise InputError(f"{path} has commas.", "Classes are separated by spaces; a table must end in .csv.")
    lengths = [len(words) for words in lines]
    notes: tuple[str, ...] = ()
    if max(lengths, default=0) > _MOST:
        if all(map(_are_boxes, lines)):
            lines = [words[::5] for words in lines]
            notes = (f"{path}: read as labels with boxes; the boxes are not scored.",)
        long = sum(len(words) > _MOST for words in lines)
        if long:
            notes = (*notes, f"{path}: {long:,} lines have more than 5 guesses; the first 5 count.")
    return _codes(lines, str(path), table, ids), notes


def _are_boxes(words: list[str]) -> bool:
    """Whether a line can be labels with boxes: four numbers after each, of which no box is upside down."""
    if len(words) % 5:
        return False
    for start in range(0, len(words), 5):
        try:
            left, top, right, bottom = map(float, words[start + 1 : start + 5])
        except ValueError:
            return False
        if left > right or top > bottom:
            return False
    return True


def _codes(lines: list[list[str]], place: str, table: ClassTable, ids: str) -> npt.NDArray[np.int32]:
    rows = [words[:_MOST] for words in lines]
    if ids == "ilsvrc2012":
        rows = _without_filler(rows)
    values = list(dict.fromkeys(word for words in rows for word in words))
    code_of = dict(zip(values, table.from_texts(values, ids, place).tolist(), strict=True))
    codes = np.full((len(rows), _MOST), NO_GUESS, np.int32)
    for number, words in enumerate(rows):
        codes[number, : len(words)] = [code_of[word] for word in words]
    return codes


def _without_filler(rows: list[list[str]]) -> list[list[str]]:
    """Leave out zeros at line ends, unless a zero elsewhere shows that they are class numbers.

    A line of several zeros and nothing else makes no guess; a single zero may be a class counted from 0.
    """
    cut = []
    for words in rows:
        length = len(words)
        while length and words[length - 1] == "0" and len(words) > 1:
            length -= 1
        if "0" in words[:length]:
            return rows
        cut.append(words[:length])
    return cut
