"""The sequential probability ratio test of Wald on yes/no votes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    Decision,
    Policy,
    Tally,
    Threshold,
    logistic,
    parse_threshold,
    whole,
)
from synsetlab.voting.policies.dynamic import UNLIMITED, judge_posterior

__all__ = ["SprtPolicy"]


@dataclass(frozen=True)
class SprtPolicy(Policy):
    """Ask until the likelihood ratio of yes to no passes one of Wald's bounds.

    A. Wald, Sequential Tests of Statistical Hypotheses, Annals of Mathematical Statistics 16 (1945)
    117-186, doi:10.1214/aoms/1177731118: accept at a ratio of (1 - beta)/alpha, reject at
    beta/(1 - alpha). The ratio is multiplied by the prior odds, which are even by default.

    The error rates are nominal. They hold if annotators err independently of each other, which on
    real pictures they do not: on every real set that was measured more of the decisions were wrong.

    Parameters
    ----------
    alpha
        Nominal share of accepted among those that do not show the synset.
    beta
        Nominal share of rejected among those that do.
    sensitivity, specificity
        Assumed P(yes | it does) and P(no | it does not) of an annotator about whom nothing is known.
    prior
        Probability of yes before any vote.
    min_votes, max_votes
        Never decide before, never ask after (None: no end); what is undecided then is ambiguous.
    """

    kind: ClassVar[str] = "sprt"

    alpha: Threshold = Fraction(5, 100)
    beta: Threshold = Fraction(5, 100)
    sensitivity: Threshold = Fraction(4, 5)
    specificity: Threshold = Fraction(4, 5)
    prior: Threshold = Fraction(1, 2)
    min_votes: int = 1
    max_votes: int | None = 15

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "sensitivity", "specificity", "prior"):
            value = parse_threshold(getattr(self, name), f"{self.kind} policy: {name}")
            if not 0 < value < 1:
                raise InputError(f"sprt policy: {name}={value} must be between 0 and 1.")
            object.__setattr__(self, name, value)
        whole(self.kind, "min_votes", self.min_votes, least=1)
        if self.max_votes is not None:
            whole(self.kind, "max_votes", self.max_votes, least=self.min_votes)
        if parse_threshold(self.alpha) + parse_threshold(self.beta) >= 1:
            raise InputError(
                f"sprt policy: alpha={self.alpha} and beta={self.beta} together must be below 1."
            )
        if parse_threshold(self.sensitivity) + parse_threshold(self.specificity) <= 1:
            raise InputError(
                f"sprt policy: sensitivity={self.sensitivity} and specificity={self.specificity} "
                "together must exceed 1, else a yes speaks against yes."
            )

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return self.min_votes

    @property
    def bounds(self) -> tuple[float, float]:
        """Wald's bounds as posteriors of yes: accept at the first or more, reject at the second or less."""
        alpha, beta = float(self.alpha), float(self.beta)
        return (1 - beta) / (1 - beta + alpha), beta / (beta + 1 - alpha)

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by `p_yes`, or by the counts and the assumed skill where it is not given."""
        sensitivity, specificity = float(self.sensitivity), float(self.specificity)
        up = math.log(sensitivity / (1 - specificity))
        down = math.log(specificity / (1 - sensitivity))
        if p_yes is None:
            prior = float(self.prior)
            p_yes = logistic(math.log(prior / (1 - prior)) + up * tally.yes - down * tally.no)
        elif not 0 <= p_yes <= 1:
            raise InputError(f"p_yes={p_yes} is no probability.")
        return judge_posterior(
            p_yes,
            tally.votes,
            bounds=self.bounds,
            votes=(self.min_votes, UNLIMITED if self.max_votes is None else self.max_votes),
            strongest=strongest or (up, down),
        )
