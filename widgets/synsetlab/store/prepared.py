"""Statements that run thousands of times a second: compiled once a dialect, then straight to the driver.

SQLAlchemy's own way binds each value of each row through the compiled statement; with rows as small as
votes that takes longer than the database does. Here it still writes the SQL and converts the values, by
the types of the schema, but each is looked up once a statement instead of once a row.
"""

from __future__ import annotations

import json
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Dialect

    Row = Mapping[str, Any]
    Values = tuple[Any, ...] | dict[str, Any]

__all__ = ["Prepared", "among", "ids"]


class Prepared:
    """A statement without expanding parameters.

    Parameters
    ----------
    make
        Gives the statement for a dialect's name.
    names
        Columns that an INSERT sets; None: those that the statement names.
    """

    def __init__(self, make: Callable[[str], Any], names: Sequence[str] | None = None) -> None:
        self._make = make
        self._names = names
        self._compiled: dict[str, tuple[str, Callable[[Row], Values]]] = {}

    def each(self, connection: Connection, rows: Iterable[Row]) -> int:
        """Run it once for each row of values; returns how many rows of the table that touched."""
        text, bind = self._for(connection.dialect)
        bound = [bind(row) for row in rows]
        if not bound:
            return 0
        return max(0, connection.exec_driver_sql(text, bound).rowcount)

    def rows(self, connection: Connection, values: Row) -> Sequence[Any]:
        """What it selects, as the driver gives it: for numbers and texts."""
        text, bind = self._for(connection.dialect)
        return connection.exec_driver_sql(text, bind(values)).all()

    def once(self, connection: Connection, values: Row) -> None:
        """Run it for one row of values."""
        text, bind = self._for(connection.dialect)
        connection.exec_driver_sql(text, bind(values))

    def _for(self, dialect: Dialect) -> tuple[str, Callable[[Row], Values]]:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Row], Values]]:
        compiled = self._make(dialect.name).compile(dialect=dialect, column_keys=self._names)
        order = list(compiled.positiontup or compiled.binds)
        # What a statement has of its own (a limit, a default of a column) goes before what is not given.
        own = {name: value for name, value in compiled.params.items() if value is not None}
        for column in getattr(compiled, "insert_prefetch", ()):
            assert column.default.is_scalar, "a default that is computed cannot be prepared"
            own[column.key] = column.default.arg
        converters = [(name, _converter(compiled.binds[name].type, dialect)) for name in dict.fromkeys(order)]
        return str(compiled), _binder(order, converters, own, positional=bool(compiled.positional))


def _converter(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


def _binder(
    order: list[str],
    converters: list[tuple[str, Callable[[Any], Any] | None]],
    own: dict[str, Any],
    *,
    positional: bool,
) -> Callable[[Row], Values]:
    """From a row to what the driver takes."""
    converting = [(name, convert) for name, convert in converters if convert is not None]

    def complete(row: Row) -> dict[str, Any]:
        values = {**own, **row}
        for name, convert in converting:
            values[name] = convert(values[name])
        return values

    if not positional:
        wanted = set(order)
        return lambda row: {name: value for name, value in complete(row).items() if name in wanted}
    if len(order) == 1:
        return lambda row: (complete(row)[order[0]],)
    take = itemgetter(*order)
    return lambda row: take(complete(row))


def among(column: Any, name: str, dialect: str) -> Any:
    """Whether `column` is one of the numbers bound as `name` (`ids`), however many they are."""
    if dialect == "sqlite":
        listed = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value")
        return column.in_(sa.select(listed.c.value))
    return column == sa.any_(sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger)))


def ids(connection: Connection, numbers: Iterable[int]) -> str | list[int]:
    """Numbers as `among` takes them, ascending."""
    listed = sorted(numbers)
    return json.dumps(listed) if connection.dialect.name == "sqlite" else listed
