"""Prove a release with nothing but its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.canonical import canonical_json
from synsetlab.errors import ReleaseError
from synsetlab.release.folder import SUMS, sum_file
from synsetlab.release.identity import FORMAT, identity_of
from synsetlab.release.policy import version_key
from synsetlab.release.tables import ROW_GROUP, SCHEMAS, ContentHash, iterate_table, read_table, tables_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import pandas as pd

__all__ = ["load_release", "read_release", "verify_release"]

FIELDS = ("identity", "version", "policy", "tables", "documents", "splits")
"""Without these ``release.json`` says nothing."""
NAMED = 20
"""So many problems of one kind are named; the rest are counted."""


def read_release(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The contents of ``release.json``.

    Raises
    ------
    ReleaseError
        The folder holds no release, or one of a layout that this version does not know.
    """
    file = Path(folder) / "release.json"
    try:
        release = json.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReleaseError(
            f"{folder} is not a release: it has no release.json.", "Give the folder of a release."
        ) from error
    except (ValueError, OSError) as error:
        raise ReleaseError(f"{file} cannot be read: {error}.", "Fetch the release again.") from error
    if not isinstance(release, dict) or release.get("format") != FORMAT:
        found = release.get("format") if isinstance(release, dict) else None
        raise ReleaseError(
            f"{file} has format {found!r}; this synsetlab reads {FORMAT}.", "Update synsetlab."
        )
    for name in FIELDS:
        if name not in release:
            raise ReleaseError(f"{file} has no field {name!r}.", "Fetch the release again.")
    return release


def load_release(folder: str | os.PathLike[str]) -> dict[str, pd.DataFrame]:
    """The tables of a release, by name.

    Raises
    ------
    ReleaseError
        It is no release, or a table is missing or damaged: the message names the file.
    """
    release = read_release(folder)
    return {name: read_table(Path(folder) / f"{name}.parquet") for name in tables_of(release)}


def verify_release(
    folder: str | os.PathLike[str], previous: str | os.PathLike[str] | None = None
) -> list[str]:
    """What is wrong with a release: sentences for people; empty when it is intact.

    Checked: every file against ``SHA256SUMS``, no file missing or added, each table's rows against
    the content hash in ``release.json``, the identity, no duplicate cluster in two splits, labels open
    or sealed as the policy says; with `previous`, that this release names it as its predecessor and that
    no image vanished without a tombstone, came back, or changed its split.
    """
    home = Path(folder)
    release = read_release(home)
    problems = _check_files(home, release)
    if problems:
        return problems
    text = (home / "release.json").read_text("utf-8")
    if text != canonical_json(release) + "\n":
        problems.append("release.json is not canonical JSON.")
    if release["identity"] != identity_of(release):
        problems.append("The identity in release.json does not follow from its contents.")
    problems += _check_contents(home, release)
    if not problems:
        problems += _check_clusters(home) + _check_labels(home, release)
    if previous is not None:
        problems += _check_chain(home, release, Path(previous))
    return problems


def _check_files(home: Path, release: dict[str, Any]) -> list[str]:
    try:
        lines = (home / SUMS).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return [f"{SUMS} is missing."]
    listed = {}
    for line in lines:
        digest, _, name = line.partition("  ")
        listed[name] = digest
    problems = []
    for name, digest in sorted(listed.items()):
        file = home / name
        if not file.is_file():
            problems.append(f"{name} is missing.")
        elif sum_file(file) != digest:
            problems.append(f"{name} was changed.")
    expected = (
        {f"{name}.parquet" for name in tables_of(release)} | {"release.json"} | set(release["documents"])
    )
    problems += [f"{name} is not listed in {SUMS}." for name in sorted(expected - set(listed))]
    present = {file.name for file in home.iterdir()} - {SUMS}
    problems += [f"{name} does not belong to the release." for name in sorted(present - expected)]
    return problems


