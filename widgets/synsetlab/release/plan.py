"""From the pool to the release: small classes, caps, sampling, splits. Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.release.members import Members, Sample, gather, memberships
from synsetlab.release.sampling import choose_by_frequency, histogram
from synsetlab.release.splits import NO_SPLIT, SplitPlan, cap_classes, deal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt
    import pandas as pd

    from synsetlab.release.policy import ReleasePolicy, Sampling
    from synsetlab.release.previous import Previous, Tombstone
    from synsetlab.store.snapshot import Snapshot

__all__ = ["Plan", "plan_release"]


@dataclass
class Plan:
    """What a release would hold."""

    members: Members
    tombstones: dict[str, Tombstone]
    """Pictures that were taken down, now or before, by id."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Accepted pictures of classes that were too small, by wnid."""
    merged: dict[str, str] = field(default_factory=dict)
    """Small classes and the class that they went into."""
    short: list[dict[str, Any]] = field(default_factory=list)
    """Classes with fewer pictures in a split than its number: wnid, split, images, wanted."""
    largest: int = 0
    """Accepted pictures of the largest class in the pool."""
    vanished: Sample = field(default_factory=Sample)
    """Pictures of the previous release that this one would lose without a tombstone."""

    @property
    def in_release(self) -> npt.NDArray[np.bool_]:
        """Shape (P,): memberships that the release holds."""
        inside: npt.NDArray[np.bool_] = self.members.keep & (self.members.split != NO_SPLIT)
        return inside


def plan_release(
    snapshot: Snapshot,
    policy: ReleasePolicy,
    seed: int,
    previous: Previous,
    takedowns: Mapping[str, Tombstone],
) -> Plan:
    """Deal the pictures of a workspace: by its state, the policy, the seed and the predecessor alone."""
    stones = dict(sorted({**takedowns, **previous.tombstones()}.items()))
    members = gather(snapshot, policy, seed, previous, stones.keys())
    plan = Plan(members, stones, vanished=members.vanished)
    splits = SplitPlan.of(policy.splits)
    least = max(policy.min_per_class, splits.needed)
    _keep_one_label(members)
    plan.largest = int(_sizes(members).max(initial=0))
    if policy.small_classes == "merge":
        _merge(plan, least, snapshot.reader.edges())
    _drop_small(plan, least)
    if policy.max_per_class is not None:
        usable = np.flatnonzero(members.keep)
        held = members.carried[members.image[usable]] != NO_SPLIT
        label, group = members.label[usable], members.group[usable]
        members.keep[usable] = cap_classes(label, group, members.key, held, policy.max_per_class)
    dealt = splits
    if policy.sampling is not None:
        _sample(plan, policy.sampling, int(policy.splits[policy.sampling.split]), splits, previous)
        dealt = replace(splits, sizes={**splits.sizes, policy.sampling.split: 0})
    usable = np.flatnonzero(members.keep)
    found = deal(members.label[usable], members.group[usable], members.key, members.fixed, dealt)
    members.split[usable] = found[members.group[usable]]
    plan.short = _short(plan, splits)
    _find_lost(plan, memberships(snapshot, policy, stones.keys()))
    return plan


def _sizes(members: Members) -> npt.NDArray[np.int64]:
    """Shape (C,): accepted pictures of each class."""
    return np.bincount(members.label[members.keep], minlength=len(members.classes))


def _known(members: Members) -> npt.NDArray[np.bool_]:
    """Shape (C,): classes of which the previous release has a picture; they are never too small."""
    held = members.keep & (members.carried[members.image] != NO_SPLIT)
    known = np.zeros(len(members.classes), bool)
    known[members.label[held]] = True
    return known


def _drop_small(plan: Plan, least: int) -> None:
    members = plan.members
    sizes = _sizes(members)
    small = (sizes < least) & ~_known(members)
    for code in np.flatnonzero(small & (sizes > 0)).tolist():
        plan.left_out[members.classes[code]] = int(sizes[code])
    members.keep &= ~small[members.label]


def _merge(plan: Plan, least: int, edges: pd.DataFrame) -> None:
    """Small classes go up into the nearest chosen hypernym, the deepest first."""
    members = plan.members
    parents: dict[str, list[str]] = {}
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        parents.setdefault(child, []).append(parent)
    codes = {wnid: code for code, wnid in enumerate(members.classes)}
    above = {wnid: _levels(wnid, parents) for wnid in members.classes}
    sizes, known = _sizes(members), _known(members)
    target = np.arange(len(members.classes))
    deepest_first = sorted(codes, key=lambda wnid: (-sum(map(len, above[wnid])), wnid))
    for wnid in deepest_first:
        code = codes[wnid]
        if known[code] or not 0 < sizes[code] < least:
            continue
        nearest = next((up for level in above[wnid] for up in level if up in codes), None)
        if nearest is not None:
            target[code] = codes[nearest]
            sizes[codes[nearest]] += sizes[code]
    for wnid in reversed(deepest_first):
        target[codes[wnid]] = target[target[codes[wnid]]]
    members.label = target[members.label].astype(np.int32)
    moved = np.flatnonzero(target != np.arange(target.size))
    plan.merged = {members.classes[code]: members.classes[target[code]] for code in moved.tolist()}
    _keep_one_label(members)


