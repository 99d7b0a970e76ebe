"""Sealed labels: a release publishes salted hashes, a file kept elsewhere holds what opens them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import ReleaseError
from synsetlab.release.identity import label_hash
from synsetlab.release.rows import SEALED_COLUMNS
from synsetlab.release.tables import iterate_table

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = ["open_sealed", "refuse_foreign", "sealed_path"]


def sealed_path(release: str | os.PathLike[str]) -> Path:
    """Where the sealed labels of a release are kept unless someone says otherwise: beside its folder."""
    folder = Path(release)
    return folder.with_name(f"{folder.name}.sealed.csv")


def refuse_foreign(file: Path) -> None:
    """Refuse to write sealed labels over something else.

    Raises
    ------
    ReleaseError
        `file` is there and is no file of sealed labels.
    """
    if not file.exists():
        return
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            header = next(csv.reader(opened), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        header = []
    if tuple(header) != SEALED_COLUMNS:
        raise ReleaseError(
            f"{file} exists and holds no sealed labels.", "Choose another file with --sealed FILE."
        )


def open_sealed(
    release: str | os.PathLike[str], sealed: str | os.PathLike[str] | None = None
) -> pd.DataFrame:
    """The labels of a release's sealed splits, each proved against the hash that was published.

    Parameters
    ----------
    release
        The folder of the release.
    sealed
        The file that `freeze` wrote beside it; by default looked for where it was written.

    Returns
    -------
    pandas.DataFrame
        Columns image_id, export_name, split, wnid; by image id, then wnid.

    Raises
    ------
    ReleaseError
        The file is missing, is that of another release, or was changed.
    """
    import pandas as pd  # noqa: PLC0415 - heavy, and only the evaluator opens labels

    file = Path(sealed) if sealed is not None else sealed_path(release)
    published: dict[str, dict[str, tuple[str, str]]] = {}
    columns = ("image_id", "label_hash", "export_name", "split")
    for image, hashed, name, split in iterate_table(Path(release) / "images.parquet", columns):
        if hashed:
            published.setdefault(image, {})[hashed] = (name, split)
    rows = []
    for number, (_, wnid, image, salt) in enumerate(_read(file), start=2):
        hashed = label_hash(salt, image, wnid)
        if hashed not in published.get(image, {}):
            raise ReleaseError(
                f"{file}, line {number} does not open a label of {release}.",
                "Use the file that was written with this release, unchanged.",
            )
        name, split = published[image].pop(hashed)
        rows.append({"image_id": image, "export_name": name, "split": split, "wnid": wnid})
    closed = sum(map(len, published.values()))
    if closed:
        raise ReleaseError(
            f"{file} does not open {closed} of the sealed labels of {release}.",
            "Use the file that was written with this release, whole.",
        )
    frame = pd.DataFrame(rows, columns=["image_id", "export_name", "split", "wnid"])
    return frame.sort_values(["image_id", "wnid"], ignore_index=True)


def _read(file: Path) -> list[list[str]]:
    remedy = "It was written beside the release when it was frozen; ask whoever froze it."
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.reader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReleaseError(f"The sealed labels {file} cannot be read: {error}.", remedy) from error
    if not rows or tuple(rows[0]) != SEALED_COLUMNS:
        raise ReleaseError(f"{file} is no file of sealed labels.", remedy)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(SEALED_COLUMNS):
            raise ReleaseError(
                f"{file}, line {number} has {len(row)} cells, not {len(SEALED_COLUMNS)}.", remedy
            )
    return rows[1:]
