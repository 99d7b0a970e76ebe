"""One-coin Dawid-Skene: each worker is right with one probability, wrong evenly otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError
from synsetlab.voting.base import Aggregator, clamp, normalise, softmax_rows, total_change, vote_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Posterior, Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["OneCoin", "softmax"]

FLOOR = 1e-9


class OneCoin(Aggregator):
    """EM for one accuracy a worker (Dawid and Skene 1979 with a symmetric error matrix).

    The defaults, a uniform class prior and pseudo-counts 16 right and 4 wrong, keep EM from the
    collapse that an estimated class prior brings where workers lean to one class. Answers that are
    no class are left out.

    Parameters
    ----------
    right, wrong
        Pseudo-counts of the Beta prior on a worker's accuracy.
    class_prior
        ``"uniform"``, or ``"estimated"`` (better where classes are very uneven, dangerous else).
    max_iter, tol
        Stop after `max_iter` rounds, or when the posteriors move less than `tol` on average.

    Attributes
    ----------
    skills_
        Probability of being right by worker, float64 of shape (W,).
    class_prior_
        float64 of shape (K,).
    n_iter_, converged_
        Rounds done, and whether `tol` was met.
    """

    method: ClassVar[str] = "one-coin"

    skills_: NDArray[np.float64]
    class_prior_: NDArray[np.float64]
    n_iter_: int
    converged_: bool

    def __init__(
        self,
        *,
        right: float = 16.0,
        wrong: float = 4.0,
        class_prior: Literal["uniform", "estimated"] = "uniform",
        max_iter: int = 100,
        tol: float = 1e-6,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if right < 0 or wrong < 0:
            raise InputError(f"Pseudo-counts must not be negative: right={right}, wrong={wrong}.")
        if class_prior not in ("uniform", "estimated"):
            raise InputError(f"class_prior={class_prior!r} is not known.", "uniform or estimated.")
        self.right, self.wrong = right, wrong
        self.class_prior = class_prior
        self.max_iter, self.tol = max_iter, tol

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        self.class_prior_ = np.full(votes.n_classes, 1.0 / votes.n_classes)
        self.n_iter_, self.converged_ = 0, False
        posterior = clamp(normalise(vote_scores(votes)), self.gold_)
        self.skills_ = self._skills(votes, posterior)
        while self.n_iter_ < self.max_iter and not self.converged_:
            self.n_iter_ += 1
            before = posterior
            posterior = clamp(self._posterior(votes), self.gold_)
            self.converged_ = total_change(before, posterior) < self.tol * votes.n_tasks
            self.skills_ = self._skills(votes, posterior)
        self.posterior_ = posterior

    def _skills(self, votes: Votes, posterior: Posterior) -> NDArray[np.float64]:
        if self.class_prior == "estimated":
            self.class_prior_ = np.maximum(np.asarray(posterior.sum(axis=0)) / votes.n_tasks, FLOOR)
        agrees = np.asarray(posterior[votes.task, votes.answer], dtype=np.float64)
        if votes.weight is not None:
            agrees = agrees * votes.weight
        hits = np.bincount(votes.worker, agrees, votes.n_workers) + self.right
        total = np.bincount(votes.worker, votes.weight, votes.n_workers) + self.right + self.wrong
        skills: NDArray[np.float64] = np.clip(hits / np.maximum(total, FLOOR), FLOOR, 1 - FLOOR)
        return skills

    def _posterior(self, votes: Votes) -> Posterior:
        others = max(votes.n_classes - 1, 1)
        evidence = (np.log(self.skills_) - np.log((1 - self.skills_) / others))[votes.worker]
        if votes.weight is not None:
            evidence = evidence * votes.weight
        scores = vote_scores(votes, evidence)
        return softmax(scores, self.class_prior_)


def softmax(scores: Posterior, class_prior: NDArray[np.float64]) -> Posterior:
    """Posterior from a class prior and summed log evidence, 0 for classes that nobody named."""
    if isinstance(scores, np.ndarray):
        return softmax_rows(scores + np.log(class_prior))
    return _softmax_sparse(scores, class_prior)


def _softmax_sparse(scores: sparse.csr_array, class_prior: NDArray[np.float64]) -> sparse.csr_array:
    """Exact posteriors of the classes that somebody named; the rest keeps its prior's mass.

    A class that nobody named has no evidence, so that its score is its log prior: the denominator
    is known without holding those classes. Rows sum to one minus their mass.
    """
    counts = np.diff(scores.indptr)
    starts = scores.indptr[:-1][counts > 0]  # a task without votes for a class holds nothing
    counts = counts[counts > 0]
    prior = class_prior[scores.indices]
    logit = scores.data + np.log(prior)
    if not len(starts):
        return scores
    top = np.maximum(np.maximum.reduceat(logit, starts), 0.0)
    odds = np.exp(logit - np.repeat(top, counts))
    unnamed = np.maximum(1.0 - np.add.reduceat(prior, starts), 0.0) * np.exp(-top)
    data = odds / np.repeat(np.add.reduceat(odds, starts) + unnamed, counts)
    return sparse.csr_array((data, scores.indices, scores.indptr), shape=scores.shape)
