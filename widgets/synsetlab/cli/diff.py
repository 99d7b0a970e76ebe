"""``synsetlab diff``: what changed between two releases."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, print_table

__all__ = ["command"]


@click.command(name="diff")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@json_option
def command(*, old: str, new: str, as_json: bool) -> None:
    """Say what changed between two releases.

    \b
    Examples:
      synsetlab diff releases/v1 releases/v2 --json

    JSON: added, removed (image ids), relabelled [image_id, old, new], moved [image_id, old, new],
    classes [wnid, old, new], policy {field: old and new}.
    """
    from synsetlab.release.diff import diff_releases

    changes = diff_releases(old, new)
    if as_json:
        emit(changes)
        return
    print_table(
        ("images", "number"),
        [(name, len(changes[name])) for name in ("added", "removed", "relabelled", "moved")],
    )
    if changes["classes"]:
        click.echo()
        print_table(
            ("wnid", "old", "new"), [(row["wnid"], row["old"], row["new"]) for row in changes["classes"]]
        )
    for name, (before, after) in changes["policy"].items():
        click.echo(f"policy {name}: {before} -> {after}")
