"""Lists of wnids in files: one a line, a column of a table, or a saved selection."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError
from synsetlab.taxonomy.wnids import number_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["read_column", "read_rows", "read_text", "read_wnids"]

_SHOWN = 4


def read_text(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The name for messages and the text of a UTF-8 file with or without BOM; ``-`` is stdin.

    Raises
    ------
    InputError
        The file cannot be read as text.
    """
    place = "stdin" if str(path) == "-" else str(path)
    try:
        text = sys.stdin.read() if str(path) == "-" else Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{place} cannot be read as text: {error}.", "Name a UTF-8 text file.") from error
    return place, text.removeprefix("\ufeff")


def read_wnids(path: str | os.PathLike[str], taxonomy: Taxonomy, *, repetitions: bool = False) -> list[str]:
    """The wnids of a file in their order; each once, or with `repetitions` as often as it stands there.

    One wnid a line, perhaps after a number (``490 n01751748``); empty lines and lines that begin with ``#``
    are left out, and so is what follows the wnid after white space or a comma (``words.txt`` of ImageNet:
    wnid, tab, lemmas), unless that is nothing but further wnids. Or a comma- or tab-separated table whose
    header has ``wnid``; or a saved selection; or a JSON list. ``-`` is stdin.

    Raises
    ------
    InputError
        The file cannot be read as text or lists nothing.
    UnknownSynsetError
        It names something that is no noun synset of WordNet 3.0; the message says where, and where else.
    """
    place, text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        listed = _from_json(text, place)
    else:
        listed = _from_table(text, place) or _from_lines(text)
    if not listed:
        raise InputError(f"{place} lists no wnids.", "Write one wnid a line, like n02084071.")
    wrong = [(where, wnid) for where, wnid in listed if wnid not in taxonomy]
    if wrong:
        raise _unknown(wrong, len(listed), place, taxonomy)
    wnids = [wnid for _, wnid in listed]
    return wnids if repetitions else list(dict.fromkeys(wnids))


def _unknown(
    wrong: Sequence[tuple[str, str]], count: int, place: str, taxonomy: Taxonomy
) -> UnknownSynsetError:
    """The error for what a list of `count` names wrongly: the first with its remedy, some more by place."""
    (where, wnid), *others = wrong
    error = taxonomy.unknown(wnid, f"{place}, {where}: ")
    if not others:
        return error
    named = ", ".join(f"{at} {other!r:.40}" for at, other in others[:_SHOWN])
    more = f" and {len(others) - _SHOWN:,} more" if len(others) > _SHOWN else ""
    return UnknownSynsetError(
        f"{error.message} {len(wrong):,} of {count:,} are unknown; the others: {named}{more}.", error.remedy
    )


def _from_lines(text: str) -> list[tuple[str, str]]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    return [
        (f"line {number}", wnid)
        for number, line in lines
        if line and line[0] != "#" and line.strip(", ")
        for wnid in _wnids_of(line.replace(",", " ").split())
    ]


def _wnids_of(words: list[str]) -> list[str]:
    """The wnid of a line, or all words of a line of nothing but wnids."""
    if len(words) > 1 and words[0].isdecimal() and words[1][:1] in "nx":
        words = words[1:]
    return words if all(number_of(word) >= 0 for word in words) else words[:1]


def _from_table(text: str, place: str) -> list[tuple[str, str]]:
    """Cells of the column ``wnid``; none if the first row does not name it."""
    first = next((line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"), "")
    names = [name.strip(' "').lower() for name in first.replace("\t", ",").split(",")]
    return read_column(text, place, "wnid") if "wnid" in names else []


def read_column(text: str, place: str, column: str) -> list[tuple[str, str]]:
    """Cells of a column of a comma- or tab-separated table with a header, each with where it stands.

    The case of the header does not matter.

    Raises
    ------
    InputError
        A cell is empty, or the text is no such table.
    MissingColumnError
        There is no such column.
    """
    found = []
    for where, row in _rows(text, place, (column,)):
        cell = row[column.lower()].strip()
        if not cell:
            raise InputError(f"{place}, {where}: the column {column} is empty.", "Fill it in.")
        found.append((where, cell))
    return found


def read_rows(path: str | os.PathLike[str], columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a comma- or tab-separated table by column, each with where it stands.

    Names of columns come in lower case; a cell that is not there is empty.

    Raises
    ------
    InputError
        The file cannot be read as such a table.
    MissingColumnError
        One of `columns` is not there.
    """
    place, text = read_text(path)
    return _rows(text, place, columns)


def _rows(text: str, place: str, columns: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    first = next((line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"), "")
    rows = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in first else ",")
    names: list[str] = []
    try:
        for row in rows:
            if not any(cell.strip() for cell in row) or row[0].lstrip().startswith("#"):
                continue
            if names:
                cells = [*row, *[""] * (len(names) - len(row))]
                yield f"line {rows.line_num}", dict(zip(names, cells, strict=False))
                continue
            names = [cell.strip().lower() for cell in row]
            for column in columns:
                if column.lower() not in names:
                    raise MissingColumnError(place, column, [cell.strip() for cell in row])
    except csv.Error as error:
        raise InputError(f"{place}, line {rows.line_num}: {error}.", "Write a CSV file.") from error


def _from_json(text: str, place: str) -> list[tuple[str, str]]:
    """A list, the ``wnids`` or ``results`` of an object, or a class index (``{"0": ["n...", name]}``)."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"{place} begins as JSON and is none: {error}.", "Write one wnid a line.") from error
    if isinstance(value, dict):
        inside = value.get("wnids", value.get("results"))
        if inside is None and value and all(key.isdigit() for key in value):
            inside = [value[key] for key in sorted(value, key=int)]
        value = inside
    if not isinstance(value, list):
        raise InputError(f"{place} has no list of wnids.", 'Write ["n02084071", ...] or one wnid a line.')
    found = []
    for number, entry in enumerate(value, start=1):
        wnid = entry.get("wnid") if isinstance(entry, dict) else entry
        wnid = wnid[0] if isinstance(wnid, list) and wnid else wnid
        found.append((f"entry {number}", str(wnid)))
    return found
