"""Dawid-Skene for many synsets: skill belongs to the worker, difficulty and prior to the synset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.base import Aggregator
from synsetlab.voting.encoding import Votes, as_votes, encode_gold, gold_items
from synsetlab.voting.latent import AnswerTable, latent_em, share_rows
from synsetlab.voting.majority import MajorityVote

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats

__all__ = ["HierarchicalDawidSkene"]

MAX_CELLS = 1 << 26
WIDEST = 1e6


class HierarchicalDawidSkene(Aggregator):
    """Dawid-Skene in which a new synset borrows what is known of the workers elsewhere.

    The model is log-linear: P(answer | class) of worker w in synset g is proportional to
    ``pooled x skill[w] x difficulty[g]``, one factor for each class and answer. Skill and difficulty
    are drawn to 1 by pseudo-votes, as is the class prior of a synset to that of all, so that a synset
    or a worker with few votes is taken for an average one. In every round of EM the factors take one
    step of iterative scaling (Darroch and Ratcliff, 1972) towards the expected counts.

    Parameters
    ----------
    worker_strength, group_strength
        Pseudo-votes that draw each row of a worker's and of a synset's factors to 1.
    prior_strength
        Pseudo-tasks that draw the class prior of a synset to that of all tasks.
    max_iter, tol
        Stop after `max_iter` rounds, or when the posteriors move less than `tol` a task.

    Attributes
    ----------
    groups_
        Names of the synsets, object array of shape (G,), in order of first appearance.
    confusion_
        P(answer | class) by worker in a synset of average difficulty, shape (W, K, L).
    group_confusion_
        The same of the average worker by synset, shape (G, K, L): its difficulty.
    pooled_confusion_
        Shape (K, L).
    group_prior_, class_prior_
        Class shares by synset, shape (G, K), and of all tasks, shape (K,).
    n_iter_, converged_
        Rounds done, and whether `tol` was met.
    """

    method: ClassVar[str] = "hierarchical-dawid-skene"

    groups_: NDArray[np.object_]
    confusion_: NDArray[np.float64]
    group_confusion_: NDArray[np.float64]
    pooled_confusion_: NDArray[np.float64]
    group_prior_: NDArray[np.float64]
    class_prior_: NDArray[np.float64]
    n_iter_: int
    converged_: bool
    _group: NDArray[np.intp]

    def __init__(
        self,
        *,
        worker_strength: float = 4.0,
        group_strength: float = 10.0,
        prior_strength: float = 10.0,
        max_iter: int = 200,
        tol: float = 1e-5,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if min(worker_strength, group_strength, prior_strength) <= 0:
            raise InputError("worker_strength, group_strength and prior_strength must be positive.")
        self.worker_strength, self.group_strength = worker_strength, group_strength
        self.prior_strength = prior_strength
        self.max_iter, self.tol = max_iter, tol

    def fit(
        self,
        votes: pd.DataFrame | Votes,
        gold: pd.DataFrame | Mapping[Any, Any] | None = None,
        *,
        groups: str | Mapping[Any, Any] = "synset",
    ) -> Self:
        """Learn from `votes` and the synset of each task.

        Parameters
        ----------
        votes
            Frame ``task, worker, label`` (with a column of groups), or encoded votes.
        gold
            Known answers.
        groups
            The column with the group of each task, or a mapping task -> group.

        Raises
        ------
        MissingColumnError
            There is no such column.
        InputError
            A task has no group, or two.
        """
        encoded = as_votes(votes, repeats=self.repeats)
        names = _groups_by_task(votes, groups)
        listed = [names.get(task, "") for task in encoded.tasks.tolist()]
        lost = [task for task, name in zip(encoded.tasks.tolist(), listed, strict=True) if name in ("", None)]
        if lost:
            raise InputError(f"{len(lost)} tasks have no group, {lost[0]!r} for one.", "Name their synset.")
        code = {name: place for place, name in enumerate(dict.fromkeys(listed))}
        self._group = np.array([code[name] for name in listed], dtype=np.intp)
        self.groups_ = np.empty(len(code), dtype=object)
        self.groups_[:] = list(code)
        return self.fit_encoded(*encode_gold(encoded, gold_items(gold)))

    def _fit(self) -> None:
        votes = self.votes_
        if not hasattr(self, "_group") or len(self._group) != votes.n_tasks:
            raise InputError(
                "HierarchicalDawidSkene needs the group of each task.", "Call fit(votes, groups=...)."
            )
        cells, cell = np.unique(
            votes.worker * len(self.groups_) + self._group[votes.task], return_inverse=True
        )
        if max(len(cells) * votes.n_answers, votes.n_tasks) * votes.n_classes > MAX_CELLS:
            raise InputError(
                f"{len(cells)} pairs of worker and group with {votes.n_classes} classes are too many."
            )
        factors = _Factors(self, cells // len(self.groups_), cells % len(self.groups_))
        by_cell = replace(votes, workers=np.empty(len(cells), dtype=object), worker=cell)
        start = np.ascontiguousarray(np.asarray(MajorityVote().fit_encoded(votes).posterior_).T)
        fit = latent_em(
            AnswerTable(by_cell),
            start,
            factors,
            gold=self.gold_,
            prior=self._prior,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.posterior_ = np.ascontiguousarray(fit.posterior.T)
        self.pooled_confusion_ = factors.pooled
        self.confusion_ = share_rows(factors.pooled * factors.skill)
        self.group_confusion_ = share_rows(factors.pooled * factors.difficulty)
        self.n_iter_, self.converged_ = fit.n_iter, fit.converged

    def _prior(self, posterior: NDArray[np.float64]) -> NDArray[np.float64]:
        """Class prior of every task, shape (K, T): that of its group, drawn to that of all."""
        self.class_prior_ = posterior.mean(axis=1)
        size = np.bincount(self._group, minlength=len(self.groups_))
        counts = np.stack([np.bincount(self._group, row, len(size)) for row in posterior])
        drawn = counts + self.prior_strength * self.class_prior_[:, None]
        shares = np.maximum(drawn / (size + self.prior_strength), 1e-10)
        self.group_prior_ = np.ascontiguousarray(shares.T)
        return np.asarray(shares[:, self._group])


class _Factors:
    """Skill and difficulty, one step of scaling each time that it is called with expected counts."""

    def __init__(
        self, model: HierarchicalDawidSkene, worker: NDArray[np.intp], group: NDArray[np.intp]
    ) -> None:
        votes = model.votes_
        shape = (votes.n_classes, votes.n_answers)
        self.worker, self.group = worker, group
        self.strengths = (model.worker_strength, model.group_strength)
        self.skill = np.ones((votes.n_workers, *shape))
        self.difficulty = np.ones((len(model.groups_), *shape))
        self.prior = np.full(shape, 0.1)
        np.fill_diagonal(self.prior, 2.1)
        self.pooled = share_rows(self.prior)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Confusion matrices of every pair of worker and group, shape (C, K, L)."""
        self.pooled = share_rows(counts.sum(axis=0) + self.prior)
        rows = counts.sum(axis=2, keepdims=True)
        for factor, owner, strength in zip(
            (self.skill, self.difficulty), (self.worker, self.group), self.strengths, strict=True
        ):
            told = _sum_by(counts, owner, len(factor)) + strength * self.pooled
            expected = _sum_by(rows * self._matrices(), owner, len(factor))
            expected += strength * share_rows(self.pooled * factor)
            np.multiply(factor, told / np.maximum(expected, 1e-10), out=factor)
            np.clip(factor, 1 / WIDEST, WIDEST, out=factor)
        return self._matrices()

    def _matrices(self) -> NDArray[np.float64]:
        return share_rows(self.pooled * self.skill[self.worker] * self.difficulty[self.group])


def _sum_by(values: NDArray[np.float64], owner: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Sums of the first axis by owner."""
    total = np.zeros((size, *values.shape[1:]))
    np.add.at(total, owner, values)
    return total


def _groups_by_task(votes: pd.DataFrame | Votes, groups: str | Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The group of each task by name."""
    if isinstance(groups, Mapping):
        return groups
    if isinstance(votes, Votes):
        raise InputError("Encoded votes have no columns.", "Give groups as a mapping task -> group.")
    if groups not in votes.columns:
        found = [str(name) for name in votes.columns]
        raise MissingColumnError("the votes", groups, found, "Name it with groups=.")
    known: dict[Any, Any] = {}
    for task, name in zip(votes["task"].tolist(), votes[groups].tolist(), strict=True):
        if known.setdefault(task, name) != name:
            raise InputError(
                f"Task {task!r} belongs to two groups: {known[task]!r} and {name!r}.", "Keep one of them."
            )
    return known
