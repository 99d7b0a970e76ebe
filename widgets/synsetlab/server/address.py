"""Where the server listens, and under which address people reach it."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tornado.netutil import bind_sockets

from synsetlab.errors import InputError, SynsetlabError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DEFAULT_PORT", "Address", "bind", "is_loopback", "split_base"]

DEFAULT_PORT = 8866


@dataclass(frozen=True)
class Address:
    """Bound sockets and the URL that leads to them."""

    sockets: list[socket.socket]
    url: str
    """Of the home page, as people reach it; ends with a slash."""
    path: str
    """Path of the home page, with slashes at both ends."""
    origin: str
    """Scheme, host and port of a proxy in front; empty where there is none, or none was named."""
    tls: ssl.SSLContext | None

    @property
    def secure(self) -> bool:
        """Whether browsers reach us by TLS only, so that cookies never travel readable."""
        return self.url.startswith("https:")

    @property
    def public_host(self) -> str:
        """The host name that people type; empty where no proxy was named."""
        return urllib.parse.urlsplit(self.origin).hostname or ""


def bind(
    host: str, port: int | None, base_url: str = "", certfile: Path | None = None, keyfile: Path | None = None
) -> Address:
    """Listen on `host` and `port` (0: any free one; None: `DEFAULT_PORT`, or a free one).

    Raises
    ------
    InputError
        The host, the base URL or the certificate cannot be used.
    SynsetlabError
        The port is taken.
    """
    origin, path = split_base(base_url)
    tls = _tls(certfile, keyfile)
    sockets = _bind(host, port)
    number = sockets[0].getsockname()[1]
    named = f"[{host}]" if ":" in host else host
    local = f"{'https' if tls else 'http'}://{named}:{number}"
    return Address(sockets, f"{origin or local}{path}", path, origin, tls)


def split_base(base_url: str) -> tuple[str, str]:
    """Origin (may be empty) and path (with slashes at both ends) of ``/team/`` or ``https://host/team/``.

    Raises
    ------
    InputError
        It is neither.
    """
    parts = urllib.parse.urlsplit(base_url)
    whole = parts.scheme in {"http", "https"} and parts.hostname and not (parts.username or parts.password)
    plain = not parts.scheme and not parts.netloc and (not base_url or base_url.startswith("/"))
    if not (whole or plain) or parts.query or parts.fragment or "//" in parts.path or ".." in parts.path:
        raise InputError(
            f"--base-url {base_url} is neither a path nor an address.",
            "Write /team/ or https://label.example.org/team/",
        )
    return f"{parts.scheme}://{parts.netloc}" if whole else "", f"/{parts.path.strip('/')}/".replace(
        "//", "/"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    if certfile is None:
        if keyfile is not None:
            raise InputError("--tls-key needs --tls-cert.", "Name both files, or neither.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certfile, keyfile)
    except (OSError, ssl.SSLError) as error:
        files = f"{certfile}" + (f" with {keyfile}" if keyfile else "")
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise InputError(
            f"The certificate {files} cannot be used: {reason}.",
            "--tls-cert takes a PEM file with the whole chain, --tls-key its key.",
        ) from error
    return context


def _bind(host: str, port: int | None) -> list[socket.socket]:
    wanted = DEFAULT_PORT if port is None else port
    try:
        return bind_sockets(wanted, host)
    except socket.gaierror as error:
        raise InputError(f"{host!r} is not an address of this machine.", "Use --host 127.0.0.1") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            if port is None:
                return _bind(host, 0)
            remedy = "Choose another with --port, or --port 0 for any free one."
            raise SynsetlabError(f"Port {wanted} of {host} is in use.", remedy) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise InputError(f"{host} is not an address of this machine.", "Use --host 127.0.0.1") from error
        remedy = "Choose a port above 1023 with --port, or --port 0 for any free one."
        raise SynsetlabError(f"Port {wanted} of {host} cannot be used: {error.strerror}.", remedy) from error
