"""Where the strip of accepted pictures comes from when it is no workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from synsetlab.ui.pictures import FilePictures, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

__all__ = ["MappedPictures", "SynsetPictures"]


class SynsetPictures(PictureSource, Protocol):
    """Who has the pictures that were accepted for a synset."""

    def keys(self, wnid: str, limit: int) -> Sequence[str]:
        """Names of at most `limit` pictures, best first."""
        ...


class MappedPictures(FilePictures):
    """Pictures given as a mapping from wnid to files."""

    def __init__(self, files: Mapping[str, Sequence[str | os.PathLike[str]]]) -> None:
        self._files = {wnid: [str(path) for path in paths] for wnid, paths in files.items()}
        super().__init__(None, allowed={path for paths in self._files.values() for path in paths})

    def keys(self, wnid: str, limit: int) -> list[str]:
        """At most `limit` paths."""
        return self._files.get(wnid, [])[:limit]
