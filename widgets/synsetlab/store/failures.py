"""What a database refuses, said as errors of ours: which database, what is wrong, what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from synsetlab.errors import WorkspaceBusyError, WorkspaceError
from synsetlab.store.database_url import hide_password, place_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine, ExceptionContext

__all__ = ["explain_failures", "explained"]

OURS = "The workspace's database"
RESTORE = "Restore it from a back-up, or name another with $SYNSETLAB_DATABASE."
TROUBLES = (
    ("not a database", "is damaged", RESTORE),
    ("malformed", "is damaged", RESTORE),
    ("disk i/o error", "cannot be read or written", "Check that its disk has room; what was saved is safe."),
    ("no such table", "is not whole", RESTORE),
    ("no such column", "is not whole", RESTORE),
    ("readonly", "cannot be written", "Check who may write there."),
    ("is full", "has no room to grow", "Make room on its disk, then try again; nothing was lost."),
)
"""What SQLite says, what it means, and the remedy."""

MISSING = re.compile(r'(role|database) "[^"]*" does not exist')
OPTION, REFUSED, UNREACHABLE = "option", "refused", "unreachable"
USER = (
    "refused the user or the password",
    "Correct the URL in synsetlab.toml, or give one with $SYNSETLAB_DATABASE.",
    "refused the server's user or password",
)
MAY_NOT_MAKE = (
    "Let the owner of the database run: GRANT CREATE ON SCHEMA public TO {role}; or have a database made of "
    "your own: createdb -O {role} -E UTF8 -T template0 NAME"
)
STATES = {
    "28P01": USER,
    "28000": USER,
    "role": (
        "cannot be opened: {words}",
        "Make the role with createuser, or name another in the URL.",
        "cannot be opened",
    ),
    "database": (
        "cannot be opened: {words}",
        "Make it with createdb, or correct the URL.",
        "cannot be opened",
    ),
    OPTION: (
        "cannot be opened: {words}",
        "Correct what follows the ? in the URL: what libpq knows, such as host and sslmode.",
        "cannot be opened",
    ),
    "42501": (
        "does not let its user do this: {words}",
        "Name the role that made the tables in the URL, or let it GRANT {role} what is missing.",
        "does not let the server's user do this",
    ),
    "25006": (
        "may only be read: {words}",
        "Name a role that may write and the main server, not a standby; "
        "see: SHOW default_transaction_read_only",
        "may only be read",
    ),
    "23503": (
        "refused a row that refers to one that is not there: {words}",
        "Nothing was written. See what is wrong where it came from with: synsetlab doctor --database",
        "refused a row that refers to one that is not there",
    ),
    REFUSED: (
        "refused a value: {words}",
        "Nothing was written. Correct it where it came from: PostgreSQL takes no NUL, and no text that is "
        "longer than its column, which SQLite does.",
        "refused a value",
    ),
    "53100": ("has no room to grow: {words}", "Make room on the server's disk, then try again.", "is full"),
    UNREACHABLE: (
        "cannot be reached: {words}",
        "Check that the server runs and that the URL names it.",
        "cannot be reached",
    ),
}
"""What PostgreSQL says, by SQLSTATE or a word of ours: what it means, the remedy, and what pages are told."""


def explain_failures(engine: Engine) -> None:
    """Make `engine` raise WorkspaceError where the database is damaged, closed to us or not there."""

    def explain(context: ExceptionContext) -> None:
        if context.is_pre_ping:
            return  # the pool replaces a connection that died, unless it is stopped by an error of ours
        error = explained(engine.url, context.original_exception)
        if error is not None:
            raise error from context.original_exception

    event.listen(engine, "handle_error", explain)


def explained(url: URL, error: Any) -> WorkspaceError | None:
    """What a driver's error says of the database at `url`; None where it says something else."""
    words = hide_password(" ".join(str(error).split()))
    if url.password:
        words = words.replace(str(url.password), "***")
    if url.get_backend_name() == "sqlite":
        return _of_sqlite(url, words.lower())
    import psycopg  # noqa: PLC0415 - an extra: it is there when its errors are

    return _of_postgres(url, error, words) if isinstance(error, psycopg.Error) else None


def _of_sqlite(url: URL, words: str) -> WorkspaceError | None:
    place = place_of(url)
    if "database is locked" in words:
        return WorkspaceBusyError(
            f"The database {place} is locked by another program.",
            "Nothing was lost: try again.",
            shown=f"{OURS} is locked by another program.",
        )
    if "unable to open" in words:
        what = "is a folder" if Path(place).is_dir() else "cannot be opened or made"
        return WorkspaceError(
            f"The database {place} {what}.",
            "Check the path and who may write there.",
            shown=f"{OURS} {what}.",
        )
    for sign, what, remedy in TROUBLES:
        if sign in words:
            return WorkspaceError(f"The database {place} {what}: {words}.", remedy, shown=f"{OURS} {what}.")
    return None


def _of_postgres(url: URL, error: Any, words: str) -> WorkspaceError | None:
    import psycopg  # noqa: PLC0415 - as above

    place = place_of(url)
    place = place[0].upper() + place[1:]
    state = getattr(error, "sqlstate", None)
    if state in {"40P01", "40001"}:
        return WorkspaceBusyError(
            f"{place} ended one of two transactions that waited for each other.",
            "Nothing was lost: try again.",
            shown=f"{OURS} ended one of two transactions that waited for each other.",
        )
    if "authentication failed" in words or "no password supplied" in words:
        state = "28P01"
    elif missing := MISSING.search(words):
        state = missing[1]
    elif "invalid connection option" in words:
        state = OPTION
    elif isinstance(error, psycopg.DataError):
        state = REFUSED
    if state not in STATES and isinstance(error, psycopg.OperationalError):
        state = UNREACHABLE
    if state not in STATES:
        return None
    what, remedy, shown = STATES[state]
    if state == "42501" and "schema" in words:
        remedy = MAY_NOT_MAKE
    role = f'"{url.username}"' if url.username else "ROLE"
    return WorkspaceError(
        f"{place} {what.format(words=words)}.", remedy.format(role=role), shown=f"{OURS} {shown}."
    )
