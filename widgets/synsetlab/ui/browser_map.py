"""What lies below a synset as a map: areas by how many classes, colours by how complete they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.taxonomy import Taxonomy
    from synsetlab.ui.browser_basket import Basket
    from synsetlab.ui.browser_counts import CountTable

    Ints = npt.NDArray[np.int64]

__all__ = ["SelectionMap"]

GROUPS: Final = 16
CELLS: Final = 10


class SelectionMap:
    """Two levels of the tree below a synset, each synset with what is chosen in its subtree.

    Areas are numbers of distinct chosen synsets; where less than two are chosen, of synsets with counts;
    where there are none of either, of all synsets. A synset with two hypernyms is in the area of both.
    """

    def __init__(self, taxonomy: Taxonomy, basket: Basket, table: CountTable) -> None:
        self._taxonomy = taxonomy
        self._own = table.own
        self._down = taxonomy.graph["downwards"]
        self._children = taxonomy.graph["hyponym"]
        self._instances = taxonomy.graph["instance"]
        if len(basket.chosen) > 1:
            self.of, self._members = "chosen", basket.on
        elif table:
            self.of, self._members = "counted", table.known
        else:
            self.of, self._members = "all", np.ones(len(taxonomy), bool)

    def at(self, wnid: str) -> dict[str, Any]:
        """``{wnid, name, of, weight, part, up, groups: [{wnid, name, weight, part, cells}]}``.

        A synset with less than two branches to show is shown within the nearest one above that has them;
        a chain of synsets with one branch each is gone through to its end.
        """
        place = self._taxonomy.index(wnid)
        path = [self._taxonomy.index(step) for step in self._taxonomy.paths_to_root(wnid)[0]]
        while path and not self._divides(path[-1]):
            ended = self._through(path[-1])
            if self._divides(ended):
                path.append(ended)
                break
            path.pop()
        top = path[-1] if path else place
        weight = self._weight(top)
        wider = next((above for above in path[-2::-1] if self._weight(above) > weight), None)
        return {
            **self._cell(top),
            "of": self.of,
            "up": None if wider is None else self._cell(wider),
            **self._listed("groups", top, GROUPS, deeper=True),
        }

    def _weight(self, place: int) -> int:
        row = self._down.row(place)
        return int(self._members[row].sum())

    def _branches(self, place: int) -> list[tuple[int, int]]:
        """Children with something to show and how much, the most first."""
        children = [*self._children.listed(place), *self._instances.listed(place)]
        weighed = ((child, self._weight(child)) for child in children)
        return sorted(((c, w) for c, w in weighed if w), key=lambda item: (-item[1], item[0]))

    def _divides(self, place: int) -> bool:
        """Whether it has several branches, and none of them holds all that there is."""
        branches = self._branches(place)
        return len(branches) > 1 and branches[0][1] < self._weight(place)

    def _through(self, place: int) -> int:
        """The end of a chain in which each synset has a branch that holds all."""
        while (branches := self._branches(place)) and branches[0][1] == self._weight(place):
            place = branches[0][0]
        return place

    def _listed(self, name: str, place: int, limit: int, *, deeper: bool) -> dict[str, Any]:
        branches = self._branches(place)
        cells = list[dict[str, Any]]()
        for child, weight in branches[:limit]:
            cell = self._cell(child, weight)
            if deeper and weight > 1:
                cell |= self._listed("cells", self._through(child), CELLS, deeper=False)
            cells.append(cell)
        rest = branches[limit:]
        more = {"more": len(rest), "more_weight": sum(w for _, w in rest)} if rest else {}
        return {name: cells, **more}

    def _cell(self, place: int, weight: int | None = None) -> dict[str, Any]:
        row = self._down.row(place)
        inside = row[self._members[row]]
        target, filled = int(self._own[inside, 2].sum()), int(self._own[inside, 4].sum())
        wnid = self._taxonomy.wnid(place)
        return {
            "wnid": wnid,
            "name": self._taxonomy.lemmas(wnid)[0],
            "weight": int(inside.size) if weight is None else weight,
            "part": round(filled / target, 3) if target else None,
        }
