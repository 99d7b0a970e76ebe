"""Pairs become clusters; in each cluster a policy, never the order of a listing, says which copy stays."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

__all__ = [
    "KEEP",
    "Copy",
    "check_keep",
    "choose",
    "components",
    "find_clusters",
    "name_clusters",
    "without_chains",
]

KEEP: Final = ("resolution", "licence", "earliest", "size")
"""What is asked of copies, in this order, to choose the one that stays."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What the choice between copies looks at."""

    id: str
    pixels: int
    """Width times height."""
    size: int
    """Bytes of the file."""
    licence: int = 0
    """Place of the licence in the order of preference, 0 the best."""
    since: float = 0.0
    """When it came or was made, in any unit that grows with time."""


def components(n: int, i: npt.ArrayLike, j: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Connected components of n things under the pairs (i, j): each thing's smallest fellow member."""
    left, right = np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64)
    if not n:
        return np.zeros(0, dtype=np.int64)
    graph = coo_array((np.ones(left.size, dtype=np.int8), (left, right)), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    smallest = np.full(int(labels.max()) + 1, n, dtype=np.int64)
    np.minimum.at(smallest, labels, np.arange(n))
    return smallest[labels]


def find_clusters(ids: Sequence[str], i: npt.ArrayLike, j: npt.ArrayLike) -> list[tuple[str, ...]]:
    """Clusters of two or more `ids` joined by the pairs of positions (i, j).

    Members ascend, clusters ascend by their first member, which is a cluster's identity: the same
    members make the same cluster whatever the order of `ids`.
    """
    labels = components(len(ids), i, j)
    _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    members: dict[int, list[str]] = {}
    for place in np.flatnonzero(counts[inverse] > 1).tolist():
        members.setdefault(int(inverse[place]), []).append(ids[place])
    return sorted(tuple(sorted(group)) for group in members.values())


def without_chains(
    hashes: npt.NDArray[np.uint64], i: npt.ArrayLike, j: npt.ArrayLike, *, diameter: int
) -> npt.NDArray[np.bool_]:
    """Which links stay so that no two in a cluster are more than `diameter` bits apart: no chains.

    A component that is wider is split around medoids: the hash with the most neighbours (then the
    smallest value) takes its direct neighbours, nearest first, as long as the group stays within the
    diameter; then the same with what is left. The values alone decide, so neither the order of the hashes
    nor pictures elsewhere change the outcome.

    Parameters
    ----------
    hashes
        uint64, shape (n,); or (n, k) where a picture has several (stored, upright, turned): the nearest
        two of two pictures count.
    i, j
        Positions of the pairs that are joined.
    diameter
        Largest distance within a cluster.

    Returns
    -------
    numpy.ndarray
        For each pair whether it stays, bool.
    """
    left, right = np.asarray(i, dtype=np.int64), np.asarray(j, dtype=np.int64)
    rows = hashes[:, None] if hashes.ndim == 1 else hashes
    values, inverse = np.unique(rows, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    labels = components(len(values), inverse[left], inverse[right])
    own = labels[inverse[left]]
    order = np.argsort(own, kind="stable")
    bounds = np.flatnonzero(np.diff(own[order], prepend=-1, append=-1))
    stays = np.ones(left.size, dtype=np.bool_)
    for begin, end in itertools.pairwise(bounds):
        links = order[begin:end]
        edges = np.unique(np.stack([inverse[left[links]], inverse[right[links]]]), axis=1)
        if _is_wider(values[np.unique(edges)], diameter):
            group = _around_medoids(values, edges, diameter)
            for link in links.tolist():
                stays[link] = group[int(inverse[left[link]])] == group[int(inverse[right[link]])]
    return stays


def name_clusters(
    clusters: Sequence[tuple[str, ...]], before: Mapping[str, Iterable[str]] | None = None
) -> dict[str, tuple[str, ...]]:
    """Clusters by an id that stays: that of the earlier cluster most members were in, else a new one.

    Parameters
    ----------
    clusters
        As :func:`find_clusters` gives them.
    before
        Members by id, of an earlier run.

    Returns
    -------
    dict
        A new id is the smallest member; where that names another cluster, the next member that is free.
        Each earlier id goes to one cluster, the one that shares most with it (then the one that comes
        first); members, not their order, decide.
    """
    came_from = {member: name for name, members in (before or {}).items() for member in members}
    shared = Counter(
        (came_from[member], place)
        for place, members in enumerate(clusters)
        for member in members
        if member in came_from
    )
    names: dict[int, str] = {}
    given: set[str] = set()
    for (name, place), _ in sorted(
        shared.items(), key=lambda item: (-item[1], item[0][0], clusters[item[0][1]])
    ):
        if place not in names and name not in given:
            names[place] = name
            given.add(name)
    taken = set(names.values()) | set(before or {})
    for place, members in enumerate(clusters):
        if place not in names:
            names[place] = next(
                (member for member in sorted(members) if member not in taken), min(members) + "+"
            )
            taken.add(names[place])
    return {names[place]: tuple(members) for place, members in enumerate(clusters)}


def _distances(values: npt.NDArray[np.uint64], one: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Distance of each of the `values`, shape (n, k), to `one`, shape (k,): that of the nearest forms."""
    bits: npt.NDArray[np.uint8] = np.bitwise_count(values[:, :, None] ^ one[None, None, :])
    nearest: npt.NDArray[np.uint8] = bits.min(axis=(1, 2))
    return nearest


def _is_wider(values: npt.NDArray[np.uint64], diameter: int) -> bool:
    return any(int(_distances(values[at:], value).max()) > diameter for at, value in enumerate(values))


def _around_medoids(
    values: npt.NDArray[np.uint64], edges: npt.NDArray[np.intp], diameter: int
) -> dict[int, int]:
    """Each value's group: the position of its medoid."""
    neighbours: dict[int, set[int]] = {}
    for one, other in edges.T.tolist():
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    for value, near in neighbours.items():
        near.discard(value)

    def distance(one: int, other: int) -> int:
        return int(_distances(values[one : one + 1], values[other])[0])

    group: dict[int, int] = {}
    waiting = [(-len(near), value) for value, near in neighbours.items()]
    heapq.heapify(waiting)
    while waiting:
        degree, medoid = heapq.heappop(waiting)
        if medoid not in neighbours or len(neighbours[medoid]) != -degree:
            continue  # said before its neighbours were taken
        members = [medoid]
        for other in sorted(neighbours[medoid], key=lambda at: (distance(at, medoid), at)):
            if all(distance(other, member) <= diameter for member in members):
                members.append(other)
        group.update(dict.fromkeys(members, medoid))
        bereft: set[int] = set()
        for member in members:
            bereft |= neighbours.pop(member)
        for other in bereft & neighbours.keys():
            neighbours[other].difference_update(members)
            heapq.heappush(waiting, (-len(neighbours[other]), other))
    return group


def check_keep(keep: Sequence[str]) -> None:
    """Refuse what copies cannot be asked, before anything is searched."""
    for name in keep:
        if name not in KEEP:
            raise InputError(f"Copies cannot be chosen by {name!r}.", f"Name some of: {', '.join(KEEP)}.")


def choose(copies: Iterable[Copy], keep: Sequence[str] = KEEP) -> Copy:
    """The copy that stays: what `keep` asks, in its order, then the smallest id. Never the order given.

    ``resolution`` prefers more pixels, ``licence`` the better place in the order of preference, ``earliest``
    the smaller time, ``size`` more bytes.

    Raises
    ------
    InputError
        `keep` asks for something else.
    """
    check_keep(keep)
    ask: dict[str, Callable[[Copy], float]] = {
        "resolution": lambda copy: -copy.pixels,
        "licence": lambda copy: copy.licence,
        "earliest": lambda copy: copy.since,
        "size": lambda copy: -copy.size,
    }
    return min(copies, key=lambda copy: (*(ask[name](copy) for name in keep), copy.id))
