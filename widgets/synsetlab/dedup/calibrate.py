"""How far hashes can be trusted in a collection: precision at each distance, from reviewed pairs."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from synsetlab.store.defaults import BY_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synsetlab.store.workspace import Workspace

__all__ = ["Precision", "precision_by_distance", "recommend", "reviewed_in_workspace", "sample_pairs"]

_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Precision:
    """What reviewers said of the pairs at one distance."""

    distance: int
    same: int
    reviewed: int
    low: float
    """Lower end of the 95 % interval of same / reviewed (Wilson 1927)."""
    high: float


def precision_by_distance(reviewed: Iterable[tuple[int, bool]]) -> list[Precision]:
    """Count (distance, same picture?) and give each distance that occurs its interval, nearest first."""
    counts: dict[int, list[int]] = {}
    for distance, same in reviewed:
        count = counts.setdefault(distance, [0, 0])
        count[0] += same
        count[1] += 1
    return [Precision(at, same, of, *_interval(same, of)) for at, (same, of) in sorted(counts.items())]


def recommend(rows: Iterable[Precision], precision: float = 0.95) -> int | None:
    """The largest distance (inclusive) that may join by itself; None where no distance may.

    Every distance up to it, taken with the nearer ones, keeps the lower end of its interval at
    `precision` or above: too few reviews are no proof.
    """
    best, same, of = None, 0, 0
    for row in sorted(rows, key=lambda row: row.distance):
        same, of = same + row.same, of + row.reviewed
        if _interval(same, of)[0] < precision and row.same < row.reviewed:
            break
        if _interval(same, of)[0] >= precision:
            best = row.distance
    return best


def sample_pairs(pairs: Iterable[Mapping[str, Any]], each: int, seed: int) -> list[dict[str, Any]]:
    """At most `each` pairs of every distance, drawn at random, for people to review.

    Drawn by distance, not over all, because the near ones are many and the far ones decide. The same pairs
    and seed give the same sample, whatever the order of the pairs.
    """
    by_distance: dict[int, list[dict[str, Any]]] = {}
    for pair in pairs:
        by_distance.setdefault(int(pair["distance"]), []).append(dict(pair))
    rng = random.Random(seed)
    drawn = []
    for _, found in sorted(by_distance.items()):
        found.sort(key=lambda pair: (str(pair["a"]), str(pair["b"])))
        drawn += sorted(
            rng.sample(found, min(each, len(found))), key=lambda pair: (str(pair["a"]), str(pair["b"]))
        )
    return drawn


def reviewed_in_workspace(workspace: Workspace) -> tuple[list[tuple[int, bool]], Counter[int]]:
    """What people said of a workspace's pairs, and how many pairs there are at each distance.

    A pair counts as the same picture where a person dropped one of the two and nobody called either *not a
    duplicate*; as different where somebody did.
    """
    standing = workspace.reader.duplicate_verdicts()
    people = standing[standing["decided_by"] != BY_POLICY]
    word = dict(zip(people["image_id"], people["verdict"], strict=True))
    reviewed: list[tuple[int, bool]] = []
    histogram: Counter[int] = Counter()
    pairs = workspace.reader.duplicate_pairs()
    for a, b, distance in zip(pairs["a"], pairs["b"], pairs["distance"], strict=True):
        histogram[int(distance)] += 1
        words = {word.get(a), word.get(b)}
        if "not-a-duplicate" in words:
            reviewed.append((int(distance), False))
        elif "drop" in words:
            reviewed.append((int(distance), True))
    return reviewed, histogram


def _interval(successes: int, trials: int) -> tuple[float, float]:
    share, square = successes / trials, _Z * _Z
    centre = share + square / (2 * trials)
    reach = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    scale = 1 + square / trials
    return max(0.0, (centre - reach) / scale), min(1.0, (centre + reach) / scale)
