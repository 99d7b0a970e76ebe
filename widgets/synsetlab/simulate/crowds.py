"""Simulated votes of any number of classes with known truth: skill, difficulty, spammers, drift.

A vote is right with the annotator's skill, moved by a factor that all votes on the task share
(`SkillPool.correlation`: hard tasks, correlated errors); a wrong vote names one of the other classes,
or the decoy that a task may have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.errors import InputError
from synsetlab.simulate.skills import SkillPool, right_given_factor

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["HABITS", "CrowdDesign", "SimulatedCrowd", "simulate_crowd"]

HABITS = ("honest", "always", "random", "adversarial", "drifting")
"""``always`` gives the first class, whatever is shown; ``random`` any class; ``adversarial`` is wrong with
the skill of an honest one; ``drifting`` is honest at first and guesses at last."""

CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class CrowdDesign:
    """What kind of crowd votes on what kind of tasks.

    Parameters
    ----------
    tasks, workers
        How many.
    votes_per_task
        By different workers; their number if None.
    classes
        Names, or a mapping of names to their shares.
    skill, skill_sd
        Mean and standard deviation of the workers' accuracies: a Beta distribution.
    correlation
        Of the errors on one task, 0 to .95.
    decoys
        Probability that a wrong vote names the task's own decoy (a class drawn for the task) and not
        any other class; matters with three classes or more.
    spammers
        Number of workers by habit (`HABITS`).
    activity
        Unevenness: the workers' chances to be asked are log-normal with this sigma; 0 is even.
    seed
        Everything follows from it.
    """

    tasks: int = 500
    workers: int = 20
    votes_per_task: int | None = 5
    classes: Sequence[str] | Mapping[str, float] = ("yes", "no")
    skill: float = 0.8
    skill_sd: float = 0.1
    correlation: float = 0.0
    decoys: float = 0.0
    spammers: Mapping[str, int] = field(default_factory=dict)
    activity: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tasks < 0 or self.workers < 1:
            raise InputError(f"{self.workers} workers cannot vote on {self.tasks} tasks.")
        if not 1 <= self.votes <= self.workers:
            raise InputError(
                f"{self.votes} votes a task cannot come from {self.workers} different workers.",
                f"Ask for 1 to {self.workers}.",
            )
        unknown = [name for name in self.spammers if name not in HABITS]
        if unknown:
            raise InputError(f"There is no habit {unknown[0]!r}.", f"Habits are: {', '.join(HABITS)}.")
        if min(self.spammers.values(), default=0) < 0 or sum(self.spammers.values()) > self.workers:
            raise InputError(f"{dict(self.spammers)} do not fit among {self.workers} workers.")
        if len(set(self.names)) < 2 or len(set(self.names)) < len(self.names):
            raise InputError(f"Two different classes are needed at least, not {list(self.names)}.")
        if not (self.shares >= 0).all() or not np.isfinite(self.shares).all() or self.shares.sum() <= 0:
            raise InputError(f"The shares of the classes must be positive: {self.classes}.")
        if not 0 <= self.decoys <= 1 or not 0 <= self.activity < np.inf:
            raise InputError(f"decoys={self.decoys} is no probability, or activity={self.activity} negative.")

    @property
    def votes(self) -> int:
        """Votes a task."""
        return self.workers if self.votes_per_task is None else self.votes_per_task

    @property
    def names(self) -> tuple[str, ...]:
        """The classes."""
        return tuple(self.classes)

    @property
    def shares(self) -> NDArray[np.float64]:
        """How common each class is; not yet summing to 1."""
        if isinstance(self.classes, Mapping):
            return np.array(list(self.classes.values()), dtype=np.float64)
        return np.ones(len(self.classes))


@dataclass(frozen=True, slots=True)
class SimulatedCrowd:
    """Votes and all that is true of them.

    Attributes
    ----------
    votes
        ``task, worker, label``: one row a vote, in the order in which they were given.
    truth
        ``task, label``.
    workers
        ``worker, skill, habit``.
    """

    votes: pd.DataFrame
    truth: pd.DataFrame
    workers: pd.DataFrame

    @property
    def answers(self) -> dict[str, str]:
        """The truth as a mapping, for gold and for scoring."""
        return dict(zip(self.truth["task"], self.truth["label"], strict=True))


def simulate_crowd(design: CrowdDesign) -> SimulatedCrowd:
    """Draw a crowd, tasks with their truth, and votes.

    Raises
    ------
    InputError
        Skill, spread or correlation cannot be.
    """
    import pandas as pd  # noqa: PLC0415 - cheap import: the design needs no frame

    rng = np.random.default_rng(design.seed)
    skill = _skills(design, rng)
    habit = _habits(design, rng)
    truth = rng.choice(len(design.names), size=design.tasks, p=design.shares / design.shares.sum())
    who = _assigned(design, rng)
    answer = _answers(design, _Dealt(skill[who], habit[who], truth[:, None], _worked(who, len(skill))), rng)
    tasks = np.array(
        [f"t{n:0{len(str(max(design.tasks - 1, 0)))}d}" for n in range(design.tasks)], dtype=object
    )
    names = np.array([f"w{n:0{len(str(design.workers - 1))}d}" for n in range(design.workers)], dtype=object)
    labels = np.array(design.names, dtype=object)
    return SimulatedCrowd(
        votes=pd.DataFrame(
            {
                "task": np.repeat(tasks, design.votes),
                "worker": names[who.ravel()],
                "label": labels[answer.ravel()],
            }
        ),
        truth=pd.DataFrame({"task": tasks, "label": labels[truth]}),
        workers=pd.DataFrame(
            {"worker": names, "skill": skill, "habit": np.array(HABITS, dtype=object)[habit]}
        ),
    )


def _skills(design: CrowdDesign, rng: np.random.Generator) -> NDArray[np.float64]:
    SkillPool.of(design.skill, design.skill_sd, correlation=design.correlation)  # says what cannot be
    if design.skill_sd == 0:
        return np.full(design.workers, design.skill)
    total = design.skill * (1 - design.skill) / design.skill_sd**2 - 1
    return rng.beta(design.skill * total, (1 - design.skill) * total, size=design.workers)


def _habits(design: CrowdDesign, rng: np.random.Generator) -> NDArray[np.intp]:
    """Code of each worker's habit, in random order."""
    codes = [HABITS.index(name) for name, count in design.spammers.items() for _ in range(count)]
    codes += [0] * (design.workers - len(codes))
    return rng.permutation(np.array(codes, dtype=np.intp))


