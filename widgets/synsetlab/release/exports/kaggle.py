"""The layout of Kaggle's ImageNet object localization challenge."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.release.exports.boxes import voc
from synsetlab.release.exports.ilsvrc import TRAIN, flat_name, image_sets, numbered_rows, train_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export, Row

__all__ = ["write_kaggle"]

HEADER = ("ImageId", "PredictionString")
HOME = "ILSVRC"


def write_kaggle(export: Export) -> None:
    """``LOC_synset_mapping.txt``, ``LOC_SPLIT_solution.csv`` and the tree ``ILSVRC/``.

    A PredictionString is ``wnid x1 y1 x2 y2`` for each box; just the wnid where a picture has none.
    A sealed split has the sample submission only.
    """
    for split in export.splits:
        for name, path, row in _pictures(export, split):
            export.place(row, f"{HOME}/Data/CLS-LOC/{path}")
            boxes = export.boxes.get(row["image_id"]) if row["wnid"] else None
            if boxes:
                folder = row["wnid"] if split == TRAIN else split
                text = voc(row, folder, name, boxes, "ILSVRC_2012")
                annotation = f"{HOME}/Annotations/CLS-LOC/{Path(path).with_suffix('.xml').as_posix()}"
                export.write_bytes(annotation, partial(str.encode, text))
        if split in export.sealed:
            rows = ((name, "") for name, _, _ in _pictures(export, split))
            export.write_csv(f"LOC_{split}_sample_submission.csv", HEADER, rows)
        else:
            rows = ((name, _prediction(export, row)) for name, _, row in _pictures(export, split))
            export.write_csv(f"LOC_{split}_solution.csv", HEADER, rows)
    words = (f"{wnid} {' '.join(export.synsets[wnid]['lemmas'].split())}" for wnid in export.classes)
    export.write_lines("LOC_synset_mapping.txt", words)
    image_sets(export, f"{HOME}/ImageSets/CLS-LOC")


def _pictures(export: Export, split: str) -> Iterator[tuple[str, str, Row]]:
    """Name without ending, path below ``Data/CLS-LOC``, row."""
    if split == TRAIN:
        for row in export.rows(split):
            name = train_name(row)
            yield Path(name).stem, f"{split}/{row['wnid']}/{name}" if row["wnid"] else f"{split}/{name}", row
        return
    for number, row in numbered_rows(export, split):
        name = flat_name(split, number)
        yield name, f"{split}/{name}.JPEG", row


def _prediction(export: Export, row: Row) -> str:
    boxes = export.boxes.get(row["image_id"], [])
    found = "".join(f"{box.wnid} {box.xmin} {box.ymin} {box.xmax} {box.ymax} " for box in boxes)
    return found or row["wnid"]
