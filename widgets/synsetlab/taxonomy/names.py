"""Free-text names of classes, and the synsets that they may mean.

A name never decides: ``crane`` is a bird and a machine. Every name gets its candidates, best first, with
scores and glosses, and a person picks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from synsetlab.taxonomy.search import Match
from synsetlab.taxonomy.words import fold, tokens

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from synsetlab.taxonomy.languages import Language
    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["Candidate", "candidates_of", "is_ambiguous", "readings"]

_SENSE = re.compile(r"(.+)\.n\.(\d{1,3})")
_NUMBERED = re.compile(r"\d+[.\s_-]+(?=\D)")
_ASIDE = re.compile(r"\(([^)]*)\)")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CLOSE = 0.9
_HINT = 0.15
"""What each step of agreement with the words in parentheses is worth."""
_LOOKED_AT = 40
_DOUBTS = (("n00001930", False, 0.1), ("n00007846", True, 0.05))
"""Synset, whether standing below it makes the meaning less likely, by how much: what is not a physical
entity has no picture, and names of kinds of people are seldom classes."""
_PARTICULAR = 0.1
"""How much less likely an instance is: *Crane* the poet."""


class Candidate(NamedTuple):
    """One synset that a name may mean."""

    wnid: str
    lemmas: list[str]
    gloss: str
    score: float
    """Between 0 and 1: orders the candidates of one name, means nothing between names."""
    kind: str
    """What fitted; see `synsetlab.taxonomy.search`. ``sense`` for a name like ``dog.n.01``."""


def readings(name: str) -> tuple[list[str], list[str]]:
    """The synonyms that `name` lists and the hints that it gives.

    ``001.Black_footed_Albatross`` is *Black footed Albatross*; ``tench, Tinca tinca`` are two synonyms;
    ``crane (bird)`` is *crane* with the hint *bird*; ``GoldenRetriever`` is two words.
    """
    hints = [word for aside in _ASIDE.findall(name) for word in tokens(fold(aside))]
    bare = _NUMBERED.sub("", _ASIDE.sub(" ", name).strip(), count=1)
    parts = [part.strip() for part in re.split(r"[,;/|]", bare) if tokens(fold(part))]
    spaced = [_CAMEL.sub(" ", part) for part in parts]
    return list(dict.fromkeys(spaced)), hints


def candidates_of(
    taxonomy: Taxonomy,
    name: str,
    *,
    limit: int = 5,
    within: Container[str] | None = None,
    language: Language | None = None,
) -> list[Candidate]:
    """Synsets that `name` may mean, best first; none where nothing is like it.

    Parameters
    ----------
    taxonomy
        WordNet's nouns.
    name
        A word, several synonyms (``tench, Tinca tinca``), a name with a hint (``crane (bird)``), a sense as
        NLTK writes it (``crane.n.05``), or a wnid.
    limit
        Candidates at most.
    within
        Only these synsets.
    language
        Look among the lemmas of another language.
    """
    sense = _sense(taxonomy, name)
    if sense and (within is None or sense in within):
        return [_candidate(taxonomy, sense, 1.0, "sense")]
    synonyms, hints = readings(name)
    source = language or taxonomy
    totals: dict[str, float] = {}
    kinds: dict[str, str] = {}
    for synonym in synonyms:
        for match in source.search(synonym, _LOOKED_AT):
            totals[match.wnid] = totals.get(match.wnid, 0.0) + match.score
            kinds.setdefault(match.wnid, match.kind)
    found = [
        Match(wnid, _weighed(taxonomy, wnid, total / len(synonyms), hints), kinds[wnid])
        for wnid, total in totals.items()
        if within is None or wnid in within
    ]
    found.sort(key=lambda match: (-match.score, match.wnid))
    return [_candidate(taxonomy, match.wnid, match.score, match.kind) for match in found[:limit]]


def is_ambiguous(found: Iterable[Candidate]) -> bool:
    """Whether the second candidate is nearly as good as the first."""
    scores = [each.score for each in found]
    return len(scores) > 1 and scores[1] >= _CLOSE * scores[0]


def _sense(taxonomy: Taxonomy, name: str) -> str | None:
    """The wnid of ``dog.n.01``, or of a wnid itself."""
    text = name.strip()
    if text in taxonomy:
        return text
    match = _SENSE.fullmatch(text.lower())
    if not match:
        return None
    senses = taxonomy.senses(match.group(1))
    number = int(match.group(2))
    return senses[number - 1] if 1 <= number <= len(senses) else None


def _weighed(taxonomy: Taxonomy, wnid: str, score: float, hints: list[str]) -> float:
    """`score` by how likely the synset is a class of pictures, and by the hints.

    Each hint counts that stands in the gloss, the lemmas or above the synset.
    """
    above_it = {wnid, *taxonomy.ancestors(wnid)}
    for root, below, doubt in _DOUBTS:
        if (root in above_it) == below:
            score *= 1 - doubt
    if taxonomy.graph["instance_of"].listed(taxonomy.index(wnid)):
        score *= 1 - _PARTICULAR
    if not hints:
        return round(score, 4)
    above = [lemma for step in taxonomy.ancestors(wnid) for lemma in taxonomy.lemmas(step)]
    near = " ".join([taxonomy.gloss(wnid), *taxonomy.lemmas(wnid), *above])
    words = set(tokens(fold(near)))
    agreed = sum(hint in words for hint in hints) / len(hints)
    return round(min(score * (1 - _HINT) + _HINT * agreed, 1.0), 4)


def _candidate(taxonomy: Taxonomy, wnid: str, score: float, kind: str) -> Candidate:
    return Candidate(wnid, taxonomy.lemmas(wnid), taxonomy.gloss(wnid), score, kind)
