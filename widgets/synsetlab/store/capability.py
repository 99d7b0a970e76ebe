"""What a kernel is given instead of the database: who it may act for, in which role, and until when.

A capability is signed with a key that only the workspace and its server have. It is no secret of
the database: with it one may ask the writer, and the writer does only what its role allows, only
in its own name. It ends after minutes; the writer gives another one while the account is in order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from synsetlab.errors import NotAllowedError

__all__ = ["LIFETIME_S", "Capability", "capability_key", "issue"]

LIFETIME_S = 600.0
"""How long a capability holds, in seconds."""


@dataclass(frozen=True, slots=True)
class Capability:
    """Whom it stands for."""

    annotator: str
    role: str
    """``viewer``, ``annotator``, ``expert``, ``curator`` or ``admin``."""
    expires_at: float
    """Seconds since 1970."""
    epoch: int = 0
    """Of the account when it was given; signing out everywhere counts that up, and ends renewal."""

    def signed(self, key: bytes) -> str:
        """As text that cannot be changed without the key."""
        body = json.dumps([self.annotator, self.role, self.expires_at, self.epoch]).encode()
        return f"{_text(body)}.{_text(_signature(body, key))}"

    @classmethod
    def read(cls, token: str, key: bytes, *, now: float | None = None) -> Capability:
        """The capability that `token` is.

        Raises
        ------
        NotAllowedError
            It was not signed with this key, or has ended.
        """
        body, _, signature = token.partition(".")
        try:
            data, given = _bytes(body), _bytes(signature)
        except (ValueError, binascii.Error):
            data = given = b""
        if not hmac.compare_digest(_signature(data, key), given):
            raise NotAllowedError("This capability was not given by the server.", "Reload the page.")
        found = cls(*json.loads(data))
        found.check(now)
        return found

    def check(self, now: float | None = None) -> None:
        """Raise NotAllowedError if it has ended."""
        if self.expires_at <= (time.time() if now is None else now):
            raise NotAllowedError(f"The session of {self.annotator} has ended.", "Reload the page.")


def capability_key(secret: str) -> bytes:
    """The signing key of a workspace, from its setting ``secret``."""
    return hmac.digest(bytes.fromhex(secret), b"synsetlab capability", hashlib.sha256)


def issue(secret: str, annotator: str, role: str, *, epoch: int = 0, seconds: float = LIFETIME_S) -> str:
    """A signed capability for `annotator` that ends in so many seconds."""
    return Capability(annotator, role, time.time() + seconds, epoch).signed(capability_key(secret))


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
