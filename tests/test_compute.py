from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from synsetlab.compute import available_cores, map_ordered
from synsetlab.errors import SynsetlabError

if TYPE_CHECKING:
    from pathlib import Path

# Builtins, because a worker imports what it runs, and this file is not importable there.


@pytest.mark.parametrize("workers", [1, 2])
def test_order_is_kept(workers: int) -> None:
    want = [float(number) for number in range(100)]
    assert list(map_ordered(math.sqrt, [x * x for x in want], workers=workers, chunk=3)) == want
    assert list(map_ordered(math.sqrt, iter([]), workers=workers)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_items_are_taken_lazily_and_stopping_early_is_clean(workers: int) -> None:
    taken = itertools.count()
    results = map_ordered(math.sqrt, (next(taken) for _ in range(10_000)), workers=workers, chunk=2)
    assert isinstance(results, Generator)
    assert [next(results) for _ in range(5)][::4] == [0, 2]
    results.close()
    assert next(taken) < 100


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_come_through(workers: int) -> None:
    results = map_ordered(math.sqrt, [1, 4, -1, 9], workers=workers, chunk=1)
    assert list(itertools.islice(results, 2)) == [1, 2]
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        next(results)


def test_a_temporary_folder_with_a_long_path_is_named(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    script = "import math, synsetlab.compute as c; list(c.map_ordered(math.sqrt, [1, 4], workers=2))"
    command = [sys.executable, "-c", script]
    env = {**os.environ, "TMPDIR": str(long)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{long} is too long a path" in done.stderr
    assert "Set TMPDIR to a folder with a shorter path" in done.stderr


def test_a_dead_worker_is_named() -> None:
    with pytest.raises(SynsetlabError, match="worker processes died"):
        list(map_ordered(os._exit, [3] * 8, workers=2, chunk=1))


def test_progress_wraps_the_results() -> None:
    seen: list[object] = []

    def bar(results: Iterable[float], total: int | None = None) -> Iterator[float]:
        seen.append(total)
        yield from results

    assert list(map_ordered(math.sqrt, [1, 4, 9], progress=bar)) == [1, 2, 3]
    assert list(map_ordered(math.sqrt, iter([1, 4, 9]), workers=1, progress=bar)) == [1, 2, 3]
    assert seen == [3, None]


def test_cores() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
