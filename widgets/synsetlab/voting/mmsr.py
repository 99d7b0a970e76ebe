"""M-MSR: skills from how often pairs of workers agree, made robust by trimming."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError
from synsetlab.voting.base import Aggregator, clamp, vote_scores
from synsetlab.voting.one_coin import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["MMSR"]

MOST_CELLS = 1 << 22
EDGE = 1e-3


class MMSR(Aggregator):
    """Rank-one matrix completion of pairwise agreement with trimmed means.

    Q. Ma and A. Olshevsky, Adversarial Crowdsourcing Through Robust Rank-One Matrix Completion,
    NeurIPS 2020. Agreement above chance of two one-coin workers is the product of their skills
    above chance; each step sets a worker's skill to the weighted mean of what the partners imply,
    without the `trim` highest and lowest shares. Votes then count with their log odds. Of each
    worker the partners with most common tasks are held, four million pairs in all (everybody, up to
    2,048 workers), so that memory is bounded. Answers that are no class are left out.

    Parameters
    ----------
    trim
        Share of each worker's partners that is left out at either end.
    max_iter, tol
        Stop after `max_iter` steps, or when no skill moves by `tol`.

    Attributes
    ----------
    skills_
        Probability of being right by worker, float64 of shape (W,).
    n_iter_, converged_
        Steps done, and whether `tol` was met.
    """

    method: ClassVar[str] = "mmsr"

    skills_: NDArray[np.float64]
    n_iter_: int
    converged_: bool

    def __init__(
        self,
        *,
        trim: float = 0.1,
        max_iter: int = 200,
        tol: float = 1e-6,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if not 0 <= trim < 0.5:
            raise InputError(f"trim={trim} must be at least 0 and less than .5.")
        self.trim, self.max_iter, self.tol = trim, max_iter, tol

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        chance = 1 / max(votes.n_classes, 2)
        above = self._complete(*_partners(votes, chance))
        self.skills_ = np.clip(chance + (1 - chance) * above, EDGE, 1 - EDGE)
        others = max(votes.n_classes - 1, 1)
        evidence = np.log(self.skills_ * others / (1 - self.skills_))[votes.worker]
        if votes.weight is not None:
            evidence = evidence * votes.weight
        uniform = np.full(votes.n_classes, 1 / votes.n_classes)
        self.posterior_ = clamp(softmax(vote_scores(votes, evidence), uniform), self.gold_)

    def _complete(
        self, partner: NDArray[np.intp], product: NDArray[np.float64], together: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Skills above chance whose products are the observed ones; 1 is perfect, 0 is chance."""
        met = together > 0
        partners = met.sum(axis=1)
        cut = np.floor(self.trim * partners).astype(np.intp)
        place = np.arange(partner.shape[1])
        kept = (place >= cut[:, None]) & (place < (partners - cut)[:, None])
        above = np.full(len(product), 0.5)
        self.n_iter_, self.converged_ = 0, False
        while self.n_iter_ < self.max_iter and not self.converged_:
            strength = np.where(np.abs(above) < EDGE, np.copysign(EDGE, above), above)[partner]
            implied = np.where(met, product / strength, np.inf)
            order = np.argsort(implied, axis=1)
            worth = np.take_along_axis(together * strength**2, order, axis=1) * kept
            values = np.where(kept, np.take_along_axis(implied, order, axis=1), 0.0)
            total = worth.sum(axis=1)
            mean = (worth * values).sum(axis=1) / np.where(total > 0, total, 1.0)
            moved = np.clip(np.where(total > 0, mean, above), -1.0, 1.0)
            moved = (above + moved) / 2  # half steps: whole ones can swing between two states
            self.converged_ = float(np.abs(moved - above).max()) < self.tol
            above = moved
            self.n_iter_ += 1
        return above


def _partners(
    votes: Votes, chance: float
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Of each worker the partners with most common tasks, and of each the agreement and the tasks.

    Three arrays (W, M): who, agreement rescaled so that chance is 0, and the number of common
    tasks (0 where there are fewer than M partners).
    """
    n_workers = votes.n_workers
    most = min(max(MOST_CELLS // n_workers, 1), max(n_workers - 1, 1))
    ones = np.ones(len(votes))
    seen = sparse.csr_array((ones, (votes.worker, votes.task)), shape=(n_workers, votes.n_tasks))
    given, place = np.unique(votes.task * votes.n_classes + votes.answer, return_inverse=True)
    said = sparse.csr_array((ones, (votes.worker, place)), shape=(n_workers, len(given)))
    with_tasks, with_answers = sparse.csr_array(seen.T), sparse.csr_array(said.T)
    partner = np.zeros((n_workers, most), dtype=np.intp)
    product, together = np.zeros(partner.shape), np.zeros(partner.shape)
    step = max(MOST_CELLS // n_workers, 1)
    for begin in range(0, n_workers, step):
        rows = slice(begin, min(begin + step, n_workers))
        common = np.asarray((seen[rows] @ with_tasks).todense(), dtype=np.float64)
        agree = np.asarray((said[rows] @ with_answers).todense(), dtype=np.float64)
        common[np.arange(len(common)), np.arange(rows.start, rows.stop)] = 0.0
        chosen = np.argpartition(-common, most - 1, axis=1)[:, :most]
        partner[rows] = chosen
        together[rows] = np.take_along_axis(common, chosen, axis=1)
        share = np.take_along_axis(agree, chosen, axis=1) / np.maximum(together[rows], 1.0)
        product[rows] = (share - chance) / (1 - chance)
    widest = max(int((together > 0).sum(axis=1).max()), 1)
    if widest == most:
        return partner, product, together
    nearest = np.argsort(-together, axis=1, kind="stable")[:, :widest]  # where few have met, few are sorted
    return (
        np.take_along_axis(partner, nearest, axis=1),
        np.take_along_axis(product, nearest, axis=1),
        np.take_along_axis(together, nearest, axis=1),
    )
