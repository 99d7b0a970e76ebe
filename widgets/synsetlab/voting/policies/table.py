"""Stopping by a confidence table: what the pilot of a synset says about each pair of counts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    ROUNDING,
    Decision,
    Outcome,
    Policy,
    Tally,
    Threshold,
    parse_threshold,
    whole,
)

__all__ = ["TablePolicy"]


@dataclass(frozen=True)
class TablePolicy(Policy):
    """Ask until the table's probability for the counts so far passes a bound.

    A question is ambiguous as soon as no counts that the votes left could bring pass one.

    Parameters
    ----------
    cells
        ``cells[yes][no]`` is the probability that the picture shows the synset, for all
        ``yes + no <= votes`` (a triangle; `ConfidenceTable.policy` makes it).
    accept, reject
        Accept at `accept` or more, reject at `reject` or less.
    min_votes
        Never decide before.
    max_votes
        Never ask after; by default as many as the table knows.
    """

    kind: ClassVar[str] = "table"

    cells: tuple[tuple[float, ...], ...] = ()
    accept: Threshold = Fraction(95, 100)
    reject: Threshold = Fraction(5, 100)
    min_votes: int = 1
    max_votes: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", _triangle(self.cells))
        for name in ("accept", "reject"):
            object.__setattr__(self, name, parse_threshold(getattr(self, name), f"table policy: {name}"))
        if not parse_threshold(self.reject) < parse_threshold(self.accept):
            raise InputError(f"table policy: reject={self.reject} must be less than accept={self.accept}.")
        whole(self.kind, "min_votes", self.min_votes, least=1)
        known = len(self.cells) - 1
        if self.max_votes is None:
            object.__setattr__(self, "max_votes", known)
        whole(self.kind, "max_votes", self.max_votes, least=self.min_votes)
        if (self.max_votes or 0) > known:
            raise InputError(
                f"table policy: max_votes={self.max_votes}, but the table ends at {known} votes."
            )

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return self.min_votes

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by counts; a posterior from elsewhere is not looked at.

        An unsure vote fills a place and says nothing. Counts beyond the table are scaled back to
        its edge, share kept.
        """
        del p_yes, strongest
        cast, most = tally.votes, self.max_votes or 0
        accept, reject = float(self.accept), float(self.reject)
        posterior = self._look_up(tally.yes, tally.no)
        said = f"the table gives {posterior:.4f} for {tally.yes} yes, {tally.no} no"
        if cast >= self.min_votes:
            if posterior >= accept - ROUNDING:
                return Decision(Outcome.ACCEPTED, posterior, said, cast)
            if posterior <= reject + ROUNDING:
                return Decision(Outcome.REJECTED, posterior, said, cast)
        left = most - cast
        if left <= 0:
            return Decision(Outcome.AMBIGUOUS, posterior, f"{said} after all {cast} votes", cast)
        if not self._reachable(tally, left, accept, reject):
            return Decision(Outcome.AMBIGUOUS, posterior, f"{said}: {left} more cannot decide it", cast)
        return Decision(Outcome.MORE_VOTES, posterior, said, max(cast + 1, self.min_votes))

    def _look_up(self, yes: int, no: int) -> float:
        most = len(self.cells) - 1
        if yes + no > most:
            yes = round(Fraction(yes * most, yes + no))
            no = most - yes
        return self.cells[yes][no]

    def _reachable(self, tally: Tally, left: int, accept: float, reject: float) -> bool:
        """Whether some votes still to come bring a bound."""
        for more in range(1, left + 1):
            if tally.votes + more < self.min_votes:
                continue
            for yes in range(more + 1):
                value = self._look_up(tally.yes + yes, tally.no + more - yes)
                if value >= accept - ROUNDING or value <= reject + ROUNDING:
                    return True
        return False


def _triangle(cells: Any) -> tuple[tuple[float, ...], ...]:
    """The cells as tuples of floats, if they are a triangle of probabilities."""
    try:
        rows = tuple(tuple(float(value) for value in row) for row in cells)
    except (TypeError, ValueError):
        raise InputError("table policy: cells must be rows of numbers.") from None
    if len(rows) < 2 or any(len(row) != len(rows) - place for place, row in enumerate(rows)):
        raise InputError(
            "table policy: cells must be a triangle, one row a number of yes, the first the longest.",
            "Learn one from a pilot: ConfidenceTable.fit(votes).policy().",
        )
    if any(not 0 <= value <= 1 for row in rows for value in row):
        raise InputError("table policy: every cell must be a probability.")
    return rows
