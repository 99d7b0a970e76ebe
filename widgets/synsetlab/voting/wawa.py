"""Worker agreement with the aggregate: vote, weigh each worker by agreement, vote again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synsetlab.voting.base import Aggregator, clamp, find_winners, normalise, vote_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Posterior
    from synsetlab.voting.encoding import Votes

__all__ = ["Wawa", "agreement_by_worker"]


class Wawa(Aggregator):
    """Majority vote weighted by each worker's agreement with the plain majority vote.

    A vote for one of m tied leaders agrees by 1/m, so that no order of the classes matters; on
    gold tasks agreement means agreement with the known answer. Answers that are no class are left
    out.

    Attributes
    ----------
    skills_
        Share of agreeing votes by worker, float64 of shape (W,).
    """

    method: ClassVar[str] = "wawa"

    skills_: NDArray[np.float64]

    def _fit(self) -> None:
        votes = self.votes_.only_classes()
        plain = clamp(normalise(vote_scores(votes)), self.gold_)
        self.skills_ = agreement_by_worker(votes, plain)
        worth = self.skills_[votes.worker]
        if votes.weight is not None:
            worth = worth * votes.weight
        self.posterior_ = clamp(normalise(vote_scores(votes, worth)), self.gold_)


def agreement_by_worker(votes: Votes, posterior: Posterior) -> NDArray[np.float64]:
    """Share of each worker's (weighted) votes for the leading class, ties shared; shape (W,)."""
    winners = find_winners(posterior)
    n_classes = votes.n_classes
    leaders = np.repeat(np.arange(votes.n_tasks), winners.n_tied) * n_classes + winners.classes
    key = votes.task * n_classes + votes.answer
    place = np.minimum(np.searchsorted(leaders, key), len(leaders) - 1)
    agrees = (leaders[place] == key) / winners.n_tied[votes.task]
    if votes.weight is not None:
        agrees = agrees * votes.weight
    total = np.bincount(votes.worker, votes.weight, votes.n_workers)
    return np.bincount(votes.worker, agrees, votes.n_workers) / np.where(total > 0, total, 1.0)
