"""Simulated annotators whose skill is known, and the votes they would give.

The two-coin model of Dawid and Skene (1979): an annotator says yes to a right picture with probability
*sensitivity* and no to a wrong one with probability *specificity*. A picture's *difficulty* (0 plain to
1 hopeless) draws a skilled annotator towards guessing, as in GLAD (Whitehill et al., 2009).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

__all__ = ["TRUTHS", "Annotator", "Label", "Truth", "answer", "make_crowd", "simulate_votes"]

Truth = Literal["yes", "no", "ambiguous"]
Label = Literal["yes", "no", "unsure"]

TRUTHS: Final = ("yes", "no", "ambiguous")
"""What can be true of a picture; nobody can tell of an ambiguous one."""

_LABELS: Final = ("yes", "no", "unsure")
_CELLS: Final = 4_000_000
"""Random keys drawn at a time when workers are dealt out: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Annotator:
    """One simulated annotator.

    Raises
    ------
    InputError
        A probability outside 0..1, or a speed that is not positive.
    """

    name: str
    sensitivity: float
    """P(yes | the synset is shown, the annotator decides, difficulty 0)."""
    specificity: float
    """P(no | it is not shown, the annotator decides, difficulty 0)."""
    unsure_rate: float = 0.02
    """P(unsure) for a plain picture; up to three times that for a hard, four times for an ambiguous one."""
    speed: float = 1.5
    """Median seconds of looking at a plain picture."""
    kind: str = "average"
    """``expert``, ``average``, ``sloppy``, or a spammer: ``always-yes``, ``random``, ``always-no``."""

    def __post_init__(self) -> None:
        for field in ("sensitivity", "specificity", "unsure_rate"):
            value = getattr(self, field)
            if not 0 <= value <= 1:
                raise InputError(
                    f"Annotator {self.name!r}: {field} is {value}.", "Give a probability from 0 to 1."
                )
        if not self.speed > 0:
            raise InputError(f"Annotator {self.name!r}: speed is {self.speed}.", "Give seconds above 0.")


def make_crowd(n: int, seed: int, spammers: int = 1) -> list[Annotator]:
    """`n` annotators: a fifth experts, a fifth sloppy, `spammers` of them spammers, the rest average.

    The first spammer always says yes, the second clicks at random, the third always says no, and so on.
    Names tell nothing (``worker-01``); the order is shuffled; the same seed gives the same crowd.

    Raises
    ------
    InputError
        No annotator is asked for, or more spammers than annotators.
    """
    if n < 1:
        raise InputError(f"A crowd of {n} annotators cannot vote.", "Ask for at least 1.")
    if not 0 <= spammers <= n:
        raise InputError(
            f"{spammers} spammers do not fit in a crowd of {n}.", f"Give a number from 0 to {n}."
        )
    rng = np.random.default_rng([seed, n, spammers])
    honest = n - spammers
    fifth = round(honest * 0.2)
    kinds = [("always-yes", "random", "always-no")[i % 3] for i in range(spammers)]
    kinds += ["expert"] * fifth + ["sloppy"] * fifth + ["average"] * (honest - 2 * fifth)
    ranges = {  # sensitivity, specificity, unsure rate, median seconds
        "expert": ((0.96, 0.995), (0.97, 0.998), (0.01, 0.04), (1.4, 2.2)),
        "average": ((0.87, 0.96), (0.88, 0.97), (0.01, 0.06), (1.0, 1.8)),
        "sloppy": ((0.68, 0.84), (0.66, 0.84), (0.0, 0.02), (0.5, 1.0)),
        "always-yes": ((1, 1), (0, 0), (0, 0), (0.25, 0.45)),
        "random": ((0.5, 0.5), (0.5, 0.5), (0, 0), (0.25, 0.45)),
        "always-no": ((0, 0), (1, 1), (0, 0), (0.25, 0.45)),
    }
    width = len(str(n)) if n > 9 else 2
    crowd = []
    for i, place in enumerate(rng.permutation(n)):
        kind = kinds[int(place)]
        yes, no, unsure, speed = (round(float(rng.uniform(low, high)), 4) for low, high in ranges[kind])
        crowd.append(Annotator(f"worker-{i + 1:0{width}d}", yes, no, unsure, speed, kind=kind))
    return crowd


def answer(annotator: Annotator, truth: Truth, difficulty: float, rng: np.random.Generator) -> Label:
    """One vote of `annotator` on a picture of which `truth` holds.

    Parameters
    ----------
    difficulty
        0 (plain) to 1 (a guess).

    Raises
    ------
    InputError
        `truth` is not one of :data:`TRUTHS`, or `difficulty` lies outside 0..1.
    """
    if truth not in TRUTHS:
        raise InputError(f"truth is {truth!r}.", f"Give one of: {', '.join(TRUTHS)}.")
    if not 0 <= difficulty <= 1:
        raise InputError(f"difficulty is {difficulty}.", "Give a number from 0 to 1.")
    skills = _skills([annotator])
    which = np.zeros(1, np.intp)
    code = np.array([TRUTHS.index(truth)])
    unsure, yes = _chances(skills, which, code, np.array([float(difficulty)]))
    return _LABELS[int(_pick(unsure, yes, rng)[0])]


