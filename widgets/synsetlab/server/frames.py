"""Messages of the websocket protocol ``v1.kernel.websocket.jupyter.org``, checked before they are read.

A message is a count of places, the places (8 bytes each, little-endian) and the parts that lie between
them: channel, header, parent header, metadata, content, and buffers. Source: Jupyter Server's
documentation, "WebSocket kernel wire protocols".
"""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["PROTOCOL", "Asked", "asked"]

PROTOCOL = "v1.kernel.websocket.jupyter.org"
FEWEST, MOST = 6, 64
"""Places of a message without buffers; and of one with as many as any widget of ours sends, and more."""
PLACE = 8
HEADER, CONTENT = 1, 4


class Asked(NamedTuple):
    """What a page's message is about."""

    kind: str
    """Type of the message, ``comm_msg`` for example."""
    target: object
    """Which kind of comm it wants to open, if it does."""


def asked(message: bytes) -> Asked:
    """Read what a message asks for; its cost does not depend on what the message says of itself.

    Raises
    ------
    ValueError
        It is no message of the protocol.
    """
    parts = _parts(message)
    parts[0].decode()
    header, content = _mapping(parts[HEADER]), _mapping(parts[CONTENT])
    kind = header.get("msg_type")
    if not isinstance(kind, str):
        raise ValueError("the header names no type")
    return Asked(kind, content.get("target_name"))


def _parts(message: bytes) -> list[bytes]:
    count = int.from_bytes(message[:PLACE], "little")
    if not FEWEST <= count <= MOST or len(message) < PLACE * (count + 1):
        raise ValueError(f"{count} places in {len(message)} bytes")
    places = struct.unpack_from(f"<{count}Q", message, PLACE)
    if list(places) != sorted(places) or places[-1] > len(message):
        raise ValueError("the places do not ascend within the message")
    return [message[start:end] for start, end in pairwise(places)]


def _mapping(part: bytes) -> dict[str, Any]:
    found = json.loads(part)
    if not isinstance(found, dict):
        raise ValueError("a part is no mapping")
    return found
