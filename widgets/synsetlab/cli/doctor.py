"""``synsetlab doctor``: what is present, and how to get what is not."""

from __future__ import annotations

from dataclasses import asdict

import click

from synsetlab.cli.common import emit, json_option, workspace_option

__all__ = ["command"]

COLORS = {"ok": "green", "missing": "red", "optional": "yellow", "damaged": "red"}


@click.command(name="doctor")
@workspace_option
@click.option("--database", is_flag=True, help="Examine the workspace's database instead: is it whole?")
@json_option
def command(*, workspace: str | None, database: bool, as_json: bool) -> int:
    """Say what is installed and how to get what is not.

    Exit code 0 when everything that synsetlab needs is there, else 1; what is only optional
    never counts. With --database: 0 when storage, schema, references, append-only tables, settings, values,
    vote log, rows, caches and pictures are whole, else 1; nothing is changed.

    \b
    Examples:
      synsetlab doctor
      synsetlab doctor -w my-dataset --json
      synsetlab doctor --database -w my-dataset

    \b
    JSON: checks [name, status (ok, missing, optional, damaged), found, remedy], ok.
    """
    from synsetlab.doctor import examine, examine_workspace_database

    checks = examine_workspace_database(workspace) if database else examine(workspace)
    ok = all(check.status in {"ok", "optional"} for check in checks)
    if as_json:
        emit({"checks": [asdict(check) for check in checks], "ok": ok})
        return 0 if ok else 1
    width = max(len(check.name) for check in checks)
    for check in checks:
        status = click.style(f"{check.status:<8}", fg=COLORS[check.status])
        click.echo(f"{status}  {check.name:<{width}}  {check.found}")
        if check.remedy:
            click.echo(f"{'':8}  {'':{width}}  -> {check.remedy}")
    if database:
        click.echo("The database is whole." if ok else "The database is damaged.")
    else:
        click.echo("All that is needed is here." if ok else "Something that is needed is missing.")
    return 0 if ok else 1
