"""ImageNetV2's three ways of choosing: bins, quotas, thresholds, the top."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.release import Sampling
from synsetlab.release.sampling import bin_of, bin_quotas, choose_by_frequency, histogram

POOL = st.lists(st.integers(0, 10).flatmap(lambda votes: st.tuples(st.integers(0, votes), st.just(votes))))


def named(pool):
    return [(number, yes, votes) for number, (yes, votes) in enumerate(pool)]


@pytest.mark.parametrize(
    ("yes", "votes", "bin_"), [(0, 5, 0), (1, 5, 1), (2, 10, 1), (3, 5, 3), (4, 5, 4), (5, 5, 4), (1, 6, 0)]
)
def test_edges_belong_to_the_higher_bin(yes, votes, bin_):
    assert bin_of(yes, votes, 5) == bin_


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8).filter(sum), st.integers(0, 40))
def test_quotas_are_proportional(weights, total):
    found = bin_quotas(weights, total)
    assert sum(found) == total
    assert all(abs(q - total * w / sum(weights)) < 1 for q, w in zip(found, weights, strict=True))


@given(POOL, POOL.filter(lambda rows: any(votes for _, votes in rows)), st.integers(0, 12))
def test_matched_frequency_fills_each_bin_as_far_as_it_can(pool, reference, wanted):
    how = Sampling(split="test", reference="val")
    weights = histogram(reference, how.bins)
    chosen = choose_by_frequency(named(pool), wanted, how, weights)
    assert len(chosen) == len(set(chosen))
    have = Counter(bin_of(*row, how.bins) for row in pool if row[1])
    got = Counter(bin_of(*pool[number], how.bins) for number in chosen)
    assert got == +Counter({n: min(quota, have[n]) for n, quota in enumerate(bin_quotas(weights, wanted))})


@given(POOL, st.integers(0, 12))
def test_the_top_are_the_highest(pool, wanted):
    chosen = choose_by_frequency(named(pool), wanted, Sampling(split="test", strategy="top"))
    able = sorted((yes / votes for yes, votes in pool if votes), reverse=True)
    assert [pool[n][0] / pool[n][1] for n in chosen] == able[:wanted]


@given(POOL, st.integers(0, 12))
def test_above_a_threshold(pool, wanted):
    chosen = choose_by_frequency(named(pool), wanted, Sampling(split="test", strategy="threshold"))
    able = [n for n, (yes, votes) in enumerate(pool) if votes and 10 * yes >= 7 * votes]
    assert chosen == able[:wanted]


def test_an_empty_bin_takes_from_above_where_that_is_allowed():
    pool = [("high", 9, 10), ("higher", 10, 10)]
    how = Sampling(split="test", histogram=[1.0, 0, 0, 0, 1.0], allow_upward=True)
    assert choose_by_frequency(pool, 2, how) == ["high", "higher"]
    strict = Sampling(split="test", histogram=[1.0, 0, 0, 0, 1.0])
    assert choose_by_frequency(pool, 2, strict) == ["high"]


def test_too_few_votes_are_not_drawn():
    how = Sampling(split="test", strategy="top", min_votes=10)
    assert choose_by_frequency([("few", 5, 5), ("many", 9, 10)], 2, how) == ["many"]


def test_a_reference_without_votes_is_refused():
    with pytest.raises(InputError, match="no histogram"):
        bin_quotas([0, 0], 3)
