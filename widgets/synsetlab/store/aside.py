"""Files that are written aside and renamed to their name when they are whole."""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: what a killed process leaves stays there
    fcntl = None  # type: ignore[assignment]

__all__ = ["aside", "companions", "stamp"]

LEFT = re.compile(r"\..+\.\d{8}T\d{12}Z")
"""How a file that is written aside is called."""


def stamp() -> str:
    """Now, as part of a file name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def companions(database: Path) -> list[Path]:
    """A SQLite file and what SQLite keeps beside it."""
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm")]


@contextlib.contextmanager
def aside(file: Path) -> Iterator[Path]:
    """An empty SQLite file beside `file`, for the owner's eyes only; whoever does not rename it loses it.

    What killed processes left there so is cleared up. Raises OSError where the folder cannot be written.
    """
    _clear_up(file.parent)
    made = file.with_name(f".{file.name}.{stamp()}")
    descriptor = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    if fcntl is None:  # pragma: no cover - Windows renames no file that is open
        os.close(descriptor)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # let go by the system when we die: then it may be cleared up
    try:
        yield made
    finally:
        for path in companions(made):
            path.unlink(missing_ok=True)
        if fcntl is not None:
            os.close(descriptor)


def _clear_up(folder: Path) -> None:
    """Remove what was written aside in `folder` by processes that are no more."""
    if fcntl is None:  # pragma: no cover - as above
        return
    for path in folder.glob(".*Z"):
        if not LEFT.fullmatch(path.name):
            continue
        with contextlib.suppress(OSError), path.open("rb") as left:  # BlockingIOError: it is being written
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for one in companions(path):
                one.unlink(missing_ok=True)
