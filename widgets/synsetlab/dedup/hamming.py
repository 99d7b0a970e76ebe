"""All pairs of 64-bit hashes within a Hamming radius: exact, on one core, by multi-index hashing.

If two hashes differ in at most r of their bits and the bits are cut into B > r blocks, at least
k = B - r blocks are equal. So for each choice of k blocks: bring them to the top of the word, sort,
compare within runs of equal keys, verify by popcount. Every pair is reported by exactly one choice, the
first k blocks in which it agrees. (Norouzi, Punjani, Fleet, "Fast search in Hamming space with multi-index
hashing", CVPR 2012, in the form with sorted words instead of tables.)

Equal hashes are collapsed before anything else: one placeholder picture fetched 5,000 times costs as
much as one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from synsetlab.dedup.blocks import BITS, balance, bit_match, permute
from synsetlab.dedup.join import join_slab, slabs
from synsetlab.dedup.plan import plan_search
from synsetlab.errors import InputError, SynsetlabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from synsetlab.dedup.join import Slab

    Hashes = npt.NDArray[np.uint64]
    Indices = npt.NDArray[np.int64]
    Both = tuple[Hashes, Hashes]
    Run = Callable[[Callable[[Slab], Both], Iterable[Slab]], Iterable[Both]]

__all__ = [
    "MAX_PAIRS",
    "MEMORY",
    "HashGraph",
    "Pairs",
    "checked",
    "hash_graph",
    "ordered_pairs",
    "pairs_within",
    "query",
]

MAX_PAIRS: Final = 200_000_000
"""Pairs above which :func:`pairs_within` refuses to list them one by one (4 GB)."""

MEMORY: Final = 1 << 30
"""Bytes that the search may use beside the hashes, unless told."""


class Pairs(NamedTuple):
    """Pairs of positions with their distance, ordered by `i`, then `j`."""

    i: Indices
    j: Indices
    distance: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class HashGraph:
    """Distinct hashes and the pairs of them within a radius; ``hashes == unique[inverse]``."""

    unique: Hashes
    """Distinct hashes, ascending."""
    inverse: Indices
    """For each hash given, its position in `unique`."""
    pairs: Pairs
    """Between positions in `unique`, i < j."""


def pairs_within(
    hashes: npt.ArrayLike,
    radius: int,
    *,
    max_pairs: int = MAX_PAIRS,
    memory: int = MEMORY,
    run: Run = map,
) -> Pairs:
    """All pairs of hashes whose distance is at most `radius`.

    Parameters
    ----------
    hashes
        Unsigned 64-bit integers, one dimension. Any order, equal ones allowed.
    radius
        Largest distance reported, 0..64 (``<=``, not ``<``).
    max_pairs
        Refuse rather than list more.
    memory
        Bytes for the working set of the search beside the hashes, one sorted copy of them and the answer.
    run
        Runs a function over the independent slabs of the search, as ``map`` does; see
        :func:`~synsetlab.compute.map_on_dask`. The answer is the same whatever runs it.

    Returns
    -------
    Pairs
        Positions i < j in `hashes`, sorted, and the distance.

    Raises
    ------
    SynsetlabError
        More than `max_pairs` pairs; :func:`hash_graph` holds them without listing copies.
    """
    given = checked(hashes, radius)
    unique, repeated = _distinct(given)
    one, other = _near(unique, radius, max_pairs=max_pairs, memory=memory, run=run)
    del unique
    involved, _ = _distinct(np.concatenate([one, other, repeated]))
    groups = _places(given, involved)
    sizes = groups.sizes
    distance = np.bitwise_count(one ^ other)
    near = Pairs(np.searchsorted(involved, one), np.searchsorted(involved, other), distance)
    within = int((sizes * (sizes - 1) // 2).sum())
    _refuse(within + int((sizes[near.i] * sizes[near.j]).sum()), radius, max_pairs)
    copies = _pairs_of_copies(groups)
    i, j, which = _product(groups, groups, near)
    distance = np.concatenate([np.zeros(copies[0].size, np.uint8), distance[which]])
    return ordered_pairs(
        np.concatenate([copies[0], np.minimum(i, j)]), np.concatenate([copies[1], np.maximum(i, j)]), distance
    )


def hash_graph(hashes: npt.ArrayLike, radius: int, *, memory: int = MEMORY) -> HashGraph:
    """Distinct hashes and all pairs of them within `radius`; see :class:`HashGraph`."""
    given = checked(hashes, radius)
    unique, inverse = np.unique(given, return_inverse=True)
    one, other = _near(unique, radius, max_pairs=MAX_PAIRS, memory=memory)
    i, j = np.searchsorted(unique, one), np.searchsorted(unique, other)
    pairs = ordered_pairs(np.minimum(i, j), np.maximum(i, j), np.bitwise_count(one ^ other))
    return HashGraph(unique, inverse.astype(np.int64), pairs)


def query(
    index: npt.ArrayLike,
    hashes: npt.ArrayLike,
    radius: int,
    *,
    max_pairs: int = MAX_PAIRS,
    memory: int = MEMORY,
) -> Pairs:
    """All pairs (i, j) with ``index[i]`` and ``hashes[j]`` at most `radius` apart, sorted by i, then j.

    Raises
    ------
    SynsetlabError
        More than `max_pairs` pairs.
    """
    left, right = checked(index, radius), checked(hashes, radius)
    mine, theirs = _near_across(
        _distinct(left)[0], _distinct(right)[0], radius, max_pairs=max_pairs, memory=memory
    )
    left_involved, right_involved = _distinct(mine)[0], _distinct(theirs)[0]
    left_groups, right_groups = _places(left, left_involved), _places(right, right_involved)
    found = Pairs(
        np.searchsorted(left_involved, mine),
        np.searchsorted(right_involved, theirs),
        np.bitwise_count(mine ^ theirs),
    )
    total = int((left_groups.sizes[found.i] * right_groups.sizes[found.j]).sum())
    _refuse(total, radius, max_pairs)
    i, j, which = _product(left_groups, right_groups, found)
    return ordered_pairs(i, j, found.distance[which])


# ---------------------------------------------------------------- search


def _distinct(hashes: Hashes) -> Both:
    """The distinct hashes, ascending, and those that come more than once."""
    ordered = np.sort(hashes)
    new = np.ones(ordered.size, dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    if new.all():
        return ordered, ordered[:0]
    again = ordered[~new]
    return ordered[new], again[np.concatenate([[True], again[1:] != again[:-1]])]


def _near(unique: Hashes, radius: int, *, max_pairs: int, memory: int, run: Run = map) -> Both:
    """The pairs of distinct hashes within `radius`, as hashes."""
    if unique.size < 2 or radius == 0:
        return unique[:0], unique[:0]
    match = bit_match(unique)
    plan = plan_search(unique.size, radius, match)
    if plan is None:
        return _brute(unique, unique, radius, max_pairs=max_pairs)
    order = balance(match, plan.widths)
    words = unique if order is None else permute(unique, order)
    found: list[Both] = []
    total = 0
    search = functools.partial(join_slab, words, plan, radius)
    for part in run(search, slabs(unique.size, plan, memory)):
        total += part[0].size
        _refuse(total, radius, max_pairs)
        found.append(part)
    one, other = (np.concatenate(column) for column in zip(*found, strict=True))
    if order is not None:
        back = np.argsort(order).tolist()
        one, other = permute(one, back), permute(other, back)
    return one, other


def _near_across(left: Hashes, right: Hashes, radius: int, *, max_pairs: int, memory: int) -> Both:
    """The pairs of a left and a right distinct hash within `radius`, as hashes."""
    if not left.size or not right.size:
        return left[:0], right[:0]
    both, common = _distinct(np.concatenate([left, right]))
    plan = plan_search(both.size, radius, bit_match(both), float(left.size) * right.size)
    if plan is None:
        return _brute(left, right, radius, max_pairs=max_pairs)
    one, other = _near(both, radius, max_pairs=max_pairs, memory=memory)
    forth = _among(one, left) & _among(other, right)
    back = _among(one, right) & _among(other, left)
    return (
        np.concatenate([common, one[forth], other[back]]),
        np.concatenate([common, other[forth], one[back]]),
    )


def _among(values: Hashes, ordered: Hashes) -> npt.NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    found: npt.NDArray[np.bool_] = ordered[place] == values
    return found


def _brute(left: Hashes, right: Hashes, radius: int, *, max_pairs: int) -> Both:
    """Compare everything with everything, in tiles; with itself (the same array), each pair once."""
    one, other = [left[:0]], [right[:0]]
    rows = max(1, (1 << 20) // max(1, right.size))
    total = 0
    for start in range(0, left.size, rows):
        offset = start if left is right else 0
        block = np.bitwise_count(left[start : start + rows, None] ^ right[None, offset:])
        i, j = np.nonzero(block <= radius)
        i, j = i + start, j + offset
        if left is right:
            upper = i < j
            i, j = i[upper], j[upper]
        total += i.size
        _refuse(total, radius, max_pairs)
        one.append(left[i])
        other.append(right[j])
    return np.concatenate(one), np.concatenate(other)


def _places(hashes: Hashes, wanted: Hashes) -> _Groups:
    """Where in `hashes` each of the `wanted` (ascending, distinct) stands.

    A table of bits of the mixed hash sorts out at once nearly all that is not wanted.
    """
    bits = min(26, max(8, int(wanted.size).bit_length() + 4))
    table = np.zeros(1 << bits, dtype=np.bool_)
    table[_mixed(wanted, bits)] = True
    places, groups = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, hashes.size if wanted.size else 0, 1 << 18):
        part = hashes[start : start + (1 << 18)]
        maybe = np.flatnonzero(table[_mixed(part, bits)])
        group = np.searchsorted(wanted, part[maybe])
        same = wanted[np.minimum(group, wanted.size - 1)] == part[maybe]
        places.append(maybe[same] + start)
        groups.append(group[same])
    return _grouped(np.concatenate(groups), wanted.size, np.concatenate(places))


def _mixed(hashes: Hashes, bits: int) -> npt.NDArray[np.intp]:
    mixed = hashes * np.uint64(0x9E3779B97F4A7C15)
    mixed >>= np.uint64(BITS - bits)
    return mixed.view(np.int64)


# ---------------------------------------------------------------- putting together


def checked(hashes: npt.ArrayLike, radius: int) -> Hashes:
    """`hashes` as an array of uint64, if that is what they are, and the radius makes sense."""
    if not 0 <= radius <= BITS:
        raise InputError(
            f"A Hamming radius of {radius} is outside 0..{BITS}.", "Duplicates lie within 0..12."
        )
    given = np.asarray(hashes)
    if given.size == 0:
        return np.zeros(0, dtype=np.uint64)
    if given.ndim != 1 or given.dtype != np.uint64:
        raise InputError(
            f"Hashes are {given.dtype} of shape {given.shape}; they must be uint64 in one dimension.",
            "Convert them with numpy: hashes.astype('uint64'); signed 64-bit ones with .view('uint64').",
        )
    return given


def ordered_pairs(i: Indices, j: Indices, distance: npt.NDArray[np.uint8]) -> Pairs:
    """The same pairs sorted by i, then j."""
    bits = max(1, int(j.max()).bit_length() if j.size else 1, int(i.max()).bit_length() if i.size else 1)
    if 2 * bits + 7 > BITS:
        order = np.lexsort((j, i))
        return Pairs(i[order], j[order], distance[order])
    packed = (((i << bits) | j) << 7) | distance  # sorting one number is ten times faster than two columns
    packed.sort()
    low = (1 << bits) - 1
    return Pairs(packed >> (bits + 7), (packed >> 7) & low, (packed & 127).astype(np.uint8))


class _Groups(NamedTuple):
    members: Indices  # positions by distinct hash, ascending in each group
    starts: Indices  # where each group starts in `members`
    sizes: Indices


def _grouped(group: Indices, n: int, places: Indices) -> _Groups:
    order = np.argsort(group, kind="stable")
    sizes = np.bincount(group, minlength=n).astype(np.int64)
    return _Groups(places[order], np.cumsum(sizes) - sizes, sizes)


def _pairs_of_copies(groups: _Groups) -> tuple[Indices, Indices]:
    """All pairs inside groups of equal hashes."""
    n = groups.members.size
    behind = np.repeat(groups.starts + groups.sizes, groups.sizes) - np.arange(n) - 1
    first = np.repeat(np.arange(n), behind)
    step = np.arange(first.size) - np.repeat(np.cumsum(behind) - behind, behind) + 1
    return groups.members[first], groups.members[first + step]


def _product(left: _Groups, right: _Groups, pairs: Pairs) -> tuple[Indices, Indices, npt.NDArray[np.intp]]:
    """Every member of one group with every member of the other, for each pair of groups."""
    per_pair = left.sizes[pairs.i] * right.sizes[pairs.j]
    which = np.repeat(np.arange(pairs.i.size), per_pair)
    place = np.arange(which.size) - np.repeat(np.cumsum(per_pair) - per_pair, per_pair)
    width = right.sizes[pairs.j][which]
    i = left.members[left.starts[pairs.i][which] + place // width]
    j = right.members[right.starts[pairs.j][which] + place % width]
    return i, j, which


def _refuse(total: int, radius: int, max_pairs: int) -> None:
    if total > max_pairs:
        raise SynsetlabError(
            f"{total:,} pairs lie within distance {radius}, more than the {max_pairs:,} that are listed.",
            "Lower the distance, or take away the pictures that repeat most (placeholders).",
        )
