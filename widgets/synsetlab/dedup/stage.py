"""Deduplicate a workspace: pairs and clusters of its pictures, and which copy of each stays.

Nothing is deleted. A verdict is a row that the next one overrules; a dropped picture is only not
asked about and not released while its last verdict says so.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.candidates.decode import decode
from synsetlab.candidates.ingest import Fingerprint
from synsetlab.dedup.clusters import Copy, check_keep, choose, find_clusters, name_clusters
from synsetlab.dedup.files import HashedFile
from synsetlab.dedup.look import glimpse
from synsetlab.dedup.matching import judge_pairs, measured_policy, near_pairs, without_long_chains
from synsetlab.dedup.phash import FAST_INGEST, FAST_INGEST_DRAFT, IMAGEHASH, from_hex, phash, to_hex
from synsetlab.errors import InputError
from synsetlab.store.defaults import BY_POLICY
from synsetlab.store.names import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from synsetlab.candidates.decode import Picture
    from synsetlab.dedup.judge import Policy
    from synsetlab.dedup.look import Glimpse
    from synsetlab.store.workspace import Workspace

__all__ = [
    "FAST_FINGERPRINT",
    "FINGERPRINT",
    "VERDICTS",
    "Deduplicated",
    "deduplicate",
    "duplicate_groups",
    "duplicate_verdict_rows",
    "give_duplicate_verdicts",
]

VERDICTS = ("keep", "drop", "not-a-duplicate")


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What a run found."""

    images: int
    hashed: int
    """Pictures that had no hash yet, or one that is not compared with the others'."""
    pairs: int
    clusters: int
    dropped: int
    """Pictures that the policy newly dropped."""
    to_review: int
    """Pairs that a person should look at."""
    returned: int
    """Pictures that the policy had dropped and that have no copy any more: asked about again."""
    entropy_bits: float
    """What the hashes tell: 64 for fair, independent bits."""
    auto_distance: int
    """Up to which the hash alone joined two pictures."""
    hash: str
    """Name of the hashes that were compared."""
    policy_hash: str
    """Of the limits that held, measured ones included; the verdicts name it, and the workspace keeps it."""


def _hash_picture(picture: Picture) -> str:
    """The stored hash: ImageHash's, as 16 hex digits."""
    return to_hex(phash(picture.stored))


FINGERPRINT = Fingerprint(IMAGEHASH, _hash_picture)
"""What importers compute in the same decode."""


def _hash_draft(picture: Picture) -> str:
    """The hash of fast imports, estimated from a smaller decode."""
    return to_hex(phash(picture.stored, exact=False, size=picture.stored_size))


FAST_FINGERPRINT = Fingerprint(FAST_INGEST, _hash_draft, draft=FAST_INGEST_DRAFT, comparable=False)
"""What importers compute when they decode JPEGs no larger than a thumbnail needs."""


def deduplicate(
    workspace: Workspace,
    *,
    max_distance: int = 6,
    within_synset: int | None = None,
    policy: Policy | None = None,
    changes: Mapping[str, Any] | None = None,
    exact: bool = False,
    progress: Any = None,
) -> Deduplicated:
    """Find the duplicates of a workspace and say which copy stays.

    Pairs within `max_distance` (``<=``), and pairs of one class within the larger of that and
    `within_synset`, are judged by `policy`; ``auto`` and ``verified`` ones join clusters, which keep their
    ids from run to run. In each cluster the policy says which copy stays, and drops the others, unless
    somebody has given a verdict on them. Without `policy`, the limits are those that the collection bears
    (:func:`~synsetlab.dedup.matching.measured_policy`) with these `changes` by name of the field;
    `within_synset` is theirs unless given.

    Hashes of one name are compared. Where all pictures have that of fast imports, it serves, unless `exact`;
    otherwise every picture whose hash is another than ImageHash's is decoded and hashed again.
    """
    check_keep((changes or {}).get("keep", ()))
    name, hashed = _hash_alike(workspace, exact, progress)
    images = workspace.reader.images().to_dict("records")
    files = [_as_file(image) for image in images]
    judged_by, chance = measured_policy(
        np.array([file.phash for file in files], dtype=np.uint64), policy=policy
    )
    near = {(i, j): distance for i, j, distance in near_pairs(files, max_distance)}
    judged_by = dataclasses.replace(judged_by, **(changes or {}))
    reach = judged_by.within_synset if within_synset is None else within_synset
    related = _near_in_class(workspace, files, max(reach, max_distance))
    near |= related
    listed = [(i, j, distance) for (i, j), distance in sorted(near.items())]
    wanted = sorted({files[place].sha256 for pair in near for place in pair})
    verdicts = judge_pairs(files, listed, _glimpses(workspace, wanted), judged_by, related=related.keys())
    verdicts = without_long_chains(files, listed, verdicts, judged_by.diameter)
    pairs = [
        {"a": files[i].sha256, "b": files[j].sha256, "distance": distance, "verdict": found}
        for (i, j, distance), found in zip(listed, verdicts, strict=True)
    ]
    joined = [
        (i, j) for (i, j, _), found in zip(listed, verdicts, strict=True) if found in {"auto", "verified"}
    ]
    found = find_clusters([file.sha256 for file in files], [i for i, _ in joined], [j for _, j in joined])
    clusters = name_clusters(found, _members(workspace))
    rows = [
        {"cluster_id": name, "image_id": member} for name, members in clusters.items() for member in members
    ]
    workspace.writer.replace_clusters(pairs, rows)
    dropped, returned = _decide(workspace, clusters, {file.sha256: file for file in files}, judged_by)
    return Deduplicated(
        images=len(files),
        hashed=hashed,
        pairs=len(pairs),
        clusters=len(clusters),
        dropped=dropped,
        to_review=verdicts.count("review"),
        returned=returned,
        entropy_bits=round(chance.entropy_bits, 2),
        auto_distance=judged_by.auto,
        hash=name,
        policy_hash=judged_by.hash,
    )


