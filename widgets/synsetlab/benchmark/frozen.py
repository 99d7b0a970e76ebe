"""A split of a frozen release as a test set; labels that the release seals come from their own file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synsetlab.benchmark.tables import Coded, Table, read_table
from synsetlab.benchmark.truth import Truth, build_truth, class_list
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["release_box_truth", "release_truth"]


class _Row(NamedTuple):
    """A picture in a class; the class is empty where it is sealed."""

    name: str
    image: str
    wnid: str
    split: str
    place: int


def release_truth(
    folder: str | os.PathLike[str],
    split: str,
    *,
    classes: str | os.PathLike[str] | Sequence[str] | None = None,
    sealed: str | os.PathLike[str] | None = None,
) -> Truth:
    """The pictures of one split of a release, in the order of their export names.

    Predictions may name a picture by image id or by export name. Unless `classes` says otherwise, an index is
    the position among the sorted classes of the whole release, whatever the split holds of them.

    Parameters
    ----------
    sealed
        The file with the labels of the release's sealed splits; by default looked for where `freeze` wrote
        it, beside the release.

    Raises
    ------
    ReleaseError
        `folder` holds no release; or the split's labels are sealed, and their file is not there or that
        of another release.
    InputError
        The release has no such split.
    """
    from synsetlab.release.verify import read_release  # noqa: PLC0415 - a truth file needs no release

    read_release(folder)
    table = read_table(Path(folder) / "images.parquet")
    rows = _rows(table)
    chosen = _of_split(rows, folder, split)
    if not all(row.wnid for row in chosen):
        from synsetlab.release.sealed import open_sealed  # noqa: PLC0415 - only sealed splits need it

        opened = open_sealed(folder, sealed)
        opened = opened[opened["split"] == split]
        found = zip(opened["export_name"], opened["image_id"], opened["wnid"], strict=True)
        places = {row.image: row.place for row in chosen}
        chosen = [row for row in chosen if row.wnid]
        chosen += [_Row(name, image, wnid, split, places[image]) for name, image, wnid in found]
        chosen.sort()
    # A picture of two classes has an export name in each; the first names it here.
    first: dict[str, str] = {}
    for row in chosen:
        first.setdefault(row.image, row.name)
    frequency = table.fractions("selection_frequency")
    known = {row.wnid for row in (*rows, *chosen)} - {""}
    truth = build_truth(
        f"{folder} ({split})",
        Coded.of([first[row.image] for row in chosen]),
        Coded.of([row.wnid for row in chosen]),
        class_list(classes) or sorted(known),
        None,
        frequency=None if frequency is None else frequency[np.array([row.place for row in chosen])],
    )
    name_of = {name: image for image, name in first.items()}
    truth.image_ids.extend(name_of[name] for name in truth.images)
    at = {name: number for number, name in enumerate(truth.images)}
    for row in chosen:
        truth.aliases[row.image] = truth.aliases[row.name] = at[first[row.image]]
    for row in rows:
        if row.image not in first:
            truth.elsewhere[row.image] = truth.elsewhere[row.name] = row.split
    return truth


def release_box_truth(folder: str | os.PathLike[str], split: str) -> pd.DataFrame:
    """The pictures of an open split with their boxes, in the order of their export names.

    Returns
    -------
    DataFrame
        Columns image (export name), wnid, xmin, ymin, xmax, ymax, as `read_box_truth` takes them; a picture
        without a box in its class has one row without sides.

    Raises
    ------
    ReleaseError
        `folder` holds no release.
    InputError
        The release has no boxes or no such split, or the split is sealed.
    """
    import pandas as pd  # noqa: PLC0415 - a truth file needs no release

    from synsetlab.release.boxes import SIDES, release_boxes  # noqa: PLC0415 - likewise
    from synsetlab.release.verify import read_release  # noqa: PLC0415 - likewise

    read_release(folder)
    boxes = release_boxes(Path(folder))
    if not boxes:
        raise InputError(
            f"The release {folder} has no boxes.", "Freeze it with --boxes, or give --truth FILE."
        )
    rows = _of_split(_rows(read_table(Path(folder) / "images.parquet")), folder, split)
    if not all(row.wnid for row in rows):
        raise InputError(f"The split {split!r} of {folder} is sealed: it has no boxes.", "Give --truth FILE.")
    first: dict[str, str] = {}
    held: dict[str, dict[str, list[tuple[int | None, ...]]]] = {}
    for row in rows:
        name = first.setdefault(row.image, row.name)
        held.setdefault(name, {})[row.wnid] = []
    found = []
    for image, name in first.items():
        for box in boxes.get(image, ()):
            held[name].setdefault(box.wnid, []).append(box[1:])
        for wnid, sides in held[name].items():
            found += [(name, wnid, *side) for side in sides or [(None,) * len(SIDES)]]
    frame = pd.DataFrame(found, columns=["image", "wnid", *SIDES])
    return frame.astype(dict.fromkeys(SIDES, "Int64"))


def _of_split(rows: list[_Row], folder: object, split: str) -> list[_Row]:
    chosen = [row for row in rows if row.split == split]
    if not chosen:
        there = ", ".join(sorted({row.split for row in rows}))
        raise InputError(f"The release {folder} has no split {split!r}.", f"It has: {there}.")
    return chosen


def _rows(table: Table) -> list[_Row]:
    names = ("export_name", "image_id", "wnid", "split")
    columns = [table.text(name).texts() for name in names]
    count = len(columns[0])
    return sorted(map(_Row._make, zip(*columns, range(count), strict=True)))
