"""Where things are: the user's data folder, and which workspace a command means."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from synsetlab.errors import WorkspaceError

__all__ = ["WORKSPACE_FILE", "config_dir", "data_dir", "find_workspace"]

WORKSPACE_FILE = "synsetlab.toml"
"""The file whose presence makes a folder a workspace."""


def data_dir() -> Path:
    """Folder for what belongs to the user rather than to a workspace: WordNet and its compiled index.

    ``$SYNSETLAB_DATA`` if set, else the platform's data folder. Created on first use.
    """
    folder = Path(
        os.environ.get("SYNSETLAB_DATA") or platformdirs.user_data_dir("synsetlab", appauthor=False)
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def config_dir() -> Path:
    """Folder for how the user likes to work.

    ``$SYNSETLAB_CONFIG`` if set, else the platform's configuration folder. Created on first use.
    """
    folder = Path(
        os.environ.get("SYNSETLAB_CONFIG") or platformdirs.user_config_dir("synsetlab", appauthor=False)
    )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find_workspace(given: str | os.PathLike[str] | None = None) -> Path:
    """The workspace folder that is meant.

    In this order: `given`, ``$SYNSETLAB_WORKSPACE``, the nearest parent of the current folder
    (itself included) that holds ``synsetlab.toml``.

    Raises
    ------
    WorkspaceError
        None of the three names a workspace.
    """
    named = given or os.environ.get("SYNSETLAB_WORKSPACE")
    if named:
        folder = Path(named)
        if (folder / WORKSPACE_FILE).is_file():
            return folder.resolve()
        raise WorkspaceError(
            f"{folder} is not a workspace: it has no {WORKSPACE_FILE}.",
            f"Make one with: synsetlab init {folder}",
        )
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / WORKSPACE_FILE).is_file():
            return folder
    raise WorkspaceError(
        f"No workspace: {here} and its parents hold no {WORKSPACE_FILE}.",
        "Name one with -w DIR or $SYNSETLAB_WORKSPACE, or make one with: synsetlab init DIR",
    )
