"""The memberships that a release may hold, as columns of numbers: a few dozen bytes each.

The order is that of `Snapshot.memberships`, which is read again when the tables are written.
"""

from __future__ import annotations

import hashlib
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.release.identity import derive, label_hash
from synsetlab.release.splits import NO_SPLIT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy.typing as npt

    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.release.previous import Previous
    from synsetlab.store.snapshot import Snapshot

    Numbers = npt.NDArray[np.int32]
    Splits = npt.NDArray[np.int8]

__all__ = ["ByImage", "Members", "Sample", "gather", "memberships"]

EXAMPLES = 5
"""So many images are named where many are meant."""


class ByImage:
    """Rows that come ordered by image, handed out image by image in the same order."""

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def at(self, image: str) -> list[dict[str, Any]]:
        """The rows of `image`; ask for images in ascending order, each once."""
        found = []
        while self._next is not None and self._next["image_id"] <= image:
            if self._next["image_id"] == image:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found


@dataclass
class Sample:
    """How many, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(name)


@dataclass
class Members:
    """Memberships in order; arrays of shape (P,) unless another is given."""

    classes: list[str]
    """The wnid of each class code, ascending."""
    image: npt.NDArray[np.int32]
    """Number of the picture, from 0 by image id."""
    asked: npt.NDArray[np.int32]
    """Class that was voted on."""
    label: npt.NDArray[np.int32]
    """Class in the release: another one where it was chosen among several, or small classes are merged."""
    yes: npt.NDArray[np.int32]
    votes: npt.NDArray[np.int32]
    keep: npt.NDArray[np.bool_]
    """Whether it can be, and in the end is, in the release."""
    accepted: npt.NDArray[np.bool_]
    group: npt.NDArray[np.int32]
    key: npt.NDArray[np.uint64]
    """Shape (G,): order of the groups."""
    fixed: npt.NDArray[np.int8]
    """Shape (G,): the split that the previous release gave."""
    carried: npt.NDArray[np.int8]
    """Shape (images,): the split of each picture in the previous release."""
    split: npt.NDArray[np.int8]
    conflicts: Sample
    """Duplicate clusters whose pictures the previous release has in different splits."""
    vanished: Sample
    """Pictures of the previous release that are not in the workspace's pool any more."""
    no_licence: Sample
    no_author: Sample

    @property
    def n_images(self) -> int:
        """Distinct pictures in the pool."""
        return int(self.carried.size)


def memberships(snapshot: Snapshot, policy: ReleasePolicy, gone: Collection[str]) -> Iterator[dict[str, Any]]:
    """The pool of a release: accepted memberships, or those voted on; without what was taken down."""
    voted = policy.sampling is not None and policy.sampling.pool == "voted"
    for row in snapshot.memberships(accepted_only=not voted):
        if row["image_id"] not in gone:
            yield row


def gather(
    snapshot: Snapshot, policy: ReleasePolicy, seed: int, previous: Previous, gone: Collection[str]
) -> Members:
    """Read the pool once and keep the numbers."""
    reading = _Reading(snapshot, policy, seed, previous, gone)
    for row in memberships(snapshot, policy, gone):
        reading.take(row)
    reading.skip_previous(None)
    return reading.finish()


