"""What changed between two releases."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.release.tables import iterate_table
from synsetlab.release.verify import read_release

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

__all__ = ["Compared", "compare_images", "compare_policies", "diff_releases"]


@dataclass
class _Picture:
    image: str
    split: str
    labels: set[str] = field(default_factory=set)
    """Open wnids."""
    hashes: set[str] = field(default_factory=set)
    """Hashes of sealed ones."""

    def shown(self) -> list[str]:
        return sorted(self.labels) or [f"sealed:{hashed[:12]}" for hashed in sorted(self.hashes)]

    def same_labels(self, other: _Picture) -> bool:
        """Where only one side is sealed, nobody can tell: then they count as the same."""
        if bool(self.labels) != bool(other.labels):
            return True
        return (self.labels, self.hashes) == (other.labels, other.hashes)


@dataclass
class Compared:
    """Two releases' pictures, side by side."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    relabelled: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    old: Counter[str] = field(default_factory=Counter)
    """Open labels of each class."""
    new: Counter[str] = field(default_factory=Counter)

    def classes(self) -> list[dict[str, Any]]:
        """Classes whose number of images differs: wnid, old, new."""
        return [
            {"wnid": wnid, "old": self.old[wnid], "new": self.new[wnid]}
            for wnid in sorted({*self.old, *self.new})
            if self.old[wnid] != self.new[wnid]
        ]


def diff_releases(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> dict[str, Any]:
    """Images added, removed, relabelled and moved between splits; per-class counts; policy changes.

    Returns
    -------
    dict
        ``added``, ``removed``: image ids; ``relabelled``, ``moved``: rows of image_id, old, new;
        ``classes``: rows of wnid, old, new (counts of open labels) where they differ; ``policy``: field to
        [old, new].

    Raises
    ------
    ReleaseError
        One of them is no release, or damaged.
    """
    before, after = read_release(old), read_release(new)
    found = compare_images(Path(old), Path(new))
    return {
        "added": found.added,
        "removed": found.removed,
        "relabelled": found.relabelled,
        "moved": found.moved,
        "classes": found.classes(),
        "policy": compare_policies(before["policy"], after["policy"]),
    }


def compare_images(old: Path, new: Path) -> Compared:
    """Walk through both releases' pictures at once, by image id."""
    found = Compared()
    before, after = _pictures(old, found.old), _pictures(new, found.new)
    left, right = next(before, None), next(after, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.image < right.image):
            assert left is not None
            found.removed.append(left.image)
            left = next(before, None)
        elif left is None or right.image < left.image:
            found.added.append(right.image)
            right = next(after, None)
        else:
            if not left.same_labels(right):
                row = {"image_id": left.image, "old": left.shown(), "new": right.shown()}
                found.relabelled.append(row)
            if left.split != right.split:
                found.moved.append({"image_id": left.image, "old": left.split, "new": right.split})
            left, right = next(before, None), next(after, None)
    return found


def compare_policies(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    """Field to [old, new] where they differ."""
    return {
        name: [old.get(name), new.get(name)]
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }


def _pictures(folder: Path, counts: Counter[str]) -> Iterator[_Picture]:
    held: _Picture | None = None
    columns = ("image_id", "split", "wnid", "label_hash")
    for image, split, wnid, hashed in iterate_table(folder / "images.parquet", columns):
        if held is None or held.image != image:
            if held is not None:
                yield held
            held = _Picture(image, split)
        if wnid:
            held.labels.add(wnid)
            counts[wnid] += 1
        else:
            held.hashes.add(hashed)
    if held is not None:
        yield held
