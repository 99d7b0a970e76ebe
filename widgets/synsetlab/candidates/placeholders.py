"""Pictures that web sites send in place of one that is gone ("no longer available"), by a list of hashes.

The list that comes along is short on purpose: it names files whose bytes are known for certain. Give your
own beside it: a text file with a hash and a name on each line, the hash a SHA-256 (64 hexadecimal digits:
that file and no other) or a perceptual one (16 digits: whatever looks like it, within `DISTANCE` bits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os

__all__ = ["DISTANCE", "KNOWN", "Placeholders", "read_placeholders"]

DISTANCE: Final = 1
"""Bits by which a perceptual hash of the list may differ."""

KNOWN: Final = {
    "9b5936f4006146e4e1e9025b474c02863c0b5614132ad40db4b925a10e8bfbb9": "Imgur: image no longer available",
}
"""SHA-256 of files that are known to stand for a picture that is gone."""

_LINE: Final = re.compile(r"\s*([0-9a-fA-F]{64}|[0-9a-fA-F]{16})(?:[\s,;]+(.*?))?\s*")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Hashes of placeholders and their names."""

    files: dict[str, str] = field(default_factory=KNOWN.copy)
    """Name by SHA-256."""
    looks: dict[int, str] = field(default_factory=dict)
    """Name by perceptual hash (ImageHash's)."""

    def name_of(self, sha256: str, phash: int | None = None) -> str | None:
        """What placeholder a picture is; None for any other."""
        if sha256 in self.files:
            return self.files[sha256]
        if phash is None or not self.looks:
            return None
        near = [(look ^ phash).bit_count() for look in self.looks]
        if min(near) > DISTANCE:
            return None
        return list(self.looks.values())[near.index(min(near))]


def read_placeholders(path: str | os.PathLike[str] | None) -> Placeholders:
    """The list that comes along, and that of a file beside it; lines that begin with # are remarks.

    Raises
    ------
    InputError
        The file cannot be read, or a line does not begin with a hash.
    """
    known = Placeholders()
    if path is None:
        return known
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Give a text file.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise InputError(
                f"{path}, line {number}: {line.strip()!r} does not begin with a hash.",
                "Write a SHA-256 (64 hexadecimal digits) or a perceptual hash (16), then a name.",
            )
        digits, name = found[1].lower(), found[2] or "listed placeholder"
        if len(digits) == 64:
            known.files[digits] = name
        else:
            known.looks[int(digits, 16)] = name
    return known
