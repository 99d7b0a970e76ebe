"""No chosen synset above another, as in ILSVRC: which one of two gives way is a stated policy."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from synsetlab.errors import InputError
from synsetlab.taxonomy.selection.value import Excluded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["CONFLICT_POLICIES", "Antichain", "ConflictPolicy", "antichain"]

ConflictPolicy = Literal["deepest", "shallowest", "first"]
CONFLICT_POLICIES: tuple[str, ...] = get_args(ConflictPolicy)


class Antichain(NamedTuple):
    """Synsets of which none is an ancestor of another, and what gave way to them."""

    kept: list[str]
    """In the order they were given, each once."""
    removed: list[Excluded]
    """In the order they were given; ``because`` names one synset that each gave way to."""


def antichain(taxonomy: Taxonomy, wnids: Iterable[str], policy: str = "deepest") -> Antichain:
    """Keep of `wnids` a set without ancestor pairs.

    Parameters
    ----------
    taxonomy
        Ancestors follow hypernym and instance edges, as in `Taxonomy.induce`.
    wnids
        Order matters only to ``first``; repetitions are dropped.
    policy
        ``deepest``: what has a given synset below it gives way (only the most specific stay).
        ``shallowest``: what has a given synset above it gives way (only the most general stay).
        ``first``: in the order given, what is above or below one that was kept gives way.

    Raises
    ------
    InputError
        `policy` is something else.
    UnknownSynsetError
        A wnid is not in the taxonomy.
    """
    if policy not in CONFLICT_POLICIES:
        raise InputError(
            f"antichain={policy!r} is no way to resolve conflicts.", f"Use {', '.join(CONFLICT_POLICIES)}."
        )
    given = taxonomy.indices(dict.fromkeys(wnids))
    upwards = taxonomy.graph["upwards"]
    listed = np.zeros(len(taxonomy), bool)
    listed[given] = True
    above, below = upwards.rows(given), np.repeat(given, upwards.lengths()[given])
    both = listed[above] & (above != below)
    pairs = list(zip(above[both].tolist(), below[both].tolist(), strict=True))
    if policy == "first":
        losers = _later(given.tolist(), pairs)
    else:
        # Of several that one gives way to, the one kept is the telling answer; then the least wnid.
        ordered = sorted((pair if policy == "deepest" else pair[::-1]) for pair in pairs)
        giving = {loser for loser, _ in ordered}
        losers = {}
        for loser, winner in ordered:
            if loser not in losers or (losers[loser] in giving and winner not in giving):
                losers[loser] = winner
    order = given.tolist()
    descendants = set(pairs)
    return Antichain(
        [taxonomy.wnid(place) for place in order if place not in losers],
        [
            _excluded(taxonomy, place, losers[place], above=(place, losers[place]) in descendants)
            for place in order
            if place in losers
        ],
    )


def _later(order: list[int], pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Who gives way to whom when earlier ones stay."""
    related: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        related[one].append(other)
        related[other].append(one)
    kept: set[int] = set()
    losers: dict[int, int] = {}
    for place in order:
        winner = min((other for other in related[place] if other in kept), default=None)
        if winner is None:
            kept.add(place)
        else:
            losers[place] = winner
    return losers


def _excluded(taxonomy: Taxonomy, loser: int, winner: int, *, above: bool) -> Excluded:
    wnid, other = taxonomy.wnid(loser), taxonomy.wnid(winner)
    way = "an ancestor" if above else "a descendant"
    return Excluded(
        wnid, "antichain", f"is {way} of {other} ({taxonomy.lemmas(other)[0]}), which is chosen", other
    )
