"""From a frame of votes to integer codes: the only door through which votes enter the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Repeats", "Votes", "as_votes", "encode_gold", "encode_votes", "gold_items", "need_columns"]

SPARE = 4
MANY_CLASSES = 10_000

Repeats = Literal["last", "first", "all"]
"""Which of several votes of one worker on one task counts."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Votes as integer codes.

    Attributes
    ----------
    tasks, workers
        Names by code, in order of first appearance; object arrays of shape (T,) and (W,).
    answers
        What can be answered, object array of shape (L,): the K classes, sorted, then answers that
        are not classes ("unsure"), sorted.
    n_classes
        K. Answers with a code of K or more are evidence, never a result.
    task, worker, answer
        Codes of the votes that count, intp arrays of shape (n,).
    weight
        Weight of each vote, float64 of shape (n,), or None for all ones.
    anonymous
        Code of the nameless worker, or -1.
    superseded
        How many votes were set aside because the same worker answered the same task again.
    """

    tasks: NDArray[np.object_]
    workers: NDArray[np.object_]
    answers: NDArray[np.object_]
    n_classes: int
    task: NDArray[np.intp]
    worker: NDArray[np.intp]
    answer: NDArray[np.intp]
    weight: NDArray[np.float64] | None = None
    anonymous: int = -1
    superseded: int = 0

    def __len__(self) -> int:
        return len(self.task)

    @property
    def n_tasks(self) -> int:
        """T, the number of tasks."""
        return len(self.tasks)

    @property
    def n_workers(self) -> int:
        """W, the number of workers."""
        return len(self.workers)

    @property
    def n_answers(self) -> int:
        """L, the number of different answers, classes or not."""
        return len(self.answers)

    @property
    def classes(self) -> NDArray[np.object_]:
        """The K class names, sorted."""
        return self.answers[: self.n_classes]

    def with_classes(self, more: Iterable[Any]) -> Votes:
        """The same votes with classes added that nobody voted for (a gold answer may name one)."""
        known = set(self.classes.tolist())
        new = [name for name in dict.fromkeys(more) if name not in known]
        if not new:
            return self
        classes = _sorted_names([*self.classes, *new])
        extras = [name for name in self.answers[self.n_classes :] if name not in set(new)]
        answers = _names([*classes, *extras])
        place = {name: code for code, name in enumerate(answers)}
        recode = np.array([place[name] for name in self.answers], dtype=np.intp)
        return replace(self, answers=answers, n_classes=len(classes), answer=recode[self.answer])

    def only_classes(self) -> Votes:
        """Without the votes for answers that are no class; tasks and workers stay."""
        if self.n_answers == self.n_classes:
            return self
        keep = self.answer < self.n_classes
        return replace(
            self,
            answers=self.classes,
            task=self.task[keep],
            worker=self.worker[keep],
            answer=self.answer[keep],
            weight=None if self.weight is None else self.weight[keep],
        )


def encode_votes(
    frame: pd.DataFrame,
    *,
    task: str = "task",
    worker: str = "worker",
    label: str = "label",
    weight: str | None = None,
    repeats: Repeats = "last",
    not_classes: Collection[Any] = (),
    place: str = "the votes",
) -> Votes:
    """Encode a frame of votes.

    Parameters
    ----------
    frame
        One row a vote. A missing or empty worker is anonymous: such votes all count.
    task, worker, label, weight
        Names of the columns.
    repeats
        Which vote of a worker who answered a task several times counts: the ``"last"`` in row
        order, the ``"first"``, or ``"all"``.
    not_classes
        Answers such as "unsure" that are evidence about the classes but no class.
    place
        What messages call the frame, a file name for instance.

    Raises
    ------
    MissingColumnError
        A column is absent.
    InputError
        There are no votes, a task or label is missing, labels are as many as ids, or weights are
        not finite and positive.
    """
    need_columns(frame, (task, worker, label, *([weight] if weight else [])), place)
    if frame.empty:
        raise InputError(f"{place} has no votes.", "One row a vote is needed: task, worker, label.")
    if repeats not in ("last", "first", "all"):
        raise InputError(f"repeats={repeats!r} is not known.", "It is one of: last, first, all.")
    task_code, tasks = _factorise(frame[task])
    answer_code, given = _factorise(frame[label])
    _refuse_missing(task_code, task, place)
    _refuse_missing(answer_code, label, place)
    worker_code, workers = _factorise(frame[worker])
    nameless = worker_code < 0
    anonymous = -1
    if nameless.any():
        anonymous, workers = len(workers), _names([*workers, ""])
        worker_code[nameless] = anonymous
    answers, recode, n_classes = _order_answers(given.tolist(), not_classes, place)
    _refuse_ids(n_classes, len(frame), label, place)
    votes = Votes(
        tasks=tasks,
        workers=workers,
        answers=answers,
        n_classes=n_classes,
        task=task_code,
        worker=worker_code,
        answer=recode[answer_code],
        weight=None if weight is None else _weights(frame[weight], weight, place),
        anonymous=anonymous,
    )
    return _one_vote_each(votes, repeats)


def need_columns(frame: pd.DataFrame, columns: Iterable[str], place: str) -> None:
    """Refuse a frame of votes that lacks one of `columns`.

    Raises
    ------
    MissingColumnError
        It does.
    """
    for column in columns:
        if column not in frame.columns:
            remedy = "Name it with --task-column, --worker-column or --label-column."
            raise MissingColumnError(place, column, [str(name) for name in frame.columns], remedy)


def as_votes(votes: pd.DataFrame | Votes, *, repeats: Repeats = "last") -> Votes:
    """`votes` itself if it is encoded already, else the encoded frame ``task, worker, label``."""
    return votes if isinstance(votes, Votes) else encode_votes(votes, repeats=repeats)


def gold_items(gold: pd.DataFrame | Mapping[Any, Any] | None, *, place: str = "the gold") -> dict[Any, Any]:
    """Known answers as a dict task -> label, from a mapping or a frame ``task, label``.

    A row without a label is a question that nobody has answered yet: it is left out.

    Raises
    ------
    MissingColumnError
        The frame lacks ``task`` or ``label`` (``question`` and ``truth`` are understood too).
    InputError
        A task has two different answers, a row names no task, or no row has a label.
    """
    if gold is None:
        return {}
    if isinstance(gold, Mapping):
        return dict(gold)
    frame = gold
    found = [str(name) for name in frame.columns]
    columns = ("question", "truth") if {"question", "truth"} <= set(found) else ("task", "label")
    for column in columns:
        if column not in found:
            raise MissingColumnError(place, column, found, "It needs task,label or question,truth.")
    _refuse_missing(_factorise(frame[columns[0]])[0], columns[0], place)
    answered = _factorise(frame[columns[1]])[0] >= 0
    if len(frame) and not answered.any():
        raise InputError(f"No row of {place} has a {columns[1]} yet.", "Fill in one at least.")
    frame = frame[answered]
    known: dict[Any, Any] = {}
    for task, label in zip(frame[columns[0]].tolist(), frame[columns[1]].tolist(), strict=True):
        if known.setdefault(task, label) != label:
            raise InputError(
                f"{place} gives task {task!r} two answers: {known[task]!r} and {label!r}.",
                "Keep one of them.",
            )
    return known


def encode_gold(votes: Votes, gold: Mapping[Any, Any]) -> tuple[Votes, NDArray[np.intp]]:
    """Known answers as class codes by task, -1 where unknown; adds classes that nobody voted for.

    Gold on tasks without votes is left out; if that is all of it, something is wrong.

    Raises
    ------
    InputError
        None of the gold tasks has votes.
    """
    codes = np.full(votes.n_tasks, -1, dtype=np.intp)
    if not gold:
        return votes, codes
    place = {name: code for code, name in enumerate(votes.tasks.tolist())}
    used = {task: label for task, label in gold.items() if task in place}
    if not used:
        example = next(iter(gold))
        raise InputError(
            f"None of the {len(gold)} known answers is about a task with votes, {example!r} for one.",
            "Check that both tables name tasks in the same way.",
        )
    votes = votes.with_classes(used.values())
    class_code = {name: code for code, name in enumerate(votes.classes.tolist())}
    for task, label in used.items():
        codes[place[task]] = class_code[label]
    return votes, codes


def _one_vote_each(votes: Votes, repeats: Repeats) -> Votes:
    if repeats == "all":
        return votes
    key = votes.task * votes.n_workers
    key += votes.worker
    if votes.anonymous >= 0:
        nameless = votes.worker == votes.anonymous
        key[nameless] = -1 - np.arange(int(nameless.sum()))
    narrow = votes.anonymous < 0 and votes.n_tasks * votes.n_workers < 2**32
    in_order = key.astype(np.uint32) if narrow else key.copy()
    in_order.sort()
    if not bool((in_order[1:] == in_order[:-1]).any()):
        return votes
    if repeats == "first":
        keep = np.unique(key, return_index=True)[1]
    else:
        keep = len(key) - 1 - np.unique(key[::-1], return_index=True)[1]
    keep.sort()
    return replace(
        votes,
        task=votes.task[keep],
        worker=votes.worker[keep],
        answer=votes.answer[keep],
        weight=None if votes.weight is None else votes.weight[keep],
        superseded=len(key) - len(keep),
    )


def _order_answers(
    given: list[Any], not_classes: Collection[Any], place: str
) -> tuple[NDArray[np.object_], NDArray[np.intp], int]:
    apart = set(not_classes)
    classes = _sorted_names([name for name in given if name not in apart])
    if not classes:
        raise InputError(f"{place} has only answers that are no class: {given}.", "Name fewer of them.")
    answers = _names([*classes, *_sorted_names([name for name in given if name in apart])])
    place_of = {name: code for code, name in enumerate(answers.tolist())}
    recode = np.array([place_of[name] for name in given], dtype=np.intp)
    return answers, recode, len(classes)


def _sorted_names(names: Iterable[Any]) -> list[Any]:
    names = list(names)
    try:
        return sorted(names)
    except TypeError:  # mixed types have no order of their own
        return sorted(names, key=lambda name: (type(name).__name__, str(name)))


def _names(values: Iterable[Any]) -> NDArray[np.object_]:
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    array[:] = listed
    return array


def _factorise(column: pd.Series[Any]) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
    """Codes by row, -1 where the value is missing or empty, and the names in order of appearance."""
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame comes in

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        small = _factorise_integers(column.to_numpy())
        if small is not None:
            return small
    codes, found = pd.factorize(column)
    codes = np.array(codes, dtype=np.intp)
    names = np.asarray(found, dtype=object)
    for empty in np.flatnonzero(names == ""):
        names = np.delete(names, empty)
        codes = np.where(codes == empty, -1, codes - (codes > empty))
    return codes, names


def _factorise_integers(values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.object_]] | None:
    """The same for whole numbers in a range not much wider than they are many, else None.

    A table by value in place of a hash table: several times faster.
    """
    n = len(values)
    low, high = int(values.min()), int(values.max())
    if high - low > SPARE * n or not -(2**62) < low <= high < 2**62:
        return None
    place = values.astype(np.intp) - low
    first = np.full(high - low + 1, n)
    first[place[::-1]] = np.arange(n - 1, -1, -1)  # of repeated places the last assignment stays
    used = np.flatnonzero(first < n)
    used = used[np.argsort(first[used])]
    first[used] = np.arange(len(used))
    return first[place], (used + low).astype(object)


def _refuse_missing(codes: NDArray[np.intp], name: str, place: str) -> None:
    missing = codes < 0
    if missing.any():
        first = int(np.argmax(missing)) + 1
        raise InputError(
            f"{place} has {int(missing.sum())} rows without a value in {name!r}; the first is row {first}.",
            "Remove these rows, or write what they mean.",
        )


def _refuse_ids(n_classes: int, n_votes: int, name: str, place: str) -> None:
    """Refuse labels that hardly ever repeat: nobody agrees with anybody in a column of ids or times."""
    if n_classes > MANY_CLASSES and n_classes * 2 > n_votes:
        raise InputError(
            f"{place} has {n_classes} different labels in {n_votes} votes: {name!r} holds no answers.",
            "Name the column with the answers (--label-column).",
        )


def _weights(column: pd.Series[Any], name: str, place: str) -> NDArray[np.float64]:
    try:
        weights = column.to_numpy(dtype=np.float64)
    except ValueError as error:
        raise InputError(f"{place}: column {name!r} holds no numbers ({error}).") from None
    if not bool((np.isfinite(weights) & (weights > 0)).all()):
        raise InputError(f"{place}: weights in {name!r} must be finite and positive.")
    return weights
