"""`Taxonomy`: the graph of WordNet's noun synsets."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.errors import InputError, UnknownSynsetError
from synsetlab.taxonomy.arrays import Csr, Texts
from synsetlab.taxonomy.facts import check
from synsetlab.taxonomy.graph import longest
from synsetlab.taxonomy.search import Match, Searcher
from synsetlab.taxonomy.wnids import OWN, Places, number_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from synsetlab.taxonomy.pairs import CommonAncestors

    Array = npt.NDArray[Any]
    Ints = npt.NDArray[np.int32]

__all__ = ["Induced", "Taxonomy"]


class Induced(NamedTuple):
    """A set of synsets together with all their ancestors: ILSVRC's "trimmed" hierarchy."""

    nodes: list[str]
    """The given wnids and all their ancestors, sorted."""
    edges: list[tuple[str, str]]
    """(parent, child), hypernym and instance edges between the nodes, sorted."""
    internal: list[str]
    """Nodes that have a child among the nodes."""
    root_height: int
    """Edges of the longest path within the nodes, from the root down; 0 for an empty set."""
    ancestor_pairs: list[tuple[str, str]]
    """(ancestor, descendant) of which both were given; empty if the given wnids are an antichain."""


class Taxonomy:
    """WordNet 3.0's 82,115 noun synsets and the edges between them, read from mapped arrays.

    Synsets are named by wnid (``n`` and eight digits). Edges are hypernyms (``@``: a dog is a canine)
    and instance hypernyms (``@i``: Plato is a philosopher). Upwards (`parents`, `ancestors`,
    `paths_to_root`, depths, height, `lca`, `induce`) both count; downwards (`children`, `descendants`,
    `leaves`, `subtree_size`) only ``@`` unless ``instances=True``. It is a graph, not a tree: a synset
    may have several parents and every count is over distinct synsets. Results are sorted by wnid unless
    said otherwise. Get one with `synsetlab.taxonomy.load`.

    Every method that takes a wnid raises `UnknownSynsetError` if WordNet 3.0 does not have it.
    """

    def __init__(self, arrays: Mapping[str, Array], checksum: str = "") -> None:
        self.arrays = arrays
        """The index, read-only: what `synsetlab.taxonomy.compiling` makes."""
        self._places = Places(arrays["offset"])
        self._ranked: dict[str, CommonAncestors] = {}
        self.checksum = checksum
        """SHA-256 of WordNet's files that this was compiled from."""

    def _csr(self, name: str) -> Csr:
        return Csr(self.arrays[f"{name}_start"], self.arrays[f"{name}_values"])

    def _texts(self, name: str) -> Texts:
        return Texts(self.arrays[f"{name}_text"], self.arrays[f"{name}_text_start"])

    @cached_property
    def graph(self) -> dict[str, Csr]:
        """Rows of neighbours by index: direct edges by kind, and closures.

        ``hypernym``/``hyponym`` (``@``), ``instance_of``/``instance`` (``@i``), ``upwards``/``downwards``
        (closures over both kinds), ``hyponyms`` (closure over ``@`` alone); closures hold the synset itself.
        """
        names = ("hypernym", "instance_of", "hyponym", "instance", "upwards", "downwards", "hyponyms")
        return {name: self._csr(name) for name in names}

    @cached_property
    def _lemma(self) -> Texts:
        return self._texts("lemma")

    @cached_property
    def _gloss(self) -> Texts:
        return self._texts("gloss")

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(self.arrays)

    # ------------------------------------------------------------------ names

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places.wnids(range(len(self))))

    def __contains__(self, wnid: object) -> bool:
        return self._places.find(wnid) >= 0

    def index(self, wnid: str) -> int:
        """Place of `wnid` among the sorted wnids of all 82,115 nouns (no class index of any data set)."""
        place = self._places.find(wnid)
        if place < 0:
            raise self.unknown(wnid)
        return place

    def wnid(self, index: int) -> str:
        """The wnid at `index`."""
        return self._places.wnid(index)

    def indices(self, wnids: Iterable[str]) -> Ints:
        """Places of many wnids (a list, a NumPy array, any iterable), in their order."""
        listed = wnids if isinstance(wnids, list) else list(wnids)
        places = self._places.find_all(listed)
        if places is None:
            # One of them is unknown: this finds it and says so.
            places = np.fromiter((self.index(wnid) for wnid in listed), np.int32)
        return places

    def _wnids(self, indices: Array | Sequence[int]) -> list[str]:
        return self._places.wnids(indices)

    def require(self, wnid: str) -> str:
        """`wnid` itself.

        Raises
        ------
        UnknownSynsetError
            WordNet 3.0 has no such noun synset; the message offers the nearest ones.
        """
        self.index(wnid)
        return wnid

    def unknown(self, given: str, place: str = "") -> UnknownSynsetError:
        """The error for a wnid that WordNet 3.0 does not have; `place` stands before the message."""
        if number_of(given) >= OWN:
            return UnknownSynsetError(
                f"{place}{given} is no class that was attached to WordNet.",
                "Name the file that defines it: --own FILE (CSV with id, hypernym, lemmas).",
            )
        if number_of(given) >= 0:
            after = min(self._places.nearest(number_of(given)), len(self) - 1)
            near = ", ".join(self.describe(self.wnid(i)) for i in range(max(after - 1, 0), after + 1))
            return UnknownSynsetError(
                f"{place}{given} is no noun synset of WordNet 3.0. wnids are offsets of version 3.0; ids of "
                "other versions (2.1, 3.1) mean other things.",
                f"Nearest by number: {near}. Find the one that you mean with: synsetlab synsets search WORDS",
            )
        text = str(given)
        words = re.sub(r"\.[nvasr]\.\d+$", "", text)
        near = "; ".join(self.describe(wnid) for wnid in self.suggest(words, 3))
        return UnknownSynsetError(
            f"{place}{text!r} is no wnid: a wnid is n and the 8 digits of a WordNet 3.0 noun offset, "
            "like n02084071.",
            f"Did you mean {near}?" if near else "Find one with: synsetlab synsets search WORDS",
        )

    def describe(self, wnid: str) -> str:
        """One line for messages: ``n02084071 (dog, domestic dog, Canis familiaris)``."""
        return f"{wnid} ({', '.join(self.lemmas(wnid))})"

    # ------------------------------------------------------------------ texts

    def lemmas(self, wnid: str) -> list[str]:
        """Synonyms in WordNet's order, with spaces."""
        return self._lemma[self.index(wnid)].split("\t")

    def gloss(self, wnid: str) -> str:
        """The definition, without the usage examples."""
        return self._gloss[self.index(wnid)]

    def examples(self, wnid: str) -> list[str]:
        """The usage examples that WordNet gives with the gloss; often none."""
        text = self._texts("example")[self.index(wnid)]
        return text.split("\t") if text else []

    def search(self, text: str, limit: int = 20) -> list[Match]:
        """Synsets for `text`, best first: see `Match` for the order of the kinds.

        ``_`` and space are alike, case is ignored, the last word may be incomplete, slips of the pen are
        forgiven when nothing fits as it stands, and a wnid or the beginning of one is found too.
        """
        found = self._searcher.search(text, limit)
        return [Match(self.wnid(i), score, kind) for i, score, kind in found]

    def senses(self, lemma: str) -> list[str]:
        """Synsets that have `lemma`, the most frequent sense first, as NLTK numbers them (``dog.n.01``)."""
        return [self.wnid(place) for place in self._searcher.senses(lemma)]

    def suggest(self, text: str, limit: int = 5) -> list[str]:
        """Synsets whose lemmas are like `text`; for "did you mean"."""
        return [match.wnid for match in self.search(text, limit)]

    # ------------------------------------------------------------------ edges

    def parents(self, wnid: str) -> list[str]:
        """Hypernyms and instance hypernyms."""
        return self._wnids(self._up(self.index(wnid)))

    def _up(self, place: int) -> list[int]:
        above, instance_of = self.graph["hypernym"].listed(place), self.graph["instance_of"].listed(place)
        return sorted({*above, *instance_of}) if instance_of else above

    def children(self, wnid: str, *, instances: bool = False) -> list[str]:
        """Hyponyms; with `instances` also instance hyponyms."""
        return self._wnids(self._down(self.index(wnid), instances))

    def _down(self, place: int, instances: bool) -> list[int]:
        below = self.graph["hyponym"].listed(place)
        return sorted({*below, *self.graph["instance"].listed(place)}) if instances else below

    def instances(self, wnid: str) -> list[str]:
        """Instance hyponyms alone: particular things, such as one philosopher."""
        return self._wnids(self.graph["instance"].listed(self.index(wnid)))

    def siblings(self, wnid: str) -> list[str]:
        """Other children of its parents, by the same kind of edge."""
        place = self.index(wnid)
        up, down = self.graph["hypernym"].row(place), self.graph["hyponym"]
        up_i, down_i = self.graph["instance_of"].row(place), self.graph["instance"]
        found = np.union1d(down.rows(up), down_i.rows(up_i))
        return self._wnids(found[found != place])

    def ancestors(self, wnid: str) -> list[str]:
        """All synsets above, itself excepted."""
        place = self.index(wnid)
        return self._wnids(_without(self.graph["upwards"].row(place), place))

    def descendants(self, wnid: str, *, instances: bool = False) -> list[str]:
        """All synsets below, itself excepted."""
        place = self.index(wnid)
        return self._wnids(_without(self._subtree(place, instances), place))

    def _subtree(self, place: int, instances: bool) -> Array:
        return self.graph["downwards" if instances else "hyponyms"].row(place)

    def subtree(
        self, wnid: str, *, instances: bool = False, within: Iterable[str] | None = None
    ) -> list[str]:
        """The synset and all its descendants; of these, those in `within` if it is given."""
        found = self._subtree(self.index(wnid), instances)
        if within is not None:
            found = np.intersect1d(found, self.indices(within))
        return self._wnids(found)

    def subtree_size(self, wnid: str, *, instances: bool = False) -> int:
        """Number of synsets in `subtree`, the synset itself counted."""
        place = self.index(wnid)
        start = self.graph["downwards" if instances else "hyponyms"].start
        return int(start[place + 1] - start[place])

    def leaves(self, wnid: str, *, instances: bool = False) -> list[str]:
        """Synsets of `subtree` without children."""
        found = self._subtree(self.index(wnid), instances)
        childless = self.graph["hyponym"].lengths()[found] == 0
        if instances:
            childless &= self.graph["instance"].lengths()[found] == 0
        return self._wnids(found[childless])

    def paths_to_root(self, wnid: str) -> list[list[str]]:
        """Every path, root first and the synset last; shortest paths first."""

        def walk(place: int) -> list[list[int]]:
            above = self._up(place)
            return [[*path, place] for parent in above for path in walk(parent)] if above else [[place]]

        paths = sorted(walk(self.index(wnid)), key=lambda path: (len(path), path))
        return [self._wnids(path) for path in paths]

    # ------------------------------------------------------------------ measures

    def depth_min(self, wnid: str) -> int:
        """Edges of the shortest path to the root."""
        return int(self.arrays["depth_min"][self.index(wnid)])

    def depth_max(self, wnid: str) -> int:
        """Edges of the longest path to the root."""
        return int(self.arrays["depth_max"][self.index(wnid)])

    def height(self, wnid: str) -> int:
        """Edges of the longest path down to a synset without children; instances count as children."""
        return int(self.arrays["height"][self.index(wnid)])

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether the one is above the other (a synset is not above itself)."""
        place, row = self.index(ancestor), self.graph["upwards"].row(self.index(descendant))
        found = int(np.searchsorted(row, place))
        return ancestor != descendant and found < row.size and int(row[found]) == place

    def lca(self, one: str, other: str) -> list[str]:
        """Lowest common ancestors: those with no other common ancestor below them; least height first.

        A synset counts as its own ancestor here, so ``lca(dog, poodle)`` is dog. In a graph there may be
        several; the first is the one that ILSVRC's hierarchical error takes (least height).
        """
        lowest = self._lowest(self.index(one), self.index(other))
        height = self.arrays["height"]
        return self._wnids(
            np.array(sorted(lowest.tolist(), key=lambda place: (height[place], place)), np.int32)
        )

    def _lowest(self, one: int, other: int) -> Array:
        up = self.graph["upwards"]
        shared = np.intersect1d(up.row(one), up.row(other), assume_unique=True)
        # Lowest is what stands in no shared row but its own.
        nodes, times = np.unique(up.rows(shared), return_counts=True)
        lowest: Array = nodes[times == 1]
        return lowest

    def lca_many(self, ones: Ints, others: Ints, *, by: str = "height") -> Csr:
        """Lowest common ancestors of many pairs at once, by index (see `indices`).

        Parameters
        ----------
        ones, others
            Indices of the pairs' members, equally many.
        by
            What lowest means: ``height`` (least height, ILSVRC's choice), ``depth`` (greatest longest path
            to the root, NLTK's choice) or ``depth_min`` (greatest shortest path to the root).

        Returns
        -------
        Csr
            Row i holds the common ancestors of pair i that are lowest; more than one where they tie.

        Raises
        ------
        InputError
            `by` is something else.
        """
        if by not in ("height", "depth", "depth_min"):
            raise InputError(f"by={by!r} is unknown.", 'Use "height", "depth" or "depth_min".')
        return self._common(by)(ones, others)

    def _common(self, by: str) -> CommonAncestors:
        if by not in self._ranked:
            from synsetlab.taxonomy.pairs import CommonAncestors  # noqa: PLC0415 - SciPy is wanted only here

            # int16: heights are small unsigned numbers, and their negatives are wanted.
            height = self.arrays["height"].astype(np.int16)
            depth = self.arrays["depth_min" if by == "depth_min" else "depth_max"]
            rank = height.max() - height if by == "height" else depth
            self._ranked[by] = CommonAncestors(self.graph["upwards"], rank)
        return self._ranked[by]

    # ------------------------------------------------------------------ sets

    def induce(self, wnids: Iterable[str]) -> Induced:
        """The sub-taxonomy of `wnids` and all their ancestors, with every edge between them."""
        given = np.unique(self.indices(wnids))
        upwards = self.graph["upwards"]
        nodes = np.unique(upwards.rows(given))
        children, parents = self._edges_among(nodes)
        up = Csr.from_pairs(np.searchsorted(nodes, children), np.searchsorted(nodes, parents), nodes.size)
        height = longest(up.transpose(nodes.size), up)
        ancestors, below = upwards.rows(given), np.repeat(given, upwards.lengths()[given])
        both = np.isin(ancestors, given) & (ancestors != below)
        return Induced(
            nodes=self._wnids(nodes),
            edges=sorted(zip(self._wnids(parents), self._wnids(children), strict=True)),
            internal=self._wnids(np.unique(parents)),
            root_height=int(height.max(initial=0)),
            ancestor_pairs=sorted(zip(self._wnids(ancestors[both]), self._wnids(below[both]), strict=True)),
        )

    def _edges_among(self, nodes: Ints) -> tuple[Array, Array]:
        """Children and parents of the distinct edges out of `nodes`, which hold all their parents."""
        keys = []
        for name in ("hypernym", "instance_of"):
            graph = self.graph[name]
            keys.append(np.repeat(nodes.astype(np.int64), graph.lengths()[nodes]) << 32 | graph.rows(nodes))
        edges = np.unique(np.concatenate(keys))
        return edges >> 32, edges & 0xFFFFFFFF

    def check(self) -> dict[str, int]:
        """Prove the known facts of WordNet 3.0's nouns; returns them, or raises `WordNetError`."""
        return check(self)


def _without(row: Array, place: int) -> Array:
    others: Array = row[row != place]
    return others
