"""The self-join in Hamming space, one slab at a time: sort moved words, compare neighbours, count bits.

A slab is what has a range of values in one lead block. Slabs do not depend on each other, so they are
the unit of the memory budget and of distribution. Within a slab, chunks that fit a core's cache go down
the tree of choices.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from synsetlab.dedup.blocks import BITS, choices, restore, root, rotate
from synsetlab.dedup.plan import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from synsetlab.dedup.blocks import Choice, Plan

    Hashes = npt.NDArray[np.uint64]

__all__ = ["Slab", "join_slab", "slabs"]

_READ: Final = 1 << 20  # words looked at at a time when a slab is picked from all


class Slab(NamedTuple):
    """The words whose block `lead` is in [low, high)."""

    lead: int
    low: int
    high: int


def slabs(n: int, plan: Plan, memory: int) -> list[Slab]:
    """Cut the search into slabs whose working set, about 40 bytes a hash, stays within `memory` bytes."""
    found: list[Slab] = []
    wanted = max(1, math.ceil(40 * n / max(1, memory)))
    for lead in range(plan.leads):
        values = 1 << plan.widths[lead]
        edges = [values * part // min(wanted, values) for part in range(min(wanted, values) + 1)]
        found.extend(Slab(lead, low, high) for low, high in itertools.pairwise(edges))
    return found


def join_slab(hashes: Hashes, plan: Plan, radius: int, slab: Slab) -> tuple[Hashes, Hashes]:
    """All pairs within `radius` of distinct `hashes` whose first equal blocks begin in this slab.

    Returns
    -------
    tuple
        The two hashes of each pair; each pair of values comes from exactly one slab, once.
    """
    words = _pick(hashes, plan, slab)
    if slab.lead or not _ascending(words):
        words.sort()
    search = _Search(plan, radius)
    start = root(plan, slab.lead)
    for chunk in _chunks(words, plan.widths[slab.lead]):
        search.descend(chunk, start, ordered=True)
    return search.pairs()


def _pick(hashes: Hashes, plan: Plan, slab: Slab) -> Hashes:
    width = plan.widths[slab.lead]
    if slab.high - slab.low == 1 << width:
        return rotate(hashes, plan, slab.lead)
    parts = []
    shift, mask = np.uint64(plan.shifts[slab.lead]), np.uint64((1 << width) - 1)
    for begin in range(0, hashes.size, _READ):
        part = np.asarray(hashes[begin : begin + _READ])
        value = (part >> shift) & mask
        parts.append(part[(value >= slab.low) & (value < slab.high)])
    return rotate(np.concatenate(parts), plan, slab.lead)


def _ascending(words: Hashes) -> bool:
    return all(
        bool(
            (
                words[begin + 1 : begin + _READ + 1] >= words[begin : begin + _READ][: words.size - begin - 1]
            ).all()
        )
        for begin in range(0, words.size, _READ)
    )


def _chunks(words: Hashes, lead_bits: int) -> Iterator[Hashes]:
    """Cut sorted words where the lead block changes, about CHUNK words each."""
    rest = np.uint64((1 << (BITS - lead_bits)) - 1)
    begin = 0
    while begin < words.size:
        end = min(begin + CHUNK, words.size)
        if end < words.size:
            end = int(np.searchsorted(words, words[end - 1] | rest, side="right"))
        yield words[begin:end]
        begin = end


@dataclass(slots=True)
class _Search:
    plan: Plan
    radius: int
    found: dict[tuple[int, ...], list[tuple[Hashes, Hashes]]] = field(default_factory=dict)
    words: list[Hashes] = field(default_factory=list)
    count: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    flag: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def descend(self, words: Hashes, node: Choice, *, ordered: bool) -> None:
        """Search below a node; `ordered` tells that `words` are sorted already. They are left as they are."""
        if words.size < 2:
            return
        if words.size > self.count.size:
            self._grow(words.size)
        if len(node.taken) == self.plan.equal:
            self._leaf(words, node)
            return
        for child in choices(self.plan, node):
            last = len(child.taken) == self.plan.equal
            if child.move is None and (ordered or not last):
                self.descend(words, child, ordered=ordered)
                continue
            moved = self.words[len(child.taken)][: words.size]
            if child.move is None:
                moved[:] = words
            else:
                child.move.apply(words, moved, self.words[0][: words.size])
            if last:
                moved.sort()
            self.descend(moved, child, ordered=last)

    def pairs(self) -> tuple[Hashes, Hashes]:
        """What was found, as hashes."""
        one, other = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for layout, parts in self.found.items():
            words = np.concatenate([part[0] for part in parts])
            difference = np.concatenate([part[1] for part in parts])
            one.append(restore(words, self.plan, layout))
            other.append(restore(words ^ difference, self.plan, layout))
        return np.concatenate(one), np.concatenate(other)

    def _grow(self, size: int) -> None:
        self.words = [np.empty(size, np.uint64) for _ in range(self.plan.equal + 1)]
        self.count, self.flag = np.empty(size, np.uint8), np.empty(size, np.bool_)

    def _leaf(self, words: Hashes, node: Choice) -> None:
        """Compare each word with the next, the one after, ... as long as the keys are equal."""
        limit = np.uint64(1 << (BITS - node.key_bits))
        for step in range(1, words.size):
            size = words.size - step
            difference = np.bitwise_xor(words[step:], words[:-step], out=self.words[0][:size])
            flag = np.less(difference, limit, out=self.flag[:size])
            alive = np.count_nonzero(flag)
            if alive * 6 < size:
                places = np.flatnonzero(flag)
                break
            count = np.bitwise_count(difference, out=self.count[:size])
            near = np.flatnonzero(np.less_equal(count, self.radius, out=flag))
            if near.size:
                self._keep(words[near], difference[near], limit, node)
        else:
            return
        while places.size:
            difference = words[places] ^ words[places + step]
            equal = difference < limit
            if not equal.all():
                places, difference = places[equal], difference[equal]
            near = np.flatnonzero(np.bitwise_count(difference) <= self.radius)
            if near.size:
                self._keep(words[places[near]], difference[near], limit, node)
            step += 1
            if places.size and places[-1] + step >= words.size:
                places = places[places + step < words.size]

    def _keep(self, words: Hashes, difference: Hashes, limit: np.uint64, node: Choice) -> None:
        """Only pairs that no choice before this one reports: a block that was passed over must differ."""
        first = difference < limit
        for mask in node.skipped:
            first &= (difference & np.uint64(mask)) != 0
        if first.any():
            self.found.setdefault(node.layout, []).append((words[first], difference[first]))
