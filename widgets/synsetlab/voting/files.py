"""Votes in CSV files: read as text, so that every value comes back as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os

__all__ = ["read_table", "write_table"]


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """A CSV file as a frame of strings; only an empty cell is missing (an empty string).

    ``001``, ``None`` and ``NA`` are values. A byte order mark and any line ends are accepted.

    Raises
    ------
    InputError
        The file is absent, empty, not UTF-8 or not a table.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except pd.errors.EmptyDataError:
        raise InputError(f"{file} is empty.", "A first line with column names is needed.") from None
    except pd.errors.ParserError as error:
        raise InputError(f"{file} is not a table: {str(error).strip()}.", "Is it CSV with commas?") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes the cells too many for row names
        raise InputError(
            f"{file}, row 1 has more cells than the first line names columns.",
            "Write cells that hold a comma in quotes, and name every column.",
        )
    return table


def write_table(frame: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a frame as CSV (UTF-8, LF line ends); a missing value is an empty cell.

    Raises
    ------
    InputError
        The folder is absent or the file cannot be written.
    """
    try:
        frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from None
