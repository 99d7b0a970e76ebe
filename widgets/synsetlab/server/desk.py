"""The desk as a process of its own: it tells kernels what others did, each role what its pages show."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from synsetlab.server.services import serve
from synsetlab.store.service import Service
from synsetlab.ui.workspace.desk import DeskParts

if TYPE_CHECKING:
    import socket

    from synsetlab.store.workspace import Workspace

__all__: list[str] = []

READERS = 8
"""Answers at the same time: some wait for a long one, and a short one must not wait for them."""
NICE = 5
"""It gives way to the writer and to kernels: who reads numbers can wait, who votes cannot."""


def _make(workspace: Workspace, listener: socket.socket) -> Service:
    return Service(workspace, listener, DeskParts(workspace), readers=READERS)


if __name__ == "__main__":
    os.nice(NICE)
    serve(_make)
