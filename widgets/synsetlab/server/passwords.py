"""Passwords: hashed with Argon2id, guessed slowly."""

from __future__ import annotations

import math
import time
import unicodedata
from collections import deque
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from synsetlab.errors import InputError
from synsetlab.store.names import same_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SHORTEST", "Throttle", "check_password", "hash_password", "strengthen"]

SHORTEST = 10
LONGEST = 256
FEW_CHARACTERS = 4
FIRST_PAUSE_S = 5.0

_hasher = PasswordHasher()
"""RFC 9106's second recommendation: 64 MiB, three passes."""


def hash_password(password: str, name: str) -> str:
    """The Argon2id hash of a new password for the person called `name`.

    Raises
    ------
    InputError
        It is shorter than `SHORTEST`, very long, or easy to guess.
    """
    text = unicodedata.normalize("NFC", password)
    if len(text) < SHORTEST:
        raise InputError(
            f"A password has at least {SHORTEST} characters; three or four words are easy to keep."
        )
    if len(text) > LONGEST:
        raise InputError(f"A password has at most {LONGEST} characters.")
    if len(set(text)) < FEW_CHARACTERS or same_name(name) in same_name(text):
        raise InputError(
            "This password is easy to guess.", "Choose one without your name and with more letters."
        )
    return _hasher.hash(text)


def check_password(kept: str | None, password: str) -> bool:
    """Whether `password` is the one whose hash is `kept`; takes as long where there is none."""
    text = unicodedata.normalize("NFC", password)[: LONGEST + 1]
    try:
        _hasher.verify(kept or _nobody(), text)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def strengthen(kept: str, password: str) -> str | None:
    """Another hash of the same password, where `kept` was made with weaker settings than today's."""
    if not _hasher.check_needs_rehash(kept):
        return None
    return _hasher.hash(unicodedata.normalize("NFC", password))


def _nobody() -> str:
    if not _made_up:
        _made_up.append(_hasher.hash("nobody has this password"))
    return _made_up[0]


_made_up: list[str] = []


class Throttle:
    """Counts failures of each key within a stretch of time; too many, and the key has to wait.

    Parameters
    ----------
    free
        Failures within `seconds` that cost nothing.
    seconds
        How long a failure is remembered.
    """

    KEYS = 10_000

    def __init__(
        self, free: int = 5, seconds: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = free
        self._seconds = seconds
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}

    def wait(self, key: str) -> int:
        """Seconds until `key` may try again, 0 for now; each failure beyond `free` doubles them."""
        now = self._clock()
        failures = self._failures.get(key)
        while failures and now - failures[0] > self._seconds:
            failures.popleft()
        if not failures:
            self._failures.pop(key, None)
            return 0
        if len(failures) < self._free:
            return 0
        pause = min(FIRST_PAUSE_S * 2.0 ** (len(failures) - self._free), self._seconds)
        return max(0, math.ceil(failures[-1] + pause - now))

    def failed(self, key: str) -> None:
        """Remember a failure of `key`."""
        if key not in self._failures and len(self._failures) >= self.KEYS:
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(key, deque(maxlen=self._free + 16)).append(self._clock())

    def forget(self, key: str) -> None:
        """Someone with this key knew the password."""
        self._failures.pop(key, None)
