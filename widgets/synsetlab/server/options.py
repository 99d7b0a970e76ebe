"""What the server is told, and what of it contradicts itself; nothing here imports Voila."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.server.address import is_loopback
from synsetlab.server.outside import Proxies, ProxyHeader
from synsetlab.store.names import clean_name, clean_role

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.server.outside import Outside

__all__ = ["ServeOptions", "check_options", "needs_accounts", "outside_of"]


@dataclass(frozen=True)
class ServeOptions:
    """What ``synsetlab serve`` is told."""

    workspace: Path
    host: str = "127.0.0.1"
    port: int | None = None
    """0 is any free port; None is `DEFAULT_PORT`, or a free one where that is taken."""
    database: str | None = None
    """Overrules the workspace's own database URL."""
    base_url: str = ""
    """A path, or the whole address under which people reach the server through a proxy."""
    certfile: Path | None = None
    keyfile: Path | None = None
    """TLS without a proxy."""
    everyone: str = ""
    """The name under which every visitor is signed in; empty: each is asked."""
    accounts: bool = False
    """Whether accounts are needed even where none exists yet."""
    trust_header: str = ""
    """The header in which a proxy says who is there."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of the proxies that may be believed."""
    hub: bool = False
    """Whether JupyterHub started the server as a service, and says who is there."""
    newcomers: str = ""
    """The role of those whom a proxy or a hub vouches for, before anyone invites them; empty: none."""
    notebooks: Path | None = None
    """Folder with own versions of the apps' notebooks."""


def check_options(options: ServeOptions) -> None:
    """Refuse what contradicts itself.

    Raises
    ------
    InputError
        The name, a proxy's address or another of the `options` cannot be used, or two exclude each other.
    """
    if options.everyone:
        clean_name(options.everyone)
        if not is_loopback(options.host):
            raise InputError(
                f"--as {options.everyone} with --host {options.host} would sign in everyone who can reach "
                "this machine.",
                "Leave one of the two out.",
            )
        if needs_accounts(options):
            raise InputError(
                f"--as {options.everyone} signs everyone in; --accounts, --hub and --trust-header do not.",
                "Leave one of the two out.",
            )
    if options.newcomers:
        clean_role(options.newcomers)
        if not options.hub and not options.trust_header:
            raise InputError(
                "--new-people is about those whom a proxy or JupyterHub vouches for, and there is neither.",
                "Add --trust-header and --proxy, or --hub; or invite people.",
            )
    if options.hub and options.trust_header:
        raise InputError("--hub and --trust-header both say who is there.", "Leave one of the two out.")
    outside_of(options, Proxies(options.proxies))


def needs_accounts(options: ServeOptions) -> bool:
    """Whether visitors need an account even where nobody has one yet."""
    outside = options.hub or bool(options.trust_header)
    return options.accounts or outside or not is_loopback(options.host)


def outside_of(options: ServeOptions, proxies: Proxies) -> Outside | None:
    """Who vouches for visitors, if not their passwords."""
    if options.hub:
        from synsetlab.server.hub import Hub  # noqa: PLC0415 - brings Jupyter's server, wanted only then

        return Hub()
    return ProxyHeader(options.trust_header, proxies) if options.trust_header else None
