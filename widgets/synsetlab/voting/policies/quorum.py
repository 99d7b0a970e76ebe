"""Quorums: so many of one answer decide, however many of the other there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import Decision, Outcome, Policy, Tally, tally_answers, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KOfNPolicy", "QuorumPolicy"]


@dataclass(frozen=True)
class QuorumPolicy(Policy):
    """A quorum for each verdict: `accept` times yes accepts, `reject` times no rejects.

    A question is ambiguous as soon as the votes left can bring neither quorum, and where late votes
    have brought both.

    Parameters
    ----------
    accept, reject
        Yes needed to accept, no needed to reject.
    max_votes
        Never ask after; by default as many as make sure of one quorum if nobody is unsure.
    """

    kind: ClassVar[str] = "quorum"

    accept: int = 3
    reject: int = 2
    max_votes: int | None = None

    def __post_init__(self) -> None:
        whole(self.kind, "accept", self.accept, least=1)
        whole(self.kind, "reject", self.reject, least=1)
        if self.max_votes is None:
            object.__setattr__(self, "max_votes", self.accept + self.reject - 1)
        whole(self.kind, "max_votes", self.max_votes, least=max(self.accept, self.reject))

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return min(self.accept, self.reject)

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by counts; the posterior is not looked at."""
        del p_yes, strongest
        return _judge_quorum(tally, self.accept, self.reject, self.max_votes or 0)


@dataclass(frozen=True)
class KOfNPolicy(Policy):
    """`k` equal answers among the first `n` votes decide; later votes change nothing.

    A question is ambiguous as soon as neither answer can be given `k` times among the first `n`
    (someone was unsure, or `k` is more than a bare majority).

    Parameters
    ----------
    k, n
        More than half of `n`, so that only one side can have it.
    """

    kind: ClassVar[str] = "k-of-n"

    k: int = 2
    n: int = 3

    def __post_init__(self) -> None:
        whole(self.kind, "k", self.k, least=1)
        whole(self.kind, "n", self.n, least=self.k)
        if 2 * self.k <= self.n:
            raise InputError(
                f"k-of-n policy: {self.k} of {self.n} would let both sides win.",
                f"Give k={self.n // 2 + 1} or more.",
            )

    @property
    def first_votes(self) -> int:
        """As few as may decide."""
        return self.k

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by counts, taking every vote for one of the first `n`.

        Beyond `n` votes counts do not say which came first: if both sides have `k`, it is
        ambiguous. `decide_answers` knows the order.
        """
        del p_yes, strongest
        return _judge_quorum(tally, self.k, self.k, self.n)

    def decide_answers(self, answers: Sequence[str]) -> Decision:
        """Judge by the first `n` answers that are votes."""
        tally_answers(answers)  # refuses what is no answer, late or not
        return self.decide(tally_answers([answer for answer in answers if answer != "skip"][: self.n]))


def _judge_quorum(tally: Tally, accept: int, reject: int, most: int) -> Decision:
    cast = tally.votes
    posterior = tally.yes / (tally.yes + tally.no) if tally.yes + tally.no else 0.5
    said = f"{tally.yes} yes, {tally.no} no, {tally.unsure} unsure"
    enough_yes, enough_no = tally.yes >= accept, tally.no >= reject
    if enough_yes and enough_no:
        return Decision(Outcome.AMBIGUOUS, posterior, f"{said}: both quorums are reached", cast)
    if enough_yes:
        return Decision(Outcome.ACCEPTED, posterior, f"{said}: {accept} yes are enough", cast)
    if enough_no:
        return Decision(Outcome.REJECTED, posterior, f"{said}: {reject} no are enough", cast)
    left = max(most - cast, 0)
    if tally.yes + left < accept and tally.no + left < reject:
        reason = f"{said}: {left} more of at most {most} bring neither {accept} yes nor {reject} no"
        return Decision(Outcome.AMBIGUOUS, posterior, reason, cast)
    return Decision(Outcome.MORE_VOTES, posterior, said, cast + 1)
