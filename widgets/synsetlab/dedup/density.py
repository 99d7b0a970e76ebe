"""What deduplication leaves of each class: quotas, diversity, and how much of the growth was new.

Diversity is measured twice. By the lossless size of the mean picture, as in the paper on ImageNet (Deng et
al., CVPR 2009, section 3.2): the more varied the pictures, the more uniform their mean and the fewer its
bytes. The codec is fixed so that sizes can be compared: 32 x 32 pixels, differences to the left neighbour,
LZMA2. And by the mean distance between the hashes of two pictures of the class: 32 bits for strangers, less
for the alike.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from synsetlab.candidates.decode import decode
from synsetlab.dedup.phash import from_hex
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from synsetlab.store.workspace import Workspace

__all__ = ["CODEC", "ClassDensity", "Growth", "density", "growth", "mean_distance", "mean_picture_bytes"]

CODEC: Final = "32x32/left-difference/lzma2"
"""Name of what sizes of mean pictures were made with; sizes of different names are not comparable."""

_SIDE: Final = 32
_FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9}]


@dataclass(frozen=True, slots=True)
class ClassDensity:
    """One class before and after duplicates were taken out."""

    wnid: str
    candidates: int
    distinct: int
    """Pictures that stay."""
    new: float
    """distinct / candidates: the share of the nominal size that is information."""
    mean_picture_bytes: int | None
    """Lossless size of the mean picture (:data:`CODEC`); fewer bytes, more variety. None: not measured."""
    mean_distance: float | None
    """Mean bits between the hashes of two pictures; None for fewer than two."""
    quota: str
    """``below``, ``within`` or ``above`` the wanted numbers."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What one import brought."""

    import_id: int
    kind: str
    found: int
    """Pictures it found that could be read, known ones too."""
    new_files: int
    """Those whose bytes the workspace had not."""
    new: int
    """Those of which no copy was there before: the first of their cluster, or alone."""


def density(
    workspace: Workspace,
    *,
    minimum: int = 0,
    maximum: int | None = None,
    pictures: bool = True,
    progress: Any = None,
) -> list[ClassDensity]:
    """Each class's numbers, by wnid; without `pictures`, mean pictures are not made (no file is read).

    Raises
    ------
    InputError
        The pictures' hashes are of different kinds.
    """
    images = workspace.reader.images().set_index("id")
    candidates = workspace.reader.candidates()
    dropped = set(images.index[images["duplicate_of"].notna()])
    kinds = sorted(images["phash_name"].dropna().unique())
    if len(kinds) > 1:
        raise InputError(
            f"The pictures have hashes of different kinds: {', '.join(kinds)}; they cannot be compared.",
            "Make them alike: synsetlab dedup run",
        )
    hashes = images["phash"].to_dict()
    rows = []
    classes = list(candidates.groupby("wnid")["image_id"])
    for wnid, members in progress(classes, desc="classes") if progress else classes:
        kept = sorted(set(members) - dropped)
        known = [from_hex(hashes[image]) for image in kept if hashes[image]]
        mean = mean_picture_bytes(_small(workspace, kept)) if pictures and kept else None
        below, above = len(kept) < minimum, maximum is not None and len(kept) > maximum
        rows.append(
            ClassDensity(
                wnid=str(wnid),
                candidates=len(members),
                distinct=len(kept),
                new=len(kept) / len(members),
                mean_picture_bytes=mean,
                mean_distance=mean_distance(np.array(known, dtype=np.uint64)),
                quota="below" if below else "above" if above else "within",
            )
        )
    return rows


def growth(workspace: Workspace) -> list[Growth]:
    """What each import brought that was new, in their order: nominal growth beside real."""
    sources = workspace.reader.sources()
    clusters = workspace.reader.clusters()
    cluster = dict(zip(clusters["image_id"], clusters["cluster_id"], strict=True))
    seen_files: set[str] = set()
    seen: set[str] = set()
    rows = []
    for run, part in sources.groupby("import_id"):
        images = set(part["image_id"])
        files = images - seen_files
        pictures = {cluster.get(image, image) for image in files}
        kinds = ", ".join(sorted({str(name) for name in part["provider"] if name}))
        rows.append(Growth(int(str(run)), kinds, len(part), len(files), len(pictures - seen)))
        seen_files |= images
        seen |= pictures
    return rows


def mean_picture_bytes(pictures: Iterable[npt.NDArray[np.uint8]]) -> int:
    """Lossless size of the mean of pictures, each uint8 of shape (32, 32, 3); 0 for none."""
    total = np.zeros((_SIDE, _SIDE, 3))
    count = 0
    for picture in pictures:
        total += picture
        count += 1
    if not count:
        return 0
    mean = np.rint(total / count).astype(np.uint8)
    left = np.diff(mean, axis=1, prepend=np.zeros((_SIDE, 1, 3), np.uint8))
    data = np.ascontiguousarray(left.transpose(2, 0, 1)).tobytes()
    return len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=_FILTERS))


def mean_distance(hashes: npt.NDArray[np.uint64]) -> float | None:
    """Mean Hamming distance of all pairs, exact in one pass over the bits; None for fewer than two."""
    n = hashes.size
    if n < 2:
        return None
    ones = np.array([int(np.count_nonzero(hashes & np.uint64(1 << bit))) for bit in range(64)], dtype=float)
    return float((ones * (n - ones)).sum() / (n * (n - 1) / 2))


def _small(workspace: Workspace, images: Sequence[str]) -> Iterable[npt.NDArray[np.uint8]]:
    for image in images:
        data = workspace.blobs.get_thumbnail(image) or workspace.blobs.get(image)
        picture = decode(data, draft=2 * _SIDE, grey=False).image
        yield np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX))
