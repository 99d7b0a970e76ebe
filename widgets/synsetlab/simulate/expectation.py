"""What a policy will cost and reach with given annotators: exact, from the lattice of tallies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.errors import InputError
from synsetlab.simulate.skills import SkillPool, right_given_factor
from synsetlab.voting.policy import Outcome, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.policy import Policy

__all__ = ["MOST_VOTES", "Expectation", "VoteLattice", "evaluate_policy", "majority_curve"]

FACTOR_NODES = 60
FINITE = 1000
"""Above so many annotators drawing with and without replacement is the same to many digits."""
MOST_VOTES = 200


@dataclass(frozen=True, slots=True)
class Expectation:
    """What becomes of a question, on average.

    Attributes
    ----------
    mean_votes
        Votes asked.
    right, wrong_accept, wrong_reject
        Probability that the votes decide rightly, and wrongly on either side.
    expert_share
        Probability that the votes do not decide.
    expert_yes
        Probability of the same and that the truth is yes.
    """

    mean_votes: float
    right: float
    wrong_accept: float
    wrong_reject: float
    expert_share: float
    expert_yes: float


class VoteLattice:
    """Probabilities of tallies when annotators are drawn from a pool in random order.

    Votes are then exchangeable: any order of k right ones among m is as likely, and a policy's
    reach is counted in paths through the lattice of tallies.

    Parameters
    ----------
    pool
        The annotators.
    votes
        The most votes a question may get.
    """

    def __init__(self, pool: SkillPool, votes: int) -> None:
        if not 1 <= votes <= MOST_VOTES:
            raise InputError(f"{votes} votes a question cannot be planned.", f"Ask for 1 to {MOST_VOTES}.")
        if pool.most_votes is not None and votes > pool.most_votes:
            raise InputError(
                f"{votes} votes a question cannot come from {pool.most_votes} different annotators."
            )
        self.pool = pool
        self.votes = votes

    @cached_property
    def on_yes(self) -> NDArray[np.float64]:
        """P(one given order of k right votes of m | truth yes), [m, k]."""
        return self._orders(self.pool.sensitivity)

    @cached_property
    def on_no(self) -> NDArray[np.float64]:
        """The same where the truth is no."""
        return self._orders(self.pool.specificity)

    def _orders(self, skill: NDArray[np.float64]) -> NDArray[np.float64]:
        nodes, weight = np.polynomial.hermite_e.hermegauss(FACTOR_NODES)
        weight = weight / weight.sum()
        if self.pool.correlation == 0:
            nodes, weight = np.zeros(1), np.ones(1)
        right = right_given_factor(skill[None, :], nodes[:, None], self.pool.correlation)
        size = self.votes + 1
        orders = np.zeros((size, size))
        if self.pool.weight is None and len(skill) <= FINITE:
            exact = _without_replacement(right, self.votes)
            for m in range(size):
                for k in range(m + 1):
                    orders[m, k] = weight @ exact[:, m, k] / comb(m, k)
            return orders
        mean = right @ self.pool.weight if self.pool.weight is not None else right.mean(axis=1)
        for m in range(size):
            for k in range(m + 1):
                orders[m, k] = weight @ (mean**k * (1 - mean) ** (m - k))
        return orders


def _without_replacement(right: NDArray[np.float64], votes: int) -> NDArray[np.float64]:
    """P(k right among m different annotators drawn at random), [node, m, k]: mean Poisson-binomial.

    The sum over all subsets of m of W annotators, built up annotator by annotator.
    """
    nodes, workers = right.shape
    sums = np.zeros((nodes, votes + 1, votes + 1))
    sums[:, 0, 0] = 1.0
    for worker in range(workers):
        hit = right[:, worker, None, None]
        grown = sums[:, :-1] * (1 - hit)
        grown[:, :, 1:] += sums[:, :-1, :-1] * hit
        sums[:, 1:] += grown
    subsets = np.array([float(comb(workers, m)) for m in range(votes + 1)])
    return np.asarray(sums / subsets[None, :, None])


def evaluate_policy(
    policy: Policy, lattice: VoteLattice, prior: float, *, votes: int | None = None
) -> Expectation:
    """What a policy does with a question that is asked of the pool, exactly.

    The policy judges by counts (`decide` of a tally), as often as it asks to: after ``first_votes``,
    and then at ``votes_wanted``. A question that has `votes` goes to the expert where the policy still
    wants more. Nobody is unsure.

    Parameters
    ----------
    policy
        The policy, of yes and no.
    lattice
        The annotators, and the most votes.
    prior
        Probability that the truth is yes.
    votes
        The most votes a question gets; as many as the lattice holds if None.
    """
    most = lattice.votes if votes is None else min(votes, lattice.votes)
    open_states: dict[tuple[int, int, int], int] = {(0, 0, min(policy.first_votes, most)): 1}
    totals = np.zeros(5)  # votes, right, wrong accept, wrong reject, to the expert
    expert_yes = 0.0
    for cast in range(most + 1):
        coming: dict[tuple[int, int, int], int] = {}
        for (yes, no, wanted), paths in open_states.items():
            if cast >= wanted:
                decision = policy.decide(Tally(yes, no))
                wanted = min(max(decision.votes_wanted, cast + 1), most)  # noqa: PLW2901
                if decision.outcome is not Outcome.MORE_VOTES or cast == most:
                    on_yes = prior * paths * lattice.on_yes[cast, yes]
                    on_no = (1 - prior) * paths * lattice.on_no[cast, no]
                    totals += _ending(decision.outcome, cast, on_yes, on_no)
                    if decision.outcome not in {Outcome.ACCEPTED, Outcome.REJECTED}:
                        expert_yes += on_yes
                    continue
            for state in ((yes + 1, no, wanted), (yes, no + 1, wanted)):
                coming[state] = coming.get(state, 0) + paths
        open_states = coming
    return Expectation(
        mean_votes=float(totals[0]),
        right=float(totals[1]),
        wrong_accept=float(totals[2]),
        wrong_reject=float(totals[3]),
        expert_share=float(totals[4]),
        expert_yes=float(expert_yes),
    )


def _ending(outcome: Outcome, cast: int, on_yes: float, on_no: float) -> NDArray[np.float64]:
    """Votes, right, wrong accept, wrong reject and expert, weighed by the chance of ending here."""
    ended = np.zeros(5)
    ended[0] = cast * (on_yes + on_no)
    if outcome is Outcome.ACCEPTED:
        ended[1], ended[2] = on_yes, on_no
    elif outcome is Outcome.REJECTED:
        ended[1], ended[3] = on_no, on_yes
    else:
        ended[4] = on_yes + on_no
    return ended


def majority_curve(lattice: VoteLattice, prior: float) -> NDArray[np.float64]:
    """P(the majority of m votes is right) for m = 1 .. votes; a tie counts half.

    With one skill p this is the sum over k > m/2 of C(m, k) p^k (1 - p)^(m - k) (Condorcet 1785).
    """
    curve = []
    for m in range(1, lattice.votes + 1):
        worth = np.array(
            [comb(m, k) * (1.0 if 2 * k > m else 0.5 if 2 * k == m else 0.0) for k in range(m + 1)]
        )
        on_yes, on_no = lattice.on_yes[m, : m + 1] @ worth, lattice.on_no[m, : m + 1] @ worth
        curve.append(prior * on_yes + (1 - prior) * on_no)
    return np.array(curve)
