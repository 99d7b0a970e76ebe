"""Numbers that stand for classes: which list they count in, and where they begin.

The same integer means other classes in other spaces, and no file says in which it was written. So a
label is looked up only in a named space, or in the order of a list that the user gives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from synsetlab.errors import InputError
from synsetlab.taxonomy.lists import read_column, read_text, read_wnids

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["SPACES", "LabelSpace", "Overlap", "label_space", "read_labels"]

_LISTS = {
    "imagenet": ("k", 1_000),
    "imagenet22k": ("e", 21_841),
    "imagenet21k-goog": ("g", 21_843),
    "imagenet22k-ms": ("m", 21_842),
    "imagenet12k": ("t", 11_821),
    "imagenet21k-miil": ("f", 11_221),
    "imagenet21k-miil-w21": ("w", 10_450),
    "imagenet-a": ("a", 200),
    "imagenet-r": ("r", 200),
}
"""Letter in imagenet_lists.txt, and how many there are."""
SPACES: dict[str, str] = {
    "ilsvrc2012-id": "ILSVRC2012_ID of the development kit, 1 to 1860 (1001 and above are not leaves)",
    "imagenet": "index among the sorted wnids of ILSVRC2012: torchvision, timm, Keras, TFDS",
    "imagenet22k": "index among the 21,841 sorted wnids of ImageNet's Fall 2011 release",
    "imagenet21k-goog": "index among 21,843: those and n03931044, n09859684 (BiT, ViT, JFT's mapping)",
    "imagenet22k-ms": "index among 21,842: ILSVRC2012's 1,000 first, then the other 20,842",
    "imagenet12k": "index among the 11,821 of timm's ImageNet-12k",
    "imagenet21k-miil": "index among the 11,221 of ImageNet-21K-P, Fall 2011",
    "imagenet21k-miil-w21": "index among the 10,450 of ImageNet-21K-P, Winter 2021",
    "imagenet-a": "index among the 200 of ImageNet-A",
    "imagenet-r": "index among the 200 of ImageNet-R",
}
"""Spaces that are known by name."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_SHOWN = 5


class Overlap(NamedTuple):
    """How two spaces lie to each other; wnids, sorted."""

    common: list[str]
    only_here: list[str]
    only_there: list[str]


@dataclass(frozen=True)
class LabelSpace:
    """Numbers for synsets: label `first` is ``wnids[0]``, and so on.

    Raises
    ------
    InputError
        A wnid stands twice, so that no number would be its own.
    """

    name: str
    wnids: tuple[str, ...]
    first: int = 0
    """The least label."""

    def __post_init__(self) -> None:
        if len(set(self.wnids)) != len(self.wnids):
            twice = next(wnid for place, wnid in enumerate(self.wnids) if wnid in self.wnids[:place])
            raise InputError(f"{self.name}: {twice} stands twice in the order of classes.", "Keep one.")

    @cached_property
    def _labels(self) -> dict[str, int]:
        return {wnid: label for label, wnid in enumerate(self.wnids, start=self.first)}

    def __len__(self) -> int:
        return len(self.wnids)

    def wnid(self, label: int | str) -> str:
        """The wnid that `label` stands for.

        Raises
        ------
        InputError
            The space has no such label.
        """
        place = self._place(label)
        if place is None:
            raise InputError(f"{label!r} is no label of {self.name}: {self._range()}.", _REMEDY)
        return self.wnids[place]

    def label(self, wnid: str) -> int | None:
        """The label of `wnid`, None where the space lacks it."""
        return self._labels.get(wnid)

    def wnids_of(self, labels: Sequence[tuple[str, str]], place: str = "") -> list[str]:
        """The wnids of many labels, each with where it stands (``line 3``).

        Raises
        ------
        InputError
            Some are no labels of the space; the first ones are named with their places.
        """
        found = [self._place(label) for _, label in labels]
        wrong = [at for at, hit in zip(labels, found, strict=True) if hit is None]
        if wrong:
            named = "; ".join(f"{where}: {label!r}" for where, label in wrong[:_SHOWN])
            more = f" and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
            raise InputError(
                f"{place}{': ' if place else ''}{len(wrong):,} value(s) are no label of {self.name} "
                f"({self._range()}): {named}{more}.",
                _REMEDY,
            )
        return [self.wnids[hit] for hit in found if hit is not None]

    def overlap(self, other: LabelSpace) -> Overlap:
        """Which classes both have, and which only one."""
        here, there = set(self.wnids), set(other.wnids)
        return Overlap(sorted(here & there), sorted(here - there), sorted(there - here))

    def _place(self, label: int | str) -> int | None:
        text = str(label).strip()
        if not _NUMBER.fullmatch(text):
            return None
        place = int(text) - self.first
        return place if 0 <= place < len(self.wnids) else None

    def _range(self) -> str:
        return f"whole numbers from {self.first} to {self.first + len(self.wnids) - 1}"


def label_space(
    name: str | os.PathLike[str], taxonomy: Taxonomy | None = None, *, first: int = 0
) -> LabelSpace:
    """A space by name (`SPACES`), or the order of the wnids in a file.

    Parameters
    ----------
    name
        A key of `SPACES`; else a file: a list of wnids (timm, Caffe, ``LOC_synset_mapping.txt``), Keras's
        ``imagenet_class_index.json``, or a saved selection.
    taxonomy
        Needed for a file.
    first
        Label of a file's first class.

    Raises
    ------
    InputError
        It is neither, or the file names a class twice.
    """
    if str(name) == "ilsvrc2012-id":
        return LabelSpace("ilsvrc2012-id", tuple(_lines("ilsvrc2012_ids.txt")), first=1)
    if str(name) in _LISTS:
        return LabelSpace(str(name), tuple(_listed(str(name))))
    if taxonomy is None:
        raise InputError(f"{name} is no space of labels.", f"Known are: {', '.join(SPACES)}.")
    listed = read_wnids(name, taxonomy, repetitions=True)
    return LabelSpace(str(name), tuple(listed), first)


def _listed(name: str) -> list[str]:
    letter, count = _LISTS[name]
    rows = [line.split() for line in _lines("imagenet_lists.txt")]
    wnids = [wnid for wnid, letters in rows if letter in letters]
    if name == "imagenet22k-ms":
        leading = [wnid for wnid, letters in rows if "k" in letters]
        wnids = [*leading, *sorted(set(wnids) - set(leading))]
    assert len(wnids) == count  # the file is our own
    return wnids


def _lines(name: str) -> list[str]:
    text = files("synsetlab.taxonomy").joinpath(name).read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


_HEADINGS = {"id", "ids", "index", "label", "labels", "class", "class_id", "ilsvrc2012_id", "name", "names"}
_REMEDY = "Check which numbering the file uses: synsetlab synsets map --help lists them."


def read_labels(path: str | os.PathLike[str], column: str | None = None) -> list[tuple[str, str]]:
    """The labels of a file with the lines that they stand in, repetitions kept.

    One a line, empty lines and ``#`` lines left out, and a first line that is a heading such as ``label``;
    or with `column`, that column of a comma- or tab-separated table.

    Raises
    ------
    InputError
        The file cannot be read or has none.
    MissingColumnError
        The table has no such column.
    """
    place, text = read_text(path)
    if column is not None:
        found = read_column(text, place, column)
    else:
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
        kept = [(f"line {number}", line) for number, line in lines if line and line[0] != "#"]
        found = kept[1:] if kept and kept[0][1].lower() in _HEADINGS and len(kept) > 1 else kept
    if not found:
        raise InputError(f"{place} has no labels.", "Write one a line.")
    return found
