"""The probability of "yes" on one question, vote by vote or for all questions at once.

There are two classes, yes and no, and three answers: "unsure" is an answer with its own likelihood
under either class, never a third class. A skip says nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import expit

from synsetlab.errors import InputError
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.encoding import Votes, encode_votes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ANSWERS", "AnswerModel", "YesPosterior", "symmetric_posterior"]

ANSWERS = ("yes", "no", "unsure")
CLASSES = ("yes", "no")


@dataclass(frozen=True)
class AnswerModel:
    """How likely each answer is when the truth is yes and when it is no.

    Attributes
    ----------
    pooled
        P(answer | class), shape (2, 3), rows yes and no, columns yes, no, unsure: what an unknown
        annotator is taken for.
    by_annotator
        The same by annotator.
    prior
        Probability of yes before any vote.
    """

    pooled: NDArray[np.float64]
    by_annotator: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    prior: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.prior < 1:
            raise InputError(f"prior={self.prior} must lie between 0 and 1.")
        for name, table in (("pooled", self.pooled), *self.by_annotator.items()):
            _check_table(str(name), np.asarray(table))

    @classmethod
    def symmetric(cls, accuracy: float = 0.8, *, unsure: float = 0.1, prior: float = 0.5) -> Self:
        """Everyone says unsure with one probability, else the truth with another."""
        if not (0 < accuracy < 1 and 0 < unsure < 1):
            raise InputError(f"accuracy={accuracy} and unsure={unsure} must lie between 0 and 1.")
        sure = 1 - unsure
        row = [sure * accuracy, sure * (1 - accuracy), unsure]
        return cls(np.array([row, [row[1], row[0], unsure]]), prior=prior)

    @classmethod
    def fit(
        cls, votes: pd.DataFrame | Votes, gold: pd.DataFrame | Mapping[Any, Any] | None = None, **options: Any
    ) -> Self:
        """Learn the tables from votes ``task, worker, label`` (yes, no, unsure; skips are left out).

        `options` go to `DawidSkene`. Known answers in `gold` keep their class.
        """
        encoded = _encode(votes)
        model = DawidSkene(**options).fit(encoded, gold)
        learned = model.votes_
        row = [learned.classes.tolist().index(name) for name in CLASSES]
        known = learned.answers.tolist()
        tables = np.full((learned.n_workers, 2, 3), 1e-10)
        pooled = np.full((2, 3), 1e-10)
        for place, answer in enumerate(ANSWERS):
            if answer in known:
                tables[:, :, place] = model.confusion_[:, row, known.index(answer)]
                pooled[:, place] = model.pooled_confusion_[row, known.index(answer)]
        workers = {str(name): table for name, table in zip(learned.workers, tables, strict=True)}
        prior = float(np.clip(model.class_prior_[row[0]], 1e-6, 1 - 1e-6))
        return cls(pooled, workers, prior)

    def evidence(self, annotator: str | None, answer: str) -> float:
        """Natural log of P(answer | yes) / P(answer | no) for this annotator; 0 for a skip.

        Raises
        ------
        InputError
            The answer is none of yes, no, unsure, skip.
        """
        if answer == "skip":
            return 0.0
        if answer not in ANSWERS:
            raise InputError(f"There is no answer {answer!r}.", "Answers are yes, no, unsure and skip.")
        table = self.pooled if annotator is None else self.by_annotator.get(annotator, self.pooled)
        place = ANSWERS.index(answer)
        return math.log(table[0, place]) - math.log(table[1, place])

    @property
    def strongest(self) -> tuple[float, float]:
        """Largest evidence that one vote of an average annotator brings for yes, and for no."""
        ratio = np.log(self.pooled[0]) - np.log(self.pooled[1])
        return max(float(ratio.max()), 0.0), max(float(-ratio.min()), 0.0)

    def posterior(self, votes: pd.DataFrame | Votes) -> pd.Series[float]:
        """P(yes) by task for a batch of votes, equal to `YesPosterior` vote by vote to 1e-12."""
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        encoded = _encode(votes)
        table = np.zeros((encoded.n_workers, encoded.n_answers))
        for worker, name in enumerate(encoded.workers.tolist()):
            for answer, label in enumerate(encoded.answers.tolist()):
                table[worker, answer] = self.evidence(str(name), label)
        found = table[encoded.worker, encoded.answer]
        log_odds = np.bincount(encoded.task, found, encoded.n_tasks)
        p_yes = expit(log_odds + math.log(self.prior / (1 - self.prior)))
        return pd.Series(p_yes, index=pd.Index(encoded.tasks, name="task", dtype=object), name="p_yes")


class YesPosterior:
    """The probability of yes on one open question, brought up to date vote by vote.

    Parameters
    ----------
    model
        The likelihoods of the answers.
    prior
        Probability of yes before any vote; the model's if None.
    """

    __slots__ = ("log_odds", "model")

    def __init__(self, model: AnswerModel, prior: float | None = None) -> None:
        prior = model.prior if prior is None else prior
        if not 0 < prior < 1:
            raise InputError(f"prior={prior} must lie between 0 and 1.")
        self.model = model
        self.log_odds = math.log(prior / (1 - prior))

    @property
    def p_yes(self) -> float:
        """Probability of yes given the votes so far."""
        return float(expit(self.log_odds))

    def update(self, annotator: str | None, answer: str) -> float:
        """Take one vote in; returns the new probability of yes."""
        self.log_odds += self.model.evidence(annotator, answer)
        return self.p_yes

    def retract(self, annotator: str | None, answer: str) -> float:
        """Take one vote out again; returns the new probability of yes."""
        self.log_odds -= self.model.evidence(annotator, answer)
        return self.p_yes


def symmetric_posterior(
    labels: Sequence[str], accuracies: Sequence[float], n_classes: int
) -> dict[str, float]:
    """Posterior of the classes that were named, each voter being right with a known probability.

    Uniform prior over `n_classes` classes; a wrong voter names any other class alike. Classes that
    nobody named share what is missing to one.

    Raises
    ------
    InputError
        Lengths differ, an accuracy is not between 0 and 1, or more classes were named.
    """
    if len(labels) != len(accuracies) or n_classes < max(2, len(set(labels))):
        raise InputError(
            f"{len(labels)} labels with {len(accuracies)} accuracies over {n_classes} classes do not fit."
        )
    if any(not 0 < accuracy < 1 for accuracy in accuracies):
        raise InputError("Accuracies must lie between 0 and 1.", "Smooth them: (.5 + right) / (1 + all).")
    score = dict.fromkeys(labels, 0.0)
    for label, accuracy in zip(labels, accuracies, strict=True):
        score[label] += math.log(accuracy) - math.log((1 - accuracy) / (n_classes - 1))
    top = max(0.0, *score.values()) if score else 0.0
    odds = {label: math.exp(value - top) for label, value in score.items()}
    total = sum(odds.values()) + (n_classes - len(odds)) * math.exp(-top)
    return {label: value / total for label, value in odds.items()}


def _encode(votes: pd.DataFrame | Votes) -> Votes:
    if not isinstance(votes, Votes):
        kept = votes[votes["label"] != "skip"] if "label" in votes.columns else votes
        votes = encode_votes(kept, not_classes=("unsure",))
    strange = [name for name in votes.answers.tolist() if name not in ANSWERS]
    if strange:
        raise InputError(f"There is no answer {strange[0]!r}.", "Answers are yes, no, unsure and skip.")
    return votes.with_classes(CLASSES)


def _check_table(name: str, table: NDArray[np.float64]) -> None:
    if table.shape != (2, 3) or not bool((table > 0).all()):
        raise InputError(f"The table of {name!r} must be 2 x 3 and positive: rows yes, no.")
    if not np.allclose(table.sum(axis=1), 1, atol=1e-6):
        raise InputError(f"The rows of the table of {name!r} must sum to 1.")
