from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.dedup.clusters import Copy, choose, components, find_clusters, name_clusters, without_chains
from synsetlab.dedup.hamming import Pairs, pairs_within
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

edges = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20)


def test_components_are_named_by_their_smallest_member() -> None:
    assert components(6, [1, 4], [4, 5]).tolist() == [0, 1, 2, 3, 1, 1]
    assert components(0, [], []).tolist() == []
    assert components(3, [], []).tolist() == [0, 1, 2]


@given(edges, st.permutations(list(range(12))))
def test_clusters_do_not_depend_on_order(pairs: list[tuple[int, int]], order: list[int]) -> None:
    names = [f"img{number:02}" for number in range(12)]
    plain = find_clusters(names, [i for i, _ in pairs], [j for _, j in pairs])
    place = {old: new for new, old in enumerate(order)}
    shuffled = find_clusters(
        [names[old] for old in order], [place[i] for i, _ in pairs], [place[j] for _, j in pairs]
    )
    assert plain == shuffled
    assert all(list(group) == sorted(group) and len(group) > 1 for group in plain)
    assert len({name for group in plain for name in group}) == sum(map(len, plain))


@given(edges)
def test_components_agree_with_walking(pairs: list[tuple[int, int]]) -> None:
    labels = components(12, [i for i, _ in pairs], [j for _, j in pairs])
    reach = np.eye(12, dtype=bool)
    for i, j in pairs:
        reach[i, j] = reach[j, i] = True
    for _ in range(12):
        reach |= reach @ reach
    assert np.array_equal(labels[:, None] == labels[None, :], reach)


@given(st.permutations([Copy("b", 100, 9), Copy("a", 100, 9), Copy("c", 100, 5), Copy("d", 50, 99)]))
def test_the_largest_copy_stays(copies: list[Copy]) -> None:
    assert choose(copies).id == "a"
    assert choose([copy for copy in copies if copy.id != "a"]).id == "b"
    assert choose([copy for copy in copies if copy.id in "cd"]).id == "c"


def cut(hashes: npt.NDArray[np.uint64], found: Pairs, diameter: int) -> tuple[list[int], list[int]]:
    stays = without_chains(hashes, found.i, found.j, diameter=diameter)
    return found.i[stays].tolist(), found.j[stays].tolist()


def _width(values: list[int]) -> int:
    return max(((a ^ b).bit_count() for a in values for b in values), default=0)


@given(st.lists(st.integers(0, 2**14 - 1), max_size=40), st.integers(1, 4), st.integers(0, 5))
def test_no_cluster_is_wider_than_its_limit(values: list[int], radius: int, more: int) -> None:
    hashes = np.array(values, dtype=np.uint64)
    found = pairs_within(hashes, radius)
    names = [f"{place:03}" for place in range(len(values))]
    loose = find_clusters(names, found.i, found.j)
    tight = find_clusters(names, *cut(hashes, found, radius + more))
    for group in tight:
        assert _width([values[int(name)] for name in group]) <= radius + more
        assert any(set(group) <= set(wide) for wide in loose)
    for wide in loose:
        if _width([values[int(name)] for name in wide]) <= radius + more:
            assert wide in tight


@given(st.lists(st.integers(0, 2**10 - 1), max_size=20), st.data())
def test_splitting_does_not_depend_on_order(values: list[int], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(values))))

    def groups(numbers: list[int]) -> list[list[int]]:
        hashes = np.array(numbers, dtype=np.uint64)
        found = pairs_within(hashes, 2)
        names = [f"{place:03}" for place in range(len(numbers))]
        clusters = find_clusters(names, *cut(hashes, found, 3))
        return sorted(sorted(numbers[int(name)] for name in group) for group in clusters)

    assert groups(values) == groups([values[place] for place in order])


def test_a_chain_is_cut_around_its_medoids() -> None:
    chain = np.array([(1 << length) - 1 for length in range(0, 40, 2)], dtype=np.uint64)
    found = pairs_within(chain, 2)
    names = [f"{place:02}" for place in range(chain.size)]
    assert len(find_clusters(names, found.i, found.j)) == 1
    short = find_clusters(names, *cut(chain, found, 4))
    assert max(map(len, short)) == 3
    assert short[0] == ("00", "01", "02")


def test_a_cluster_keeps_its_name_when_pictures_come() -> None:
    first = name_clusters([("b", "c"), ("x", "y")])
    assert first == {"b": ("b", "c"), "x": ("x", "y")}
    grown = name_clusters([("a", "b", "c"), ("w", "z")], first)
    assert grown == {"b": ("a", "b", "c"), "w": ("w", "z")}
    merged = name_clusters([("b", "c", "x", "y", "z")], first)
    assert list(merged) == ["b"]
    split = name_clusters([("b", "q"), ("c", "d", "e")], {"b": ("b", "c", "d", "e")})
    assert split == {"b": ("c", "d", "e"), "q": ("b", "q")}


def test_splitting_nothing() -> None:
    assert not without_chains(np.zeros(0, dtype=np.uint64), [], [], diameter=6).size


def test_of_pictures_with_several_hashes_the_nearest_count() -> None:
    hashes = np.array([[0, 2**40 - 1], [2**40 - 1, 2**40 - 1], [0, 0]], dtype=np.uint64)
    assert without_chains(hashes, [0, 0], [1, 2], diameter=4).sum() == 1
    assert without_chains(hashes[:2], [0], [1], diameter=4).tolist() == [True]


def test_what_is_asked_of_copies_can_be_ordered() -> None:
    copies = [
        Copy("a", 9, 5, 1, 3.0),
        Copy("b", 9, 5, 0, 7.0),
        Copy("c", 9, 8, 1, 1.0),
        Copy("d", 4, 1, 0, 9.0),
    ]
    assert choose(copies).id == "b"
    assert choose(copies, ("size",)).id == "c"
    assert choose(copies, ("earliest", "resolution")).id == "c"
    assert choose(copies, ("licence", "earliest")).id == "b"
    with pytest.raises(InputError, match="'colour'"):
        choose(copies, ("colour",))
