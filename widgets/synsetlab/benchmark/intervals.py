"""Bootstrap intervals over test images, as ILSVRC reports them (99.9 %).

Resampling n images with replacement only draws anew how often each distinct cost occurs. Where there are
two (right and wrong), the number of errors is binomial, and its quantiles are computed rather than drawn.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["LEVEL", "RESAMPLES", "binomial_quantile", "bootstrap_interval"]

LEVEL: Final = 0.999
RESAMPLES: Final = 20_000


def bootstrap_interval(
    values: npt.NDArray[np.float64],
    times: npt.NDArray[np.integer],
    seed: int,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Percentile interval of the mean under resampling.

    Parameters
    ----------
    values, times
        Distinct costs and how many images have them (at least one each).
    seed
        Without influence where there are at most two values.
    level
        Share of resamples that the interval holds.
    resamples
        How many are drawn.
    """
    count = int(times.sum())
    tail = (1 - level) / 2
    if len(values) == 1:
        return float(values[0]), float(values[0])
    if len(values) == 2:
        ends = (binomial_quantile(q, count, int(times[1])) for q in (tail, 1 - tail))
        low, high = (_mix(float(values[0]), float(values[1]), end, count) for end in ends)
        return low, high
    rng = np.random.default_rng(seed)
    means = rng.multinomial(count, times / count, size=resamples) @ values / count
    low, high = np.quantile(means, [tail, 1 - tail], method="inverted_cdf").tolist()
    return low, high


def binomial_quantile(q: float, trials: int, successes: int) -> int:
    """The smallest number that a binomial variable exceeds with probability at most 1 - q.

    Parameters
    ----------
    q
        Probability.
    trials
        Number of trials.
    successes
        Number of trials times the probability of success.
    """
    if successes in (0, trials):
        return successes
    # Beyond 12 standard deviations (and, for small means, 60 more) lies nothing that a double can hold.
    reach = int(12 * math.sqrt(successes * (trials - successes) / trials)) + 60
    low, high = max(0, successes - reach), min(trials, successes + reach)
    number = np.arange(low, high, dtype=np.float64)
    steps = np.log((trials - number) / (number + 1) * (successes / (trials - successes)))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    mass = np.exp(logs - logs.max())
    cumulated = np.cumsum(mass)
    return low + int(np.searchsorted(cumulated, q * cumulated[-1]))


def _mix(low: float, high: float, times: int, count: int) -> float:
    """Mean of `count` values, `times` of which are `high`."""
    if low == 0:
        return high * times / count
    return (low * (count - times) + high * times) / count
