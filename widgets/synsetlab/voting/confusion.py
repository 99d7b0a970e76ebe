"""Confusion matrices of annotators: fitted, counted against the others' consensus, and on gold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaincinv

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.dawid_skene import DawidSkene
    from synsetlab.voting.encoding import Votes

__all__ = ["beta_interval", "confusion_counts", "confusion_frame", "gold_confusion"]


def confusion_frame(model: DawidSkene) -> pd.DataFrame:
    """The confusion matrices of a fitted model as rows ``worker, truth, answer, probability``."""
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    index = pd.MultiIndex.from_product(_names(model.votes_), names=["worker", "truth", "answer"])
    return pd.DataFrame({"probability": model.confusion_.ravel()}, index=index).reset_index()


def confusion_counts(votes: Votes, counts: NDArray[np.float64], level: float = 0.95) -> pd.DataFrame:
    """Counted confusion matrices as rows.

    Parameters
    ----------
    votes
        Encoded votes.
    counts
        Votes by annotator, class and answer, (W, K, L), expected ones (`LeftOut.confusion`) or whole
        (`gold_confusion`).
    level
        Of the intervals: Jeffreys' (a Beta posterior with half a pseudo-count on either side; L. D.
        Brown, T. T. Cai and A. DasGupta, Interval Estimation for a Binomial Proportion, 2001,
        doi:10.1214/ss/1009213286).

    Returns
    -------
    pandas.DataFrame
        ``worker, truth, answer, votes, share, low, high``; share is of the annotator's votes on that
        truth, NaN without any.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    total = counts.sum(axis=2, keepdims=True)
    low, high = beta_interval(counts, total - counts, level, prior=0.5)
    share = np.where(total > 0, counts / np.where(total > 0, total, 1.0), np.nan)
    index = pd.MultiIndex.from_product(_names(votes), names=["worker", "truth", "answer"])
    columns = {"votes": counts, "share": share, "low": low, "high": high}
    return pd.DataFrame({name: part.ravel() for name, part in columns.items()}, index=index).reset_index()


def gold_confusion(votes: Votes, gold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Votes on gold tasks by annotator, known class and answer, (W, K, L)."""
    known = gold[votes.task] >= 0
    shape = (votes.n_workers, votes.n_classes, votes.n_answers)
    place = np.ravel_multi_index((votes.worker[known], gold[votes.task[known]], votes.answer[known]), shape)
    return np.bincount(place, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)


def beta_interval(
    right: NDArray[np.floating | np.integer],
    wrong: NDArray[np.floating | np.integer],
    level: float = 0.95,
    *,
    prior: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Central interval of the posterior of a probability under a Beta(prior, prior), elementwise."""
    a, b = np.asarray(right + prior), np.maximum(wrong, 0) + prior
    tail = (1 - level) / 2
    return np.asarray(betaincinv(a, b, tail), np.float64), np.asarray(betaincinv(a, b, 1 - tail), np.float64)


def _names(votes: Votes) -> list[list[object]]:
    return [votes.workers.tolist(), votes.classes.tolist(), votes.answers.tolist()]
