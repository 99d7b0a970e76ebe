"""Replays under policies that count votes: fixed, SPRT, tables, quorums, prices.

Two classes are yes and no; a fixed number of votes works for any number of classes.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.confidence_table import PILOT_VOTES, ConfidenceTable
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.policies.base import Outcome, Policy, Tally, Threshold
from synsetlab.voting.policies.fixed import FixedPolicy
from synsetlab.voting.replay import AMBIGUOUS, DECIDED, MORE, Replay, bought_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from synsetlab.voting.confidence_table import Form
    from synsetlab.voting.encoding import Votes
    from synsetlab.voting.policies.sprt import SprtPolicy

__all__ = ["replay_counts", "replay_sprt", "replay_table", "yes_class"]

PILOT_TASKS = 50
YES_WORDS = ("yes", "y", "true", "1", "positive", "pos")
SKILLS = (0.55, 0.98)
"""What a fitted accuracy is cut to: beyond these a count of votes would be believed too easily."""


def yes_class(votes: Votes, named: str | None = None) -> int:
    """Code of the class that means yes: the one that is named, else the word for it, else the last.

    Raises
    ------
    InputError
        There are not two classes, or none is called so.
    """
    names = [str(name) for name in votes.classes]
    if len(names) != 2:
        few = f"{names[0]!r} only" if len(names) == 1 else f"{len(names)} classes"
        raise InputError(
            f"This policy decides between two classes; the votes have {few}.",
            "With more classes use --policy dynamic or --policy fixed.",
        )
    if named is not None:
        if named not in names:
            raise InputError(f"There is no class {named!r}.", f"Classes are: {', '.join(names)}.")
        return names.index(named)
    found = [place for place, name in enumerate(names) if name.strip().lower() in YES_WORDS]
    return found[0] if len(found) == 1 else 1


def replay_counts(votes: Votes, policy: Policy, *, yes: str | None = None) -> Replay:
    """Play a log under a policy that counts, taken as it is.

    Raises
    ------
    InputError
        The policy knows only yes and no, and there are not two classes.
    """
    run = _CountRun(votes, yes, binary=not isinstance(policy, FixedPolicy))
    run.play(policy, range(len(votes)))
    return run.result(policy)


def replay_sprt(
    votes: Votes, policy: SprtPolicy, *, yes: str | None = None, warm_up: Threshold = "1/10", refits: int = 40
) -> Replay:
    """Play a log under an SPRT whose assumed skills are fitted online: one for the whole crowd.

    Nothing stops in the warm-up. After it, and `refits` times, sensitivity, specificity and prior
    are those of a Dawid-Skene fit to the votes bought so far, pooled over the workers.

    Raises
    ------
    InputError
        There are not two classes.
    """
    run = _CountRun(votes, yes, binary=True)
    warm = math.ceil(Fraction(str(warm_up)) * len(votes))
    run.buy(range(warm))
    for begin, end in pairwise(np.unique(np.linspace(warm, len(votes), refits + 1).astype(int)).tolist()):
        policy = _fitted_sprt(bought_votes(votes, np.flatnonzero(run.bought[:begin])), policy, run.yes)
        run.judge_all(policy)
        run.play(policy, range(begin, end))
    return run.result(policy)


def replay_table(
    votes: Votes,
    *,
    accept: Threshold = "19/20",
    reject: Threshold = "1/20",
    form: Form = "isotonic",
    yes: str | None = None,
    gold: Mapping[Any, Any] | None = None,
) -> Replay:
    """Play a log under the confidence table that its own first tasks give.

    The pilot is the first tenth of the tasks, 50 at the least. Each gets its first 10 votes, and
    nothing else stops before the pilot is complete; then the table judges all tasks.

    Raises
    ------
    InputError
        There are not two classes, or the log ends before every task of the pilot has 10 votes.
    """
    run = _CountRun(votes, yes, binary=True)
    pilot = min(max(PILOT_TASKS, math.ceil(votes.n_tasks / 10)), votes.n_tasks)
    complete = _pilot_end(votes, pilot)
    wanted = np.full(votes.n_tasks, len(votes))
    wanted[:pilot] = PILOT_VOTES
    nth = _nth_told(votes)[:complete]
    run.buy(np.flatnonzero(nth <= wanted[votes.task[:complete]]).tolist())
    counts = [run.yes_no(task) for task in range(pilot)]
    known = gold or {}
    yes_name = votes.classes[run.yes]
    truth = [known[task] == yes_name if task in known else None for task in votes.tasks[:pilot].tolist()]
    policy = ConfidenceTable.fit(counts, truth, form=form).policy(accept, reject)
    run.judge_all(policy)
    run.play(policy, range(complete, len(votes)))
    return run.result(policy)


class _CountRun:
    """Counts by task while a log is played; `yes` None counts the leader against the rest."""

    def __init__(self, votes: Votes, yes: str | None, *, binary: bool = False) -> None:
        self.votes = votes
        many = votes.n_classes > 2 and not binary
        self.yes = -1 if many else yes_class(votes, yes)
        self.counts = [[0] * votes.n_answers for _ in range(votes.n_tasks)]
        self.state = [MORE] * votes.n_tasks
        self.label = [-1] * votes.n_tasks
        self.bought = np.zeros(len(votes), dtype=bool)
        self.task, self.answer = votes.task.tolist(), votes.answer.tolist()

    def buy(self, places: Iterable[int]) -> None:
        """Buy these votes without looking at the tasks."""
        for place in places:
            self.counts[self.task[place]][self.answer[place]] += 1
            self.bought[place] = True

    def play(self, policy: Policy, places: Iterable[int]) -> None:
        """Meet these votes in order."""
        judge = self._judge(policy)
        for place in places:
            task = self.task[place]
            if self.state[task] != MORE:
                continue
            self.counts[task][self.answer[place]] += 1
            self.bought[place] = True
            self.state[task], self.label[task] = judge(tuple(self.counts[task]))

    def judge_all(self, policy: Policy) -> None:
        """Look at every open task that has votes."""
        judge = self._judge(policy)
        for task, counts in enumerate(self.counts):
            if self.state[task] == MORE and any(counts):
                self.state[task], self.label[task] = judge(tuple(counts))

    def yes_no(self, task: int) -> tuple[int, int]:
        """Votes for yes and for no."""
        return self.counts[task][self.yes], self.counts[task][1 - self.yes]

    def _judge(self, policy: Policy) -> Callable[[tuple[int, ...]], tuple[int, int]]:
        """State and label by counts; equal counts are judged once."""
        known: dict[tuple[int, ...], tuple[int, int]] = {}

        def judge(counts: tuple[int, ...]) -> tuple[int, int]:
            if counts not in known:
                known[counts] = self._decide(policy, counts)
            return known[counts]

        return judge

    def _decide(self, policy: Policy, counts: tuple[int, ...]) -> tuple[int, int]:
        classes = counts[: self.votes.n_classes]
        unsure = sum(counts) - sum(classes)
        first = self.yes if self.yes >= 0 else max(range(len(classes)), key=classes.__getitem__)
        rest = sum(classes) - classes[first]
        outcome = policy.decide(Tally(classes[first], rest, unsure)).outcome
        if outcome is Outcome.MORE_VOTES:
            return MORE, -1
        if outcome is Outcome.ACCEPTED:
            return DECIDED, first
        if outcome is Outcome.REJECTED and self.yes >= 0:
            return DECIDED, 1 - self.yes
        return AMBIGUOUS, -1  # that all others together beat the leader names no class

    def result(self, policy: Policy) -> Replay:
        """What was done; labels that were not decided have the shares of the votes."""
        share = np.array(self.counts, dtype=np.float64)[:, : self.votes.n_classes]
        total = share.sum(axis=1, keepdims=True)
        share = np.where(total > 0, share / np.maximum(total, 1.0), 1.0 / self.votes.n_classes)
        label = np.array(self.label, dtype=np.intp)
        decided = label >= 0
        share[decided] = np.eye(self.votes.n_classes)[label[decided]]
        return Replay(self.votes, policy, self.bought, np.array(self.state, dtype=np.intp), label, share)


def _fitted_sprt(votes: Votes, policy: SprtPolicy, yes: int) -> SprtPolicy:
    """The policy with the skills and the prior of a pooled fit."""
    model = DawidSkene(max_iter=50).fit(votes)
    right = [float(np.clip(model.pooled_confusion_[place, place], *SKILLS)) for place in (yes, 1 - yes)]
    prior = float(np.clip(model.class_prior_[yes], 0.05, 0.95))
    skills: dict[str, Any] = {
        "sensitivity": _short(right[0]),
        "specificity": _short(right[1]),
        "prior": _short(prior),
    }
    return replace(policy, **skills)


def _short(value: float) -> Fraction:
    return Fraction(round(value * 1000), 1000)


def _nth_told(votes: Votes) -> NDArray[np.intp]:
    """Which vote for a class on its task each vote is, from 1; 0 for a vote that names no class."""
    told = np.flatnonzero(votes.answer < votes.n_classes)
    order = told[np.argsort(votes.task[told], kind="stable")]
    task = votes.task[order]
    begins = np.searchsorted(task, task)
    nth = np.zeros(len(votes), dtype=np.intp)
    nth[order] = np.arange(len(order)) - begins + 1
    return nth


def _pilot_end(votes: Votes, pilot: int) -> int:
    """Place after the vote that completes the pilot: its tasks all have 10 votes for classes."""
    tenth = (_nth_told(votes) == PILOT_VOTES) & (votes.task < pilot)
    if int(tenth.sum()) < pilot:
        raise InputError(
            f"The pilot is too small: {pilot - int(tenth.sum())} of its {pilot} tasks have fewer than "
            f"{PILOT_VOTES} votes, and a confidence table needs that many on each.",
            "Collect more votes on the first tasks, or use --policy dynamic.",
        )
    return int(np.flatnonzero(tenth)[-1]) + 1
