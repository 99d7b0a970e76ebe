"""MACE: each worker either copies the truth or spams from a habit of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import sparse
from scipy.special import digamma

from synsetlab.errors import InputError
from synsetlab.voting.base import DENSE_CELLS, Aggregator, Posterior, clamp
from synsetlab.voting.hashing import mix, worker_hash
from synsetlab.voting.one_coin import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["MACE"]

FLOOR = 1e-12
SAME = 1e-9
MAX_CELLS = 1 << 26


class MACE(Aggregator):
    """Variational EM with restarts for copying and spamming workers.

    D. Hovy et al., Learning Whom to Trust with MACE, NAACL 2013. With probability ``competence_`` a
    worker copies the truth, else draws from a habit. Beta(1/2, 1/2) prior on competence, symmetric
    Dirichlet on habits. The first start is even, the others are drawn with `seed` and with the pattern
    of the votes, so that neither their order nor names matter; the one under which the votes are most
    likely is kept. Answers that are no class are left out.

    Parameters
    ----------
    restarts, max_iter
        Number of starts, and rounds of EM in each.
    habit
        Pseudo-count of the Dirichlet prior on habits.

    Attributes
    ----------
    competence_
        Probability of copying the truth by worker, float64 of shape (W,).
    habit_
        What a worker answers when spamming, shape (W, K).
    log_likelihood_
        Of the kept start, in nats.
    """

    method: ClassVar[str] = "mace"

    competence_: NDArray[np.float64]
    habit_: NDArray[np.float64]
    log_likelihood_: float

    def __init__(
        self,
        *,
        restarts: int = 10,
        max_iter: int = 50,
        habit: float = 10.0,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if restarts < 1 or max_iter < 1 or habit <= 0:
            raise InputError(f"restarts={restarts}, max_iter={max_iter} and habit={habit} must be positive.")
        self.restarts, self.max_iter, self.habit = restarts, max_iter, habit

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        if votes.n_workers * votes.n_classes > MAX_CELLS:
            raise InputError(
                f"{votes.n_classes} classes and {votes.n_workers} workers are too many for a habit of each.",
                "Check that the label column holds labels; else use one-coin.",
            )
        table = _NamedTable(votes)
        lots = worker_hash(votes) ^ mix(np.array([self.seed], dtype=np.uint64))
        self.log_likelihood_ = -np.inf
        for start in range(self.restarts):
            lots = mix(lots)
            drawn = 0.1 + 0.8 * (lots >> np.uint64(11)).astype(np.float64) / 2**53
            self._one_start(table, np.full(votes.n_workers, 0.5) if start == 0 else drawn)

    def _one_start(self, table: _NamedTable, copies: NDArray[np.float64]) -> None:
        """Run EM from these probabilities of copying; keep the result if it is the likeliest."""
        spam = 1 - copies
        habit = np.full(table.shape, 1 / table.shape[1])
        for _ in range(self.max_iter):
            posterior, likelihood = self._expect(table, copies, spam, habit)
            copies, spam, habit = self._maximise(table, posterior, copies, spam, habit)
        posterior, likelihood = self._expect(table, copies, spam, habit)
        if likelihood > self.log_likelihood_ + SAME:
            self.log_likelihood_ = likelihood
            self.posterior_ = posterior
            self.competence_ = copies / (copies + spam)
            self.habit_ = habit / habit.sum(axis=1, keepdims=True)

    def _expect(
        self,
        table: _NamedTable,
        copies: NDArray[np.float64],
        spam: NDArray[np.float64],
        habit: NDArray[np.float64],
    ) -> tuple[Posterior, float]:
        """Posteriors of the classes, and the log likelihood of the votes (without gold)."""
        spammed = np.maximum(spam[:, None] * habit, FLOOR)
        base = np.log(spammed)
        scores = table.scores(np.log(copies[:, None] + spammed) - base)
        n_classes = table.shape[1]
        posterior = softmax(scores, np.full(n_classes, 1 / n_classes))
        likelihood = float((table.cast * base).sum()) + _log_sum(scores, n_classes)
        return clamp(posterior, self.gold_), likelihood

    def _maximise(
        self,
        table: _NamedTable,
        posterior: Posterior,
        copies: NDArray[np.float64],
        spam: NDArray[np.float64],
        habit: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Variational updates (exponentials of digammas) of copying, spamming and habits."""
        spammed = np.maximum(spam[:, None] * habit, FLOOR)
        copied = table.right(posterior) * copies[:, None] / (copies[:, None] + spammed)
        true = copied.sum(axis=1)
        cast = table.cast.sum(axis=1)
        habits = np.maximum(table.cast - copied, 0) + self.habit
        whole = digamma(cast + 1)
        return (
            np.exp(digamma(true + 0.5) - whole),
            np.exp(digamma(np.maximum(cast - true, 0) + 0.5) - whole),
            np.exp(digamma(habits) - digamma(habits.sum(axis=1, keepdims=True))),
        )


class _NamedTable:
    """The votes as a sparse matrix, (task, named class) x (worker, class)."""

    def __init__(self, votes: Votes) -> None:
        self.shape = (votes.n_workers, votes.n_classes)
        self.n_tasks = votes.n_tasks
        self.named, place = np.unique(votes.task * votes.n_classes + votes.answer, return_inverse=True)
        weight = np.ones(len(votes)) if votes.weight is None else votes.weight
        cell = votes.worker * votes.n_classes + votes.answer
        size = (len(self.named), votes.n_workers * votes.n_classes)
        self.votes = sparse.csr_array((weight, (place, cell)), shape=size)
        self.by_cell = sparse.csr_array(self.votes.T)
        self.cast = np.asarray(self.by_cell.sum(axis=1), dtype=np.float64).reshape(self.shape)

    def scores(self, evidence: NDArray[np.float64]) -> Posterior:
        """Summed evidence by task and class, of evidence by worker and class."""
        found = np.asarray(self.votes @ evidence.ravel(), dtype=np.float64)
        n_classes = self.shape[1]
        if self.n_tasks * n_classes <= DENSE_CELLS:
            table = np.zeros(self.n_tasks * n_classes)
            table[self.named] = found
            return table.reshape(-1, n_classes)
        task, cls = np.divmod(self.named, n_classes)
        return sparse.csr_array((found, (task, cls)), shape=(self.n_tasks, n_classes))

    def right(self, posterior: Posterior) -> NDArray[np.float64]:
        """Expected right votes by worker and class, shape (W, K)."""
        task, cls = np.divmod(self.named, self.shape[1])
        found = np.asarray(posterior[task, cls], dtype=np.float64)
        return np.asarray(self.by_cell @ found, dtype=np.float64).reshape(self.shape)


def _log_sum(scores: Posterior, n_classes: int) -> float:
    """Sum over tasks of the log of the mean over classes of exp(score); unnamed classes score 0."""
    if isinstance(scores, np.ndarray):
        total = np.logaddexp.reduce(scores, axis=1)
        return float(total.sum()) - len(scores) * float(np.log(n_classes))
    named = np.diff(scores.indptr)
    with_named = np.logaddexp.reduceat(scores.data, scores.indptr[:-1])
    unnamed = np.log(np.maximum(n_classes - named, FLOOR))
    return float(np.logaddexp(with_named, unnamed).sum()) - scores.shape[0] * float(np.log(n_classes))
