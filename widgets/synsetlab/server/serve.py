"""The server from outside: what can be refused is refused before Voila, which takes seconds, is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.server.address import bind
from synsetlab.server.options import check_options
from synsetlab.server.surroundings import start_log
from synsetlab.store.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.server.options import ServeOptions

__all__ = ["serve"]


def serve(options: ServeOptions, ready: Callable[[str, str], None]) -> None:
    """Serve a workspace until SIGINT or SIGTERM.

    `ready` is told the URL that opens the grid, and the link that makes the administrator (empty where
    there is one, or where everyone is signed in under one name).

    Raises
    ------
    InputError
        The host, the name or another of the `options` cannot be used.
    WorkspaceError
        The workspace cannot be opened.
    SynsetlabError
        The port is taken.
    """
    check_options(options)
    start_log()
    with Workspace.open(options.workspace, database=options.database) as workspace:
        first = not workspace.accounts.exist()
        if options.everyone and not first:
            raise InputError(
                f"{workspace.folder} has accounts: nobody is let in as {options.everyone} without one.",
                "Leave out --as, and sign in.",
            )
        address = bind(options.host, options.port, options.base_url, options.certfile, options.keyfile)
        from synsetlab.server.standalone import run  # noqa: PLC0415 - see above

        token = workspace.accounts.first_link() if first and not options.everyone else ""
        link = f"{address.url}join/{token}" if token else ""
        run(options, workspace, address, lambda url: ready(url, link))
