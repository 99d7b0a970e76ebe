"""Folders in, duplicates out: hash every picture once, search, look twice, join, choose what stays.

Nothing is deleted or moved; the result is a report.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.candidates.placeholders import Placeholders
from synsetlab.compute import map_ordered
from synsetlab.dedup.clusters import Copy, check_keep, choose, find_clusters
from synsetlab.dedup.embeddings import settle
from synsetlab.dedup.files import Failure, HashedFile, hash_file, list_files, shown
from synsetlab.dedup.journal import Journal
from synsetlab.dedup.matching import (
    JudgedPair,
    judge_pairs,
    look_at,
    measured_policy,
    near_pairs,
    without_long_chains,
)
from synsetlab.dedup.phash import FAST, IMAGEHASH
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence

    from synsetlab.dedup.embeddings import EmbeddingProvider
    from synsetlab.dedup.entropy import Chance
    from synsetlab.dedup.judge import Policy, Verdict

__all__ = ["FOLDER_KEEP", "FolderHashes", "Scan", "hash_folders", "scan"]

FOLDER_KEEP = ("resolution", "size")
"""What of copies in folders stays: files tell neither their licence nor, after copying, their age."""


@dataclass(frozen=True, slots=True)
class FolderHashes:
    """Every file below some folders: hashed, failed or not a picture."""

    files: tuple[HashedFile, ...]
    failed: tuple[Failure, ...]
    skipped: tuple[str, ...]
    hash_name: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What :func:`scan` found; paths are the folder as given joined with the relative path."""

    hashes: FolderHashes
    pairs: tuple[JudgedPair, ...]
    """All within the distance asked for, whatever their verdict."""
    clusters: tuple[tuple[str, ...], ...]
    """Joined by pairs that are ``auto`` or ``verified``."""
    keep: tuple[str, ...]
    """Every picture but those in `drop`."""
    drop: tuple[str, ...]
    """In each cluster, all but the one that stays."""
    placeholders: tuple[tuple[str, str], ...]
    """Pictures that stand for one that is gone, and which placeholder they are."""
    policy: Policy
    """What pairs were judged by: the limits that the collection bears, unless they were given."""
    chance: Chance
    """What chance does among these hashes."""


def hash_folders(
    folders: Sequence[str],
    *,
    fast: bool = False,
    dihedral: bool = False,
    details: bool = False,
    journal: str | os.PathLike[str] | None = None,
    run: Callable[..., Iterable[Any]] | None = None,
    workers: int | None = None,
    progress: Callable[..., Iterable[Any]] | None = None,
) -> FolderHashes:
    """Hash every picture below `folders`.

    Parameters
    ----------
    folders, fast, dihedral, details
        What to hash and how; see :func:`~synsetlab.dedup.files.hash_file`.
    journal
        A file to note each result in as it comes: who was interrupted takes up there, and files whose size
        and time of change are the same are not read again. It may be removed once all is done.
    run
        Runs the function over the paths instead of processes here, as ``map`` does, in order; see
        :func:`~synsetlab.compute.map_on_dask`.
    workers, progress
        See :func:`~synsetlab.compute.map_ordered`.

    Raises
    ------
    InputError
        A folder does not exist, or none of them holds anything like a picture.
    """
    paths, skipped, failures = list_files(folders)
    files: list[HashedFile] = []
    hashing = functools.partial(hash_file, fast=fast, dihedral=dihedral, details=details)
    name = FAST if fast else IMAGEHASH
    with Journal(journal, f"{name} {dihedral} {details}") as known:
        todo = [path for path in paths if path not in known]
        if run is None:
            results = map_ordered(hashing, todo, workers=workers, progress=progress)
        else:
            results = iter(run(hashing, todo))
        new = known.note(zip(todo, results, strict=True))
        found = [(path, known.get(path) or next(new)[1]) for path in paths]
    for path, result in found:
        if isinstance(result, HashedFile):
            files.append(result)
        elif isinstance(result, Failure):
            failures.append(result)
        else:
            skipped.append(path)
    if not files and not failures:
        raise InputError(
            f"{', '.join(map(shown, folders))}: no images in {len(paths):,} files.",
            "Give a folder that holds pictures; folders below it are searched too.",
        )
    return FolderHashes(tuple(files), tuple(failures), tuple(sorted(skipped)), name)


