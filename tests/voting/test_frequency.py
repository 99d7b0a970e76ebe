"""Selection frequency, by task and by (picture, wnid), with Wilson's interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting import encode_votes, selection_frequency
from synsetlab.voting.frequency import wilson


def votes() -> pd.DataFrame:
    rows = [("a", "n1", who, "yes") for who in "uvw"] + [("a", "n2", who, "no") for who in "uv"]
    rows += [("b", "n1", "u", "yes"), ("b", "n1", "v", "unsure")]
    table = pd.DataFrame(rows, columns=["image_id", "wnid", "worker", "label"])
    table.insert(0, "task", table["image_id"] + "/" + table["wnid"])
    return table


def test_by_task() -> None:
    found = selection_frequency(votes())
    assert found.columns.tolist() == ["task", "votes", "frequency", "low", "high"]
    assert found["task"].tolist() == ["a/n1", "a/n2", "b/n1"]
    assert found["frequency"].tolist() == [1, 0, 0.5]
    assert found["votes"].tolist() == [3, 2, 2]
    pd.testing.assert_frame_equal(found, selection_frequency(encode_votes(votes())))


def test_by_picture_and_wnid() -> None:
    found = selection_frequency(votes().drop(columns="task"), by=["image_id", "wnid"])
    assert found[["image_id", "wnid"]].to_numpy().tolist() == [["a", "n1"], ["a", "n2"], ["b", "n1"]]
    assert found["frequency"].tolist() == [1, 0, 0.5]


def test_the_last_vote_of_an_annotator_counts() -> None:
    table = pd.DataFrame([("t", "u", "yes"), ("t", "u", "no"), ("t", "v", "yes")])
    found = selection_frequency(table.set_axis(["task", "worker", "label"], axis=1))
    assert found["frequency"].tolist() == [0.5]


def test_wilson_is_the_score_interval() -> None:
    chosen, cast = np.array([0, 3, 10, 7, 0]), np.array([5, 10, 10, 9, 0])
    low, high = wilson(chosen, cast, 0.9)
    for place in range(4):
        between = binomtest(int(chosen[place]), int(cast[place])).proportion_ci(0.9, method="wilson")
        assert (low[place], high[place]) == pytest.approx((between.low, between.high))
    assert (low[4], high[4]) == (0, 1)


def test_what_cannot_be_answered() -> None:
    with pytest.raises(InputError, match="'perhaps'"):
        selection_frequency(votes(), "perhaps")
    with pytest.raises(MissingColumnError, match="synset"):
        selection_frequency(votes(), by=["synset"])
    with pytest.raises(InputError, match="level=2"):
        selection_frequency(votes(), level=2)
    with pytest.raises(InputError, match="know their tasks only"):
        selection_frequency(encode_votes(votes()), by=["wnid"])
