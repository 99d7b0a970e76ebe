"""Lowest common ancestors of many pairs at once.

Most pairs meet at one of few synsets near the root. The most frequent ancestors have a bit each, in the
order of their rank, and all others share bits of a second signature. Where the second signatures of a pair
have nothing in common, the first common bit of the first is the answer; a few machine words a pair.

For the other pairs SciPy multiplies sparse rows element by element by merging their sorted columns in
compiled code; rows of a closure times rows of the same closure that carry a rank give every common ancestor
with its rank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from synsetlab.taxonomy.arrays import Csr

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["CommonAncestors"]

_WORDS = 4
"""64-bit words of each of the two signatures."""


class CommonAncestors:
    """The common nodes of greatest rank of pairs of rows.

    Parameters
    ----------
    closed
        Row i: node i and everything above it, ascending.
    rank
        Of every node; integers from 0 to 126.
    frequent
        How many nodes have a bit of their own, at most 256.
    """

    def __init__(self, closed: Csr, rank: Array, *, frequent: int = 64 * _WORDS) -> None:
        nodes = closed.start.size - 1
        # A product of zero would be dropped, so ranks begin at one.
        ranks = (rank.astype(np.int8) + np.int8(1))[closed.values]
        shape = (nodes, nodes)
        self._plain = sparse.csr_array((np.ones_like(ranks), closed.values, closed.start), shape=shape)
        self._ranked = sparse.csr_array((ranks, closed.values, closed.start), shape=shape)
        below = np.bincount(closed.values, minlength=nodes)
        top = np.argsort(-below, kind="stable")[:frequent]
        self._top = top[np.lexsort((top, -rank[top].astype(np.int64)))].astype(np.int32)
        self._signatures = self._sign(closed)
        self._equals = self._equal_ranks(rank[self._top])

    def _sign(self, closed: Csr) -> Array:
        """For every node two signatures of what its row holds; shape (nodes, 2 * words), uint64."""
        nodes = closed.start.size - 1
        # Neighbouring numbers fall on different bits.
        bits = 64 * _WORDS + np.arange(nodes) % (64 * _WORDS)
        bits[self._top] = np.arange(self._top.size)
        signatures = np.zeros((nodes, 2 * _WORDS), np.uint64)
        own = bits[closed.values]
        rows = np.repeat(np.arange(nodes), closed.lengths())
        np.bitwise_or.at(signatures, (rows, own >> 6), np.uint64(1) << (own & 63).astype(np.uint64))
        return signatures

    def _equal_ranks(self, ranks: Array) -> Array:
        """For every frequent node the bits of those with its rank; shape (frequent, words), uint64."""
        equals = np.zeros((max(ranks.size, 1), _WORDS), np.uint64)
        for bit, rank in enumerate(ranks.tolist()):
            for other in np.flatnonzero(ranks == rank).tolist():
                equals[bit, other >> 6] |= np.uint64(1 << (other & 63))
        return equals

    def __call__(self, ones: Array, others: Array) -> Csr:
        """Row i: what rows ``ones[i]`` and ``others[i]`` share of greatest rank, ascending."""
        if not ones.size:
            return Csr(np.zeros(1, np.int32), np.empty(0, np.int32))
        place, known = self._near_the_root(ones, others)
        values = np.take(self._top, place) if self._top.size else np.zeros(ones.size, np.int32)
        left = np.flatnonzero(~known)
        merged = self._merged(ones[left], others[left]) if left.size else None
        if merged is None or merged.values.size == left.size:
            if merged is not None:
                values[left] = merged.values
            return Csr(np.arange(ones.size + 1, dtype=np.int32), values)
        lengths = np.ones(ones.size, np.int32)
        lengths[left] = merged.lengths()
        start = np.zeros(ones.size + 1, np.int32)
        np.cumsum(lengths, out=start[1:])
        spread = np.repeat(values, lengths)
        spread[np.repeat(~known, lengths)] = merged.values
        return Csr(start, spread)

    def _near_the_root(self, ones: Array, others: Array) -> tuple[Array, Array]:
        """The bit of the one answer of each pair, and whether it is known to be that."""
        both = np.take(self._signatures, ones, axis=0)
        both &= np.take(self._signatures, others, axis=0)
        words = np.ascontiguousarray(both.T)
        first = words[0]
        place = np.zeros(ones.size, np.int64)
        for word in words[1:_WORDS]:
            empty = first == 0
            first = np.where(empty, word, first)
            place += empty * 64
        elsewhere = np.bitwise_or.reduce(words[_WORDS:])
        place += np.bitwise_count((first & (~first + np.uint64(1))) - np.uint64(1))
        known = (elsewhere == 0) & (first != 0)
        place *= known
        equal = np.take(self._equals, place, axis=0).T & words[:_WORDS]
        known &= np.bitwise_count(equal).sum(axis=0, dtype=np.uint8) == 1
        return place, known

    def _merged(self, ones: Array, others: Array) -> Csr:
        left, right = self._plain[ones], self._ranked[others]
        # Rows of a closure are sorted and hold nothing twice; SciPy need not look again.
        left.has_canonical_format = right.has_canonical_format = True
        shared = left.multiply(right)
        start = shared.indptr
        greatest = np.maximum.reduceat(shared.data, start[:-1])
        kept = shared.data == np.repeat(greatest, np.diff(start))
        before = np.concatenate([[0], np.cumsum(kept, dtype=np.int32)])
        return Csr(before[start].astype(np.int32), shared.indices[kept].astype(np.int32))
