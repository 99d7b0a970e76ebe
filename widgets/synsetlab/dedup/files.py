"""Finding the pictures in folders and hashing each of them once."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from synsetlab.candidates.decode import decode, looks_like_image
from synsetlab.dedup.dihedral import forms
from synsetlab.dedup.phash import FAST_DRAFT, phashes
from synsetlab.dedup.quality import DESCRIBED, Details, describe
from synsetlab.errors import ImageError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EXTENSIONS", "Failure", "HashedFile", "NotAnImage", "hash_file", "list_files", "shown"]

EXTENSIONS: Final = frozenset(
    {".avif", ".bmp", ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"}
    | {".pgm", ".png", ".pnm", ".ppm", ".svg", ".tif", ".tiff", ".webp"}
)
"""Names that promise a picture: what does not decode under them is a failure, not something else."""

MAX_BYTES: Final = 1 << 29
"""Larger files are refused unread."""


@dataclass(frozen=True, slots=True)
class HashedFile:
    """One file that holds a picture."""

    path: str
    sha256: str
    phash: int
    upright: int
    """Hash of the picture as seen (EXIF turn, transparency); mostly equal to `phash`."""
    width: int
    height: int
    size: int
    format: str
    forms: tuple[int, ...] = ()
    """Hashes of the 8 turned and mirrored forms of the picture as seen; empty unless asked for."""
    details: Details | None = None
    """Only where asked for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One file that should hold a picture and does not decode; or a folder that cannot be listed."""

    path: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class NotAnImage:
    """One file that neither by name nor by content is a picture."""

    path: str


def shown(path: str) -> str:
    r"""The path as text that any output can carry: bytes that are not UTF-8 become ``\xNN``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def list_files(folders: Sequence[str]) -> tuple[list[str], list[str], list[Failure]]:
    """All regular files below `folders`, each once.

    Symbolic links are followed after everything else was seen, and only to what was not: a loop ends,
    and a file is never reported as a duplicate of a link to itself.

    Returns
    -------
    files, others, failures
        Paths (the folder as given, joined with the relative path), sorted; then what is no regular
        file or was seen under another name; then folders that cannot be listed.

    Raises
    ------
    InputError
        A folder does not exist or is not a folder.
    """
    for folder in folders:
        if not Path(folder).is_dir():
            what = "is not a folder" if Path(folder).exists() else "does not exist"
            raise InputError(f"{shown(folder)} {what}.", "Give a folder that holds pictures.")
    walk = _Walk()
    for folder in folders:
        walk.enter(folder)
    walk.follow_links()
    return sorted(walk.files), sorted(walk.others), walk.failures


class _Walk:
    """A walk that remembers the inode of everything it reached."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.others: list[str] = []
        self.failures: list[Failure] = []
        self._links: list[str] = []
        self._folders: set[tuple[int, int]] = set()
        self._targets: set[tuple[int, int]] = set()

    def enter(self, folder: str) -> None:
        """Visit a folder and all below it but for links, which are kept for later."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            try:
                status = Path(here).stat()
                if (status.st_dev, status.st_ino) in self._folders:
                    continue
                self._folders.add((status.st_dev, status.st_ino))
                with os.scandir(here) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                self.failures.append(Failure(here, "unreadable", f"{error.strerror or error}."))
                continue
            for entry in entries:
                if entry.is_symlink():
                    self._links.append(entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    self.files.append(entry.path)
                    self._targets.add((entry.stat().st_dev, entry.inode()))
                else:
                    self.others.append(entry.path)

    def follow_links(self) -> None:
        """Visit what links point to, unless it was reached already."""
        while self._links:
            link = self._links.pop(0)
            try:
                status = Path(link).stat()
            except OSError:  # dangling, or a loop of links
                self.others.append(link)
                continue
            key = (status.st_dev, status.st_ino)
            if stat.S_ISDIR(status.st_mode) and key not in self._folders:
                self.enter(link)
            elif stat.S_ISREG(status.st_mode) and key not in self._targets:
                self._targets.add(key)
                self.files.append(link)
            else:
                self.others.append(link)


def hash_file(
    path: str, *, fast: bool = False, dihedral: bool = False, details: bool = False
) -> HashedFile | Failure | NotAnImage:
    """Read, decode and hash one file; what goes wrong is a value, so that a scan goes on."""
    promised = Path(path).suffix.lower() in EXTENSIONS
    try:
        with Path(path).open("rb") as file:
            head = file.read(64)
            if not promised and not _may_be_image(head):
                return NotAnImage(path)
            size = os.fstat(file.fileno()).st_size
            if size > MAX_BYTES:
                return Failure(path, "too-large", f"{size:,} bytes; the limit is {MAX_BYTES:,}.")
            data = head + file.read()
    except OSError as error:
        return Failure(path, "unreadable", f"{error.strerror or error}.") if promised else NotAnImage(path)
    try:
        picture = decode(data, draft=FAST_DRAFT if fast else None)
        stored, upright = phashes(picture, exact=not fast)
        whole = (picture.width, picture.height)
        turned = forms(picture.image, exact=not fast, size=whole) if dihedral else ()
        seen = decode(data, draft=DESCRIBED, grey=False) if fast and details else picture
        described = describe(seen.image, seen.mean_colour) if details else None
    except ImageError as error:
        if promised or looks_like_image(head):
            return Failure(path, error.reason, error.message)
        return NotAnImage(path)
    return HashedFile(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        phash=stored,
        upright=upright,
        width=picture.width,
        height=picture.height,
        size=len(data),
        format=picture.format,
        forms=turned,
        details=described,
    )


def _may_be_image(head: bytes) -> bool:
    """By content; of weak signatures (BMP, netpbm) only a decoder can tell."""
    return looks_like_image(head) or head[:2] in {b"BM", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"}