class _Reading:
    """The state of `gather`."""

    def __init__(
        self,
        snapshot: Snapshot,
        policy: ReleasePolicy,
        seed: int,
        previous: Previous,
        gone: Collection[str],
    ) -> None:
        self.policy, self.seed, self.gone = policy, seed, gone
        self.secret = snapshot.setting("secret")
        self.names = list(policy.splits)
        self.codes = {wnid: code for code, wnid in enumerate(sorted(snapshot.reader.synsets()["wnid"]))}
        self.sources = ByImage(snapshot.sources())
        self.previous = previous.images()
        self.before = next(self.previous, None)
        self.here: tuple[str, str, set[str], set[str]] | None = None
        self.current = ""
        columns = ("image", "asked", "label", "yes", "votes", "accepted", "keep")
        self.columns = {name: array("i") for name in columns}
        self.keys = array("Q")
        self.carried = array("b")
        self.links: dict[str, tuple[array[int], array[int], dict[str, int]]] = {}
        self.vanished, self.no_licence, self.no_author = Sample(), Sample(), Sample()

    def take(self, row: dict[str, Any]) -> None:
        """Take in one membership."""
        accepted = row["outcome"] == "accepted"
        if row["image_id"] != self.current:
            self._new_image(row["image_id"], row["cluster_id"], accepted=accepted)
        keep = accepted
        if not accepted and self.here is not None:  # drawn before by its frequency: it stays
            salt = derive(self.secret, "label", row["image_id"], row["wnid"])
            sealed = label_hash(salt, row["image_id"], row["wnid"])
            keep = row["wnid"] in self.here[2] or sealed in self.here[3]
        columns = self.columns
        columns["image"].append(len(self.keys) - 1)
        columns["asked"].append(self.codes[row["wnid"]])
        label = self.codes.get(row["label"] or row["wnid"], -1)  # -1: a choice that is no class of ours
        columns["label"].append(max(label, 0))
        columns["yes"].append(row["n_yes"])
        columns["votes"].append(row["n_yes"] + row["n_no"] + row["n_unsure"] + row["n_label"])
        columns["accepted"].append(accepted)
        columns["keep"].append(keep and label >= 0)

    def _new_image(self, image: str, cluster: str | None, *, accepted: bool) -> None:
        self.current = image
        digest = hashlib.sha256(f"{self.seed}:{image}".encode()).digest()
        self.keys.append(int.from_bytes(digest[:8], "big"))
        self.skip_previous(image)
        self.here = None
        split = NO_SPLIT
        if self.before is not None and self.before[0] == image:
            self.here = self.before
            split = self.names.index(self.before[1])
            self.before = next(self.previous, None)
        self.carried.append(split)
        if cluster is not None:
            self._link("cluster", cluster)
        sources = self.sources.at(image)
        for column in self.policy.group_by:
            for value in sorted({" ".join(source[column].casefold().split()) for source in sources} - {""}):
                self._link(column, value)
        if accepted:
            if not any(source["licence"].strip() for source in sources):
                self.no_licence.add(image)
            if not any(source["author"].strip() for source in sources):
                self.no_author.add(image)

    def skip_previous(self, image: str | None) -> None:
        """Pass over the pictures of the previous release before `image`: they are not in the pool."""
        while self.before is not None and (image is None or self.before[0] < image):
            if self.before[0] not in self.gone:
                self.vanished.add(self.before[0])
            self.before = next(self.previous, None)

    def _link(self, kind: str, value: str) -> None:
        images, values, codes = self.links.setdefault(kind, (array("i"), array("i"), {}))
        images.append(len(self.keys) - 1)
        values.append(codes.setdefault(value, len(codes)))

    def finish(self) -> Members:
        """The arrays, with groups."""
        columns = {name: np.array(values, np.int32) for name, values in self.columns.items()}
        keys, carried = np.array(self.keys, np.uint64), np.array(self.carried, np.int8)
        clusters = _components(keys.size, [link for kind, link in self.links.items() if kind == "cluster"])
        wide = _components(keys.size, list(self.links.values()))
        group, fixed, heads = _groups(clusters, wide, carried)
        return Members(
            classes=sorted(self.codes),
            image=columns["image"],
            asked=columns["asked"],
            label=columns["label"],
            yes=columns["yes"],
            votes=columns["votes"],
            keep=columns["keep"].astype(bool),
            accepted=columns["accepted"].astype(bool),
            group=group[columns["image"]],
            key=keys[heads],
            fixed=fixed,
            carried=carried,
            split=np.full(columns["image"].size, NO_SPLIT, np.int8),
            conflicts=self._conflicts(clusters, carried),
            vanished=self.vanished,
            no_licence=self.no_licence,
            no_author=self.no_author,
        )

    def _conflicts(self, clusters: Numbers, carried: Splits) -> Sample:
        lowest, highest = _range_of(clusters, carried)
        found = Sample()
        if not (torn := np.flatnonzero(lowest != highest)).size:
            return found
        images, values, codes = self.links["cluster"]
        names = {code: name for name, code in codes.items()}
        seen = dict(zip(clusters[np.array(images)].tolist(), values, strict=True))
        for number in torn.tolist():
            found.add(names[seen[number]])
        return found


def _components(size: int, links: list[tuple[array[int], array[int], dict[str, int]]]) -> Numbers:
    """Which pictures hang together, numbered by their first picture; values are further nodes."""
    if not size:
        return np.zeros(0, np.int32)
    from scipy.sparse import coo_array  # noqa: PLC0415 - heavy, and only freezing needs it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    ends, starts, nodes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], size
    for images, values, codes in links:
        starts.append(np.array(images, np.int64))
        ends.append(np.array(values, np.int64) + nodes)
        nodes += len(codes)
    start, end = np.concatenate(starts), np.concatenate(ends)
    graph = coo_array((np.ones(start.size, np.int8), (start, end)), shape=(nodes, nodes))
    return _renumber(connected_components(graph, directed=False)[1][:size])


def _renumber(labels: npt.NDArray[Any]) -> Numbers:
    """The same groups, numbered from 0 by their first element."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int32)
    rank[np.argsort(first)] = np.arange(first.size, dtype=np.int32)
    return rank[inverse].astype(np.int32)


def _range_of(groups: Numbers, splits: Splits) -> tuple[Splits, Splits]:
    """The lowest and the highest split in each group; `NO_SPLIT` where there is none."""
    size = int(groups.max()) + 1 if groups.size else 0
    lowest, highest = np.full(size, 127, np.int8), np.full(size, NO_SPLIT, np.int8)
    dealt = splits != NO_SPLIT
    np.minimum.at(lowest, groups[dealt], splits[dealt])
    np.maximum.at(highest, groups[dealt], splits[dealt])
    lowest[lowest == 127] = NO_SPLIT
    return lowest, highest


def _groups(clusters: Numbers, wide: Numbers, carried: Splits) -> tuple[Numbers, Splits, Numbers]:
    """Group of each picture, split that each group has already, first picture of each group.

    A wide group (an author's pictures, say) that the previous release has in several splits cannot be
    healed: its clusters are groups of their own then, the new ones in the first of those splits.
    """
    lowest, highest = _range_of(wide, carried)
    torn = (lowest != highest)[wide]
    group = _renumber(np.where(torn, clusters.astype(np.int64) + wide.size, wide))
    own, _ = _range_of(group, carried)
    inherited, _ = _range_of(group, lowest[wide])
    heads = np.unique(group, return_index=True)[1].astype(np.int32)
    return group, np.where(own == NO_SPLIT, inherited, own).astype(np.int8), heads
