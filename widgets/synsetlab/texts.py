"""Texts that strangers wrote: what is kept of them, and how they stand where characters are commands."""

from __future__ import annotations

import unicodedata

__all__ = ["plain_text", "spreadsheet_text", "visible"]

UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Categories of characters that are not seen: they command terminals, turn letters round or end lines."""
JOINERS = "\u200c\u200d"
"""Format characters that do nothing else than join letters: Persian, Hindi and emoji need them."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How cells begin that a spreadsheet takes for a formula, in full width too (OWASP, CSV injection)."""


def plain_text(text: str) -> str:
    """`text` without control and format characters; line ends stay, as line feeds, tabs become spaces."""
    lines = "\n".join(text.splitlines()).replace("\t", " ")
    return "".join(letter for letter in lines if letter == "\n" or not _unseen(letter))


def visible(text: str, keep: str = "") -> str:
    """`text` with control and format characters, but for those in `keep`, escaped as in Python's literals."""
    if text.isprintable():
        return text
    return "".join(
        letter.encode("unicode_escape").decode() if _unseen(letter) and letter not in keep else letter
        for letter in text
    )


def spreadsheet_text(value: object) -> object:
    """`value` for a cell of a CSV that people open: a text never is a formula there."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _unseen(letter: str) -> bool:
    return letter not in JOINERS and unicodedata.category(letter) in UNSEEN
