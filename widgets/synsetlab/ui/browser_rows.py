"""Rows of the tree as the page gets them, and which of them a filter leaves."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from synsetlab.taxonomy import Taxonomy
    from synsetlab.ui.browser_basket import Basket
    from synsetlab.ui.browser_counts import CountTable

    Flags = npt.NDArray[np.bool_]

__all__ = ["FILTERS", "Mask", "Reason", "Rows", "reasons"]

FILTERS: Final = ("chosen", "leaves", "images", "below", "review", "excluded")
"""In the basket; without hyponyms; with images; fewer accepted than wanted; with images that wait for an
expert; kept out by a rule."""
OPENED_AT_ONCE: Final = 400
EXPANDED: Final = 6000
_OUT: Final = "kept out"


class Mask(NamedTuple):
    """What filters leave."""

    matched: Flags
    visible: Flags
    """Those and what lies above them."""


class Reason(NamedTuple):
    """Why a synset is kept out."""

    rule: str
    """One word for its row: ``safety``, ``depth``."""
    text: str
    """A phrase that follows the synset's name: "has depth 4, outside 8 to 12"."""


class Rows:
    """Makes rows: dicts of what the page shows of a synset.

    They have ``wnid, name`` and, where these are not zero, ``branches, size, on, below, own, sub`` (see
    `Progress`), ``way`` (it stands only above a match), ``why`` and ``rule`` (it is kept out).
    """

    def __init__(
        self, taxonomy: Taxonomy, basket: Basket, table: CountTable, excluded: Mapping[str, Reason]
    ) -> None:
        self._taxonomy = taxonomy
        self._basket = basket
        self._table = table
        self._excluded = excluded
        self._hyponym = taxonomy.graph["hyponym"]

    def mask(self, filters: Iterable[str]) -> Mask | None:
        """What all `filters` leave; None where there are none."""
        own = self._table.own
        matched: Flags | None = None
        for name in filters:
            if name == "chosen":
                marked = self._basket.on
            elif name == "leaves":
                marked = self._hyponym.lengths() == 0
            elif name == "images":
                marked = (own[:, 0] > 0) | (own[:, 1] > 0)
            elif name == "below":
                marked = own[:, 1] < own[:, 2]
            elif name == "review":
                marked = own[:, 3] > 0
            else:
                marked = np.zeros(len(self._taxonomy), bool)
                marked[self._taxonomy.indices(self._excluded)] = True
            matched = marked if matched is None else matched & marked
        if matched is None:
            return None
        visible = np.zeros(len(self._taxonomy), bool)
        visible[self._taxonomy.graph["upwards"].rows(np.flatnonzero(matched))] = True
        return Mask(matched, visible)

    def node(self, place: int, mask: Mask | None = None) -> dict[str, Any]:
        """The row of a synset."""
        wnid = self._taxonomy.wnid(place)
        found: dict[str, Any] = {
            "wnid": wnid,
            "name": ", ".join(self._taxonomy.lemmas(wnid)),
            "branches": len(self._places(place, mask)),
            "size": self._taxonomy.subtree_size(wnid) - 1,
            "on": bool(self._basket.on[place]),
            "below": int(self._basket.below[place]),
            "own": self._table.own_of(place),
            "sub": self._table.below_of(place),
            "way": mask is not None and not mask.matched[place],
        }
        reason = self._excluded.get(wnid)
        if reason is not None:
            found |= {"why": reason.text, "rule": reason.rule}
        return {field: value for field, value in found.items() if value}

    def _places(self, place: int, mask: Mask | None) -> list[int]:
        below = self._hyponym.listed(place)
        if mask is None:
            return below
        below = [*below, *self._taxonomy.graph["instance"].listed(place)]
        return [child for child in below if mask.visible[child]]

    def children(self, place: int, mask: Mask | None = None) -> list[dict[str, Any]]:
        """Rows below a synset, by name."""
        return _sorted([self.node(child, mask) for child in self._places(place, mask)])

    def opened(self, place: int, mask: Mask | None) -> tuple[dict[str, list[dict[str, Any]]], bool]:
        """Levels to begin with, and whether there are no others.

        One level where there is no filter; else as many of what it left as make few rows, the upper first.
        """
        if mask is None:
            return {self._taxonomy.wnid(place): self.children(place, mask)}, False
        levels: dict[str, list[dict[str, Any]]] = {}
        waiting, shown = deque([place]), 0
        while waiting and shown < OPENED_AT_ONCE:
            above = waiting.popleft()
            wnid = self._taxonomy.wnid(above)
            if wnid in levels:
                continue
            nodes = self.children(above, mask)
            if nodes:
                levels[wnid] = nodes
                shown += len(nodes)
                waiting.extend(self._taxonomy.index(node["wnid"]) for node in nodes)
        return levels, not waiting

    def subtree(self, place: int, mask: Mask | None) -> dict[str, Any]:
        """``{nodes, levels: {wnid: wnids}}`` of all below a synset: each row once, however often it stands.

        Raises
        ------
        InputError
            They are too many for one tree.
        """
        found: dict[int, list[int]] = {}
        waiting = [place]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found[here] = self._places(here, mask)
                waiting += found[here]
        if len(found) > EXPANDED:
            name = self._taxonomy.describe(self._taxonomy.wnid(place))
            raise InputError(
                f"{name} has {len(found) - 1:,} synsets below it; up to {EXPANDED:,} open at once.",
                "Open a synset further down, or set a filter.",
            )
        nodes = {here: self.node(here, mask) for here in found}
        levels = {
            nodes[here]["wnid"]: [node["wnid"] for node in _sorted([nodes[child] for child in below])]
            for here, below in found.items()
            if below
        }
        return {"nodes": list(nodes.values()), "levels": levels}


def _sorted(nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(nodes, key=lambda node: (node["name"].casefold(), node["wnid"]))


def reasons(excluded: Any, taxonomy: Taxonomy) -> dict[str, Reason]:
    """Why synsets are kept out, by wnid.

    Parameters
    ----------
    excluded
        A `Selection`, its ``excluded``, a mapping from wnid to a reason, or wnids alone; None: none.
    taxonomy
        Raises `UnknownSynsetError` for what it does not have.
    """
    if excluded is None:
        return {}
    listed = getattr(excluded, "excluded", excluded)
    if isinstance(listed, Mapping):
        return {taxonomy.require(wnid): Reason(_OUT, str(why)) for wnid, why in listed.items()}
    found: dict[str, Reason] = {}
    for each in listed:
        wnid, why = (
            (each, Reason(_OUT, "was excluded"))
            if isinstance(each, str)
            else (each[0], Reason(each[1], each[2]))
        )
        found[taxonomy.require(wnid)] = why
    return found