def _assigned(design: CrowdDesign, rng: np.random.Generator) -> NDArray[np.intp]:
    """Different workers for each task, (tasks, votes): the first to be ready of a race."""
    pace = np.exp(design.activity * rng.standard_normal(design.workers))
    chosen = np.empty((design.tasks, design.votes), dtype=np.intp)
    block = max(1, CELLS // design.workers)
    for start in range(0, design.tasks, block):
        rows = min(block, design.tasks - start)
        ready = rng.standard_exponential((rows, design.workers)) / pace
        first = np.argpartition(ready, design.votes - 1, axis=1)[:, : design.votes]
        order = np.argsort(np.take_along_axis(ready, first, axis=1), axis=1)
        chosen[start : start + rows] = np.take_along_axis(first, order, axis=1)
    return chosen


@dataclass(frozen=True, slots=True)
class _Dealt:
    """Who votes on what: all (tasks, votes), but the truth, (tasks, 1)."""

    skill: NDArray[np.float64]
    habit: NDArray[np.intp]
    truth: NDArray[np.intp]
    worked: NDArray[np.float64]


def _answers(design: CrowdDesign, dealt: _Dealt, rng: np.random.Generator) -> NDArray[np.intp]:
    """Code of each answer, (tasks, votes)."""
    classes, shape = len(design.names), dealt.skill.shape
    factor = rng.standard_normal(design.tasks)[:, None]
    right = right_given_factor(dealt.skill, factor, design.correlation)
    right = np.where(dealt.habit == HABITS.index("adversarial"), 1 - right, right)
    tired = dealt.habit == HABITS.index("drifting")
    right = np.where(tired, right + (1 / classes - right) * dealt.worked, right)
    hit = rng.random(shape) < right
    # one of the other classes: as many steps on from the truth
    step = rng.integers(1, classes, size=shape)
    if classes > 2:
        decoy = rng.integers(1, classes, size=design.tasks)[:, None]
        step = np.where(rng.random(shape) < design.decoys, decoy, step)
    answer = np.where(hit, dealt.truth, (dealt.truth + step) % classes)
    answer = np.where(dealt.habit == HABITS.index("always"), 0, answer)
    guess = rng.integers(0, classes, size=shape)
    return np.where(dealt.habit == HABITS.index("random"), guess, answer).astype(np.intp)


def _worked(who: NDArray[np.intp], workers: int) -> NDArray[np.float64]:
    """How far along a worker is at each vote, 0 at the first to 1 at the last."""
    flat = who.ravel()
    order = np.argsort(flat, kind="stable")
    size = np.bincount(flat, minlength=workers)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    done = np.empty(len(flat))
    done[order] = np.arange(len(flat)) - start[flat[order]]
    return (done / np.maximum(size[flat] - 1, 1)).reshape(who.shape)
