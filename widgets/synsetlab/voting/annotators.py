"""What the votes say about each annotator: accuracy, bias, gold, speed, drift, influence, habits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betainc

from synsetlab.errors import InputError
from synsetlab.voting.confusion import beta_interval, confusion_counts, gold_confusion
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.drift import find_drift
from synsetlab.voting.encoding import as_votes
from synsetlab.voting.leave_one_out import leave_one_out
from synsetlab.voting.restricted import too_wide
from synsetlab.voting.rows import durations, encode_with_rows, moments

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.store.workspace import Workspace
    from synsetlab.voting.encoding import Repeats, Votes
    from synsetlab.voting.leave_one_out import LeftOut

__all__ = ["AnnotatorStudy", "annotator_report", "study_annotators", "study_workspace"]

ALWAYS_VOTES = 10
ALWAYS_CHANCE = 1e-3
INFORMED = 0.3
"""Informedness that separates a weak annotator from one whose answers say nothing."""
CERTAIN = 0.95
ONE_SIDED = 1.645
CHANGED = 0.01
HASTE = 1 / 3
"""Share of the crowd's median time below which a vote is called fast."""


@dataclass(frozen=True)
class AnnotatorStudy:
    """What `study_annotators` finds.

    Attributes
    ----------
    report
        One row an annotator, by number of votes: see `annotator_report`.
    left
        Each annotator against the consensus of the others.
    model
        The Dawid-Skene fit behind them.
    """

    report: pd.DataFrame
    left: LeftOut
    model: DawidSkene

    @property
    def confusion(self) -> pd.DataFrame:
        """Rows ``worker, truth, answer, votes, share, low, high``.

        Expected votes by what the others' votes say is true, with 95 % intervals.
        """
        return confusion_counts(self.model.votes_, self.left.confusion)

    @property
    def gold_confusion(self) -> pd.DataFrame | None:
        """The same counted on gold; None without gold."""
        if not bool((self.model.gold_ >= 0).any()):
            return None
        return confusion_counts(self.model.votes_, gold_confusion(self.model.votes_, self.model.gold_))


def annotator_report(
    votes: pd.DataFrame | Votes,
    gold: pd.DataFrame | Mapping[Any, Any] | None = None,
    *,
    floor: float = 0.6,
    repeats: Repeats = "last",
) -> pd.DataFrame:
    """One row an annotator, by number of votes.

    Parameters
    ----------
    votes
        Frame ``task, worker, label`` and, if known, ``active_ms``; or encoded votes.
    gold
        Known answers: frame ``task, label`` or a mapping.
    floor
        Accuracy on gold below which an annotator is flagged when that is more than 95 % certain.
    repeats
        Which of several votes of one worker on one task counts.

    Returns
    -------
    pandas.DataFrame
        ``worker``, ``votes``; ``agreement``: mean share of the *other* votes on the same tasks that
        agree (NaN without others); ``accuracy``: estimated by Dawid-Skene, averaged over its class
        prior; ``informedness``: mean diagonal of the estimated confusion matrix, 0 at chance and 1
        if perfect; ``right``, ``right_low``, ``right_high``: expected share of right votes judged by
        the others' votes (leave-one-out), with a 95 % interval; ``gold_votes``, ``gold_right``,
        ``gold_accuracy``, ``gold_low``, ``gold_high``: posterior mean and 95 % interval under a uniform
        prior (NaN without gold), ``p_below``: posterior probability of an accuracy below `floor`;
        ``median_ms``, ``fast_share``: active time, and share of votes faster than a third of the
        crowd's median (NaN without times); ``drift_p`` (adjusted for the number of annotators, NaN
        below 20 votes), ``drift_at``, ``drift_before``, ``drift_after``: `find_drift`; ``flips``: tasks
        whose label would be another without this annotator; ``alone``: tasks with no other votes;
        ``favourite``, ``favourite_share``; ``flags``: list of ``always-<label>``; ``random`` or
        ``inverted`` where informedness is less than .3 or than 0 with 95 % certainty; ``below-floor``;
        ``fast`` (the median vote is); ``drift-down`` or ``drift-up`` where ``drift_p`` < .01.

    Raises
    ------
    InputError
        `floor` is no probability, or the votes cannot be used.
    """
    return study_annotators(votes, gold, floor=floor, repeats=repeats).report


