"""Pictures in folders named by class, as torchvision, timm, Keras and TensorFlow Datasets read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synsetlab.release.exports.layout import Export

__all__ = ["write_imagefolder", "write_tfds"]

TFDS_ENDINGS = (".jpg", ".jpeg", ".png")


def write_imagefolder(export: Export) -> None:
    """``<split>/<wnid>/<export_name>``, which torchvision ImageFolder, timm and Keras read.

    A split whose labels are sealed has its pictures in ``<split>/`` itself.
    """
    for row in export.rows():
        home = f"{row['split']}/{row['wnid']}" if row["wnid"] else row["split"]
        export.place(row, f"{home}/{row['export_name']}")


def write_tfds(export: Export) -> None:
    """``<split>/<wnid>/<export_name>`` as ``tfds.ImageFolder`` reads it: labelled JPEG and PNG only."""
    for row in export.rows():
        if row["wnid"] is None:
            export.omit(row, "its label is sealed, and tfds.ImageFolder takes it from the folder")
        elif not row["export_name"].lower().endswith(TFDS_ENDINGS):
            export.omit(row, "tfds.ImageFolder reads JPEG and PNG only")
        else:
            export.place(row, f"{row['split']}/{row['wnid']}/{row['export_name']}")
