"""Stopping by cost: ask as long as the votes to come are worth more than they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
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
    parse_price,
    parse_threshold,
    whole,
)

__all__ = ["CostPolicy"]


@dataclass(frozen=True)
class CostPolicy(Policy):
    """Ask while going on is expected to cost less than the cheapest verdict now.

    The verdicts now are to accept, which costs a wrong accept with probability 1 - P(yes); to reject,
    which costs a wrong reject with probability P(yes); and to ask an expert, who is taken to be
    right. Going on is valued by looking ahead over all the votes left (backward induction on the
    log odds), not over one vote only: one vote alone is often worth nothing where two would be.

    Parameters
    ----------
    vote_price, expert_price, wrong_accept, wrong_reject
        What each costs, in one currency.
    max_votes
        Never ask after.
    prior
        Probability of yes before any vote.
    skill
        Assumed accuracy of an annotator, of the votes to come in any case.
    """

    kind: ClassVar[str] = "cost"

    vote_price: Threshold = Fraction(1, 100)
    expert_price: Threshold = Fraction(1, 2)
    wrong_accept: Threshold = Fraction(1)
    wrong_reject: Threshold = Fraction(1)
    max_votes: int = 9
    prior: Threshold = Fraction(1, 2)
    skill: Threshold = Fraction(4, 5)

    def __post_init__(self) -> None:
        for name in ("vote_price", "expert_price", "wrong_accept", "wrong_reject"):
            object.__setattr__(self, name, parse_price(getattr(self, name), f"cost policy: {name}"))
        for name in ("prior", "skill"):
            object.__setattr__(self, name, parse_threshold(getattr(self, name), f"cost policy: {name}"))
        whole(self.kind, "max_votes", self.max_votes, least=1)
        if not 0 < float(self.prior) < 1:
            raise InputError(f"cost policy: prior={self.prior} must be between 0 and 1.")
        if not 0.5 < float(self.skill) < 1:
            raise InputError(f"cost policy: skill={self.skill} must be between 1/2 and 1.")

    @property
    def first_votes(self) -> int:
        """One: even the first may not be worth its price."""
        return 1

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by `p_yes`, or by the counts and the assumed skill where it is not given."""
        del strongest
        skill, prior = float(self.skill), float(self.prior)
        step = math.log(skill / (1 - skill))
        if p_yes is None:
            log_odds = math.log(prior / (1 - prior)) + step * (tally.yes - tally.no)
        elif not 0 <= p_yes <= 1:
            raise InputError(f"p_yes={p_yes} is no probability.")
        else:
            p_yes = min(max(p_yes, ROUNDING), 1 - ROUNDING)
            log_odds = math.log(p_yes / (1 - p_yes))
        posterior = logistic(log_odds)
        cast = tally.votes
        now, outcome = _verdict(posterior, self._prices)
        left = max(self.max_votes - cast, 0)
        if left:
            going_on = _going_on(round(log_odds, 9), left, skill, float(self.vote_price), self._prices)
            if going_on < now - ROUNDING:
                reason = f"P(yes) {posterior:.4f}: going on costs {going_on:.4g}, stopping {now:.4g}"
                return Decision(Outcome.MORE_VOTES, posterior, reason, cast + 1)
        words = {Outcome.AMBIGUOUS: "an expert is cheapest"}
        said = words.get(outcome, f"{outcome} is cheapest")
        reason = f"P(yes) {posterior:.4f} after {cast} votes: {said}, at {now:.4g}"
        return Decision(outcome, posterior, reason, cast)

    @property
    def _prices(self) -> tuple[float, float, float]:
        return float(self.wrong_accept), float(self.wrong_reject), float(self.expert_price)


def _verdict(p_yes: float, prices: tuple[float, float, float]) -> tuple[float, Outcome]:
    """The cheapest verdict; where costs are equal, a decision before an expert."""
    wrong_accept, wrong_reject, expert = prices
    accept, reject = (1 - p_yes) * wrong_accept, p_yes * wrong_reject
    cost, outcome = (
        (accept, Outcome.ACCEPTED)
        if accept < reject or (accept == reject and p_yes > 0.5)
        else (reject, Outcome.REJECTED)
    )
    return (expert, Outcome.AMBIGUOUS) if expert < cost else (cost, outcome)


@lru_cache(maxsize=65_536)
def _going_on(log_odds: float, left: int, skill: float, price: float, prices: tuple[float, ...]) -> float:
    """Expected cost of buying one more vote and behaving best afterwards, with `left` votes to buy."""
    step = math.log(skill / (1 - skill))
    at = [logistic(log_odds + step * net) for net in range(-left, left + 1)]
    stop = [_verdict(p, (prices[0], prices[1], prices[2]))[0] for p in at]
    value = stop
    asking = value
    for votes in range(1, left + 1):
        reach = left - votes  # after that many votes the net count lies within this of where it is now
        asking = list(value)
        for net in range(-reach, reach + 1):
            place = net + left
            says_yes = at[place] * skill + (1 - at[place]) * (1 - skill)
            asking[place] = price + says_yes * value[place + 1] + (1 - says_yes) * value[place - 1]
        value = [min(a, b) for a, b in zip(stop, asking, strict=True)]
    return asking[left]
