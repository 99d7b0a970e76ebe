"""A workspace: one folder that holds a dataset in the making.

Its database is imported where it is opened: a labelling page has none and starts in half the time.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from synsetlab.config import WORKSPACE_FILE, find_workspace
from synsetlab.errors import WorkspaceError
from synsetlab.store.blobs import BlobStore
from synsetlab.store.defaults import VOTE_POLICY
from synsetlab.store.remote import Link, Remote, RemoteReader, derive_question_key, links_from
from synsetlab.store.selection_files import rename_selections, selection_file

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.engine import Engine

    from synsetlab.store.access import Access
    from synsetlab.store.accounts import Accounts
    from synsetlab.store.local import Local
    from synsetlab.store.lookups import Lookups
    from synsetlab.store.own_work import OwnWork
    from synsetlab.store.reader import Reader
    from synsetlab.store.team import Team
    from synsetlab.store.totals import Totals
    from synsetlab.store.waiting import Waiting
    from synsetlab.store.writer import Writer

__all__ = [
    "DEFAULT_DATABASE",
    "Workspace",
    "check_database",
    "database_of",
    "make_folder",
    "other_settings",
    "place_of_blobs",
    "refuse_workspace",
    "write_settings",
]

DEFAULT_DATABASE = "sqlite:///workspace.sqlite"
EXAMPLES = {"database": DEFAULT_DATABASE, "blobs": "blobs"}
DATABASE_VARIABLE = "SYNSETLAB_DATABASE"
HEADING = "# A synsetlab workspace.\n"
PLACES = re.compile(r"\s*(database|blobs)\s*=")


class Workspace:
    """An open workspace: to read (``reader``, ``lookups``, ``totals``) and change (``writer``).

    ``blobs`` holds the pictures, ``accounts`` says who may come in, ``access`` who may have a release,
    ``own_work`` what one did and said.
    Make one with `Workspace.create`, open one with `Workspace.open`; both are context managers.
    """

    folder: Path
    blobs: BlobStore
    engine: Engine
    reader: Reader
    lookups: Lookups
    writer: Writer
    accounts: Accounts
    own_work: OwnWork
    access: Access
    team: Team
    totals: Totals
    waiting: Waiting

    def __init__(
        self, folder: Path, blobs: BlobStore, database: Local | Link, desk: Link | None = None
    ) -> None:
        self.folder = folder
        self.blobs = blobs
        self._database = database
        self._desk = desk
        if isinstance(database, Link):
            # Of the parts there is what the link's capability reaches to.
            self.reader = RemoteReader("reader", database)  # type: ignore[assignment]
            for part in ("lookups", "own_work", "team", "writer"):
                setattr(self, part, Remote(part, database))
            return
        self.engine, self.reader, self.lookups = database.engine, database.reader, database.lookups
        self.writer, self.accounts, self.own_work = database.writer, database.accounts, database.own_work
        self.access, self.team = database.access, database.team
        self.totals, self.waiting = database.totals, database.waiting

    @classmethod
    def create(
        cls, folder: str | os.PathLike[str], *, database: str | None = None, blobs: str = "blobs"
    ) -> Self:
        """Make a workspace in `folder` (created if need be) and open it.

        Parameters
        ----------
        folder
            An empty or new folder, or one that holds other things but no workspace.
        database
            ``postgresql+psycopg://...`` for a team; by default ``$SYNSETLAB_DATABASE``, else SQLite
            inside the folder.
        blobs
            Folder (relative to the workspace) or fsspec URL for the pictures.

        Raises
        ------
        WorkspaceError
            There is a workspace already, or the folder or the database cannot be used.
        DatabaseVersionError
            The database holds tables of another version or of another program.
        """
        from synsetlab.store.database_url import (  # noqa: PLC0415 - see the module
            resolve_url,
            without_password,
        )
        from synsetlab.store.local import make_database  # noqa: PLC0415 - likewise

        home = Path(folder).resolve()
        refuse_workspace(home)
        url = _chosen(database)
        store = BlobStore(place_of_blobs(blobs, home))
        resolve_url(url, home)  # refused before anything is made
        made = make_folder(home)
        try:
            local = make_database(url, home)
        except BaseException:
            for folder_ in made:  # what we made goes with a failure
                shutil.rmtree(folder_, ignore_errors=True)
            raise
        if database is None:
            url = without_password(url)  # one that came by the environment is kept out of files
        write_settings(home, url, blobs)
        return cls(home, store, local)

    @classmethod
    def open(cls, folder: str | os.PathLike[str] | None = None, *, database: str | None = None) -> Self:
        """Open a workspace: its database, or, in a kernel that was given a link instead, by its writer.

        Parameters
        ----------
        folder
            The workspace; None means ``$SYNSETLAB_WORKSPACE``, else the nearest parent of the
            current folder that is one.
        database
            Overrules the workspace's own database URL, as ``$SYNSETLAB_DATABASE`` does.

        Raises
        ------
        WorkspaceError
            There is no workspace there, or its file cannot be read.
        DatabaseVersionError
            The database is newer or older than this code.
        """
        home, settings = _settings(find_workspace(folder))
        blobs = BlobStore(place_of_blobs(settings["blobs"], home))
        links = links_from(os.environ) if database is None else None
        if links is not None:
            return cls(home, blobs, *links)
        from synsetlab.store.local import open_database  # noqa: PLC0415 - see the module

        url = database or os.environ.get(DATABASE_VARIABLE) or settings["database"]
        return cls(home, blobs, open_database(url, home))

    @classmethod
    def migrate(cls, folder: str | os.PathLike[str]) -> str:
        """Bring the workspace's database to this version of the code; returns the schema version.

        It is backed up into the folder first. ``$SYNSETLAB_DATABASE`` overrules the
        workspace's own database URL, as in `open`.

        Raises
        ------
        DatabaseVersionError
            The database is newer than this code, or not of synsetlab.
        WorkspaceBusyError
            Someone else has the workspace open.
        """
        from synsetlab.store.local import migrate_database  # noqa: PLC0415 - see the module

        home, url = database_of(folder)
        return migrate_database(url, home)

    def setting(self, key: str) -> str:
        """A fact about the workspace: ``workspace_id`` or ``secret``."""
        value = self.reader.setting(key)
        if value is None:
            raise WorkspaceError(f"{self.folder} has no setting {key!r}.")
        return value

    def question_key(self) -> bytes:
        """What names of questions are made with: of the secret, which it does not tell."""
        if isinstance(self._database, Link):
            return bytes.fromhex(self._database.ask("question_key"))
        return derive_question_key(self.setting("secret"))

    def option(self, key: str) -> str:
        """What ``synsetlab.toml`` says of `key`; empty where it says nothing."""
        return str(_settings(self.folder)[1].get(key, ""))

    def selection_file(self, annotator: str) -> Path:
        """Where the synset browser keeps what an annotator has chosen."""
        return selection_file(self.folder, annotator)

    def forget(self, account: int, *, by: int | None) -> str:
        """Forget a person in the database (`Accounts.erase`) and in names of files; returns the pseudonym.

        Raises
        ------
        WorkspaceError
            They are forgotten in the database, and the file could not be renamed.
        """
        member = self.accounts.get(account)
        pseudonym = self.accounts.erase(account, by=by)
        if member is not None:
            rename_selections(self.folder, member.name, pseudonym)
        return pseudonym

    def forget_without_account(self, name: str) -> str:
        """Forget someone who votes or judges without an account, likewise; returns the pseudonym.

        Raises
        ------
        InputError
            Nobody goes by that name.
        """
        from synsetlab.store.erasure import forget_without_account  # noqa: PLC0415 - see the module

        pseudonym = forget_without_account(self.writer, name)
        rename_selections(self.folder, name, pseudonym)
        return pseudonym

    @property
    def linked(self) -> bool:
        """Whether this is a kernel that asks others instead of the database."""
        return isinstance(self._database, Link)

    def ask(self, operation: str, *args: Any) -> Any:
        """Have the writer do one of the operations of `synsetlab.store.permits`; where `linked`."""
        assert isinstance(self._database, Link)
        return self._database.ask(operation, *args)

    def desk(self, part: str) -> Remote | None:
        """What is told, where `linked`, of what others did; None: whoever has the database looks there."""
        return None if self._desk is None else Remote(part, self._desk)

    @property
    def vote_policy(self) -> str:
        """Which answer counts where an annotator gave several: ``keep_last`` or ``keep_first``."""
        return self.reader.setting(VOTE_POLICY) or "keep_last"

    def release_hold(self) -> None:
        """Let go of the shared hold on the folder, for whoever is about to take it alone."""
        if not isinstance(self._database, Link):
            self._database.lock.release()

    def close(self) -> None:
        """Let go of the database and of the shared hold on the folder."""
        self._database.close()
        if self._desk is not None:
            self._desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if isinstance(self._database, Link):
            return f"Workspace({str(self.folder)!r}, by its writer)"
        return f"Workspace({str(self.folder)!r}, {self.engine.url.render_as_string(hide_password=True)!r})"


def check_database(folder: str | os.PathLike[str], database: str | None = None) -> None:
    """Raise what `Workspace.create` would raise of its database; makes nothing.

    Raises
    ------
    InputError
        The URL names no database that is supported.
    WorkspaceError
        The server cannot be reached or refuses us, or the database is not free.
    """
    from synsetlab.store.local import check_new_database  # noqa: PLC0415 - see the module

    url = _chosen(database)
    check_new_database(url, Path(folder).resolve())


def _chosen(database: str | None) -> str:
    """The URL for a new workspace: an empty one that was given is refused later, not passed over."""
    return (os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE) if database is None else database


def database_of(folder: str | os.PathLike[str]) -> tuple[Path, str]:
    """A workspace's folder and the URL of its database, which `$SYNSETLAB_DATABASE` overrules."""
    home, settings = _settings(folder)
    return home, os.environ.get(DATABASE_VARIABLE) or settings["database"]


