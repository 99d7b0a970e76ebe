"""How good the annotators are who will be asked: given, read from a file, or learned from votes."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, owens_t, roots_jacobi

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.dawid_skene import DawidSkene
    from synsetlab.voting.encoding import Votes

__all__ = ["Learned", "SkillPool", "learn_skills", "read_skills", "right_given_factor"]

NODES = 20
MOST_CORRELATED = 0.95
PSEUDO_VOTES = 4.0


@dataclass(frozen=True)
class SkillPool:
    """The annotators from whom a question's votes are drawn.

    Attributes
    ----------
    sensitivity, specificity
        P(yes | yes) and P(no | no), (W,).
    weight
        How often each is drawn, (W,), summing to 1: draws are independent. None: each question goes
        to different ones of the W, all alike.
    correlation
        Of the errors on one question, 0 to .95: hard pictures mislead several. A common factor with
        this share of the variance moves everybody's probit of being right; each one's accuracy over
        all questions stays the same (the one-factor form of the tetrachoric correlation).
    """

    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not len(self.sensitivity) or len(self.sensitivity) != len(self.specificity):
            raise InputError("There are no annotators to ask.", "Give the skill of at least one.")
        for name in ("sensitivity", "specificity"):
            values = getattr(self, name)
            if not bool(((values >= 0) & (values <= 1)).all()):
                raise InputError(f"A {name} is not between 0 and 1: {values}.")
        if not 0 <= self.correlation <= MOST_CORRELATED:
            raise InputError(
                f"correlation={self.correlation} is not between 0 and {MOST_CORRELATED}.",
                "0: errors are independent; real crowds have .1 to .5.",
            )

    @classmethod
    def of(cls, mean: float, sd: float = 0.0, *, correlation: float = 0.0) -> SkillPool:
        """Skills of a Beta distribution, the same on either class.

        Held by the nodes of Gauss-Jacobi quadrature, so that its first moments are exact.

        Raises
        ------
        InputError
            No Beta distribution has such a mean and standard deviation.
        """
        if not 0 < mean < 1:
            raise InputError(
                f"A skill of {mean} is not between 0 and 1.", "Give a mean accuracy such as .85."
            )
        if not 0 <= sd < math.sqrt(mean * (1 - mean)):
            most = math.sqrt(mean * (1 - mean))
            raise InputError(
                f"Accuracies with a mean of {mean} cannot have a standard deviation of {sd}.",
                f"Give one from 0 to less than {most:.3f}.",
            )
        if sd == 0:
            skills, weight = np.array([mean]), np.ones(1)
        else:
            total = mean * (1 - mean) / sd**2 - 1
            nodes, weight = roots_jacobi(NODES, (1 - mean) * total - 1, mean * total - 1)
            skills, weight = (1 + nodes) / 2, weight / weight.sum()
        return cls(skills, skills, weight, correlation)

    @property
    def most_votes(self) -> int | None:
        """Votes that a question can get; None where draws do not end."""
        return len(self.sensitivity) if self.weight is None else None

    @property
    def accuracy(self) -> tuple[float, float]:
        """Mean sensitivity and specificity."""
        return (
            float(np.average(self.sensitivity, weights=self.weight)),
            float(np.average(self.specificity, weights=self.weight)),
        )

    @property
    def spread(self) -> float:
        """Standard deviation of the annotators' accuracies (mean of sensitivity and specificity)."""
        skill = (self.sensitivity + self.specificity) / 2
        mean = np.average(skill, weights=self.weight)
        return math.sqrt(float(np.average((skill - mean) ** 2, weights=self.weight)))


@dataclass(frozen=True, slots=True)
class Learned:
    """What votes tell about the annotators who gave them, and the prior of yes."""

    pool: SkillPool
    prior: float


def right_given_factor(
    skill: NDArray[np.float64], factor: NDArray[np.float64], correlation: float
) -> NDArray[np.float64]:
    """P(right) of annotators of such `skill` on a question whose common factor is `factor`, elementwise."""
    if correlation == 0:
        return np.broadcast_to(skill, np.broadcast_shapes(skill.shape, factor.shape)).astype(np.float64)
    return np.asarray(
        ndtr((ndtri(skill) + math.sqrt(correlation) * factor) / math.sqrt(1 - correlation)), dtype=np.float64
    )


