"""Whether annotators grew worse or better over time, and at which vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import kolmogorov

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["Drift", "find_drift", "holm"]

LEAST_VOTES = 20
"""Below these a change could not be told from chance."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Change over time by annotator, NaN (or -1) where it was not tested; all of shape (W,).

    Not tested are those of few votes, and those who always gave the same answer.

    Attributes
    ----------
    p
        Chance of so large a deviation in someone who did not change.
    adjusted
        The same, corrected for how many annotators were looked at (Holm).
    at
        Votes before the likeliest point of change.
    before, after
        Share of right votes before and after it, adjusted for the tasks; may pass 0 or 1 a little.
    """

    p: NDArray[np.float64]
    adjusted: NDArray[np.float64]
    at: NDArray[np.intp]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def find_drift(
    votes: Votes,
    right: NDArray[np.float64],
    when: NDArray[np.float64] | None = None,
    expected: NDArray[np.float64] | None = None,
) -> Drift:
    """Test each annotator for a change at an unknown point of time.

    How right a vote is, less the mean of the others' votes on the same task (so that hard tasks in a
    row are no change), is summed up along the annotator's votes; the largest distance of the sum from
    a straight line, divided by its standard deviation and the root of the number of votes, is that of a
    Brownian bridge if nothing changed (R. L. Brown, J. Durbin and J. M. Evans, Techniques for testing
    the constancy of regression relationships over time, 1975; the limit is Kolmogorov's law).

    Parameters
    ----------
    votes
        Encoded votes.
    right
        How right each vote is, 0 to 1 (`LeftOut.right`, or 0 and 1 on gold); (n,).
    when
        Order of the votes in time; their own order if None.
    expected
        How right each vote was to be expected, given its annotator and the class of the task, (n,):
        someone who leans to one class does not drift when more tasks of it come. 0 if None.
    """
    usable = votes.answer < votes.n_classes
    cast = np.bincount(votes.task[usable], minlength=votes.n_tasks)
    excess = right if expected is None else right - expected
    total = np.bincount(votes.task[usable], excess[usable], votes.n_tasks)
    usable &= cast[votes.task] > 1
    chosen = np.flatnonzero(usable)
    order = np.arange(len(votes)) if when is None else when
    chosen = chosen[np.lexsort((chosen, order[chosen], votes.worker[chosen]))]
    task, worker, hit = votes.task[chosen], votes.worker[chosen], right[chosen]
    own = excess[chosen]
    residual = own - (total[task] - own) / (cast[task] - 1)
    size = np.bincount(worker, minlength=votes.n_workers)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    mean = np.bincount(worker, residual, votes.n_workers) / np.maximum(size, 1)
    centred = residual - mean[worker]
    spread = np.sqrt(np.bincount(worker, centred**2, votes.n_workers) / np.maximum(size, 1))
    path = np.cumsum(centred)
    path = path - np.concatenate([[0.0], path])[start[worker]]
    largest = np.zeros(votes.n_workers)
    np.maximum.at(largest, worker, np.abs(path))
    tested = (size >= LEAST_VOTES) & (spread > 1e-9) & _varied(votes, chosen)
    p = np.full(votes.n_workers, np.nan)
    p[tested] = kolmogorov(largest[tested] / (spread[tested] * np.sqrt(size[tested])))
    # what is told is adjusted like what is tested: the mean of all votes, and how far from it
    level = np.bincount(worker, hit, votes.n_workers) / np.maximum(size, 1)
    told = centred + level[worker]
    at, before, after = _change(worker, told, np.abs(path) >= largest[worker], size, start)
    at[~tested] = -1
    before[~tested], after[~tested] = np.nan, np.nan
    return Drift(p, holm(p), at, before, after)


def _varied(votes: Votes, chosen: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Who gave more than one answer; whoever did not has not changed: only the others can have."""
    low = np.full(votes.n_workers, votes.n_answers)
    high = np.full(votes.n_workers, -1)
    np.minimum.at(low, votes.worker[chosen], votes.answer[chosen])
    np.maximum.at(high, votes.worker[chosen], votes.answer[chosen])
    return np.asarray(low < high)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Adjust p-values for their number; NaN stays and is not counted.

    S. Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    scaled = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0) if len(order) else scaled
    return adjusted


def _change(
    worker: NDArray[np.intp],
    hit: NDArray[np.float64],
    extreme: NDArray[np.bool_],
    size: NDArray[np.intp],
    start: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Votes before the change by annotator, and how right they were before and after it."""
    width = len(size)
    place = np.flatnonzero(extreme)
    first = np.full(width, -1, dtype=np.intp)
    first[worker[place][::-1]] = place[::-1]
    at = np.where(first >= 0, first - start + 1, 0)
    sums = np.concatenate([[0.0], np.cumsum(hit)])
    end = start + size
    early = sums[start + at] - sums[start]
    late = sums[end] - sums[start + at]
    with np.errstate(divide="ignore", invalid="ignore"):
        return at, early / at, late / (size - at)