def _levels(wnid: str, parents: Mapping[str, list[str]]) -> list[list[str]]:
    """The ancestors by distance, each once, in order."""
    seen, levels, level = {wnid}, [], [wnid]
    while level:
        above = sorted({up for name in level for up in parents.get(name, [])} - seen)
        seen.update(above)
        if above:
            levels.append(above)
        level = above
    return levels


def _keep_one_label(members: Members) -> None:
    """Two memberships of a picture that are one class now are one row: the one that was asked so."""
    usable = np.flatnonzero(members.keep)
    other = members.label[usable] != members.asked[usable]
    order = usable[np.lexsort((usable, other, members.label[usable], members.image[usable]))]
    image, label = members.image[order], members.label[order]
    again = np.flatnonzero((np.diff(image) == 0) & (np.diff(label) == 0)) + 1
    members.keep[order[again]] = False


def _sample(plan: Plan, how: Sampling, wanted: int, splits: SplitPlan, previous: Previous) -> None:
    """Choose one split's pictures by selection frequency; what hangs together with them is left out."""
    members = plan.members
    code = splits.names.index(how.split)
    weights, overall = _weights(how, previous)
    sizes = _sizes(members)
    open_ = members.fixed[members.group] == NO_SPLIT
    held = members.keep & (members.fixed[members.group] == code)
    have = np.bincount(members.label[held], minlength=sizes.size)
    labels_of = np.bincount(members.image[members.keep], minlength=members.n_images)
    alone = labels_of[members.image] == members.keep.astype(int)  # no second class hangs on it
    drawable = open_ & alone & (sizes > 0)[members.label] & (members.keep | ~members.accepted)
    places = np.flatnonzero(drawable)
    places = places[np.lexsort((places, members.key[members.group[places]], members.label[places]))]
    chosen: list[int] = []
    taken: set[int] = set()
    for part in np.split(places, np.flatnonzero(np.diff(members.label[places])) + 1):
        candidates = []
        seen: set[int] = set()  # of a group, the first
        for place, group in zip(part.tolist(), members.group[part].tolist(), strict=True):
            if group not in taken and group not in seen:
                seen.add(group)
                candidates.append((place, int(members.yes[place]), int(members.votes[place])))
        if not candidates:
            continue
        label = int(members.label[part[0]])
        weight = weights.get(members.classes[label], overall)
        drawn = choose_by_frequency(candidates, max(0, wanted - int(have[label])), how, weight)
        chosen += drawn
        taken.update(members.group[drawn].tolist())
    groups = np.zeros(members.key.size, bool)
    groups[members.group[chosen]] = True
    members.keep[groups[members.group]] = False
    members.keep[chosen] = True
    members.fixed[groups] = code


def _weights(how: Sampling, previous: Previous) -> tuple[dict[str, list[int]], list[float] | None]:
    """The reference's histogram of each class, and of all together for classes that it lacks."""
    if how.strategy != "matched-frequency" or how.reference is None:
        return {}, how.histogram
    found = previous.frequencies(how.reference)
    weights = {wnid: histogram(rows, how.bins) for wnid, rows in found.items()}
    overall = [float(sum(column)) for column in zip(*weights.values(), strict=True)]
    return {wnid: weight for wnid, weight in weights.items() if sum(weight)}, overall


def _short(plan: Plan, splits: SplitPlan) -> list[dict[str, Any]]:
    if splits.shares:
        return []
    members = plan.members
    inside = plan.in_release
    counts = np.zeros((len(members.classes), len(splits.names)), np.int64)
    np.add.at(counts, (members.label[inside], members.split[inside]), 1)
    found = []
    for label in np.flatnonzero(counts.sum(axis=1)).tolist():
        for code, name in enumerate(splits.names):
            wanted = splits.sizes[name]
            if isinstance(wanted, int) and counts[label, code] < wanted:
                row = {"wnid": members.classes[label], "split": name, "images": int(counts[label, code])}
                found.append({**row, "wanted": wanted})
    return found


def _find_lost(plan: Plan, rows: Iterable[dict[str, Any]]) -> None:
    """Pictures of the predecessor that are in the pool still, but would not be in this release."""
    members = plan.members
    there = np.zeros(members.n_images, bool)
    there[members.image[plan.in_release]] = True
    lost = (members.carried != NO_SPLIT) & ~there
    if not lost.any():
        return
    last = -1
    for number, row in zip(members.image.tolist(), rows, strict=True):
        if number != last and lost[number]:
            plan.vanished.add(row["image_id"])
        last = number
