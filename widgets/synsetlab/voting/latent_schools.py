"""More latent classes than answers, named by known answers: kinds of tasks that crowds confuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synsetlab.voting.base import Aggregator, clamp
from synsetlab.voting.heldout import one_more_class, smooth_dawid_skene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats

__all__ = ["LatentSchools"]


class LatentSchools(Aggregator):
    """Dawid-Skene with `extra` more latent classes, each named by the known answers of its members.

    Where half of the workers take one kind of task for another class, no weighing of workers says who
    is right; a few known answers on that kind do. Without gold a latent class is named by what
    Dawid-Skene says of its members, which has the weight of `weight` known answers.

    Parameters
    ----------
    extra
        Latent classes beyond the K named ones.
    weight
        How many known answers Dawid-Skene's labels are worth in each latent class.

    Attributes
    ----------
    schools_
        Probability of each latent class by task, shape (T, K + extra).
    names_
        P(class | latent class), shape (K + extra, K).
    blind_
        The posterior of the gold tasks when each is left out of the naming, shape (T, K); of the
        other tasks the posterior itself.
    """

    method: ClassVar[str] = "latent-schools"

    schools_: NDArray[np.float64]
    names_: NDArray[np.float64]
    blind_: NDArray[np.float64]

    def __init__(
        self,
        *,
        extra: int = 3,
        weight: float = 4.0,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        self.extra, self.weight = extra, weight

    def _fit(self) -> None:
        votes = self.votes_
        fit = smooth_dawid_skene(votes)
        learned = np.ascontiguousarray(fit.posterior.T)
        for _ in range(self.extra):
            fit = one_more_class(votes, fit)
        schools = self.schools_ = np.ascontiguousarray(fit.posterior.T)
        size = np.maximum(schools.sum(axis=0), 1e-10)[:, None]
        told = self.weight * (schools.T @ learned) / size
        known = np.flatnonzero(self.gold_ >= 0)
        truth = np.zeros((len(known), votes.n_classes))
        truth[np.arange(len(known)), self.gold_[known]] = 1.0
        counts = told + schools[known].T @ truth
        self.names_ = counts / counts.sum(axis=1, keepdims=True)
        posterior = schools @ self.names_
        self.blind_ = posterior.copy()
        for place, task in enumerate(known):
            others = counts - schools[task][:, None] * truth[place]
            self.blind_[task] = schools[task] @ (others / others.sum(axis=1, keepdims=True))
        self.posterior_ = clamp(posterior, self.gold_)
