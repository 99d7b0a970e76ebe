"""What pages show of what others did: told by the desk where a kernel has no database, else looked up here.

The desk (`synsetlab.server.desk`) is one process for all kernels. However much they ask of it, no vote
waits; it tells each role what its pages show and no more (`synsetlab.store.permits`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from synsetlab.ui.workspace.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.store.workspace import Workspace

__all__ = ["DeskParts", "desk_part"]

FACTS: Final = {
    "browsing": ("counts", "BrowsingFacts"),
    "dashboard": ("dashboard", "WorkspaceDashboard"),
    "duplicates": ("duplicate_facts", "DuplicateFacts"),
    "review": ("review_facts", "ReviewFacts"),
}
"""Module and class of each part, by its name in `synsetlab.store.permits.PERMITS`."""


class DeskParts(Mapping[str, Any]):
    """All parts of a workspace that has its database; each is made, and its imports, when first asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._mutex = threading.Lock()
        self._made: dict[str, Any] = {}
        self._kept = Kept(workspace)

    def __getitem__(self, name: str) -> Any:
        with self._mutex:
            if name not in self._made:
                module, facts = FACTS[name]
                made = getattr(import_module(f"synsetlab.ui.workspace.{module}"), facts)
                self._made[name] = made(self._workspace, self._kept)
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


def desk_part(workspace: Workspace, name: str) -> Any:
    """One of them; a kernel that asks the desk loads none of what answers."""
    told = workspace.desk(name)
    return DeskParts(workspace)[name] if told is None else told
