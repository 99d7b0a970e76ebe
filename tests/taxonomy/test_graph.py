"""Closures, path lengths and common nodes, against their definitions on small random graphs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.taxonomy.arrays import Csr
from synsetlab.taxonomy.graph import closure, longest, merge, shortest
from synsetlab.taxonomy.pairs import CommonAncestors

SIZE = 9
# Edges point from the greater to the lesser number, so that there is no cycle.
EDGES = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(lambda edge: edge[0] > edge[1]),
    unique=True,
)


def graph_of(edges) -> Csr:
    rows, values = np.array(list(edges), np.int32).reshape(-1, 2).T
    return Csr.from_pairs(rows, values, SIZE)


def paths(edges, node):
    above = [b for a, b in edges if a == node]
    return [[node, *path] for parent in above for path in paths(edges, parent)] if above else [[node]]


@given(EDGES)
def test_closure_and_path_lengths(edges):
    graph = graph_of(edges)
    back = graph.transpose(SIZE)
    all_paths = {node: paths(edges, node) for node in range(SIZE)}
    closed = closure(graph)
    assert [closed.row(node).tolist() for node in range(SIZE)] == [
        sorted({step for path in all_paths[node] for step in path}) for node in range(SIZE)
    ]
    lengths = {node: [len(path) - 1 for path in all_paths[node]] for node in range(SIZE)}
    assert longest(graph, back).tolist() == [max(lengths[node]) for node in range(SIZE)]
    assert shortest(graph, back).tolist() == [min(lengths[node]) for node in range(SIZE)]


@given(EDGES, EDGES)
def test_merge_is_the_union(one, other):
    merged = merge(graph_of(one), graph_of(other))
    assert [merged.row(node).tolist() for node in range(SIZE)] == [
        sorted({b for a, b in [*one, *other] if a == node}) for node in range(SIZE)
    ]


@given(
    EDGES,
    st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))),
    st.lists(st.integers(0, 126), min_size=SIZE, max_size=SIZE),
    st.integers(0, SIZE),
)
def test_common_ancestors_of_greatest_rank(edges, pairs, rank, frequent):
    # Node 0 is above all, as entity is.
    closed = closure(graph_of({*edges, *((node, 0) for node in range(1, SIZE))}))
    ones, others = np.array(pairs, np.int32).reshape(-1, 2).T
    found = CommonAncestors(closed, np.array(rank), frequent=frequent)(ones, others)
    for i, (a, b) in enumerate(pairs):
        shared = set(closed.row(a).tolist()) & set(closed.row(b).tolist())
        greatest = max(rank[node] for node in shared)
        assert found.row(i).tolist() == sorted(node for node in shared if rank[node] == greatest)
