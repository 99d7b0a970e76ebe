"""How near synsets are to each other: by path, by depth, by information.

All three take whole columns of pairs at once and say the same as NLTK's ``path_similarity``,
``wup_similarity`` and ``lin_similarity`` where these are defined on nouns. Paths run over hypernyms and
instance hypernyms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]

__all__ = [
    "Distances",
    "Measures",
    "counted_information",
    "intrinsic_information",
    "lin",
    "measure",
    "path",
    "wu_palmer",
]


class Measures(NamedTuple):
    """Measures of many synsets, in the order given."""

    depth_min: Array
    """Edges of the shortest path to the root."""
    depth_max: Array
    """Edges of the longest path to the root."""
    height: Array
    """Edges of the longest path to a leaf."""
    subtree_size: Array
    """Synsets at or below, by hypernym edges."""
    uses: Array
    """Occurrences in the texts that came with WordNet."""


def measure(taxonomy: Taxonomy, wnids: Iterable[str]) -> Measures:
    """The measures of many synsets at once; arrays as long as `wnids`."""
    places, arrays = taxonomy.indices(wnids), taxonomy.arrays
    start = taxonomy.graph["hyponyms"].start
    return Measures(
        arrays["depth_min"][places],
        arrays["depth_max"][places],
        arrays["height"][places],
        start[places + 1] - start[places],
        arrays["uses"][places],
    )


class Distances:
    """Edges of the shortest path from every synset up to each of its ancestors.

    Aligned with ``taxonomy.graph["upwards"]``: ``values[k]`` edges lead from the synset of the row up to
    the ancestor ``upwards.values[k]``. Made in one walk over the levels of the graph (some 0.2 s).
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._upwards = upwards = taxonomy.graph["upwards"]
        self._nodes = nodes = len(taxonomy)
        parents, instance_of = taxonomy.graph["hypernym"], taxonomy.graph["instance_of"]
        self.keys: Array = np.repeat(np.arange(nodes, dtype=np.int64), upwards.lengths()) * nodes
        self.keys += upwards.values
        self.values: Array = np.full(self.keys.size, 127, np.int8)
        front = np.arange(nodes, dtype=np.int64) * (nodes + 1)
        steps = 0
        while front.size:
            places = np.searchsorted(self.keys, front)
            new = self.values[places] == 127
            self.values[places[new]] = steps
            front, steps = front[new], steps + 1
            below, at = front // nodes, front % nodes
            reached = [
                np.repeat(below, graph.lengths()[at]) * nodes + graph.rows(at)
                for graph in (parents, instance_of)
            ]
            front = np.unique(np.concatenate(reached))

    def __call__(self, synsets: Array, ancestors: Array) -> Array:
        """Edges from each synset up to its ancestor, by index."""
        places = np.searchsorted(self.keys, synsets.astype(np.int64) * self._nodes + ancestors)
        return self.values[places].astype(np.int32)


def path(
    taxonomy: Taxonomy, ones: Iterable[str], others: Iterable[str], *, distances: Distances | None = None
) -> Floats:
    """``1 / (1 + edges of the shortest path over a common ancestor)`` of each pair.

    Rada et al. 1989 (doi:10.1109/21.24528) in the form of WordNet::Similarity. Give `distances` to ask
    often: else they are made anew.
    """
    a, b = _pairs(taxonomy, ones, others)
    edges = _shortest(taxonomy, a, b, distances or Distances(taxonomy))
    similarity: Floats = 1.0 / (1.0 + edges)
    return similarity


def _shortest(taxonomy: Taxonomy, a: Array, b: Array, distances: Distances) -> Array:
    """Edges of the shortest path between the members of each pair, through any common ancestor."""
    row, shared = _common(taxonomy, a, b)
    edges = distances(a[row], shared) + distances(b[row], shared)
    return _best(np.minimum, row, edges, a.size)


def wu_palmer(
    taxonomy: Taxonomy, ones: Iterable[str], others: Iterable[str], *, distances: Distances | None = None
) -> Floats:
    """``2 d / (d1 + d2)`` of each pair (Wu and Palmer 1994, doi:10.3115/981732.981751).

    d counts the nodes from the root to the lowest common ancestor along its longest path; d1 and d2 add to
    it the shortest way from the members. The lowest common ancestor is the one with the longest shortest
    path to the root; where several tie, a member of the pair, else the first by NLTK's name
    (``carnivore.n.01``), so that both libraries say the same.
    """
    a, b = _pairs(taxonomy, ones, others)
    distances = distances or Distances(taxonomy)
    lowest = taxonomy.lca_many(a, b, by="depth_min")
    chosen: Array = lowest.values[lowest.start[:-1]].copy() if a.size else a
    for tied in np.flatnonzero(lowest.lengths() > 1).tolist():
        row = lowest.row(tied)
        chosen[tied] = a[tied] if a[tied] in row else min(row.tolist(), key=lambda at: _name(taxonomy, at))
    depth = taxonomy.arrays["depth_max"][chosen].astype(np.int32) + 1
    ways = _shortest(taxonomy, a, chosen, distances) + _shortest(taxonomy, b, chosen, distances)
    similarity: Floats = 2.0 * depth / (2 * depth + ways)
    return similarity