def simulate_votes(
    questions: pd.DataFrame, crowd: Sequence[Annotator], votes_per_question: int, seed: int
) -> pd.DataFrame:
    """Votes of a crowd on many questions.

    Parameters
    ----------
    questions
        Columns ``question`` (any identifier, kept as it is), ``truth`` (one of :data:`TRUTHS`) and
        ``difficulty`` (0..1).
    votes_per_question
        Each question goes to this many different annotators, drawn at random.

    Returns
    -------
    pandas.DataFrame
        ``task, worker, label, active_ms``: one row a vote, in the order of the questions.

    Raises
    ------
    MissingColumnError
        A column is absent.
    InputError
        A value cannot be used, two annotators share a name, or there are fewer than `votes_per_question`.
    """
    import pandas as pd  # noqa: PLC0415 - cheap import: the crowd itself needs no frame

    truth, difficulty = _check(questions, crowd, votes_per_question)
    rng = np.random.default_rng([seed, len(questions), votes_per_question])
    who = _deal(len(questions), len(crowd), votes_per_question, rng).ravel()
    which = np.repeat(np.arange(len(questions)), votes_per_question)
    skills = _skills(crowd)
    unsure, yes = _chances(skills, who, truth[which], difficulty[which])
    picks = _pick(unsure, yes, rng)
    # Reaction times are about log-normal; hard pictures are looked at longer.
    spread = np.exp(rng.normal(0, 0.45, len(which)))
    active = 1000 * skills[who, 3] * (1 + difficulty[which]) * spread
    return pd.DataFrame(
        {
            "task": questions["question"].to_numpy()[which],
            "worker": np.array([a.name for a in crowd], dtype=object)[who],
            "label": np.array(_LABELS, dtype=object)[picks],
            "active_ms": np.maximum(1, np.round(active)).astype(np.int64),
        }
    )


def _check(
    questions: pd.DataFrame, crowd: Sequence[Annotator], votes: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Codes of the truths (n,) and difficulties (n,), or the reason why there are none."""
    for column in ("question", "truth", "difficulty"):
        if column not in questions.columns:
            raise MissingColumnError("The questions frame", column, [str(c) for c in questions.columns])
    if not 1 <= votes <= len(crowd):
        raise InputError(
            f"{votes} votes a question cannot come from {len(crowd)} different annotators.",
            f"Ask for 1 to {len(crowd)}, or make the crowd larger.",
        )
    names = [a.name for a in crowd]
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"Two annotators are called {twice!r}.", "Give each a name of its own.")
    codes = {name: i for i, name in enumerate(TRUTHS)}
    unknown = [t for t in questions["truth"].unique() if t not in codes]
    if unknown:
        raise InputError(f"truth is {unknown[0]!r} in the questions.", f"Use: {', '.join(TRUTHS)}.")
    truth = np.array([codes[t] for t in questions["truth"]], dtype=np.intp)
    try:
        difficulty = questions["difficulty"].to_numpy().astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"difficulty is not a number in the questions: {error}.", "Use 0 to 1.") from error
    outside = ~((difficulty >= 0) & (difficulty <= 1))
    if outside.any():
        raise InputError(f"difficulty is {difficulty[outside][0]} in the questions.", "Use 0 to 1.")
    return truth, difficulty


def _skills(crowd: Sequence[Annotator]) -> npt.NDArray[np.float64]:
    """Sensitivity, specificity, unsure rate and speed: (annotators, 4)."""
    return np.array([[a.sensitivity, a.specificity, a.unsure_rate, a.speed] for a in crowd], np.float64)


def _chances(
    skills: npt.NDArray[np.float64],
    who: npt.NDArray[np.intp],
    truth: npt.NDArray[np.intp],
    difficulty: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """P(unsure) and P(yes | decides) of each vote."""
    sensitivity, specificity, rate = skills[who, 0], skills[who, 1], skills[who, 2]

    def blunted(skill: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        # Who does not look, or guesses, is not hindered by a hard picture.
        return np.where(skill > 0.5, skill + (0.5 - skill) * difficulty, skill)

    # Without the first test an always-yes spammer (sensitivity 1) would begin to say no.
    looks = sensitivity + specificity > 1
    right = np.where(looks, blunted(sensitivity), sensitivity)
    wrong = 1 - np.where(looks, blunted(specificity), specificity)
    either = (sensitivity + 1 - specificity) / 2
    yes = np.choose(truth, [right, wrong, either])
    unsure = np.minimum(0.9, rate * np.where(truth == TRUTHS.index("ambiguous"), 4.0, 1 + 2 * difficulty))
    return unsure, yes


def _pick(
    unsure: npt.NDArray[np.float64], yes: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Index into the labels for each vote."""
    first, second = rng.random(len(yes)), rng.random(len(yes))
    return np.where(first < unsure, 2, np.where(second < yes, 0, 1)).astype(np.intp)


def _deal(questions: int, workers: int, votes: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Different workers for each question, in random order: (questions, votes)."""
    rows = max(1, _CELLS // workers)
    dealt = np.empty((questions, votes), np.intp)
    for start in range(0, questions, rows):
        keys = rng.random((min(rows, questions - start), workers))
        dealt[start : start + len(keys)] = np.argsort(keys, axis=1, kind="stable")[:, :votes]
    return dealt
