"""Random-looking numbers that depend on the votes, not on their order or on what people are called.

What is drawn with them (folds, starts, samples) stays the same when votes are shuffled, and when
workers or classes are renamed.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["mix", "task_hash", "vote_hash", "worker_hash"]


def task_hash(votes: Votes) -> NDArray[np.uint64]:
    """A random-looking number by task that depends on its name alone; uint64 of shape (T,)."""
    names = votes.tasks.tolist()
    return mix(np.fromiter((zlib.crc32(str(name).encode()) for name in names), np.uint64, len(names)))


def mix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014): every bit of 64 depends on all."""
    with np.errstate(over="ignore"):
        value = value + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def vote_hash(votes: Votes) -> NDArray[np.uint64]:
    """By vote: on which task, agreeing with how many; uint64 of shape (n,)."""
    key = votes.task * votes.n_answers + votes.answer
    _, place, same = np.unique(key, return_inverse=True, return_counts=True)
    with np.errstate(over="ignore"):
        return mix(task_hash(votes)[votes.task] + same[place].astype(np.uint64))


def worker_hash(votes: Votes) -> NDArray[np.uint64]:
    """By worker: the sum over the votes; equal only for workers who cannot be told apart by it."""
    found = np.zeros(votes.n_workers, dtype=np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(found, votes.worker, vote_hash(votes))
    return found
