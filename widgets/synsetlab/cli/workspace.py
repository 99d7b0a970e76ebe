"""``synsetlab workspace``: copy, back up and restore."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, workspace_option

__all__ = ["command"]


@click.group()
def command() -> None:
    """Copy, back up and restore a workspace.

    \b
    Examples:
      synsetlab workspace copy my-dataset team-dataset --database postgresql+psycopg://curator@localhost/team
      synsetlab workspace backup monday.sqlite -w my-dataset
    """


@click.command(name="copy")
@click.argument("source", metavar="FROM", type=click.Path(file_okay=False))
@click.argument("target", metavar="TO", type=click.Path(file_okay=False))
@click.option("--database", metavar="URL", help="Empty database of the copy; default: SQLite inside.")
@click.option(
    "--blobs", default="blobs", show_default=True, metavar="URL", help="Where the copy's pictures go."
)
@click.option("--pictures/--no-pictures", default=True, help="Copy the pictures too.")
@json_option
def copy_command(
    *, source: str, target: str, database: str | None, blobs: str, pictures: bool, as_json: bool
) -> None:
    """Make TO, a new folder, the workspace that FROM is: from SQLite to PostgreSQL, and back.

    FROM may be in use: the copy has the state of one moment. Votes, decisions, accounts, settings and the
    workspace's own id come along, so only one of the two should be worked in from then on. A copy that was
    interrupted can be run again.

    \b
    Examples:
      synsetlab workspace copy my-dataset team-dataset --database postgresql+psycopg://curator@localhost/team
      synsetlab workspace copy team-dataset on-my-laptop

    JSON: workspace, database, rows {table: number}, pictures (files that were copied).
    """
    from synsetlab.cli.progress import progress_bar
    from synsetlab.store.custody import copy_workspace

    copied = copy_workspace(
        source, target, database=database, blobs=blobs, pictures=pictures, progress=progress_bar()
    )
    if as_json:
        shown = {"workspace": target, "database": copied.place}
        emit({**shown, "rows": copied.rows, "pictures": copied.pictures})
    else:
        click.echo(f"{sum(copied.rows.values()):,} rows and {copied.pictures:,} pictures are in {target}.")


@click.command(name="backup")
@click.argument("file", type=click.Path(dir_okay=False))
@workspace_option
@json_option
def backup_command(*, file: str, workspace: str | None, as_json: bool) -> None:
    """Write the database, SQLite or PostgreSQL, to the SQLite FILE, while others use it.

    Pictures are not in it: those in the blobs folder are only ever added, and can be copied after it.

    \b
    Examples:
      synsetlab workspace backup monday.sqlite -w my-dataset

    JSON: file, rows {table: number}.
    """
    from synsetlab.config import find_workspace
    from synsetlab.store.custody import back_up

    made = back_up(find_workspace(workspace), file)
    if as_json:
        emit({"file": made.place, "rows": made.rows})
    else:
        click.echo(f"{sum(made.rows.values()):,} rows are in {made.place}.")


@click.command(name="restore")
@click.argument("file", type=click.Path(dir_okay=False))
@workspace_option
@json_option
def restore_command(*, file: str, workspace: str | None, as_json: bool) -> None:
    """Make the database hold what the back-up FILE holds; nobody else may have the workspace open.

    What it held is backed up into the workspace's folder first; a database that is too damaged for that is
    kept aside as it is. FILE may be of an older schema; one that is not whole is refused.

    \b
    Examples:
      synsetlab workspace restore monday.sqlite -w my-dataset

    JSON: database, rows {table: number}, before (the file with what was there; null: there is none).
    """
    from synsetlab.config import find_workspace
    from synsetlab.store.restore import restore

    done = restore(find_workspace(workspace), file)
    if done.kept:
        click.echo(done.kept, err=True)
    before = None if done.before is None else str(done.before)
    if as_json:
        emit({"database": done.place, "rows": done.rows, "before": before})
    else:
        saved = f"; before: {before}" if before else ""
        click.echo(f"{sum(done.rows.values()):,} rows are in {done.place} again{saved}")


for _command in (copy_command, backup_command, restore_command):
    command.add_command(_command)
