"""Bring synsets into a workspace, with the ancestors and edges that place them in WordNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["add_synsets"]


def add_synsets(workspace: Workspace, wnids: Iterable[str], taxonomy: Taxonomy | None = None) -> int:
    """Choose synsets for the workspace; returns how many it did not know, ancestors included.

    The workspace keeps lemmas, gloss and hypernym path of each, so that labelling and freezing
    need no WordNet later.

    Raises
    ------
    UnknownSynsetError
        A wnid is not a noun synset of WordNet 3.0.
    """
    if workspace.linked:
        return int(workspace.ask("choose", list(wnids)))
    if taxonomy is None:
        from synsetlab.taxonomy import load  # noqa: PLC0415 - maps the index only where it is needed

        taxonomy = load()
    chosen = {taxonomy.require(wnid) for wnid in wnids}
    every = chosen.union(*(taxonomy.ancestors(wnid) for wnid in chosen))
    rows: list[dict[str, Any]] = [
        {
            "wnid": wnid,
            "lemmas": taxonomy.lemmas(wnid),
            "gloss": taxonomy.gloss(wnid),
            "path": _path(taxonomy, wnid),
            "chosen": wnid in chosen,
        }
        for wnid in sorted(every)
    ]
    edges = [
        {"parent": parent, "child": child}
        for child in sorted(every)
        for parent in sorted(taxonomy.parents(child))
    ]
    return workspace.writer.add_synsets(rows, edges)


def _path(taxonomy: Taxonomy, wnid: str) -> list[str]:
    shortest = min(taxonomy.paths_to_root(wnid), key=lambda path: (len(path), path))
    ordered = shortest if shortest[-1] == wnid else shortest[::-1]
    return [taxonomy.lemmas(step)[0] for step in ordered]
