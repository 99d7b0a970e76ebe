"""How far annotators agree: percent, Cohen, Fleiss, Krippendorff, with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.bootstrap import percentile_interval, resampled, row_kinds
from synsetlab.voting.encoding import as_votes, encode_votes
from synsetlab.voting.pairs import kappa_of_pairs

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["Agreement", "agreement_by", "measure_agreement"]

ONE_VOTE = "no task has two votes"
ONE_ANSWER = "all votes give the same answer"
NO_NUMBERS = "not all answers are numbers"
BOOTSTRAPPED = (
    "krippendorff_alpha",
    "krippendorff_alpha_interval",
    "fleiss_kappa",
    "fleiss_kappa_ragged",
    "percent_agreement",
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over a table of votes; a coefficient that is not defined is None, with the reason.

    Attributes
    ----------
    krippendorff_alpha
        Nominal alpha; tasks with one vote say nothing and are left out (K. Krippendorff, Computing
        Krippendorff's alpha-reliability, 2011).
    krippendorff_alpha_interval
        The same with the squared difference of the answers as distance, where all are numbers.
    fleiss_kappa
        Defined where all tasks have the same number of votes, two or more (J. L. Fleiss, Measuring
        nominal scale agreement among many raters, 1971, doi:10.1037/h0031619).
    fleiss_kappa_ragged
        Fleiss' formula with each task's own number of votes; tasks with one vote are left out.
        Equal to `fleiss_kappa` where that is defined.
    cohen_kappa
        Of two annotators; of more, the mean over the pairs who share tasks (R. J. Light, Measures of
        response agreement for qualitative data, 1971, doi:10.1037/h0031643). J. Cohen, A coefficient
        of agreement for nominal scales, 1960, doi:10.1177/001316446002000104.
    cohen_pairs
        Pairs whose kappa is defined.
    percent_agreement
        Mean over tasks with two votes or more of the share of agreeing pairs.
    superseded
        Votes set aside because the same annotator answered the same task again.
    interval_level, intervals
        Percentile bootstrap over tasks: coefficient to (low, high), None where not defined; empty
        without replicates.
    bootstrap, seed
        Number of replicates, and what they follow from.
    """

    krippendorff_alpha: float | None
    krippendorff_reason: str | None
    krippendorff_alpha_interval: float | None
    krippendorff_interval_reason: str | None
    fleiss_kappa: float | None
    fleiss_reason: str | None
    fleiss_kappa_ragged: float | None
    fleiss_ragged_reason: str | None
    cohen_kappa: float | None
    cohen_reason: str | None
    cohen_pairs: int
    percent_agreement: float | None
    tasks: int
    workers: int
    votes: int
    answers: int
    tasks_with_one_vote: int
    superseded: int
    interval_level: float = 0.95
    intervals: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    bootstrap: int = 0
    seed: int = 0


