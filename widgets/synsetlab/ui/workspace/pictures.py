"""The pictures of a workspace, by image id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace

__all__ = ["WorkspacePictures"]

IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")
SHOWN_AS_THEY_ARE: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
LARGEST_ORIGINAL: Final = 4_000_000
LONG_SIDE: Final = 1600


class WorkspacePictures:
    """Thumbnails and pictures from the blob store; the key is the image id."""

    def __init__(self, workspace: Workspace) -> None:
        self._blobs = workspace.blobs

    def thumbnail(self, key: str) -> bytes:
        """The thumbnail made at import, or one made now."""
        kept = self._blobs.get_thumbnail(_checked(key))
        if kept is not None:
            return kept
        from synsetlab.candidates.decode import decode  # noqa: PLC0415 - Pillow only where a thumbnail is missing

        made = decode(self._blobs.get(key)).thumbnail()
        self._blobs.put_thumbnail(key, made)
        return made

    def picture(self, key: str) -> bytes:
        """The original where a browser can show it and it is not huge, else a JPEG of 1,600 px."""
        data = self._blobs.get(_checked(key))
        if data.startswith(SHOWN_AS_THEY_ARE) and len(data) <= LARGEST_ORIGINAL:
            return data
        from synsetlab.candidates.decode import decode  # noqa: PLC0415 - as above

        return decode(data).thumbnail(LONG_SIDE)


def _checked(key: str) -> str:
    """The key comes from the page: only an image id may become part of a path."""
    if not IMAGE_ID.fullmatch(key):
        raise InputError(f"{key!r:.80} is no image id.", "Reload the page.")
    return key
