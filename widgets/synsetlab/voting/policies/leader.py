"""Dynamic overlap for any number of classes: stop when the leading class is certain enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    ROUNDING,
    Decision,
    Policy,
    Tally,
    Threshold,
    logistic,
    parse_price,
    parse_threshold,
    whole,
)
from synsetlab.voting.policies.dynamic import UNLIMITED, judge_posterior

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LeaderPolicy"]


@dataclass(frozen=True)
class LeaderPolicy(Policy):
    """Ask until the leading class is certain enough, however the crowd is weighted.

    For any number of classes, with each annotator's confusion matrix fitted as the votes come in.
    Such a fit is far too sure of itself while there are few votes, and stays so where annotators
    are wrong together. The posterior that has to reach `confidence` is therefore an average over
    `resamples` fits in each of which every annotator counts with a random weight (Gamma with shape
    `weight_shape` and mean 1; shape 1 is the Bayesian bootstrap: D. B. Rubin, Annals of Statistics
    9 (1981) 130-134, doi:10.1214/aos/1176345338). A label that hangs on a few annotators falls
    with their weights.

    The confidence is nominal all the same.

    Parameters
    ----------
    confidence
        Stop when the averaged posterior of the leading class is this or more.
    min_votes, max_votes
        Never stop before, never ask after (None: as long as there is someone to ask).
    warm_up
        Share of all votes planned that is bought before anything may stop.
    refits
        How often the annotators are fitted again between the warm-up and the last vote.
    resamples, weight_shape, rounds
        Number of weighted fits (fewer on very large logs, 8 at the least), the shape of the weights,
        and the rounds of EM each gets.
    seed
        Of the weights.
    skill
        Assumed accuracy of an annotator where there is no fitted model (`decide` without `p_yes`).
    """

    kind: ClassVar[str] = "leader"

    confidence: Threshold = Fraction(985, 1000)
    min_votes: int = 3
    max_votes: int | None = None
    warm_up: Threshold = Fraction(1, 20)
    refits: int = 40
    resamples: int = 60
    weight_shape: Threshold = Fraction(2)
    rounds: int = 8
    seed: int = 0
    skill: Threshold = Fraction(4, 5)

    def __post_init__(self) -> None:
        for name in ("confidence", "warm_up", "skill"):
            object.__setattr__(self, name, parse_threshold(getattr(self, name), f"leader policy: {name}"))
        shape = parse_price(self.weight_shape, "leader policy: weight_shape")
        object.__setattr__(self, "weight_shape", shape)
        for name, least in (("min_votes", 1), ("refits", 1), ("resamples", 1), ("rounds", 1), ("seed", 0)):
            whole(self.kind, name, getattr(self, name), least=least)
        if self.max_votes is not None:
            whole(self.kind, "max_votes", self.max_votes, least=self.min_votes)
        if not Fraction(1, 2) < parse_threshold(self.confidence) < 1:
            raise InputError(f"leader policy: confidence={self.confidence} must be between 1/2 and 1.")
        if not Fraction(1, 2) < parse_threshold(self.skill) < 1:
            raise InputError(f"leader policy: skill={self.skill} must be between 1/2 and 1.")
        if shape == 0:
            raise InputError("leader policy: weight_shape must be more than 0.")

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return self.min_votes

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge a question of two classes by `p_yes`, or by the counts and the assumed skill."""
        step = math.log(float(self.skill) / (1 - float(self.skill)))
        if p_yes is None:
            p_yes = logistic(step * (tally.yes - tally.no))
        elif not 0 <= p_yes <= 1:
            raise InputError(f"p_yes={p_yes} is no probability.")
        sure = float(self.confidence)
        most = UNLIMITED if self.max_votes is None else self.max_votes
        return judge_posterior(
            p_yes,
            tally.votes,
            bounds=(sure, 1 - sure),
            votes=(self.min_votes, most),
            strongest=strongest or (step, step),
        )

    def leading(self, posterior: Sequence[float], votes: int) -> int | None:
        """Place of the class that may be decided on after so many votes, None if none may yet."""
        top = max(range(len(posterior)), key=posterior.__getitem__)
        sure = posterior[top] >= float(self.confidence) - ROUNDING
        return top if sure and votes >= self.min_votes else None
