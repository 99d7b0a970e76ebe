"""Text that every database keeps: PostgreSQL takes no NUL, and no encoding has half a surrogate pair.

SQLite takes the first; a workspace that holds one could never move to a server.
"""

from __future__ import annotations

import os
import re

from synsetlab.errors import InputError

__all__ = ["check_text", "is_storable", "path_text"]

NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether `text` holds neither a NUL nor a lone surrogate."""
    return NOT_STORABLE.search(text) is None


def check_text(text: str, what: str) -> str:
    """`text`, if a database keeps it; `what` begins the sentence that says it does not.

    Raises
    ------
    InputError
        It holds a NUL or a lone surrogate.
    """
    found = NOT_STORABLE.search(text)
    if found is None:
        return text
    shown = text[max(0, found.start() - 20) : found.end() + 20]
    raise InputError(
        f"{what} holds the character U+{ord(found.group()):04X}, which no database keeps: {shown!a}.",
        "Take it out; write text as UTF-8.",
    )


def path_text(path: str) -> str:
    """A file's name or path as text that a database takes: bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
