"""What is chosen, what lies above it, and the way back and forth through its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.taxonomy.selection import antichain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from synsetlab.taxonomy import Taxonomy
    from synsetlab.taxonomy.selection import Antichain

__all__ = ["Basket", "level_below"]


class Basket:
    """The chosen synsets in the order in which they were chosen, with a memory.

    Parameters
    ----------
    taxonomy
        Where the hypernyms come from.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._past: list[tuple[str, ...]] = []
        self._future: list[tuple[str, ...]] = []
        self.chosen: dict[str, None] = {}
        self.on: npt.NDArray[np.bool_] = np.zeros(len(taxonomy), bool)
        """Which synsets are chosen, by `Taxonomy.index`."""
        self.below: npt.NDArray[np.int64] = np.zeros(len(taxonomy), np.int64)
        """How many distinct chosen synsets lie below each, itself not counted."""

    def replace(self, wnids: Iterable[str], *, remember: bool = True) -> None:
        """Make `wnids` the chosen ones, in their order."""
        before, after = self.chosen, dict.fromkeys(wnids)
        if remember:
            self._past.append(tuple(before))
            self._future.clear()
        self._count([wnid for wnid in after if wnid not in before], 1)
        self._count([wnid for wnid in before if wnid not in after], -1)
        self.chosen = after

    def _count(self, wnids: list[str], step: int) -> None:
        places = self._taxonomy.indices(wnids)
        above = np.bincount(self._taxonomy.graph["upwards"].rows(places), minlength=self.on.size)
        above[places] -= 1  # each is in its own row of the closure
        self.below += step * above
        self.on[places] = step > 0

    def back(self) -> tuple[str, ...] | None:
        """What was chosen before the last change; None: there was none."""
        if not self._past:
            return None
        self._future.append(tuple(self.chosen))
        return self._past.pop()

    def forth(self) -> tuple[str, ...] | None:
        """What was chosen before the last step back; None: there was none, or something changed since."""
        if not self._future:
            return None
        self._past.append(tuple(self.chosen))
        return self._future.pop()

    def forget(self) -> None:
        """Make what is chosen now the beginning."""
        self._past.clear()
        self._future.clear()

    def without_conflicts(self, extra: Iterable[str] = (), policy: str = "deepest") -> Antichain:
        """What stays of the chosen and of `extra`, so that none is an ancestor of another."""
        return antichain(self._taxonomy, [*self.chosen, *extra], policy)

    def conflicts(self, limit: int = 3) -> tuple[int, list[tuple[str, str]]]:
        """How many chosen synsets lie above another chosen one, and a few (above, below) pairs."""
        above = np.flatnonzero(self.on & (self.below > 0)).tolist()
        return len(above), [(self._taxonomy.wnid(place), self._inner(place)) for place in above[:limit]]

    def _inner(self, place: int) -> str:
        row = self._taxonomy.graph["downwards"].row(place)
        inside = row[self.on[row] & (row != place)]
        return self._taxonomy.wnid(int(inside[0]))

    def facts(self, named: Any) -> dict[str, Any]:
        """What the page says of the basket; `named` makes wnid and name of a wnid."""
        count, pairs = self.conflicts()
        return {
            "chosen": len(self.chosen),
            "can_undo": bool(self._past),
            "can_redo": bool(self._future),
            "conflict_count": count,
            "conflicts": [[named(above), named(inner)] for above, inner in pairs],
        }

    def listed(self) -> str:
        """The chosen wnids for a file: one a line, tab, lemmas, sorted by wnid."""
        return "".join(f"{wnid}\t{', '.join(self._taxonomy.lemmas(wnid))}\n" for wnid in sorted(self.chosen))


def level_below(taxonomy: Taxonomy, wnid: str, levels: int) -> Sequence[str]:
    """Synsets so many edges below `wnid`, and those without children that are nearer; sorted."""
    down = taxonomy.graph["hyponym"]
    front = np.array([taxonomy.index(wnid)])
    ended = np.empty(0, front.dtype)
    for _ in range(levels):
        childless = down.lengths()[front] == 0
        ended = np.union1d(ended, front[childless])
        front = np.unique(down.rows(front[~childless]))
    places = np.union1d(ended, front)
    return [taxonomy.wnid(int(place)) for place in places if int(place) != taxonomy.index(wnid)]
