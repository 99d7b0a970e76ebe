"""How far each synset is: its own images, and the distinct images of everything below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from synsetlab.taxonomy import Taxonomy

    Ints = npt.NDArray[np.signedinteger[Any]]
    Flags = npt.NDArray[np.bool_]

__all__ = ["CountTable", "Progress", "SynsetCounts"]

FIELDS: Final = ("candidates", "accepted", "target", "review")
IMAGE: Final = "image_id"
TRUE: Final = frozenset({"1", "1.0", "true", "yes"})
FALSE: Final = frozenset({"0", "0.0", "false", "no", "", "nan", "none", "<na>"})


class Progress(NamedTuple):
    """Images of a synset, or distinct images of a subtree."""

    candidates: int = 0
    accepted: int = 0
    target: int = 0
    """Images wanted; of a subtree: the sum over its distinct synsets."""
    review: int = 0
    """Images that wait for an expert."""
    filled: int = 0
    """Accepted images up to the target, synset by synset: a surplus of one does not fill another."""


class SynsetCounts(NamedTuple):
    """Images counted where they are, so that a row an image is needed only of the few in several synsets."""

    alone: Mapping[str, Mapping[str, int]]
    """By wnid, of images in one synset only: ``candidates, accepted, review``."""
    shared: Sequence[tuple[str, int, bool, bool]]
    """Of the others: wnid, the image's number, whether it is accepted there, whether an expert is awaited."""


