"""The cheapest exact plan of a Hamming search: blocks, how many must be equal, or comparing everything."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from synsetlab.dedup.blocks import BITS, Plan

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CHUNK", "plan_search"]

# Nanoseconds on one core, for choosing a plan; only their ratios matter.
_SORT_NS: Final = 17.0  # per word, in chunks of CHUNK: hardly depends on their number
_MOVE_NS: Final = 4.0  # per word: move a block up, look at the neighbour
_COMPARE_NS: Final = 3.0  # per candidate: xor, popcount, compare, all in order of memory
_BRUTE_NS: Final = 1.1  # per pair
_STEP_NS: Final = 60_000.0  # per choice and chunk: the interpreter

CHUNK: Final = 1 << 16  # words sorted at a time: 512 kB, the cache of a core


def plan_search(
    n: int, radius: int, match: npt.NDArray[np.float64], pairs: float | None = None
) -> Plan | None:
    """The cheapest cut of the bits, or None where comparing everything is cheaper.

    Parameters
    ----------
    n
        Distinct hashes.
    radius
        Largest distance that must be found.
    match
        Each bit's chance to agree in two random hashes, .5 for uniform bits, shape (64,).
    pairs
        How many comparisons it would take to compare everything; n (n - 1) / 2 unless told.
    """
    agree = float(np.log(np.maximum(match, 1e-9)).mean())
    best, cheapest = None, (n * (n - 1) / 2 if pairs is None else pairs) * _BRUTE_NS
    for blocks in range(radius + 1, min(BITS, radius + 9) + 1):
        equal = blocks - radius
        candidates = n / 2 * math.exp(agree * BITS * equal / blocks)
        one = n * (_SORT_NS + _MOVE_NS + candidates * _COMPARE_NS)
        one += _STEP_NS * math.ceil(n / CHUNK)
        cost = math.comb(blocks, equal) * one + (radius + 1) * n * _SORT_NS
        if cost < cheapest:
            widths = tuple(BITS // blocks + (place < BITS % blocks) for place in range(blocks))
            best, cheapest = Plan(blocks, equal, widths), cost
    return best
