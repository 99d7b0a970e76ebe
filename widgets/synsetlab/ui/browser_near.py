"""Synsets that people take for one another: the same word, or near in the tree and told alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from synsetlab.taxonomy.words import fold, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.taxonomy import Taxonomy

__all__ = ["Confusable", "confusable"]

COMPARED: Final = 400
SENSES: Final = 40
SHORTEST_WORD: Final = 4
ENOUGH: Final = 0.12
_COMMON: Final = frozenset(
    {"with", "that", "used", "having", "usually", "from", "which", "often", "made", "like"}
)


class Confusable(NamedTuple):
    """A synset that could be taken for another."""

    wnid: str
    why: str
    """A phrase: "also called husky", "alike: headdress, brim"."""


def confusable(taxonomy: Taxonomy, wnid: str, limit: int = 12) -> list[Confusable]:
    """Synsets that an annotator could take for `wnid`, the likeliest first.

    Those that share a lemma, nearest in the tree first; then siblings, cousins and hypernyms' siblings
    whose lemmas or glosses share words. What lies above or below is left out: it is no mistake.
    """
    place = taxonomy.index(wnid)
    graph = taxonomy.graph
    related = {*graph["upwards"].listed(place), *graph["downwards"].listed(place)}
    same = _same_word(taxonomy, wnid, related)
    found = [Confusable(other, f"also called {word}") for other, word in same.items()]
    if len(found) < limit:
        around = (p for p in _around(taxonomy, place) if p not in related and taxonomy.wnid(p) not in same)
        found += _alike(taxonomy, wnid, around)
    return found[:limit]


def _same_word(taxonomy: Taxonomy, wnid: str, related: set[int]) -> dict[str, str]:
    above = set(taxonomy.ancestors(wnid))
    found: dict[str, tuple[float, str]] = {}
    for lemma in taxonomy.lemmas(wnid):
        for match in taxonomy.search(lemma, SENSES):
            if match.kind != "exact" or taxonomy.index(match.wnid) in related:
                continue
            if fold(lemma) not in map(fold, taxonomy.lemmas(match.wnid)):
                continue
            other = set(taxonomy.ancestors(match.wnid))
            nearness = len(above & other) / max(len(above | other), 1)
            found.setdefault(match.wnid, (nearness, lemma))
    ordered = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
    return {other: word for other, (_, word) in ordered}


def _around(taxonomy: Taxonomy, place: int) -> Iterable[int]:
    """Siblings, then their children, then siblings of the hypernyms."""
    graph = taxonomy.graph
    parents = graph["hypernym"].row(place)
    siblings = graph["hyponym"].rows(parents)
    nephews = graph["hyponym"].rows(siblings)
    uncles = graph["hyponym"].rows(graph["hypernym"].rows(parents))
    ordered = dict.fromkeys(np.concatenate([siblings, nephews, uncles]).tolist())
    return list(ordered)[:COMPARED]


def _alike(taxonomy: Taxonomy, wnid: str, places: Iterable[int]) -> list[Confusable]:
    names, told = _words(taxonomy, wnid)
    near = set(taxonomy.siblings(wnid))
    scored = list[tuple[float, str, str]]()
    for place in places:
        other = taxonomy.wnid(place)
        other_names, other_told = _words(taxonomy, other)
        shared = (names & other_names) | (told & other_told)
        score = (_overlap(names, other_names) + _overlap(names | told, other_names | other_told)) * (
            1.0 if other in near else 0.6
        )
        if shared and score >= ENOUGH:
            words = sorted(shared, key=lambda word: (word not in names, -len(word), word))
            scored.append((-score, other, f"alike: {', '.join(words[:3])}"))
    return [Confusable(other, why) for _, other, why in sorted(scored)]


def _words(taxonomy: Taxonomy, wnid: str) -> tuple[set[str], set[str]]:
    every = {word for lemma in taxonomy.lemmas(wnid) for word in tokens(fold(lemma))}
    names = {word for word in every if len(word) > 2 and word not in _COMMON}
    told = {word for word in tokens(fold(taxonomy.gloss(wnid))) if len(word) >= SHORTEST_WORD}
    return names, told - _COMMON


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(len(one | other), 1)