def read_skills(file: str | os.PathLike[str], *, correlation: float = 0.0) -> SkillPool:
    """Skills from a CSV file: a column ``skill`` (or ``accuracy``), or ``sensitivity`` and ``specificity``.

    Each row is an annotator; each question goes to different ones.

    Raises
    ------
    InputError
        The file cannot be read, is empty, or a value is no number from 0 to 1.
    MissingColumnError
        No such column is there.
    """
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            columns = list(reader.fieldnames or [])
            rows = list(reader)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from None
    if {"sensitivity", "specificity"} <= set(columns):
        names = ("sensitivity", "specificity")
    else:
        single = next((name for name in ("skill", "accuracy") if name in columns), None)
        if single is None:
            remedy = "It needs skill, or sensitivity and specificity."
            raise MissingColumnError(str(file), "skill", columns, remedy)
        names = (single, single)
    if not rows:
        raise InputError(f"{file} has no annotators.", "One row an annotator is needed.")
    values = [
        np.array([_share(row[name], file, name, place) for place, row in enumerate(rows, 1)])
        for name in names
    ]
    return SkillPool(values[0], values[1], correlation=correlation)


def learn_skills(
    votes: Votes,
    gold: pd.DataFrame | Mapping[Any, Any] | None = None,
    *,
    yes: Any = None,
    correlation: float | None = None,
) -> Learned:
    """Skills, prior and correlation from votes with two classes, by Dawid-Skene.

    Annotators are drawn as often as they voted. The correlation comes from how often two votes on one
    question are both right, beyond what their skills explain; without gold it is too low, because
    the consensus sides with errors that are shared.

    Parameters
    ----------
    votes
        Encoded votes of two classes; other answers ("unsure") are left out.
    gold
        Known answers, which the fit holds fast.
    yes
        The class that means yes; ``"yes"`` if it is one, else the last in sorted order.
    correlation
        Taken instead of an estimate.

    Raises
    ------
    InputError
        There are not two classes, or `yes` is none of them.
    """
    from synsetlab.voting.dawid_skene import DawidSkene  # noqa: PLC0415 - only where votes are learned from

    decided = votes.only_classes()
    model = DawidSkene().fit(decided, gold)
    classes = model.votes_.classes.tolist()
    if len(classes) != 2:
        raise InputError(
            f"Planning is about yes and no; these votes have {len(classes)} classes: {classes[:10]}.",
            "Leave other answers out, or give the skill itself.",
        )
    if yes is None:
        yes = "yes" if "yes" in classes else classes[-1]
    if yes not in classes:
        raise InputError(
            f"{yes!r} is no class of the votes.", f"Classes are: {classes[0]!r}, {classes[1]!r}."
        )
    one, other = classes.index(yes), 1 - classes.index(yes)
    cast = np.bincount(model.votes_.worker, minlength=model.votes_.n_workers).astype(np.float64)
    pool = SkillPool(_rates(model, one), _rates(model, other), cast / cast.sum())
    found = _correlation(model) if correlation is None else correlation
    prior = float(np.clip(model.class_prior_[one] / model.class_prior_.sum(), 0.001, 0.999))
    return Learned(replace(pool, correlation=found), prior)


def _rates(model: DawidSkene, code: int) -> NDArray[np.float64]:
    """P(code | code) by annotator from expected counts, drawn to the rate of all: the mean keeps its place.

    The fit's own matrices lean to the diagonal, which helps a label and would flatter a plan.
    """
    votes = model.votes_
    share = np.asarray(model.posterior_)[votes.task, code]
    seen = np.bincount(votes.worker, share, votes.n_workers)
    right = np.bincount(votes.worker, share * (votes.answer == code), votes.n_workers)
    if seen.sum() == 0:
        return np.full(votes.n_workers, 0.5)
    return np.asarray((right + PSEUDO_VOTES * right.sum() / seen.sum()) / (seen + PSEUDO_VOTES))


def _correlation(model: DawidSkene) -> float:
    """Method of moments: the correlation at which two votes are both right as often as they are."""
    votes = model.votes_
    posterior = np.asarray(model.posterior_)
    cast = np.bincount(votes.task, minlength=votes.n_tasks).astype(np.float64)
    pairs = posterior.T @ (cast * (cast - 1))
    if not pairs.any():
        return 0.0
    hit = [np.bincount(votes.task, votes.answer == code, votes.n_tasks) for code in range(2)]
    both = np.array([posterior[:, code] @ (hit[code] * (hit[code] - 1)) for code in range(2)])
    # of the same votes as the pairs, so that busy questions count alike in both
    single = np.array([posterior[:, code] @ (hit[code] * (cast - 1)) for code in range(2)])
    rate = single / np.where(pairs > 0, pairs, 1.0)
    middle = ndtri(np.clip(rate, 1e-9, 1 - 1e-9))

    def excess(correlation: float) -> float:
        slope = math.sqrt((1 - correlation) / (1 + correlation))
        expected = ndtr(middle) - 2 * owens_t(middle, slope)
        return float(pairs @ expected - both.sum())

    if excess(0.0) >= 0:
        return 0.0
    if excess(MOST_CORRELATED) <= 0:
        return MOST_CORRELATED
    return float(brentq(excess, 0.0, MOST_CORRELATED))


def _share(text: str | None, file: object, column: str, place: int) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise InputError(f"{file}, row {place}: {column} is {text!r}.", "Write a number from 0 to 1.")
    return value
