"""What methods and policies make of one simulated crowd: tables for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.voting.encoding import encode_votes
from synsetlab.voting.methods import make_aggregator
from synsetlab.voting.policy import LeaderPolicy
from synsetlab.voting.replay import replay_leader
from synsetlab.voting.scoring import score
from synsetlab.voting.stop_report import report_stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from synsetlab.simulate.crowds import SimulatedCrowd

__all__ = ["accuracy_by_votes", "stopping_table"]


def accuracy_by_votes(
    crowd: SimulatedCrowd,
    methods: Sequence[str] = ("majority", "dawid-skene"),
    *,
    votes: Sequence[int] = (1, 3, 5, 7, 9, 11),
    gold: int = 0,
) -> pd.DataFrame:
    """Accuracy of aggregation methods given only the first n votes on each task, ties shared.

    Parameters
    ----------
    crowd
        Simulated votes.
    methods
        Names as in ``votes aggregate --method``.
    votes
        Numbers of votes a task; those that the crowd does not have are left out.
    gold
        So many tasks have known answers, which methods use and which are not scored.

    Returns
    -------
    pandas.DataFrame
        Rows by number of votes, a column a method.

    Raises
    ------
    InputError
        The crowd has no such number of votes, or no task is left to score.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    place = crowd.votes.groupby("task", sort=False).cumcount()
    most = int(place.max()) + 1 if len(place) else 0
    counts = [count for count in votes if 1 <= count <= most]
    if not counts:
        raise InputError(f"The crowd gave {most} votes a task; none of {list(votes)} can be shown.")
    answers = crowd.answers
    known = dict(list(answers.items())[:gold])
    asked = {task: label for task, label in answers.items() if task not in known}
    rows = []
    for count in counts:
        encoded = encode_votes(crowd.votes[place < count]).with_classes(answers.values())
        fitted = {method: make_aggregator(method).fit(encoded, known or None) for method in methods}
        rows.append({name: score(model, asked).accuracy_ties_shared for name, model in fitted.items()})
    return pd.DataFrame(rows, index=pd.Index(counts, name="votes"))


def stopping_table(
    crowd: SimulatedCrowd, confidences: Sequence[float] = (0.8, 0.9, 0.95, 0.97, 0.99)
) -> pd.DataFrame:
    """What dynamic stopping buys and reaches when the votes of a crowd come round by round.

    Each round gives every task one more vote; a `LeaderPolicy` stops a task when its leading class
    has the confidence asked for, and never sees the truth or a later vote.

    Returns
    -------
    pandas.DataFrame
        By ``confidence``: ``votes`` (bought per task), ``accuracy``, ``majority_at_equal_votes``,
        ``dawid_skene_on_all``, ``undecided`` (share of tasks).
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    place = crowd.votes.groupby("task", sort=False).cumcount()
    rounds = crowd.votes.iloc[place.argsort(kind="stable")]
    encoded = encode_votes(rounds).with_classes(crowd.answers.values())
    rows = []
    for confidence in confidences:
        report = report_stop(replay_leader(encoded, LeaderPolicy(confidence=confidence)), crowd.answers)
        rows.append(
            {
                "votes": report.votes_per_task,
                "accuracy": report.accuracy,
                "majority_at_equal_votes": report.accuracy_majority_equal,
                "dawid_skene_on_all": report.accuracy_all,
                "undecided": report.escalated_share,
            }
        )
    return pd.DataFrame(rows, index=pd.Index(list(confidences), name="confidence"))
