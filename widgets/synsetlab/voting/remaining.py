"""How many votes, how much money and how much of the expert's time are still to come.

What a policy will do with a question depends on the answers to come. Their chances follow from the
posterior and from how an average annotator answers; all ways on are summed exactly (each pair of
counts once), not drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from synsetlab.errors import InputError
from synsetlab.voting.consensus import policy_in_force, stored_model
from synsetlab.voting.policy import Outcome, Tally, decide

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace
    from synsetlab.voting.policy import Policy
    from synsetlab.voting.posterior import AnswerModel

__all__ = ["Forecast", "Remaining", "remaining"]

HORIZON = 60
"""Votes on one question beyond which no policy is followed: what is open there is taken for the expert's."""

ASSUMED_SKILL = 0.8


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left to do.

    Attributes
    ----------
    questions
        Open questions that are asked of annotators.
    votes
        Votes that these are expected to take.
    cost
        Their price.
    expert_share
        Share of these questions that is expected to go to an expert; 0 where there are none.
    waiting
        Questions that wait for an expert already.
    """

    questions: int
    votes: float
    cost: float
    expert_share: float
    waiting: int


def remaining(
    workspace: Workspace, policy: Policy | None = None, *, price_per_vote: float = 0.0
) -> Remaining:
    """Estimate what is left under `policy`; None: the one of the last run.

    A question with choices is taken to need the votes that it wants now, and no expert.

    Raises
    ------
    InputError
        The price is negative or no number.
    """
    if not (math.isfinite(price_per_vote) and price_per_vote >= 0):
        raise InputError(f"price_per_vote={price_per_vote} is no price.", "Give 0 or more.")
    policy = policy or policy_in_force(workspace)
    model = stored_model(workspace)
    asked = workspace.totals.tallies()
    left = asked[(asked["outcome"] == "open") & ~asked["gold"]]
    several = left["several"]
    tallies = left[~several].groupby(["wnid", "n_yes", "n_no", "n_unsure"])["questions"].sum()
    forecasts: dict[str, Forecast] = {}
    votes = experts = 0.0
    for key, number in tallies.items():
        wnid, yes, no, unsure = cast("tuple[str, int, int, int]", key)
        of_synset = policy.for_synset(wnid)
        forecast = forecasts.setdefault(of_synset.policy_hash, Forecast(of_synset, model))
        more, expert = forecast(int(yes), int(no), int(unsure))
        votes += number * more
        experts += number * expert
    chosen = left[several]
    wanting = (chosen["votes_wanted"] - chosen["n_unsure"] - chosen["n_label"]).clip(lower=0)
    votes += float((wanting * chosen["questions"]).sum())
    open_ = int(left["questions"].sum())
    share = experts / open_ if open_ else 0.0
    waiting = int(asked.loc[asked["outcome"] == "ambiguous", "questions"].sum())
    return Remaining(open_, votes, votes * price_per_vote, share, waiting)


class Forecast:
    """Expected votes to come, and the chance of an expert, for a question with given counts.

    Parameters
    ----------
    policy
        Of one synset.
    model
        Of the annotators; None: as the policy assumes, or right 4 times of 5.
    """

    def __init__(self, policy: Policy, model: AnswerModel | None = None) -> None:
        self.policy = policy
        self._fitted = model is not None
        self._strongest = model.strongest if model is not None else None
        skill = float(getattr(policy, "skill", ASSUMED_SKILL))
        rates = ((skill, 1 - skill, 0.0), (1 - skill, skill, 0.0))
        prior = float(getattr(policy, "prior", 0.5))
        if model is not None:
            prior = model.prior
            rates = tuple(tuple(float(rate) for rate in row) for row in model.pooled)  # type: ignore[assignment]
        self._yes, self._no = rates
        self._start = math.log(prior / (1 - prior))
        self._known: dict[tuple[int, int, int], tuple[float, float]] = {}

    def __call__(self, yes: int = 0, no: int = 0, unsure: int = 0) -> tuple[float, float]:
        """(votes to come, probability that an expert is asked)."""
        counts = (yes, no, unsure)
        if counts not in self._known:
            self._known[counts] = self._look_on(counts)
        return self._known[counts]

    def _look_on(self, counts: tuple[int, int, int]) -> tuple[float, float]:
        p_yes = self._posterior(counts)
        given = p_yes if self._fitted else None
        decision = decide(self.policy, Tally(*counts), p_yes=given, strongest=self._strongest)
        if decision.outcome is not Outcome.MORE_VOTES:
            return 0.0, float(decision.outcome is Outcome.AMBIGUOUS)
        if sum(counts) >= HORIZON:
            return 0.0, 1.0
        votes, expert = 1.0, 0.0
        for answer in range(3):
            chance = p_yes * self._yes[answer] + (1 - p_yes) * self._no[answer]
            if chance > 0:
                after = list(counts)
                after[answer] += 1
                more, asked = self(*after)
                votes += chance * more
                expert += chance * asked
        return votes, expert

    def _posterior(self, counts: tuple[int, int, int]) -> float:
        log_odds = self._start
        for count, yes, no in zip(counts, self._yes, self._no, strict=True):
            if count and yes > 0 and no > 0:
                log_odds += count * math.log(yes / no)
        return 1 / (1 + math.exp(-max(min(log_odds, 500.0), -500.0)))
