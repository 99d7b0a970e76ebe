"""A fixed number of votes, decided by shares that are compared as fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    Decision,
    Outcome,
    Policy,
    Tally,
    Threshold,
    parse_threshold,
    whole,
)

__all__ = ["FixedPolicy"]


@dataclass(frozen=True)
class FixedPolicy(Policy):
    """Ask a fixed number of votes; accept or reject if one side has a large enough share of them.

    A question is ambiguous as soon as neither side can reach the share any more. Votes beyond the
    number (late ones) count like the others.

    Parameters
    ----------
    votes
        Votes asked per question.
    min_confidence
        Least share of all votes, unsure ones included, that decides; above one half.
    curtail
        Decide already when the remaining votes cannot change it (saves votes, changes no outcome).
    """

    kind: ClassVar[str] = "fixed"

    votes: int = 3
    min_confidence: Threshold = Fraction(67, 100)
    curtail: bool = False

    def __post_init__(self) -> None:
        whole(self.kind, "votes", self.votes, least=1)
        share = parse_threshold(self.min_confidence, f"{self.kind} policy: min_confidence")
        if share <= Fraction(1, 2):
            raise InputError(
                f"fixed policy: min_confidence={self.min_confidence} would let both sides win.",
                "Give more than 1/2.",
            )
        object.__setattr__(self, "min_confidence", share)

    @property
    def first_votes(self) -> int:
        """All of them."""
        return self.votes

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by shares; the posterior is not looked at."""
        del p_yes, strongest
        cast = tally.votes
        size = max(self.votes, cast)
        left = size - cast
        share = parse_threshold(self.min_confidence)
        posterior = tally.yes / (tally.yes + tally.no) if tally.yes + tally.no else 0.5
        if left == 0 or self.curtail:
            for side, count, outcome in (
                ("yes", tally.yes, Outcome.ACCEPTED),
                ("no", tally.no, Outcome.REJECTED),
            ):
                if Fraction(count, size) >= share:
                    of = f"{cast}" if left == 0 else f"{cast}, and the {left} left cannot change it"
                    return Decision(outcome, posterior, f"{count} {side} of {of}", cast)
        if Fraction(max(tally.yes, tally.no) + left, size) < share:
            reason = (
                f"{tally.yes} yes, {tally.no} no, {tally.unsure} unsure: no side can have {share} of {size}"
            )
            return Decision(Outcome.AMBIGUOUS, posterior, reason, cast)
        return Decision(Outcome.MORE_VOTES, posterior, f"{cast} of {size} votes", size)