def _name(taxonomy: Taxonomy, place: int) -> str:
    """The synset's name as NLTK writes it."""
    wnid = taxonomy.wnid(place)
    lemma = taxonomy.lemmas(wnid)[0]
    senses = taxonomy.senses(lemma)
    number = senses.index(wnid) + 1 if wnid in senses else 0
    return f"{lemma.lower().replace(' ', '_')}.n.{number:02d}"


def intrinsic_information(taxonomy: Taxonomy) -> Floats:
    """Information content of every synset by index, from the graph alone: 0 for the root, 1 for leaves.

    ``1 - log(subtree size) / log(all)`` (Seco, Veale and Hayes 2004, "An intrinsic information content
    metric for semantic similarity in WordNet"); subtrees follow hypernym and instance edges.
    """
    sizes = taxonomy.graph["downwards"].lengths().astype(np.float64)
    information: Floats = 1.0 - np.log(sizes) / np.log(len(taxonomy))
    return information


def counted_information(taxonomy: Taxonomy, counts: Mapping[str, float], *, smoothing: float = 0.0) -> Floats:
    """Information content of every synset by index, from counts of one's own: ``-log p`` (Resnik 1995).

    Each count goes to its synset and to every ancestor, once each, however many paths lead there.

    Parameters
    ----------
    taxonomy
        WordNet's nouns.
    counts
        Occurrences by wnid, such as accepted images.
    smoothing
        Added to every synset's own count; with 0, what was never counted has infinite content.

    Raises
    ------
    InputError
        A count is negative, or all are 0.
    """
    if smoothing < 0 or any(not count >= 0 for count in counts.values()):
        raise InputError("Counts for information content must be numbers of at least 0.")
    own = np.full(len(taxonomy), float(smoothing))
    own[taxonomy.indices(counts)] += list(counts.values())
    upwards = taxonomy.graph["upwards"]
    below = np.repeat(np.arange(len(taxonomy)), upwards.lengths())
    total = np.bincount(upwards.values, weights=own[below], minlength=len(taxonomy))
    if not total.max() > 0:
        raise InputError("No synset has a count above 0.", "Give counts, or a smoothing above 0.")
    with np.errstate(divide="ignore"):
        information: Floats = -np.log(total / total.max())
    return information + 0.0


def lin(
    taxonomy: Taxonomy, ones: Iterable[str], others: Iterable[str], *, information: Floats | None = None
) -> Floats:
    """``2 IC(most informative common ancestor) / (IC(a) + IC(b))`` of each pair (Lin 1998).

    Parameters
    ----------
    taxonomy, ones, others
        Pairs of wnids.
    information
        Content by index: `intrinsic_information` unless given.

    Returns
    -------
    numpy.ndarray
        Between 0 and 1. A synset and itself give 1, the root too; where a content is infinite, 0.
    """
    a, b = _pairs(taxonomy, ones, others)
    content = intrinsic_information(taxonomy) if information is None else information
    row, shared = _common(taxonomy, a, b)
    finite = np.where(np.isfinite(content), content, 0.0)
    shared_content = _best(np.maximum, row, finite[shared], a.size)
    both = content[a] + content[b]
    usable = np.isfinite(both) & (both > 0)
    similarity = np.divide(2.0 * shared_content, both, out=np.zeros(a.size), where=usable)
    similarity[a == b] = 1.0
    return similarity


def _pairs(taxonomy: Taxonomy, ones: Iterable[str], others: Iterable[str]) -> tuple[Array, Array]:
    a, b = taxonomy.indices(ones), taxonomy.indices(others)
    if a.size != b.size:
        raise InputError(f"{a.size:,} synsets cannot be paired with {b.size:,}.", "Give equally many.")
    return a, b


def _common(taxonomy: Taxonomy, a: Array, b: Array) -> tuple[Array, Array]:
    """Number of the pair and common ancestor (members count as their own), for every one of each pair."""
    upwards, nodes = taxonomy.graph["upwards"], len(taxonomy)
    pairs = np.arange(a.size, dtype=np.int64)
    left = np.repeat(pairs, upwards.lengths()[a]) * nodes + upwards.rows(a)
    right = np.repeat(pairs, upwards.lengths()[b]) * nodes + upwards.rows(b)
    shared = np.intersect1d(left, right, assume_unique=True)
    return shared // nodes, shared % nodes


def _best(choose: np.ufunc, row: Array, values: Array, count: int) -> Array:
    """The least or greatest value of each row; rows ascend and none is empty (all share the root)."""
    if not count:
        return values
    best: Array = choose.reduceat(values, np.searchsorted(row, np.arange(count)))
    return best
