"""How far a wrong guess is from the truth in WordNet: ILSVRC2010's and 2011's hierarchical cost.

The cost of a guess is 0 if it is right and else the height of the lowest common ancestor of guess and truth.
WordNet is no tree: of several common ancestors the one of least height counts. Height is the number of edges
of the longest path down to a synset without children.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from synsetlab.benchmark.truth import Truth
    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["HIERARCHIES", "Hierarchy", "hierarchical_costs", "why_not"]

HIERARCHIES: Final = ("full", "induced")
"""Heights in all of WordNet 3.0 (the root has 19), or among the classes and their ancestors alone."""

_ROOT: Final = "n00001740"
_BLOCK = 1 << 16
"""Pairs of classes handled at once."""
_TABLE = 1 << 24
"""Largest table of all pairs of classes (4,096 classes); beyond, pairs are sorted."""


class Hierarchy(NamedTuple):
    """Classes and the heights of their common ancestors."""

    rows: npt.NDArray[np.uint8]
    """Shape (classes, bytes): bit j says whether node j is the class or above it; nodes by height."""
    heights: npt.NDArray[np.int32]
    """Shape (nodes,), ascending."""
    nodes: list[str]
    """The wnid of each node."""
    root_height: int
    """The greatest possible cost."""

    @classmethod
    def build(cls, names: Sequence[str], size: int, taxonomy: Taxonomy, which: str = "full") -> Hierarchy:
        """The hierarchy above class strings, all of which must be synsets of `taxonomy`.

        Parameters
        ----------
        names
            The test set's classes and after them those that were only guessed.
        size
            How many are the test set's: the ``induced`` hierarchy is theirs.
        taxonomy
            WordNet 3.0.
        which
            One of `HIERARCHIES`.

        Raises
        ------
        InputError
            `which` is none of them.
        """
        if which not in HIERARCHIES:
            raise InputError(f"hierarchy={which!r} is unknown.", f"Use one of: {', '.join(HIERARCHIES)}.")
        if which == "full":
            nodes = taxonomy.induce(names).nodes
            heights = {node: taxonomy.height(node) for node in nodes}
            root_height = taxonomy.height(_ROOT)
        else:
            induced = taxonomy.induce(names[:size])
            heights = _heights(induced.nodes, induced.edges)
            root_height = induced.root_height
        order = sorted(heights, key=lambda node: (heights[node], node))
        column = {node: number for number, node in enumerate(order)}
        rows = np.zeros((len(names), -(-len(order) // 8)), np.uint8)
        for number, name in enumerate(names):
            above = np.zeros(len(order), bool)
            above[[column[node] for node in (name, *taxonomy.ancestors(name)) if node in column]] = True
            rows[number] = np.packbits(above)
        return cls(rows, np.array([heights[node] for node in order], np.int32), order, root_height)

    def costs(self, one: npt.NDArray[np.integer], other: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
        """Cost of each pair of classes, given by number."""
        cost = self.heights[self.lowest(one, other)]
        cost[one == other] = 0
        return cost

    def lowest(self, one: npt.NDArray[np.integer], other: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
        """The node that is the lowest common ancestor of each pair; of equal heights the first wnid's."""
        found = np.empty(len(one), np.int64)
        for start in range(0, len(one), _BLOCK):
            part = slice(start, start + _BLOCK)
            shared = self.rows[one[part]] & self.rows[other[part]]
            byte = (shared != 0).argmax(axis=1)
            value = shared[np.arange(len(shared)), byte]
            # The first bit set is the lowest common ancestor: nodes stand by height.
            found[part] = byte * 8 + _FIRST_BIT[value]
        return found

    def above(self, size: int) -> npt.NDArray[np.uint8]:
        """Shape (size, nodes): 1 where a node is one of the first `size` classes or above it."""
        return np.unpackbits(self.rows[:size], axis=1)[:, : len(self.nodes)]


_FIRST_BIT: Final = np.array([8 - value.bit_length() for value in range(256)], np.int64)


def hierarchical_costs(
    codes: npt.NDArray[np.int32], truth: Truth, hierarchy: Hierarchy
) -> npt.NDArray[np.int32]:
    """The least cost of the first 1 to k guesses for each (image, class) pair.

    No guess costs the height of the root, the most that a wrong one can.

    Parameters
    ----------
    codes
        Shape (images, k), places in the hierarchy's classes.
    truth
        The test set, with P pairs.

    Returns
    -------
    array of shape (P, k)
    """
    guess = codes[truth.pair_image]
    made = guess != NO_GUESS
    size = len(hierarchy.rows)
    keys = (guess.astype(np.int64) * size + truth.pair_class[:, None])[made]
    cost = np.full(guess.shape, hierarchy.root_height, np.int32)
    if size * size <= _TABLE:
        met = np.zeros(size * size, bool)
        met[keys] = True
        distinct = np.flatnonzero(met)
        table = np.zeros(size * size, np.int32)
        table[distinct] = hierarchy.costs(distinct // size, distinct % size)
        cost[made] = table[keys]
    else:
        distinct, places = np.unique(keys, return_inverse=True)
        cost[made] = hierarchy.costs(distinct // size, distinct % size)[places]
    return np.minimum.accumulate(cost, axis=1)


def why_not(names: Sequence[str], taxonomy: Taxonomy) -> str:
    """Why classes have no hierarchy; empty if all are synsets of WordNet 3.0."""
    for name in names:
        if not re.fullmatch(r"n\d{8}", name):
            return f"{name!r} is no wnid."
        if name not in taxonomy:
            return f"{name} is no noun synset of WordNet 3.0."
    return ""


def _heights(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from each node down, by peeling off nodes whose children are all done."""
    waiting = dict.fromkeys(nodes, 0)
    parents: dict[str, list[str]] = {node: [] for node in nodes}
    for parent, child in edges:
        waiting[parent] += 1
        parents[child].append(parent)
    height = dict.fromkeys(nodes, 0)
    front = [node for node, count in waiting.items() if not count]
    while front:
        node = front.pop()
        for parent in parents[node]:
            height[parent] = max(height[parent], height[node] + 1)
            waiting[parent] -= 1
            if not waiting[parent]:
                front.append(parent)
    return height
