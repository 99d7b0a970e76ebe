"""Walks over a directed acyclic graph that is kept as rows of neighbours (`Csr`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synsetlab.taxonomy.arrays import Csr

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]

__all__ = ["closure", "longest", "merge", "shortest"]


def merge(one: Csr, other: Csr) -> Csr:
    """Union of two graphs on the same nodes, row by row, without repetitions."""
    count = one.start.size - 1
    nodes = np.arange(count, dtype=np.int64)
    keys = np.concatenate([np.repeat(nodes, g.lengths()) * count + g.values for g in (one, other)])
    keys = np.unique(keys)
    return Csr.from_pairs((keys // count).astype(np.int32), (keys % count).astype(np.int32), count)


def closure(graph: Csr) -> Csr:
    """All nodes that can be reached from each node, itself included; rows ascend.

    Pairs one step further apart come from joining the pairs found last with the edges.
    """
    count = graph.start.size - 1
    keys = np.arange(count, dtype=np.int64) * (count + 1)
    found = [keys]
    while keys.size:
        sources, ends = keys // count, keys % count
        steps = np.diff(graph.start)[ends]
        keys = np.unique(np.repeat(sources, steps) * count + graph.rows(ends))
        found.append(keys)
    keys = np.unique(np.concatenate(found))
    start = np.searchsorted(keys, np.arange(count + 1, dtype=np.int64) * count)
    return Csr(start.astype(np.int32), (keys % count).astype(np.int32))


def longest(graph: Csr, back: Csr) -> Ints:
    """Edges of the longest path from each node along `graph` to a node without further edges.

    Nodes are peeled off from the ends inwards; `back` is `graph` reversed.
    """
    left = graph.lengths().copy()
    length: Ints = np.zeros(left.size, np.int32)
    front: npt.NDArray[np.integer] = np.flatnonzero(left == 0)
    step = 0
    while front.size:
        length[front] = step
        before = back.rows(front)
        np.subtract.at(left, before, 1)
        candidates = np.unique(before)
        front = candidates[left[candidates] == 0]
        step += 1
    return length


def shortest(graph: Csr, back: Csr) -> Ints:
    """Edges of the shortest path from each node along `graph` to a node without further edges."""
    length: Ints = np.full(graph.start.size - 1, -1, np.int32)
    front: npt.NDArray[np.integer] = np.flatnonzero(graph.lengths() == 0)
    step = 0
    while front.size:
        length[front] = step
        before = np.unique(back.rows(front))
        front = before[length[before] < 0]
        step += 1
    return length
