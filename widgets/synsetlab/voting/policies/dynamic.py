"""Dynamic overlap: one vote after another until the posterior is certain enough."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    ROUNDING,
    Decision,
    Outcome,
    Policy,
    Tally,
    Threshold,
    logistic,
    parse_threshold,
    shift,
    whole,
)

__all__ = ["UNLIMITED", "DynamicPolicy", "judge_posterior"]

UNLIMITED = 1 << 30
"""A number of votes that nobody reaches: no end."""


@dataclass(frozen=True)
class DynamicPolicy(Policy):
    """Ask one vote after another until the posterior is certain enough.

    Without a fitted model of the annotators all are taken to be right with probability `skill` on
    either side, and "unsure" says nothing. The probabilities are nominal: on real votes, whose
    errors share causes (hard pictures), fewer decisions than promised are right; calibrate on gold.

    Parameters
    ----------
    accept, reject
        Accept at a posterior of `accept` or more, reject at `reject` or less.
    min_votes, max_votes
        Never decide before, never ask after; what is undecided at `max_votes` is ambiguous.
    prior
        Probability of yes before any vote: calibrate it on a pilot, the precision of image search
        is not it.
    skill
        Assumed accuracy of an annotator about whom nothing is known.
    """

    kind: ClassVar[str] = "dynamic"

    accept: Threshold = Fraction(95, 100)
    reject: Threshold = Fraction(5, 100)
    min_votes: int = 2
    max_votes: int = 7
    prior: Threshold = Fraction(1, 2)
    skill: Threshold = Fraction(4, 5)

    def __post_init__(self) -> None:
        for name in ("accept", "reject", "prior", "skill"):
            value = parse_threshold(getattr(self, name), f"{self.kind} policy: {name}")
            object.__setattr__(self, name, value)
        whole(self.kind, "min_votes", self.min_votes, least=1)
        whole(self.kind, "max_votes", self.max_votes, least=self.min_votes)
        accept, reject, prior, skill = self._exact()
        if not reject < accept:
            raise InputError(f"dynamic policy: reject={reject} must be less than accept={accept}.")
        if not 0 < prior < 1:
            raise InputError(f"dynamic policy: prior={prior} must be between 0 and 1.")
        if not Fraction(1, 2) < skill < 1:
            raise InputError(f"dynamic policy: skill={skill} must be between 1/2 and 1.")

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return self.min_votes

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by `p_yes`, or by the counts and the assumed skill where it is not given."""
        accept, reject, prior, skill = (float(value) for value in self._exact())
        step = math.log(skill / (1 - skill))
        if p_yes is None:
            log_odds = math.log(prior / (1 - prior)) + step * (tally.yes - tally.no)
            p_yes = logistic(log_odds)
        elif not 0 <= p_yes <= 1:
            raise InputError(f"p_yes={p_yes} is no probability.")
        return judge_posterior(
            p_yes,
            tally.votes,
            bounds=(accept, reject),
            votes=(self.min_votes, self.max_votes),
            strongest=strongest or (step, step),
        )

    def _exact(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        return (
            parse_threshold(self.accept),
            parse_threshold(self.reject),
            parse_threshold(self.prior),
            parse_threshold(self.skill),
        )


def judge_posterior(
    p_yes: float,
    cast: int,
    *,
    bounds: tuple[float, float],
    votes: tuple[int, int],
    strongest: tuple[float, float],
) -> Decision:
    """Judge a posterior after `cast` votes.

    Parameters
    ----------
    p_yes, cast
        Posterior of yes, and the votes it rests on.
    bounds
        Accept at the first or more, reject at the second or less.
    votes
        Never decide before, never ask after.
    strongest
        Largest evidence of one more vote for yes and for no: where all the votes left cannot reach
        a bound, asking on is futile.
    """
    accept, reject = bounds
    if cast >= votes[0]:
        if p_yes >= accept - ROUNDING:
            return Decision(Outcome.ACCEPTED, p_yes, f"P(yes) {p_yes:.4f} after {cast} votes", cast)
        if p_yes <= reject + ROUNDING:
            return Decision(Outcome.REJECTED, p_yes, f"P(yes) {p_yes:.4f} after {cast} votes", cast)
    left = votes[1] - cast
    if left <= 0:
        return Decision(Outcome.AMBIGUOUS, p_yes, f"P(yes) {p_yes:.4f} after all {cast} votes", cast)
    high, low = shift(p_yes, left * strongest[0]), shift(p_yes, -left * strongest[1])
    if high < accept - ROUNDING and low > reject + ROUNDING:
        more = "one more vote" if left == 1 else f"{left} more votes"
        return Decision(Outcome.AMBIGUOUS, p_yes, f"P(yes) {p_yes:.4f}: {more} cannot decide it", cast)
    wanted = max(cast + 1, votes[0])
    return Decision(Outcome.MORE_VOTES, p_yes, f"P(yes) {p_yes:.4f} after {cast} votes", wanted)
