"""What the writer and its kernels say to each other: JSON after its length, times and numbered keys kept."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synsetlab.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGEST", "Incoming", "pack"]

LENGTH = struct.Struct("!I")
LARGEST = 256 * 1024 * 1024
"""Bytes of a message, above which the other side is not one of ours."""
TIME, PAIRS = "$time", "$pairs"
_SCALARS = {str, int, float, bool, type(None)}


def pack(message: Any) -> bytes:
    """A message as it travels."""
    body = json.dumps(_plain(message), separators=(",", ":"), default=_time_out).encode()
    return LENGTH.pack(len(body)) + body


class Incoming:
    """Bytes come in, whole messages go out; ``largest`` is what a message may have."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._bytes = bytearray()
        self.largest = largest

    def feed(self, data: bytes) -> Iterator[Any]:
        """The messages that are whole with `data`.

        Raises
        ------
        WorkspaceError
            A message is longer than any of ours, or none of ours.
        """
        self._bytes += data
        while len(self._bytes) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._bytes)
            if length > self.largest:
                raise WorkspaceError(f"A message of {length:,} bytes came to the writer's socket.")
            end = LENGTH.size + length
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[LENGTH.size : end])
            del self._bytes[:end]
            try:
                yield json.loads(body, object_hook=_restored)
            except ValueError as error:
                raise WorkspaceError("What came to the writer's socket is no message of ours.") from error


def _plain(value: Any) -> Any:
    """`value` with dicts whose keys are not texts as pairs, for JSON would make texts of them."""
    if isinstance(value, dict):
        if all(type(key) is str for key in value):
            # Most are scalars: votes come by the thousand, and a call for each takes longer than JSON does.
            return {key: held if type(held) in _SCALARS else _plain(held) for key, held in value.items()}
        return {PAIRS: [[key, _plain(held)] for key, held in value.items()]}
    if isinstance(value, list | tuple):
        return [held if type(held) in _SCALARS else _plain(held) for held in value]
    if isinstance(value, set | frozenset):
        return [_plain(held) for held in sorted(value)]
    return value


def _time_out(value: Any) -> Any:
    if isinstance(value, datetime):
        return {TIME: value.isoformat()}
    raise TypeError(f"{type(value).__name__} cannot be sent to the writer: {value!r:.80}")


def _restored(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        if TIME in found:
            return datetime.fromisoformat(found[TIME])
        if PAIRS in found:
            return dict(found[PAIRS])
    return found
