"""How synsets are to be chosen, as a value: read from TOML or JSON, in canonical JSON, with a hash."""

from __future__ import annotations

import json
import math
import re
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.canonical import Hashed
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["FILES", "STRATEGIES", "SelectionPolicy", "Weights"]

STRATEGIES = ("all", "random", "popularity", "greedy")
_CHOICES = {
    "strategy": STRATEGIES,
    "antichain": ("deepest", "shallowest", "first", "off"),
    "depth_kind": ("min", "max"),
    "persons": ("listed-safe", "exclude", "keep"),
    "missing_imageability": ("exclude", "keep"),
}
FILES = (
    "candidates",
    "costs",
    "exclude_file",
    "imageability",
    "include_file",
    "quality",
    "safe",
    "unsafe",
    "within",
)
"""Fields that name a file."""
_WNID = re.compile(r"[nx]\d{8}", re.ASCII)


@dataclass(frozen=True)
class Weights:
    """Weights and bounds of the objective U; see `synsetlab.taxonomy.selection.objective`.

    Raises
    ------
    InputError
        A weight is negative or no finite number, or the depths are in the wrong order.
    """

    alpha: float = 1.0
    """Of C_cov."""
    beta: float = 1.0
    """Of C_hier."""
    gamma: float = 1.0
    """Of Q_label."""
    cost: float = 1.0
    """Of C_cost; the formula's lambda."""
    n_min: int = 1
    """Images that a synset needs to count in C_hier."""
    d_low: int = 0
    """Least depth that counts in C_hier."""
    d_high: int = 19
    """Greatest depth that counts in C_hier."""

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "gamma", "cost"):
            value = getattr(self, name)
            if not _is_number(value) or not math.isfinite(value) or value < 0:
                raise InputError(f"weights.{name} must be a number of at least 0, not {value!r}.")
        for name in ("n_min", "d_low", "d_high"):
            _whole(f"weights.{name}", getattr(self, name))
        if self.d_low > self.d_high:
            raise InputError(f"weights.d_low ({self.d_low}) is above weights.d_high ({self.d_high}).")


