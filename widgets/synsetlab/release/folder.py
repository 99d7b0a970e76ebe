"""A folder that appears whole or not at all, whatever kills its writer."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; what a killed run left is left there
    fcntl = None  # type: ignore[assignment]

__all__ = ["SUMS", "appear", "place_file", "refuse_existing", "sum_file", "workplace", "write_sums"]

SUMS = "SHA256SUMS"
_MARK = "freezing"


def refuse_existing(target: Path) -> None:
    """Refuse to write over anything.

    Raises
    ------
    ReleaseError
        Something is at `target`.
    """
    if target.exists() or target.is_symlink():
        raise ReleaseError(
            f"{target} exists; a release is never written over.", "Choose a new folder with -o."
        )


@contextlib.contextmanager
def workplace(target: Path) -> Iterator[Path]:
    """A hidden folder beside `target` to write in; it is gone afterwards.

    The writer holds a lock on it, which the operating system lets go of when the process dies: that is
    how the next writer knows which of these folders are left over, and removes them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _hold(target.parent, wait=True):
        for old in sorted(target.parent.glob(f".{target.name}.{_MARK}-*")):
            with _hold(old, wait=False) as held:
                if held:
                    shutil.rmtree(old, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.{_MARK}-", dir=target.parent))
        stack = contextlib.ExitStack()
        stack.enter_context(_hold(aside, wait=True))
    with stack:
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def appear(folder: Path, target: Path) -> None:
    """Put a whole folder in its place, with everything in it on the disk.

    Raises
    ------
    ReleaseError
        Something came to be at `target` meanwhile.
    """
    folder.chmod(0o755)
    for file in sorted(folder.iterdir()):
        _sync(file)
    _sync(folder)
    refuse_existing(target)
    try:
        folder.rename(target)
    except OSError as error:
        raise ReleaseError(
            f"{target} cannot be made: {error.strerror}.", "Choose another folder with -o."
        ) from error
    _sync(target.parent)


def place_file(file: Path, target: Path) -> None:
    """Copy a file to where only its owner can read it; it appears whole, over an older one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out, file.open("rb") as source:
            shutil.copyfileobj(source, out)
        _sync(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    _sync(target.parent)


def sum_file(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_sums(folder: Path) -> None:
    """Write ``SHA256SUMS`` over all files, as ``sha256sum -c`` reads it."""
    names = sorted(file.name for file in folder.iterdir())
    lines = [f"{sum_file(folder / name)}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(lines), "utf-8", newline="\n")


@contextlib.contextmanager
def _hold(folder: Path, *, wait: bool) -> Iterator[bool]:
    """A lock on a folder for as long as this process lives; whether it was had."""
    if fcntl is None:  # pragma: no cover - as above
        yield False
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # held by someone, or a file system without locks
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
