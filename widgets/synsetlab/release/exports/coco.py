"""COCO's JSON: boxes where there are any, and classes of whole pictures."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from synsetlab.release.exports.layout import compact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export, Row

__all__ = ["write_coco"]


def write_coco(export: Export) -> None:
    """``SPLIT/NAME`` and ``annotations/classes_SPLIT.json``; with boxes also ``instances_SPLIT.json``.

    A picture in several classes is one image with several annotations. Sealed splits have images only.
    """
    for split in export.splits:
        for _, rows in _pictures(export, split):
            export.place(rows[0], f"{split}/{rows[0]['export_name']}")
        export.write_lines(f"annotations/classes_{split}.json", _document(export, split, boxes=False), end="")
        if export.boxes:
            path = f"annotations/instances_{split}.json"
            export.write_lines(path, _document(export, split, boxes=True), end="")


def _pictures(export: Export, split: str) -> Iterator[tuple[int, list[Row]]]:
    """Each picture's number, from 1, and its rows."""
    found = groupby(export.rows(split), key=lambda row: row["image_id"])
    return enumerate((list(rows) for _, rows in found), start=1)


def _document(export: Export, split: str, *, boxes: bool) -> Iterator[str]:
    """The parts of the file, in turn: it is never held as a whole."""
    policy = export.release["policy"]
    info = {
        "description": policy.get("description") or policy.get("name", "dataset"),
        "version": export.release["version"],
        "year": int(str(export.release["date"])[:4]),
        "contributor": policy.get("contact", ""),
        "url": "",
        "date_created": str(export.release["date"]),
        "identity": export.release["identity"],
    }
    licences = sorted({row["licence"] or "" for row in export.rows(split)} - {""})
    numbers = {licence: number for number, licence in enumerate(licences, start=1)}
    yield f'{{"info":{compact(info)},\n"licenses":'
    yield compact([{"id": numbers[name], "name": name, "url": ""} for name in licences])
    yield ',\n"images":['
    yield from _joined(_image(number, rows[0], numbers) for number, rows in _pictures(export, split))
    yield '],\n"annotations":['
    yield from _joined(_annotations(export, split, boxes=boxes))
    yield '],\n"categories":['
    yield from _joined(_category(export, place, wnid) for wnid, place in _categories(export).items())
    yield "]}\n"


def _categories(export: Export) -> dict[str, int]:
    """Category ids: 1 to K for the classes; then whatever else boxes name."""
    others = {box.wnid for boxes in export.boxes.values() for box in boxes} - set(export.classes)
    return {wnid: place for place, wnid in enumerate([*export.classes, *sorted(others)], start=1)}


def _category(export: Export, place: int, wnid: str) -> dict[str, Any]:
    words = export.synsets.get(wnid, {"lemmas": wnid})["lemmas"]
    return {"id": place, "name": wnid, "supercategory": "", "words": words}


def _image(number: int, row: Row, licences: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": row["export_name"],
        "width": row["width"],
        "height": row["height"],
        "license": licences.get(row["licence"] or "", 0),
        "coco_url": row["url"] or "",
        "flickr_url": row["landing_page"] or "",
        "author": row["author"] or "",
        "date_captured": "",
        "image_id": row["image_id"],
    }


def _annotations(export: Export, split: str, *, boxes: bool) -> Iterator[dict[str, Any]]:
    ids = _categories(export)
    annotation = 0
    for number, rows in _pictures(export, split):
        if rows[0]["wnid"] is None:
            continue
        if not boxes:
            for row in rows:
                annotation += 1
                yield {"id": annotation, "image_id": number, "category_id": ids[row["wnid"]]}
            continue
        for box in export.boxes.get(rows[0]["image_id"], ()):
            annotation += 1
            width, height = box.xmax - box.xmin + 1, box.ymax - box.ymin + 1
            yield {
                "id": annotation,
                "image_id": number,
                "category_id": ids[box.wnid],
                "bbox": [box.xmin, box.ymin, width, height],
                "area": width * height,
                "iscrowd": 0,
                "segmentation": [],
            }


def _joined(values: Iterator[dict[str, Any]]) -> Iterator[str]:
    comma = "\n"
    for value in values:
        yield comma + compact(value)
        comma = ",\n"
