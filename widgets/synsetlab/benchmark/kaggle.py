"""Kaggle's form of ILSVRC: ``ImageId,PredictionString``, with or without boxes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from synsetlab.benchmark.tables import Table

__all__ = ["is_kaggle", "split_strings"]

_COLUMN = "PredictionString"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_kaggle(table: Table) -> bool:
    """Whether a table has Kaggle's column."""
    return _COLUMN in table.columns


def split_strings(table: Table) -> list[list[str]]:
    """The labels of each row, best first; boxes (``label xmin ymin xmax ymax`` repeated) are left out.

    Raises
    ------
    InputError
        Some rows have boxes and others not, so that a number may be a label or a side of a box.
    """
    rows = [text.split() for text in table.text(_COLUMN).texts()]
    boxed = [_has_boxes(row) for row in rows if row]
    if not any(boxed):
        return rows
    if not all(boxed):
        row = next(number for number, words in enumerate(rows, start=1) if words and not _has_boxes(words))
        raise InputError(
            f"{table.place}, row {row}: {_COLUMN} is not a label and four numbers, as in other rows.",
            "Write label xmin ymin xmax ymax for each guess, or labels alone in every row.",
        )
    return [row[::5] for row in rows]


def _has_boxes(words: list[str]) -> bool:
    """Five words a guess, a label that is no number and a box."""
    if len(words) % 5:
        return False
    return all((_NUMBER.fullmatch(word) is None) == (place % 5 == 0) for place, word in enumerate(words))
