"""Statements that run thousands of times a second: compiled once a dialect, then straight to the driver.

SQLAlchemy's own way binds each value of each row through the compiled statement; with rows as small as
votes that takes longer than the database does. Here it still writes the SQL and converts the values, by
the types of the schema, but each is looked up once a statement instead of once a row.
"""

from __future__ import annotations

import json
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store.failures import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy.engine import Connection, Dialect

    Row = Mapping[str, Any]
    Values = tuple[Any, ...] | dict[str, Any]

__all__ = ["Prepared", "among", "ids", "in_order", "listed", "numbered", "texts"]

TOGETHER = 48
"""Rows of one INSERT into SQLite, which then sets up once what it needs for the table's checks: a page."""


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
        self._compiled: dict[str, tuple[str, _Binder]] = {}
        self._many: str | None = None

    def each(self, connection: Connection, rows: Iterable[Row]) -> int:
        """Run it once for each row of values; returns how many rows of the table that touched."""
        text, binder = self._for(connection.dialect)
        bound = binder.all(rows)
        if connection.dialect.name != "sqlite":
            return max(0, connection.exec_driver_sql(text, bound).rowcount) if bound else 0
        whole = len(bound) - len(bound) % TOGETHER if self._many is not None else 0
        touched = 0
        for start in range(0, whole, TOGETHER):
            values = tuple(chain.from_iterable(bound[start : start + TOGETHER]))
            touched += _run(connection, self._many or text, values).rowcount
        for values in bound[whole:]:
            touched += _run(connection, text, values).rowcount
        return touched

    def rows(self, connection: Connection, values: Row) -> Sequence[Any]:
        """What it selects, as the driver gives it: for numbers and texts."""
        text, binder = self._for(connection.dialect)
        found: Sequence[Any] = _run(connection, text, binder.one(values)).fetchall()
        return found

    def once(self, connection: Connection, values: Row) -> None:
        """Run it for one row of values."""
        text, binder = self._for(connection.dialect)
        _run(connection, text, binder.one(values))

    def _for(self, dialect: Dialect) -> tuple[str, _Binder]:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = self._compile(dialect)
        return found

    def _compile(self, dialect: Dialect) -> tuple[str, _Binder]:
        compiled = self._make(dialect.name).compile(dialect=dialect, column_keys=self._names)
        order = list(compiled.positiontup or compiled.binds)
        # What a statement has of its own (a limit, a default of a column) goes before what is not given.
        binds = compiled.bind_names.items()
        own = {name: bind.value for bind, name in binds if not bind.required and bind.value is not None}
        for column in getattr(compiled, "insert_prefetch", ()):
            assert column.default.is_scalar, "a default that is computed cannot be prepared"
            own[column.key] = column.default.arg
        converters = [(name, _converter(compiled.binds[name].type, dialect)) for name in dict.fromkeys(order)]
        text = str(compiled)
        if compiled.isinsert and dialect.name == "sqlite":
            row = f"({', '.join('?' * len(order))})"
            self._many = text.replace(f"VALUES {row}", f"VALUES {', '.join([row] * TOGETHER)}")
        return text, _Binder(order, converters, own, positional=bool(compiled.positional))


def _run(connection: Connection, text: str, values: Values) -> Any:
    """The cursor, or the result, after a statement.

    Within a transaction on SQLite without SQLAlchemy, whose own part takes longer than most of these do.
    A statement that fails there has done nothing: SQLAlchemy is let run it again, for it says what is wrong
    as always. But where SQLite gave up the whole transaction (a full disk), that would be one of its own.
    """
    if connection.dialect.name == "sqlite" and connection.in_transaction():
        driver: Any = connection.connection.driver_connection
        try:
            return driver.execute(text, values)
        except driver.Error as error:
            if not driver.in_transaction:
                raise explained(connection.engine.url, error) or error from error
    return connection.exec_driver_sql(text, values)


def _converter(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return found


class _Binder:
    """From rows to what the driver takes."""

    def __init__(
        self,
        order: list[str],
        converters: list[tuple[str, Callable[[Any], Any] | None]],
        own: dict[str, Any],
        *,
        positional: bool,
    ) -> None:
        self._own = own
        self._named = None if positional else frozenset(order)
        self._converting = {name: convert for name, convert in converters if convert is not None}
        self._places = [
            (n, self._converting[name]) for n, name in enumerate(order) if name in self._converting
        ]
        self._take: Callable[[Row], tuple[Any, ...]] = (
            itemgetter(*order) if len(order) > 1 else (lambda row: (row[order[0]],))
        )

    def one(self, row: Row) -> Values:
        """The values of a row."""
        if self._own:
            row = {**self._own, **row}
        if self._named is not None:
            return self._by_name(row, self._named)
        values = self._take(row)
        if not self._places:
            return values
        found = list(values)
        for place, convert in self._places:
            found[place] = convert(found[place])
        return tuple(found)

    def all(self, rows: Iterable[Row]) -> list[Any]:
        """The values of rows; a column at a time, for most rows have the same times and kinds of answers."""
        if self._own:
            rows = [{**self._own, **row} for row in rows]
        if self._named is not None:
            return [self._by_name(row, self._named) for row in rows]
        taken = map(self._take, rows)
        if not self._places:
            return list(taken)
        columns: list[Iterable[Any]] = list(zip(*taken, strict=True))
        for place, convert in self._places if columns else ():
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=True))

    def _by_name(self, row: Row, wanted: frozenset[str]) -> dict[str, Any]:
        taken = {name: value for name, value in row.items() if name in wanted}
        for name, convert in self._converting.items():
            if name in taken:
                taken[name] = convert(taken[name])
        return taken


def listed(name: str, dialect: str) -> Any:
    """The numbers bound as `name` (by `ids`) as a table with the column ``value``."""
    if dialect == "sqlite":
        return sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value")
    numbers = sa.func.unnest(sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger)))
    return numbers.table_valued("value").render_derived()


def numbered(name: str, dialect: str) -> tuple[Any, Any]:
    """The numbers bound as `name` (by `in_order`), and their places from 0 on, as columns of one table."""
    if dialect == "sqlite":
        table = sa.func.json_each(sa.bindparam(name, type_=sa.Text)).table_valued("value", "key")
        return table.c.value, table.c.key
    numbers = sa.func.unnest(sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger)))
    table = numbers.table_valued("value", with_ordinality="number").render_derived()
    return table.c.value, table.c.number - 1


def among(column: Any, name: str, dialect: str) -> Any:
    """Whether `column` is one of the values bound as `name` (by `ids` or `texts`), however many they are."""
    if dialect == "sqlite":
        return column.in_(sa.select(listed(name, dialect).c.value))
    kind = sa.Text if isinstance(column.type, sa.String) else sa.BigInteger
    return column == sa.any_(sa.bindparam(name, type_=sa.ARRAY(kind)))


def ids(connection: Connection, numbers: Iterable[int]) -> str | list[int]:
    """Numbers as `among` takes them, ascending."""
    listed = sorted(numbers)
    return json.dumps(listed) if connection.dialect.name == "sqlite" else listed


def in_order(connection: Connection, numbers: Sequence[int]) -> str | list[int]:
    """Numbers as `numbered` takes them."""
    return json.dumps(numbers) if connection.dialect.name == "sqlite" else list(numbers)


def texts(connection: Connection, values: Iterable[str]) -> str | list[str]:
    """Texts as `among` takes them."""
    listed = list(values)
    return json.dumps(listed) if connection.dialect.name == "sqlite" else listed
