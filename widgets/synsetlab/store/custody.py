"""Copy, back up and restore whole workspaces: the database and the pictures."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.config import WORKSPACE_FILE
from synsetlab.errors import InputError, WorkspaceError
from synsetlab.store.database_url import file_url, place_of, resolve_url
from synsetlab.store.engine import connect
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.schema import Base
from synsetlab.store.schema_version import check_schema
from synsetlab.store.transfer import back_up_database, copy_rows, stamp
from synsetlab.store.workspace import DEFAULT_DATABASE, Workspace

if TYPE_CHECKING:
    import os

    from sqlalchemy.engine import URL, Engine

__all__ = ["Copied", "back_up", "copy_workspace", "restore"]


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
        `target` is a workspace already, or one of the two cannot be used. A copy that fails is taken away.
    """
    home = Path(target).resolve()
    new = not home.exists()
    url = resolve_url(database or DEFAULT_DATABASE, home)
    with Workspace.open(source) as old:
        _must_be_empty(url)
        # An explicit database: $SYNSETLAB_DATABASE means the source.
        made = Workspace.create(home, database=database or DEFAULT_DATABASE, blobs=blobs)
        try:
            with made:
                rows = _fill(old.engine, made.engine)
                # After the rows: a picture of every row is there, for pictures are only ever added.
                copied = _copy_pictures(old, made, progress) if pictures else 0
                return Copied(place_of(made.engine.url), rows, copied)
        except BaseException:
            _take_away(url, home, new=new)
            raise


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


def restore(workspace: str | os.PathLike[str], file: str | os.PathLike[str]) -> tuple[Copied, Path]:
    """Make the workspace's database hold what a back-up holds; needs the workspace for itself.

    What it held is backed up first, to the path that is returned second.

    Raises
    ------
    InputError
        `file` is no back-up.
    DatabaseVersionError
        The back-up has another schema than this synsetlab works with.
    WorkspaceBusyError
        Someone has the workspace open.
    """
    path = Path(file).resolve()
    if not path.is_file():
        raise InputError(f"{path} is not a file.", "Name a back-up made by: synsetlab workspace backup")
    saved = connect(file_url(path))
    try:
        check_schema(saved, str(path))
        with Workspace.open(workspace) as opened:
            home, engine = opened.folder, opened.engine
            opened.release_hold()
            lock = WorkspaceLock(home, engine, exclusive=True)
            try:
                before = home / f"workspace.before-restore-{stamp()}.sqlite"
                back_up_database(engine, before)
                rows = _put_back(saved, engine)
            finally:
                lock.release()
            return Copied(place_of(engine.url), rows, 0), before
    finally:
        saved.dispose()


def _must_be_empty(url: URL) -> None:
    """A copy goes to a database of its own, never into one that may be another workspace's."""
    engine = connect(url)
    try:
        if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
            return
        with engine.connect() as connection:
            tables = sa.inspect(connection).get_table_names()
        if tables:
            raise WorkspaceError(
                f"{place_of(engine.url)} is not empty: it has the table {sorted(tables)[0]}.",
                "Make an empty database for the copy, with createdb.",
            )
    finally:
        engine.dispose()


def _take_away(url: URL, home: Path, *, new: bool) -> None:
    """What was made for a copy that failed."""
    engine = connect(url)
    with contextlib.suppress(sa.exc.SQLAlchemyError), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            Base.metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
            connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change")
    engine.dispose()
    made = (WORKSPACE_FILE, ".lock", "workspace.sqlite", "workspace.sqlite-wal", "workspace.sqlite-shm")
    for name in made:
        (home / name).unlink(missing_ok=True)
    if new:
        shutil.rmtree(home, ignore_errors=True)


def _fill(source: Engine, target: Engine) -> dict[str, int]:
    """Copy into a database that was just made, less what it was made with."""
    with target.begin() as connection:
        connection.exec_driver_sql("DELETE FROM setting")
    return copy_rows(source, target)


def _put_back(saved: Engine, engine: Engine) -> dict[str, int]:
    if engine.dialect.name == "postgresql":
        return copy_rows(saved, engine, replace=True)
    place = Path(str(engine.url.database))
    aside = place.with_name(f".{place.name}.{stamp()}")
    rows = back_up_database(saved, aside)
    engine.dispose()
    for rest in ("-wal", "-shm"):
        place.with_name(place.name + rest).unlink(missing_ok=True)
    aside.replace(place)
    return rows


def _copy_pictures(old: Workspace, made: Workspace, progress: Any) -> int:
    if old.blobs.url == made.blobs.url:
        return 0
    ids = old.reader.images()["id"].tolist()
    copied = 0
    for image in progress(ids, total=len(ids), desc="pictures") if progress else ids:
        if not made.blobs.has(image):
            copied += made.blobs.put(old.blobs.get(image)) == image
        thumbnail = old.blobs.get_thumbnail(image)
        if thumbnail is not None:
            made.blobs.put_thumbnail(image, thumbnail)
    return copied
