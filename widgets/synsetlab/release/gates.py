"""What blocks a release: each gate counts what is against it, names a few, and says what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.dedup.hamming import hash_graph
from synsetlab.errors import InputError
from synsetlab.release.members import EXAMPLES, Sample, memberships
from synsetlab.release.policy import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.release.audit import Audit
    from synsetlab.release.plan import Plan
    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.release.previous import Previous
    from synsetlab.store.snapshot import Snapshot

__all__ = ["Block", "find_blocks"]


@dataclass(frozen=True)
class Block:
    """Something that stands against a release."""

    gate: str
    """The name of the gate: a word for machines."""
    message: str
    count: int
    """How many images, questions, classes, ... are against it."""
    examples: list[str] = field(default_factory=list)
    """The first few of them."""
    remedy: str = ""


def find_blocks(
    snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, previous: Previous, audit: Audit | None
) -> list[Block]:
    """All that blocks; empty when nothing does."""
    empty = _empty(policy, plan)
    if empty is not None:
        return [empty, *_chain(policy, plan, previous)]
    return [
        *_pictures(policy, plan),
        *_votes(snapshot, policy, plan),
        *_near(snapshot, policy, plan),
        *_classes(snapshot, policy, plan),
        *_chain(policy, plan, previous),
        *_audit(policy, plan, audit),
    ]


def _empty(policy: ReleasePolicy, plan: Plan) -> Block | None:
    if not plan.largest:
        message = "No image is accepted yet: collect votes and run the consensus first."
        return Block("accepted", message, 0, [], "synsetlab consensus run")
    if plan.in_release.any():
        return None
    message = f"No class has {policy.min_per_class} accepted images; the largest has {plan.largest}."
    if plan.largest >= policy.min_per_class:
        message = (
            f"No class has enough accepted images for its splits {policy.splits}; the largest has "
            f"{plan.largest}."
        )
    remedy = "Lower min_per_class or the sizes in splits, or collect more."
    return Block("classes", message, len(plan.left_out), sorted(plan.left_out)[:EXAMPLES], remedy)


def _pictures(policy: ReleasePolicy, plan: Plan) -> Iterable[Block]:
    members = plan.members
    gates = (
        ("licence", policy.require_licence, members.no_licence, "licence"),
        ("attribution", policy.require_attribution, members.no_author, "author"),
    )
    for gate, asked, without, column in gates:
        if asked and without.count:
            message = f"{without.count} accepted images have no {column}; the first is {without.examples[0]}."
            remedy = f"Import them again with a {column}, or take them out with --takedowns."
            yield Block(gate, message, without.count, without.examples, remedy)


def _votes(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan) -> Iterable[Block]:
    for gate, asked, outcome, what, remedy in (
        ("decisions", policy.require_decisions, "open", "still open", "Collect votes and run the consensus."),
        ("disputes", policy.require_no_disputes, "ambiguous", "waiting for an expert",
         "Settle them: synsetlab review list"),
    ):  # fmt: skip
        if not asked:
            continue
        found = Sample()
        for row in snapshot.unsettled(outcome):
            if row["image_id"] not in plan.tombstones:
                found.add(f"{row['image_id']} {row['wnid']}")
        if found.count:
            message = f"{found.count} questions are {what}."
            yield Block(gate, message, found.count, found.examples, remedy)
    if policy.min_votes:
        inside = plan.in_release & (plan.members.votes < policy.min_votes)
        count = int(inside.sum())
        if count:
            message = f"{count} images have fewer than {policy.min_votes} votes."
            examples = _names(snapshot, policy, plan, np.flatnonzero(inside)[:EXAMPLES].tolist())
            yield Block("min_votes", message, count, examples, "Collect more votes for them.")


def _near(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan) -> Iterable[Block]:
    torn = plan.members.conflicts
    if torn.count:
        message = (
            f"{torn.count} duplicate clusters have images that the previous release put in different splits."
        )
        remedy = "Take the copies in one of the splits down with --takedowns."
        yield Block("cross_split_clusters", message, torn.count, torn.examples, remedy)
    if policy.cross_split_distance is None:
        return
    found = _near_pairs(snapshot, policy, plan, policy.cross_split_distance)
    if found.count:
        message = (
            f"{found.count} pairs of images in different splits have hashes at most "
            f"{policy.cross_split_distance} apart."
        )
        remedy = (
            "Look for duplicates and rule on them: synsetlab dedup scan; then drop, or 'not-a-duplicate'."
        )
        yield Block("cross_split_pairs", message, found.count, found.examples, remedy)


def _near_pairs(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, distance: int) -> Sample:
    """Pairs of released images in different splits, save those that were judged different pictures."""
    inside = plan.in_release
    names: list[str] = []
    splits: list[int] = []
    hashes: list[int] = []
    kinds: set[str] = set()
    rows = memberships(snapshot, policy, plan.tombstones.keys())
    for place, row in enumerate(rows):
        if inside[place] and row["phash"] and (not names or names[-1] != row["image_id"]):
            names.append(row["image_id"])
            splits.append(int(plan.members.split[place]))
            hashes.append(int(row["phash"], 16))
            kinds.add(str(row["phash_name"]))
    if len(kinds) > 1:
        raise InputError(
            f"The pictures have hashes of different kinds: {', '.join(sorted(kinds))}; "
            "cross_split_distance cannot compare them.",
            "Make them alike: synsetlab dedup run",
        )
    if len(hashes) < 2:
        return Sample()
    graph = hash_graph(np.array(hashes, np.uint64), distance)
    holders: dict[int, list[int]] = {}
    for number, unique in enumerate(graph.inverse.tolist()):
        holders.setdefault(unique, []).append(number)
    judged = _judged_different(snapshot)
    found = Sample()
    same = ((unique, unique) for unique, held in holders.items() if len(held) > 1)
    pairs = zip(graph.pairs.i.tolist(), graph.pairs.j.tolist(), strict=True)
    for left, right in [*same, *pairs]:
        for a in holders[left]:
            for b in holders[right]:
                pair = tuple(sorted((names[a], names[b])))
                if splits[a] != splits[b] and (left != right or a < b) and pair not in judged:
                    found.add(" ".join(pair))
    return found


def _judged_different(snapshot: Snapshot) -> set[tuple[str, str]]:
    verdicts = snapshot.reader.duplicate_verdicts()
    freed = set(verdicts.loc[verdicts["verdict"] == "not-a-duplicate", "image_id"])
    return {(row["a"], row["b"]) for row in snapshot.pairs() if row["a"] in freed or row["b"] in freed}


def _classes(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan) -> Iterable[Block]:
    if not policy.excluded_synsets:
        return
    edges = snapshot.reader.edges()
    children: dict[str, list[str]] = {}
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        children.setdefault(parent, []).append(child)
    excluded, waiting = set(policy.excluded_synsets), list(policy.excluded_synsets)
    while waiting:
        for child in children.get(waiting.pop(), []):
            if child not in excluded:
                excluded.add(child)
                waiting.append(child)
    labels = np.unique(plan.members.label[plan.in_release]).tolist()
    found = [wnid for wnid in (plan.members.classes[label] for label in labels) if wnid in excluded]
    if found:
        message = (
            f"{len(found)} classes are excluded, or lie under an excluded synset; the first is {found[0]}."
        )
        remedy = "Take them out of the selection, or the synset out of excluded_synsets."
        yield Block("excluded_synsets", message, len(found), found[:EXAMPLES], remedy)


def _chain(policy: ReleasePolicy, plan: Plan, previous: Previous) -> Iterable[Block]:
    if plan.vanished.count:
        message = f"{plan.vanished.count} images of the previous release would vanish without a tombstone."
        remedy = "List them in a CSV with the columns image, reason, date and give it with --takedowns."
        yield Block("vanished", message, plan.vanished.count, plan.vanished.examples, remedy)
    before: dict[str, Any] = previous.release.get("policy", {})
    unsealed = [name for name in before.get("sealed", []) if name not in policy.sealed]
    if unsealed and version_key(policy.version)[0] == version_key(previous.release["version"])[0]:
        message = f"The labels of {', '.join(unsealed)} are sealed in {previous.release['version']}."
        remedy = "Keep the split in sealed, or publish its labels with the next major version."
        yield Block("sealed", message, len(unsealed), unsealed[:EXAMPLES], remedy)


def _audit(policy: ReleasePolicy, plan: Plan, audit: Audit | None) -> Iterable[Block]:
    if policy.min_precision is None:
        return
    draw = (
        "Draw a sample with --draw-audit FILE, have experts fill in the column correct, give it with --audit."
    )
    if audit is None:
        message = f"The precision is to be at least {policy.min_precision:g}, and no audit was given."
        yield Block("precision", message, 1, [], draw)
        return
    classes = int(np.unique(plan.members.label[plan.in_release]).size)
    wanted = min(policy.audit_synsets, classes)
    if audit.synsets < wanted:
        message = f"The audit looked at {audit.synsets} classes; {wanted} are needed."
        yield Block("precision", message, wanted - audit.synsets, [], draw)
    elif audit.low < policy.min_precision:
        message = (
            f"The audited precision is {audit.precision:.4f}, at least {audit.low:.4f} with 95 % confidence: "
            f"below {policy.min_precision:g}."
        )
        remedy = "Look at the images that were found wrong, and review their classes; or audit more images."
        yield Block("precision", message, audit.images - audit.correct, audit.wrong[:EXAMPLES], remedy)


def _names(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, places: list[int]) -> list[str]:
    wanted, found = set(places), []
    for place, row in enumerate(memberships(snapshot, policy, plan.tombstones.keys())):
        if place in wanted:
            found.append(row["image_id"])
        if len(found) == len(places):
            break
    return found
