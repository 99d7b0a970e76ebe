"""Which tasks an expert should answer: those that tell the methods apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.auto import CANDIDATES, fit_candidates, leader_codes
from synsetlab.voting.encoding import as_votes
from synsetlab.voting.hashing import mix, task_hash

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["Suggestions", "suggest_gold"]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Tasks to ask an expert about.

    Attributes
    ----------
    tasks
        Their names, in the order to ask: any first part is spread over the patterns, too.
    labels
        By task, the label that each method gives (None: a tie).
    disagreements
        On how many tasks of all the methods differ.
    patterns
        In how many ways they differ.
    """

    tasks: list[Any]
    labels: list[dict[str, Any]]
    disagreements: int
    patterns: int


def suggest_gold(votes: pd.DataFrame | Votes, n: int = 20, *, seed: int = 0) -> Suggestions:
    """Choose `n` tasks on which majority, one-coin and Dawid-Skene give different labels.

    A pattern is who says what ("majority no, the others yes"). Patterns get places in proportion
    to their tasks, at least one each while places last; within a pattern tasks are drawn with
    `seed`. Where the methods differ on fewer than `n` tasks, those of least certainty follow.

    Raises
    ------
    InputError
        `n` is less than 1.
    """
    if n < 1:
        raise InputError(f"n={n} must be at least 1.")
    encoded = as_votes(votes)
    models = fit_candidates(encoded)
    codes = np.stack([leader_codes(models[name].posterior_) for name in CANDIDATES], axis=1)
    apart = np.flatnonzero((codes != codes[:, :1]).any(axis=1))
    lot = mix(task_hash(encoded) + np.uint64(seed))
    chosen, n_patterns = _spread(codes, apart, lot, n)
    if len(chosen) < n:
        doubt = models["dawid-skene"].predict_codes()[1] + models["majority"].predict_codes()[1]
        agreed = np.setdiff1d(np.arange(encoded.n_tasks), apart)
        order = np.lexsort((lot[agreed], doubt[agreed]))
        chosen = np.concatenate([chosen, agreed[order[: n - len(chosen)]]])
    names = [*encoded.classes.tolist(), None]
    labels = [
        dict(zip(CANDIDATES, (names[code] for code in row), strict=True)) for row in codes[chosen].tolist()
    ]
    return Suggestions(encoded.tasks[chosen].tolist(), labels, len(apart), n_patterns)


def _spread(
    codes: NDArray[np.intp], apart: NDArray[np.intp], lot: NDArray[np.uint64], n: int
) -> tuple[NDArray[np.intp], int]:
    """Up to `n` of the tasks `apart`, spread over their patterns, and the number of patterns."""
    if not len(apart):
        return apart, 0
    _, pattern, size = np.unique(codes[apart], axis=0, return_inverse=True, return_counts=True)
    pattern = pattern.ravel()
    order = np.lexsort((lot[apart], pattern))
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    rank = np.empty(len(apart))
    rank[order] = np.arange(len(apart)) - start[pattern[order]]
    # the first of each pattern, large patterns first; then in proportion to their sizes
    turn = np.where(rank == 0, -1.0, (rank + 0.5) / size[pattern])
    asked = np.lexsort((lot[apart], -size[pattern], turn))
    return apart[asked[:n]], len(size)
