"""The part of `SynsetBrowser` that chooses: the selection, its messages, its way back, its file."""

from __future__ import annotations

import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from synsetlab.errors import InputError
from synsetlab.taxonomy.lists import read_wnids
from synsetlab.taxonomy.selection import CONFLICT_POLICIES, suggest_merges
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.browser_basket import Basket, level_below
from synsetlab.ui.messages import choice_of, flag_of, text_of
from synsetlab.ui.sources import current_annotator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["SelectionPanel", "kept_in"]

SCOPES: Final = ("self", "children", "grandchildren", "leaves", "images", "below")
"""The synset; one or two levels down; its leaves; what has images below it; all that is chosen below it."""
CHOSEN_AT_ONCE: Final = 20_000
NAMED: Final = 3
MERGES_SHOWN: Final = 8


class SelectionPanel(Panel):
    """A panel over a taxonomy with a selection.

    Parameters
    ----------
    taxonomy
        None: ``synsetlab.taxonomy.load()``, when it is first needed.
    keep
        A file for the selection, or None.
    """

    selection = traitlets.List(traitlets.Unicode())
    """wnids that were put into the basket, in that order. Not sent to the page, which asks row by row."""

    def __init__(self, taxonomy: Taxonomy | None, keep: Path | None, **traits: Any) -> None:
        self._taxonomy = taxonomy
        self._keep = keep
        self._stepping = False
        super().__init__(**traits)
        if self._keep and self._keep.is_file() and self._keep.stat().st_size and "selection" not in traits:
            self.selection = read_wnids(self._keep, self.taxonomy)
        if self.selection:
            self._basket.forget()

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """The synsets; read from the compiled index at first use."""
        if self._taxonomy is not None:
            return self._taxonomy
        from synsetlab.taxonomy import load  # noqa: PLC0415  # a panel that is not shown needs no index

        return load()

    @cached_property
    def _basket(self) -> Basket:
        return Basket(self.taxonomy)

    def undo(self) -> bool:
        """Take back the last change of the selection; False: there was none."""
        return self._step(self._basket.back())

    def redo(self) -> bool:
        """Do again what was taken back last; False: there is nothing."""
        return self._step(self._basket.forth())

    def _step(self, to: tuple[str, ...] | None) -> bool:
        if to is None:
            return False
        self._stepping = True
        try:
            self.selection = list(to)
        finally:
            self._stepping = False
        return True

    @traitlets.validate("selection")
    def _valid_selection(self, proposal: Any) -> list[str]:
        wnids = list(dict.fromkeys(proposal["value"]))
        self.taxonomy.indices(wnids)
        return wnids

    @traitlets.observe("selection")
    def _on_selection(self, change: Any) -> None:
        self._basket.replace(change["new"], remember=not self._stepping)
        self._save()
        self.send({"type": "selection", **self._facts()})

    # -- messages: the basket ------------------------------------------------------------------

    def on_choose(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid, on, scope, policy}`` -> ``{added, gave_way, ...basket}``.

        Where `policy` is not null, what is then an ancestor or a descendant of another gives way by it.
        """
        on = flag_of(message, "on")
        changed = self._scope(self._wnid(message), choice_of(message, "scope", SCOPES))
        before = self._basket.chosen
        if not on:
            gone = set(changed)
            return self._became([wnid for wnid in before if wnid not in gone])
        if message.get("policy") is None:
            return self._became([*before, *changed])
        policy = choice_of(message, "policy", CONFLICT_POLICIES)
        return self._became(self._basket.without_conflicts(changed, policy).kept)

    def on_resolve(self, message: Mapping[str, Any]) -> Reply:
        """``{policy}`` -> the same: no chosen synset is an ancestor of another any more."""
        policy = choice_of(message, "policy", CONFLICT_POLICIES)
        return self._became(self._basket.without_conflicts(policy=policy).kept)

    def on_merge(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> the same: the synset is chosen in place of all chosen ones below it."""
        wnid = self._wnid(message)
        gone = set(self._scope(wnid, "below"))
        if not gone:
            name = self._named(wnid)["name"]
            raise InputError(f"Nothing below {name} is chosen any more.", "Choose the synset itself.")
        return self._became([*(one for one in self._basket.chosen if one not in gone), wnid])

    def on_clear(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> the empty basket."""
        return self._became([])

    def on_undo(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> the basket as it was."""
        self.undo()
        return self._facts()

    def on_redo(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> the basket as it was before it was taken back."""
        self.redo()
        return self._facts()

    def on_save(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{name, text}``: a file with the chosen wnids."""
        return {"name": "selection.txt", "text": self._basket.listed()}

    # -- how -----------------------------------------------------------------------------------

    def _named(self, wnid: str) -> dict[str, str]:
        return {"wnid": wnid, "name": self.taxonomy.lemmas(wnid)[0]}

    def _some(self, wnids: list[str], most: int = 24) -> dict[str, Any]:
        """How many there are, and the first of them by name."""
        return {"count": len(wnids), "first": [self._named(wnid) for wnid in wnids[:most]]}

    def _wnid(self, message: Mapping[str, Any]) -> str:
        return self.taxonomy.require(text_of(message, "wnid", limit=200))

    def _became(self, wnids: Sequence[str]) -> dict[str, Any]:
        before = self._basket.chosen
        self.selection = list(wnids)
        after = self._basket.chosen
        gone = [wnid for wnid in before if wnid not in after]
        return {
            "added": sum(wnid not in before for wnid in after),
            "removed": len(gone),
            "names": [self._named(wnid)["name"] for wnid in gone[:NAMED]],
            **self._facts(),
        }

    def _facts(self) -> dict[str, Any]:
        """What the page says of the basket."""
        known, n_min = self._expected()
        merges = suggest_merges(self.taxonomy, self._basket.chosen, candidates=known, n_min=n_min)
        shown = [
            {
                **self._named(merge.wnid),
                "replaces": [self._named(wnid)["name"] for wnid in merge.replaces[:NAMED]],
                "count": len(merge.replaces),
                "why": merge.reason,
            }
            for merge in merges[:MERGES_SHOWN]
        ]
        return {**self._basket.facts(self._named), "merges": shown, "merge_count": len(merges)}

    def _scope(self, wnid: str, scope: str) -> Sequence[str]:
        graph = self.taxonomy
        if scope == "self":
            return [wnid]
        if scope == "children":
            return graph.children(wnid)
        if scope == "grandchildren":
            return level_below(graph, wnid, 2)
        if scope == "leaves":
            found: Sequence[str] = graph.leaves(wnid)
        else:
            place = graph.index(wnid)
            row = graph.graph["downwards"].row(place)
            inside = self._with_images(row) if scope == "images" else self._basket.on[row]
            found = [graph.wnid(int(one)) for one in row[inside & (row != place)]]
        if len(found) > CHOSEN_AT_ONCE:
            raise InputError(
                f"{graph.lemmas(wnid)[0]} has {len(found):,} leaves.",
                f"Choose a synset further down; the limit is {CHOSEN_AT_ONCE:,}.",
            )
        return found

    def _expected(self) -> tuple[dict[str, float] | None, int]:
        """Images of each synset as far as they are known, and how many a class should have."""
        return None, 0

    def _with_images(self, places: Any) -> Any:
        """Which of the synsets at `places` have images."""
        return np.zeros(len(places), bool)

    def _save(self) -> None:
        if self._keep is None:
            return
        self._keep.parent.mkdir(parents=True, exist_ok=True)
        # Beside it and renamed: a kernel that is killed leaves the file whole.
        descriptor, scratch = tempfile.mkstemp(prefix=f".{self._keep.name}-", dir=self._keep.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self._basket.listed())
        Path(scratch).replace(self._keep)


def kept_in(keep: str | os.PathLike[str] | bool, workspace: Workspace | None) -> Path | None:
    """The file that a selection is kept in: the one named, or with True one for each annotator.

    Raises
    ------
    InputError
        There is no workspace to keep it in.
    """
    if not isinstance(keep, bool):
        return Path(keep)
    if not keep:
        return None
    if workspace is None:
        raise InputError("keep=True needs a workspace.", "Name a file instead: keep='selection.txt'.")
    return workspace.selection_file(current_annotator())