def study_annotators(
    votes: pd.DataFrame | Votes,
    gold: pd.DataFrame | Mapping[Any, Any] | None = None,
    *,
    floor: float = 0.6,
    repeats: Repeats = "last",
    active: str | NDArray[np.float64] | None = "active_ms",
    when: str | NDArray[np.float64] | None = None,
    not_classes: Collection[Any] = (),
) -> AnnotatorStudy:
    """The report of `annotator_report` with what it was made from.

    Parameters
    ----------
    votes, gold, floor, repeats
        As there.
    active
        Column of the frame with active milliseconds (a default that need not be there); for encoded
        votes the values themselves, by vote.
    when
        Column (or values) by which votes are ordered in time: numbers or ISO 8601; the order of the
        rows if None.
    not_classes
        Answers such as "unsure" that are evidence but no class; for frames.

    Raises
    ------
    MissingColumnError
        A named column is absent.
    InputError
        `floor` is no probability, or the votes or times cannot be used.
    """
    if not 0 < floor < 1:
        raise InputError(f"floor={floor} must lie between 0 and 1.")
    encoded, active_ms, order = _take(votes, repeats, active, when, not_classes)
    model = DawidSkene(repeats=repeats).fit(encoded, gold)
    if too_wide(model.votes_):
        raise InputError(
            f"{model.votes_.n_classes} classes are too many for confusion matrices of "
            f"{model.votes_.n_workers} annotators.",
            "Check that the label column holds labels; else look at the votes of fewer classes at a time.",
        )
    left = leave_one_out(model)
    return AnnotatorStudy(_report(model, left, floor, active_ms, order), left, model)


def study_workspace(workspace: Workspace, *, floor: float = 0.6) -> AnnotatorStudy:
    """The same of the votes that count in a workspace, over all synsets, with its gold questions.

    "Unsure" is an answer and no class, a skip is no vote; drift is by the time of deciding.

    Raises
    ------
    InputError
        Nobody has voted yet.
    """
    votes = workspace.totals.answers()
    votes = votes[votes["answer"] != "skip"]
    if votes.empty:
        raise InputError("Nobody has voted in this workspace yet.", "Label some pictures first.")
    asked = set(votes["question_id"].unique())
    gold = {question: answer for question, answer in workspace.totals.gold().items() if question in asked}
    table = votes.rename(columns={"question_id": "task", "annotator": "worker", "answer": "label"})
    return study_annotators(
        table.reset_index(drop=True), gold or None, floor=floor, when="seq", not_classes=("unsure",)
    )


def _take(
    votes: pd.DataFrame | Votes,
    repeats: Repeats,
    active: str | NDArray[np.float64] | None,
    when: str | NDArray[np.float64] | None,
    not_classes: Collection[Any],
) -> tuple[Votes, NDArray[np.float64] | None, NDArray[np.float64] | None]:
    """Encoded votes, and by vote the active milliseconds and the order in time."""
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame comes in

    if not isinstance(votes, pd.DataFrame):
        times = None if isinstance(active, str) else active
        return as_votes(votes), times, None if isinstance(when, str) else when
    encoded, rows = encode_with_rows(votes, repeats=repeats, not_classes=not_classes)
    if isinstance(active, str):
        active = durations(votes, active)[rows] if active in votes.columns else None
    if isinstance(when, str):
        when = moments(votes, when)[rows]
    return encoded, active, when


def _report(
    model: DawidSkene,
    left: LeftOut,
    floor: float,
    active_ms: NDArray[np.float64] | None,
    when: NDArray[np.float64] | None,
) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    votes = model.votes_
    cast = np.bincount(votes.worker, minlength=votes.n_workers)
    diagonal = np.diagonal(model.confusion_, axis1=1, axis2=2)
    informedness, most = _informedness(model)
    others = _others(votes)
    report = pd.DataFrame(
        {
            "worker": votes.workers,
            "votes": cast,
            "agreement": _mean_by_worker(votes, others, ~np.isnan(others)),
            "accuracy": diagonal @ (model.class_prior_ / model.class_prior_.sum()),
            "informedness": informedness,
        }
    )
    expected = np.bincount(votes.worker, left.right, votes.n_workers)
    report["right"] = expected / np.maximum(cast, 1)
    report["right_low"], report["right_high"] = beta_interval(expected, cast - expected)
    _add_gold(report, votes, model.gold_, floor)
    _add_speed(report, votes, active_ms)
    change = find_drift(votes, left.right, when, _expected(model, left))
    report["drift_p"] = change.adjusted
    report["drift_at"] = pd.array(np.where(change.at >= 0, change.at, 0), dtype="Int64")
    report.loc[change.at < 0, "drift_at"] = pd.NA
    report["drift_before"], report["drift_after"] = change.before, change.after
    report["flips"], report["alone"] = left.flips, left.alone
    given = np.bincount(
        votes.worker * votes.n_answers + votes.answer, minlength=votes.n_workers * votes.n_answers
    ).reshape(votes.n_workers, votes.n_answers)
    favourite = given.argmax(axis=1)
    report["favourite"] = votes.answers[favourite]
    report["favourite_share"] = given.max(axis=1) / np.maximum(cast, 1)
    chance = _chance_of_always(votes, np.asarray(model.posterior_), favourite)
    always = (given.max(axis=1) == cast) & (cast >= ALWAYS_VOTES) & (chance < ALWAYS_CHANCE)
    report["flags"] = _flags(report, always, most)
    return report.sort_values(["votes", "worker"], ascending=[False, True], kind="stable", ignore_index=True)


