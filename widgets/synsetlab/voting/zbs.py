"""Zero-based skill: skills pulled step by step towards agreement with the weighted vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synsetlab.voting.base import Aggregator, clamp, normalise, vote_scores
from synsetlab.voting.wawa import agreement_by_worker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats

__all__ = ["ZeroBasedSkill"]

STEPS_PER_RATE = 20


class ZeroBasedSkill(Aggregator):
    """Weighted vote whose weights follow ``skill += rate * (agreement - skill)``.

    Skills start at 1/K, the rate at 1, halved every 20 steps (the scheme of Toloka's zero-based
    skill). Ties are shared and gold is clamped as in `Wawa`.

    Parameters
    ----------
    n_steps
        Steps, 100 by default.

    Attributes
    ----------
    skills_
        Skill by worker, float64 of shape (W,).
    """

    method: ClassVar[str] = "zbs"

    skills_: NDArray[np.float64]

    def __init__(
        self, *, n_steps: int = 100, ties: Ties = "abstain", seed: int = 0, repeats: Repeats = "last"
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        self.n_steps = n_steps

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        skills = np.full(votes.n_workers, 1.0 / votes.n_classes)
        base = np.ones(len(votes)) if votes.weight is None else votes.weight
        for step in range(self.n_steps):
            posterior = clamp(normalise(vote_scores(votes, base * skills[votes.worker])), self.gold_)
            rate = 0.5 ** (step // STEPS_PER_RATE)
            moved = skills + rate * (agreement_by_worker(votes, posterior) - skills)
            if np.array_equal(moved, skills):  # a fixed point: no later, smaller step leaves it
                break
            skills = moved
        self.skills_ = skills
        self.posterior_ = clamp(normalise(vote_scores(votes, base * skills[votes.worker])), self.gold_)
