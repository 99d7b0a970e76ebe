"""Majority vote: the class with the most votes."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from synsetlab.voting.base import Aggregator, clamp, normalise, vote_scores

__all__ = ["MajorityVote"]


class MajorityVote(Aggregator):
    """The class with the most (weighted) votes; the posterior is the share of the votes.

    An answer that is no class ("unsure") counts evenly for all classes, so that it lowers the
    confidence and breaks no tie.
    """

    method: ClassVar[str] = "majority"

    def _fit(self) -> None:
        votes = self.votes_
        scores = vote_scores(votes.only_classes())
        if votes.n_answers > votes.n_classes and isinstance(scores, np.ndarray):
            aside = votes.answer >= votes.n_classes
            weight = None if votes.weight is None else votes.weight[aside]
            scores += (np.bincount(votes.task[aside], weight, votes.n_tasks) / votes.n_classes)[:, None]
        self.posterior_ = clamp(normalise(scores), self.gold_)
