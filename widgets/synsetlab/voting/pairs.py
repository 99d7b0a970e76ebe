"""How far two annotators agree: Cohen's kappa, of one pair or of all pairs at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError
from synsetlab.voting.encoding import as_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["PairKappas", "cohen_kappa", "cohen_table", "kappa_of_pairs"]

MOST_MEETINGS = 1 << 27
"""Pairs of votes on a task that are compared at most; a minute, and a gigabyte or two."""

NOBODY_SHARES = "no two annotators share a task"


@dataclass(frozen=True, slots=True)
class PairKappas:
    """Cohen's kappa of every pair of annotators who share a task; arrays of one length.

    Attributes
    ----------
    first, second
        Codes of the annotators, first < second.
    tasks
        Tasks that both answered.
    agreement
        Share of these on which they agree.
    kappa
        NaN where both always give one and the same answer, or share one task only.
    reason
        Why there is no mean, or None.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    tasks: NDArray[np.intp]
    agreement: NDArray[np.float64]
    kappa: NDArray[np.float64]
    reason: str | None = None

    @property
    def defined(self) -> int:
        """Pairs whose kappa is defined."""
        return int(np.isfinite(self.kappa).sum())

    @property
    def mean(self) -> float | None:
        """Mean over the pairs whose kappa is defined; of two annotators theirs."""
        return float(np.nanmean(self.kappa)) if self.defined else None


def cohen_kappa(first: Sequence[Any], second: Sequence[Any]) -> float | None:
    """Cohen's kappa of two raters over the same items; None where both always give one same answer.

    J. Cohen, A coefficient of agreement for nominal scales, 1960, doi:10.1177/001316446002000104.

    Raises
    ------
    InputError
        The lengths differ, or there are no items.
    """
    if len(first) != len(second) or not len(first):
        raise InputError(f"Two raters of the same items are needed, not {len(first)} and {len(second)}.")
    names = {name: code for code, name in enumerate(dict.fromkeys([*first, *second]))}
    one = np.array([names[name] for name in first])
    two = np.array([names[name] for name in second])
    size = len(names)
    expected = float(np.bincount(one, minlength=size) @ np.bincount(two, minlength=size)) / len(one) ** 2
    observed = float((one == two).mean())
    return None if expected == 1 else (observed - expected) / (1 - expected)


def cohen_table(votes: pd.DataFrame | Votes, *, repeats: Repeats = "last") -> pd.DataFrame:
    """Cohen's kappa of every pair of annotators who share a task, most shared tasks first.

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second``, ``tasks``, ``agreement``, ``cohen_kappa`` (NaN where not defined); no
        rows where no two annotators share a task.

    Raises
    ------
    InputError
        There are too many pairs, or annotators have several votes on a task.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    encoded = as_votes(votes, repeats=repeats)
    pairs = kappa_of_pairs(encoded)
    if pairs.reason not in {None, NOBODY_SHARES} and not len(pairs.first):
        raise InputError(f"There is no table of pairs: {pairs.reason}.")
    table = pd.DataFrame(
        {
            "first": encoded.workers[pairs.first],
            "second": encoded.workers[pairs.second],
            "tasks": pairs.tasks,
            "agreement": pairs.agreement,
            "cohen_kappa": pairs.kappa,
        }
    )
    return table.sort_values("tasks", ascending=False, kind="stable", ignore_index=True)


def kappa_of_pairs(votes: Votes) -> PairKappas:
    """Cohen's kappa of every pair who share a task; votes of the nameless are left out."""
    named = votes.worker != votes.anonymous
    task, worker, answer = votes.task[named], votes.worker[named], votes.answer[named]
    cast = np.bincount(task, minlength=votes.n_tasks)
    if int((cast.astype(np.int64) ** 2).sum()) > MOST_MEETINGS:
        return _none("there are too many pairs of votes to compare each annotator with each")
    key = np.sort(task * votes.n_workers + worker)
    if bool((key[1:] == key[:-1]).any()):
        return _none("annotators have several votes on a task")
    shape = (votes.n_workers, votes.n_tasks)
    seen = sparse.csr_array((np.ones(len(task)), (worker, task)), shape=shape)
    met = sparse.coo_array(sparse.triu(seen @ seen.T, k=1))
    if not met.nnz:
        return _none(NOBODY_SHARES)
    first, second = met.coords[0].astype(np.intp), met.coords[1].astype(np.intp)
    place = first * votes.n_workers + second
    # a column for each answer to each task: who shares one agrees there
    given = np.unique(task * votes.n_answers + answer, return_inverse=True)[1]
    said = sparse.csr_array(
        (np.ones(len(task)), (worker, given)), shape=(votes.n_workers, int(given.max()) + 1)
    )
    agreed = _looked_up(said @ said.T, place, votes.n_workers)
    expected = _expected(votes, (task, worker, answer), seen, place)
    tasks = met.data
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = expected / tasks**2
        kappa = (agreed / tasks - chance) / (1 - chance)
    kappa[(chance >= 1 - 1e-12) | (tasks < 2)] = np.nan
    reason = None if np.isfinite(kappa).any() else "no two annotators share two tasks and differ in answers"
    order = np.lexsort((second, first))
    return PairKappas(
        first[order], second[order], tasks[order].astype(np.intp), agreed[order] / tasks[order], kappa[order],
        reason,
    )  # fmt: skip


def _expected(
    votes: Votes,
    cast: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]],
    seen: sparse.csr_array,
    place: NDArray[np.intp],
) -> NDArray[np.float64]:
    """By pair the sum over answers of how often each gave it on the tasks that the other saw too."""
    task, worker, answer = cast
    rows, row = np.unique(worker * votes.n_answers + answer, return_inverse=True)
    gave = sparse.csr_array((np.ones(len(task)), (row, task)), shape=(len(rows), votes.n_tasks))
    met = sparse.coo_array(gave @ seen.T)
    who, code = np.divmod(rows[met.coords[0]], votes.n_answers)
    other = met.coords[1].astype(np.intp)
    # the count of (who, answer, other) is multiplied by that of (other, answer, who)
    key = (who * votes.n_workers + other) * votes.n_answers + code
    mirrored = (other * votes.n_workers + who) * votes.n_answers + code
    order = np.argsort(key)
    spot = np.minimum(np.searchsorted(key, mirrored, sorter=order), len(key) - 1)
    partner = np.where(key[order[spot]] == mirrored, met.data[order[spot]], 0.0)
    pairs, pair = np.unique(who * votes.n_workers + other, return_inverse=True)
    sums = np.bincount(pair, met.data * partner)
    return np.asarray(sums[np.searchsorted(pairs, place)])


def _looked_up(table: Any, place: NDArray[np.intp], width: int) -> NDArray[np.float64]:
    """The cells of a sparse square table at ``row * width + column``, 0 where it holds nothing."""
    held = sparse.coo_array(table)
    keys = held.coords[0].astype(np.intp) * width + held.coords[1].astype(np.intp)
    order = np.argsort(keys)
    if not len(keys):
        return np.zeros(len(place))
    spot = np.minimum(np.searchsorted(keys, place, sorter=order), len(keys) - 1)
    return np.where(keys[order[spot]] == place, held.data[order[spot]], 0.0)


def _none(reason: str) -> PairKappas:
    nothing, nowhere = np.zeros(0), np.zeros(0, dtype=np.intp)
    return PairKappas(nowhere, nowhere, nowhere, nothing, nothing, reason)
