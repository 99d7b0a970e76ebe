"""Tar files whose bytes depend on names and contents alone, with their SHA-256 in the same pass."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["TarFile", "member_end", "pack"]

BLOCK = tarfile.BLOCKSIZE
CHUNK = 1 << 20


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o644
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


class TarFile:
    """Writes members one after another; no owner, no time.

    Parameters
    ----------
    file
        Opened for writing in binary; members go where it stands.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._written = file.tell()

    def add(self, name: str, data: bytes) -> None:
        """Write a member."""
        self._put(_header(name, len(data)))
        self._put(data)
        self._put(bytes(-len(data) % BLOCK))

    def add_file(self, name: str, file: Path) -> None:
        """Write a member that is a file."""
        size = file.stat().st_size
        self._put(_header(name, size))
        with file.open("rb") as source:
            while chunk := source.read(CHUNK):
                self._put(chunk)
        self._put(bytes(-size % BLOCK))

    def close(self) -> str:
        """Write the end; returns the SHA-256 of what was written, in hex."""
        self._put(bytes(2 * BLOCK))
        self._put(bytes(-self._written % tarfile.RECORDSIZE))
        return self._digest.hexdigest()

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._written += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()


def member_end(file: BinaryIO, start: int, name: str) -> int | None:
    """Where the member `name` that begins at `start` ends; None if it is not there whole."""
    file.seek(0, 2)
    length = file.tell()
    file.seek(start)
    try:
        info = tarfile.TarInfo.frombuf(file.read(BLOCK), "utf-8", "strict")
    except tarfile.HeaderError:
        return None
    end = start + BLOCK + info.size + (-info.size % BLOCK)
    return end if info.name == name and end <= length else None


def pack(members: dict[str, bytes], file: Path) -> None:
    """Write a ``tar.gz``."""
    import gzip  # noqa: PLC0415 - only devkits are packed
    import io  # noqa: PLC0415

    plain = io.BytesIO()
    with TarFile(plain) as tar:
        for name, data in members.items():
            tar.add(name, data)
    plain.seek(0)
    with file.open("wb") as out, gzip.GzipFile("", "wb", mtime=0, fileobj=out) as zipped:
        shutil.copyfileobj(plain, zipped)
