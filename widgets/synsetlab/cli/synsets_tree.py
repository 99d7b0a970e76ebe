"""``synsetlab synsets tree``: what is below a synset."""

from __future__ import annotations

from typing import Any

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.synsets_shared import brief, instances_option, own_option

__all__ = ["tree_command"]


@click.command("tree")
@click.argument("wnid")
@click.option("--depth", type=click.IntRange(min=0), default=1, show_default=True, help="Levels below.")
@instances_option
@own_option
@json_option
def tree_command(wnid: str, depth: int, instances: bool, own: str | None, as_json: bool) -> None:
    """The synsets below one, with the number of synsets in each subtree (itself counted).

    \b
    Examples:
      synsetlab synsets tree n02084071
      synsetlab synsets tree n00015388 --depth 2 --json

    JSON: tree {wnid, lemmas, subtree_size, children} (and so each child).
    """
    from synsetlab.cli.synsets_shared import load_with

    taxonomy = load_with(own)

    def grow(node: str, left: int) -> dict[str, Any]:
        below = taxonomy.children(node, instances=instances) if left else []
        return {
            **brief(taxonomy, node),
            "subtree_size": taxonomy.subtree_size(node, instances=instances),
            "children": [grow(child, left - 1) for child in below],
        }

    grown = grow(taxonomy.require(wnid), depth)
    if as_json:
        emit({"tree": grown})
        return

    def draw(node: dict[str, Any], lead: str, below: str) -> None:
        click.echo(f"{lead}{', '.join(node['lemmas'])}  {node['wnid']}  {node['subtree_size']:,}")
        children = node["children"]
        for number, child in enumerate(children, start=1):
            last = number == len(children)
            draw(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))

    draw(grown, "", "")
