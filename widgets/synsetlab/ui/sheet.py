"""A contact sheet: many pictures of a workspace as one, for notebooks and reports."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.store.workspace import Workspace

__all__ = ["contact_sheet"]

GAP = 6
LINE = 16
PAPER, INK = (255, 255, 255), (75, 81, 96)


def contact_sheet(
    workspace: Workspace,
    images: Iterable[str],
    *,
    captions: Iterable[str] | None = None,
    columns: int = 8,
    size: int = 128,
    limit: int = 64,
) -> Image.Image:
    """Thumbnails of at most `limit` images side by side; a notebook shows the result as a picture.

    Parameters
    ----------
    images
        Image ids.
    captions
        A few words below each of them.
    columns, size
        Tiles across, and the side of a tile in pixels (the middle square of each picture).

    Raises
    ------
    InputError
        There are no images to show.
    """
    shown = list(images)[:limit]
    words = None if captions is None else [str(caption) for caption in captions]
    if not shown:
        raise InputError("There are no images to show.", "Choose others.")
    height = size + (LINE if words else 0)
    across = min(columns, len(shown))
    rows = -(-len(shown) // across)
    sheet = Image.new("RGB", (across * (size + GAP) - GAP, rows * (height + GAP) - GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, image in enumerate(shown):
        left, top = (place % across) * (size + GAP), (place // across) * (height + GAP)
        sheet.paste(_square(workspace, image, size), (left, top))
        if words:
            pen.text((left + 2, top + size + 2), words[place], fill=INK)
    return sheet


def _square(workspace: Workspace, image: str, size: int) -> Image.Image:
    data = workspace.blobs.get_thumbnail(image) or workspace.blobs.get(image)
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    box = (left, top, left + side, top + side)
    return picture.resize((size, size), Image.Resampling.LANCZOS, box=box)
