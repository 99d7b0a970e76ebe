"""Read the fields of a message from the page, which can send anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["choice_of", "flag_of", "text_of", "texts_of"]


def text_of(message: Mapping[str, Any], field: str, *, limit: int = 4096) -> str:
    """The field `field`, a string of at most `limit` characters.

    Raises
    ------
    InputError
        It is absent, not a string or too long.
    """
    value = message.get(field)
    if not isinstance(value, str) or len(value) > limit:
        raise InputError(
            f"The page sent {value!r:.80} as {field!r}, where a text belongs.", "Reload the page."
        )
    return value


def texts_of(message: Mapping[str, Any], field: str, *, limit: int) -> list[str]:
    """The field `field`, a list of at most `limit` strings; `InputError` otherwise."""
    value = message.get(field)
    if not isinstance(value, list) or len(value) > limit or not all(isinstance(item, str) for item in value):
        raise InputError(
            f"The page sent {value!r:.80} as {field!r}, where up to {limit} texts belong.", "Reload the page."
        )
    return value


def choice_of(message: Mapping[str, Any], field: str, choices: Collection[str]) -> str:
    """The field `field`, one of `choices`; `InputError` otherwise."""
    value = text_of(message, field)
    if value not in choices:
        raise InputError(f"{value!r:.80} is no {field}; there are: {', '.join(choices)}.")
    return value


def flag_of(message: Mapping[str, Any], field: str) -> bool:
    """The field `field`, true or false; `InputError` otherwise."""
    value = message.get(field)
    if not isinstance(value, bool):
        raise InputError(
            f"The page sent {value!r:.80} as {field!r}, where true or false belongs.", "Reload the page."
        )
    return value
