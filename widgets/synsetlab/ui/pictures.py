"""Pictures for panels: small ones in batches, large ones one at a time, as bytes beside a message."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from synsetlab.errors import InputError, SynsetlabError
from synsetlab.ui.messages import text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.candidates.decode import Picture
    from synsetlab.ui.base import Reply

__all__ = ["FilePictures", "PictureMessages", "PictureSource"]

BATCH: Final = 32
KEPT: Final = 512
SMALL: Final = 256
LARGEST_SMALL: Final = 60_000
SHOWN_AS_THEY_ARE: Final = {"JPEG", "PNG", "WEBP", "GIF"}
LARGEST_ORIGINAL: Final = 4_000_000
LONG_SIDE: Final = 1600


class PictureSource(Protocol):
    """Who has the bytes of the pictures that a panel shows."""

    def thumbnail(self, key: str) -> bytes:
        """About 256 px, in a format that browsers show; raises a `SynsetlabError` that says why not."""
        ...

    def picture(self, key: str) -> bytes:
        """The picture in full, in a format that browsers show."""
        ...


class PictureMessages:
    """Message handlers of a panel with pictures; the panel says where they come from."""

    def pictures(self) -> PictureSource:
        """Where the bytes come from."""
        raise NotImplementedError

    def on_thumbnails(self, message: Mapping[str, Any]) -> Reply:
        """``{keys}`` -> ``{keys, missing: {key: why}}`` and one buffer for each key that was read."""
        source = self.pictures()
        found, payload, missing = list[str](), list[bytes](), dict[str, str]()
        for key in texts_of(message, "keys", limit=BATCH):
            try:
                payload.append(source.thumbnail(key))
                found.append(key)
            except SynsetlabError as error:
                missing[key] = error.shown
        return {"keys": found, "missing": missing}, payload

    def on_picture(self, message: Mapping[str, Any]) -> Reply:
        """``{key}`` -> one buffer."""
        return {}, [self.pictures().picture(text_of(message, "key"))]


class FilePictures:
    """Pictures in files, named by their path below one folder.

    Parameters
    ----------
    folder
        Where the names start; nothing outside of it is read. None: the names are paths of their own,
        and only those given in `allowed` are read.
    allowed
        The names that may be read; None: all below `folder`.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, *, allowed: set[str] | None = None) -> None:
        if folder is not None and not Path(folder).is_dir():
            raise InputError(
                f"There is no folder {os.fspath(folder)!r}.", "Give the folder that holds the pictures."
            )
        if folder is None and allowed is None:
            raise InputError("FilePictures needs a folder or the names that may be read.")
        self._root = None if folder is None else Path(folder).resolve()
        self._allowed = allowed
        self._small: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, key: str) -> Path:
        """The file named `key`; `InputError` when there is none, or none that may be read."""
        path = Path(key) if self._root is None else self._root / key
        outside = self._root is not None and not path.resolve().is_relative_to(self._root)
        if outside or (self._allowed is not None and key not in self._allowed) or not path.is_file():
            place = f" in {self._root}" if self._root is not None else ""
            raise InputError(f"There is no picture {key!r}{place}.")
        return path

    def decoded(self, key: str) -> Picture:
        """The picture, upright and RGB."""
        from synsetlab.candidates.decode import decode  # noqa: PLC0415  # Pillow only when a picture is shown

        return decode(self.path(key).read_bytes())

    def thumbnail(self, key: str) -> bytes:
        """At most 256 px; the last few hundred are kept."""
        kept = self._small.get(key)
        if kept is None:
            kept = self._made(key)
            with self._lock:
                self._small[key] = kept
                if len(self._small) > KEPT:
                    self._small.popitem(last=False)
        return kept

    def warm(self, keys: Sequence[str]) -> None:
        """Make thumbnails in the background: the browser still loads its scripts and wants these first."""

        def make() -> None:
            for key in keys:
                with contextlib.suppress(SynsetlabError, OSError):  # said when the picture is asked for
                    self.thumbnail(key)

        threading.Thread(target=make, daemon=True, name="synsetlab-thumbnails").start()

    def _made(self, key: str) -> bytes:
        from synsetlab.candidates.decode import decode  # noqa: PLC0415  # Pillow only when a picture is shown

        data = self.path(key).read_bytes()
        picture = decode(data, draft=SMALL, grey=False)
        fits = max(picture.width, picture.height) <= SMALL and len(data) <= LARGEST_SMALL
        return data if fits and picture.format in SHOWN_AS_THEY_ARE else picture.thumbnail(SMALL)

    def picture(self, key: str) -> bytes:
        """The file itself where a browser can show it, else a JPEG."""
        picture = self.decoded(key)
        data = self.path(key).read_bytes()
        if picture.format in SHOWN_AS_THEY_ARE and len(data) <= LARGEST_ORIGINAL:
            return data
        return picture.thumbnail(LONG_SIDE)

    def facts(self, key: str) -> dict[str, Any]:
        """What the file says of itself: ``sha256, bytes, width, height, phash``."""
        from synsetlab.dedup.phash import phash, to_hex  # noqa: PLC0415  # SciPy only when a picture is shown

        data = self.path(key).read_bytes()
        picture = self.decoded(key)
        return {
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "width": picture.width,
            "height": picture.height,
            "phash": to_hex(phash(picture.stored)),
        }
