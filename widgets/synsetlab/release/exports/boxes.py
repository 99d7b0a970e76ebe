"""Boxes as PASCAL VOC's XML has them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from synsetlab.release.boxes import SIDES

if TYPE_CHECKING:
    from synsetlab.release.boxes import Box
    from synsetlab.release.exports.layout import Row

__all__ = ["voc"]


def voc(row: Row, folder: str, name: str, boxes: list[Box], database: str) -> str:
    """The annotation of a picture as PASCAL VOC's XML, the way ILSVRC writes it: `name` has no ending."""
    lines = [
        "<annotation>",
        f"\t<folder>{escape(folder)}</folder>",
        f"\t<filename>{escape(name)}</filename>",
        f"\t<source>\n\t\t<database>{escape(database)}</database>\n\t</source>",
        f"\t<size>\n\t\t<width>{row['width']}</width>\n\t\t<height>{row['height']}</height>"
        "\n\t\t<depth>3</depth>\n\t</size>",
        "\t<segmented>0</segmented>",
    ]
    for box in boxes:
        sides = "".join(
            f"\n\t\t\t<{side}>{value}</{side}>" for side, value in zip(SIDES, box[1:], strict=True)
        )
        lines.append(
            f"\t<object>\n\t\t<name>{escape(box.wnid)}</name>\n\t\t<pose>Unspecified</pose>"
            f"\n\t\t<truncated>0</truncated>\n\t\t<difficult>0</difficult>"
            f"\n\t\t<bndbox>{sides}\n\t\t</bndbox>\n\t</object>"
        )
    return "\n".join([*lines, "</annotation>"]) + "\n"
