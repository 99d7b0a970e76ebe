from __future__ import annotations

import pytest

from synsetlab.dedup.calibrate import precision_by_distance, recommend


def test_precision_has_its_interval() -> None:
    (row,) = precision_by_distance([(4, True)] * 8 + [(4, False)] * 2)
    assert (row.distance, row.same, row.reviewed) == (4, 8, 10)
    assert (row.low, row.high) == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_what_may_join_by_itself() -> None:
    good = [(distance, True) for distance in (0, 2, 3) for _ in range(50)]
    bad = [(5, False)] * 30
    assert recommend(precision_by_distance(good + bad)) == 3
    assert recommend(precision_by_distance(good[:3])) is None
    assert recommend(precision_by_distance(bad)) is None
    assert recommend([]) is None