def measure_agreement(
    votes: pd.DataFrame | Votes,
    *,
    repeats: Repeats = "last",
    bootstrap: int = 0,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement:
    """Measure agreement over votes ``task, worker, label``; every answer counts as a value.

    Parameters
    ----------
    votes
        Frame, or encoded votes.
    repeats
        Which of several votes of one worker on one task counts: last, first or all.
    bootstrap
        Replicates of the bootstrap over tasks; 0 for no intervals. Tasks are drawn, not votes: the
        interval is about which pictures were asked, given these annotators.
    level, seed
        Of the intervals.

    Raises
    ------
    InputError
        The votes cannot be used, or `level` or `bootstrap` has no meaning.
    """
    if not 0 < level < 1 or bootstrap < 0:
        raise InputError(
            f"level={level} and bootstrap={bootstrap} give no interval.",
            "A level lies between 0 and 1, and replicates are 0 (none) or more.",
        )
    encoded = as_votes(votes, repeats=repeats)
    counts = _counts(encoded)
    sums = _Sums(counts, _numbers(encoded))
    once = np.ones((len(sums.cast), 1))
    found = {name: float(values[0]) for name, values in sums.coefficients(once).items()}
    reasons = sums.reasons()
    defined = {name: value for name, value in found.items() if reasons[name] is None}
    pairs = kappa_of_pairs(encoded)
    return Agreement(
        krippendorff_alpha=defined.get("krippendorff_alpha"),
        krippendorff_reason=reasons["krippendorff_alpha"],
        krippendorff_alpha_interval=defined.get("krippendorff_alpha_interval"),
        krippendorff_interval_reason=reasons["krippendorff_alpha_interval"],
        fleiss_kappa=defined.get("fleiss_kappa"),
        fleiss_reason=reasons["fleiss_kappa"],
        fleiss_kappa_ragged=defined.get("fleiss_kappa_ragged"),
        fleiss_ragged_reason=reasons["fleiss_kappa_ragged"],
        cohen_kappa=pairs.mean,
        cohen_reason=pairs.reason,
        cohen_pairs=pairs.defined,
        percent_agreement=defined.get("percent_agreement"),
        tasks=encoded.n_tasks,
        workers=encoded.n_workers,
        votes=len(encoded),
        answers=encoded.n_answers,
        tasks_with_one_vote=int((sums.cast == 1).sum()),
        superseded=encoded.superseded,
        interval_level=level,
        intervals=_intervals(sums, set(defined), level=level, replicates=bootstrap, seed=seed),
        bootstrap=bootstrap,
        seed=seed,
    )


def agreement_by(
    frame: pd.DataFrame,
    column: str,
    *,
    task: str = "task",
    worker: str = "worker",
    label: str = "label",
    repeats: Repeats = "last",
) -> pd.DataFrame:
    """Agreement within each value of `column` (a synset, say): how hard each is to agree on.

    Returns
    -------
    pandas.DataFrame
        ``group, tasks, votes, krippendorff_alpha, fleiss_kappa_ragged, percent_agreement``, by group.

    Raises
    ------
    MissingColumnError
        The frame has no such column.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    if column not in frame.columns:
        raise MissingColumnError("the votes", column, [str(name) for name in frame.columns])
    rows = []
    for name, group in frame.groupby(column, sort=True):
        encoded = encode_votes(group, task=task, worker=worker, label=label, repeats=repeats)
        measured = measure_agreement(encoded)
        figures = (measured.krippendorff_alpha, measured.fleiss_kappa_ragged, measured.percent_agreement)
        rows.append((name, measured.tasks, measured.votes, *figures))
    columns = ["group", "tasks", "votes", "krippendorff_alpha", "fleiss_kappa_ragged", "percent_agreement"]
    return pd.DataFrame(rows, columns=columns)


class _Sums:
    """What the coefficients need of every task, so that a resample is a weighted sum over tasks."""

    def __init__(self, counts: sparse.csr_array, numbers: NDArray[np.float64] | None) -> None:
        self.cast = np.asarray(counts.sum(axis=1), dtype=np.float64)
        self.paired = self.cast >= 2
        squares = np.asarray(counts.power(2).sum(axis=1), dtype=np.float64)
        others = np.maximum(self.cast - 1, 1)
        self.counts = sparse.csr_array(counts.multiply(self.paired[:, None]))
        self.disagreeing = np.where(self.paired, (self.cast**2 - squares) / others, 0.0)
        self.agreement = np.where(self.paired, (squares - self.cast) / (self.cast * others), 0.0)
        self.numbers = numbers
        if numbers is not None:
            self.first = self.counts @ numbers
            self.second = self.counts @ numbers**2
            self.spread = 2 * (self.cast * self.second - self.first**2) / others

    def coefficients(self, weight: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Each coefficient for every column of `weight` (T, B); NaN where it is not defined."""
        totals = np.asarray(self.counts.T @ weight)
        size = np.where(self.paired, self.cast, 0.0) @ weight
        tasks = self.paired.astype(np.float64) @ weight
        squares = (totals**2).sum(axis=0)
        by_chance = size**2 - squares
        with np.errstate(divide="ignore", invalid="ignore"):
            alpha = 1 - (size - 1) * (self.disagreeing @ weight) / by_chance
            agreement = (self.agreement @ weight) / tasks
            chance = squares / size**2
            kappa = (agreement - chance) / (1 - chance)
        for values in (alpha, kappa):
            values[by_chance <= 0] = np.nan
        return {
            "krippendorff_alpha": alpha,
            "krippendorff_alpha_interval": self._interval_alpha(weight, size),
            "fleiss_kappa": kappa,
            "fleiss_kappa_ragged": kappa,
            "percent_agreement": agreement,
        }

    def _interval_alpha(self, weight: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.numbers is None:
            return np.full(weight.shape[1], np.nan)
        spread = 2 * (size * (self.second @ weight) - (self.first @ weight) ** 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            alpha = 1 - (size - 1) * (self.spread @ weight) / spread
        # sums of squares of equal numbers differ from zero by rounding only
        alpha[spread <= 1e-9 * np.maximum(size * (self.second @ weight), 1e-300)] = np.nan
        return np.asarray(alpha)

    def reasons(self) -> dict[str, str | None]:
        """Why a coefficient is not defined over all tasks; None where it is."""
        single = None if self.paired.any() else ONE_VOTE
        nominal = single
        if single is None and int((np.asarray(self.counts.sum(axis=0)) > 0).sum()) == 1:
            nominal = ONE_ANSWER
        low, high = int(self.cast.min()), int(self.cast.max())
        uneven = f"tasks have between {low} and {high} votes; it needs the same number for all"
        return {
            "krippendorff_alpha": nominal,
            "krippendorff_alpha_interval": nominal or (NO_NUMBERS if self.numbers is None else None),
            "fleiss_kappa": nominal if low == high else uneven,
            "fleiss_kappa_ragged": nominal,
            "percent_agreement": single,
        }


def _counts(votes: Votes) -> sparse.csr_array:
    """How often each answer was given, tasks x answers."""
    table = sparse.csr_array(
        (np.ones(len(votes)), (votes.task, votes.answer)), shape=(votes.n_tasks, votes.n_answers)
    )
    table.sum_duplicates()
    return table


def _numbers(votes: Votes) -> NDArray[np.float64] | None:
    """The answers as numbers, moved so that the middle is 0; None where one is none."""
    try:
        numbers = np.array([float(answer) for answer in votes.answers.tolist()])
    except (TypeError, ValueError):
        return None
    if not np.isfinite(numbers).all():
        return None
    # the distances stay; large numbers near each other (years) would lose digits when squared
    centred = numbers - numbers.mean()
    scale = float(np.abs(centred).max())
    return np.asarray(centred / scale if scale > 0 else centred)


def _intervals(
    sums: _Sums, defined: set[str], *, level: float, replicates: int, seed: int
) -> dict[str, tuple[float, float] | None]:
    if not replicates:
        return {}
    marks = sparse.hstack([sums.counts, sparse.csr_array(sums.cast[:, None])], format="csr")
    first, counts = row_kinds(marks)
    kinds = _kinds(sums, first)
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in BOOTSTRAPPED}
    for weight in resampled(counts, replicates, seed):
        for name, values in kinds.coefficients(weight).items():
            drawn[name].append(values)
    return {
        name: percentile_interval(np.concatenate(drawn[name]), level) if name in defined else None
        for name in BOOTSTRAPPED
    }


def _kinds(sums: _Sums, rows: NDArray[np.intp]) -> _Sums:
    """The sums of some tasks only."""
    few = object.__new__(_Sums)
    few.numbers = sums.numbers
    few.counts = sparse.csr_array(sums.counts[rows])
    names = ["cast", "paired", "disagreeing", "agreement"]
    names += ["first", "second", "spread"] if sums.numbers is not None else []
    for name in names:
        setattr(few, name, getattr(sums, name)[rows])
    return few
