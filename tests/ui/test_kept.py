"""What was worked out is given again while nothing changed, and made once for all who ask."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from synsetlab.ui.workspace import kept as module
from synsetlab.ui.workspace.kept import Kept


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def workspace_at(version: list[int]) -> Any:
    return SimpleNamespace(totals=SimpleNamespace(version=lambda: tuple(version)))


def test_an_answer_holds_until_something_changes(clock: Clock) -> None:
    version = [1]
    kept, calls = Kept(workspace_at(version)), iter(range(9))
    assert [kept.get("a", lambda: next(calls)) for _ in range(3)] == [0, 0, 0]
    assert kept.get("b", lambda: next(calls)) == 1
    version[0] = 2
    assert kept.get("a", lambda: next(calls)) == 2


def test_what_is_slow_holds_for_ten_times_as_long_as_it_took(clock: Clock) -> None:
    version = [1]
    kept, calls = Kept(workspace_at(version)), iter(range(9))

    def slow() -> int:
        clock.now += 2.0
        return next(calls)

    assert kept.get("a", slow) == 0
    version[0] = 2
    clock.now += 19.9
    assert kept.get("a", slow) == 0
    clock.now += 0.2
    assert kept.get("a", slow) == 1


def test_whoever_asks_meanwhile_waits_for_the_same_answer_and_a_failure_is_not_kept() -> None:
    kept = Kept(workspace_at([1]))
    going, may_end = threading.Event(), threading.Event()
    found: list[int] = []

    def make() -> int:
        going.set()
        assert may_end.wait(30)
        return 7

    def never() -> int:
        raise AssertionError("made twice")

    first = threading.Thread(target=lambda: found.append(kept.get("a", make)))
    first.start()
    assert going.wait(30)
    second = threading.Thread(target=lambda: found.append(kept.get("a", never)))
    second.start()
    may_end.set()
    for thread in (first, second):
        thread.join()
    assert found == [7, 7]
    with pytest.raises(AssertionError, match="made twice"):
        kept.get("b", never)
    assert kept.get("b", lambda: 3) == 3
