"""GLAD: the ability of each worker times the ease of each task."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.special import expit

from synsetlab.voting.base import Aggregator, Posterior, clamp, normalise, total_change, vote_scores
from synsetlab.voting.one_coin import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["GLAD"]

PRIOR_MEAN = 1.0
BOUND = 6.0
LONGEST_STEP = 1.0


class GLAD(Aggregator):
    """EM for P(right) = logistic(ability of the worker x ease of the task).

    J. Whitehill et al., Whose Vote Should Count More, NIPS 2009. Wrong votes fall evenly on the
    other classes; abilities and log eases have N(1, 1) priors; the class prior is uniform. Given
    the eases the abilities are independent of each other, and the other way round, so that the
    M-step is a few Newton steps in one dimension each, linear in the number of votes. Answers that
    are no class are left out.

    Parameters
    ----------
    max_iter, tol
        Stop after `max_iter` rounds, or when the posteriors move less than `tol` on average.
    steps
        Newton steps for abilities and for eases in each round.

    Attributes
    ----------
    ability_
        By worker, float64 of shape (W,); negative for someone who does harm.
    ease_
        By task, positive float64 of shape (T,); near 0 for a task on which all guess.
    n_iter_, converged_
        Rounds done, and whether `tol` was met.
    """

    method: ClassVar[str] = "glad"

    ability_: NDArray[np.float64]
    ease_: NDArray[np.float64]
    n_iter_: int
    converged_: bool

    def __init__(
        self,
        *,
        max_iter: int = 100,
        tol: float = 1e-5,
        steps: int = 2,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        self.max_iter, self.tol, self.steps = max_iter, tol, steps

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        ability = np.full(votes.n_workers, PRIOR_MEAN)
        log_ease = np.full(votes.n_tasks, PRIOR_MEAN)
        posterior = clamp(normalise(vote_scores(votes)), self.gold_)
        self.n_iter_, self.converged_ = 0, False
        while self.n_iter_ < self.max_iter and not self.converged_:
            right = np.asarray(posterior[votes.task, votes.answer], dtype=np.float64)
            for _ in range(self.steps):
                ease = np.exp(log_ease)[votes.task]
                chance = expit(ability[votes.worker] * ease)
                ability = _newton(ability, votes.worker, ease, right, chance, votes.weight)
                logit = ability[votes.worker] * ease
                log_ease = _newton(log_ease, votes.task, logit, right, expit(logit), votes.weight)
            before = posterior
            posterior = clamp(_expect(votes, ability, np.exp(log_ease)), self.gold_)
            self.n_iter_ += 1
            self.converged_ = total_change(before, posterior) < self.tol * votes.n_tasks
        self.ability_ = ability
        self.ease_ = np.exp(log_ease)
        self.posterior_ = posterior


def _newton(  # noqa: PLR0917 - point and owner, then one value a vote
    point: NDArray[np.float64],
    owner: NDArray[np.intp],
    slope: NDArray[np.float64],
    right: NDArray[np.float64],
    chance: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """One damped Newton step for every parameter at once.

    `owner` says which parameter each vote depends on, `slope` how its logit changes with it (for a
    log ease that is the logit itself, and the curvature is the Gauss-Newton one), `right` how
    likely the vote is right by the posteriors, `chance` by the parameters.
    """
    pull, bend = slope * (right - chance), slope**2 * chance * (1 - chance)
    if weight is not None:
        pull, bend = weight * pull, weight * bend
    gradient = np.bincount(owner, pull, len(point)) - (point - PRIOR_MEAN)
    curvature = np.bincount(owner, bend, len(point)) + 1.0
    step = np.clip(gradient / curvature, -LONGEST_STEP, LONGEST_STEP)
    moved: NDArray[np.float64] = np.clip(point + step, -BOUND, BOUND)
    return moved


def _expect(votes: Votes, ability: NDArray[np.float64], ease: NDArray[np.float64]) -> Posterior:
    evidence = ability[votes.worker] * ease[votes.task] + np.log(max(votes.n_classes - 1, 1))
    if votes.weight is not None:
        evidence = evidence * votes.weight
    uniform = np.full(votes.n_classes, 1.0 / votes.n_classes)
    return softmax(vote_scores(votes, evidence), uniform)
