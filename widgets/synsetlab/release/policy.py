"""What a release is made of, as a value: serialised to canonical JSON, hashed, kept in the release."""

from __future__ import annotations

import json
import math
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from synsetlab.canonical import Hashed
from synsetlab.errors import InputError
from synsetlab.release.checks import (
    REST,
    check_choice,
    check_flag,
    check_number,
    check_splits,
    check_text,
    check_texts,
    check_whole,
)

__all__ = ["ReleasePolicy", "Sampling", "version_key"]

SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
WNID = re.compile(r"n\d{8}")
GROUPS = ("author", "landing_page", "provider")
USUAL_SPLITS = ("train", "val", "test")
STRATEGIES = ("matched-frequency", "threshold", "top")


def version_key(version: str) -> tuple[int, ...]:
    """A semantic version as numbers, to compare."""
    return tuple(int(part) for part in version.split("."))


@dataclass(frozen=True)
class Sampling:
    """One split chosen by selection frequency, as ImageNetV2's test sets were (Recht et al. 2019).

    Raises
    ------
    InputError
        A value is out of range: the message names it.
    """

    split: str
    """The split that is chosen so; `splits` says how many of each class."""
    strategy: str = "matched-frequency"
    """``matched-frequency``, ``threshold`` or ``top``."""
    threshold: float = 0.7
    """For ``threshold``: the least selection frequency."""
    bins: int = 5
    """For ``matched-frequency``: so many bins of equal width between 0 and 1."""
    reference: str | None = None
    """For ``matched-frequency``: the split of the previous release whose frequencies are matched."""
    histogram: list[float] | None = None
    """Instead of `reference`: the weight of each bin, lowest first, for every class."""
    allow_upward: bool = False
    """A bin without images left takes from the next higher one that has some."""
    pool: str = "accepted"
    """``accepted``, or ``voted``: also pictures that were not accepted, but with `min_votes` votes."""
    min_votes: int = 0
    """Pictures with fewer votes are not drawn."""

    def __post_init__(self) -> None:
        check_text("sampling.split", self.split, needed=True)
        check_choice("sampling.strategy", self.strategy, STRATEGIES)
        check_number("sampling.threshold", self.threshold, 0, 1)
        check_whole("sampling.bins", self.bins, 1)
        check_choice("sampling.pool", self.pool, ("accepted", "voted"))
        check_whole("sampling.min_votes", self.min_votes, 0)
        check_flag("sampling.allow_upward", self.allow_upward)
        if self.reference is not None:
            check_text("sampling.reference", self.reference, needed=True)
        if self.histogram is not None:
            if not isinstance(self.histogram, list) or len(self.histogram) != self.bins:
                raise InputError(
                    f"sampling.histogram must be a list of {self.bins} weights, not {self.histogram!r}.",
                    "Give one weight for each bin, lowest first, or set bins.",
                )
            for weight in self.histogram:
                check_number("sampling.histogram", weight, 0, None)
            if not sum(self.histogram):
                raise InputError("sampling.histogram has no weight above 0.", "Give one weight for each bin.")
        if self.strategy == "matched-frequency" and (self.reference is None) == (self.histogram is None):
            raise InputError(
                "sampling.strategy 'matched-frequency' needs sampling.reference or sampling.histogram.",
                "Give one of them: a split of the previous release, or the weight of each bin.",
            )


