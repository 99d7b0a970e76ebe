"""Splits that do not leak: whole groups of pictures, class by class, by the seed alone.

A group is what must stay together: a duplicate cluster, and whatever the policy adds. The functions
see numbers only: a membership is a class and a group, a group has a key that the seed made.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.release.checks import REST, splits_are_shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    Codes = npt.NDArray[np.int32]
    Splits = npt.NDArray[np.int8]

__all__ = ["NO_SPLIT", "Pairs", "SplitPlan", "cap_classes", "deal", "quotas"]

NO_SPLIT = -1
"""In place of a split: not dealt yet, or in none."""
MAX_REPAIR = 2_000_000
"""Steps after which the search for an exact fill gives up."""


def quotas(total: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many of `total` each split gets: largest remainders, ties to the split named first."""
    exact = {name: total * share for name, share in shares.items()}
    whole = {name: int(number + 1e-9) for name, number in exact.items()}
    order = sorted(shares, key=lambda name: (-(exact[name] - whole[name]), list(shares).index(name)))
    for name in order[: total - sum(whole.values())]:
        whole[name] += 1
    return whole


@dataclass(frozen=True)
class SplitPlan:
    """The sizes of a policy's splits, made ready to deal."""

    names: tuple[str, ...]
    sizes: Mapping[str, Any]

    @classmethod
    def of(cls, sizes: Mapping[str, Any]) -> SplitPlan:
        """The plan of ``policy.splits``; the order of the names is that of the policy."""
        return cls(tuple(sizes), dict(sizes))

    @property
    def shares(self) -> bool:
        """Whether sizes are shares of each class."""
        return splits_are_shares(dict(self.sizes))

    @property
    def rest(self) -> int:
        """The code of the split that takes what the others leave; `NO_SPLIT` if that is left out."""
        if self.shares:
            return 0
        return next((code for code, name in enumerate(self.names) if self.sizes[name] == REST), NO_SPLIT)

    @property
    def needed(self) -> int:
        """So few images a class must have for its numbers to be met; 1 where sizes are shares."""
        if self.shares:
            return 1
        counted = sum(int(size) for size in self.sizes.values() if size != REST)
        return counted + (self.rest != NO_SPLIT)

    def quotas(self, total: int) -> list[int]:
        """Of a class of `total` images, how many each split is to have; the rest may have all."""
        if self.shares:
            return list(quotas(total, self.sizes).values())
        return [total if size == REST else int(size) for size in self.sizes.values()]


@dataclass(frozen=True)
class Pairs:
    """How many images each group has in each class; by class, then by the groups' keys."""

    label: Codes
    group: Codes
    count: Codes

    @classmethod
    def of(cls, label: Codes, group: Codes, key: npt.NDArray[np.uint64]) -> Pairs:
        """Count memberships given as class codes and group codes; `key` orders the groups."""
        width = max(1, key.size)
        packed, count = np.unique(label.astype(np.int64) * width + group, return_counts=True)
        labels, groups = np.divmod(packed, width)
        order = np.lexsort((groups, key[groups], labels))
        parts = (labels[order], groups[order], count[order])
        return cls(*(part.astype(np.int32) for part in parts))

    def classes(self) -> Iterator[tuple[int, slice]]:
        """Each class with its place in the arrays."""
        bounds = [*np.flatnonzero(np.diff(self.label, prepend=-1)), self.label.size]
        for start, stop in pairwise(bounds):
            yield int(self.label[start]), slice(int(start), int(stop))


def deal(label: Codes, group: Codes, key: npt.NDArray[np.uint64], fixed: Splits, plan: SplitPlan) -> Splits:
    """The split of each group.

    Parameters
    ----------
    label, group
        Shape (P,): class and group of each membership.
    key
        Shape (G,): groups are dealt in this order; nothing else decides.
    fixed
        Shape (G,): the split that a group has already, `NO_SPLIT` where it has none.
    plan
        How many each split is to have.

    Returns
    -------
    numpy.ndarray
        Shape (G,). A split other than the rest never has more of a class than its quota, save by `fixed`,
        and has it exactly wherever whole groups of one class can make it up.
    """
    pairs = Pairs.of(label, group, key)
    found = fixed.copy()
    left = _open_places(pairs, fixed, plan)
    parts = _several(pairs)
    filling = [code for code in range(len(plan.names)) if code != plan.rest]
    groups, labels, counts = pairs.group.tolist(), pairs.label.tolist(), pairs.count.tolist()
    for place, number in enumerate(groups):
        if found[number] != NO_SPLIT:
            continue
        needs = parts.get(number) or [(labels[place], counts[place])]
        for code in filling:
            if all(left[name][code] >= count for name, count in needs):
                found[number] = code
                for name, count in needs:
                    left[name][code] -= count
                break
    for name, place_of in pairs.classes():
        if any(left[name][code] > 0 for code in filling):
            room = {code: left[name][code] for code in filling}
            _repair(pairs, place_of, fixed=fixed, found=found, parts=parts, left=room)
    if plan.rest != NO_SPLIT:
        found[found == NO_SPLIT] = plan.rest
    return found


