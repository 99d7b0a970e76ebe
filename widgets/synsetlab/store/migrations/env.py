"""Alembic's entry: migrate over the connection that `synsetlab.store.schema_version` hands in."""

from alembic import context

from synsetlab.store.schema import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
