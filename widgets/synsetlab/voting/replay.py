"""A vote log played again as if its votes were being bought one by one.

The policy meets the votes in the order of the file. A vote on a task that is stopped at that moment
is not bought: nobody ever looks at it. What the policy knows at a vote is the votes bought before,
and the plan of the work (how many votes, which classes there are); never a later vote, never a truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.online_crowd import Crowd, CrowdFit, average, worker_weights
from synsetlab.voting.policies.base import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes
    from synsetlab.voting.policies.base import Policy
    from synsetlab.voting.policies.leader import LeaderPolicy

__all__ = [
    "AMBIGUOUS",
    "DECIDED",
    "MORE",
    "Replay",
    "bought_votes",
    "first_answers",
    "replay_leader",
]

BLOCK_CELLS = 1 << 22

MORE, DECIDED, AMBIGUOUS = 0, 1, 2


@dataclass(slots=True)
class Replay:
    """What a policy did with a log.

    Attributes
    ----------
    votes
        The log: first answers only, in file order.
    policy
        The policy as it stood at the end.
    bought
        Whether each vote was bought, bool of shape (n,).
    state
        By task, 0: it would have gone on asking (exhausted), 1: decided, 2: ambiguous.
    label
        Class code that the policy decided on, -1 where it did not; shape (T,).
    posterior
        Of the labels after stopping, shape (T, K); rows sum to one.
    """

    votes: Votes
    policy: Policy
    bought: NDArray[np.bool_]
    state: NDArray[np.intp]
    label: NDArray[np.intp]
    posterior: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Tasks that the policy decided or gave up before the log ended."""
        return np.asarray(self.state != MORE)


def first_answers(votes: Votes) -> Votes:
    """The first vote of each worker on each task: whoever has answered is not asked again.

    Which of two answers is the last is not known online.
    """
    nameless = votes.worker == votes.anonymous
    key = votes.task * votes.n_workers + votes.worker
    key[nameless] = -1 - np.arange(int(nameless.sum()))
    keep = np.sort(np.unique(key, return_index=True)[1])
    return votes if len(keep) == len(votes) else bought_votes(votes, keep)


