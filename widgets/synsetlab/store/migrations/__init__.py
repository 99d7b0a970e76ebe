"""Schema versions of the workspace database (Alembic)."""
