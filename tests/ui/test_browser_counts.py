"""How SynsetBrowser counts: below each synset once, from frames, mappings, functions and workspaces."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from tests.ui.conftest import (
    ANIMAL,
    CANINE,
    CAP,
    DOG,
    DOMESTIC,
    HAT,
    HEADDRESS,
    HUSKY,
    NOBODY,
    ROOT,
    said,
)

from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError
from synsetlab.ui.browser import SynsetBrowser
from synsetlab.ui.browser_counts import CountTable, Progress, SynsetCounts

if TYPE_CHECKING:
    from synsetlab.taxonomy import Taxonomy


def below(table: CountTable, taxonomy: Taxonomy, wnid: str) -> Progress | None:
    found = table.below_of(taxonomy.index(wnid))
    return None if found is None else Progress(*found)


def test_a_synset_with_two_hypernyms_counts_once_above_both(taxonomy: Taxonomy) -> None:
    counts = {HUSKY: {"candidates": 5, "accepted": 2, "target": 4}, DOG: {"candidates": 1, "review": 1}}
    table = CountTable(counts, taxonomy)
    for wnid in (CANINE, DOMESTIC, ANIMAL, ROOT):
        assert below(table, taxonomy, wnid) == Progress(6, 2, 4, 1, 2)
    assert below(table, taxonomy, HAT) is None
    assert table.own_of(taxonomy.index(ANIMAL)) is None


def test_an_image_of_two_synsets_counts_once_where_they_meet(taxonomy: Taxonomy) -> None:
    rows = [(HUSKY, "a", True), (DOG, "a", True), (DOG, "b", False), (HAT, "a", False), (DOG, "b", False)]
    frame = pd.DataFrame(rows, columns=["wnid", "image_id", "accepted"])
    table = CountTable(frame, taxonomy, target=3)
    assert table.own_of(taxonomy.index(DOG)) == [2, 1, 3, 0, 1]
    assert below(table, taxonomy, DOG) == Progress(2, 1, 6, 0, 2)
    assert below(table, taxonomy, ROOT) == Progress(2, 1, 9, 0, 2)


def test_a_surplus_of_one_class_does_not_fill_another(taxonomy: Taxonomy) -> None:
    table = CountTable({HAT: {"accepted": 9, "target": 5}, CAP: {"target": 5}}, taxonomy)
    assert below(table, taxonomy, HEADDRESS) == Progress(0, 9, 10, 0, 5)


@settings(max_examples=30)
@given(st.data())
def test_distinct_images_equal_counting_sets(taxonomy: Taxonomy, data: st.DataObject) -> None:
    wnids = taxonomy.subtree(DOG)[:40]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(wnids), st.integers(0, 9)), min_size=1, max_size=40))
    frame = pd.DataFrame([(wnid, str(image)) for wnid, image in pairs], columns=["wnid", "image_id"])
    table = CountTable(frame, taxonomy)
    for wnid in {*wnids[:10], DOG, CANINE}:
        inside = set(taxonomy.subtree(wnid))
        expected = len({image for one, image in pairs if one in inside})
        assert table.below[taxonomy.index(wnid), 0] == expected


@settings(max_examples=30)
@given(st.data())
def test_images_counted_where_they_are_give_the_same_table(taxonomy: Taxonomy, data: st.DataObject) -> None:
    wnids = taxonomy.subtree(DOG)[:12]
    one = st.tuples(st.sampled_from(wnids), st.integers(0, 9))
    outcomes = data.draw(st.dictionaries(one, st.sampled_from(["accepted", "ambiguous", "open"]), min_size=1))
    rows = [
        (wnid, image, found == "accepted", found == "ambiguous") for (wnid, image), found in outcomes.items()
    ]
    often = {image for image, number in Counter(image for _, image, *_ in rows).items() if number > 1}
    alone: dict[str, dict[str, int]] = {}
    for wnid, image, accepted, review in rows:
        if image not in often:
            row = alone.setdefault(wnid, {"candidates": 0, "accepted": 0, "review": 0})
            row["candidates"] += 1
            row["accepted"] += accepted
            row["review"] += review
    counted = CountTable(SynsetCounts(alone, [row for row in rows if row[1] in often]), taxonomy, target=2)
    frame = pd.DataFrame(rows, columns=["wnid", "image_id", "accepted", "review"])
    expected = CountTable(frame, taxonomy, target=2)
    for name in ("own", "below", "known", "known_below"):
        assert np.array_equal(getattr(counted, name), getattr(expected, name)), name


def test_counts_come_from_a_frame_with_missing_cells_as_from_a_mapping(taxonomy: Taxonomy) -> None:
    frame = pd.DataFrame({"wnid": [HAT, CAP], "accepted": [2, None], "target": ["4", "9"]})
    mapping = {HAT: {"accepted": 2, "target": 4}, CAP: {"target": 9}}
    assert np.array_equal(CountTable(frame, taxonomy).own, CountTable(mapping, taxonomy).own)
    again = CountTable(frame.set_index("wnid"), taxonomy)
    assert again.own_of(taxonomy.index(CAP)) == [0, 0, 9, 0, 0]
    assert not CountTable(frame[:0], taxonomy)


@pytest.mark.parametrize(
    ("counts", "error", "words"),
    [
        (pd.DataFrame({"wnid": [HAT], "images": [1]}), MissingColumnError, "wnid, images"),
        (pd.DataFrame({"image_id": ["a"], "accepted": [1]}), MissingColumnError, "wnid"),
        (pd.DataFrame({"wnid": [HAT], "image_id": ["a"], "accepted": ["maybe"]}), InputError, "'maybe'"),
        ({HAT: {"accepted": "many"}}, InputError, f"accepted of {HAT} is 'many'"),
        ({HAT: {"accepted": -1}}, InputError, "cannot be less than 0"),
        ({"n99999999": {"accepted": 1}}, UnknownSynsetError, "n99999999"),
    ],
)
def test_counts_that_cannot_be_used_are_refused_by_name(
    taxonomy: Taxonomy, counts: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        CountTable(counts, taxonomy)


def test_counts_that_are_refused_leave_those_before(taxonomy: Taxonomy) -> None:
    panel = SynsetBrowser(taxonomy, {HAT: {"accepted": 1}})
    with pytest.raises(InputError):
        panel.counts = {HAT: {"accepted": "many"}}
    assert panel.counts == {HAT: {"accepted": 1}}
    assert said(panel.on_rows({"wnids": [HAT], "filters": []}))["nodes"][0]["own"][1] == 1


def test_a_function_is_asked_again_only_when_its_version_changed(taxonomy: Taxonomy) -> None:
    class Live:
        asked, now = 0, 1

        def version(self) -> int:
            return self.now

        def __call__(self) -> dict[str, Any]:
            self.asked += 1
            return {HAT: {"accepted": self.now}}

    live = Live()
    panel = SynsetBrowser(taxonomy, live)
    assert said(panel.on_open({"filters": []}))["live"]
    assert panel.on_poll({}) == {"changed": False}
    assert live.asked == 1
    live.now = 2
    assert panel.on_poll({}) == {"changed": True}
    assert said(panel.on_detail({"wnid": HAT, **NOBODY}))["own"] == [0, 2, 0, 0, 0]
