"""Numbers for synsets, from files of users: ``wnid,count`` or ``wnid,score``."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    import os

    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["read_numbers"]


def read_numbers(path: str | os.PathLike[str], taxonomy: Taxonomy, *columns: str) -> dict[str, float]:
    """The number that a table gives each wnid.

    Comma- or tab-separated, with a header that has ``wnid``, or without one (then the wnid comes first
    and the number second). A wnid without a number is left out. Where the header has ``worker`` too, the
    rows are votes, and the number is their mean; of two votes of a worker on a wnid the later counts.

    Parameters
    ----------
    path
        UTF-8 text; BOM and CRLF are accepted.
    taxonomy
        Says which wnids there are.
    columns
        Names that the number's column may have; with two columns, any name will do.

    Raises
    ------
    InputError
        It cannot be read, a cell is no finite number, or a wnid has two different numbers; names the line.
    MissingColumnError
        There is a header without the wanted column.
    UnknownSynsetError
        A wnid is unknown; names the line.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}.", "Name a UTF-8 CSV file.") from error
    lines = [line for line in text.splitlines() if line.strip()]
    tabs = bool(lines) and "\t" in lines[0]
    rows = csv.reader(io.StringIO(text), delimiter="\t" if tabs else ",")
    numbers: dict[str, float] = {}
    votes: dict[str, dict[str, float]] = {}
    worker: int | None = None
    places: tuple[int, int] | None = None
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if places is None:
            places = _places(cells, columns, str(path))
            if cells[places[0]] == "wnid":
                worker = cells.index("worker") if "worker" in cells else None
                continue
        read = _read(cells, places, taxonomy, where := f"{path}, line {rows.line_num}")
        if read is None:
            continue
        wnid, number = read
        if worker is not None:
            votes.setdefault(wnid, {})[cells[worker] if worker < len(cells) else ""] = number
        elif numbers.setdefault(wnid, number) != number:
            raise InputError(
                f"{where}: {wnid} has the number {numbers[wnid]:g} in an earlier line and {number:g} here.",
                "Keep one of them, or add a column worker if these are votes.",
            )
    if places is None:
        raise InputError(f"{path} is empty.", f"Write the columns wnid,{columns[0]}.")
    means = {wnid: math.fsum(of.values()) / len(of) for wnid, of in votes.items()}
    return numbers | means


def _places(cells: list[str], columns: tuple[str, ...], place: str) -> tuple[int, int]:
    """Columns of the wnid and of the number, from the first row."""
    if "wnid" not in cells:
        if cells[0][:1] in "nx" and cells[0][1:].isdigit() and len(cells) > 1:
            return 0, 1
        raise MissingColumnError(place, "wnid", cells, f"Write the columns wnid,{columns[0]}.")
    named = [cells.index(name) for name in columns if name in cells]
    if named:
        return cells.index("wnid"), named[0]
    if len(cells) == 2:
        return cells.index("wnid"), 1 - cells.index("wnid")
    raise MissingColumnError(place, columns[0], cells, f"Write the columns wnid,{columns[0]}.")


def _read(
    cells: list[str], places: tuple[int, int], taxonomy: Taxonomy, where: str
) -> tuple[str, float] | None:
    """The wnid and the number of a row; None where the number is left empty."""
    if max(places) >= len(cells):
        raise InputError(f"{where}: {','.join(cells)!r} has too few columns.")
    wnid, cell = cells[places[0]], cells[places[1]]
    if wnid not in taxonomy:
        raise taxonomy.unknown(wnid, f"{where}: ")
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where}: {cell!r} is no number.", "Write a number like 1200 or 3.5.")
    return wnid, number
