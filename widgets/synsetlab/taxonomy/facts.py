"""What is known of WordNet 3.0's nouns, counted anew from the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.errors import WordNetError

if TYPE_CHECKING:
    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["FACTS", "check", "count"]

FACTS = {
    "noun synsets": 82_115,
    "word senses": 146_347,
    "lemmas, case folded": 117_798,
    "roots": 1,
    "hypernym edges": 75_850,
    "instance edges": 8_577,
    "synsets with several hypernyms": 1_422,
    "synsets with several parents of either kind": 2_213,
    "instance synsets": 7_730,
    "synsets without children": 64_958,
    "longest path from the root": 19,
    "greatest shortest path from the root": 18,
    "height of entity n00001740": 19,
    "descendants of physical entity n00001930": 39_555,
    "descendants of animal n00015388": 3_998,
    "descendants of artifact n00021939": 10_504,
    "descendants of person n00007846": 6_978,
    "descendants of dog n02084071": 189,
}
"""Facts of WordNet 3.0; descendants follow hypernym edges and leave the synset itself out."""


def count(taxonomy: Taxonomy) -> dict[str, int]:
    """Count what `FACTS` states."""
    graph, arrays = taxonomy.graph, taxonomy.arrays
    kinds, particular = graph["hypernym"].lengths(), graph["instance_of"].lengths()
    childless = (graph["hyponym"].lengths() == 0) & (graph["instance"].lengths() == 0)
    counts = {
        "noun synsets": len(taxonomy),
        "word senses": sum(len(taxonomy.lemmas(wnid)) for wnid in taxonomy),
        "lemmas, case folded": arrays["name_text_start"].size - 1,
        "roots": int((kinds + particular == 0).sum()),
        "hypernym edges": int(kinds.sum()),
        "instance edges": int(particular.sum()),
        "synsets with several hypernyms": int((kinds > 1).sum()),
        "synsets with several parents of either kind": int((kinds + particular > 1).sum()),
        "instance synsets": int((particular > 0).sum()),
        "synsets without children": int(childless.sum()),
        "longest path from the root": int(arrays["depth_max"].max()),
        "greatest shortest path from the root": int(arrays["depth_min"].max()),
    }
    for fact in FACTS:
        what, _, wnid = fact.rpartition(" ")
        if what.startswith("height of"):
            counts[fact] = taxonomy.height(wnid)
        elif what.startswith("descendants of"):
            counts[fact] = taxonomy.subtree_size(wnid) - 1
    return counts


def check(taxonomy: Taxonomy) -> dict[str, int]:
    """Prove `FACTS`; returns them.

    Raises
    ------
    WordNetError
        One of them does not hold.
    """
    counts = count(taxonomy)
    wrong = [
        f"{fact}: {counts[fact]:,} instead of {known:,}"
        for fact, known in FACTS.items()
        if counts[fact] != known
    ]
    if wrong:
        raise WordNetError(
            f"The compiled index is not WordNet 3.0: {'; '.join(wrong)}.",
            "Make it anew: synsetlab wordnet install --recompile",
        )
    return counts
