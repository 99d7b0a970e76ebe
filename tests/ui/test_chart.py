"""The line chart is a well-formed picture of the numbers it was given."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from synsetlab.errors import InputError
from synsetlab.ui.chart import line_chart


def frame() -> pd.DataFrame:
    index = pd.Index([1, 3, 5], name="votes")
    return pd.DataFrame({"majority": [0.6, 0.7, 0.8], "a < b & c": [0.6, np.nan, 0.9]}, index=index)


def test_lines_points_and_names() -> None:
    root = ET.fromstring(line_chart(frame(), title="Accuracy", y="share")._repr_html_())
    words = [text.text for text in root.iter("text")]
    assert {"Accuracy", "share", "votes", "majority", "a < b & c"} <= set(words)
    assert len(root.findall("circle")) == 5
    paths = [path.get("d", "") for path in root.findall("path")]
    assert [path.count("M") for path in paths] == [1, 2]  # what is missing interrupts the line


def test_places_follow_the_numbers() -> None:
    root = ET.fromstring(line_chart(frame()).svg)
    first = root.findall("path")[0].get("d", "")
    places = [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", first)]
    assert len({round(b[0] - a[0], 1) for a, b in itertools.pairwise(places)}) == 1
    assert places[0][1] > places[1][1] > places[2][1]  # up is more


def test_a_single_point_has_room() -> None:
    ET.fromstring(line_chart(pd.DataFrame({"a": [0.5]}, index=[3])).svg)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"a": ["x"]}), "Only numbers"),
        (pd.DataFrame({"a": [1.0]}, index=["x"]), "Only numbers"),
        (pd.DataFrame({"a": [np.nan]}), "nothing to draw"),
        (pd.DataFrame(index=[1, 2]), "nothing to draw"),
    ],
)
def test_what_cannot_be_drawn_is_refused(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        line_chart(table)
