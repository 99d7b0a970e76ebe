"""``synsetlab synsets lca``: what two synsets have in common."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, print_table
from synsetlab.cli.synsets_shared import own_option

__all__ = ["lca_command"]


@click.command("lca")
@click.argument("one", metavar="WNID")
@click.argument("other", metavar="WNID")
@own_option
@json_option
def lca_command(one: str, other: str, own: str | None, as_json: bool) -> None:
    """The lowest common ancestors of two synsets, least height first.

    \b
    Examples:
      synsetlab synsets lca n02084071 n02121620
      synsetlab synsets lca n02084071 n02121620 --json

    JSON: results [wnid, height, depth_min].
    """
    from synsetlab.cli.synsets_shared import load_with

    taxonomy = load_with(own)
    found = taxonomy.lca(one, other)
    if as_json:
        rows = [{"wnid": w, "height": taxonomy.height(w), "depth_min": taxonomy.depth_min(w)} for w in found]
        emit({"results": rows})
        return
    table = [(w, ", ".join(taxonomy.lemmas(w)), taxonomy.height(w), taxonomy.depth_min(w)) for w in found]
    print_table(("wnid", "lemmas", "height", "depth"), table)
