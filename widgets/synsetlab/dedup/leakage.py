"""What of a folder is in a table of hashes already, counted by the table's splits and classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synsetlab.dedup.hamming import query
from synsetlab.dedup.judge import verdict
from synsetlab.dedup.matching import (
    JudgedPair,
    closest_look,
    is_flat,
    look_at,
    measured_policy,
    search_keys,
)
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synsetlab.dedup.files import HashedFile
    from synsetlab.dedup.judge import Policy, Verdict
    from synsetlab.dedup.scan import FolderHashes
    from synsetlab.dedup.tables import HashTable

__all__ = ["Leakage", "against", "leakage"]


@dataclass(frozen=True, slots=True)
class Leakage:
    """Pictures of a folder (by path) that a table has already."""

    known: tuple[str, ...]
    """Joined with an entry by the hash or a second look."""
    to_review: tuple[str, ...]
    """Close to an entry, undecided, and not in `known`."""
    by_split: dict[str, int]
    """Pictures of `known` that meet an entry of each split; empty where the table has no splits."""
    by_wnid: dict[str, int]
    """The same by class."""


def against(
    table: HashTable,
    hashes: FolderHashes,
    *,
    max_distance: int = 6,
    policy: Policy | None = None,
    workers: int | None = None,
) -> list[JudgedPair]:
    """Pairs of a folder's picture (a) and an entry of a hash table (b), sorted by a.

    Where the table's files can be read from here, the second look is taken too; else pairs beyond the
    automatic distance are left for review, and so are those that the difference hash doubts, if the table
    has one and the folder was hashed with details.

    Raises
    ------
    InputError
        The table's hashes were made another way.
    """
    if table.hash_name != hashes.hash_name:
        raise InputError(
            f"The table holds {table.hash_name} hashes, the folder was hashed with {hashes.hash_name}; "
            "they cannot be compared.",
            "Hash both the same way (with --fast or without).",
        )
    files = hashes.files
    policy, _ = measured_policy(table.phash, len(files), policy)
    closest = _near_entries(table, files, max_distance)
    theirs = sorted({entry for _, entry in closest})
    wanted = {files[mine].sha256: files[mine].path for mine, _ in closest}
    wanted |= {f"#{entry}": table.paths[entry] for entry in theirs}
    glimpses = look_at(wanted, workers)
    pairs = []
    for (mine, entry), distance in sorted(closest.items()):
        seen = closest_look(glimpses.get(files[mine].sha256, ()), glimpses.get(f"#{entry}", ()))
        same = files[mine].sha256 == table.sha256[entry]
        second = _second_opinion(table, entry, files[mine])
        found_verdict: Verdict = "auto" if same else verdict(distance, seen, policy, second=second)
        pairs.append(JudgedPair(files[mine].path, table.paths[entry], distance, found_verdict))
    return pairs


def _second_opinion(table: HashTable, entry: int, file: HashedFile) -> int | None:
    """Bits of the difference hash that differ, where both are known."""
    if table.dhash is None or file.details is None:
        return None
    return (int(table.dhash[entry]) ^ file.details.dhash).bit_count()


def _near_entries(
    table: HashTable, files: Sequence[HashedFile], max_distance: int
) -> dict[tuple[int, int], int]:
    """Distance of each (file, entry) within `max_distance`; flat pictures meet only their own bytes."""
    owners, values = search_keys(files, [place for place, file in enumerate(files) if not is_flat(file)])
    closest: dict[tuple[int, int], int] = {}
    for entries in [table.phash] if table.upright is table.phash else [table.phash, table.upright]:
        found = query(entries, values, max_distance)
        for i, j, distance in zip(found.i, owners[found.j], found.distance, strict=True):
            key = (int(j), int(i))
            closest[key] = min(int(distance), closest.get(key, 64))
    rows: dict[str, list[int]] = {}
    for row, sha in enumerate(table.sha256):
        rows.setdefault(sha, []).append(row)
    for place, file in enumerate(files):
        closest.update({(place, row): 0 for row in rows.get(file.sha256, ())})
    return closest


def leakage(table: HashTable, pairs: Iterable[JudgedPair]) -> Leakage:
    """Count the pairs that :func:`~synsetlab.dedup.scan.against` found in `table`."""
    rows: dict[str, list[int]] = {}
    for row, path in enumerate(table.paths):
        rows.setdefault(path, []).append(row)
    known: set[str] = set()
    unsure: set[str] = set()
    splits: set[tuple[str, str]] = set()
    wnids: set[tuple[str, str]] = set()
    for pair in pairs:
        if pair.verdict == "review":
            unsure.add(pair.a)
        if pair.verdict not in {"auto", "verified"}:
            continue
        known.add(pair.a)
        for row in rows.get(pair.b, ()):
            splits.update({(table.splits[row], pair.a)} if table.splits else ())
            wnids.update({(table.wnids[row], pair.a)} if table.wnids else ())
    return Leakage(tuple(sorted(known)), tuple(sorted(unsure - known)), _count(splits), _count(wnids))


def _count(found: set[tuple[str, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, _ in sorted(found):
        counts[name] = counts.get(name, 0) + 1
    return counts
