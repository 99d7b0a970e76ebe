"""``synsetlab synsets subtree``: a synset and all below it."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.synsets_shared import file_argument, instances_option, own_option

__all__ = ["subtree_command"]


@click.command("subtree")
@click.argument("wnid")
@click.option(
    "--within", type=file_argument, help="Only those that this file lists, one wnid a line (- for stdin)."
)
@instances_option
@own_option
@json_option
def subtree_command(wnid: str, within: str | None, instances: bool, own: str | None, as_json: bool) -> None:
    """The synset and all synsets below it.

    \b
    Examples:
      synsetlab synsets subtree n02084071
      synsetlab synsets subtree n00015388 --within wnids.txt --json

    JSON: wnid, count, wnids.
    """
    from synsetlab.cli.synsets_shared import load_with
    from synsetlab.taxonomy.lists import read_wnids

    taxonomy = load_with(own)
    listed = read_wnids(within, taxonomy) if within else None
    found = taxonomy.subtree(wnid, instances=instances, within=listed)
    if as_json:
        emit({"wnid": wnid, "count": len(found), "wnids": found})
        return
    place = f" of those in {within}" if within else ""
    click.echo(f"{len(found):,} synsets{place} in the subtree of {taxonomy.describe(wnid)}.", err=True)
    for each in found:
        click.echo(each)
