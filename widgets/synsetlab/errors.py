"""Everything synsetlab raises on purpose.

The tree::

    SynsetlabError                 the base; catch this to catch them all
    ├── InputError                 a value, file or column that was given cannot be used (exit code 2)
    │   ├── MissingColumnError     a table lacks a column that the operation needs
    │   └── UnknownSynsetError     a wnid or name that WordNet 3.0 does not have
    ├── WordNetError               WordNet 3.0 is absent, damaged or of another version
    ├── WorkspaceError             the workspace cannot be found, opened or written
    │   ├── DatabaseVersionError   the database was written by a newer (or must be migrated to this) synsetlab
    │   ├── WorkspaceBusyError     an exclusive operation found others at work
    │   └── NotAllowedError        who asks may not do that, or may no longer
    ├── ImageError                 one picture cannot be read; ``reason`` says why in one word
    ├── ReleaseError               a release cannot be frozen, read or proved
    └── DependencyError            a feature needs a package that is not installed

Each message names the value, the place and the remedy; ``remedy`` is kept apart so that
``--json`` and the widgets can show it on its own.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "DatabaseVersionError",
    "DependencyError",
    "ImageError",
    "InputError",
    "MissingColumnError",
    "NotAllowedError",
    "ReleaseError",
    "SynsetlabError",
    "UnknownSynsetError",
    "WordNetError",
    "WorkspaceBusyError",
    "WorkspaceError",
]


class SynsetlabError(Exception):
    """The base of everything synsetlab raises on purpose.

    Parameters
    ----------
    message
        What is wrong: names the value and the place.
    remedy
        What the reader can do about it, a sentence or a command; may be empty.
    shown
        The message without the place, for a page whose reader has no business with the server's folders and
        hosts; empty: the message itself.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "", *, shown: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.shown = shown or message

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class InputError(SynsetlabError):
    """A value, file or column that was given cannot be used."""

    exit_code = 2


class MissingColumnError(InputError):
    """A table lacks a column that the operation needs."""

    def __init__(self, place: str, needed: str, found: list[str], remedy: str = "") -> None:
        listed = ", ".join(found) if found else "none"
        super().__init__(f"{place} has no column {needed!r}; it has: {listed}.", remedy)
        self.needed = needed
        self.found = found


class UnknownSynsetError(InputError):
    """A wnid or name that WordNet 3.0 does not have."""


class WordNetError(SynsetlabError):
    """WordNet 3.0 is absent, damaged or of another version."""


class WorkspaceError(SynsetlabError):
    """The workspace cannot be found, opened or written."""


class DatabaseVersionError(WorkspaceError):
    """The database's schema is not the one this synsetlab works with."""


class WorkspaceBusyError(WorkspaceError):
    """An exclusive operation found others at work in the same workspace."""


class NotAllowedError(WorkspaceError):
    """Who asks may not do that, or may no longer."""


class ImageError(SynsetlabError):
    """One picture cannot be read.

    ``reason`` is one word for tables and counts: ``truncated``, ``not-an-image``,
    ``too-large``, ``empty``, ``unreadable``.
    """

    def __init__(self, message: str, reason: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.reason = reason


class ReleaseError(SynsetlabError):
    """A release cannot be frozen, read or proved."""


class DependencyError(SynsetlabError):
    """A feature needs a package that is not installed."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {package!r}, which is not installed.",
            f'Install it with: pip install "synsetlab[{extra}]"',
        )
