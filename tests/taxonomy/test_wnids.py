"""wnids to numbers and places, one by one and in bulk."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.taxonomy.wnids import OWN, Places, number_of, parse_wnids, wnid_of

NUMBERS = st.integers(0, 2 * OWN - 1)
ODD = ["", "n0208407", "n020840711", "02084071", "N02084071", "n0208407a", "n0208407\u0661", "n02084071\n"]


@given(st.lists(NUMBERS))
def test_bulk_parsing_is_the_single_one(numbers):
    wnids = [wnid_of(number) for number in numbers]
    found = parse_wnids(wnids)
    assert found is not None
    assert found.tolist() == numbers == [number_of(wnid) for wnid in wnids]
    assert sorted(wnids) == [wnid_of(number) for number in sorted(numbers)]


@given(
    st.lists(st.one_of(st.sampled_from([*ODD, "n02084071", "x00000001"]), st.text(max_size=11)), min_size=1)
)
def test_one_odd_string_spoils_the_column(strings):
    wrong = any(number_of(string) < 0 for string in strings)
    assert (parse_wnids(strings) is None) == wrong


def test_strings_that_only_together_have_the_right_length():
    assert parse_wnids(["", "n02084071n02084072"]) is None
    assert parse_wnids(["n0208407", "1n02084072"]) is None
    assert parse_wnids(["n02084071", 7]) is None  # type: ignore[list-item]


@given(st.sets(NUMBERS, min_size=1), st.lists(NUMBERS))
def test_places(known, asked):
    ordered = sorted(known)
    places = Places(np.array(ordered, np.int32))
    wnids = [wnid_of(number) for number in asked]
    assert [places.find(wnid) for wnid in wnids] == [
        ordered.index(number) if number in known else -1 for number in asked
    ]
    found = places.find_all(wnids)
    if all(number in known for number in asked):
        assert found is not None
        assert found.tolist() == [ordered.index(number) for number in asked]
    else:
        assert found is None
    assert places.wnids(range(len(ordered))) == [wnid_of(number) for number in ordered]


@pytest.mark.parametrize("wnid", [*ODD, None, 2084071])
def test_what_is_no_wnid_has_no_number(wnid):
    assert number_of(wnid) == -1