def duplicate_groups(workspace: Workspace) -> dict[str, list[str]]:
    """Pictures to look at together, by the smallest id: clusters, and pairs that wait for a person."""
    pairs = workspace.reader.duplicate_pairs()
    near = pairs[pairs["verdict"] != "different"]
    ids = sorted({*near["a"], *near["b"]})
    place = {image: number for number, image in enumerate(ids)}
    found = find_clusters(ids, [place[a] for a in near["a"]], [place[b] for b in near["b"]])
    return {members[0]: list(members) for members in found}


def give_duplicate_verdicts(workspace: Workspace, verdicts: Mapping[str, str], *, by: str) -> None:
    """Record someone's verdicts on pictures that are, or may be, copies: image id to one of `VERDICTS`.

    Raises
    ------
    InputError
        There is no such verdict, a picture has no near one, or no copy of it would stay.
    """
    workspace.writer.add_duplicate_verdicts(duplicate_verdict_rows(workspace, verdicts, by=by))


def duplicate_verdict_rows(
    workspace: Workspace, verdicts: Mapping[str, str], *, by: str
) -> list[dict[str, Any]]:
    """The rows that `give_duplicate_verdicts` records."""
    by = clean_name(by)
    rows = []
    group_of: dict[str, frozenset[str]] = {}
    for image, verdict in verdicts.items():
        if verdict not in VERDICTS:
            raise InputError(f"There is no verdict {verdict!r}.", f"Verdicts: {', '.join(VERDICTS)}.")
        if image not in group_of:
            group = _group(workspace, image)
            group_of |= dict.fromkeys(group, group)
        group = group_of[image]
        if len(group) == 1:
            raise InputError(f"The picture {image} has no duplicate.", "See: synsetlab dedup clusters")
        dropped = workspace.lookups.dropped(group - verdicts.keys())
        kept = sorted(one for one in group - dropped if verdicts.get(one) != "drop")
        if verdict == "drop" and not kept:
            raise InputError(
                f"{image} is the last copy that stays.", "Keep another copy first, then drop this one."
            )
        duplicate_of = kept[0] if verdict == "drop" else None
        row = {"image_id": image, "cluster_id": min(group), "verdict": verdict, "decided_by": by}
        rows.append({**row, "duplicate_of": duplicate_of})
    return rows


def _group(workspace: Workspace, image: str) -> frozenset[str]:
    """The group of `duplicate_groups` that a picture is in, or it alone; without reading the others."""
    group, last = {image}, {image}
    while last:
        last = workspace.lookups.paired(last) - group
        group |= last
    return frozenset(group)


def _members(workspace: Workspace) -> dict[str, list[str]]:
    """Members of each cluster of the run before, by its id."""
    members: dict[str, list[str]] = {}
    for row in workspace.reader.clusters().to_dict("records"):
        members.setdefault(row["cluster_id"], []).append(row["image_id"])
    return members


def _near_in_class(
    workspace: Workspace, files: Sequence[HashedFile], max_distance: int
) -> dict[tuple[int, int], int]:
    """Pairs of pictures that are candidates of one class, and their distance."""
    place = {file.sha256: number for number, file in enumerate(files)}
    candidates = workspace.reader.candidates()
    near: dict[tuple[int, int], int] = {}
    for _, images in candidates.groupby("wnid")["image_id"]:
        places = sorted(place[image] for image in images)
        for i, j, distance in near_pairs([files[at] for at in places], max_distance):
            near[places[i], places[j]] = distance
    return near


