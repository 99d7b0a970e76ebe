from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.compute import map_on_dask
from synsetlab.dedup import blocks, hamming, join, plan
from synsetlab.dedup.hamming import hash_graph, pairs_within, query
from synsetlab.errors import InputError, SynsetlabError

Hashes = npt.NDArray[np.uint64]


def planted(seed: int, n: int, *, radius: int = 12, bits: float = 0.5) -> Hashes:
    """Random hashes, a third of them near copies of others, some equal; `bits` is how often a bit is set."""
    rng = np.random.default_rng(seed)
    chance = np.full(64, bits) if bits == 0.5 else rng.beta(2, 2, 64)
    hashes = np.zeros(n, dtype=np.uint64)
    for bit in range(64):
        hashes |= (rng.random(n) < chance[bit]).astype(np.uint64) << np.uint64(bit)
    for place in rng.integers(0, n, n // 3):
        copy = int(hashes[rng.integers(0, n)])
        for bit in rng.choice(64, rng.integers(0, radius + 1), replace=False):
            copy ^= 1 << int(bit)
        hashes[place] = copy
    return hashes


def brute(hashes: Hashes, radius: int) -> set[tuple[int, int, int]]:
    distance = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    i, j = np.nonzero(np.triu(distance <= radius, 1))
    return {(int(a), int(b), int(distance[a, b])) for a, b in zip(i, j, strict=True)}


def as_set(pairs: hamming.Pairs) -> set[tuple[int, int, int]]:
    listed = [(int(i), int(j), int(d)) for i, j, d in zip(*pairs, strict=True)]
    assert listed == sorted(listed)
    assert len(set(listed)) == len(listed)
    return set(listed)


@pytest.fixture
def never_brute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every plan a multi-index one, however few the hashes."""
    monkeypatch.setattr(plan, "_BRUTE_NS", math.inf)


@pytest.mark.parametrize("radius", range(13))
@pytest.mark.parametrize("bits", [0.5, 0.2], ids=["uniform", "skewed"])
def test_multi_index_equals_brute_force(radius: int, bits: float, never_brute: None) -> None:
    hashes = planted(radius, 700, bits=bits)
    truth = brute(hashes, radius)
    assert len(truth) > 10
    assert as_set(pairs_within(hashes, radius)) == truth


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=60),
    st.integers(0, 12),
    st.sampled_from([1.1, math.inf]),
)
def test_any_hashes(values: list[int], radius: int, cost: float) -> None:
    hashes = np.array(values, dtype=np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_BRUTE_NS", cost)
        assert as_set(pairs_within(hashes, radius)) == brute(hashes, radius)


@pytest.mark.parametrize("radius", [0, 3, 6, 9])
@pytest.mark.parametrize("cost", [1.1, math.inf], ids=["planned", "multi-index"])
def test_query_equals_brute_force(radius: int, cost: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "_BRUTE_NS", cost)
    hashes = planted(5, 900)
    index, asked = hashes[:500], hashes[500:]
    distance = np.bitwise_count(index[:, None] ^ asked[None, :])
    truth = {
        (int(i), int(j), int(distance[i, j])) for i, j in zip(*np.nonzero(distance <= radius), strict=True)
    }
    assert len(truth) > 5
    assert as_set(query(index, asked, radius)) == truth


def test_one_picture_five_thousand_times() -> None:
    hashes = planted(2, 3000)
    hashes[::6] = hashes[0]
    copies = int((hashes == hashes[0]).sum())
    graph = hash_graph(hashes, 3)
    assert np.array_equal(graph.unique[graph.inverse], hashes)
    assert graph.unique.size <= 3000 - copies + 1
    assert as_set(pairs_within(hashes, 3)) == brute(hashes, 3)


def test_too_many_pairs_are_refused_before_they_are_made() -> None:
    same = np.zeros(100_000, dtype=np.uint64)
    with pytest.raises(SynsetlabError, match="4,999,950,000 pairs"):
        pairs_within(same, 0)
    with pytest.raises(SynsetlabError, match="10,000,000,000 pairs"):
        query(same, same, 0)


def test_large_radius_and_no_hashes() -> None:
    hashes = planted(4, 60)
    assert as_set(pairs_within(hashes, 40)) == brute(hashes, 40)
    assert len(as_set(pairs_within(hashes, 64))) == 60 * 59 // 2
    empty = np.zeros(0, dtype=np.uint64)
    assert as_set(pairs_within(empty, 3)) == set()
    assert as_set(query(empty, hashes, 3)) == as_set(query(hashes, empty, 3)) == set()


def test_what_is_not_hashes_is_refused() -> None:
    with pytest.raises(InputError, match="float64"):
        pairs_within(np.zeros(4), 3)
    with pytest.raises(InputError, match="shape"):
        pairs_within(np.zeros((2, 2), dtype=np.uint64), 3)
    with pytest.raises(InputError, match="65"):
        pairs_within(np.zeros(2, dtype=np.uint64), 65)


def test_moving_bits_keeps_distances() -> None:
    hashes = planted(7, 200, bits=0.2)
    order = np.random.default_rng(1).permutation(64).tolist()
    moved = blocks.permute(hashes, order)
    assert np.array_equal(
        np.bitwise_count(moved[:, None] ^ moved[None, :]), np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    )
    assert int(blocks.permute(np.array([1 << order[9]], dtype=np.uint64), order)[0]) == 1 << 9


def test_skewed_bits_are_dealt_evenly() -> None:
    match = blocks.bit_match(planted(3, 5000, bits=0.2))
    widths = (16, 16, 16, 16)
    order = blocks.balance(match, widths)
    assert order is not None
    assert sorted(order) == list(range(64))
    telling = -np.log(match[order]).reshape(4, 16).sum(axis=1)
    assert telling.max() / telling.min() < 1.2


@pytest.mark.parametrize("radius", [2, 5, 9])
def test_a_small_budget_gives_the_same_pairs(radius: int, never_brute: None) -> None:
    hashes = planted(11, 900, bits=0.2)
    assert as_set(pairs_within(hashes, radius, memory=6000)) == as_set(pairs_within(hashes, radius))


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(40)), st.integers(0, 12))
def test_order_of_hashes_does_not_matter(order: list[int], radius: int) -> None:
    hashes = planted(radius, 40)
    moved = hashes[order]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "_BRUTE_NS", math.inf)
        found = as_set(pairs_within(moved, radius))
    renamed = {(min(order[i], order[j]), max(order[i], order[j]), d) for i, j, d in found}
    assert renamed == brute(hashes, radius)


@pytest.mark.parametrize("kind", ["uniform", "skewed", "one block constant"])
def test_many_chunks_equal_brute_force(kind: str, never_brute: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = planted(13, 1500, bits=0.2 if kind == "skewed" else 0.5)
    if kind == "one block constant":
        hashes &= np.uint64((1 << 40) - 1)
    monkeypatch.setattr(join, "CHUNK", 50)
    for radius in (1, 4, 7):
        assert as_set(pairs_within(hashes, radius)) == brute(hashes, radius)


def test_dask_gives_the_same_pairs(never_brute: None) -> None:
    pytest.importorskip("dask", reason="dask is an extra")
    hashes = planted(17, 900, bits=0.2)
    assert as_set(pairs_within(hashes, 4, memory=9000, run=map_on_dask)) == brute(hashes, 4)
