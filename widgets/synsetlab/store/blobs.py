"""Original bytes and thumbnails, by content: ``<sha256[:2]>/<sha256>``, on any fsspec file system."""

from __future__ import annotations

import contextlib
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
        """Keep `data`; returns its id. What is already there is not written again.

        Raises
        ------
        WorkspaceError
            It cannot be written; nothing is left of it.
        """
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

    def size(self, blob: str) -> int | None:
        """How many bytes `blob` has; None where it is not there."""
        try:
            return int(self._fs.size(self._path("originals", blob)))
        except FileNotFoundError:
            return None

    def local_path(self, blob: str) -> str | None:
        """Path of `blob` on this machine's disk, if that is where it is."""
        protocol = self._fs.protocol
        local = "file" in (protocol if isinstance(protocol, (tuple, list)) else (protocol,))
        return self._path("originals", blob) if local else None

    def discard(self, blob: str) -> None:
        """Remove `blob` and its thumbnail, if they are there: of whoever put it and has told nobody of it."""
        for kind in ("originals", "thumbnails"):
            if self._fs.exists(path := self._path(kind, blob)):
                self._fs.rm_file(path)

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
        aside = f"{parent}/.{secrets.token_hex(8)}"
        try:
            self._fs.makedirs(parent, exist_ok=True)
            self._fs.pipe_file(aside, data)
            self._fs.mv(aside, path)
        except BaseException as error:
            with contextlib.suppress(Exception):  # the first failure is the one to tell
                self._fs.rm_file(aside)
            if isinstance(error, OSError):
                raise self._unwritable(error) from error
            raise

    def _unwritable(self, error: OSError) -> WorkspaceError:
        why = error.strerror or str(error) or type(error).__name__
        return WorkspaceError(
            f"Pictures cannot be written into {hide_password(self.url)}: {why}.",
            "Make room on its disk and check who may write there, then do the same again.",
            shown=f"The workspace's folder of pictures cannot be written: {why}.",
        )