def refuse_workspace(home: Path) -> None:
    """Raise WorkspaceError where `home` is a workspace already."""
    if (home / WORKSPACE_FILE).exists():
        raise WorkspaceError(
            f"{home} is a workspace already.", "Choose another folder, or use this one as it is."
        )


def write_settings(home: Path, database: str, blobs: str, others: str = "") -> None:
    """Make `home` a workspace: last, so that a folder with this file is always a whole one.

    `others` are lines as `other_settings` gives them.
    """
    aside = home / f".{WORKSPACE_FILE}.{secrets.token_hex(4)}"
    # The URL may hold a password: the file is for its owner only.
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{HEADING}database = {_quote(database)}\nblobs = {_quote(blobs)}\n{others}")
    aside.replace(home / WORKSPACE_FILE)


def other_settings(home: Path) -> str:
    """The lines of ``synsetlab.toml`` that say neither where the database is nor where the pictures are.

    Raises
    ------
    WorkspaceError
        One of these two takes more than a line.
    """
    file = home / WORKSPACE_FILE
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    kept = "".join(line for line in lines if line != HEADING and not PLACES.match(line))
    expected = {key: value for key, value in tomllib.loads(text).items() if key not in EXAMPLES}
    with contextlib.suppress(tomllib.TOMLDecodeError):
        if tomllib.loads(kept) == expected:
            return kept
    raise WorkspaceError(f"{file} cannot be taken along.", "Write database and blobs in a line each.")


