"""What a replay reached, where the truth is known: accuracy, votes saved, the curve to beat.

The truth is looked at here only, after the replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.base import find_winners
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.majority import MajorityVote
from synsetlab.voting.replay import AMBIGUOUS, DECIDED, MORE, Replay, bought_votes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from synsetlab.voting.base import Posterior
    from synsetlab.voting.encoding import Votes

__all__ = ["CurvePoint", "StopReport", "report_stop"]

CURVE_POINTS = 12


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What the first k votes of every task give.

    Attributes
    ----------
    votes_per_task
        Mean number of votes; tasks with fewer than k have what they have.
    accuracy
        Of Dawid-Skene on these votes.
    accuracy_majority
        Of the majority, ties shared.
    """

    votes_per_task: float
    accuracy: float
    accuracy_majority: float


@dataclass(frozen=True, slots=True)
class StopReport:
    """A replay in numbers; everything that needs a truth is None without one.

    Attributes
    ----------
    accuracy
        Of the labels after stopping, over the tasks with a truth; a task that the policy did not
        decide has its likeliest label (ties are shared).
    accuracy_decided
        The same over the tasks that the policy decided, by what it decided.
    accuracy_all
        Of Dawid-Skene with the defaults on all votes.
    accuracy_majority_all
        Of the majority of all votes, ties shared.
    accuracy_majority_equal
        Of the majority of the first k votes of every task, at the number of votes bought
        (interpolated between whole k).
    votes_used, votes_available, saved_share, votes_per_task
        Votes bought, votes in the log, and what follows.
    decided_share, escalated_share
        Share of the tasks that the policy decided, and of the others: ambiguous, or the log ended.
    outcomes
        Tasks by outcome: decided, ambiguous, exhausted.
    curve
        Fixed numbers of votes, to compare with.
    """

    accuracy: float | None
    accuracy_decided: float | None
    accuracy_all: float | None
    accuracy_majority_all: float | None
    accuracy_majority_equal: float | None
    votes_used: int
    votes_available: int
    saved_share: float
    votes_per_task: float
    decided_share: float
    escalated_share: float
    outcomes: dict[str, int]
    scored: int | None
    curve: list[CurvePoint] | None


def report_stop(replay: Replay, truth: Mapping[Any, Any] | None = None) -> StopReport:
    """Measure a replay.

    Raises
    ------
    InputError
        There is a truth, but for none of the tasks.
    """
    votes = replay.votes
    used, there, tasks = int(replay.bought.sum()), len(votes), votes.n_tasks
    words = {"decided": DECIDED, "ambiguous": AMBIGUOUS, "exhausted": MORE}
    outcomes = {word: int((replay.state == code).sum()) for word, code in words.items()}
    right = _Truth(votes, truth) if truth is not None else None
    curve = _curve(votes, right) if right else None
    per_task = used / tasks
    whole = DawidSkene().fit(votes) if right else None
    return StopReport(
        accuracy=right.of(replay.posterior) if right else None,
        accuracy_decided=right.of_labels(replay.label) if right else None,
        accuracy_all=right.of(whole.posterior_) if right and whole else None,
        accuracy_majority_all=right.of(MajorityVote().fit(votes).posterior_) if right else None,
        accuracy_majority_equal=_majority_at(votes, right, per_task) if right else None,
        votes_used=used,
        votes_available=there,
        saved_share=1 - used / there,
        votes_per_task=per_task,
        decided_share=outcomes["decided"] / tasks,
        escalated_share=(outcomes["ambiguous"] + outcomes["exhausted"]) / tasks,
        outcomes=outcomes,
        scored=int(right.known.sum()) if right else None,
        curve=curve,
    )


class _Truth:
    """Known answers as class codes."""

    def __init__(self, votes: Votes, truth: Mapping[Any, Any]) -> None:
        place = {name: code for code, name in enumerate(votes.classes.tolist())}
        missing = object()
        told = [truth.get(task, missing) for task in votes.tasks.tolist()]
        self.known = np.array([value is not missing for value in told])
        if not self.known.any():
            raise InputError(
                "None of the tasks with votes is in the truth.", "Check that both tables name tasks alike."
            )
        self.code = np.array([place.get(value, -2) for value in told], dtype=np.intp)

    def of(self, posterior: Posterior) -> float:
        """Accuracy of the leading classes, ties shared."""
        return float(find_winners(posterior).credit(self.code)[self.known].mean())

    def of_labels(self, label: NDArray[np.intp]) -> float | None:
        """Accuracy of those labels that are none of -1."""
        given = self.known & (label >= 0)
        return float((label == self.code)[given].mean()) if given.any() else None


def _first_votes(votes: Votes, k: int) -> Votes:
    """The first `k` votes of every task."""
    order = np.argsort(votes.task, kind="stable")
    task = votes.task[order]
    nth = np.arange(len(task)) - np.searchsorted(task, task)
    return bought_votes(votes, np.sort(order[nth < k]))


def _curve(votes: Votes, truth: _Truth) -> list[CurvePoint]:
    most = int(np.bincount(votes.task).max())
    steps = np.unique(np.round(np.geomspace(1, most, CURVE_POINTS)).astype(int)).tolist()
    points = []
    for k in steps:
        part = _first_votes(votes, k)
        points.append(
            CurvePoint(
                votes_per_task=len(part) / votes.n_tasks,
                accuracy=truth.of(DawidSkene().fit(part).posterior_),
                accuracy_majority=truth.of(MajorityVote().fit(part).posterior_),
            )
        )
    return points


def _majority_at(votes: Votes, truth: _Truth, per_task: float) -> float:
    """Accuracy of the majority of the first k votes where these are `per_task` on average."""
    counts = np.bincount(votes.task)
    mean = [float(np.minimum(counts, k).mean()) for k in range(1, int(counts.max()) + 1)]
    above = min(int(np.searchsorted(mean, per_task - 1e-12)), len(mean) - 1)
    below = max(above - 1, 0)
    ends = [truth.of(MajorityVote().fit(_first_votes(votes, k + 1)).posterior_) for k in (below, above)]
    return float(np.interp(per_task, [mean[below], mean[above]], ends)) if below != above else ends[1]