def _hash_alike(workspace: Workspace, exact: bool, progress: Any) -> tuple[str, int]:
    """Give all pictures hashes of one name: that name, and how many were hashed for it."""
    images = workspace.reader.images()
    if not exact and len(images) and (images["phash_name"] == FAST_INGEST).all():
        return FAST_INGEST, 0
    todo = images.loc[images["phash"].isna() | (images["phash_name"] != IMAGEHASH), "id"].tolist()
    rows = [
        {"id": image, "phash": _hash_picture(decode(workspace.blobs.get(image))), "phash_name": IMAGEHASH}
        for image in (progress(todo, desc="hash") if progress and todo else todo)
    ]
    workspace.writer.set_phashes(rows)
    return IMAGEHASH, len(rows)


def _as_file(image: Mapping[Any, Any]) -> HashedFile:
    value = from_hex(image["phash"])
    size = {"width": image["width"], "height": image["height"], "size": image["bytes"]}
    return HashedFile(
        path=image["id"], sha256=image["id"], phash=value, upright=value, format=image["format"], **size
    )


def _glimpses(workspace: Workspace, images: Iterable[str]) -> dict[str, tuple[Glimpse, ...]]:
    seen: dict[str, tuple[Glimpse, ...]] = {}
    for image in images:
        data = workspace.blobs.get_thumbnail(image) or workspace.blobs.get(image)
        seen[image] = (glimpse(decode(data).image),)
    return seen


def _decide(
    workspace: Workspace,
    clusters: Mapping[str, tuple[str, ...]],
    files: Mapping[str, HashedFile],
    policy: Policy,
) -> tuple[int, int]:
    """Keep the best copy of each cluster and drop the rest; people's verdicts are not touched.

    Returns
    -------
    tuple
        How many pictures were newly dropped, and how many dropped ones returned that have no copy now.
    """
    standing = {row["image_id"]: row for row in workspace.reader.duplicate_verdicts().to_dict("records")}
    nobody = {None, BY_POLICY}
    free = {image for image in files if image not in standing or standing[image]["decided_by"] in nobody}
    copies = _copies(workspace, {m for members in clusters.values() for m in members}, files, policy)
    wanted: dict[str, tuple[str, str | None]] = {}
    for name, members in clusters.items():
        kept = [m for m in members if m not in free and standing[m]["verdict"] == "keep"]
        if not kept:
            asked = [m for m in members if m in free] or members
            kept = [choose([copies[member] for member in asked], policy.keep).id]
        for member in members:
            if member in free:
                wanted[member] = (name, None if member in kept else kept[0])
    rows = []
    for member, (name, duplicate_of) in wanted.items():
        verdict = "drop" if duplicate_of else "keep"
        last = standing.get(member, {})
        if last.get("verdict") != verdict or last.get("duplicate_of") != duplicate_of:
            rows.append(
                {"image_id": member, "cluster_id": name, "verdict": verdict, "duplicate_of": duplicate_of}
            )
    alone = [m for m in sorted(free - wanted.keys()) if standing.get(m, {}).get("verdict") == "drop"]
    rows += [
        {"image_id": m, "cluster_id": standing[m]["cluster_id"], "verdict": "keep", "duplicate_of": None}
        for m in alone
    ]
    stored = {"hash": policy.hash, "kind": "duplicates", "body": policy.as_json()}
    workspace.writer.add_duplicate_verdicts([{**row, "decided_by": BY_POLICY} for row in rows], stored)
    newly = [row for row in rows if row["verdict"] == "drop"]
    return sum(standing.get(row["image_id"], {}).get("verdict") != "drop" for row in newly), len(alone)


def _copies(
    workspace: Workspace, images: set[str], files: Mapping[str, HashedFile], policy: Policy
) -> dict[str, Copy]:
    """What the choice between copies looks at: the best licence and the first import of their sources."""
    rank = {licence: number for number, licence in enumerate(policy.licences)}
    licence = dict.fromkeys(images, len(rank) + 1)
    since = dict.fromkeys(images, math.inf)
    for row in workspace.reader.sources().to_dict("records") if images else ():
        image = row["image_id"]
        if image in images:
            named = rank.get(row["licence"], len(rank)) if row["licence"] else len(rank) + 1
            licence[image] = min(licence[image], named)
            # Not the time: within an import it follows the order of the listing.
            since[image] = min(since[image], float(row["import_id"]))
    return {
        image: Copy(
            image, files[image].width * files[image].height, files[image].size, licence[image], since[image]
        )
        for image in images
    }
