"""How much the bits of a collection's hashes tell, and how many close pairs chance alone makes.

Bits of real pictures are neither fair nor independent, so strangers come close more often than 64 coin
throws would. Two measurements bound that: each bit's own chance to agree (as if bits were independent),
and the spread of the distance between random pairs, whose effective number of bits is p (1 - p) / s**2
(Daugman, "The importance of being random: statistical principles of iris recognition", Pattern Recognition
36, 2003). The worse of the two counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import betainc

from synsetlab.dedup.blocks import BITS, bit_match

if TYPE_CHECKING:
    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

__all__ = ["Chance", "Limits", "limits", "measure"]

FARTHEST: Final = 12
_SAMPLE: Final = 200_000
_FEWEST: Final = 100  # distinct hashes below which nothing can be measured: taken for fair bits


@dataclass(frozen=True, slots=True)
class Chance:
    """What chance does in a collection."""

    entropy_bits: float
    """-log2 of the chance that two strangers have equal hashes; 64 for fair, independent bits."""
    within: tuple[float, ...]
    """Chance that two strangers are within 0, 1, ... 12 bits."""
    measured: bool = True
    """False: there were too few hashes, and fair bits are assumed."""

    def __str__(self) -> str:
        if self.measured:
            return f"The hashes have {self.entropy_bits:.1f} of {BITS} bits of entropy"
        return f"Of fewer than {_FEWEST} different hashes the entropy cannot be measured"

    def pairs(self, n: int, m: int | None = None) -> list[float]:
        """Expected pairs of strangers within 0..12 bits among `n` hashes, or between `n` and `m`."""
        total = n * (n - 1) / 2 if m is None else float(n) * m
        return [chance * total for chance in self.within]


@dataclass(frozen=True, slots=True)
class Limits:
    """Distances (``<=``) at which a collection's pairs can be trusted."""

    auto: int
    """Joined by the hash alone; at most 3, less where chance makes a pair within that."""
    verify: int
    """Worth a second look; at most 6, less where there would be more pairs of strangers than pictures."""
    within_synset: int = 10
    """Proposed for review within a class."""


def measure(hashes: Hashes) -> Chance:
    """Measure distinct hashes; the same hashes, in whatever order, give the same answer."""
    unique = np.sort(hashes)  # np.unique keeps a table beside it
    unique = unique[np.concatenate([np.ones(min(1, unique.size), np.bool_), unique[1:] != unique[:-1]])]
    differ = 1 - bit_match(unique) if unique.size >= _FEWEST else np.full(BITS, 0.5)
    alone = _independent(differ)
    if unique.size < _FEWEST:
        return Chance(float(BITS), tuple(alone), measured=False)
    together = _correlated(unique)
    within = tuple(float(max(one, other)) for one, other in zip(alone, together, strict=True))
    return Chance(min(float(BITS), -math.log2(max(within[0], 2.0**-1000))), within)


def limits(chance: Chance, n: int, m: int | None = None) -> Limits:
    """What `n` hashes, or `n` against `m`, bear: see :class:`Limits`."""
    expected = chance.pairs(n, m)
    auto = max((d for d in range(4) if expected[d] <= 1), default=0)
    verify = max((d for d in range(7) if expected[d] <= max(n, m or 0, 1000)), default=0)
    return Limits(auto, max(auto, verify))


def _independent(differ: npt.NDArray[np.float64]) -> list[float]:
    """Chance of a distance of at most 0..12 where bits are independent (Poisson binomial)."""
    exactly = np.zeros(FARTHEST + 1)
    exactly[0] = 1
    for chance in differ:
        exactly[1:] = exactly[1:] * (1 - chance) + exactly[:-1] * chance
        exactly[0] *= 1 - chance
    return [float(value) for value in np.cumsum(exactly)]


def _correlated(unique: Hashes) -> list[float]:
    """The same from the spread of distances: a binomial of as many bits as would spread so."""
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, unique.size, (2, _SAMPLE))
    apart = one != other
    distance = np.bitwise_count(unique[one[apart]] ^ unique[other[apart]]) / BITS
    mean, spread = float(distance.mean()), float(distance.var())
    bits = BITS if not spread else min(float(BITS), mean * (1 - mean) / spread)
    if bits > BITS * 0.98:  # within what a sample tells
        return [0.0] * (FARTHEST + 1)
    reach = [bits * d / BITS for d in range(FARTHEST + 1)]
    return [float(betainc(bits - near, near + 1, 1 - mean)) for near in reach]
