"""Files as they come: plain, or compressed with gzip (``name.csv.gz``)."""

from __future__ import annotations

import gzip
import zlib
from typing import IO, TYPE_CHECKING, cast

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_bytes", "read_text", "suffix_of"]

_GZIP = ".gz"


def suffix_of(path: Path) -> str:
    """The ending that says the format, in small letters: ``.csv`` of ``a.CSV`` and of ``a.csv.gz``."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix == _GZIP else suffix


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacked where its name ends in ``.gz``."""
    if path.suffix.lower() == _GZIP:
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def read_text(path: Path, remedy: str) -> str:
    """The text of a file (UTF-8, with or without a byte order mark).

    Raises
    ------
    InputError
        There is no such file, or it is no text.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    try:
        with open_bytes(path) as stream:
            return stream.read().decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as text: {error}.", remedy) from error