def _settings(folder: str | os.PathLike[str]) -> tuple[Path, dict[str, str]]:
    home = Path(folder).resolve()
    file = home / WORKSPACE_FILE
    try:
        read: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        remedy = f"Make one with: synsetlab init {folder}"
        raise WorkspaceError(f"{home} is not a workspace: it has no {WORKSPACE_FILE}.", remedy) from error
    except tomllib.TOMLDecodeError as error:
        raise WorkspaceError(f"{file} cannot be read: {error}.", "Correct it by hand.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{file} cannot be read: {error}.", "Mend or restore it.") from error
    settings = {"database": DEFAULT_DATABASE, "blobs": "blobs", **read}
    for name in ("database", "blobs"):
        if not isinstance(settings[name], str) or not settings[name]:
            raise WorkspaceError(
                f"{file}: {name} = {settings[name]!r} is not a text.",
                f'Write for example: {name} = "{EXAMPLES[name]}"',
            )
    return home, settings


def make_folder(home: Path) -> list[Path]:
    """Make `home`; returns the topmost folder that was made for it, if any."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"The folder {home} cannot be made: {error.strerror}.", "Choose another folder."
        ) from error
    if not os.access(home, os.W_OK):
        raise WorkspaceError(f"The folder {home} cannot be written.", "Choose another, or mend its rights.")
    return missing[-1:]


def place_of_blobs(blobs: str, home: Path) -> str:
    """The folder or URL that `blobs` means in the workspace `home`."""
    return blobs if "://" in blobs else str(home / blobs)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