def bought_votes(votes: Votes, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Votes:
    """The same tasks, workers and classes with some of the votes."""
    return replace(
        votes,
        task=votes.task[keep],
        worker=votes.worker[keep],
        answer=votes.answer[keep],
        weight=None if votes.weight is None else votes.weight[keep],
    )


def replay_leader(
    votes: Votes,
    policy: LeaderPolicy,
    *,
    planned: int | None = None,
    prior_counts: NDArray[np.float64] | None = None,
) -> Replay:
    """Play a log under a `LeaderPolicy`: any number of classes, skills fitted online.

    A task is stopped while its leading class is certain enough. It is looked at after each of its
    votes and whenever the crowd is fitted again; if it then turns out to be less certain, votes
    on it are bought again.

    Parameters
    ----------
    votes
        The log, one vote for each worker and task.
    policy
        The policy.
    planned
        Votes planned in all, of which the warm-up is a share; as many as there are by default.
    prior_counts
        What earlier work says about the workers: pseudo-counts of answers by class, (W, K, L).

    Raises
    ------
    InputError
        There is only one class, or there are too many for confusion matrices.
    """
    if votes.n_classes < 2:
        raise InputError(
            f"All votes say {votes.classes[0]!r}: there is nothing to decide between.",
            "Check --label-column, or fold in votes for another class.",
        )
    run = _LeaderRun(votes, policy, prior_counts)
    edges = _edges(planned or len(votes), len(votes), policy)
    run.buy_all(edges[0])
    for begin, end in pairwise(edges):
        run.refit(begin)
        run.play(begin, end)
    run.refit(len(votes))
    label = np.where(run.state == DECIDED, run.leader, -1)
    return Replay(votes, policy, run.bought, run.state, label, run.final_posterior())


class _LeaderRun:
    """The state of one replay."""

    def __init__(self, votes: Votes, policy: LeaderPolicy, prior_counts: NDArray[np.float64] | None) -> None:
        self.votes, self.policy, self.prior_counts = votes, policy, prior_counts
        shape = float(policy.weight_shape)
        weights = worker_weights(votes.n_workers, policy.resamples, shape, policy.seed)
        self.crowd = Crowd(votes, weights, policy.rounds, prior_counts)
        self.bought = np.zeros(len(votes), dtype=bool)
        self.cast = np.zeros(votes.n_tasks, dtype=np.intp)
        self.state = np.full(votes.n_tasks, MORE, dtype=np.intp)
        self.leader = np.full(votes.n_tasks, -1, dtype=np.intp)
        self.model: CrowdFit | None = None

    def buy_all(self, end: int) -> None:
        """Buy all votes before `end`."""
        self.bought[:end] = True
        self.cast += np.bincount(self.votes.task[:end], minlength=self.votes.n_tasks)

    def refit(self, end: int) -> None:
        """Fit the crowd to what was bought before `end`, and look at every task again."""
        kept = np.flatnonzero(self.bought[:end])
        self.model = self.crowd.fit(self.votes.task[kept], self.votes.worker[kept], self.votes.answer[kept])
        posterior = self.model.posterior(slice(None))
        self.leader = posterior.argmax(axis=0)
        self.state = self._judge(posterior.max(axis=0), self.cast)

    def play(self, begin: int, end: int) -> None:
        """Meet the votes from `begin` to `end` with the fit as it is."""
        if self.model is None:
            return
        classes, _, _, fits = self.model.evidence.shape
        size = max(1, BLOCK_CELLS // (classes * fits))
        for start in range(begin, end, size):
            self._play_block(self.model, np.arange(start, min(start + size, end)))

    def _play_block(self, model: CrowdFit, place: NDArray[np.intp]) -> None:
        """Tasks do not touch each other while the fit stays: each task's votes are summed up in order."""
        place = place[self.state[self.votes.task[place]] == MORE]
        if not len(place):
            return
        place = place[np.argsort(self.votes.task[place], kind="stable")]
        task = self.votes.task[place]
        begins = np.flatnonzero(np.r_[True, task[1:] != task[:-1]])
        group = np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, len(task)]))
        nth = np.arange(len(task)) - begins[group] + 1
        # long sums need 64 bits, else they would depend on where blocks begin
        own = model.evidence[:, self.votes.worker[place], self.votes.answer[place]].astype(np.float64)
        total = own.cumsum(axis=1)
        total -= (total[:, begins] - own[:, begins])[:, group]
        total += model.logit[:, task]
        posterior = average(total)
        state = self._judge(posterior.max(axis=0), self.cast[task] + nth)
        stops = np.minimum.reduceat(np.where(state == MORE, len(task) + 1, nth), begins)
        keep = nth <= stops[group]
        self.bought[place[keep]] = True
        self.cast += np.bincount(task[keep], minlength=len(self.cast))
        last = np.flatnonzero(keep & np.r_[~keep[1:] | (group[1:] != group[:-1]), True])
        model.logit[:, task[last]] = total[:, last]
        self.state[task[last]] = state[last]
        self.leader[task[last]] = posterior[:, last].argmax(axis=0)

    def _judge(self, top: NDArray[np.float64], cast: NDArray[np.intp]) -> NDArray[np.intp]:
        policy = self.policy
        sure = (top >= float(policy.confidence) - ROUNDING) & (cast >= policy.min_votes)
        state = np.where(sure, DECIDED, MORE)
        if policy.max_votes is not None:
            state[~sure & (cast >= policy.max_votes)] = AMBIGUOUS
        return state

    def final_posterior(self) -> NDArray[np.float64]:
        """Posterior of the labels, shape (T, K): Dawid-Skene with its defaults on the votes bought.

        Earlier work counts like votes. The averaged fits say when to stop; they label worse.
        """
        model = DawidSkene(earlier=self.prior_counts).fit(bought_votes(self.votes, self.bought))
        return np.asarray(model.posterior_)


def _edges(planned: int, there: int, policy: LeaderPolicy) -> list[int]:
    """Where the crowd is fitted again: after the warm-up, then `refits` times, ever further apart."""
    warm = max(1, int(np.ceil(float(policy.warm_up) * planned)))
    growing = np.geomspace(warm, planned, policy.refits + 1).astype(int)
    inside = sorted({int(edge) for edge in growing if edge < there})
    return [*inside, there] if inside else [there]
