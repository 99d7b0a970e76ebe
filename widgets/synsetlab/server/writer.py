"""The writer as a process of its own: `synsetlab.store.writer_service` of one workspace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from synsetlab.candidates.synsets import add_synsets
from synsetlab.server.services import serve
from synsetlab.store.writer_service import WriterService
from synsetlab.voting.consensus import OnlineDecider

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection

    from synsetlab.store.workspace import Workspace

__all__: list[str] = []

SWITCH_S = 0.0005
"""How long a look-up may hold Python while the writer waits: the default is ten times that."""


def _make(workspace: Workspace, listener: socket.socket) -> WriterService:
    decider = OnlineDecider(workspace)

    def choose(wnids: Collection[str]) -> int:
        return add_synsets(workspace, [str(wnid) for wnid in wnids])

    return WriterService(workspace, listener, {"decide": decider, "choose": choose})


if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_S)
    serve(_make)
