"""``synsetlab synsets induce``: the taxonomy of a list of wnids."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, print_table
from synsetlab.cli.synsets_shared import file_argument, own_option

__all__ = ["induce_command"]


@click.command("induce")
@click.argument("file", type=file_argument)
@click.option("--lists", is_flag=True, help="With --json: also the wnids and edges, not only their numbers.")
@own_option
@json_option
def induce_command(file: str, lists: bool, own: str | None, as_json: bool) -> None:
    """The taxonomy of the wnids in FILE (one a line, - for stdin) and all their ancestors.

    \b
    Examples:
      synsetlab synsets induce wnids.txt
      synsetlab synsets induce wnids.txt --json --lists

    JSON: nodes, edges, internal, root_height, ancestor_pairs; with --lists also wnids, edge_list,
    internal_wnids, ancestor_pair_list.
    """
    from synsetlab.cli.synsets_shared import load_with
    from synsetlab.taxonomy.lists import read_wnids

    taxonomy = load_with(own)
    induced = taxonomy.induce(read_wnids(file, taxonomy))
    counts = {
        "nodes": len(induced.nodes),
        "edges": len(induced.edges),
        "internal": len(induced.internal),
        "root_height": induced.root_height,
        "ancestor_pairs": len(induced.ancestor_pairs),
    }
    if as_json:
        ids = {
            "wnids": induced.nodes,
            "edge_list": induced.edges,
            "internal_wnids": induced.internal,
            "ancestor_pair_list": induced.ancestor_pairs,
        }
        emit({**counts, **(ids if lists else {})})
        return
    print_table(("what", "count"), [(name.replace("_", " "), number) for name, number in counts.items()])
