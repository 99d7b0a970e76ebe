"""What all aggregators share: one interface, one tie policy, one form of result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError
from synsetlab.voting.encoding import Votes, as_votes, encode_gold, gold_items

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Repeats

__all__ = [
    "TIES",
    "Aggregator",
    "Posterior",
    "Ties",
    "Winners",
    "choose",
    "clamp",
    "find_winners",
    "normalise",
    "softmax_rows",
    "total_change",
    "vote_scores",
]

Ties = Literal["abstain", "first", "random"]
TIES: tuple[Ties, ...] = ("abstain", "first", "random")
"""Tie policies: no label (default), the first class in sorted order, one drawn with the seed."""

Posterior: TypeAlias = "NDArray[np.float64] | sparse.csr_array"
"""Shape (T, K); sparse where dense would not fit, then only classes that somebody named are held."""

DENSE_CELLS = 1 << 24
NARROW = 32
TIED = 1e-9


class Aggregator(ABC):
    """Turns votes into one label a task.

    Parameters
    ----------
    ties
        What to do when classes share the highest posterior (within 1e-9): ``"abstain"`` gives no
        label, ``"first"`` the first of them in sorted order, ``"random"`` one drawn with `seed`.
    seed
        Of ``ties="random"`` and of methods that draw.
    repeats
        Which of several votes of one worker on one task counts: last, first or all.

    Attributes
    ----------
    votes_
        The encoded votes that were fitted.
    gold_
        Class code of the known answer by task, -1 where unknown; intp of shape (T,).
    posterior_
        Probability (or share of support) of every class by task, shape (T, K).
    """

    method: ClassVar[str] = ""

    votes_: Votes
    gold_: NDArray[np.intp]
    posterior_: Posterior

    def __init__(self, *, ties: Ties = "abstain", seed: int = 0, repeats: Repeats = "last") -> None:
        if ties not in TIES:
            raise InputError(f"ties={ties!r} is not known.", f"It is one of: {', '.join(TIES)}.")
        self.ties: Ties = ties
        self.seed = seed
        self.repeats: Repeats = repeats

    def fit(self, votes: pd.DataFrame | Votes, gold: pd.DataFrame | Mapping[Any, Any] | None = None) -> Self:
        """Learn from `votes` (frame ``task, worker, label``); `gold` tasks keep their known answer."""
        encoded = as_votes(votes, repeats=self.repeats)
        return self.fit_encoded(*encode_gold(encoded, gold_items(gold)))

    def fit_encoded(self, votes: Votes, gold: NDArray[np.intp] | None = None) -> Self:
        """The same from encoded votes and known class codes by task, -1 where unknown."""
        self.votes_ = votes
        self.gold_ = np.full(votes.n_tasks, -1, dtype=np.intp) if gold is None else gold
        self._fit()
        return self

    @abstractmethod
    def _fit(self) -> None:
        """Set ``posterior_`` and the other learned attributes from ``votes_`` and ``gold_``."""

    def fit_predict(
        self, votes: pd.DataFrame | Votes, gold: pd.DataFrame | Mapping[Any, Any] | None = None
    ) -> pd.Series[Any]:
        """``fit`` and ``predict`` in one."""
        return self.fit(votes, gold).predict()

    def predict_codes(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Class code by task (-1: abstained) and the posterior of the leading class."""
        self._check_fitted()
        return choose(find_winners(self.posterior_), self.ties, self.seed)

    def predict(self) -> pd.Series[Any]:
        """The label by task, None where a tie was abstained from."""
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        codes, _ = self.predict_codes()
        names = np.array([*self.votes_.classes, None], dtype=object)  # code -1 is the last place
        index = pd.Index(self.votes_.tasks, name="task", dtype=object)
        return pd.Series(names[codes], index=index, name="label", dtype=object)

    def predict_proba(self) -> pd.DataFrame:
        """Posterior by task (rows) and class (columns).

        Raises
        ------
        InputError
            There are too many classes for a full table.
        """
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        self._check_fitted()
        if not isinstance(self.posterior_, np.ndarray):
            tasks, classes = self.posterior_.shape
            raise InputError(
                f"{tasks} tasks x {classes} classes are too many for a table of probabilities.",
                "Use predict(), or posterior_ (a sparse matrix of the classes that somebody named).",
            )
        index = pd.Index(self.votes_.tasks, name="task", dtype=object)
        columns = pd.Index(self.votes_.classes, name="label", dtype=object)
        return pd.DataFrame(self.posterior_, index=index, columns=columns)

    def _check_fitted(self) -> None:
        if not hasattr(self, "posterior_"):
            raise InputError(f"{type(self).__name__} has seen no votes yet.", "Call fit(votes) first.")


@dataclass(frozen=True, slots=True)
class Winners:
    """The leading classes of every task: ``classes[start[t]:start[t + 1]]``, more than one in a tie."""

    start: NDArray[np.intp]
    classes: NDArray[np.intp]
    confidence: NDArray[np.float64]

    @property
    def n_tied(self) -> NDArray[np.intp]:
        """How many classes lead, by task."""
        return np.diff(self.start)

    def credit(self, truth: NDArray[np.intp]) -> NDArray[np.float64]:
        """What each task earns when ties are shared: 1/m if `truth` is among the m leaders."""
        hit = self.classes == np.repeat(truth, self.n_tied)
        return np.add.reduceat(hit.astype(np.float64), self.start[:-1]) / self.n_tied


