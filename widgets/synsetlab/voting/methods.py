"""The aggregators by name."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from synsetlab.voting.base import Aggregator

__all__ = ["METHODS", "make_aggregator"]

METHODS: dict[str, tuple[str, str]] = {
    "majority": ("majority", "MajorityVote"),
    "wawa": ("wawa", "Wawa"),
    "zbs": ("zbs", "ZeroBasedSkill"),
    "one-coin": ("one_coin", "OneCoin"),
    "dawid-skene": ("dawid_skene", "DawidSkene"),
    "glad": ("glad", "GLAD"),
    "mace": ("mace", "MACE"),
    "mmsr": ("mmsr", "MMSR"),
    "auto": ("auto", "Auto"),
}
"""Method name -> module and class."""


def make_aggregator(method: str, **options: Any) -> Aggregator:
    """An aggregator by the name that the command line uses.

    Raises
    ------
    InputError
        No method has this name, or it lacks an option that was given.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}.", f"Methods are: {', '.join(METHODS)}.")
    module, name = METHODS[method]
    kind = getattr(importlib.import_module(f"synsetlab.voting.{module}"), name)
    try:
        made: Aggregator = kind(**options)
    except TypeError as error:
        raise InputError(f"{method}: {error}.") from None
    return made
