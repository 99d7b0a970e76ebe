"""Whether the database has all that the schema makes: tables, columns, constraints, triggers, sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection, Inspector

__all__ = ["COPY", "NEW", "counters_behind", "shape_of", "triggers_gone"]

COPY = {
    "sqlite": "Copy it into a new one, whose tables are whole, with: synsetlab workspace copy FROM TO",
    "postgresql": "Copy it into an empty database, whose tables are whole, with: "
    "synsetlab workspace copy FROM TO --database URL",
}
"""The remedy where no row is lost."""
NEW = {
    "sqlite": "Restore a back-up with: synsetlab workspace restore FILE",
    "postgresql": "Restore a back-up, which makes the tables anew, with: synsetlab workspace restore FILE",
}
"""The remedy where rows or columns are lost with what held them."""

BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END"
BEFORE_EACH_CHANGE = 1 | 2 | 8 | 16  # for each row, before, delete, update: as pg_trigger.tgtype has it
TRIGGERS = {
    "sqlite": "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT g.tgname, c.relname, g.tgtype, g.tgenabled, g.tgqual IS NULL AND g.tgattr = '', "
    "p.prosrc FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid "
    "WHERE NOT g.tgisinternal AND pg_table_is_visible(c.oid)",
}


def shape_of(connection: Connection) -> tuple[list[str], list[str]]:
    """What of the schema is lost with rows (tables, columns), and what without (indexes, constraints)."""
    inspector = sa.inspect(connection)
    lost: list[str] = []
    loose: list[str] = []
    there = set(inspector.get_table_names())
    for table in t.Base.metadata.sorted_tables:
        if table.name not in there:
            lost.append(f"the table {table.name} is gone")
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        gone = [column.name for column in table.columns if column.name not in columns]
        lost += [f"{table.name} has no column {name}" for name in gone]
        if not gone:
            loose += [f"{table.name} {what}" for what in _loose(inspector, table)]
    return lost, loose


def _loose(inspector: Inspector, table: sa.Table) -> Iterator[str]:
    """Names of indexes may be there with other columns: both are compared."""
    found = {
        (index["name"], tuple(index["column_names"]), bool(index["unique"]))
        for index in inspector.get_indexes(table.name)
    }
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if (index.name, tuple(column.name for column in index.columns), bool(index.unique)) not in found:
            yield f"has no index {index.name}"
    unique = {frozenset(one["column_names"]) for one in inspector.get_unique_constraints(table.name)}
    keys = {
        (tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]))
        for key in inspector.get_foreign_keys(table.name)
    }
    checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
    if set(inspector.get_pk_constraint(table.name)["constrained_columns"]) != set(
        table.primary_key.columns.keys()
    ):
        yield "has no primary key"
    for constraint in sorted(table.constraints, key=lambda one: str(one.name)):
        if isinstance(constraint, sa.UniqueConstraint):
            names = [column.name for column in constraint.columns]
            if frozenset(names) not in unique:
                yield f"does not keep {', '.join(names)} unique"
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            other = constraint.referred_table.name
            to = tuple(element.column.name for element in constraint.elements)
            if (tuple(constraint.column_keys), other, to) not in keys:
                yield f"does not hold {', '.join(constraint.column_keys)} to {other}"
        elif isinstance(constraint, sa.CheckConstraint) and constraint.name not in checks:
            yield f"has no check {constraint.name}"


def triggers_gone(connection: Connection) -> list[str]:
    """Append-only tables without the triggers that the schema makes, as it makes them, and in force."""
    rows = [tuple(row) for row in connection.exec_driver_sql(TRIGGERS[connection.dialect.name])]
    if connection.dialect.name == "sqlite":
        there = {(name, table): _squeezed(sql) for name, table, sql in rows}
        return [problem for table in t.APPEND_ONLY for problem in _sqlite_triggers(table, there)]
    found = {(name, table): rest for name, table, *rest in rows}
    return [problem for table in t.APPEND_ONLY for problem in _postgres_trigger(table, found)]


def _sqlite_triggers(table: str, there: dict[tuple[str, str], str]) -> Iterator[str]:
    for name, wanted in t.sqlite_guards(table).items():
        found = there.get((name, table))
        if found is None:
            yield f"{table} can be changed: its trigger {name} is gone"
        elif found != wanted:
            yield f"{table} can be changed: its trigger {name} is another"


def _postgres_trigger(table: str, there: dict[tuple[str, str], Any]) -> Iterator[str]:
    name = f"{table}_append_only"
    found = there.get((name, table))
    if found is None:
        yield f"{table} can be changed: its trigger {name} is gone"
        return
    kind, enabled, always, body = found
    if enabled not in {"O", "A", b"O", b"A"}:
        yield f"{table} can be changed: its trigger {name} is switched off"
    elif kind != BEFORE_EACH_CHANGE or not always or _squeezed(body) != BODY:
        yield f"{table} can be changed: its trigger {name} is another"


def counters_behind(connection: Connection) -> list[tuple[str, str]]:
    """Sequences of PostgreSQL that give numbers which are taken: what is wrong, and the remedy of each."""
    if connection.dialect.name != "postgresql":
        return []  # SQLite numbers after the highest that is there
    wrong = []
    asked = sa.text("SELECT pg_get_serial_sequence(:of, :name)")
    for table in t.Base.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        if len(keys) != 1 or not isinstance(keys[0].type, sa.Integer):
            continue
        sequence = connection.execute(asked, {"of": table.name, "name": keys[0].name}).scalar()
        last = connection.execute(sa.select(sa.func.max(keys[0]))).scalar() or 0
        if sequence is None:
            wrong.append((f"{table.name}.{keys[0].name} is numbered by nothing", COPY["postgresql"]))
            continue
        stands = f"SELECT last_value, is_called FROM {sequence}"  # noqa: S608 - the server's own name of it
        at, used = connection.exec_driver_sql(stands).one()
        if at + bool(used) <= last:
            remedy = f"Let it count on, with psql: SELECT setval('{sequence}', {last});"
            wrong.append((f"new rows of {table.name} get numbers that are taken, up to {last}", remedy))
    return wrong


def _squeezed(text: Any) -> str:
    return " ".join(str(text).split())
