"""Dawid-Skene over very many classes, each task restricted to the labels that somebody gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["RestrictedModel", "too_wide"]

MAX_TASK_CELLS = 1 << 25
MAX_WORKER_CELLS = 1 << 24
MAX_CELLS = 1 << 26
MAX_PAIRED_CLASSES = 2048
BLOCK = 1 << 20
RIGHT, WRONG = 16.0, 4.0
CLASS_STRENGTH = 4.0
CONFUSION_STRENGTH = 10.0
FLOOR = 1e-9


class RestrictedModel:
    """EM with one skill for each worker and class, and confusions that all workers share.

    A worker is right on class k with probability ``d[w, k]``, which shrinks to the worker's overall
    accuracy; a wrong vote on class k falls on class l with the pooled probability ``c[k, l]``
    (evenly, over 2,048 classes). The posterior of a task lies on its candidates: the classes that
    somebody named, or the known answer. Time and memory grow with the pairs of a vote and a
    candidate of its task, not with the number of classes.

    Attributes
    ----------
    skills
        Accuracy by worker, shape (W,).
    class_prior
        Shape (K,).
    n_iter, converged
        Rounds done, and whether the tolerance was met.
    """

    def __init__(self, votes: Votes, gold: NDArray[np.intp]) -> None:
        if votes.n_workers * votes.n_classes > MAX_CELLS:
            raise InputError(
                f"{votes.n_classes} classes and {votes.n_workers} workers are too many for skills by class.",
                "Check that the label column holds labels; else use one-coin, which has one skill a worker.",
            )
        self.shape = (votes.n_tasks, votes.n_classes)
        self.n_workers = votes.n_workers
        self.paired = votes.n_classes <= MAX_PAIRED_CLASSES
        self.weight = votes.weight
        self.vote_cell = votes.answer * votes.n_workers + votes.worker
        self.cast_by_worker = np.bincount(votes.worker, votes.weight, votes.n_workers)
        self.n_iter, self.converged = 0, False
        self._find_candidates(votes, gold)
        self._find_pairs(votes)

    def _find_candidates(self, votes: Votes, gold: NDArray[np.intp]) -> None:
        """The classes that may be right, sorted by class so that what a class needs stays in cache."""
        n_tasks = self.shape[0]
        known = np.flatnonzero(gold >= 0)
        key = votes.answer * n_tasks + votes.task
        named = np.unique(np.concatenate([key, gold[known] * n_tasks + known]))
        self.cls, self.task = np.divmod(named, n_tasks)
        self.own = np.searchsorted(named, key)
        self.by_task = np.argsort(self.task, kind="stable")
        self.start = np.flatnonzero(np.diff(self.task[self.by_task], prepend=-1))
        self.top = np.empty(n_tasks)
        fixed = gold[self.task]
        self.certain = np.where(fixed < 0, np.nan, (fixed == self.cls).astype(np.float64))

    def _find_pairs(self, votes: Votes) -> None:
        """Sparse matrices, candidates x (class, worker) and x (class, label), of the votes on each task."""
        n_classes = self.shape[1]
        order = np.argsort(votes.task, kind="stable")
        n_votes = np.bincount(votes.task, minlength=self.shape[0])
        first = np.concatenate([[0], np.cumsum(n_votes)[:-1]])
        worker, label = votes.worker[order].astype(np.int32), votes.answer[order].astype(np.int32)
        weight = None if self.weight is None else self.weight[order]
        cast = n_votes[self.task]
        ends = np.concatenate([[0], np.cumsum(cast)])
        by_worker = np.empty(ends[-1], dtype=np.int32)
        by_label = np.empty(ends[-1] if self.paired else 0, dtype=np.int32)
        data = np.ones(ends[-1])
        begin = 0
        while begin < len(cast):  # block by block, to bound memory
            stop = max(int(np.searchsorted(ends, ends[begin] + BLOCK)) - 1, begin + 1)
            place = slice(ends[begin], ends[stop])
            candidate = np.repeat(np.arange(begin, stop), cast[begin:stop])
            vote = first[self.task[candidate]] + np.arange(place.start, place.stop) - ends[candidate]
            by_worker[place] = self.cls[candidate] * self.n_workers + worker[vote]
            if self.paired:
                by_label[place] = self.cls[candidate] * n_classes + label[vote]
            if weight is not None:
                data[place] = weight[vote]
            begin = stop
        narrow = ends.astype(np.int32) if ends[-1] < 2**31 else ends
        shape = (len(cast), self.n_workers * n_classes)
        self.workers = sparse.csr_array((data, by_worker, narrow), shape=shape)
        if self.paired:
            self.labels = sparse.csr_array((data, by_label, narrow), shape=(len(cast), n_classes**2))

    def fit(self, max_iter: int, tol: float) -> sparse.csr_array:
        """Run EM; returns the posterior, sparse of shape (T, K)."""
        votes_for = np.bincount(self.own, self.weight, len(self.task)).astype(np.float64)
        posterior = self._hold(votes_for)
        self._maximise(posterior)
        while self.n_iter < max_iter and not self.converged:
            before = posterior
            posterior = self._hold(self._expect())
            self._maximise(posterior)
            self.n_iter += 1
            self.converged = float(np.abs(posterior - before).sum()) < tol * self.shape[0]
        self.posterior = sparse.csr_array((posterior, (self.task, self.cls)), shape=self.shape)
        return self.posterior

    def predict(
        self, task: NDArray[np.intp], worker: NDArray[np.intp], answer: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """P(answer of worker on task) by vote, for votes that were not fitted."""
        table, n_classes = self.posterior, self.shape[1]
        held = np.diff(table.indptr)[task]
        vote = np.repeat(np.arange(len(task)), held)
        place = np.arange(len(vote)) - np.repeat(np.cumsum(held) - held - table.indptr[task], held)
        cls, mass, said = table.indices[place], table.data[place], answer[vote]
        skill = self.skill_by_class[cls, worker[vote]]
        even = 1 / max(n_classes - 1, 1)
        slip = np.exp(self.log_confusion[cls, said]) if self.paired else even
        chance = np.bincount(vote, mass * np.where(cls == said, skill, (1 - skill) * slip), len(task))
        found: NDArray[np.float64] = chance + (held == 0) / n_classes
        return found

    def _hold(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores divided by their sum over the task, known answers held."""
        total = np.bincount(self.task, scores, self.shape[0])
        share = scores / np.maximum(total, FLOOR)[self.task]
        held: NDArray[np.float64] = np.where(np.isnan(self.certain), share, self.certain)
        return held

    def _maximise(self, posterior: NDArray[np.float64]) -> None:
        """Class prior, skills by class and shared confusions from the posteriors."""
        n_tasks, n_classes = self.shape
        self.class_prior = (np.bincount(self.cls, posterior, n_classes) + 1) / (n_tasks + n_classes)
        right = posterior[self.own] if self.weight is None else posterior[self.own] * self.weight
        hits = np.bincount(self.vote_cell, right, n_classes * self.n_workers).reshape(n_classes, -1)
        cast = np.asarray(self.workers.T @ posterior).reshape(hits.shape)
        self.skills = (hits.sum(axis=0) + RIGHT) / (self.cast_by_worker + RIGHT + WRONG)
        drawn = (hits + CLASS_STRENGTH * self.skills) / (cast + CLASS_STRENGTH)
        self.skill_by_class = np.clip(drawn, FLOOR, 1 - FLOOR)
        if self.paired:
            self._confuse(np.asarray(self.labels.T @ posterior).reshape(n_classes, n_classes))

    def _confuse(self, votes: NDArray[np.float64]) -> None:
        """Log of the share of each other class among the wrong votes on a class; 0 for itself."""
        np.fill_diagonal(votes, 0.0)
        even = CONFUSION_STRENGTH / max(len(votes) - 1, 1)
        total = votes.sum(axis=1, keepdims=True) + CONFUSION_STRENGTH
        self.log_confusion = np.log((votes + even) / total)
        np.fill_diagonal(self.log_confusion, 0.0)

    def _expect(self) -> NDArray[np.float64]:
        """Odds of the candidates within their task."""
        miss = np.log1p(-self.skill_by_class).ravel()
        gain = (np.log(self.skill_by_class).ravel() - miss)[self.vote_cell]
        if not self.paired:  # wrong votes fall evenly on all other classes
            gain += np.log(max(self.shape[1] - 1, 1))
        worth = gain if self.weight is None else gain * self.weight
        score = np.bincount(self.own, worth, len(self.task)).astype(np.float64)
        score += np.log(self.class_prior)[self.cls]
        score += self.workers @ miss
        if self.paired:
            score += self.labels @ self.log_confusion.ravel()
        self.top[self.task[self.by_task[self.start]]] = np.maximum.reduceat(score[self.by_task], self.start)
        score -= self.top[self.task]
        np.exp(score, out=score)
        return score

    @property
    def class_skills(self) -> NDArray[np.float64]:
        """Probability of being right by worker and class, shape (W, K)."""
        return np.ascontiguousarray(self.skill_by_class.T)


def too_wide(votes: Votes) -> bool:
    """Whether full matrices, or a full table of posteriors, would take gigabytes."""
    cells = votes.n_workers * votes.n_classes * votes.n_answers
    return votes.n_tasks * votes.n_classes > MAX_TASK_CELLS or cells > MAX_WORKER_CELLS