@dataclass(frozen=True)
class SelectionPolicy(Hashed):
    """How synsets are chosen. Files are named relative to the policy's own folder.

    Raises
    ------
    InputError
        A value cannot be used: the message names it.
    """

    name: str = "selection"
    roots: tuple[str, ...] = ("n00001740",)
    """The pool is what is at or below these (hypernym edges)."""
    instances: bool = False
    """The pool also has instances: particular things."""
    within: str = ""
    """File of wnids: the pool has only these."""
    include: tuple[str, ...] = ()
    """Chosen whatever depth, candidates, imageability and strategy say; wins where the antichain decides."""
    include_file: str = ""
    """File of more of them."""
    exclude: tuple[str, ...] = ()
    """Not chosen."""
    exclude_file: str = ""
    """File of more of them."""
    exclude_subtrees: tuple[str, ...] = ()
    """Not chosen, nor anything below them (instances too)."""
    depth: tuple[int, int] | None = None
    """Least and greatest depth, both included."""
    depth_kind: str = "min"
    """Depth along the shortest (``min``) or the longest (``max``) path from the root."""
    max_height: int | None = None
    """Greatest height; 0: only what has nothing below it in WordNet."""
    candidates: str = ""
    """File ``wnid,count``: expected candidate images; a synset that it does not name has none."""
    min_candidates: int = 0
    """Fewer expected candidates than this: not chosen."""
    imageability: str = ""
    """File ``wnid,score``."""
    min_imageability: float | None = None
    """A lower score: not chosen."""
    missing_imageability: str = "exclude"
    """What becomes of synsets without a score: ``exclude`` or ``keep``."""
    persons: str = "listed-safe"
    """Synsets at or below person: ``listed-safe`` (only those in `safe`), ``exclude`` or ``keep``."""
    safe: str = ""
    """File of wnids that are safe."""
    unsafe: str = ""
    """File of wnids that are never chosen, `include` or not."""
    antichain: str = "deepest"
    """Which of two comparable synsets stays: ``deepest``, ``shallowest``, ``first`` (in the strategy's
    order) or ``off``."""
    quotas: dict[str, int] = field(default_factory=dict)
    """At most so many at or below each of these branches (instances too)."""
    size: int | None = None
    """At most so many in all."""
    strategy: str = "all"
    """In which order synsets are taken: ``all`` (by wnid), ``random`` (needs `seed` only to differ),
    ``popularity`` (candidates, then uses in WordNet's texts) or ``greedy`` (the best gain of U next)."""
    seed: int = 0
    """Of ``random``."""
    quality: str = ""
    """File ``wnid,score``: expected label quality from 0 to 1."""
    costs: str = ""
    """File ``wnid,cost``: cost of labelling a class, in any unit."""
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for name in ("roots", "include", "exclude", "exclude_subtrees"):
            object.__setattr__(self, name, _wnids(name, getattr(self, name)))
        if self.depth is not None:
            object.__setattr__(self, "depth", _range("depth", self.depth))
        self._check_values()
        self._check_quotas()
        self._check_together()

    def _check_values(self) -> None:
        for name, legal in _CHOICES.items():
            if getattr(self, name) not in legal:
                raise InputError(f"{name} = {getattr(self, name)!r} is unknown.", f"Use {', '.join(legal)}.")
        for name in ("name", *FILES):
            _text(name, getattr(self, name))
        for name in ("min_candidates", "seed"):
            _whole(name, getattr(self, name))
        for name in ("max_height", "size"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name))
        if not isinstance(self.instances, bool):
            raise InputError(f"instances must be true or false, not {self.instances!r}.")
        if self.min_imageability is not None and not _is_number(self.min_imageability):
            raise InputError(f"min_imageability must be a number, not {self.min_imageability!r}.")

    def _check_quotas(self) -> None:
        if not isinstance(self.quotas, dict):
            raise InputError(f"quotas must be a table of wnid = number, not {self.quotas!r}.")
        _wnids("quotas", tuple(self.quotas))
        for wnid, most in self.quotas.items():
            _whole(f"quotas.{wnid}", most)

    def _check_together(self) -> None:
        if not self.roots and not self.include and not self.include_file and not self.within:
            raise InputError("The policy has no pool.", "Give roots, within, include or include_file.")
        if self.min_candidates and not self.candidates:
            raise InputError(
                "min_candidates needs expected candidates.", 'Add candidates = "counts.csv" (wnid,count).'
            )
        if self.min_imageability is not None and not self.imageability:
            raise InputError(
                "min_imageability needs scores.", 'Add imageability = "scores.csv" (wnid,score).'
            )
        twice = sorted(set(self.include) & set(self.exclude))
        if twice:
            raise InputError(f"{twice[0]} is both in include and in exclude.", "Take it out of one of them.")

    def as_dict(self) -> dict[str, Any]:
        """All fields."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], place: str = "The policy") -> SelectionPolicy:
        """A policy of plain values; what is left out has its default.

        Raises
        ------
        InputError
            A key or value that no policy has.
        """
        given = dict(values)
        _known(given, cls, place)
        weights = given.get("weights")
        if weights is not None and not isinstance(weights, Weights):
            if not isinstance(weights, dict):
                raise InputError(f"{place}: weights must be a table, not {weights!r}.")
            _known(weights, Weights, f"{place}, weights")
            given["weights"] = Weights(**weights)
        return cls(**given)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> SelectionPolicy:
        """Read a policy from TOML, or from JSON if the name ends so.

        Raises
        ------
        InputError
            The file cannot be read, or has a key or a value that no policy has.
        """
        file = Path(path)
        try:
            text = file.read_text("utf-8-sig")
            values = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
        except (ValueError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"{file} is not a policy: {error}.", "Write it in TOML or JSON.") from error
        if not isinstance(values, dict):
            raise InputError(f"{file} is not a policy: it holds no table.", "Write it in TOML or JSON.")
        try:
            return cls.from_dict(values, str(file))
        except InputError as error:
            if error.message.startswith(str(file)):
                raise
            raise InputError(f"{file}: {error.message}", error.remedy) from error


def _known(values: Mapping[str, Any], kind: type[Any], place: str) -> None:
    names = sorted(entry.name for entry in fields(kind))
    for key in values:
        if key not in names:
            raise InputError(f"{place}: there is no {key!r}.", f"Known are: {', '.join(names)}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InputError(f"{name} must be a whole number of at least 0, not {value!r}.")


def _text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise InputError(f"{name} must be a text, not {value!r}.")


def _wnids(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise InputError(f"{name} must be a list of wnids, not {value!r}.", f'Write {name} = ["n02084071"].')
    for wnid in value:
        if not isinstance(wnid, str) or not _WNID.fullmatch(wnid):
            raise InputError(
                f"{name}: {wnid!r} is no wnid.", "A wnid is n and 8 digits: synsetlab synsets search WORDS"
            )
    return tuple(dict.fromkeys(value))


def _range(name: str, value: Any) -> tuple[int, int]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InputError(f"{name} must be two numbers, least and greatest, not {value!r}.")
    low, high = value
    _whole(name, low)
    _whole(name, high)
    if low > high:
        raise InputError(f"{name}: {low} is above {high}.")
    return low, high
