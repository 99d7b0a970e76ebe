"""Where an export is written until it is whole; a killed one is gone on with by the next run."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock: two exports to one folder are not told apart
    fcntl = None  # type: ignore[assignment]

__all__ = ["appear", "destination", "refuse_others", "staging"]


def destination(folder: str | os.PathLike[str], release: Path) -> tuple[Path, bool]:
    """The folder to export to, links resolved, and whether something is in it already.

    Raises
    ------
    InputError
        It is a file, or in the release, which never changes.
    """
    target = Path(os.path.realpath(folder))
    if target.exists() and not target.is_dir():
        raise InputError(f"{folder} is not a folder.", "Choose another with -o.")
    home = Path(os.path.realpath(release))
    if target == home or home in target.parents:
        raise InputError(f"{folder} is in the release, which never changes.", "Choose another with -o.")
    return target, target.is_dir() and any(target.iterdir())


@contextlib.contextmanager
def staging(target: Path, what: str) -> Iterator[Path]:
    """A hidden folder beside `target`, with ``export/`` and ``parts/``.

    It stays when the run is interrupted, and is used again by a run that writes the same: `what`.

    Raises
    ------
    ReleaseError
        Another run is writing to `target`.
    """
    aside = target.with_name(f".{target.name}.exporting")
    aside.mkdir(parents=True, exist_ok=True)
    with _hold(aside, target):
        mark = aside / "export.json"
        if not mark.is_file() or mark.read_text("utf-8") != what:
            for old in aside.iterdir():
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
            half = aside / ".export.json"
            half.write_text(what, "utf-8")
            half.replace(mark)
        for name in ("export", "parts"):
            (aside / name).mkdir(exist_ok=True)
        for old in (aside / "parts").glob(".*"):
            old.unlink()
        yield aside
        shutil.rmtree(aside, ignore_errors=True)


def appear(folder: Path, target: Path) -> None:
    """Put a whole export in its place, which is empty or not there."""
    try:
        if target.is_dir():
            target.rmdir()
        folder.rename(target)
    except OSError as error:
        raise ReleaseError(
            f"{target} cannot be made: {error.strerror}.", "Choose another folder with -o."
        ) from error


def refuse_others(target: Path, paths: set[str], what: str) -> None:
    """Refuse to complete an export among files that are not part of it.

    Raises
    ------
    ReleaseError
        There are some.
    """
    others = []
    for place, folders, files in os.walk(target):
        folders.sort()
        relative = Path(place).relative_to(target)
        others += [name for name in ((relative / file).as_posix() for file in files) if name not in paths]
    if others:
        raise ReleaseError(
            f"{target} holds {len(others)} files that are no part of this {what} export, such as "
            f"{min(others)}.",
            "Choose another folder with -o, or remove that one.",
        )


@contextlib.contextmanager
def _hold(folder: Path, target: Path) -> Iterator[None]:
    if fcntl is None:  # pragma: no cover - as above
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReleaseError(
                f"Another export is writing to {target}.", "Wait for it, or choose another folder with -o."
            ) from error
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)
