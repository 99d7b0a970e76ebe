"""Which databases a URL may name, and how a URL is said without its password."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import URL

__all__ = ["file_url", "hide_password", "parse_url", "place_of", "resolve_url", "without_password"]

FORMS = "Use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


def parse_url(url: str | URL) -> URL:
    """The parts of `url`; ``postgresql://`` means psycopg, as ``postgresql+psycopg://`` does.

    Raises
    ------
    InputError
        It is no URL, or names a database or a driver that is not supported.
    """
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - not for who only hides passwords

    try:
        parsed = _parse(url)
    except (ArgumentError, ValueError) as error:
        raise InputError(f"{hide_password(str(url))!r} is not a database URL.", FORMS) from error
    kind, _, driver = parsed.drivername.partition("+")
    if kind not in {"sqlite", "postgresql"}:
        raise InputError(f"Databases of the kind {kind!r} are not supported.", FORMS)
    if driver not in {"", "pysqlite" if kind == "sqlite" else "psycopg"}:
        raise InputError(f"The driver {driver!r} is not supported.", FORMS)
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.database in {None, "", ":memory:"} or parsed.host:
        raise InputError(
            f"{str(url)!r} names no file: a workspace is kept on disk.", "Use sqlite:///FILE (three slashes)."
        )
    return parsed


def resolve_url(url: str, home: Path) -> URL:
    """`url` with a relative SQLite path counted from `home`, the folder of the workspace.

    Raises what `parse_url` raises.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() != "sqlite":
        return parsed
    # By its parts: pasted into a text, a folder's own ? and % would be read as a URL's.
    return parsed.set(database=str(home / str(parsed.database)))


def file_url(file: Path) -> URL:
    """Of the SQLite database in `file`, whatever letters its path has."""
    from sqlalchemy import URL  # noqa: PLC0415 - as above

    return URL.create("sqlite", database=str(file))


def place_of(url: URL) -> str:
    """Where the database is, in words without a password: a file, or ``NAME at HOST:PORT``."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "the local socket"
    port = f":{url.port}" if url.port else ""
    user = f" for {url.username!r}" if url.username else ""
    return f"the PostgreSQL database {url.database!r} at {host}{port}{user}"


def without_password(url: str) -> str:
    """`url` less its password, for files that should not hold it."""
    parsed = _parse(url)
    return parsed._replace(password=None).render_as_string() if parsed.password else url


def hide_password(text: str) -> str:
    """Any text that may hold a database URL, with passwords replaced by stars."""
    hidden = re.sub(r"(//[^:/@\s]*:)[^\s]*@", r"\1***@", text)
    return re.sub(r"(?i)(password\s*=\s*)[^\s&]+", r"\1***", hidden)


def _parse(url: str | URL) -> URL:
    from sqlalchemy import make_url  # noqa: PLC0415 - as above

    return make_url(url)
