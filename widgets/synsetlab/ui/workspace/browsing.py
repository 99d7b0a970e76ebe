"""What a workspace gives `SynsetBrowser`: counts, pictures, a target, languages, what was kept out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from synsetlab.errors import InputError
from synsetlab.taxonomy.selection import Selection
from synsetlab.ui.workspace.counts import AcceptedPictures, WorkspaceCounts

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.store.workspace import Workspace

__all__ = ["Browsing"]

TARGET: Final = "target"
"""In ``synsetlab.toml``: images wanted of each class."""
SELECTION: Final = "selection.json"
LANGUAGES: Final = "languages"


class Browsing:
    """The sources of one workspace.

    Parameters
    ----------
    workspace
        Its folder may have ``selection.json`` (what `Selection.save` and ``synsets select -o`` write), a
        folder ``languages`` with Open Multilingual Wordnet tables, and ``target = 500`` in
        ``synsetlab.toml``.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.counts = WorkspaceCounts(workspace)
        self.pictures = AcceptedPictures(workspace)

    @property
    def target(self) -> int | None:
        """Images wanted of each class; None: nobody said.

        Raises
        ------
        InputError
            What ``synsetlab.toml`` says is no whole number of at least 0.
        """
        text = self._workspace.option(TARGET)
        if not text:
            return None
        if not text.isdecimal():
            raise InputError(
                f"synsetlab.toml: {TARGET} = {text!r} is no whole number.",
                f"Write for example: {TARGET} = 500",
            )
        return int(text)

    @property
    def languages(self) -> list[Path]:
        """Tables, by name."""
        return sorted((self._workspace.folder / LANGUAGES).glob("*.tab"))

    @cached_property
    def excluded(self) -> Selection | None:
        """The selection that says why other synsets were kept out; None: there is none.

        Raises
        ------
        InputError
            ``selection.json`` is no saved selection.
        """
        file = self._workspace.folder / SELECTION
        return Selection.read(file) if file.is_file() else None
