"""``synsetlab synsets show``: everything about one synset."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.synsets_shared import brief, own_option, print_synsets

__all__ = ["show_command"]


@click.command("show")
@click.argument("wnid")
@own_option
@json_option
def show_command(wnid: str, own: str | None, as_json: bool) -> None:
    """Everything about one synset.

    \b
    Examples:
      synsetlab synsets show n02084071
      synsetlab synsets show n02084071 --json

    JSON: wnid, lemmas, gloss, examples, parents, children, instances, ancestors, paths, depth_min,
    depth_max, height, subtree_size.
    """
    from synsetlab.cli.synsets_shared import load_with

    taxonomy = load_with(own)
    payload = {
        **brief(taxonomy, wnid),
        "gloss": taxonomy.gloss(wnid),
        "examples": taxonomy.examples(wnid),
        "parents": taxonomy.parents(wnid),
        "children": taxonomy.children(wnid),
        "instances": taxonomy.instances(wnid),
        "ancestors": taxonomy.ancestors(wnid),
        "paths": taxonomy.paths_to_root(wnid),
        "depth_min": taxonomy.depth_min(wnid),
        "depth_max": taxonomy.depth_max(wnid),
        "height": taxonomy.height(wnid),
        "subtree_size": taxonomy.subtree_size(wnid),
    }
    if as_json:
        emit(payload)
        return
    click.echo(f"{wnid}  {', '.join(taxonomy.lemmas(wnid))}\n{taxonomy.gloss(wnid)}")
    for example in taxonomy.examples(wnid):
        click.echo(f'  "{example}"')
    click.echo(
        f"depth {payload['depth_min']} to {payload['depth_max']}, height {payload['height']}, "
        f"{payload['subtree_size']:,} synsets in its subtree"
    )
    for path in taxonomy.paths_to_root(wnid):
        click.echo("  " + " > ".join(taxonomy.lemmas(step)[0] for step in path))
    for title, found in (("Children", taxonomy.children(wnid)), ("Instances", taxonomy.instances(wnid))):
        if found:
            click.echo(f"\n{title}:")
            print_synsets(taxonomy, found)