def cap_classes(
    label: Codes,
    group: Codes,
    key: npt.NDArray[np.uint64],
    held: npt.NDArray[np.bool_],
    cap: int,
) -> npt.NDArray[np.bool_]:
    """Which memberships stay when a class may have `cap`.

    Those that are `held` (shape (P,)) stay always; then whole groups that fit, by key; then, for the
    places that are left, a part of the first group that did not fit. A class with enough has exactly `cap`.
    """
    stay = np.ones(label.size, bool)
    sizes = np.bincount(label) if label.size else np.zeros(0, np.int64)
    order = np.lexsort((group, key[group], label))
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    for name in np.flatnonzero(sizes > cap).tolist():
        places = order[bounds[name] : bounds[name + 1]]
        free = places[~held[places]]
        room = cap - (places.size - free.size)
        stay[free] = False
        later = []
        for part in np.split(free, np.flatnonzero(np.diff(group[free])) + 1):
            if part.size <= room:
                stay[part] = True
                room -= part.size
            else:
                later.append(part)
        if later and room > 0:
            stay[later[0][:room]] = True
    return stay


def _open_places(pairs: Pairs, fixed: Splits, plan: SplitPlan) -> dict[int, list[int]]:
    left = {}
    for name, place_of in pairs.classes():
        room = plan.quotas(int(pairs.count[place_of].sum()))
        for number, count in zip(pairs.group[place_of], pairs.count[place_of], strict=True):
            if fixed[number] != NO_SPLIT:
                room[fixed[number]] -= int(count)
        left[name] = room
    return left


def _several(pairs: Pairs) -> dict[int, list[tuple[int, int]]]:
    """Groups that lie in more than one class: what they have in each."""
    numbers, times = np.unique(pairs.group, return_counts=True)
    several = np.isin(pairs.group, numbers[times > 1])
    parts: dict[int, list[tuple[int, int]]] = {}
    for place in np.flatnonzero(several):
        need = (int(pairs.label[place]), int(pairs.count[place]))
        parts.setdefault(int(pairs.group[place]), []).append(need)
    return parts


def _repair(
    pairs: Pairs,
    place_of: slice,
    *,
    fixed: Splits,
    found: Splits,
    parts: Mapping[int, object],
    left: dict[int, int],
) -> None:
    """Deal a class's own groups again so that its quotas are met exactly, if they can be."""
    free = [
        (int(number), int(count))
        for number, count in zip(pairs.group[place_of], pairs.count[place_of], strict=True)
        if fixed[number] == NO_SPLIT and int(number) not in parts
    ]
    for number, count in free:
        if int(found[number]) in left:
            left[int(found[number])] += count
    codes = [code for code in left if left[code] > 0]
    chosen = _exact_fill(free, [left[code] for code in codes])
    if chosen is None:
        return
    for number, _ in free:
        found[number] = codes[chosen[number]] if number in chosen else NO_SPLIT


def _exact_fill(free: Sequence[tuple[int, int]], targets: Sequence[int]) -> dict[int, int] | None:
    """Which target each group goes to so that all are met exactly; None if no way was found.

    Subset sums by dynamic programming over the states "so many filled of each target".
    """
    goal = tuple(targets)
    start = (0,) * len(goal)
    reached: dict[tuple[int, ...], tuple[tuple[int, ...], int, int] | None] = {start: None}
    steps = 0
    for number, count in free:
        steps += len(reached) * len(goal)
        if goal in reached or steps > MAX_REPAIR:
            break
        for state in list(reached):
            for place, target in enumerate(goal):
                filled = state[place] + count
                if filled <= target:
                    further = (*state[:place], filled, *state[place + 1 :])
                    reached.setdefault(further, (state, number, place))
    if goal not in reached:
        return None
    chosen: dict[int, int] = {}
    step = reached[goal]
    while step is not None:
        state, number, place = step
        chosen[number] = place
        step = reached[state]
    return chosen
