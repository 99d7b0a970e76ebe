"""Events whose ids a client makes: the same one may come twice, another one under its id may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store.prepared import among, texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

__all__ = ["check_sent_again"]


def check_sent_again(
    connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> None:
    """What the log holds under the ids of `rows` is these: the columns `said` are equal.

    To be asked after an insertion of rows that were not all new: another event under a stored id was not
    stored, and must not be acknowledged.

    Raises
    ------
    InputError
        An id is another event's.
    """
    columns = (table.id, *(getattr(table, name) for name in said))
    asked = sa.select(*columns).where(among(table.id, "ids", connection.dialect.name))
    found = connection.execute(asked, {"ids": texts(connection, [row["id"] for row in rows])})
    logged = {event: tuple(values) for event, *values in found}
    for row in rows:
        if logged[row["id"]] != tuple(row[name] for name in said):
            raise InputError(
                f"The id {row['id']}, sent for question {row['question_id']}, is another event's.",
                "Nothing of this was stored. Give each event a UUID of its own.",
            )
