"""A crowd that is fitted again and again while its votes come in, with its doubts about itself.

The point fit is Dawid-Skene (see `dawid_skene`). Around it stand weighted fits: in each every worker
counts with a random weight of mean 1 for good, and a few rounds of EM let the fit go where these
weights take it. The average of their posteriors is what a stopping rule can trust: a single fit is
far too certain while votes are few, and wherever workers err together.

All arrays put the class first and the fit last, so that one pass over the votes serves all fits, and
hold 32 bits: a stopping rule needs no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["Crowd", "CrowdFit", "average", "worker_weights"]

ON_DIAGONAL, OFF_DIAGONAL = 2.1, 0.1
FLOOR = 1e-10
FIRST_ROUNDS, TOLERANCE = 60, 1e-4
LATER_ROUNDS = 15
MAX_CELLS = 1 << 23
"""Of a table by class, task (or worker and answer) and fit; large logs get fewer fits for it."""
FEWEST_FITS = 8


@dataclass(slots=True)
class CrowdFit:
    """What a fit leaves behind.

    Attributes
    ----------
    evidence
        Weighted log P(answer | class), float32 of shape (K, W, L, M) for M fits.
    logit
        Log posterior of each class up to a constant, by task and fit, shape (K, T, M).
    """

    evidence: NDArray[np.float32]
    logit: NDArray[np.float32]

    def posterior(self, tasks: NDArray[np.intp] | slice) -> NDArray[Any]:
        """Averaged posterior of every class, shape (K, len(tasks))."""
        return average(self.logit[:, tasks])


class Crowd:
    """The votes bought so far and the fits of their workers.

    Parameters
    ----------
    votes
        All votes of the log; they are only used for the number of tasks, workers and answers.
    weights
        Weight of each worker in each fit, shape (W, M).
    rounds
        Rounds of EM for every weighted fit.
    prior_counts
        Pseudo-counts by worker from earlier work, shape (W, K, L), added to those of `DawidSkene`.

    Raises
    ------
    InputError
        There are too many classes, tasks or workers for confusion matrices.
    """

    def __init__(
        self,
        votes: Votes,
        weights: NDArray[np.float64],
        rounds: int,
        prior_counts: NDArray[np.float64] | None = None,
    ) -> None:
        self.n_classes, self.n_tasks = votes.n_classes, votes.n_tasks
        self.shape = (votes.n_workers, votes.n_answers)
        per_fit = self.n_classes * max(votes.n_tasks, votes.n_workers * votes.n_answers)
        fits = min(weights.shape[1], max(FEWEST_FITS, MAX_CELLS // per_fit))
        if per_fit > MAX_CELLS:
            raise InputError(
                f"{votes.n_classes} classes, {votes.n_tasks} tasks and {votes.n_workers} workers are too "
                "many to fit a confusion matrix for each worker online.",
                "Check that the label column holds labels; else stop by counts: --policy fixed.",
            )
        self.weights = weights[:, :fits].astype(np.float32)
        self.rounds = rounds
        base = np.full((self.n_classes, votes.n_answers), OFF_DIAGONAL)
        np.fill_diagonal(base, ON_DIAGONAL)
        counts = base[:, None, :] if prior_counts is None else base[:, None, :] + prior_counts.swapaxes(0, 1)
        self.prior_counts = counts.astype(np.float32)  # (K, 1 or W, L)
        self.fitted = False

    def fit(self, task: NDArray[np.intp], worker: NDArray[np.intp], answer: NDArray[np.intp]) -> CrowdFit:
        """Fit to these votes, from scratch: a start from the last fit would keep its mistakes."""
        workers, answers = self.shape
        seen, task = np.unique(task, return_inverse=True)
        column = (worker * answers + answer).astype(np.int32)
        size = (len(seen), workers * answers)
        ones = np.ones(len(task), dtype=np.float32)
        rows = sparse.csr_array((ones, (task.astype(np.int32), column)), shape=size)
        columns = sparse.csr_array(rows.T)
        point = self._point_fit(rows, columns, self._shares(task, answer, len(seen)))
        belief = np.repeat(point, self.weights.shape[1], axis=2)
        for _ in range(self.rounds):
            log_prior = _log_prior(belief)
            evidence = self._matrices(columns, belief) * self.weights[None, :, None, :]
            logit = _logits(rows, evidence, log_prior)
            belief = _softmax(logit)
        self.fitted = True
        everywhere = np.repeat(log_prior[:, None, :], self.n_tasks, axis=1)
        everywhere[:, seen] = logit
        return CrowdFit(evidence, everywhere)

    def _point_fit(
        self, rows: sparse.csr_array, columns: sparse.csr_array, start: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Dawid-Skene from the shares of the votes; posterior of shape (K, S, 1) for S tasks seen."""
        belief = start[:, :, None]
        for _ in range(LATER_ROUNDS if self.fitted else FIRST_ROUNDS):
            before = belief
            belief = _softmax(_logits(rows, self._matrices(columns, belief), _log_prior(belief)))
            if np.abs(belief - before).sum() < TOLERANCE * belief.shape[1]:
                break
        return belief

    def _shares(self, task: NDArray[np.intp], answer: NDArray[np.intp], tasks: int) -> NDArray[np.float32]:
        """Share of each class among the votes of each task, even where none names one; shape (K, S)."""
        is_class = answer < self.n_classes
        key = answer[is_class] * tasks + task[is_class]
        counts = np.bincount(key, minlength=self.n_classes * tasks).reshape(self.n_classes, tasks)
        total = counts.sum(axis=0)
        share = np.where(total > 0, counts / np.maximum(total, 1), 1.0 / self.n_classes)
        return share.astype(np.float32)

    def _matrices(self, columns: sparse.csr_array, belief: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log of the confusion matrices, shape (K, W, L, M)."""
        found = np.stack([columns @ np.ascontiguousarray(of_class) for of_class in belief])
        counts = found.reshape(self.n_classes, *self.shape, -1) + self.prior_counts[..., None]
        counts /= counts.sum(axis=2, keepdims=True)
        return np.asarray(np.log(np.maximum(counts, FLOOR, out=counts), out=counts))


def worker_weights(n_workers: int, fits: int, shape: float, seed: int) -> NDArray[np.float64]:
    """Weights of mean 1 by worker and fit, shape (W, M).

    A worker's weights depend on how many came before, not on how many come after: what has not
    happened yet changes nothing.
    """
    return np.random.default_rng(seed).standard_gamma(shape, (n_workers, fits)) / shape


def average(logit: NDArray[Any]) -> NDArray[Any]:
    """Posterior averaged over the fits, shape (K, n), from log posteriors of shape (K, n, M)."""
    averaged: NDArray[Any] = _softmax(logit).mean(axis=2)
    return averaged


def _logits(
    rows: sparse.csr_array, evidence: NDArray[np.float32], log_prior: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Log posteriors up to a constant, shape (K, S, M)."""
    flat = evidence.reshape(len(evidence), -1, evidence.shape[-1])
    return np.stack([rows @ of_class + own for of_class, own in zip(flat, log_prior, strict=True)])


def _log_prior(belief: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log shares of the classes, shape (K, M)."""
    mass = belief.sum(axis=1) + np.float32(0.5)
    shares: NDArray[np.float32] = np.log(mass / mass.sum(axis=0))
    return shares


def _softmax(logit: NDArray[Any]) -> NDArray[Any]:
    """Softmax over the classes, the first axis."""
    odds: NDArray[Any] = np.exp(logit - logit.max(axis=0))
    odds /= odds.sum(axis=0)
    return odds
