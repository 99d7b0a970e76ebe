"""Original bytes and thumbnails, by content: ``<sha256[:2]>/<sha256>``, on any fsspec file system."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import Any

import fsspec

from synsetlab.errors import DependencyError, InputError, WorkspaceError
from synsetlab.store.database_url import hide_password

__all__ = ["BlobStore"]


class BlobStore:
    """A folder of immutable blobs named by the SHA-256 of their bytes.

    Parameters
    ----------
    url
        A folder path or any fsspec URL (``s3://bucket/prefix`` with the ``s3`` extra).

    Raises
    ------
    InputError
        The URL is of a kind that fsspec does not know.
    DependencyError
        The package that opens it is not installed.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._fs: Any
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except ImportError as error:
            raise DependencyError(f"Keeping pictures at {hide_password(url)}", "s3fs", "s3") from error
        except ValueError as error:
            raise InputError(
                f"Pictures cannot be kept at {hide_password(url)}: {error}.",
                "Give a folder, or a URL that fsspec opens, such as s3://bucket/prefix.",
            ) from error

    def put(self, data: bytes) -> str:
        """Keep `data`; returns its id. What is already there is not written again."""
        blob = hashlib.sha256(data).hexdigest()
        self._write(self._path("originals", blob), data)
        return blob

    def get(self, blob: str) -> bytes:
        """The bytes of `blob`.

        Raises
        ------
        WorkspaceError
            The blob is not there, or its bytes are not the ones that were put.
        """
        data = self._read(self._path("originals", blob))
        if data is None:
            raise WorkspaceError(
                f"The picture {blob} is not in {self.url}.",
                "Restore the blobs folder, or import it again.",
                shown=f"The picture {blob} is not in the workspace's folder of pictures.",
            )
        if hashlib.sha256(data).hexdigest() != blob:
            raise WorkspaceError(
                f"The picture {blob} in {self.url} was changed on disk.",
                "Restore it, or import it again.",
                shown=f"The picture {blob} was changed on the server's disk.",
            )
        return data

    def has(self, blob: str) -> bool:
        """Whether `blob` is there."""
        return bool(self._fs.exists(self._path("originals", blob)))

    def local_path(self, blob: str) -> str | None:
        """Path of `blob` on this machine's disk, if that is where it is."""
        protocol = self._fs.protocol
        local = "file" in (protocol if isinstance(protocol, (tuple, list)) else (protocol,))
        return self._path("originals", blob) if local else None

    def put_thumbnail(self, blob: str, data: bytes) -> None:
        """Keep the thumbnail of `blob`."""
        self._write(self._path("thumbnails", blob), data)

    def get_thumbnail(self, blob: str) -> bytes | None:
        """The thumbnail of `blob`, or None where none was made."""
        return self._read(self._path("thumbnails", blob))

    def _path(self, kind: str, blob: str) -> str:
        return f"{self._root}/{kind}/{blob[:2]}/{blob}"

    def _read(self, path: str) -> bytes | None:
        try:
            data = self._fs.cat_file(path)
        except FileNotFoundError:
            return None
        return bytes(data)

    def _write(self, path: str, data: bytes) -> None:
        if self._fs.exists(path):
            return
        # Written aside and renamed, so that a killed import leaves no half blob under a full name.
        parent = os.path.dirname(path)  # noqa: PTH120 - a path of the file system, not of this machine
        self._fs.makedirs(parent, exist_ok=True)
        aside = f"{parent}/.{secrets.token_hex(8)}"
        self._fs.pipe_file(aside, data)
        self._fs.mv(aside, path)
