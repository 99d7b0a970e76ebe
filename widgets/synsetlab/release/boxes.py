"""Boxes of a release's pictures: read from a CSV, or from the release itself."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.release.tables import TableWriter, iterate_table

if TYPE_CHECKING:
    import os

__all__ = ["SIDES", "Box", "BoxFile", "read_boxes", "release_boxes", "write_boxes"]

SIDES = ("xmin", "ymin", "xmax", "ymax")
COLUMNS = ("image", "wnid", *SIDES)
IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")


class Box(NamedTuple):
    """A box in pixels, counted from 0, both ends within it."""

    wnid: str
    xmin: int
    ymin: int
    xmax: int
    ymax: int


class BoxFile(NamedTuple):
    """What a file of boxes holds of a release."""

    boxes: dict[str, list[Box]]
    """By image id, ascending."""
    sealed: int = 0
    """Boxes that were passed over because the label of their picture is sealed."""
    elsewhere: int = 0
    """Boxes of pictures that are not in the release."""


def read_boxes(file: str | os.PathLike[str], release: Path, *, others: bool = False) -> BoxFile:
    """The boxes in a CSV.

    Columns: image (export name with or without its ending, or image id), wnid, xmin, ymin, xmax, ymax.

    Parameters
    ----------
    release
        Its folder; ``images.parquet`` is enough.
    others
        Pass over image ids that the release does not have.

    Raises
    ------
    InputError
        The file cannot be read, or a row names no picture of the release or no box.
    """
    rows = _rows(file)
    wanted = {row["image"] for _, row in rows}
    known: dict[str, tuple[str, bool]] = {}
    columns = ("image_id", "export_name", "wnid")
    for image, name, wnid in iterate_table(release / "images.parquet", columns):
        for key in wanted.intersection((image, name, Path(name).stem)):
            known[key] = (image, wnid is None)
    boxes: dict[str, set[Box]] = {}
    sealed = elsewhere = 0
    for number, row in rows:
        if others and row["image"] not in known and IMAGE_ID.fullmatch(row["image"]):
            elsewhere += 1
            continue
        if row["image"] not in known:
            raise InputError(
                f"{file}, line {number}: no picture {row['image']!r} is in the release.",
                "Use the export_name or the image_id of images.parquet.",
            )
        image, closed = known[row["image"]]
        sealed += closed
        if not closed:
            boxes.setdefault(image, set()).add(_box(row, f"{file}, line {number}"))
    return BoxFile({image: sorted(found) for image, found in sorted(boxes.items())}, sealed, elsewhere)


def release_boxes(release: Path) -> dict[str, list[Box]]:
    """The boxes that a release holds, by image id; empty where it has none."""
    file = release / "boxes.parquet"
    boxes: dict[str, list[Box]] = {}
    if file.is_file():
        for image, *box in iterate_table(file, ("image_id", "wnid", *SIDES)):
            boxes.setdefault(image, []).append(Box(*box))
    return boxes


def write_boxes(
    file: str | os.PathLike[str] | None, previous: Path | None, folder: Path
) -> tuple[dict[str, Any], dict[str, int]] | None:
    """Write ``boxes.parquet`` of the release in `folder`, whose ``images.parquet`` is written.

    Pictures that `file` does not name keep the boxes that they have in the `previous` release.

    Returns
    -------
    rows and content hash, counts
        None where there are no boxes to speak of, and no table.
    """
    before = release_boxes(previous) if previous is not None else {}
    if file is None and not before:
        return None
    given = read_boxes(file, folder, others=True) if file is not None else BoxFile({})
    rows = iterate_table(folder / "images.parquet", ("image_id", "wnid"))
    kept = {image: before[image] for image, wnid in rows if wnid is not None and image in before}
    boxes = kept | given.boxes
    with TableWriter("boxes", folder / "boxes.parquet") as writer:
        for image, found in sorted(boxes.items()):
            for box in found:
                writer.add({"image_id": image, **box._asdict()})
    counts = {"pictures": len(boxes), "sealed": given.sealed, "elsewhere": given.elsewhere}
    return writer.describe(), counts


def _rows(file: str | os.PathLike[str]) -> list[tuple[int, dict[str, str]]]:
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            found = list(reader.fieldnames or [])
            for name in COLUMNS:
                if name not in found:
                    raise MissingColumnError(str(file), name, found)
            return [
                (reader.line_num, {name: (row[name] or "").strip() for name in COLUMNS}) for row in reader
            ]
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Check the path of --boxes.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file} is no CSV in UTF-8: {error}.", "Save it as CSV in UTF-8.") from error


def _box(row: dict[str, str], place: str) -> Box:
    try:
        sides = [float(row[side]) for side in SIDES]
        box = Box(row["wnid"], *(int(side) for side in sides))
    except (ValueError, OverflowError) as error:
        raise InputError(f"{place}: a side of the box is no number.", "Give pixels.") from error
    if not box.wnid or box.xmax < box.xmin or box.ymax < box.ymin or sides != list(box[1:]):
        raise InputError(
            f"{place} is no box of whole pixels in a class: {', '.join(row.values())}.",
            "xmin and ymin must not be above xmax and ymax.",
        )
    return box
