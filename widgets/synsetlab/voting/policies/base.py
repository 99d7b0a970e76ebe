"""What all policies share: tallies, decisions, exact thresholds, canonical JSON and a hash."""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ROUNDING",
    "Decision",
    "Outcome",
    "Policy",
    "Tally",
    "Threshold",
    "logistic",
    "parse_price",
    "parse_threshold",
    "shift",
    "tally_answers",
    "whole",
]

Threshold: TypeAlias = "Fraction | float | str"
"""A share or probability: ``.67``, ``"0.67"``, ``"2/3"`` or a Fraction; held as a Fraction."""

ROUNDING = 1e-12
"""Slack for posteriors, which are floats; shares of votes are compared exactly."""


class Outcome(StrEnum):
    """What became of a question.

    A policy says one of the first four. The other two are said by whoever knows more than the votes:
    nobody is left to ask, or the question was taken back.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    MORE_VOTES = "more-votes"
    AMBIGUOUS = "ambiguous"
    EXHAUSTED = "exhausted"
    WITHDRAWN = "withdrawn"

    @property
    def stored(self) -> str:
        """The word under which a workspace keeps it: what is exhausted waits for the expert, too."""
        words = {
            Outcome.MORE_VOTES: "open",
            Outcome.EXHAUSTED: "ambiguous",
            Outcome.WITHDRAWN: "excluded",
        }
        return words.get(self, str(self))


@dataclass(frozen=True, slots=True)
class Tally:
    """The effective votes on one question. A skip is no vote; "unsure" is one, for neither side."""

    yes: int = 0
    no: int = 0
    unsure: int = 0
    skip: int = 0

    def __post_init__(self) -> None:
        if min(self.yes, self.no, self.unsure, self.skip) < 0:
            raise InputError(f"A tally cannot be negative: {self}.")

    @property
    def votes(self) -> int:
        """Votes that count: yes, no and unsure."""
        return self.yes + self.no + self.unsure


@dataclass(frozen=True, slots=True)
class Decision:
    """An outcome and why.

    Attributes
    ----------
    outcome
        What became of the question.
    posterior
        Probability that the picture shows the synset, or the share of yes under a policy that
        counts (.5 without votes).
    reason
        One sentence for people, stored with the decision.
    votes_wanted
        Votes in all at which the question should be looked at again; under any outcome but
        MORE_VOTES the votes there are.
    """

    outcome: Outcome
    posterior: float
    reason: str
    votes_wanted: int

    def without_more_votes(self, cast: int) -> Decision:
        """The decision if nobody is left to ask after `cast` votes: MORE_VOTES becomes EXHAUSTED."""
        if self.outcome is not Outcome.MORE_VOTES:
            return self
        return Decision(Outcome.EXHAUSTED, self.posterior, f"{self.reason}; nobody is left to ask", cast)


@dataclass(frozen=True)
class Policy(ABC):
    """Base of the policies: canonical JSON, a hash, and `decide`."""

    kind: ClassVar[str]

    @abstractmethod
    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge one question; see `synsetlab.voting.policy.decide` for the arguments."""

    @property
    @abstractmethod
    def first_votes(self) -> int:
        """Votes to ask for before a question is looked at for the first time."""

    def decide_answers(self, answers: Sequence[str]) -> Decision:
        """Judge by the answers in the order in which they came; most policies only count them."""
        return self.decide(tally_answers(answers))

    def for_synset(self, wnid: str) -> Policy:
        """The policy for the questions of one synset: this one, unless it holds exceptions."""
        del wnid
        return self

    def body(self) -> dict[str, Any]:
        """The value as JSON knows it: fractions as "a/b", policies within as objects."""
        parts = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {"kind": self.kind, "version": 1, **parts}

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, fractions as "a/b"; equal policies, equal text."""
        return json.dumps(self.body(), sort_keys=True, separators=(",", ":"))

    @property
    def policy_hash(self) -> str:
        """SHA-256 (hex) of the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def tally_answers(answers: Sequence[str]) -> Tally:
    """Count answers.

    Raises
    ------
    InputError
        One is none of yes, no, unsure, skip.
    """
    counts = {"yes": 0, "no": 0, "unsure": 0, "skip": 0}
    for answer in answers:
        if answer not in counts:
            raise InputError(f"There is no answer {answer!r}.", "Answers are yes, no, unsure and skip.")
        counts[answer] += 1
    return Tally(**counts)


def parse_threshold(value: Threshold, name: str = "threshold") -> Fraction:
    """`value` as an exact fraction between 0 and 1; a float means the decimal that it prints as.

    Raises
    ------
    InputError
        It is no number, or lies outside.
    """
    exact = _fraction(value, name)
    if not 0 <= exact <= 1:
        raise InputError(f"{name}: {value} is not between 0 and 1.")
    return exact


def parse_price(value: Threshold, name: str = "price") -> Fraction:
    """`value` as an exact amount, zero or more, in any currency.

    Raises
    ------
    InputError
        It is no number, or negative.
    """
    exact = _fraction(value, name)
    if exact < 0:
        raise InputError(f"{name}: {value} is negative.")
    return exact


def whole(kind: str, name: str, value: Any, *, least: int) -> None:
    """Refuse `value` unless it is a whole number of at least `least`.

    Raises
    ------
    InputError
        It is not.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InputError(f"{kind} policy: {name}={value!r} must be a whole number, {least} or more.")


def logistic(log_odds: float) -> float:
    """The probability with these log odds."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)


def shift(probability: float, evidence: float) -> float:
    """The probability after `evidence` (natural log of a likelihood ratio) was added."""
    if probability in (0.0, 1.0):
        return probability
    return logistic(math.log(probability / (1 - probability)) + evidence)


def _fraction(value: Threshold, name: str) -> Fraction:
    if isinstance(value, Fraction):
        return value
    try:
        return Fraction(str(value).strip())
    except (ValueError, ZeroDivisionError):
        raise InputError(f"{name}: {value!r} is no number.", 'Write .67 or "2/3".') from None


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Policy):
        return value.body()
    return value
