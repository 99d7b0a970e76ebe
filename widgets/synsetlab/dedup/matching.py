"""Pairs of pictures whose hashes are near, and what a look at them says."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.candidates.decode import decode
from synsetlab.compute import map_ordered
from synsetlab.dedup.clusters import without_chains
from synsetlab.dedup.dihedral import images
from synsetlab.dedup.entropy import limits, measure
from synsetlab.dedup.hamming import pairs_within
from synsetlab.dedup.judge import Policy, verdict
from synsetlab.dedup.look import best_form, compare, glimpse
from synsetlab.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from synsetlab.dedup.entropy import Chance
    from synsetlab.dedup.files import HashedFile
    from synsetlab.dedup.judge import Verdict
    from synsetlab.dedup.look import Glimpse, Similarity

__all__ = [
    "JudgedPair",
    "closest_look",
    "is_flat",
    "judge_pairs",
    "look_at",
    "measured_policy",
    "near_pairs",
    "search_keys",
    "without_long_chains",
]

_LOOKED_AT = 128
"""Pixels to which a JPEG is decoded for a look."""


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two pictures whose hashes are close, and what to make of it."""

    a: str
    b: str
    distance: int
    verdict: Verdict


def measured_policy(
    hashes: npt.NDArray[np.uint64], against: int | None = None, policy: Policy | None = None
) -> tuple[Policy, Chance]:
    """The policy that a collection bears, unless one is given, and the chance that was measured for it.

    Parameters
    ----------
    hashes
        uint64, shape (n,); what chance does is measured on them.
    against
        How many others they are compared with; None: with each other.
    policy
        Taken as it is.
    """
    chance = measure(hashes)
    if policy is None:
        trusted = limits(chance, hashes.size, against)
        policy = Policy(auto=trusted.auto, verify=trusted.verify, within_synset=trusted.within_synset)
    return policy, chance


def near_pairs(files: Sequence[HashedFile], max_distance: int) -> list[tuple[int, int, int]]:
    """Pairs (i, j, distance), i < j, by the hash as stored or as seen, whichever is closer.

    A picture of one flat colour has a hash that says nothing: it pairs only with its byte-identical copies.
    """
    telling = [place for place, file in enumerate(files) if not is_flat(file)]
    owners, values = search_keys(files, telling)
    found = pairs_within(values, max_distance)
    closest: dict[tuple[int, int], int] = {}
    for i, j, distance in zip(owners[found.i], owners[found.j], found.distance, strict=True):
        if i != j:
            key = (int(min(i, j)), int(max(i, j)))
            closest[key] = min(int(distance), closest.get(key, 64))
    copies: dict[str, list[int]] = {}
    for place in sorted(set(range(len(files))) - set(telling)):
        copies.setdefault(files[place].sha256, []).append(place)
    for members in copies.values():
        closest.update(dict.fromkeys(itertools.combinations(members, 2), 0))
    return [(i, j, distance) for (i, j), distance in sorted(closest.items())]


def judge_pairs(
    files: Sequence[HashedFile],
    near: Iterable[tuple[int, int, int]],
    glimpses: Mapping[str, tuple[Glimpse, ...]],
    policy: Policy,
    *,
    related: Collection[tuple[int, int]] = (),
) -> list[Verdict]:
    """A verdict for each pair.

    Parameters
    ----------
    files, near
        Pictures, and the pairs of them as :func:`near_pairs` gives them.
    glimpses
        By sha256, several where a picture can be seen turned or not.
    policy
        The limits.
    related
        Pairs (i, j) of pictures of one class, which a look may join up to ``policy.within_synset``.
    """
    known: dict[tuple[str, str], Similarity | None] = {}
    verdicts: list[Verdict] = []
    for i, j, distance in near:
        one, other = files[i].sha256, files[j].sha256
        if one == other:
            verdicts.append("auto")
            continue
        if (one, other) not in known:
            known[one, other] = closest_look(glimpses.get(one, ()), glimpses.get(other, ()))
        verdicts.append(verdict(distance, known[one, other], policy, related=(i, j) in related))
    return verdicts


