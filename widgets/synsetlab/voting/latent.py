"""EM over latent classes with a confusion matrix for every worker: what the models of the family share.

Posteriors are held class by class, shape (K, T): long contiguous rows are what numpy and sparse
products are fast on. The number of latent classes K need not be the number of answers L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["AnswerTable", "LatentFit", "latent_em", "share_rows"]

FLOOR = 1e-10
"""Least probability of a class or an answer: keeps logarithms finite."""


class AnswerTable:
    """The votes as a sparse matrix, tasks x (worker, answer), and its transpose."""

    def __init__(self, votes: Votes) -> None:
        self.n_tasks = votes.n_tasks
        self.shape = (votes.n_workers, votes.n_answers)
        weight = np.ones(len(votes)) if votes.weight is None else votes.weight
        n_columns = votes.n_workers * votes.n_answers
        column = votes.worker * votes.n_answers + votes.answer
        if max(n_columns, votes.n_tasks, len(votes)) < 2**31:  # half the memory to read in every round
            column = column.astype(np.int32)
        task = votes.task.astype(column.dtype)
        self.columns = sparse.csr_array((weight, (column, task)), shape=(n_columns, votes.n_tasks))
        self.rows = sparse.csr_array(self.columns.T)
        self.totals = np.asarray(self.columns.sum(axis=1), dtype=np.float64).ravel()

    def counts(self, posterior: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected votes by worker, class and answer, shape (W, K, L), of posteriors (K, T)."""
        n_classes = len(posterior)
        found = np.empty((n_classes, len(self.totals)))
        for k in range(1, n_classes):
            found[k] = self.columns @ posterior[k]
        # what is of none of the others is of the first class
        np.maximum(self.totals - found[1:].sum(axis=0), 0.0, out=found[0])
        return np.ascontiguousarray(found.reshape(n_classes, *self.shape).transpose(1, 0, 2))

    def log_odds(
        self, log_prior: NDArray[np.float64], log_confusion: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Log of P(class k | votes) / P(class 0 | votes) by class and task, shape (K, T).

        `log_prior` is of shape (K,) or (K, T), `log_confusion` of shape (W, K, L).
        """
        n_classes = len(log_prior)
        odds = np.zeros((n_classes, self.n_tasks))
        for k in range(1, n_classes):
            gap = (log_confusion[:, k] - log_confusion[:, 0]).ravel()
            odds[k] = np.asarray(self.rows @ gap)
            odds[k] += log_prior[k] - log_prior[0]
        return odds

    def expect(
        self, log_prior: NDArray[np.float64], log_confusion: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Posterior of every class by task, shape (K, T)."""
        odds = self.log_odds(log_prior, log_confusion)
        if len(odds) == 2:
            expit(-odds[1], out=odds[0])
            expit(odds[1], out=odds[1])
            return odds
        odds -= odds.max(axis=0)
        np.exp(odds, out=odds)
        odds /= odds.sum(axis=0)
        return odds


@dataclass(slots=True)
class LatentFit:
    """Where EM stopped.

    Attributes
    ----------
    posterior
        By class and task, shape (K, T).
    counts
        Expected votes by worker, class and answer under it, shape (W, K, L).
    class_prior, confusion
        Shapes (K,) or (K, T), and (W, K, L).
    n_iter, converged
        Rounds done, and whether the tolerance was met.
    """

    posterior: NDArray[np.float64]
    counts: NDArray[np.float64]
    class_prior: NDArray[np.float64]
    confusion: NDArray[np.float64]
    n_iter: int
    converged: bool


def latent_em(
    table: AnswerTable,
    start: NDArray[np.float64],
    confuse: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    gold: NDArray[np.intp] | None = None,
    prior: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None,
    max_iter: int,
    tol: float,
) -> LatentFit:
    """Alternate posteriors and parameters from posteriors `start` (K, T).

    Parameters
    ----------
    confuse
        Confusion matrices (W, K, L) from expected counts of the same shape.
    gold
        Known class by task, -1 where unknown; those posteriors stay on the known class.
    prior
        Class prior, (K,) or (K, T), from posteriors; their mean by default.
    max_iter, tol
        Stop after `max_iter` rounds, or when the posteriors move less than `tol` a task.
    """
    prior = prior or _mean_prior
    known = np.flatnonzero(gold >= 0) if gold is not None else np.empty(0, dtype=np.intp)
    truth = gold[known] if gold is not None else known
    posterior = _hold(start.copy() if len(known) else start, known, truth)
    counts = table.counts(posterior)
    class_prior, confusion = prior(posterior), confuse(counts)
    n_iter, converged = 0, False
    while n_iter < max_iter and not converged:
        before = posterior
        posterior = _hold(table.expect(np.log(class_prior), np.log(confusion)), known, truth)
        counts = table.counts(posterior)
        class_prior, confusion = prior(posterior), confuse(counts)
        n_iter += 1
        np.subtract(posterior, before, out=before)
        converged = float(np.abs(before, out=before).sum()) < tol * table.n_tasks
    return LatentFit(posterior, counts, class_prior, confusion, n_iter, converged)


def share_rows(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide by the sum over answers (last axis); rows of zeros become even, and none is below 1e-10."""
    total = counts.sum(axis=-1, keepdims=True)
    even = 1.0 / counts.shape[-1]
    share = np.where(total > 0, counts / np.where(total > 0, total, 1.0), even)
    floored: NDArray[np.float64] = np.maximum(share, FLOOR)
    return floored


def _mean_prior(posterior: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = np.maximum(posterior.mean(axis=1), FLOOR)
    return mean


def _hold(
    posterior: NDArray[np.float64], known: NDArray[np.intp], truth: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Put the known tasks on their known class, in place."""
    if len(known):
        posterior[:, known] = 0.0
        posterior[truth, known] = 1.0
    return posterior
