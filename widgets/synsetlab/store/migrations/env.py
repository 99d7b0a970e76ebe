"""Alembic's entry: migrate over the connection that `synsetlab.store.schema_version` hands in."""

from alembic import context

from synsetlab.store.schema import Base
from synsetlab.store.schema_version import check_encoding, current_version

connection = context.config.attributes["connection"]
if current_version(connection) is None:
    check_encoding(connection)
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
