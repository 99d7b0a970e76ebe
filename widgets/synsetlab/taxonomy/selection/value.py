"""What was chosen, what was not and why: a value that saves, compares and has a hash."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synsetlab.canonical import Hashed
from synsetlab.errors import InputError
from synsetlab.taxonomy.selection.policy import SelectionPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

__all__ = ["Excluded", "Selection", "SelectionDiff"]

KIND = "synsetlab-selection"
_REMEDY = "Make it with: synsetlab synsets select POLICY.toml -o selection.json"


class Excluded(NamedTuple):
    """A synset that was looked at and not chosen."""

    wnid: str
    rule: str
    """Which rule: ``antichain``, ``candidates``, ``depth``, ``exclude``, ``gain``, ``height``,
    ``imageability``, ``instance``, ``quota``, ``safety`` or ``size``."""
    reason: str
    """A phrase for people that follows the synset's name: "has 12 candidates, fewer than 500"."""
    because: str = ""
    """The synset that it gave way to, or the branch whose quota is full; often none."""


class SelectionDiff(NamedTuple):
    """What leads from one selection to another."""

    added: list[str]
    removed: list[Excluded]
    """With the reason that the other selection gives; rule ``unseen`` if it never looked at them."""
    policy: dict[str, tuple[Any, Any]]
    """Fields of the policy that differ: before, after."""
    inputs: dict[str, tuple[str, str]]
    """Files whose contents differ: SHA-256 before and after, empty where there was none."""


@dataclass(frozen=True)
class Selection(Hashed):
    """The chosen synsets of a policy.

    The same taxonomy, policy and input files always give an equal selection with the same `hash`.
    """

    wnids: tuple[str, ...]
    """Sorted; position is the class index (0..K-1)."""
    policy: SelectionPolicy = field(default_factory=SelectionPolicy)
    excluded: tuple[Excluded, ...] = ()
    """Every synset of the pool that was not chosen, sorted by wnid, each once: the first rule it broke."""
    inputs: tuple[tuple[str, str], ...] = ()
    """Field of the policy and SHA-256 of the file that it names, sorted."""
    terms: tuple[tuple[str, float], ...] = ()
    """U and the objective's terms, sorted by name; empty if none was computed."""

    def __len__(self) -> int:
        return len(self.wnids)

    def __contains__(self, wnid: object) -> bool:
        return wnid in self.wnids

    @classmethod
    def of(cls, wnids: Iterable[str], *, name: str = "selection") -> Selection:
        """A selection made by hand, as in a basket: no rules, no reasons."""
        chosen = tuple(sorted(set(wnids)))
        return cls(chosen, SelectionPolicy(name=name, roots=(), include=chosen, antichain="off"))

    def reasons(self) -> dict[str, int]:
        """How many synsets each rule kept out, most first."""
        counts: dict[str, int] = {}
        for each in self.excluded:
            counts[each.rule] = counts.get(each.rule, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def why(self, wnid: str) -> str:
        """Whether and why a synset is in or out, in words."""
        if wnid in self.wnids:
            return f"{wnid} is chosen."
        found = next((each for each in self.excluded if each.wnid == wnid), None)
        if found is None:
            return f"{wnid} is not in the pool: no root lies above it and no list includes it."
        return f"{wnid} {found.reason} ({found.rule})."

    # ------------------------------------------------------------------ files

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": KIND,
            "version": 1,
            "policy": asdict(self.policy),
            "inputs": dict(self.inputs),
            "wnids": list(self.wnids),
            "terms": dict(self.terms),
            "excluded": [each._asdict() for each in self.excluded],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write canonical JSON."""
        Path(path).write_text(self.as_json() + "\n", "utf-8")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Selection:
        """Read what `save` wrote.

        Raises
        ------
        InputError
            The file cannot be read or is no selection.
        """
        try:
            text = Path(path).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}.", _REMEDY) from error
        try:
            return cls.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} is no saved selection: {error!r}.", _REMEDY) from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Selection:
        """The selection that `as_dict` describes; KeyError, TypeError or ValueError if it is none."""
        if values["kind"] != KIND:
            raise ValueError(f"kind is {values['kind']!r}, not {KIND!r}")
        return cls(
            tuple(values["wnids"]),
            SelectionPolicy.from_dict(values["policy"]),
            tuple(Excluded(**each) for each in values["excluded"]),
            tuple(sorted(values["inputs"].items())),
            tuple(sorted(values["terms"].items())),
        )

    def diff(self, other: Selection) -> SelectionDiff:
        """What changed from this one to `other`."""
        before, after = set(self.wnids), set(other.wnids)
        reasons = {each.wnid: each for each in other.excluded}
        one, two = asdict(self.policy), asdict(other.policy)
        files, files_after = dict(self.inputs), dict(other.inputs)
        return SelectionDiff(
            sorted(after - before),
            [
                reasons.get(wnid, Excluded(wnid, "unseen", "is not in the pool"))
                for wnid in sorted(before - after)
            ],
            {key: (one[key], two[key]) for key in one if one[key] != two[key]},
            {
                key: (files.get(key, ""), files_after.get(key, ""))
                for key in sorted(files.keys() | files_after.keys())
                if files.get(key) != files_after.get(key)
            },
        )
