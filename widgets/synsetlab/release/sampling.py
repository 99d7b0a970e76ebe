"""Choose pictures of a class by selection frequency: the three strategies of ImageNetV2.

Recht, Roelofs, Schmidt and Shankar, "Do ImageNet Classifiers Generalize to ImageNet?", ICML 2019. The
selection frequency of a picture is the share of yes among its votes; here it is a pair of whole numbers
(yes, votes), so that the edge of a bin is never a matter of rounding.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synsetlab.release.policy import Sampling

__all__ = ["bin_of", "bin_quotas", "choose_by_frequency", "histogram"]


def bin_of(yes: int, votes: int, bins: int) -> int:
    """The bin of a frequency: of equal width, closed below; the last is closed above, too."""
    return min(yes * bins // votes, bins - 1)


def histogram(frequencies: Sequence[tuple[int, int]], bins: int) -> list[int]:
    """How many of `frequencies` (yes, votes) lie in each bin; those without votes in none."""
    counts = [0] * bins
    for yes, votes in frequencies:
        if votes:
            counts[bin_of(yes, votes, bins)] += 1
    return counts


def bin_quotas(weights: Sequence[float], total: int) -> list[int]:
    """`total` shared out by `weights`: largest remainders, ties to the higher bin."""
    exact = [Fraction(weight) for weight in weights]
    whole_weight = sum(exact)
    if not whole_weight:
        raise InputError("A reference without votes gives no histogram.", "Choose another reference split.")
    ideal = [weight * total / whole_weight for weight in exact]
    quotas = [int(number) for number in ideal]
    order = sorted(range(len(ideal)), key=lambda place: (-(ideal[place] - quotas[place]), -place))
    for place in order[: total - sum(quotas)]:
        quotas[place] += 1
    return quotas


def choose_by_frequency(
    candidates: Sequence[tuple[Any, int, int]],
    wanted: int,
    how: Sampling,
    weights: Sequence[float] | None = None,
) -> list[Any]:
    """At most `wanted` of a class's `candidates`.

    Parameters
    ----------
    candidates
        (name, yes, votes) in the order in which equals are taken; those without votes, or with fewer than
        ``how.min_votes``, are never chosen.
    weights
        For matched frequencies: the reference's histogram, lowest bin first.

    Returns
    -------
    list
        The names chosen: for matched frequencies as many from each bin as the histogram asks for and the
        bin has; for a threshold any at or above it; for the top those of the highest frequencies.
    """
    able = [row for row in candidates if row[2] and row[2] >= how.min_votes]
    if how.strategy == "threshold":
        least = Fraction(str(how.threshold))
        return [name for name, yes, votes in able if Fraction(yes, votes) >= least][:wanted]
    if how.strategy == "top":
        able.sort(key=lambda row: -Fraction(row[1], row[2]))
        return [name for name, _, _ in able[:wanted]]
    held: list[list[Any]] = [[] for _ in range(how.bins)]
    for name, yes, votes in able:
        held[bin_of(yes, votes, how.bins)].append(name)
    chosen: list[Any] = []
    missing = 0
    for names, quota in zip(held, bin_quotas(weights or how.histogram or [], wanted), strict=True):
        asked = quota + (missing if how.allow_upward else 0)
        taken = names[:asked]
        chosen += taken
        missing = asked - len(taken)
    return chosen
