"""Confusion matrices that shrink towards the pooled one, as far as the votes themselves suggest.

Empirical Bayes: the row of a worker and a class is drawn from a Dirichlet distribution around the
pooled row. Its strength, a number of pseudo-votes, is the one under which the expected counts are
most likely (fixed-point steps of T. Minka, Estimating a Dirichlet distribution, 2000). Where worker
ids carry no signal the strength grows to its ceiling, and all workers share one matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma

from synsetlab.voting.latent import share_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_STRENGTH", "Shrinker"]

LEAST_STRENGTH, MOST_STRENGTH = 0.5, 300.0
STEPS = 3
EMPTY = 1e-6


class Shrinker:
    """Makes confusion matrices out of expected counts, one round of EM after the other.

    Parameters
    ----------
    pseudo_counts
        Added to the pooled matrix, shape (K, L).
    strength
        Pseudo-votes with which each row is drawn to the pooled row; fitted if None.

    Attributes
    ----------
    strength
        The strength of the last round.
    pooled
        The pooled matrix of the last round, shape (K, L).
    """

    def __init__(self, pseudo_counts: NDArray[np.float64], strength: float | None = None) -> None:
        self.pseudo_counts = pseudo_counts
        self.fitted = strength is None
        self.strength = 4.0 if strength is None else strength
        self.pooled = share_rows(pseudo_counts)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Matrices of all workers, shape (W, K, L), from expected counts of that shape."""
        self.pooled = share_rows(counts.sum(axis=0) + self.pseudo_counts)
        if self.fitted:
            for _ in range(STEPS):
                self.strength = _fit_step(counts, self.pooled, self.strength)
        return share_rows(counts + self.strength * self.pooled)


def _fit_step(counts: NDArray[np.float64], mean: NDArray[np.float64], strength: float) -> float:
    """One fixed-point step of the Dirichlet-multinomial likelihood in the strength, mean fixed."""
    total = counts.sum(axis=2)
    seen = total > EMPTY
    base = strength * mean
    gained = (mean * (digamma(counts + base) - digamma(base))).sum(axis=2)[seen].sum()
    spent = (digamma(total[seen] + strength) - digamma(strength)).sum()
    if not spent > 0:
        return strength
    return float(np.clip(strength * gained / spent, LEAST_STRENGTH, MOST_STRENGTH))
