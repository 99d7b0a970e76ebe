"""What the votes would say without one annotator, for all annotators at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError
from synsetlab.voting.base import TIED, softmax_rows
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.encoding import as_votes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["LeftOut", "leave_one_out", "without_annotator"]

CELLS = 1 << 22
"""Cells of a posterior held at a time."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Each annotator against the consensus of the others.

    Attributes
    ----------
    right
        Probability that the vote is right, given the others' votes on the task; (n,), by vote.
    confusion
        Expected number of votes by annotator, class and answer; (W, K, L).
    flips
        Tasks whose label (or tie) would be another without the annotator; (W,).
    alone
        Tasks on which nobody else voted; (W,).
    """

    right: NDArray[np.float64]
    confusion: NDArray[np.float64]
    flips: NDArray[np.intp]
    alone: NDArray[np.intp]


def leave_one_out(model: DawidSkene) -> LeftOut:
    """Judge every vote by the other annotators' votes on its task.

    The class prior and the confusion matrices stay as they were fitted on all votes, so that one pass
    does for all annotators; `without_annotator` fits anew. Gold tasks keep their known answer.
    """
    votes = model.votes_
    width = votes.n_workers * votes.n_answers
    pair, pairs_task, pairs_worker = _pairs(votes)
    column = votes.worker * votes.n_answers + votes.answer
    shape = (len(pairs_task), width)
    cast = sparse.csr_array((np.ones(len(votes)), (pair, column)), shape=shape)
    weighed = cast if votes.weight is None else sparse.csr_array((votes.weight, (pair, column)), shape=shape)
    evidence = np.log(model.confusion_).transpose(0, 2, 1).reshape(width, votes.n_classes)
    logit = np.log(model.class_prior_)[None, :] + np.asarray(
        _by_task(votes, pairs_task) @ (weighed @ evidence)
    )
    before = _leader(logit)
    right = np.zeros(len(votes))
    confusion = np.zeros((width, votes.n_classes))
    flipped = np.zeros(len(pairs_task), dtype=bool)
    order = np.argsort(pair, kind="stable")
    size = max(1, CELLS // votes.n_classes)
    for start in range(0, len(pairs_task), size):
        part = slice(start, start + size)
        task = pairs_task[part]
        left = logit[task] - weighed[part] @ evidence
        flipped[part] = _leader(left) != before[task]
        posterior = softmax_rows(left)
        known = model.gold_[task]
        posterior[known >= 0] = np.eye(votes.n_classes)[known[known >= 0]]
        confusion += np.asarray(cast[part].T @ posterior)
        lo, hi = np.searchsorted(pair[order], [start, start + len(task)])
        mine = order[lo:hi]
        mine = mine[votes.answer[mine] < votes.n_classes]
        right[mine] = posterior[pair[mine] - start, votes.answer[mine]]
    lonely = np.bincount(pairs_task, minlength=votes.n_tasks)[pairs_task] == 1
    open_task = model.gold_[pairs_task] < 0
    by_worker = confusion.reshape(votes.n_workers, votes.n_answers, votes.n_classes).transpose(0, 2, 1)
    return LeftOut(
        right,
        np.ascontiguousarray(by_worker),
        np.bincount(pairs_worker[flipped & ~lonely & open_task], minlength=votes.n_workers),
        np.bincount(pairs_worker[lonely], minlength=votes.n_workers),
    )


def without_annotator(
    votes: pd.DataFrame | Votes,
    worker: Any,
    gold: pd.DataFrame | Mapping[Any, Any] | None = None,
    *,
    repeats: Repeats = "last",
) -> pd.DataFrame:
    """The tasks whose label changes when Dawid-Skene is fitted anew without an annotator.

    Returns
    -------
    pandas.DataFrame
        ``task``, ``before``, ``after`` (None for a tie, or where nobody else voted), ``votes_left``.

    Raises
    ------
    InputError
        There is no such annotator, or no other one.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    encoded = as_votes(votes, repeats=repeats)
    names = encoded.workers.tolist()
    if worker not in names:
        raise InputError(
            f"There is no annotator {worker!r}.", f"There are: {', '.join(map(str, names[:20]))}."
        )
    if len(names) == 1:
        raise InputError(f"{worker!r} is the only annotator: without them there are no votes.")
    table = pd.DataFrame(
        {
            "task": encoded.tasks[encoded.task],
            "worker": encoded.workers[encoded.worker],
            "label": encoded.answers[encoded.answer],
        }
    )
    extra = encoded.answers[encoded.n_classes :].tolist()
    full = DawidSkene(repeats="all").fit(encoded, gold)
    rest = table[table["worker"] != worker]
    labels = full.predict()
    after = DawidSkene(repeats="all").fit(*_rest(rest, extra, full)).predict().reindex(labels.index)
    after = after.where(after.notna(), None)
    left = rest["task"].value_counts().reindex(labels.index).fillna(0).astype(int)
    changed = labels.ne(after) & ~(labels.isna() & after.isna())
    told = pd.DataFrame(
        {
            "task": labels.index.to_numpy(),
            "before": pd.Series(labels.to_numpy(), dtype=object),
            "after": pd.Series(after.to_numpy(), dtype=object),
            "votes_left": left.to_numpy(),
        }
    )
    return told[changed.to_numpy()].reset_index(drop=True)


def _rest(rest: pd.DataFrame, extra: list[Any], full: DawidSkene) -> tuple[Votes, dict[Any, Any] | None]:
    """The votes of the others with the classes of all, and the gold that they voted on."""
    from synsetlab.voting.encoding import encode_votes  # noqa: PLC0415 - beside its only use

    votes = full.votes_
    encoded = encode_votes(rest, repeats="all", not_classes=extra).with_classes(votes.classes.tolist())
    known = np.flatnonzero(full.gold_ >= 0)
    there = set(encoded.tasks.tolist())
    gold = {
        votes.tasks[task]: votes.classes[full.gold_[task]] for task in known if votes.tasks[task] in there
    }
    return encoded, gold or None


def _pairs(votes: Votes) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Votes of one annotator on one task go together: pair by vote; task and annotator by pair."""
    key = votes.task * votes.n_workers + votes.worker
    if votes.anonymous >= 0:  # the nameless are many
        nameless = votes.worker == votes.anonymous
        key = np.where(nameless, votes.n_tasks * votes.n_workers + np.arange(len(key)), key)
    _, first, pair = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(pair, dtype=np.intp), votes.task[first], votes.worker[first]


def _by_task(votes: Votes, pairs_task: NDArray[np.intp]) -> sparse.csr_array:
    ones = np.ones(len(pairs_task))
    return sparse.csr_array(
        (ones, (pairs_task, np.arange(len(pairs_task)))), shape=(votes.n_tasks, len(pairs_task))
    )


def _leader(logit: NDArray[np.float64]) -> NDArray[np.intp]:
    """The leading class by row, -1 in a tie."""
    top = logit.max(axis=1)
    several = (logit >= top[:, None] - TIED).sum(axis=1) > 1
    return np.where(several, -1, logit.argmax(axis=1))
