"""The files in which the synset browser keeps what each annotator has chosen."""

from __future__ import annotations

import hashlib
import urllib.parse
from typing import TYPE_CHECKING

from synsetlab.errors import WorkspaceError
from synsetlab.store.names import same_name

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["rename_selections", "selection_file"]

QUOTED_BYTES = 241
"""Of a person's name in that of a file; file systems take 255, and a file that is written aside adds 14."""


def selection_file(folder: Path, annotator: str) -> Path:
    """Where in a workspace's folder an annotator's choices are kept."""
    name = urllib.parse.quote(annotator, safe="")
    if len(name) > QUOTED_BYTES:
        # "=" begins the quoted name of nobody.
        name = f"={hashlib.sha256(annotator.encode()).hexdigest()}"
    return folder / "selections" / f"{name}.txt"


def rename_selections(folder: Path, name: str, pseudonym: str) -> None:
    """Let the choices of `name`, however it is spelled, be those of a pseudonym.

    Raises
    ------
    WorkspaceError
        A file cannot be renamed.
    """
    theirs, nobodys = selection_file(folder, name), selection_file(folder, pseudonym)
    for file in sorted(theirs.parent.glob("*.txt")):
        if file != theirs and same_name(urllib.parse.unquote(file.stem)) != same_name(name):
            continue
        try:
            file.replace(nobodys)
        except OSError as error:
            forgotten = "The person is forgotten in the database, but the file of what they chose in Browse"
            raise WorkspaceError(
                f"{forgotten}, {file}, cannot be renamed: {error.strerror}.",
                f"Rename it to {nobodys.name} by hand, or delete it.",
                shown=f"{forgotten} cannot be renamed: {error.strerror}.",
            ) from error
