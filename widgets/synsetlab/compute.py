"""One way to run a function over many items: here, in a pool of processes, or on Dask.

The rest of the package never names an executor; it asks :func:`map_ordered` and gets the results
in the order of the items, whatever ran them.
"""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import os
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from synsetlab.errors import SynsetlabError

__all__ = ["available_cores", "map_on_dask", "map_ordered"]

Item = TypeVar("Item")
Result = TypeVar("Result")

FEW_ITEMS = 200
"""Fewer items than this stay in this process unless workers are asked for: a pool takes a second to start."""


def available_cores() -> int:
    """Cores that this process may use, which a container or ``taskset`` can make fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_ordered(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int | None = None,
    progress: Callable[..., Iterable[Result]] | None = None,
    chunk: int = 16,
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order, as results become ready.

    Parameters
    ----------
    function
        With more than one worker it must be importable (defined at the top of a module).
    items
        Taken lazily: no more than a few chunks a worker are in flight.
    workers
        Processes; 1 stays in this one; None takes every available core, or this process for few items.
    progress
        Wraps the results and counts them, called as ``tqdm(results, total=n)``.
    chunk
        Items sent to a process at a time.

    Raises
    ------
    SynsetlabError
        A worker process died (killed, or out of memory). What `function` raises comes through as it is;
        on any error, and when the caller stops early or interrupts, work not yet begun is dropped.
    """
    total = len(items) if isinstance(items, Sized) else None
    if workers is None:
        workers = 1 if total is not None and total < FEW_ITEMS else available_cores()
    if workers <= 1:
        results: Iterable[Result] = (function(item) for item in items)
    else:
        results = _pooled(function, items, workers, chunk)
    yield from progress(results, total=total) if progress is not None else results


def _pooled(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, chunk: int
) -> Iterator[Result]:
    run = functools.partial(_run_chunk, function)
    chunks = _chunks(items, chunk)
    # Forking a process that has threads (a kernel, a server) can deadlock the child; these two cannot.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)
    waiting: deque[Future[list[Result]]] = deque()
    try:
        waiting.extend(pool.submit(run, part) for part in itertools.islice(chunks, 3 * workers))
        while waiting:
            ready = waiting.popleft().result()
            waiting.extend(pool.submit(run, part) for part in itertools.islice(chunks, 1))
            yield from ready
    except OSError as error:
        if "AF_UNIX path too long" not in str(error):
            raise
        raise SynsetlabError(
            f"There can be no worker processes: {tempfile.gettempdir()} is too long a path for a socket.",
            "Set TMPDIR to a folder with a shorter path, or use one worker.",
        ) from error
    except BrokenProcessPool as error:
        raise SynsetlabError(
            f"One of {workers} worker processes died.",
            "It was killed, ran out of memory, or could not import your script: try with one worker, "
            "or call this from below `if __name__ == '__main__':`.",
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while part := list(itertools.islice(source, size)):
        yield part


def _run_chunk(function: Callable[[Item], Result], part: list[Item]) -> list[Result]:
    return [function(item) for item in part]


def _ignore_interrupts() -> None:
    # Ctrl-C reaches the whole process group; the parent alone decides what stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def map_on_dask(
    function: Callable[[Item], Result], items: Iterable[Item], client: Any = None
) -> Iterator[Result]:
    """``function(item)`` for each item, in order, on Dask.

    Parameters
    ----------
    function
        Sent once to each worker with what it holds; an array that is a memory map on a folder that all
        workers see costs nothing to send.
    items
        All are submitted at once.
    client
        A ``dask.distributed.Client``; without one, Dask's threads in this process.

    Raises
    ------
    SynsetlabError
        Dask is not installed.
    """
    try:
        import dask  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - an extra of this alone
    except ImportError as error:
        raise SynsetlabError(
            "Dask is not installed.", 'Install it with: pip install "dask[distributed]"'
        ) from error
    shared: Any = dask.delayed(function, pure=False)  # type: ignore[attr-defined,unused-ignore]
    tasks = [shared(item) for item in items]
    if client is None:
        compute: Any = dask.compute  # type: ignore[attr-defined,unused-ignore]
        yield from compute(*tasks, scheduler="threads")
    else:
        yield from client.gather(client.compute(tasks))
