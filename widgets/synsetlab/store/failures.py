"""What a database refuses, said as errors of ours: which database, what is wrong, what to do."""

from __future__ import annotations

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


def explain_failures(engine: Engine) -> None:
    """Make `engine` raise WorkspaceError where the database is damaged, closed to us or not there."""

    def explain(context: ExceptionContext) -> None:
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

    return _of_postgres(url, error, words) if isinstance(error, psycopg.OperationalError) else None


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


def _of_postgres(url: URL, error: Any, words: str) -> WorkspaceError:
    place = place_of(url)
    place = place[0].upper() + place[1:]
    state = getattr(error, "sqlstate", None)
    if "authentication failed" in words or "no password supplied" in words or state in {"28P01", "28000"}:
        return WorkspaceError(
            f"{place} refused the user or the password.",
            "Correct the URL in synsetlab.toml, or give one with $SYNSETLAB_DATABASE.",
            shown=f"{OURS} refused the server's user or password.",
        )
    if state in {"40P01", "40001"}:
        return WorkspaceBusyError(
            f"{place} ended one of two transactions that waited for each other.",
            "Nothing was lost: try again.",
            shown=f"{OURS} ended one of two transactions that waited for each other.",
        )
    if "does not exist" in words:
        return WorkspaceError(
            f"{place} cannot be opened: {words}.",
            "Make it with createdb, or correct the URL.",
            shown=f"{OURS} cannot be opened.",
        )
    return WorkspaceError(
        f"{place} cannot be reached: {words}.",
        "Check that the server runs and that the URL names it.",
        shown=f"{OURS} cannot be reached.",
    )
