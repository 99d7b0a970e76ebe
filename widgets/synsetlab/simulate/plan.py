"""How many votes to buy, and when to stop: accuracy and cost of policies before anyone is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from synsetlab.errors import InputError
from synsetlab.simulate.expectation import MOST_VOTES, VoteLattice, evaluate_policy, majority_curve
from synsetlab.simulate.skills import right_given_factor
from synsetlab.voting.policy import CostPolicy, DynamicPolicy, FixedPolicy

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.simulate.skills import SkillPool
    from synsetlab.voting.policy import Policy, Threshold

__all__ = ["PlanRow", "Prices", "VotePlan", "plan_votes"]

CERTAIN_SKILL = 1e-3
"""A policy never takes an annotator for surer than this."""
BY_ANNOTATOR = "dynamic-by-annotator"
SPREAD = 2.0
"""Standard errors by which a simulated accuracy must lie above the target."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost, in one currency; the defaults are those of the cost policy.

    Raises
    ------
    InputError
        A price is negative, or `expert_accuracy` is no probability.
    """

    vote: float = 0.01
    expert: float = 0.5
    wrong_accept: float = 1.0
    wrong_reject: float = 1.0
    expert_accuracy: float = 1.0

    def __post_init__(self) -> None:
        for name in ("vote", "expert", "wrong_accept", "wrong_reject"):
            value = getattr(self, name)
            if not (value >= 0 and np.isfinite(value)):
                raise InputError(f"The price {name}={value} is no amount.", "Give 0 or more.")
        if not 0 <= self.expert_accuracy <= 1:
            raise InputError(f"expert_accuracy={self.expert_accuracy} is not between 0 and 1.")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One policy, and what becomes of a question under it on average.

    Attributes
    ----------
    policy
        ``majority`` (ties go to the expert), ``fixed`` (a least share of the votes), ``dynamic``
        (certainty, everyone taken to be as good as the mean), ``cost`` (least expected cost),
        ``dynamic-by-annotator`` (certainty, each annotator's skill known), ``expert`` (nobody else
        is asked), ``given``.
    votes
        The most votes a question gets.
    mean_votes
        Votes per question.
    accuracy
        Share of right labels, the expert's included.
    decided_accuracy
        The same of what the votes decide; None if they decide nothing.
    expert_share
        Share that goes to the expert.
    wrong_accept, wrong_reject
        Shares of questions accepted and rejected wrongly, by the expert too.
    cost
        Per question: votes, expert and errors.
    price
        Per question: votes and expert.
    standard_error, cost_standard_error
        Of a simulated accuracy and cost; None where the row is exact.
    definition
        The policy as a value (`policy_from_json`); None for ``expert``. For ``dynamic-by-annotator``
        it is the dynamic policy, to be run with fitted annotators as `run_consensus` does by itself.
    """

    policy: str
    votes: int
    mean_votes: float
    accuracy: float
    decided_accuracy: float | None
    expert_share: float
    wrong_accept: float
    wrong_reject: float
    cost: float
    price: float
    standard_error: float | None = None
    cost_standard_error: float | None = None
    definition: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class VotePlan:
    """What `plan_votes` finds.

    Attributes
    ----------
    rows
        The policies, by kind and number of votes.
    recommended
        The cheapest row (cost, then price) that meets the target; simulated ones by two standard
        errors. None where none does.
    p_majority
        P(the majority of n votes is right), n = 1, 2, ..; a tie counts half.
    skipped
        Policies that could not be planned: (policy, reason).
    """

    rows: list[PlanRow]
    recommended: PlanRow | None
    p_majority: NDArray[np.float64]
    target: float
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def table(self) -> pd.DataFrame:
        """The rows as a frame, without the definitions."""
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        return pd.DataFrame([asdict(row) for row in self.rows]).drop(columns="definition")


