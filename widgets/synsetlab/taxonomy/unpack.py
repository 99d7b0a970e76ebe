"""Take named files out of a zip, a tar or a Debian package, whatever folders they stand in there."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from synsetlab.errors import WordNetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["unpack"]

_AR = b"!<arch>\n"
_AR_HEADER = 60
_LARGEST = 200 * 2**20
"""Bytes of one file above which an archive is no WordNet (its largest file has 15 MB)."""


def unpack(archive: Path, folder: Path, names: Collection[str]) -> None:
    """Write those files of `archive` whose last name is in `names` flat into `folder`.

    The files must stand beside ``data.noun``; names inside the archive never choose a place on disk.

    Raises
    ------
    WordNetError
        `archive` is of no known kind, damaged, or has no ``data.noun``.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                _take({i.filename: i.file_size for i in opened.infolist()}, opened.open, folder, names)
        elif archive.read_bytes()[: len(_AR)] == _AR:
            with tarfile.open(fileobj=io.BytesIO(_debian_data(archive))) as tar:
                _take_tar(tar, folder, names)
        else:
            with tarfile.open(archive) as tar:
                _take_tar(tar, folder, names)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise WordNetError(
            f"{archive} is no readable zip, tar or Debian package: {error}.",
            "Name a folder, zip or tar that holds WordNet 3.0.",
        ) from error


def _take_tar(tar: tarfile.TarFile, folder: Path, names: Collection[str]) -> None:
    members = {member.name: member for member in tar.getmembers() if member.isfile()}

    def read(name: str) -> IO[bytes]:
        opened = tar.extractfile(members[name])
        assert opened is not None  # only files were listed
        return opened

    _take({name: member.size for name, member in members.items()}, read, folder, names)


def _take(
    sizes: dict[str, int], read: Callable[[str], IO[bytes]], folder: Path, names: Collection[str]
) -> None:
    homes = [path.parent for path in map(PurePosixPath, sizes) if path.name == "data.noun"]
    if not homes:
        raise WordNetError(
            "The archive holds no WordNet: there is no data.noun in it.",
            "Name a folder, zip or tar that holds WordNet 3.0.",
        )
    for name, size in sizes.items():
        path = PurePosixPath(name)
        if path.parent == homes[0] and path.name in names and size <= _LARGEST:
            with read(name) as source, (folder / path.name).open("wb") as target:
                shutil.copyfileobj(source, target)


def _debian_data(package: Path) -> bytes:
    """The ``data.tar.*`` of a Debian package, an ar archive: see deb(5) and ar(5)."""
    content = package.read_bytes()
    place = len(_AR)
    while place + _AR_HEADER <= len(content):
        header = content[place : place + _AR_HEADER]
        name, size = header[:16].decode("ascii", "replace").strip().rstrip("/"), header[48:58]
        if not size.strip().isdigit():
            break
        start = place + _AR_HEADER
        if name.startswith("data.tar"):
            return content[start : start + int(size)]
        place = start + int(size) + int(size) % 2
    raise WordNetError(
        f"{package} is a damaged Debian package: it has no data.tar.", "Download the package again."
    )
