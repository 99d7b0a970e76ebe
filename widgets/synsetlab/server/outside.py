"""Who is there when someone else says so: an authenticating proxy, whose address is listed."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Protocol

from synsetlab.errors import InputError
from synsetlab.store.names import outside_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tornado.web import RequestHandler

__all__ = ["Outside", "Proxies", "ProxyHeader"]


class Outside(Protocol):
    """Someone who vouches for visitors."""

    said_by: str
    """In words, for pages and messages."""
    leave_url: str
    """Where to sign out there; empty if that is not known."""

    async def name(self, handler: RequestHandler) -> str | None:
        """The name of the visitor who makes this request, or None.

        Raises
        ------
        InputError
            It is no name that someone can have here.
        """
        ...


class Proxies:
    """Addresses of the proxies in front of the server; what others say of a request is not believed.

    Raises
    ------
    InputError
        One is no address and no network.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._networks = []
        for address in addresses:
            try:
                self._networks.append(ipaddress.ip_network(address, strict=False))
            except ValueError as error:
                raise InputError(
                    f"--trusted-proxy {address} is no IP address.", "Write 127.0.0.1, ::1 or 10.1.0.0/16."
                ) from error

    def __bool__(self) -> bool:
        return bool(self._networks)

    def listed(self, address: str) -> bool:
        """Whether `address` is one of them."""
        try:
            given = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(given, "ipv4_mapped", None) or given
        return any(mapped in network for network in self._networks if network.version == mapped.version)

    def client(self, handler: RequestHandler) -> str:
        """The address that a request came from, as far as listed proxies vouch for it."""
        address = handler.request.remote_ip or ""
        chain = ",".join(handler.request.headers.get_list("X-Forwarded-For"))
        for hop in reversed([hop.strip() for hop in chain.split(",") if hop.strip()]):
            if not self.listed(address):
                break
            address = hop
        return address


class ProxyHeader:
    """The visitor's name is in a header that a listed proxy sets, and nobody else can."""

    leave_url = ""

    def __init__(self, header: str, proxies: Proxies) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", header):
            raise InputError(
                f"--trust-header {header!r:.80} is no name of a header.", "For example: X-Remote-User"
            )
        if not proxies:
            raise InputError(
                f"--trust-header {header} would let anyone who can reach the server be anyone.",
                "List the address of the proxy that sets it: --trusted-proxy 127.0.0.1",
            )
        self._header = header
        self._proxies = proxies
        self.said_by = "the proxy in front of this server"

    async def name(self, handler: RequestHandler) -> str | None:
        """The name in the header, if the proxy sent it, once."""
        given = [value.strip(" \t") for value in handler.request.headers.get_list(self._header)]
        if len(given) != 1 or not given[0] or not self._proxies.listed(handler.request.remote_ip or ""):
            return None
        try:
            # HTTP headers are Latin-1 to tornado; proxies send UTF-8.
            name = given[0].encode("latin-1").decode("utf-8")
        except UnicodeError as error:
            raise InputError(
                f"The name in {self._header} is not UTF-8.", "The proxy has to send it so."
            ) from error
        return outside_name(name)
