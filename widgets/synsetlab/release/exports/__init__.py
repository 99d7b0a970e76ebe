"""Write a release in the layouts that training code and other tools read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.canonical import canonical_json
from synsetlab.errors import InputError
from synsetlab.release.boxes import BoxFile, read_boxes, release_boxes
from synsetlab.release.exports import (
    card,
    coco,
    croissant,
    fiftyone,
    huggingface,
    ilsvrc,
    imagefolder,
    kaggle,
    urls,
    votes,
    webdataset,
)
from synsetlab.release.exports.layout import Export
from synsetlab.release.exports.staging import appear, destination, refuse_others, staging
from synsetlab.release.verify import read_release

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from synsetlab.store.workspace import Workspace

__all__ = ["FORMATS", "Exported", "Format", "export_release", "find_format", "run_export"]


@dataclass(frozen=True)
class Format:
    """An export format: what it is, what writes it, whether it takes pictures from the workspace."""

    summary: str
    write: Callable[[Export], None]
    pictures: bool = True


@dataclass(frozen=True)
class Exported:
    """What an export wrote."""

    folder: Path
    format: str
    files: int
    left_out: list[dict[str, str]]
    """Pictures that the format cannot hold: image (export name), reason."""
    sealed_boxes: int = 0
    """Boxes that were passed over because the label of their picture is sealed."""


FORMATS: dict[str, Format] = {
    "card": Format("data card, datasheet and terms in Markdown", card.write_card, pictures=False),
    "coco": Format("pictures and COCO JSON of classes, and of boxes", coco.write_coco),
    "croissant": Format("Croissant 1.0 JSON-LD with the tables", croissant.write_croissant, pictures=False),
    "fiftyone": Format("FiftyOneImageClassificationDataset, a folder a split", fiftyone.write_fiftyone),
    "huggingface": Format("Hugging Face imagefolder with metadata.jsonl", huggingface.write_imagefolder),
    "huggingface-parquet": Format("Hugging Face Parquet with the pictures in it", huggingface.write_parquet),
    "ilsvrc": Format("archives, devkit and lists of ILSVRC2012", ilsvrc.write_ilsvrc),
    "imagefolder": Format("SPLIT/WNID/NAME: torchvision, timm, Keras", imagefolder.write_imagefolder),
    "kaggle": Format("CSV and tree of Kaggle's ImageNet challenge", kaggle.write_kaggle),
    "label-studio": Format(
        "votes and decisions as Label Studio tasks", votes.write_label_studio, pictures=False
    ),
    "tfds": Format("SPLIT/WNID/NAME: tfds.ImageFolder", imagefolder.write_tfds),
    "torchvision": Format(
        "extracted ILSVRC2012 with meta.bin: torchvision ImageNet", ilsvrc.write_torchvision
    ),
    "urls": Format("addresses and licences, no pictures", urls.write_urls, pictures=False),
    "votes": Format("votes, decisions and annotators as CSV", votes.write_votes, pictures=False),
    "webdataset": Format("WebDataset shards with SHA-256 sums", webdataset.write_webdataset),
}
"""Export formats by name."""


def find_format(name: str) -> Format:
    """The format of that name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in FORMATS:
        raise InputError(f"There is no export format {name!r}.", f"Formats: {', '.join(sorted(FORMATS))}.")
    return FORMATS[name]


def export_release(
    release: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    format_: str,
    *,
    workspace: Workspace | None = None,
    link: bool = False,
    boxes: str | os.PathLike[str] | None = None,
    progress: Any = None,
) -> int:
    """`run_export`, for those who only want to know how many files the export has."""
    made = run_export(
        release, folder, format_, workspace=workspace, link=link, boxes=boxes, progress=progress
    )
    return made.files


def run_export(
    release: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    format_: str,
    *,
    workspace: Workspace | None = None,
    link: bool = False,
    boxes: str | os.PathLike[str] | None = None,
    progress: Any = None,
) -> Exported:
    """Write `release` into `folder` as `format_`.

    The export is written beside its place and appears whole. One that was killed is gone on with by the
    next run of the same. Where `folder` holds this export already, what is missing or of another size
    comes back. The same release, format and boxes give the same bytes.

    Parameters
    ----------
    workspace
        The one that the release was frozen from: its pictures are taken from there.
    link
        Make pictures hard links to the workspace's own, read-only, instead of copies.
    boxes
        CSV with the columns image, wnid, xmin, ymin, xmax, ymax, for the formats that hold boxes, instead of
        those that the release holds.
    progress
        As ``tqdm.auto.tqdm``.

    Raises
    ------
    InputError
        There is no such format, it needs a workspace, or the boxes cannot be used.
    ReleaseError
        The release cannot be read, a picture is gone, or `folder` holds something else.
    """
    format_found = find_format(format_)
    home = Path(release)
    described = read_release(home)
    if format_found.pictures and workspace is None:
        raise InputError(f"{format_} needs the pictures.", "Give the workspace that they are in.")
    given = BoxFile(release_boxes(home)) if boxes is None else read_boxes(boxes, home)
    found, sealed = given.boxes, given.sealed
    target, occupied = destination(folder, home)
    marks = [described["identity"], format_, link, hashlib.sha256(repr(found).encode()).hexdigest()]
    with staging(target, canonical_json(marks)) as aside:
        root = target if occupied else aside / "export"
        export = Export(
            home,
            described,
            root,
            aside / "parts",
            store=workspace,
            link=link,
            boxes=found,
            progress=progress,
            keep=not occupied,
        )
        if occupied:
            plan = replace(export, dry=True, paths=set())
            format_found.write(plan)
            refuse_others(target, plan.paths, format_)
        format_found.write(export)
        if not occupied:
            appear(root, target)
    return Exported(Path(folder), format_, len(export.paths), export.left_out, sealed)
