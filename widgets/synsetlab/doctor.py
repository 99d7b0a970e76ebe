"""What is present on this machine, and how to get what is not."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synsetlab import __version__
from synsetlab.config import data_dir, find_workspace
from synsetlab.errors import SynsetlabError, WorkspaceError

__all__ = [
    "Check",
    "examine",
    "examine_workspace_database",
    "find_browser",
    "find_node",
    "find_postgres",
    "version_of",
]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)[^;]*(?:;.*extra\s*==\s*['\"]([^'\"]+)['\"])?")
_NUMBER = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True)
class Check:
    """One thing that was looked for."""

    name: str
    status: Literal["ok", "missing", "optional", "damaged"]
    """``ok``; ``missing``: nothing works without; ``optional``: absent, and only one feature wants it;
    ``damaged``: it is there and not whole."""
    found: str
    """What is there, or what is wrong, in words."""
    remedy: str = ""
    """How to get it; empty when all is well."""


def examine(workspace: str | os.PathLike[str] | None = None) -> list[Check]:
    """Look for everything; never raises for what it finds.

    Parameters
    ----------
    workspace
        The workspace to look at; else the one of the environment or the current folder, if any.
    """
    return [
        _python(),
        _packages(),
        _data_folder(),
        _wordnet(),
        _workspace(workspace),
        _program("browser", find_browser(), "tests and screenshots", "apt-get install chromium"),
        _program("PostgreSQL", _postgres_program(), "tests of team workspaces", "apt-get install postgresql"),
        _program(
            "Node.js", find_node(), "checks of the ES modules in development", "apt-get install nodejs npm"
        ),
        *_extras(),
    ]


def examine_workspace_database(workspace: str | os.PathLike[str] | None = None) -> list[Check]:
    """Whether the workspace's database is whole; nothing is changed. See `examine` for `workspace`.

    Raises
    ------
    WorkspaceError
        There is no workspace, or its database cannot be opened at all.
    """
    from synsetlab.store.health import examine_database  # noqa: PLC0415 - SQLAlchemy only for this
    from synsetlab.store.workspace import Workspace  # noqa: PLC0415 - likewise

    with Workspace.open(workspace) as opened:
        return [
            Check(found.name, "damaged", found.problem, found.remedy)
            if found.problem
            else Check(found.name, "ok", found.detail)
            for found in examine_database(opened)
        ]


def find_browser() -> Path | None:
    """A Chromium or Chrome: ``$SYNSETLAB_CHROMIUM``, else from the path."""
    named = os.environ.get("SYNSETLAB_CHROMIUM")
    candidates = [named] if named else [*BROWSERS, *MAC_BROWSERS]
    return next((Path(found) for name in candidates if (found := shutil.which(name))), None)


def find_postgres() -> Path | None:
    """The folder with PostgreSQL's server programs; Debian keeps them off the path."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_key, reverse=True):
        if (folder / "initdb").is_file():
            return folder
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def find_node() -> Path | None:
    """Node.js; nothing of it runs in the product."""
    found = shutil.which("node")
    return Path(found) if found else None


def version_of(program: Path) -> str:
    """The version that `program` says it has; empty when it does not start."""
    try:
        done = subprocess.run(  # noqa: S603 - a program that was found above, with a fixed argument
            [program, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    number = _NUMBER.search(done.stdout)
    return number.group() if number else done.stdout.strip()


def _version_key(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", folder.parent.name))


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", "ok", f"{version} ({sys.executable})")


def _packages() -> Check:
    absent = [name for name in _requirements().get("", []) if not _installed(name)]
    if absent:
        return Check(
            "synsetlab",
            "missing",
            f"{__version__}, without {', '.join(absent)}",
            f"pip install {' '.join(absent)}",
        )
    return Check("synsetlab", "ok", f"{__version__} ({Path(__file__).parent})")


def _data_folder() -> Check:
    remedy = "Set $SYNSETLAB_DATA to a folder that you may write to."
    try:
        folder = data_dir()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check("data folder", "missing", f"cannot be written: {error}", remedy)
    return Check("data folder", "ok", str(folder))


def _wordnet() -> Check:
    from synsetlab.taxonomy.install import status  # noqa: PLC0415 - the doctor lives when a room does not

    try:
        found = status()
    except (SynsetlabError, OSError) as error:
        return Check("WordNet 3.0", "missing", str(error), "synsetlab wordnet install")
    if not found.installed:
        return Check("WordNet 3.0", "missing", f"not in {found.path}", "synsetlab wordnet install")
    return Check("WordNet 3.0", "ok", f"{found.path} (from {found.source or 'unknown'})")


def _workspace(given: str | os.PathLike[str] | None) -> Check:
    try:
        folder = find_workspace(given)
    except WorkspaceError as error:
        if given or os.environ.get("SYNSETLAB_WORKSPACE"):
            return Check("workspace", "missing", error.message, error.remedy)
        return Check("workspace", "optional", "none here", "synsetlab init DIR, or name one with -w DIR")
    from synsetlab.store.schema_version import HEAD  # noqa: PLC0415 - SQLAlchemy only where there is a workspace
    from synsetlab.store.workspace import Workspace  # noqa: PLC0415 - as above

    try:
        with Workspace.open(folder) as workspace:
            kind = workspace.engine.dialect.name
    except SynsetlabError as error:
        return Check("workspace", "missing", error.message, error.remedy)
    except Exception as error:  # noqa: BLE001 - whatever the database's driver raises is the finding
        return Check("workspace", "missing", f"{folder}: {_first_line(error)}", "Is its database running?")
    return Check("workspace", "ok", f"{folder} ({kind}, schema {HEAD})")


def _program(name: str, program: Path | None, purpose: str, remedy: str) -> Check:
    if program is None:
        return Check(name, "optional", f"not found; only for {purpose}", remedy)
    version = version_of(program)
    if not version:
        return Check(name, "optional", f"{program} does not start; only for {purpose}", remedy)
    return Check(name, "ok", f"{version} ({program})")


def _postgres_program() -> Path | None:
    folder = find_postgres()
    return folder / "postgres" if folder else None


def _extras() -> list[Check]:
    checks = []
    for extra, names in _requirements().items():
        if not extra:
            continue
        absent = [name for name in names if not _installed(name)]
        if absent:
            remedy = f'pip install "synsetlab[{extra}]"'
            checks.append(Check(f"extra {extra}", "optional", f"without {', '.join(absent)}", remedy))
        else:
            checks.append(Check(f"extra {extra}", "ok", ", ".join(names)))
    return checks


def _requirements() -> dict[str, list[str]]:
    """Names of the packages that synsetlab asks for, by extra; ``""`` is what it always needs."""
    try:
        lines = importlib.metadata.requires("synsetlab") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    wanted: dict[str, list[str]] = {}
    for line in lines:
        if match := _REQUIREMENT.match(line):
            wanted.setdefault(match.group(2) or "", []).append(match.group(1))
    return wanted


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
