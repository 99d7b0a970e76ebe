"""Folders that FiftyOne imports as FiftyOneImageClassificationDataset, one for each split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.release.exports.layout import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export

__all__ = ["write_fiftyone"]


def write_fiftyone(export: Export) -> None:
    """``SPLIT/data/NAME`` and ``SPLIT/labels.json``: classes, and class index by name without ending.

    A sealed picture's label is null. With boxes also ``SPLIT/boxes/labels.json``, as
    FiftyOneImageDetectionDataset reads it with ``data_path``.
    """
    for split in export.splits:
        for row in export.rows(split):
            export.place(row, f"{split}/data/{row['export_name']}")
        export.write_lines(f"{split}/labels.json", _labels(export, split), end="")
        if export.boxes:
            export.write_lines(f"{split}/boxes/labels.json", _detections(export, split), end="")


def _labels(export: Export, split: str) -> Iterator[str]:
    yield f'{{"classes":{compact(export.classes)},"labels":{{'
    comma = "\n"
    for row in export.rows(split):
        label = export.index[row["wnid"]] if row["wnid"] else None
        yield f"{comma}{compact(Path(row['export_name']).stem)}:{compact(label)}"
        comma = ",\n"
    yield "}}\n"


def _detections(export: Export, split: str) -> Iterator[str]:
    """Boxes as [left, top, width, height], shares of the picture's sides."""
    others = {box.wnid for boxes in export.boxes.values() for box in boxes} - set(export.classes)
    names = [*export.classes, *sorted(others)]
    index = {wnid: place for place, wnid in enumerate(names)}
    yield f'{{"classes":{compact(names)},"labels":{{'
    comma = "\n"
    for row in export.rows(split):
        boxes = export.boxes.get(row["image_id"], []) if row["wnid"] else []
        found = [
            {
                "label": index[box.wnid],
                "bounding_box": [
                    box.xmin / row["width"],
                    box.ymin / row["height"],
                    (box.xmax - box.xmin + 1) / row["width"],
                    (box.ymax - box.ymin + 1) / row["height"],
                ],
            }
            for box in boxes
        ]
        yield f"{comma}{compact(Path(row['export_name']).stem)}:{compact(found)}"
        comma = ",\n"
    yield "}}\n"
