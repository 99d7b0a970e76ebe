"""A file of named arrays, written in one step and read by mapping it into memory.

Layout: the magic, the length of the header (8 bytes, little endian), the header (JSON: ``meta`` and,
for every array, its type, length and place), then the arrays, each at a multiple of 64 bytes. Several
processes that open the same file share its pages, and only those that are touched are read.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Ints = npt.NDArray[np.int32]

__all__ = ["Csr", "Texts", "open_arrays", "write_arrays"]

MAGIC = b"SLARRAY1"
_ALIGN = 64
_STALE = 3600
"""Seconds after which a half-written file is taken to have been left."""
_TYPES = ("u1", "<i4")


def write_arrays(path: Path, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write flat uint8 or int32 `arrays` beside `path`, then rename: readers see all or nothing."""
    places: dict[str, tuple[str, int, int]] = {}
    at = 0
    for name, array in arrays.items():
        kind = "u1" if array.dtype == np.uint8 else "<i4"
        if array.ndim != 1 or array.dtype not in (np.uint8, np.int32):
            raise TypeError(f"{name} is {array.dtype} of {array.ndim} dimensions; only flat uint8 and int32")
        places[name] = (kind, int(array.size), at)
        at += -(-array.nbytes // _ALIGN) * _ALIGN
    header = json.dumps({"meta": dict(meta), "arrays": places, "bytes": at}).encode()
    start = len(MAGIC) + 8 + len(header)
    pad = -start % _ALIGN
    header += b" " * pad
    path.parent.mkdir(parents=True, exist_ok=True)
    import tempfile  # noqa: PLC0415 - wanted only here, not by those who read

    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(MAGIC + len(header).to_bytes(8, "little") + header)
            for name, array in arrays.items():
                content = array.astype(places[name][0], copy=False).tobytes()
                file.write(content + b"\0" * (-len(content) % _ALIGN))
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).chmod(0o644)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    _sweep(path)


def _sweep(path: Path) -> None:
    """Remove what writers of `path` left that were killed; younger files may have a writer."""
    for left in path.parent.glob(f".{path.name}-*"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - _STALE:
                left.unlink()


def open_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Map the file at `path`; returns its ``meta`` and read-only arrays.

    Raises
    ------
    OSError
        It cannot be opened.
    ValueError
        It is not such a file, or it is cut short.
    """
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + 8)
        if start[: len(MAGIC)] != MAGIC:
            raise ValueError(f"{path} does not begin as an array file")
        length = int.from_bytes(start[len(MAGIC) :], "little")
        header = json.loads(file.read(length))
        base = len(start) + length
        if os.fstat(file.fileno()).st_size != base + header["bytes"]:
            raise ValueError(f"{path} is cut short")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    arrays = {}
    for name, (kind, size, place) in header["arrays"].items():
        if kind not in _TYPES:
            raise ValueError(f"{path}: array {name} has the type {kind}")
        arrays[name] = np.frombuffer(mapped, dtype=kind, count=size, offset=base + place)
    return header["meta"], arrays


class Csr:
    """Rows of integers of different lengths, end to end: row `i` is ``values[start[i]:start[i+1]]``."""

    __slots__ = ("_start", "_values", "start", "values")

    def __init__(self, start: Ints, values: Ints) -> None:
        self.start = start
        self.values = values
        # Reading single numbers is several times quicker through these.
        self._start = memoryview(start)  # type: ignore[arg-type]  # arrays have the buffer protocol
        self._values = memoryview(values)  # type: ignore[arg-type]  # likewise

    @classmethod
    def from_pairs(cls, rows: Array, values: Array, count: int) -> Csr:
        """Rows 0..count-1 from pairs (row, value); within a row the values ascend."""
        order = np.lexsort((values, rows))
        start = np.zeros(count + 1, np.int32)
        np.cumsum(np.bincount(rows, minlength=count), out=start[1:])
        return cls(start, values[order].astype(np.int32))

    def row(self, i: int) -> Ints:
        """Values of row `i`, a view."""
        return self.values[self.start[i] : self.start[i + 1]]

    def listed(self, i: int) -> list[int]:
        """Values of row `i` as numbers; for short rows."""
        return self._values[self._start[i] : self._start[i + 1]].tolist()

    def rows(self, which: Array) -> Ints:
        """Values of the rows `which`, end to end."""
        first = self.start[which]
        length = self.start[which + 1] - first
        total = int(length.sum())
        # Row by row: each value's place is its row's first place plus its rank within the row.
        rank = np.arange(total, dtype=np.int32) - np.repeat(np.cumsum(length) - length, length)
        taken: Ints = self.values[np.repeat(first, length) + rank]
        return taken

    def lengths(self) -> Ints:
        """Length of every row."""
        return np.diff(self.start)

    def transpose(self, count: int) -> Csr:
        """Rows and values exchanged; `count` rows."""
        rows = np.repeat(np.arange(self.start.size - 1, dtype=np.int32), self.lengths())
        return Csr.from_pairs(self.values, rows, count)


class Texts:
    """Strings end to end in UTF-8, each followed by a newline, with the place where each begins."""

    __slots__ = ("_bytes", "_start", "blob", "start")

    def __init__(self, blob: npt.NDArray[np.uint8], start: Ints) -> None:
        self.blob = blob
        self.start = start
        self._bytes = memoryview(blob)  # type: ignore[arg-type]  # numpy arrays have the buffer protocol
        self._start = memoryview(start)  # type: ignore[arg-type]  # likewise

    @classmethod
    def pack(cls, strings: list[str]) -> Texts:
        """Strings without newlines to one blob."""
        encoded = [string.encode() + b"\n" for string in strings]
        start = np.zeros(len(encoded) + 1, np.int32)
        np.cumsum([len(text) for text in encoded], out=start[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), start)

    def __len__(self) -> int:
        return len(self._start) - 1

    def __getitem__(self, i: int) -> str:
        return bytes(self._bytes[self._start[i] : self._start[i + 1] - 1]).decode()

    def encoded(self, i: int) -> bytes:
        """String `i` as UTF-8."""
        return bytes(self._bytes[self._start[i] : self._start[i + 1] - 1])

    def lengths(self) -> Ints:
        """Bytes of every string."""
        return np.diff(self.start) - np.int32(1)

    def first_at_least(self, key: bytes) -> int:
        """In sorted strings: how many stand before `key`."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.encoded(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, key: str) -> int:
        """In sorted strings: the place of `key`, or -1."""
        encoded = key.encode()
        place = self.first_at_least(encoded)
        return place if place < len(self) and self.encoded(place) == encoded else -1

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """In sorted strings: places ``[low, high)`` of those that begin with `prefix`."""
        encoded = prefix.encode()
        return self.first_at_least(encoded), self.first_at_least(encoded + b"\xff")
