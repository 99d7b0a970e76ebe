"""Refuse a policy's values by name: what was given, what is wanted, an example."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "REST",
    "check_choice",
    "check_flag",
    "check_number",
    "check_splits",
    "check_text",
    "check_texts",
    "check_whole",
    "splits_are_shares",
]

REST = "rest"
"""The size of the split that takes what the others leave."""
SPLIT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
SPLITS_EXAMPLE = (
    'Examples: splits = { train = 0.8, val = 0.2 } or splits = { train = "rest", val = 50, test = 100 }'
)


def check_text(name: str, value: Any, *, needed: bool = False) -> None:
    """Refuse what is no text, or empty where it is needed."""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise InputError(f"{name} must be a text, not {value!r}.", f'Write it in quotes: {name} = "..."')


def check_texts(name: str, value: Any, allowed: Sequence[str] | None = None) -> None:
    """Refuse what is no list of distinct texts out of `allowed`."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise InputError(f"{name} must be a list of texts, not {value!r}.", f'Example: {name} = ["..."]')
    for entry in value:
        if allowed is not None and entry not in allowed:
            raise InputError(f"{name} names {entry!r}.", f"It can name: {', '.join(allowed)}.")
        if value.count(entry) > 1:
            raise InputError(f"{name} names {entry!r} twice.", "Name it once.")


def check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    """Refuse what is not one of `allowed`."""
    if value not in allowed:
        raise InputError(f"{name} is {value!r}.", f"It can be: {', '.join(allowed)}.")


def check_flag(name: str, value: Any) -> None:
    """Refuse what is neither true nor false."""
    if not isinstance(value, bool):
        raise InputError(f"{name} must be true or false, not {value!r}.", f"Example: {name} = true")


def check_whole(name: str, value: Any, low: int, high: int | None = None) -> None:
    """Refuse what is no whole number, or out of range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"{name} must be a whole number, not {value!r}.", f"Example: {name} = {low}")
    _check_range(name, value, low, high)


def check_number(name: str, value: Any, low: float, high: float | None) -> None:
    """Refuse what is no finite number, or out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{name} must be a number, not {value!r}.", f"Example: {name} = {low:g}")
    _check_range(name, value, low, high)


def splits_are_shares(splits: dict[str, Any]) -> bool:
    """Whether sizes are shares of a class; else they are numbers of images, with or without a rest."""
    sizes = list(splits.values())
    if any(isinstance(size, str) for size in sizes):
        return False
    return any(isinstance(size, float) for size in sizes) or (max(sizes) <= 1 and sum(sizes) == 1)


def check_splits(splits: Any) -> None:
    """Refuse what cannot be dealt out."""
    if not isinstance(splits, dict) or not splits:
        raise InputError(f"splits must name splits with their sizes, not {splits!r}.", SPLITS_EXAMPLE)
    for name, size in splits.items():
        if not isinstance(name, str) or not SPLIT_NAME.fullmatch(name):
            raise InputError(
                f"splits names {name!r}.",
                "Use letters, digits, '_', '-', '.': it becomes a folder's name.",
            )
        if size != REST and (isinstance(size, bool | str) or not isinstance(size, int | float)):
            raise InputError(f"splits.{name} is {size!r}, which is no size.", SPLITS_EXAMPLE)
        if isinstance(size, float) and not 0 <= size <= 1:
            raise InputError(f"Split shares must lie between 0 and 1: {splits}.", SPLITS_EXAMPLE)
        if isinstance(size, int) and size < 0:
            raise InputError(f"splits.{name} must be at least 0, not {size}.", SPLITS_EXAMPLE)
    _check_sum(splits)


def _check_sum(splits: dict[str, Any]) -> None:
    rests = [name for name, size in splits.items() if size == REST]
    if len(rests) > 1:
        raise InputError(f"Both {rests[0]!r} and {rests[1]!r} are to take the rest.", "One split can.")
    if splits_are_shares(splits):
        if any(isinstance(size, int) and size > 1 for size in splits.values()):
            raise InputError(f"splits mixes shares and numbers of images: {splits}.", SPLITS_EXAMPLE)
        total = sum(splits.values())
        if abs(total - 1) > 1e-9:
            raise InputError(f"Split shares must add up to 1, not {total:g}: {splits}.", SPLITS_EXAMPLE)
        return
    if any(isinstance(size, float) for size in splits.values()):
        raise InputError(f"splits mixes shares and numbers of images: {splits}.", SPLITS_EXAMPLE)
    if not rests and not sum(splits.values()):
        raise InputError(f"No split takes an image: {splits}.", SPLITS_EXAMPLE)


def _check_range(name: str, value: float, low: float, high: float | None) -> None:
    if value < low:
        raise InputError(f"{name} must be at least {low:g}, not {value}.", f"Example: {name} = {low:g}")
    if high is not None and value > high:
        raise InputError(f"{name} must be at most {high:g}, not {value}.", f"Example: {name} = {high:g}")