def _check_contents(home: Path, release: dict[str, Any]) -> list[str]:
    problems = []
    for name, digest in sorted(release["documents"].items()):
        if sum_file(home / name) != digest:
            problems.append(f"{name} is not the one that was frozen.")
    for name in tables_of(release):
        kinds = SCHEMAS[name]
        stated = release["tables"].get(name, {})
        content = ContentHash(name)
        held: list[tuple[Any, ...]] = []
        try:
            for row in iterate_table(home / f"{name}.parquet", kinds):
                held.append(row)
                if len(held) == ROW_GROUP:
                    content.add(held)
                    held.clear()
            content.add(held)
        except ReleaseError as error:
            problems.append(error.message)
            continue
        found = {"rows": content.rows, "content_sha256": content.hexdigest()}
        if found != stated or not content.ordered:
            problems.append(f"The rows of {name}.parquet are not the ones that were frozen.")
    return problems


def _check_clusters(home: Path) -> list[str]:
    """Two passes, so that pictures without a duplicate need no memory."""
    file = home / "images.parquet"
    splits: dict[str, set[str]] = {}
    for image, cluster, split in iterate_table(file, ("image_id", "cluster_id", "split")):
        if image != cluster:
            splits.setdefault(cluster, set()).add(split)
    last = ("", "")
    torn: set[str] = set()
    for image, cluster, split in iterate_table(file, ("image_id", "cluster_id", "split")):
        if cluster in splits:
            splits[cluster].add(split)
        if last[0] == image and last[1] != split:
            torn.add(cluster)
        last = (image, split)
    torn |= {cluster for cluster, found in splits.items() if len(found) > 1}
    return _some(f"The duplicate cluster {cluster} lies in several splits." for cluster in sorted(torn))


def _check_labels(home: Path, release: dict[str, Any]) -> list[str]:
    sealed = set(release["policy"].get("sealed", []))
    rows = iterate_table(home / "images.parquet", ("image_id", "split", "wnid", "label_hash"))
    return _some(
        f"The label of {image} is to be {'sealed' if split in sealed else 'open'}, and is not."
        for image, split, wnid, hashed in rows
        if (wnid is None) != (split in sealed) or (hashed is None) == (split in sealed)
    )


def _check_chain(home: Path, release: dict[str, Any], previous: Path) -> list[str]:
    from synsetlab.release.diff import compare_images  # noqa: PLC0415 - it reads releases by this module

    before = read_release(previous)
    problems = [f"{previous}: {problem}" for problem in verify_release(previous)]
    if problems:
        return problems
    if release.get("previous") != before["identity"]:
        problems.append(f"The predecessor is {release.get('previous')}, not {before['identity']}.")
    if version_key(release["version"]) <= version_key(before["version"]):
        problems.append(f"The version {release['version']} does not follow {before['version']}.")
    stones, old_stones = _tombstones(home), _tombstones(previous)
    found = compare_images(previous, home)
    problems += _some(
        f"{image} vanished without a tombstone." for image in found.removed if image not in stones
    )
    problems += _some(f"The tombstone of {image} vanished." for image in sorted(old_stones - stones))
    problems += _some(f"{image} came back although it was taken down." for image in _risen(home, stones))
    problems += _some(f"{row['image_id']} moved from {row['old']} to {row['new']}." for row in found.moved)
    return problems


def _tombstones(home: Path) -> set[str]:
    return {image for (image,) in iterate_table(home / "tombstones.parquet", ("image_id",))}


def _risen(home: Path, stones: set[str]) -> Iterator[str]:
    for (image,) in iterate_table(home / "images.parquet", ("image_id",)):
        if image in stones:
            yield image


def _some(problems: Any) -> list[str]:
    """The first problems of a kind, and how many more there are."""
    named: list[str] = []
    more = 0
    for problem in problems:
        if len(named) < NAMED:
            named.append(problem)
        else:
            more += 1
    return [*named, f"... and {more:,} more like the last."] if more else named
