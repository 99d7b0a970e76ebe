"""``synsetlab init``: make a workspace, or bring an old one up to date."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option

__all__ = ["command"]


@click.command(name="init")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option(
    "--database",
    metavar="URL",
    help="postgresql+psycopg://USER@HOST/NAME for a team; default: SQLite inside.",
)
@click.option(
    "--blobs",
    default="blobs",
    show_default=True,
    metavar="URL",
    help="Where pictures go: folder or fsspec URL.",
)
@click.option(
    "--migrate",
    is_flag=True,
    help="Bring an existing workspace's database to this version (backed up first).",
)
@json_option
def command(*, folder: str, database: str | None, blobs: str, migrate: bool, as_json: bool) -> None:
    """Make a workspace in FOLDER.

    \b
    Examples:
      synsetlab init my-dataset
      synsetlab init team-dataset --database postgresql+psycopg://curator@localhost/dataset
      synsetlab init old-dataset --migrate

    JSON: workspace, schema.
    """
    from synsetlab.store.schema_version import HEAD
    from synsetlab.store.workspace import Workspace

    if migrate:
        if database is not None:
            raise click.UsageError(
                "--migrate works on the database that the workspace has; leave out --database."
            )
        version = Workspace.migrate(folder)
        message = f"The database of {folder} has schema {version}."
    else:
        with Workspace.create(folder, database=database, blobs=blobs) as made:
            version, message = HEAD, f"Made the workspace {made.folder}."
    if as_json:
        emit({"workspace": folder, "schema": version})
    else:
        click.echo(message)
