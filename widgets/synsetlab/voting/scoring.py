"""How right a result is where the truth is known; used for scoring only, never for fitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.base import find_winners

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synsetlab.voting.base import Aggregator

__all__ = ["Score", "score"]


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy over the tasks whose truth is known.

    Attributes
    ----------
    accuracy
        Share of right labels; an abstained tie is wrong.
    accuracy_ties_shared
        The same when each of m tied classes earns 1/m, whatever the tie policy.
    right, scored
        Right labels, and tasks with votes and a known truth.
    unscored
        Tasks with a known truth and no votes.
    """

    accuracy: float
    accuracy_ties_shared: float
    right: int
    scored: int
    unscored: int


def score(model: Aggregator, truth: Mapping[Any, Any]) -> Score:
    """Compare the labels of a fitted aggregator with the truth, as values (strings with strings).

    Raises
    ------
    InputError
        No task with votes has a known truth.
    """
    votes = model.votes_
    place = {name: code for code, name in enumerate(votes.classes.tolist())}
    missing = object()
    told = [truth.get(task, missing) for task in votes.tasks.tolist()]
    known = np.array([value is not missing for value in told])
    if not known.any():
        raise InputError(
            "None of the tasks with votes is in the truth.", "Check that both tables name tasks alike."
        )
    codes = np.array([place.get(value, -2) for value in told], dtype=np.intp)
    given, _ = model.predict_codes()
    right = int((given == codes)[known].sum())
    scored = int(known.sum())
    shared = float(find_winners(model.posterior_).credit(codes)[known].mean())
    return Score(right / scored, shared, right, scored, len(truth) - scored)