def find_winners(posterior: Posterior) -> Winners:
    """The classes within 1e-9 of the highest posterior, task by task."""
    if isinstance(posterior, np.ndarray):
        top = posterior.max(axis=1)
        rows, classes = np.nonzero(posterior >= top[:, None] - TIED)
        n_tied = np.bincount(rows, minlength=len(posterior))
    else:
        posterior = _tie_empty_rows(posterior)
        counts = np.diff(posterior.indptr)
        top = np.maximum.reduceat(posterior.data, posterior.indptr[:-1])
        leads = posterior.data >= np.repeat(top, counts) - TIED
        classes = posterior.indices[leads].astype(np.intp)
        n_tied = np.add.reduceat(leads.astype(np.intp), posterior.indptr[:-1])
    start = np.concatenate([[0], np.cumsum(n_tied)]).astype(np.intp)
    return Winners(start, classes.astype(np.intp), np.asarray(top, dtype=np.float64))


def _tie_empty_rows(posterior: sparse.csr_array) -> sparse.csr_array:
    """Tasks without a vote for any class get a tie of the first two, at the share of any class."""
    empty = np.flatnonzero(np.diff(posterior.indptr) == 0)
    n_classes = posterior.shape[1]
    if not len(empty) or n_classes < 2:
        return posterior
    rows, columns = np.repeat(empty, 2), np.tile([0, 1], len(empty))
    even = sparse.csr_array((np.full(len(rows), 1 / n_classes), (rows, columns)), shape=posterior.shape)
    return sparse.csr_array(posterior + even)


def choose(winners: Winners, ties: Ties, seed: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """One class code by task under the tie policy, -1 where it abstains, and the confidence."""
    n_tied = winners.n_tied
    first = winners.start[:-1]
    if ties == "random":
        first = first + np.random.default_rng(seed).integers(0, n_tied)
    codes = winners.classes[first]
    if ties == "abstain":
        codes[n_tied > 1] = -1
    return codes, winners.confidence


def vote_scores(votes: Votes, worth: NDArray[np.float64] | None = None) -> Posterior:
    """Sum of the worth (default: the weight) of the votes by task and class, shape (T, K).

    `votes` must hold no answers that are no class. Sparse if a dense table had over 2^24 cells;
    then a task without votes holds nothing, and a class that nobody named is absent.
    """
    shape = (votes.n_tasks, votes.n_classes)
    worth = votes.weight if worth is None else worth
    if shape[0] * shape[1] <= DENSE_CELLS:
        key = votes.task * shape[1] + votes.answer
        return np.bincount(key, worth, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    data = np.ones(len(votes)) if worth is None else worth
    table = sparse.csr_array((data, (votes.task, votes.answer)), shape=shape)
    table.sum_duplicates()
    return table


def normalise(scores: Posterior) -> Posterior:
    """Rows divided by their sums; a row without support becomes even over what it holds."""
    if isinstance(scores, np.ndarray):
        total = _row_sums(scores)[:, None]
        if total.min(initial=1.0) > 0:
            return scores / total
        return np.where(total > 0, scores / np.where(total > 0, total, 1.0), 1.0 / scores.shape[1])
    counts = np.diff(scores.indptr)
    total = np.repeat(scores.sum(axis=1), counts)
    data = np.where(total > 0, scores.data / np.where(total > 0, total, 1.0), 1.0 / np.repeat(counts, counts))
    return sparse.csr_array((data, scores.indices, scores.indptr), shape=scores.shape)


def _row_sums(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over the classes; few of them are added class by class (see `softmax_rows`)."""
    if table.shape[1] > NARROW:
        return np.asarray(table.sum(axis=1))
    total = table[:, 0].copy()
    for of_class in table.T[1:]:
        total += of_class
    return total


def softmax_rows(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax of every row of a (T, K) table; may overwrite it.

    Few classes are worked class by class: numpy reduces long axes several times faster.
    """
    if logit.shape[1] > NARROW:
        logit -= logit.max(axis=1, keepdims=True)
        np.exp(logit, out=logit)
        logit /= logit.sum(axis=1, keepdims=True)
        return logit
    by_class = np.ascontiguousarray(logit.T)
    by_class -= by_class.max(axis=0)
    np.exp(by_class, out=by_class)
    by_class /= by_class.sum(axis=0)
    return np.ascontiguousarray(by_class.T)


def total_change(before: Posterior, after: Posterior) -> float:
    """Sum of the absolute differences of two tables of one shape and form."""
    if isinstance(before, np.ndarray) and isinstance(after, np.ndarray):
        return float(np.abs(after - before).sum())
    return float(abs(sparse.csr_array(after) - sparse.csr_array(before)).sum())


def clamp(posterior: Posterior, gold: NDArray[np.intp]) -> Posterior:
    """Put all of the mass of the gold tasks on their known class; returns the same table if dense."""
    known = np.flatnonzero(gold >= 0)
    if not len(known):
        return posterior
    if isinstance(posterior, np.ndarray):
        posterior[known] = 0.0
        posterior[known, gold[known]] = 1.0
        return posterior
    open_rows = sparse.diags_array((gold < 0).astype(np.float64), format="csr")
    one_hot = sparse.csr_array((np.ones(len(known)), (known, gold[known])), shape=posterior.shape)
    clamped = sparse.csr_array(open_rows @ posterior + one_hot)
    clamped.eliminate_zeros()
    return clamped
