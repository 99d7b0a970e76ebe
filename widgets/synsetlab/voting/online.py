"""The posterior of every open task, brought up to date vote by vote, for any number of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.encoding import as_votes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes
    from synsetlab.voting.one_coin import OneCoin

__all__ = ["OnlinePosterior"]

MAX_CELLS = 1 << 26
FIRST_ROOM = 1024


class OnlinePosterior:
    """Log odds of K classes for millions of open tasks, K doubles a task.

    With fixed parameters a vote adds one row of a table to one row of another: `update` costs
    microseconds, and the result equals `batch` on the same votes to 1e-12. Workers whom the
    model has not met are taken for the pooled one.

    Parameters
    ----------
    classes
        The K class names.
    answers
        The L answers, classes or not.
    class_prior
        Shape (K,).
    confusion
        P(answer | class) by worker, shape (W, K, L).
    pooled
        The same of an unknown worker, shape (K, L).
    workers
        The W names.

    Examples
    --------
    >>> posterior = OnlinePosterior.from_model(DawidSkene().fit(votes))  # doctest: +SKIP
    >>> posterior.update("image 1", "maria", "yes")  # doctest: +SKIP
    array([0.21, 0.79])
    """

    def __init__(
        self,
        *,
        classes: Sequence[Any],
        answers: Sequence[Any],
        class_prior: NDArray[np.float64],
        confusion: NDArray[np.float64],
        pooled: NDArray[np.float64],
        workers: Sequence[Any],
    ) -> None:
        shape = (len(workers), len(classes), len(answers))
        if confusion.shape != shape or pooled.shape != shape[1:] or class_prior.shape != shape[1:2]:
            raise InputError(
                f"Tables of shapes {confusion.shape}, {pooled.shape} and {class_prior.shape} do not fit "
                f"{shape[0]} workers, {shape[1]} classes and {shape[2]} answers."
            )
        if min(confusion.min(initial=1), pooled.min(), class_prior.min()) <= 0:
            raise InputError("Probabilities must be positive.", "Add pseudo-counts.")
        self.classes = list(classes)
        self._answer = {name: place for place, name in enumerate(answers)}
        self._worker = {name: place for place, name in enumerate(workers)}
        tables = np.log(np.concatenate([confusion, pooled[None]])).transpose(0, 2, 1)
        self._evidence = np.ascontiguousarray(tables - tables[:, :, :1])
        self._start = np.log(class_prior) - np.log(class_prior[0])
        self._place: dict[Any, int] = {}
        self._free: list[int] = []
        self._odds = np.empty((FIRST_ROOM, len(classes)))

    @classmethod
    def from_model(cls, model: DawidSkene | OneCoin) -> Self:
        """With the parameters of a fitted Dawid-Skene or one-coin model.

        Raises
        ------
        InputError
            The model is not fitted, or has too many classes for tables.
        """
        if isinstance(model, DawidSkene):
            confusion, votes = model.confusion_, model.votes_
            return cls(
                classes=votes.classes.tolist(),
                answers=votes.answers.tolist(),
                class_prior=model.class_prior_,
                confusion=confusion,
                pooled=model.pooled_confusion_,
                workers=votes.workers.tolist(),
            )
        model.predict_codes()  # refuses a model that is not fitted
        votes, skills, n_classes = model.votes_, model.skills_, model.votes_.n_classes
        if len(skills) * n_classes**2 > MAX_CELLS:
            raise InputError(f"{n_classes} classes and {len(skills)} workers are too many for tables.")
        mean = float(np.average(skills, weights=np.bincount(votes.worker, minlength=len(skills))))
        right = np.append(skills, mean)[:, None, None]
        wrong = (1 - right) / max(n_classes - 1, 1)
        tables = np.where(np.eye(n_classes, dtype=bool), right, wrong)
        return cls(
            classes=votes.classes.tolist(),
            answers=votes.classes.tolist(),
            class_prior=model.class_prior_,
            confusion=tables[:-1],
            pooled=tables[-1],
            workers=votes.workers.tolist(),
        )

    def __len__(self) -> int:
        return len(self._place)

    def update(self, task: Any, worker: Any, label: Any) -> NDArray[np.float64]:
        """Take one vote in; returns the probabilities of the classes, shape (K,).

        Raises
        ------
        InputError
            The model knows no such answer.
        """
        odds = self._odds_of(task)
        odds += self._look_up(worker, label)
        return _softmax_one(odds)

    def retract(self, task: Any, worker: Any, label: Any) -> NDArray[np.float64]:
        """Take one vote out again; returns the probabilities of the classes."""
        odds = self._odds_of(task)
        odds -= self._look_up(worker, label)
        return _softmax_one(odds)

    def probabilities(self, task: Any) -> NDArray[np.float64]:
        """Of the classes of one task, shape (K,); the prior before any vote."""
        row = self._place.get(task)
        return _softmax_one(self._start if row is None else self._odds[row])

    def forget(self, tasks: Iterable[Any]) -> None:
        """Let closed tasks go; their room is used again."""
        for task in tasks:
            row = self._place.pop(task, None)
            if row is not None:
                self._free.append(row)

    def predict_proba(self) -> pd.DataFrame:
        """Probabilities by open task (rows) and class (columns)."""
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        rows = np.fromiter(self._place.values(), np.intp, len(self._place))
        index = pd.Index(list(self._place), name="task", dtype=object)
        columns = pd.Index(self.classes, name="label", dtype=object)
        return pd.DataFrame(_softmax(self._odds[rows]), index=index, columns=columns)

    def batch(self, votes: pd.DataFrame | Votes) -> pd.DataFrame:
        """What the same parameters make of all `votes` at once, whatever was taken in before."""
        import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

        encoded = as_votes(votes, repeats="all")
        worker = np.array([self._worker.get(name, -1) for name in encoded.workers.tolist()], dtype=np.intp)
        answer = np.array([self._known_answer(name) for name in encoded.answers.tolist()], dtype=np.intp)
        odds = np.empty((encoded.n_tasks, len(self.classes)))
        for k in range(len(self.classes)):
            found = self._evidence[worker[encoded.worker], answer[encoded.answer], k]
            odds[:, k] = np.bincount(encoded.task, found, encoded.n_tasks) + self._start[k]
        index = pd.Index(encoded.tasks, name="task", dtype=object)
        return pd.DataFrame(_softmax(odds), index=index, columns=pd.Index(self.classes, name="label"))

    def _odds_of(self, task: Any) -> NDArray[np.float64]:
        """The row of an open task, a view; opens the task."""
        row = self._place.get(task)
        if row is None:
            row = self._free.pop() if self._free else len(self._place)
            if row == len(self._odds):
                self._odds = np.concatenate([self._odds, np.empty_like(self._odds)])
            self._odds[row] = self._start
            self._place[task] = row
        found: NDArray[np.float64] = self._odds[row]
        return found

    def _known_answer(self, label: Any) -> int:
        place = self._answer.get(label)
        if place is None:
            raise InputError(
                f"There is no answer {label!r}.", f"Answers are: {', '.join(map(str, self._answer))}."
            )
        return place

    def _look_up(self, worker: Any, label: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self._evidence[self._worker.get(worker, -1), self._known_answer(label)]
        return found


def _softmax_one(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of one row; without the overhead of axes."""
    power: NDArray[np.float64] = np.exp(odds - odds.max())
    power /= power.sum()
    return power


def _softmax(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Along the last axis."""
    power = np.exp(odds - odds.max(axis=-1, keepdims=True))
    found: NDArray[np.float64] = power / power.sum(axis=-1, keepdims=True)
    return found
