"""The pool of a policy, and the rules that keep synsets of it out, each with its reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.taxonomy.lists import read_wnids
from synsetlab.taxonomy.selection.policy import FILES, SelectionPolicy
from synsetlab.taxonomy.selection.tables import read_numbers
from synsetlab.taxonomy.selection.value import Excluded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy

    Array = npt.NDArray[Any]

__all__ = ["PERSON", "Inputs", "Sieve"]

PERSON = "n00007846"
"""person, individual, someone, ...: the subtree that Yang et al. (FAT* 2020) filtered."""


@dataclass
class Inputs:
    """What the files that a policy names say."""

    lists: dict[str, list[str]]
    """By field: ``include_file``, ``exclude_file``, ``safe``, ``unsafe``, ``within``."""
    numbers: dict[str, dict[str, float]]
    """By field: ``candidates``, ``imageability``, ``quality``, ``costs``."""
    hashes: tuple[tuple[str, str], ...]
    """Field and SHA-256 of its file, sorted."""

    @classmethod
    def read(cls, policy: SelectionPolicy, taxonomy: Taxonomy, folder: Path) -> Inputs:
        """Read them; relative names start at `folder`.

        Raises
        ------
        InputError
            A file cannot be read or used: names it and the line.
        """
        columns = {
            "candidates": ("count", "candidates", "n"),
            "imageability": ("score", "imageability"),
            "quality": ("score", "quality"),
            "costs": ("cost",),
        }
        found = cls({}, {}, ())
        hashes = []
        for name in FILES:
            value = getattr(policy, name)
            if not value:
                continue
            path = folder / value
            if not path.is_file():
                raise InputError(f"{name} names {value!r}, and {path} is no file.", "Correct the name.")
            hashes.append((name, hashlib.sha256(path.read_bytes()).hexdigest()))
            if name in columns:
                found.numbers[name] = read_numbers(path, taxonomy, *columns[name])
            else:
                found.lists[name] = read_wnids(path, taxonomy)
        found.hashes = tuple(sorted(hashes))
        return found


@dataclass
class Sieve:
    """One policy over one taxonomy: pool, rules, what is left."""

    taxonomy: Taxonomy
    policy: SelectionPolicy
    inputs: Inputs
    excluded: dict[int, Excluded] = field(default_factory=dict)
    """By index; the first rule that a synset broke."""

    @cached_property
    def included(self) -> Array:
        """Indices of what the policy includes by name, ascending."""
        listed = [*self.policy.include, *self.inputs.lists.get("include_file", ())]
        return np.unique(self.taxonomy.indices(listed))

    @cached_property
    def pool(self) -> Array:
        """Indices of what could be chosen at all, ascending: roots and below, and what is included."""
        pool = self._below_roots(instances=self.policy.instances)
        if "within" in self.inputs.lists:
            within = np.unique(self.taxonomy.indices(self.inputs.lists["within"]))
            # What is listed stays in the pool for its reason to be said.
            below = self._below_roots(instances=True)
            pool = np.intersect1d(below, within) if self.policy.roots else within
        return np.union1d(pool, self.included).astype(np.int32)

    def _below_roots(self, *, instances: bool) -> Array:
        graph = self.taxonomy.graph["downwards" if instances else "hyponyms"]
        below: Array = np.unique(graph.rows(self.taxonomy.indices(self.policy.roots)))
        return below

    def eligible(self) -> Array:
        """Indices of the pool that break no rule, ascending; fills `excluded`."""
        free = set(self.included.tolist())
        left = self.pool
        for rule, wrong, reason in self._rules():
            bound = rule in ("exclude", "safety")
            broken = [place for place in left[wrong[left]].tolist() if bound or place not in free]
            for place in broken:
                wnid = self.taxonomy.wnid(place)
                self.excluded[place] = Excluded(wnid, rule, reason(place) if callable(reason) else reason)
            left = np.setdiff1d(left, np.array(broken, np.int32), assume_unique=True)
        return left

    def _rules(self) -> Iterator[tuple[str, Array, Any]]:
        """Rule, mask of what breaks it by index, and its reason (a text, or a function of the index)."""
        if self.policy.roots and not self.policy.instances:
            kinds = self._mask(self._below_roots(instances=False))
            yield "instance", ~kinds, "is a particular thing, and the policy has instances = false"
        yield "exclude", self._mask(self._excluded_by_name()), "is excluded by name or branch"
        yield from self._safety()
        policy, arrays = self.policy, self.taxonomy.arrays
        if policy.depth:
            low, high = policy.depth
            depth = arrays[f"depth_{policy.depth_kind}"]
            yield (
                "depth",
                (depth < low) | (depth > high),
                lambda place: f"has depth {depth[place]}, outside {low} to {high}",
            )
        if policy.max_height is not None:
            height, most = arrays["height"], policy.max_height
            yield (
                "height",
                height > most,
                lambda place: f"has height {height[place]}, more than {most}",
            )
        if policy.min_candidates:
            count = self.spread("candidates")
            least = policy.min_candidates
            yield (
                "candidates",
                count < least,
                lambda place: f"has {count[place]:,.6g} expected candidates, fewer than {least:,}",
            )
        yield from self._imageability()

    def _excluded_by_name(self) -> Array:
        named = self.taxonomy.indices([*self.policy.exclude, *self.inputs.lists.get("exclude_file", ())])
        branches = self.taxonomy.indices(self.policy.exclude_subtrees)
        return np.concatenate([named, self.taxonomy.graph["downwards"].rows(branches)])

    def _safety(self) -> Iterator[tuple[str, Array, Any]]:
        unsafe = self.inputs.lists.get("unsafe", ())
        yield "safety", self._mask(self.taxonomy.indices(unsafe)), "is listed as unsafe"
        if self.policy.persons == "keep":
            return
        persons = self._mask(self.taxonomy.graph["downwards"].row(self.taxonomy.index(PERSON)))
        if self.policy.persons == "exclude":
            yield "safety", persons, "is a person"
            return
        safe = self._mask(self.taxonomy.indices(self.inputs.lists.get("safe", ())))
        no_list = "" if self.policy.safe else " (the policy names no list of safe ones)"
        yield "safety", persons & ~safe, f"is a person and not listed as safe{no_list}"

    def _imageability(self) -> Iterator[tuple[str, Array, Any]]:
        least = self.policy.min_imageability
        if least is None:
            return
        score = self.spread("imageability", np.nan)
        if self.policy.missing_imageability == "exclude":
            yield "imageability", np.isnan(score), "has no imageability score"
        yield (
            "imageability",
            score < least,
            lambda place: f"has imageability {score[place]:g}, less than {least:g}",
        )

    def spread(self, name: str, missing: float = 0.0) -> Array:
        """Numbers of an input by index."""
        numbers = self.inputs.numbers.get(name, {})
        spread = np.full(len(self.taxonomy), missing)
        spread[self.taxonomy.indices(numbers)] = list(numbers.values())
        return spread

    def _mask(self, places: Array) -> Array:
        mask = np.zeros(len(self.taxonomy), bool)
        mask[places] = True
        return mask
