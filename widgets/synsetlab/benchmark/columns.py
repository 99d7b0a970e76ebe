"""Which columns of a table hold the guesses, whatever they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from synsetlab.benchmark.classes import is_wnid
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synsetlab.benchmark.tables import Table
    from synsetlab.benchmark.truth import Truth

__all__ = ["GUESS_COLUMNS", "holds_lists", "score_names", "wide_names"]

GUESS_COLUMNS: Final = ("prediction", "wnid", "predictions", "pred", "predicted", "label", "class")
"""Names of a column with a guess, or several in one cell."""
_RANKED: Final = re.compile(r"(top|pred|prediction|predicted|label|class|guess|rank|wnid)([ _-]?)(\d+)", re.I)


def wide_names(table: Table) -> list[str]:
    """The columns with the first, second, ... guess: ``top1`` to ``top5``, ``pred_0`` and the like.

    Raises
    ------
    InputError
        They are not numbered from ``top1``, one by one.
    """
    families: dict[str, list[tuple[int, str]]] = {}
    for name in table.columns:
        if match := _RANKED.fullmatch(name):
            families.setdefault(match[1] + match[2], []).append((int(match[3]), name))
    if not families:
        return []
    if len(families) > 1 and "top" not in families:
        said = ", ".join(name for family in families.values() for _, name in family)
        raise InputError(f"{table.place} has several kinds of guesses: {said}.", "Keep top1 to top5.")
    found = sorted(families.get("top") or next(iter(families.values())))
    numbers = [number for number, _ in found]
    if numbers not in (list(range(1, len(found) + 1)), list(range(len(found)))) or (
        "top" in families and numbers[0] == 0
    ):
        raise InputError(
            f"{table.place} has the columns {', '.join(name for _, name in found)}.",
            "Number them from top1, without gaps.",
        )
    return [name for _, name in found]


def score_names(table: Table, truth: Truth) -> list[str]:
    """The columns with the score of each class of the test set, if every class has one; else none."""
    columns = set(table.columns)
    return truth.classes if len(truth.classes) > 1 and columns.issuperset(truth.classes) else []


def holds_lists(values: Sequence[str], ids: str, classes: Sequence[str]) -> bool:
    """Whether cells name several classes each, with spaces between: never where one may be a class's name."""
    several = [value for value in values if len(value.split()) > 1]
    if not several or ids != "wnid":
        return bool(several)
    known = set(classes)
    return all(is_wnid(word) or word in known for value in several for word in value.split()) and not (
        known & set(several)
    )