def _flags(report: pd.DataFrame, always: NDArray[np.bool_], most: NDArray[np.float64]) -> list[list[str]]:
    flags = []
    for place, row in enumerate(report.to_dict("records")):
        found = []
        if always[place]:
            found.append(f"always-{row['favourite']}")
        elif most[place] < INFORMED:
            found.append("random" if most[place] >= 0 else "inverted")
        if row["p_below"] > CERTAIN:
            found.append("below-floor")
        if row["fast_share"] > 0.5:  # the median is
            found.append("fast")
        if row["drift_p"] < CHANGED:
            found.append("drift-down" if row["drift_after"] < row["drift_before"] else "drift-up")
        flags.append(found)
    return flags


def _expected(model: DawidSkene, left: LeftOut) -> NDArray[np.float64]:
    """How right each vote was to be expected, by its annotator's own rates on each class; (n,)."""
    votes = model.votes_
    posterior = np.asarray(model.posterior_)
    expected = np.zeros(len(votes))
    for code in range(votes.n_classes):
        seen = left.confusion[:, code].sum(axis=1)
        rate = left.confusion[:, code, code] / np.maximum(seen, 1e-12)
        expected += posterior[votes.task, code] * rate[votes.worker]
    return expected


def _informedness(model: DawidSkene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean diagonal of the confusion matrices, 0 at chance and 1 if perfect, and its upper bound."""
    votes = model.votes_
    classes = votes.n_classes
    diagonal = np.diagonal(model.confusion_, axis1=1, axis2=2)
    if classes == 1:
        return diagonal[:, 0], diagonal[:, 0]
    seen = np.zeros((votes.n_workers, classes))
    np.add.at(seen, votes.worker, np.asarray(model.posterior_)[votes.task])
    # two pseudo-votes keep the error of a spotless short record from being zero
    variance = (diagonal * (1 - diagonal) + 0.25 / (seen + 1)) / (seen + 1)
    scale = 1 - 1 / classes
    middle = (diagonal.mean(axis=1) - 1 / classes) / scale
    return middle, middle + ONE_SIDED * np.sqrt(variance.sum(axis=1)) / classes / scale


def _others(votes: Votes) -> NDArray[np.float64]:
    """For each vote the share of the other votes on its task that agree; NaN if it is alone."""
    cast = np.bincount(votes.task, minlength=votes.n_tasks)[votes.task] - 1
    return np.where(cast > 0, (_same(votes) - 1) / np.maximum(cast, 1), np.nan)


def _same(votes: Votes) -> NDArray[np.intp]:
    """For each vote how many votes on its task give its answer, itself included."""
    key = votes.task * votes.n_answers + votes.answer
    _, place, counts = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(counts[place], dtype=np.intp)


def _mean_by_worker(
    votes: Votes, values: NDArray[np.float64], usable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    total = np.bincount(votes.worker[usable], values[usable], votes.n_workers)
    cast = np.bincount(votes.worker[usable], minlength=votes.n_workers)
    return np.where(cast > 0, total / np.maximum(cast, 1), np.nan)


def _chance_of_always(
    votes: Votes, posterior: NDArray[np.float64], favourite: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Chance of never leaving the favourite answer for someone who is half honest, by worker.

    Half honest: gives it on tasks where it is right, and on half of the others. Near 1 where the
    favourite was right all the time.
    """
    wide = np.pad(posterior, ((0, 0), (0, votes.n_answers - votes.n_classes)))
    right = wide[votes.task, favourite[votes.worker]]
    return np.exp(np.bincount(votes.worker, np.log1p(-(1 - right) / 2), votes.n_workers))


def _add_gold(report: pd.DataFrame, votes: Votes, gold: NDArray[np.intp], floor: float) -> None:
    known = gold[votes.task] >= 0
    seen = np.bincount(votes.worker[known], minlength=votes.n_workers)
    hits = known & (gold[votes.task] == votes.answer)
    right = np.bincount(votes.worker[hits], minlength=votes.n_workers)
    a, b = right + 1.0, seen - right + 1.0
    low, high = beta_interval(right.astype(np.float64), (seen - right).astype(np.float64))
    report["gold_votes"] = seen
    report["gold_right"] = right
    figures = {
        "gold_accuracy": a / (a + b),
        "gold_low": low,
        "gold_high": high,
        "p_below": betainc(a, b, floor),
    }
    for name, values in figures.items():
        report[name] = np.where(seen > 0, values, np.nan)


def _add_speed(report: pd.DataFrame, votes: Votes, active_ms: NDArray[np.float64] | None) -> None:
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    if active_ms is None or not bool(np.isfinite(active_ms).any()):
        report["median_ms"], report["fast_share"] = np.nan, np.nan
        return
    times = pd.Series(active_ms)
    by_worker = times.groupby(votes.worker)
    medians = by_worker.median().reindex(range(votes.n_workers))
    # of annotators, not of votes: one busy spammer must not set the pace
    fast = (times < HASTE * float(medians.median())).astype(np.float64).where(times.notna())
    report["median_ms"] = medians.to_numpy()
    report["fast_share"] = fast.groupby(votes.worker).mean().reindex(range(votes.n_workers)).to_numpy()