def plan_votes(
    pool: SkillPool,
    *,
    prior: float = 0.5,
    prices: Prices | None = None,
    target: float = 0.95,
    max_votes: int = 11,
    min_confidence: Threshold = Fraction(67, 100),
    policies: dict[str, Policy] | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> VotePlan:
    """Accuracy and cost of fixed and dynamic policies for 1 to `max_votes` votes.

    All rows are exact (`evaluate_policy`) but ``dynamic-by-annotator``, which is simulated.

    Parameters
    ----------
    pool
        The annotators.
    prior
        Probability that a candidate shows its synset.
    prices
        Of a vote, an expert and errors.
    target
        Accuracy wanted; also the certainty at which the dynamic policies decide.
    max_votes
        At most; no more than there are annotators.
    min_confidence
        Least share of the fixed policy.
    policies
        More policies to evaluate, by name; their votes are limited to 200.
    draws, seed
        Questions simulated, and what they follow from.

    Raises
    ------
    InputError
        A number is outside its range.
    """
    _check(prior, target, draws)
    setting = _Setting(pool, prior, prices or Prices(), target, min_confidence)
    most = min(max_votes, pool.most_votes or max_votes)
    lattice = VoteLattice(pool, most)
    rows = [setting.expert_alone()]
    rows += [
        setting.row(name, policy, lattice, votes)
        for votes in range(1, most + 1)
        for name, policy in setting.policies(votes).items()
    ]
    rows += _by_annotator(setting, most, draws, seed)
    for name, policy in (policies or {}).items():
        longest = int(getattr(policy, "max_votes", None) or getattr(policy, "votes", None) or most)
        longest = min(longest, pool.most_votes or MOST_VOTES, MOST_VOTES)
        rows.append(setting.row(name, policy, VoteLattice(pool, longest), longest))
    order = {name: place for place, name in enumerate(dict.fromkeys(row.policy for row in rows))}
    rows.sort(key=lambda row: (order[row.policy], row.votes))
    good = [row for row in rows if row.accuracy - SPREAD * (row.standard_error or 0.0) >= target - 1e-12]
    best = min(good, key=lambda row: (round(row.cost, 12), round(row.price, 12), row.votes), default=None)
    return VotePlan(rows, best, majority_curve(lattice, prior), target, setting.skipped())


def _check(prior: float, target: float, draws: int) -> None:
    if not 0 < prior < 1:
        raise InputError(f"prior={prior} must lie between 0 and 1.", "Measure it on a pilot.")
    if not 0 < target < 1:
        raise InputError(f"target={target} must lie between 0 and 1.", "Give an accuracy such as .95.")
    if draws < 2:
        raise InputError(f"{draws} draws are too few to simulate.", "Give 1,000 or more.")


@dataclass(frozen=True, slots=True)
class _Setting:
    """Who is asked what, at which prices."""

    pool: SkillPool
    prior: float
    prices: Prices
    target: float
    min_confidence: Threshold

    @property
    def skill(self) -> float:
        return sum(self.pool.accuracy) / 2

    def skipped(self) -> list[tuple[str, str]]:
        """What cannot be planned, and why."""
        found = []
        if self.target <= 0.5:
            found += [
                (name, f"a target of {self.target} is met by guessing") for name in ("dynamic", BY_ANNOTATOR)
            ]
        if self.skill <= 0.5:
            reason = f"a mean accuracy of {self.skill:.3f} is no better than chance"
            found += [(name, reason) for name in ("dynamic", "cost")]
        return list(dict(reversed(found)).items())

    def dynamic(self, votes: int) -> DynamicPolicy:
        """The dynamic policy that asks at most `votes` votes."""
        accept = _decimal(self.target)
        # what is assumed of annotators about whom nothing is known is better than chance
        skill = _decimal(min(max(self.skill, 0.5 + CERTAIN_SKILL), 1 - CERTAIN_SKILL))
        return DynamicPolicy(
            accept=accept,
            reject=1 - accept,
            min_votes=1,
            max_votes=votes,
            prior=_decimal(self.prior),
            skill=skill,
        )

    def policies(self, votes: int) -> dict[str, Policy]:
        """The policies that ask at most `votes` votes, by name."""
        skill, prior = _decimal(min(self.skill, 1 - CERTAIN_SKILL)), _decimal(self.prior)
        left_out = dict(self.skipped())
        found: dict[str, Policy] = {
            "majority": FixedPolicy(votes=votes, min_confidence=Fraction(votes // 2 + 1, votes)),
            "fixed": FixedPolicy(votes=votes, min_confidence=self.min_confidence),
        }
        if "dynamic" not in left_out:
            found["dynamic"] = self.dynamic(votes)
        if "cost" not in left_out:
            found["cost"] = CostPolicy(
                vote_price=_decimal(self.prices.vote),
                expert_price=_decimal(self.prices.expert),
                wrong_accept=_decimal(self.prices.wrong_accept),
                wrong_reject=_decimal(self.prices.wrong_reject),
                max_votes=votes,
                prior=prior,
                skill=skill,
            )
        return found

    def expert_alone(self) -> PlanRow:
        """The figures of showing every question to the expert."""
        prices = self.prices
        missed = 1 - prices.expert_accuracy
        wrong_accept, wrong_reject = missed * (1 - self.prior), missed * self.prior
        return PlanRow(
            policy="expert",
            votes=0,
            mean_votes=0.0,
            accuracy=prices.expert_accuracy,
            decided_accuracy=None,
            expert_share=1.0,
            wrong_accept=wrong_accept,
            wrong_reject=wrong_reject,
            cost=prices.expert + wrong_accept * prices.wrong_accept + wrong_reject * prices.wrong_reject,
            price=prices.expert,
        )

    def row(self, name: str, policy: Policy, lattice: VoteLattice, votes: int) -> PlanRow:
        """The exact figures of a policy."""
        found = evaluate_policy(policy, lattice, self.prior, votes=votes)
        prices = self.prices
        missed = 1 - prices.expert_accuracy
        wrong_accept = found.wrong_accept + missed * (found.expert_share - found.expert_yes)
        wrong_reject = found.wrong_reject + missed * found.expert_yes
        decided = 1 - found.expert_share
        price = found.mean_votes * prices.vote + found.expert_share * prices.expert
        return PlanRow(
            policy=name,
            votes=votes,
            mean_votes=found.mean_votes,
            accuracy=found.right + prices.expert_accuracy * found.expert_share,
            decided_accuracy=min(found.right / decided, 1.0) if decided > 1e-12 else None,
            expert_share=found.expert_share,
            wrong_accept=wrong_accept,
            wrong_reject=wrong_reject,
            cost=price + wrong_accept * prices.wrong_accept + wrong_reject * prices.wrong_reject,
            price=price,
            definition=policy.body(),
        )


def _decimal(value: float) -> Fraction:
    """A number as a person would write it: six digits are more than a plan knows."""
    return Fraction(f"{value:.6g}")


def _by_annotator(setting: _Setting, most: int, draws: int, seed: int) -> list[PlanRow]:
    """Simulate the dynamic policy with each annotator's own skill known: one row a number of votes."""
    if BY_ANNOTATOR in dict(setting.skipped()):
        return []
    pool, prior = setting.pool, setting.prior
    rng = np.random.default_rng(seed)
    yes = rng.random(draws) < prior
    who = _drawn(pool, draws, most, rng)
    factor = rng.standard_normal(draws)[:, None]
    skill = np.where(yes[:, None], pool.sensitivity[who], pool.specificity[who])
    right = rng.random((draws, most)) < right_given_factor(skill, factor, pool.correlation)
    said_yes = right == yes[:, None]
    known = [np.clip(part, CERTAIN_SKILL, 1 - CERTAIN_SKILL) for part in (pool.sensitivity, pool.specificity)]
    for_yes, for_no = np.log(known[0] / (1 - known[1])), np.log(known[1] / (1 - known[0]))
    evidence = np.where(said_yes, for_yes[who], -for_no[who])
    log_odds = np.log(prior / (1 - prior)) + np.cumsum(evidence, axis=1)
    strongest = max(float(np.abs(for_yes).max()), float(np.abs(for_no).max()))
    return [
        replace(
            _simulated(log_odds[:, :votes], yes, setting.target, strongest, setting.prices),
            definition=setting.dynamic(votes).body(),
        )
        for votes in range(1, most + 1)
    ]


def _simulated(
    log_odds: NDArray[np.float64], yes: NDArray[np.bool_], target: float, strongest: float, prices: Prices
) -> PlanRow:
    draws, votes = log_odds.shape
    p_yes = expit(log_odds)
    accept, reject = p_yes >= target - 1e-12, p_yes <= 1 - target + 1e-12
    left = strongest * np.arange(votes - 1, -1, -1)
    futile = (expit(log_odds + left) < target - 1e-12) & (expit(log_odds - left) > 1 - target + 1e-12)
    stop = accept | reject | futile
    stop[:, -1] = True
    last = stop.argmax(axis=1)
    rows = np.arange(draws)
    accepted, rejected = accept[rows, last], reject[rows, last]
    expert = ~(accepted | rejected)
    missed = 1 - prices.expert_accuracy
    wrong_accept = (accepted & ~yes) + missed * (expert & ~yes)
    wrong_reject = (rejected & yes) + missed * (expert & yes)
    price = (last + 1) * prices.vote + expert * prices.expert
    cost = price + wrong_accept * prices.wrong_accept + wrong_reject * prices.wrong_reject
    hit = 1 - wrong_accept - wrong_reject
    decided = ~expert
    return PlanRow(
        policy=BY_ANNOTATOR,
        votes=votes,
        mean_votes=float(last.mean() + 1),
        accuracy=float(hit.mean()),
        decided_accuracy=float(hit[decided].mean()) if decided.any() else None,
        expert_share=float(expert.mean()),
        wrong_accept=float(wrong_accept.mean()),
        wrong_reject=float(wrong_reject.mean()),
        cost=float(cost.mean()),
        price=float(price.mean()),
        standard_error=float(hit.std(ddof=1) / np.sqrt(draws)),
        cost_standard_error=float(cost.std(ddof=1) / np.sqrt(draws)),
    )


def _drawn(pool: SkillPool, draws: int, votes: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Who answers, (draws, votes): by weight, or different annotators for each question."""
    workers = len(pool.sensitivity)
    if pool.weight is not None:
        return rng.choice(workers, size=(draws, votes), p=pool.weight / pool.weight.sum())
    chosen = np.empty((draws, votes), dtype=np.intp)
    block = max(1, (1 << 22) // workers)
    for start in range(0, draws, block):
        keys = rng.random((min(block, draws - start), workers))
        chosen[start : start + len(keys)] = np.argpartition(keys, votes - 1, axis=1)[:, :votes]
    # a partition leaves the chosen in an order that may depend on their place
    return rng.permuted(chosen, axis=1)
