"""The desk as a process of its own: it tells kernels what others did, each role what its pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.server.services import serve
from synsetlab.store.service import Service
from synsetlab.ui.workspace.desk import DeskParts

if TYPE_CHECKING:
    import socket

    from synsetlab.store.workspace import Workspace

__all__: list[str] = []


def _make(workspace: Workspace, listener: socket.socket) -> Service:
    return Service(workspace, listener, DeskParts(workspace))


if __name__ == "__main__":
    serve(_make)
