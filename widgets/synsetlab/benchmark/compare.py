"""Whether one submission is better than another on the same images, or only luckier.

McNemar's test in its exact form (binomial, two-sided) on the images that only one of the two gets right, and
a paired bootstrap: images are drawn with both submissions' costs together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.benchmark.intervals import LEVEL, RESAMPLES
from synsetlab.benchmark.metrics import PairCosts

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.truth import Truth

__all__ = ["Costs", "compare", "mcnemar", "paired_interval"]


class Costs(NamedTuple):
    """What a submission costs, pair by pair."""

    rank: npt.NDArray[np.int8]
    """Shape (P,): see `first_hits`."""
    heights: npt.NDArray[np.int32] | None
    """Shape (P, 5): see `hierarchical_costs`."""
    root_height: int | None


def compare(this: Costs, other: Costs, truth: Truth, seed: int) -> dict[str, dict[str, Any]]:
    """By measure: the two means, their difference (below 0: this one is better), its interval, p-values.

    ``top1_error`` and ``top5_error`` have ``only_this_wrong``, ``only_other_wrong`` and ``mcnemar_p``
    (an image is wrong if none of the guesses is one of its classes); ``bootstrap_p`` is twice the share of
    resamples on the other side of 0. Hierarchical errors are there if both submissions have them.
    """
    found = {}
    for k in (1, 5):
        costs = [(costs.rank >= k).astype(np.int64) for costs in (this, other)]
        wrong = [_all_wrong(cost, truth) for cost in costs]
        ours, theirs = int((wrong[0] & ~wrong[1]).sum()), int((wrong[1] & ~wrong[0]).sum())
        found[f"top{k}_error"] = _paired(costs[0], costs[1], truth, seed) | {
            "only_this_wrong": ours,
            "only_other_wrong": theirs,
            "mcnemar_p": mcnemar(ours, theirs),
        }
    if this.heights is not None and other.heights is not None and this.root_height == other.root_height:
        for k in (1, 5):
            found[f"hierarchical_top{k}_error"] = _paired(
                this.heights[:, k - 1], other.heights[:, k - 1], truth, seed, int(this.root_height or 1)
            )
    return found


def mcnemar(one: int, other: int) -> float:
    """Two-sided exact p-value for `one` and `other` discordant images: each is a fair coin's toss.

    The sum is exact up to a double's precision, whatever the numbers.
    """
    trials, few = one + other, min(one, other)
    if one == other:
        return 1.0
    # P(X <= few) for X ~ Binomial(trials, 1/2), from its largest term down.
    total, term, number = 0.0, math.comb(trials, few) / 2**trials, few
    while number >= 0 and term > total * 1e-18:
        total += term
        term *= number / (trials - number + 1)
        number -= 1
    return min(1.0, 2 * total)


def paired_interval(
    values: npt.NDArray[np.float64], times: npt.NDArray[np.integer], seed: int
) -> tuple[list[float], float]:
    """Percentile interval (99.9 %) of a mean difference, and twice the share of resamples across 0.

    Parameters
    ----------
    values, times
        Distinct differences and how many images have them.
    """
    count = int(times.sum())
    drawn = np.random.default_rng(seed).multinomial(count, times / count, size=RESAMPLES) @ values / count
    tail = (1 - LEVEL) / 2
    ends = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf").tolist()
    # One is added to both: a p-value of 0 cannot be had by drawing.
    below = (int((drawn <= 0).sum()) + 1) / (RESAMPLES + 1)
    above = (int((drawn >= 0).sum()) + 1) / (RESAMPLES + 1)
    return ends, min(1.0, 2 * min(below, above))


def _paired(
    ours: npt.NDArray[np.integer], theirs: npt.NDArray[np.integer], truth: Truth, seed: int, scale: int = 1
) -> dict[str, Any]:
    sizes = truth.sizes
    scored = sizes > 0
    sums = [
        np.bincount(truth.pair_image, weights=cost, minlength=len(sizes))[scored] for cost in (ours, theirs)
    ]
    means = [PairCosts(cost, truth.pair_image, sizes, scale).mean() for cost in (ours, theirs, ours - theirs)]
    apart = np.round(sums[0] - sums[1]).astype(np.int64)
    # Whole sums and whole sizes: equal differences are told as equal.
    keys, times = np.unique(np.stack([apart, sizes[scored]]), axis=1, return_counts=True)
    values, places = np.unique(keys[0] / keys[1], return_inverse=True)
    number = np.bincount(places, weights=times).astype(np.int64)
    ends, p_value = paired_interval(values / scale, number, seed)
    return {
        "this": means[0],
        "other": means[1],
        "difference": means[2],
        "interval": ends,
        "bootstrap_p": p_value,
    }


def _all_wrong(cost: npt.NDArray[np.integer], truth: Truth) -> npt.NDArray[np.bool_]:
    """Shape (images,): whether no class of an image is hit; false for images that are not scored."""
    missed = np.bincount(truth.pair_image, weights=cost, minlength=len(truth.images))
    wrong: npt.NDArray[np.bool_] = (missed >= truth.sizes) & (truth.sizes > 0)
    return wrong