@dataclass(frozen=True)
class ReleasePolicy(Hashed):
    """How accepted images become a release.

    Raises
    ------
    InputError
        A value is out of range: the message names it.
    """

    name: str = "dataset"
    version: str = "1.0.0"
    """Semantic version (semver.org): major.minor.patch."""
    splits: dict[str, float | str] = field(default_factory=lambda: {"train": 0.8, "val": 0.1, "test": 0.1})
    """Of each class by split: shares that add up to 1, or whole numbers of images and one ``"rest"``."""
    group_by: list[str] = field(default_factory=list)
    """What stays in one split besides duplicates: ``author``, ``landing_page``, ``provider``."""
    sealed: list[str] = field(default_factory=list)
    """Splits whose labels are published as salted hashes only."""
    sampling: Sampling | None = None
    """How one split is chosen by selection frequency."""
    min_per_class: int = 1
    """Classes with fewer accepted images are small."""
    small_classes: str = "drop"
    """``drop`` small classes, or ``merge`` them into the nearest chosen hypernym."""
    max_per_class: int | None = None
    """Classes with more are sampled down, whole duplicate clusters at a time."""
    require_licence: bool = False
    """An image whose sources all lack a licence blocks the release."""
    require_attribution: bool = False
    """An image whose sources all lack an author blocks the release."""
    require_decisions: bool = False
    """Questions that are still open block the release."""
    require_no_disputes: bool = False
    """Questions that wait for an expert block the release."""
    min_votes: int = 0
    """An accepted image with fewer votes (yes, no, unsure) blocks the release."""
    cross_split_distance: int | None = None
    """Images of different splits whose perceptual hashes are this near, or nearer, block the release."""
    excluded_synsets: list[str] = field(default_factory=list)
    """Classes that are one of these, or under one, block the release."""
    min_precision: float | None = None
    """The lower bound of the precision that the audit measured must not be below."""
    audit_synsets: int = 80
    """So many classes (or all, where there are fewer) the audit must have looked at."""
    description: str = ""
    contact: str = ""
    citation: str = ""
    licence: str = ""
    """Of the annotations and tables; pictures keep their own."""
    terms: str = ""
    """Further terms of use, in Markdown."""

    def __post_init__(self) -> None:
        if isinstance(self.sampling, dict):
            object.__setattr__(self, "sampling", _sampling(self.sampling))
        if self.sampling is not None and not isinstance(self.sampling, Sampling):
            raise InputError(
                f"sampling must be a table, not {self.sampling!r}.",
                'Example: [sampling] with split = "test" and strategy = "top"',
            )
        self._check_names()
        self._check_numbers()
        for name in ("require_licence", "require_attribution", "require_decisions", "require_no_disputes"):
            check_flag(name, getattr(self, name))
        check_choice("small_classes", self.small_classes, ("drop", "merge"))
        check_texts("group_by", self.group_by, GROUPS)
        check_splits(self.splits)
        # JSON objects have no order, and the order decides: the rest comes first, ties as people list them.
        object.__setattr__(self, "splits", dict(sorted(self.splits.items(), key=_split_order)))
        check_texts("sealed", self.sealed, tuple(self.splits))
        if self.sampling is not None:
            check_choice("sampling.split", self.sampling.split, tuple(self.splits))
            wanted = self.splits[self.sampling.split]
            if isinstance(wanted, bool) or not isinstance(wanted, int):
                raise InputError(
                    f"sampling.split {self.sampling.split!r} has the size {wanted!r} in splits.",
                    "Give it a whole number of images for each class: splits = { test = 10, ... }",
                )

    def _check_names(self) -> None:
        check_text("name", self.name, needed=True)
        check_text("version", self.version, needed=True)
        if not SEMANTIC_VERSION.fullmatch(self.version):
            raise InputError(
                f"The release version {self.version!r} is not MAJOR.MINOR.PATCH.", "Example: 1.0.0"
            )
        for name in ("description", "contact", "citation", "licence", "terms"):
            check_text(name, getattr(self, name))
        check_texts("excluded_synsets", self.excluded_synsets)
        for wnid in self.excluded_synsets:
            if not WNID.fullmatch(wnid):
                raise InputError(f"excluded_synsets names {wnid!r}, which is no wnid.", "Example: n02084071")

    def _check_numbers(self) -> None:
        check_whole("min_per_class", self.min_per_class, 1)
        check_whole("min_votes", self.min_votes, 0)
        check_whole("audit_synsets", self.audit_synsets, 1)
        if self.max_per_class is not None:
            check_whole("max_per_class", self.max_per_class, 1)
            if self.max_per_class < self.min_per_class:
                raise InputError(
                    f"max_per_class ({self.max_per_class}) is below min_per_class ({self.min_per_class}).",
                    "Raise the one or lower the other.",
                )
        if self.cross_split_distance is not None:
            check_whole("cross_split_distance", self.cross_split_distance, 0, 64)
        if self.min_precision is not None:
            check_number("min_precision", self.min_precision, 0, 1)

    def as_dict(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)

    @classmethod
    def from_file(cls, path: str | Path) -> ReleasePolicy:
        """Read a policy from TOML or JSON.

        Raises
        ------
        InputError
            The file cannot be read, or holds a key or a value that no policy has.
        """
        file = Path(path)
        try:
            text = file.read_text("utf-8-sig")
            values = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
        except OSError as error:
            raise InputError(
                f"{file} cannot be read: {error.strerror}.", "Check the path of --policy."
            ) from error
        except (ValueError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{file} is not a policy: {error}.", "Write it in TOML or JSON.") from error
        if not isinstance(values, dict):
            raise InputError(
                f"{file} holds a {type(values).__name__}, not a policy.", "Write an object with fields."
            )
        try:
            _refuse_unknown(values, cls, "")
            return cls(**values)
        except InputError as error:
            raise InputError(f"{file}: {error.message}", error.remedy) from error


def _split_order(split: tuple[str, float | str]) -> tuple[float, int, str]:
    name, size = split
    usual = USUAL_SPLITS.index(name) if name in USUAL_SPLITS else len(USUAL_SPLITS)
    return (-size if isinstance(size, float) else -math.inf if size == REST else 0, usual, name)


def _sampling(values: dict[str, Any]) -> Sampling:
    _refuse_unknown(values, Sampling, "sampling.")
    if "split" not in values:
        raise InputError("sampling has no split.", "Name the split to choose: split = 'test'")
    return Sampling(**values)


def _refuse_unknown(values: dict[str, Any], kind: type[Any], prefix: str) -> None:
    known = {entry.name for entry in fields(kind)}
    for name in sorted(set(values) - known):
        raise InputError(
            f"A release policy has no {prefix + name!r}.", f"Its fields are: {', '.join(sorted(known))}."
        )