class CountTable:
    """Images of each synset (`own`) and over distinct images of its subtree (`below`, itself included).

    Parameters
    ----------
    counts
        One row a synset: a frame with the column (or index) ``wnid`` and any of ``candidates, accepted,
        target, review``, or a mapping from wnid to a mapping with these keys. Or one row a question: a
        frame with ``wnid``, ``image_id`` and perhaps ``accepted``, ``review`` (true or false) and
        ``target``; only then is an image of two synsets counted once where they meet. Or `SynsetCounts`,
        which knows that too. None: nothing is known.
    taxonomy
        Where the hypernyms come from.
    target
        Images wanted of each synset that `counts` names, or by wnid.

    Attributes
    ----------
    own, below
        Shape (synsets, 5), columns as in `Progress`, rows as in `Taxonomy.index`.
    known, known_below
        Which rows mean anything.

    Raises
    ------
    InputError
        A count is no number or less than 0.
    MissingColumnError
        A frame has no column that counts.
    UnknownSynsetError
        WordNet 3.0 has no such wnid.
    """

    def __init__(
        self, counts: Any, taxonomy: Taxonomy, target: int | Mapping[str, int] | None = None
    ) -> None:
        self._taxonomy = taxonomy
        self._upwards = taxonomy.graph["upwards"]
        shape = (len(taxonomy), len(Progress._fields))
        self.own: Ints = np.zeros(shape, np.int64)
        self.below: Ints = np.zeros(shape, np.int64)
        self.known: Flags = np.zeros(len(taxonomy), bool)
        if isinstance(counts, SynsetCounts):
            self._from_synsets(counts.alone)
            self._from_shared(counts.shared)
        elif counts is not None:
            if hasattr(counts, "columns") and IMAGE in counts.columns:
                self._from_images(counts)
            else:
                self._from_synsets(_rows(counts))
        if target is not None:
            self._wanted(target)
        self.own[:, 4] = np.minimum(self.own[:, 1], self.own[:, 2])
        places = np.flatnonzero(self.known)
        for column in (2, 4):
            self.below[:, column] = self._summed(places, self.own[places, column])
        self.known_below: Flags = np.zeros(len(taxonomy), bool)
        self.known_below[self._upwards.rows(places)] = True

    def __bool__(self) -> bool:
        return bool(self.known.any())

    def own_of(self, place: int) -> list[int] | None:
        """The synset's own numbers, ordered as in `Progress`; None: nothing is known."""
        return self.own[place].tolist() if self.known[place] else None

    def below_of(self, place: int) -> list[int] | None:
        """Those of its subtree, itself included; None: nothing is known of any of it."""
        return self.below[place].tolist() if self.known_below[place] else None

    def _from_synsets(self, rows: Mapping[str, Mapping[str, Any]]) -> None:
        places = self._taxonomy.indices(rows)
        values = np.array([_numbers(wnid, row) for wnid, row in rows.items()], np.int64).reshape(
            -1, len(FIELDS)
        )
        self.own[places, : len(FIELDS)] = values
        self.known[places] = True
        for column in (0, 1, 3):
            self.below[:, column] = self._summed(places, values[:, column])

    def _from_images(self, frame: Any) -> None:
        if "wnid" not in frame.columns:
            raise MissingColumnError("counts", "wnid", [str(name) for name in frame.columns])
        wnids, which = np.unique(frame["wnid"].astype(str).to_numpy(str), return_inverse=True)
        places = self._taxonomy.indices(wnids.tolist())[which]
        _, images = np.unique(frame[IMAGE].astype(str).to_numpy(str), return_inverse=True)
        marks = [
            (column, _flags(name, frame[name]))
            for column, name in ((1, "accepted"), (3, "review"))
            if name in frame.columns
        ]
        self._add_images(places, images, marks)
        if "target" in frame.columns:
            wanted = [
                _number("target", wnid, value)
                for wnid, value in zip(frame["wnid"], frame["target"], strict=True)
            ]
            np.maximum.at(self.own[:, 2], places, np.array(wanted, np.int64))

    def _from_shared(self, shared: Sequence[tuple[str, int, bool, bool]]) -> None:
        if shared:
            wnids, images, accepted, review = zip(*shared, strict=True)
            marks = [(1, np.array(accepted, bool)), (3, np.array(review, bool))]
            self._add_images(self._taxonomy.indices(wnids), np.array(images, np.int64), marks)

    def _add_images(self, places: Ints, images: Ints, marks: Sequence[tuple[int, Flags]]) -> None:
        """Count images: all as candidates, and in each column of `marks` those that are marked."""
        self.known[places] = True
        for column, marked in ((0, np.ones(places.size, bool)), *marks):
            own, below = self._distinct(places[marked], images[marked])
            self.own[:, column] += own
            self.below[:, column] += below

    def _wanted(self, target: int | Mapping[str, int]) -> None:
        if isinstance(target, int):
            self.own[self.known, 2] = _number("target", "each synset", target)
            return
        places = self._taxonomy.indices(target)
        self.own[places, 2] = [_number("target", wnid, value) for wnid, value in target.items()]
        self.known[places] = True

    def _summed(self, places: Ints, values: Ints) -> Ints:
        weights = np.repeat(values, self._upwards.lengths()[places])
        summed: Ints = np.bincount(self._upwards.rows(places), weights, self.known.size).astype(np.int64)
        return summed

    def _distinct(self, places: Ints, images: Ints) -> tuple[Ints, Ints]:
        """Distinct images of each synset and of each subtree."""
        count = self.known.size
        many = int(images.max(initial=0)) + 1
        pairs = np.unique(places * np.int64(many) + images)
        places, images = pairs // many, pairs % many
        own = np.bincount(places, minlength=count)
        # Most images belong to one synset: only the others can meet themselves further up.
        alone = np.bincount(images, minlength=many)[images] == 1
        below = np.bincount(self._upwards.rows(places[alone]), minlength=count)
        shared, shown = places[~alone], images[~alone]
        meeting = np.repeat(shown, self._upwards.lengths()[shared]) + self._upwards.rows(shared) * np.int64(
            many
        )
        below += np.bincount(np.unique(meeting) // many, minlength=count)
        return own, below


def _rows(counts: Any) -> Mapping[str, Mapping[str, Any]]:
    if not hasattr(counts, "columns"):
        rows: Mapping[str, Mapping[str, Any]] = {str(wnid): row for wnid, row in counts.items()}
        return rows
    frame = counts if "wnid" in counts.columns else counts.rename_axis("wnid").reset_index()
    if not set(FIELDS) & set(frame.columns):
        raise MissingColumnError("counts", "accepted", [str(name) for name in counts.columns])
    known = frame.astype(object).where(frame.notna(), None)
    return {str(row["wnid"]): row for row in known.to_dict("records")}


def _numbers(wnid: str, row: Mapping[str, Any]) -> list[int]:
    return [_number(field, wnid, row.get(field)) for field in FIELDS]


def _number(field: str, wnid: str, value: Any) -> int:
    try:
        number = int(value or 0)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"counts: {field} of {wnid} is {value!r}, not a number.") from None
    if number < 0:
        raise InputError(f"counts: {field} of {wnid} is {number}; it cannot be less than 0.")
    return number


def _flags(name: str, column: Sequence[Any]) -> Flags:
    words = [str(value).strip().lower() for value in column]
    wrong = next((word for word in words if word not in TRUE and word not in FALSE), None)
    if wrong is not None:
        raise InputError(
            f"counts: {name} is {wrong!r} in a table with one row an image.", "There it is true or false."
        )
    return np.fromiter((word in TRUE for word in words), bool, len(words))
