"""In which order synsets are taken, and what keeps one out once others are taken."""

from __future__ import annotations

import hashlib
import heapq
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.taxonomy.selection.value import Excluded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy
    from synsetlab.taxonomy.selection.objective import Objective
    from synsetlab.taxonomy.selection.policy import SelectionPolicy

    Array = npt.NDArray[Any]

__all__ = ["Taken", "by_popularity", "by_worth", "in_random_order"]


def in_random_order(taxonomy: Taxonomy, places: Iterable[int], seed: int) -> list[int]:
    """By SHA-256 of seed and wnid: the same everywhere, and other synsets change nobody's turn."""

    def turn(place: int) -> bytes:
        return hashlib.sha256(f"{seed}:{taxonomy.wnid(place)}".encode()).digest()

    return sorted(places, key=turn)


def by_popularity(taxonomy: Taxonomy, places: Iterable[int], candidates: Array) -> list[int]:
    """Most expected candidates first, then most uses in the texts that came with WordNet, then by wnid."""
    uses = taxonomy.arrays["uses"]
    return sorted(places, key=lambda place: (-candidates[place], -int(uses[place]), place))


def by_worth(objective: Objective, places: Iterable[int], taken: Taken, *, fill: bool) -> Iterator[int]:
    """Best gain of U next; ties by wnid. Without `fill` it ends where U would fall.

    Gains only shrink, so that one that is still the best when computed anew is the best of all
    (Minoux 1978, doi:10.1007/BFb0006528). `taken` is what the caller takes of what this yields.
    """
    own, step = objective.own_gains, objective.cover_gain
    covered = np.zeros(own.size, bool)
    heap = []

    def gain(place: int) -> float:
        rows = objective.covers(place)
        return float(own[place]) + step * int(np.count_nonzero(~covered[rows]))

    seen = 0

    def catch_up() -> None:
        nonlocal seen
        for place in taken.places[seen:]:
            covered[objective.covers(place)] = True
        seen = len(taken.places)

    catch_up()
    heap = [(-gain(place), place) for place in places]
    heapq.heapify(heap)
    while heap:
        _, place = heapq.heappop(heap)
        catch_up()
        worth = gain(place)
        if heap and (-worth, place) > heap[0]:
            heapq.heappush(heap, (-worth, place))
            continue
        if worth <= 0 and not fill:
            taken.refuse(place, "gain", "would add nothing to U")
            for _, rest in heap:
                taken.refuse(rest, "gain", "would add nothing to U")
            return
        yield place


class Taken:
    """What has been taken so far, under the antichain rule ``first``, quotas and size."""

    def __init__(self, taxonomy: Taxonomy, policy: SelectionPolicy) -> None:
        self._taxonomy = taxonomy
        self._size = policy.size
        self._one_line = policy.antichain != "off"
        self._chosen = np.zeros(len(taxonomy), bool)
        self._branches = {place: taxonomy.wnid(place) for place in taxonomy.indices(policy.quotas).tolist()}
        self._left = {taxonomy.index(wnid): most for wnid, most in policy.quotas.items()}
        self.places: list[int] = []
        """Indices in the order they were taken."""
        self.refused: dict[int, Excluded] = {}
        """By index."""

    @property
    def full(self) -> bool:
        """Whether the wanted number is reached."""
        return self._size is not None and len(self.places) >= self._size

    def force(self, place: int) -> None:
        """Take `place` whatever the quotas say; it still counts in them."""
        self._chosen[place] = True
        self.places.append(place)
        for branch in self._quotas_of(place):
            self._left[branch] -= 1

    def offer(self, place: int) -> None:
        """Take `place` or say why not; not to be asked when `full`."""
        conflict = self._conflict(place) if self._one_line else None
        if conflict is not None:
            self.refuse(place, "antichain", *conflict)
            return
        spent = next((branch for branch in self._quotas_of(place) if self._left[branch] <= 0), None)
        if spent is not None:
            wnid = self._branches[spent]
            name = self._taxonomy.lemmas(wnid)[0]
            self.refuse(place, "quota", f"comes after the quota of {wnid} ({name}) was full", wnid)
        else:
            self.force(place)

    def refuse(self, place: int, rule: str, reason: str, because: str = "") -> None:
        """Note why `place` is not taken."""
        self.refused[place] = Excluded(self._taxonomy.wnid(place), rule, reason, because)

    def _conflict(self, place: int) -> tuple[str, str] | None:
        for way, graph in (("a descendant", "upwards"), ("an ancestor", "downwards")):
            row = self._taxonomy.graph[graph].row(place)
            near = row[self._chosen[row]]
            near = near[near != place]
            if near.size:
                wnid = self._taxonomy.wnid(int(near[0]))
                name = self._taxonomy.lemmas(wnid)[0]
                return f"is {way} of {wnid} ({name}), which is chosen", wnid
        return None

    def _quotas_of(self, place: int) -> list[int]:
        if not self._left:
            return []
        above = self._taxonomy.graph["upwards"].row(place)
        return [branch for branch in above.tolist() if branch in self._left]