def is_flat(file: HashedFile) -> bool:
    """Whether the hash says nothing: of a flat colour only the constant coefficient is above the median."""
    return file.upright.bit_count() <= 1


def search_keys(
    files: Sequence[HashedFile], places: Iterable[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]:
    """The hashes to search with, one or two a file (to ten with all forms), and whose they are."""
    owners: list[int] = []
    values: list[int] = []
    for place in places:
        for value in {files[place].phash, files[place].upright, *files[place].forms}:
            owners.append(place)
            values.append(value)
    return np.array(owners, dtype=np.int64), np.array(values, dtype=np.uint64)


def look_at(
    paths: Mapping[str, str], workers: int | None, *, dihedral: bool = False
) -> dict[str, tuple[Glimpse, ...]]:
    """Glimpses by the keys of `paths`; without those that cannot be read any more."""
    look = functools.partial(_look, dihedral=dihedral)
    looked = map_ordered(look, list(paths.values()), workers=workers)
    return {key: seen for key, seen in zip(paths, looked, strict=True) if seen}


def _look(path: str, *, dihedral: bool = False) -> tuple[Glimpse, ...]:
    """The picture upright and, where EXIF turned it, as it lies; nothing if it cannot be read any more."""
    try:
        picture = decode(Path(path).read_bytes(), draft=_LOOKED_AT, grey=False)
    except (OSError, ImageError):
        return ()
    if dihedral:
        return tuple(map(glimpse, images(picture.image)))
    stored = picture.stored
    turned = stored is not picture.image and stored.mode in {"L", "RGB"} and "transparency" not in stored.info
    return (glimpse(picture.image), glimpse(stored)) if turned else (glimpse(picture.image),)


def closest_look(one: Sequence[Glimpse], other: Sequence[Glimpse]) -> Similarity | None:
    """The look at the two forms that are most alike; None where one of them cannot be seen."""
    if not one or not other:
        return None
    form = best_form(other[0], one)
    return compare(form, best_form(form, other))


def without_long_chains(
    files: Sequence[HashedFile],
    near: Sequence[tuple[int, int, int]],
    verdicts: Sequence[Verdict],
    diameter: int,
) -> list[Verdict]:
    """The verdicts, with ``review`` for links that would make a cluster wider than `diameter` bits."""
    places = [place for place, found in enumerate(verdicts) if found in {"auto", "verified"}]
    if not places:
        return list(verdicts)
    members = sorted({end for place in places for end in near[place][:2]})
    row = {member: number for number, member in enumerate(members)}
    keys = [sorted({files[at].phash, files[at].upright, *files[at].forms}) for at in members]
    if not files[members[0]].forms:  # a copy of a picture that EXIF turns would turn as that one does
        keys = _with_turns(keys, [(row[i], row[j]) for i, j in (near[place][:2] for place in places)])
    most = max(map(len, keys))
    hashes = np.array([[*own, *[own[-1]] * (most - len(own))] for own in keys], dtype=np.uint64)
    stays = without_chains(
        hashes,
        [row[near[place][0]] for place in places],
        [row[near[place][1]] for place in places],
        diameter=diameter,
    )
    after = list(verdicts)
    for place, stay in zip(places, stays.tolist(), strict=True):
        if not stay:
            after[place] = "review"
    return after


def _with_turns(keys: list[list[int]], links: list[tuple[int, int]]) -> list[list[int]]:
    """One more hash for what is linked to a picture with two: the one that lies the other way."""
    turned = [list(own) for own in keys]
    for link in links:
        for mine, theirs in (link, link[::-1]):
            if len(turned[mine]) == 1 and len(keys[theirs]) == 2:
                turned[mine].append(max(keys[theirs], key=lambda key: (key ^ keys[mine][0]).bit_count()))
    return [sorted(own) for own in turned]
