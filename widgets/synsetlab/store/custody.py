"""Copy and back up whole workspaces: the database and the pictures."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError, WorkspaceError
from synsetlab.store.aside import companions
from synsetlab.store.blobs import BlobStore
from synsetlab.store.database_url import place_of, resolve_url
from synsetlab.store.engine import connect
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.schema_version import check_encoding, upgrade_within
from synsetlab.store.transfer import back_up_database, copy_rows, drop_tables, nothing
from synsetlab.store.workspace import (
    DEFAULT_DATABASE,
    Workspace,
    make_folder,
    other_settings,
    place_of_blobs,
    refuse_workspace,
    write_settings,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

__all__ = ["Copied", "back_up", "copy_workspace"]


@dataclass(frozen=True)
class Copied:
    """What was copied."""

    place: str
    """The database that holds it now."""
    rows: dict[str, int]
    """By table."""
    pictures: int
    """Files; those that were there already are not counted."""


def copy_workspace(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    database: str | None = None,
    blobs: str = "blobs",
    pictures: bool = True,
    progress: Any = None,
) -> Copied:
    """Make `target`, a new folder, the workspace that `source` is; others may use `source` meanwhile.

    Settings of ``synsetlab.toml`` and what people have chosen in the synset browser come along.

    Parameters
    ----------
    database
        Of the copy: an empty PostgreSQL database, or by default SQLite in its folder.
    blobs
        Where the copy's pictures go: a folder in it, or an fsspec URL.
    pictures
        Whether they are copied; else put them there yourself.

    Raises
    ------
    WorkspaceError
        `target` is a workspace already, its database is not empty, or one of the two cannot be used. Of a
        copy that fails nothing stays but pictures at a URL; one that was killed can be run again.
    """
    home = Path(target).resolve()
    # $SYNSETLAB_DATABASE means the source.
    url = DEFAULT_DATABASE if database is None else database
    with contextlib.ExitStack() as held, contextlib.ExitStack() as undo:
        old = held.enter_context(Workspace.open(source))
        refuse_workspace(home)
        others = other_settings(old.folder)
        store = BlobStore(place_of_blobs(blobs, home))
        engine = connect(resolve_url(url, home))
        held.callback(engine.dispose)
        _must_be_empty(engine)
        for made in make_folder(home):
            undo.callback(shutil.rmtree, made, ignore_errors=True)
        lock = home / ".lock"
        if not lock.exists():
            undo.callback(lock.unlink, missing_ok=True)
        held.callback(WorkspaceLock(home, engine, exclusive=True).release)
        _must_be_empty(engine)  # again: another copy may have ended since
        put = _Pictures(old, store, home, undo)
        if pictures:
            put.missing(progress)
        # After the rows once more, for what came meanwhile: pictures are only ever added.
        rows = _fill(old.engine, engine, put.missing if pictures else nothing, undo)
        _copy_selections(old.folder, home, undo)
        write_settings(home, url, blobs, others)
        undo.pop_all()
        return Copied(place_of(engine.url), rows, put.number)


def back_up(workspace: str | os.PathLike[str], file: str | os.PathLike[str]) -> Copied:
    """Write the workspace's database, of whichever kind, to the SQLite `file`; others may use it meanwhile.

    Raises
    ------
    WorkspaceError
        The file exists, or cannot be written.
    """
    path = Path(file).resolve()
    if not path.parent.is_dir():
        raise InputError(f"{path.parent} is not a folder.", "Choose another place for the back-up.")
    with Workspace.open(workspace) as opened:
        return Copied(str(path), back_up_database(opened.engine, path), 0)


class _Pictures:
    """The pictures of a copy, which go again where it fails."""

    def __init__(self, old: Workspace, store: BlobStore, home: Path, undo: contextlib.ExitStack) -> None:
        self._old, self._store = old, store
        self._seen: set[str] = set()
        self._put: list[str] = []
        self._own = Path(store.url).resolve().is_relative_to(home)
        self._folder_was_there = Path(store.url).exists()
        undo.callback(self._take_away)

    @property
    def number(self) -> int:
        """Files that were not there."""
        return len(self._put)

    def missing(self, progress: Any = None) -> None:
        """Copy what was not copied yet."""
        if self._old.blobs.url == self._store.url:
            return
        ids = [image for image in self._old.reader.images()["id"].tolist() if image not in self._seen]
        for image in progress(ids, total=len(ids), desc="pictures") if progress else ids:
            if not self._store.has(image):
                data = self._old.blobs.get(image)
                self._put.append(image)
                self._store.put(data)
            thumbnail = self._old.blobs.get_thumbnail(image)
            if thumbnail is not None:
                self._store.put_thumbnail(image, thumbnail)
            self._seen.add(image)

    def _take_away(self) -> None:
        """Only in the copy's own folder: at a URL another workspace may count on them by now."""
        if not self._own:
            return
        if not self._folder_was_there:
            shutil.rmtree(self._store.url, ignore_errors=True)
            return
        for image in self._put:
            with contextlib.suppress(OSError):
                self._store.discard(image)


def _must_be_empty(engine: Engine) -> None:
    """A copy goes to a database of its own, never into one that may be another workspace's."""
    if engine.dialect.name == "sqlite":
        file = Path(str(engine.url.database))
        if file.exists():
            raise WorkspaceError(
                f"{file} is there already.",
                "Choose another place, or remove it if it is what an unfinished copy left.",
            )
        return
    with engine.connect() as connection:
        check_encoding(connection)
        tables = sa.inspect(connection).get_table_names()
    if tables:
        raise WorkspaceError(
            f"{place_of(engine.url)} is not empty: it has the table {sorted(tables)[0]}.",
            "Make an empty database for the copy, with createdb.",
        )


def _fill(
    source: Engine, target: Engine, last: Callable[[], None], undo: contextlib.ExitStack
) -> dict[str, int]:
    """Make the copy's database, all of it at once; `last` is called before it is there."""
    if target.dialect.name == "postgresql":
        # A copy that is killed leaves nothing: the tables are made in the transaction of the rows.
        rows = copy_rows(source, target, first=upgrade_within, last=last)
        undo.callback(_drop, target)
        return rows
    file = Path(str(target.url.database))
    rows = back_up_database(source, file, anew=True, last=last)
    for path in companions(file):
        undo.callback(path.unlink, missing_ok=True)
    return rows


def _drop(engine: Engine) -> None:
    with contextlib.suppress(WorkspaceError), engine.begin() as connection:
        drop_tables(connection)


def _copy_selections(old: Path, home: Path, undo: contextlib.ExitStack) -> None:
    """What people have chosen in the synset browser; what is there stays as it is."""
    folder = home / "selections"
    files = sorted((old / "selections").glob("*.txt"))
    if files and not folder.exists():
        folder.mkdir()
        undo.callback(folder.rmdir)
    for file in files:
        if not (folder / file.name).exists():
            undo.callback((folder / file.name).unlink, missing_ok=True)
            shutil.copy2(file, folder / file.name)
