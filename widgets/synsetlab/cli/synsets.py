"""``synsetlab synsets``: search, walk and choose WordNet's noun synsets. Needs no workspace."""

from __future__ import annotations

import click

from synsetlab.cli.synsets_induce import induce_command
from synsetlab.cli.synsets_lca import lca_command
from synsetlab.cli.synsets_map import map_command
from synsetlab.cli.synsets_search import search_command
from synsetlab.cli.synsets_select import select_command
from synsetlab.cli.synsets_show import show_command
from synsetlab.cli.synsets_subtree import subtree_command
from synsetlab.cli.synsets_tree import tree_command

__all__ = ["command"]


@click.group(name="synsets")
def command() -> None:
    """Search, walk and choose WordNet 3.0's 82,115 noun synsets.

    \b
    Examples:
      synsetlab synsets search siberian husky
      synsetlab synsets show n02110185
      synsetlab synsets tree n02084071 --depth 2
      synsetlab synsets lca n02084071 n02121620
      synsetlab synsets subtree n00015388 --within wnids.txt --json
      synsetlab synsets induce wnids.txt
      synsetlab synsets select policy.toml -o selection.json
      synsetlab synsets map names.txt --from names
    """


for _command in (
    search_command,
    show_command,
    tree_command,
    lca_command,
    subtree_command,
    induce_command,
    select_command,
    map_command,
):
    command.add_command(_command)
