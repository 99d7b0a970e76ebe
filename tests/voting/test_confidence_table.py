"""The confidence table of CVPR 2009: learned from a pilot, monotone, refusing pilots that are too small."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting.confidence_table import ConfidenceTable, fit_tables
from synsetlab.voting.policy import Outcome, Tally, policy_from_json

PUBLISHED = [(0, 1), (1, 0), (1, 1), (2, 0), (0, 2), (3, 0), (2, 1)]
"""The counts that figure 7 of the paper shows."""
CAT = (0.07, 0.85, 0.46, 0.97, 0.02, 0.99, 0.85)
BURMESE = (0.23, 0.69, 0.49, 0.83, 0.12, 0.90, 0.68)


def pilot(right: float, wrong: float, prior: float, pictures: int = 4000, votes: int = 10) -> Any:
    """Counts of independent annotators, and which pictures are good."""
    rng = np.random.default_rng(5)
    good = rng.random(pictures) < prior
    yes = rng.binomial(votes, np.where(good, right, wrong))
    return np.stack([yes, votes - yes], axis=1), good


@pytest.mark.parametrize(
    ("right", "wrong", "prior", "published"),
    [(0.857, 0.142, 0.419, CAT), (0.721, 0.311, 0.466, BURMESE)],
    ids=["cat", "Burmese cat"],
)
@pytest.mark.parametrize("form", ["isotonic", "beta-binomial"])
def test_it_gives_the_published_tables_back(
    right: float, wrong: float, prior: float, published: tuple[float, ...], form: Any
) -> None:
    counts, good = pilot(right, wrong, prior)
    table = ConfidenceTable.fit(counts, good.tolist(), form=form)
    learned = [table.confidence(*cell) for cell in PUBLISHED]
    assert learned == pytest.approx(published, abs=0.06)
    assert table.prior == pytest.approx(prior, abs=0.03)
    assert table.imageable


def test_an_easy_synset_needs_fewer_votes_than_a_hard_one() -> None:
    easy, hard = (ConfidenceTable.fit(pilot(*rates, 0.45)[0]) for rates in ((0.86, 0.14), (0.72, 0.31)))
    assert easy.straight_yes() == 2
    assert (hard.straight_yes() or 99) > 2
    assert easy.straight_yes(1.0) is None


def test_cells_are_averages_over_all_sub_samples() -> None:
    """The hypergeometric weights against sub-samples written out."""
    counts = [(7, 3)] * 4 + [(2, 8)] * 5 + [(10, 0)] * 3
    table = ConfidenceTable.fit(counts)
    shows = hits = 0
    for yes, no in counts:
        for chosen in combinations([1] * yes + [0] * no, 3):
            if sum(chosen) == 2:
                shows += 1 / 120
                hits += (yes > no) / 120
    prior = (7 + 0.5) / (12 + 1)
    assert table.confidence(2, 1) == pytest.approx((hits + prior) / (shows + 1), abs=1e-6)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=10, max_size=40),
    st.sampled_from(["isotonic", "beta-binomial"]),
)
def test_a_table_rises_with_yes_and_falls_with_no(counts: list[tuple[int, int]], form: Any) -> None:
    enough = [(yes + max(0, 10 - yes - no), no) for yes, no in counts]
    table = ConfidenceTable.fit(enough, form=form)
    assert table.votes == min(yes + no for yes, no in enough)
    for yes in range(table.votes):
        for no in range(table.votes - yes):
            here = table.confidence(yes, no)
            assert 0 <= here <= 1
            assert table.confidence(yes + 1, no) >= here - 1e-9
            assert table.confidence(yes, no + 1) <= here + 1e-9


def test_a_divided_crowd_makes_the_beta_form_less_sure_than_independence() -> None:
    rng = np.random.default_rng(2)
    good = rng.random(600) < 0.5
    rate = np.where(good, rng.beta(2.4, 0.6, 600), rng.beta(0.6, 2.4, 600))  # mean .8, pictures differ
    yes = rng.binomial(10, rate)
    counts = np.stack([yes, 10 - yes], axis=1)
    table = ConfidenceTable.fit(counts, good.tolist(), form="beta-binomial")
    independent = 0.8**5 / (0.8**5 + 0.2**5)
    assert table.confidence(5, 0) < independent - 0.01
    assert table.confidence(5, 0) == pytest.approx(good[yes >= 9].mean(), abs=0.06)


def test_truth_of_experts_replaces_the_majority() -> None:
    counts = [(8, 2)] * 10 + [(1, 9)] * 10
    by_majority = ConfidenceTable.fit(counts)
    by_experts = ConfidenceTable.fit(counts, [False] * 10 + [None] * 10)
    assert by_majority.confidence(8, 0) > 0.9
    assert by_experts.confidence(8, 0) < 0.1
    assert not by_experts.imageable
    with pytest.raises(InputError, match="3 known answers for 20"):
        ConfidenceTable.fit(counts, [True] * 3)


def test_a_table_survives_its_json_and_makes_a_policy() -> None:
    table = ConfidenceTable.fit(pilot(0.86, 0.14, 0.45, pictures=200)[0])
    assert ConfidenceTable.from_json(table.to_json()) == table
    policy = table.policy(accept="9/10", reject="1/10")
    assert policy.decide(Tally(2)).outcome is Outcome.ACCEPTED
    assert policy.decide(Tally(1)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally(1)).posterior == table.confidence(1, 0)
    assert policy_from_json(policy.to_json()) == policy
    for text in ("", "{}", '{"cells":[[1]],"form":"isotonic","pictures":1,"prior":0.5}', "[]"):
        with pytest.raises(InputError):
            ConfidenceTable.from_json(text)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([(5, 5)] * 9, "9 pictures, too few"),
        ([], "0 pictures"),
        ([(5, 5)] * 10 + [(4, 5)], "too small: 1 of 11 pictures have fewer than 10 votes; picture 11 has 9"),
        ([(15, -5)] * 10, "counts of yes and no"),
    ],
)
def test_a_pilot_that_is_too_small_says_so(counts: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        ConfidenceTable.fit(counts)


def test_synsets_have_tables_of_their_own() -> None:
    pilots = {"n02121620": pilot(0.86, 0.14, 0.4, 50)[0], "n02123394": pilot(0.72, 0.31, 0.4, 50)[0]}
    tables = fit_tables(pilots)
    assert tables["n02121620"].confidence(2, 0) > tables["n02123394"].confidence(2, 0)
    with pytest.raises(InputError, match="pilot of n02123394 has 3 pictures"):
        fit_tables({**pilots, "n02123394": [(5, 5)] * 3})
    with pytest.raises(InputError, match="knows up to 10"):
        tables["n02121620"].confidence(8, 4)
    with pytest.raises(InputError, match="form='linear'"):
        ConfidenceTable.fit([(5, 5)] * 10, form="linear")  # type: ignore[arg-type]
