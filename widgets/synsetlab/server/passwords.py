"""Passwords: hashed with Argon2id, guessed slowly."""

from __future__ import annotations

import math
import time
import unicodedata
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from synsetlab.errors import InputError
from synsetlab.store.names import same_name

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SHORTEST", "Guess", "Throttle", "Throttles", "check_password", "hash_password", "strengthen"]

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
    """Counts attempts of each key within a stretch of time; too many, and the key has to wait.

    An attempt is counted before it is made, and given back if it succeeds: of many at once each would
    else find that nobody had failed yet.

    Parameters
    ----------
    free
        Attempts within `seconds` that cost nothing.
    seconds
        How long an attempt is remembered.
    """

    KEYS = 10_000

    def __init__(
        self, free: int = 5, seconds: float = 900.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = free
        self._seconds = seconds
        self._clock = clock
        self._attempts: dict[str, deque[float]] = {}

    def wait(self, key: str) -> int:
        """Seconds until `key` may try again, 0 for now; each attempt beyond `free` doubles them."""
        now = self._clock()
        attempts = self._attempts.get(key)
        while attempts and now - attempts[0] > self._seconds:
            attempts.popleft()
        if not attempts:
            self._attempts.pop(key, None)
            return 0
        if len(attempts) < self._free:
            return 0
        pause = min(FIRST_PAUSE_S * 2.0 ** (len(attempts) - self._free), self._seconds)
        return max(0, math.ceil(attempts[-1] + pause - now))

    def take(self, key: str) -> None:
        """Count an attempt of `key`, that begins."""
        if key not in self._attempts and len(self._attempts) >= self.KEYS:
            self._attempts.pop(next(iter(self._attempts)))
        self._attempts.setdefault(key, deque(maxlen=self._free + 16)).append(self._clock())

    def give_back(self, key: str) -> None:
        """Do not count one attempt of `key`: it was none that should cost anything."""
        if self._attempts.get(key):
            self._attempts[key].pop()

    def forget(self, key: str) -> None:
        """Someone with this key knew the password."""
        self._attempts.pop(key, None)


class Throttles(NamedTuple):
    """What slows down who guesses passwords."""

    pair: Throttle
    """By name and address: who guesses shuts out themselves, not the person of that name."""
    name: Throttle
    """By name, for who guesses from many addresses."""
    crowd: Throttle
    """By address, behind which many people may be."""


class Guess:
    """One attempt to know a password.

    Parameters
    ----------
    throttles
        Those of the server.
    name
        Whose password, as `same_name` gives it.
    client
        From which address.
    """

    def __init__(self, throttles: Throttles, name: str, client: str) -> None:
        pair = f"{name} from {client}"
        self._counted = tuple(zip(throttles, (pair, name, client), strict=True))

    def begin(self) -> int:
        """Seconds that it has to wait, and is not made; 0: it is counted, and may be made."""
        wait = max(throttle.wait(key) for throttle, key in self._counted)
        if not wait:
            for throttle, key in self._counted:
                throttle.take(key)
        return wait

    def was_right(self) -> None:
        """Count it no longer, nor what failed before from there."""
        (pair, key), *others = self._counted
        pair.forget(key)
        for throttle, other in others:
            throttle.give_back(other)
