"""Where one broader class may serve better than several narrow ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["Merge", "suggest_merges"]


class Merge(NamedTuple):
    """A synset that could take the place of chosen ones below it."""

    wnid: str
    replaces: list[str]
    """The chosen synsets below it, at least two, sorted."""
    reason: str
    candidates: float | None
    """Expected candidates of those together; None if they are not known."""


def suggest_merges(
    taxonomy: Taxonomy,
    wnids: Iterable[str],
    *,
    candidates: Mapping[str, float] | None = None,
    n_min: int = 0,
    max_height: int = 3,
) -> list[Merge]:
    """Parents that look basic-level beside the chosen children that they would replace.

    People name things at a basic level (Rosch et al. 1976, doi:10.1016/0010-0285(76)90013-X): *dog*, less
    often *pug* or *carnivore*. A parent of at least two chosen synsets is suggested if no chosen one stands
    above it, its height is at most `max_height`, and

    - WordNet's tagged texts use it more often than all chosen synsets below it together; or
    - with `candidates`: some chosen one below has fewer than `n_min`.

    Nothing is changed; the caller decides. Most replaced synsets first, then by wnid; a suggestion may
    stand below another.
    """
    chosen = np.unique(taxonomy.indices(wnids))
    listed = np.zeros(len(taxonomy), bool)
    listed[chosen] = True
    parents = np.unique(taxonomy.graph["hypernym"].rows(chosen))
    uses, height = taxonomy.arrays["uses"], taxonomy.arrays["height"]
    found = []
    for place in parents[~listed[parents] & (height[parents] <= max_height)].tolist():
        row = taxonomy.graph["downwards"].row(place)
        below = row[listed[row]]
        above = taxonomy.graph["upwards"].row(place)
        if below.size < 2 or listed[above].any():
            continue
        names = [taxonomy.wnid(each) for each in below.tolist()]
        total = None if candidates is None else sum(candidates.get(name, 0.0) for name in names)
        few = [name for name in names if candidates is not None and candidates.get(name, 0.0) < n_min]
        together = int(uses[below].sum())
        if uses[place] > together:
            word = "use" if uses[place] == 1 else "uses"
            reason = f"has {uses[place]:,} {word} in WordNet's texts, those below it {together:,}"
        elif few:
            reason = f"{len(few):,} of those below it have fewer than {n_min:,} candidates"
        else:
            continue
        found.append(Merge(taxonomy.wnid(place), names, reason, total))
    return sorted(found, key=lambda merge: (-len(merge.replaces), merge.wnid))
