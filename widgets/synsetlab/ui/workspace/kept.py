"""Answers that took a while, kept until something changes, or a little longer where making them is slow."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from synsetlab.store.workspace import Workspace

    T = TypeVar("T")

__all__ = ["Kept"]

SLOW_S: Final = 0.5
KEPT: Final = 10.0
"""What took longer than `SLOW_S` is given again for so many times as long as it took, whatever changed."""


class _Answer(NamedTuple):
    version: tuple[Any, ...]
    until: float
    value: Any


class Kept:
    """Shared by all who look at one workspace; whoever asks for what is being made waits for it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._mutex = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._answers: dict[str, _Answer] = {}

    def get(self, name: str, make: Callable[[], T]) -> T:
        """What `make` returns, or returned before."""
        with self._mutex:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            kept = self._answers.get(name)
            began = time.monotonic()
            version = self._workspace.totals.version()
            if kept is None or (kept.version != version and began >= kept.until):
                value = make()
                ended = time.monotonic()
                longer = KEPT * (ended - began) if ended - began > SLOW_S else 0.0
                kept = self._answers[name] = _Answer(version, ended + longer, value)
            return kept.value  # type: ignore[no-any-return]
