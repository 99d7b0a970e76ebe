"""Which synset a folder's name means: ``class=wnid`` pairs, a CSV of them, or folders named by wnid."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["WNID", "parse_pairs", "read_map_file"]

WNID = re.compile(r"n\d{8}")


def parse_pairs(pairs: Iterable[str]) -> dict[str, str]:
    """``["hat=n03497657", ...]`` as a dict.

    Raises
    ------
    InputError
        A pair has no ``=``, or a class is given two synsets.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, wnid = pair.rpartition("=")
        if not equals or not name or not wnid:
            raise InputError(
                f"{pair!r} maps no class to a synset.", "Write --map CLASS=WNID, e.g. --map hat=n03497657"
            )
        if mapping.get(name, wnid) != wnid:
            raise InputError(
                f"The class {name!r} is mapped to {mapping[name]} and to {wnid}.", "Map each class once."
            )
        mapping[name] = wnid
    return mapping


def read_map_file(path: str | Path) -> dict[str, str]:
    """A CSV with the columns ``class`` and ``wnid`` (others are for people) as a dict.

    Raises
    ------
    InputError
        The file cannot be read, or maps a class twice.
    MissingColumnError
        A column is missing.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or [])
            for needed in ("class", "wnid"):
                if needed not in columns:
                    raise MissingColumnError(str(path), needed, columns)
            return parse_pairs(f"{row['class']}={row['wnid']}" for row in reader)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", "Check the path of --map-file."
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}.", "Save it as CSV in UTF-8.") from error