def scan(
    folders: Sequence[str],
    *,
    max_distance: int = 6,
    fast: bool = False,
    dihedral: bool = False,
    policy: Policy | None = None,
    keep: Sequence[str] = FOLDER_KEEP,
    placeholders: Placeholders | None = None,
    embeddings: EmbeddingProvider | None = None,
    workers: int | None = None,
    progress: Callable[..., Iterable[Any]] | None = None,
) -> Scan:
    """Find the duplicates below `folders`, byte-identical and near (distance ``<= max_distance``).

    With `dihedral`, turned and mirrored copies are found too. Without `policy`, the limits follow from how
    much the hashes of this collection tell; `keep` says what copy stays
    (:func:`~synsetlab.dedup.clusters.choose`; the earliest is the one modified first). `placeholders` are
    named beside, and `embeddings` settle what a look leaves undecided within the policy's `verify`.
    """
    check_keep(keep)
    hashes = hash_folders(folders, fast=fast, dihedral=dihedral, workers=workers, progress=progress)
    files = hashes.files
    judged_by, chance = measured_policy(
        np.array([file.upright for file in files], dtype=np.uint64), policy=policy
    )
    near = near_pairs(files, max_distance)
    paths = {file.sha256: file.path for file in files}
    wanted = {files[end].sha256 for i, j, _ in near if files[i].sha256 != files[j].sha256 for end in (i, j)}
    glimpses = look_at({sha: paths[sha] for sha in sorted(wanted)}, workers, dihedral=dihedral)
    verdicts = judge_pairs(files, near, glimpses, judged_by)
    if embeddings is not None:
        verdicts = _settled(files, near, verdicts, judged_by, embeddings)
    verdicts = without_long_chains(files, near, verdicts, judged_by.diameter)
    pairs = tuple(
        JudgedPair(files[i].path, files[j].path, distance, found)
        for (i, j, distance), found in zip(near, verdicts, strict=True)
    )
    joined = [
        (i, j) for (i, j, _), found in zip(near, verdicts, strict=True) if found in {"auto", "verified"}
    ]
    clusters = find_clusters([file.path for file in files], [i for i, _ in joined], [j for _, j in joined])
    drop = _to_drop(files, clusters, keep)
    kept = tuple(file.path for file in files if file.path not in drop)
    known = placeholders or Placeholders()
    named = ((file.path, known.name_of(file.sha256, None if fast else file.phash)) for file in files)
    gone = tuple((path, name) for path, name in named if name)
    return Scan(hashes, pairs, tuple(clusters), kept, tuple(sorted(drop)), gone, judged_by, chance)


def _settled(
    files: Sequence[HashedFile],
    near: Sequence[tuple[int, int, int]],
    verdicts: Sequence[Verdict],
    policy: Policy,
    embeddings: EmbeddingProvider,
) -> list[Verdict]:
    places = [
        place
        for place, (_, _, distance) in enumerate(near)
        if verdicts[place] == "review" and distance + policy.strict <= policy.verify
    ]
    after = list(verdicts)
    opinions = settle(embeddings, [(files[near[at][0]].path, files[near[at][1]].path) for at in places])
    for place, opinion in zip(places, opinions, strict=True):
        after[place] = opinion
    return after


def _to_drop(
    files: Sequence[HashedFile], clusters: Iterable[tuple[str, ...]], keep: Sequence[str]
) -> set[str]:
    by_path = {file.path: file for file in files}
    drop: set[str] = set()
    for members in clusters:
        copies = {path: by_path[path] for path in members}
        # The path decides only between byte-identical files.
        stays = choose(
            (
                Copy(
                    f"{file.sha256}:{path}",
                    file.width * file.height,
                    file.size,
                    since=Path(path).stat().st_mtime if "earliest" in keep else 0.0,
                )
                for path, file in copies.items()
            ),
            keep,
        )
        drop.update(path for path, file in copies.items() if f"{file.sha256}:{path}" != stays.id)
    return drop
