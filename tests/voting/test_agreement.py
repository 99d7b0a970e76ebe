"""Agreement coefficients against textbook examples, brute force and real votes."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting import agreement_by, cohen_kappa, cohen_table, measure_agreement
from synsetlab.voting.files import read_table

if TYPE_CHECKING:
    from pathlib import Path

# Four coders, twelve units, a dot for a missing value: a widely used worked example (alpha .743).
CODERS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


def from_matrix(rows: list[str]) -> pd.DataFrame:
    votes = [
        (f"u{unit}", f"c{coder}", value)
        for coder, row in enumerate(rows)
        for unit, value in enumerate(row)
        if value != "."
    ]
    return pd.DataFrame(votes, columns=["task", "worker", "label"])


def brute_force_alpha(votes: pd.DataFrame) -> float:
    """From the coincidence matrix, pair by pair."""
    coincidence: Counter[tuple[str, str]] = Counter()
    for _, labels in votes.groupby("task")["label"]:
        for one, other in permutations(labels.tolist(), 2):
            coincidence[one, other] += 1 / (len(labels) - 1)  # type: ignore[assignment]
    margin: Counter[str] = Counter()
    for (one, _), value in coincidence.items():
        margin[one] += value
    total = sum(margin.values())
    observed = sum(value for (one, other), value in coincidence.items() if one != other)
    expected = sum(margin[a] * margin[b] for a in margin for b in margin if a != b) / (total - 1)
    return 1 - observed / expected


@settings(max_examples=40)
@given(st.lists(st.text("ab.", min_size=6, max_size=6), min_size=2, max_size=5))
def test_alpha_equals_the_coincidence_matrix(rows: list[str]) -> None:
    votes = from_matrix(rows)
    paired = votes[votes.groupby("task")["task"].transform("size") >= 2] if len(votes) else votes
    if paired["label"].nunique() < 2:
        return
    found = measure_agreement(votes)
    assert found.krippendorff_alpha == pytest.approx(brute_force_alpha(votes), abs=1e-12)


@pytest.mark.parametrize(
    ("rows", "nominal", "interval"),
    [
        (CODERS, 0.7434, 0.8491),  # Krippendorff 2011
        (["*****34121133*3", "1*213343*******", "**21344*21133*4"], 0.691358, 0.8108),
    ],
)
def test_worked_examples_of_alpha(rows: list[str], nominal: float, interval: float) -> None:
    found = measure_agreement(from_matrix([row.replace("*", ".") for row in rows]))
    assert found.krippendorff_alpha == pytest.approx(nominal, abs=6e-5)
    assert found.krippendorff_alpha_interval == pytest.approx(interval, abs=6e-4)


def brute_force_interval_alpha(votes: pd.DataFrame) -> float:
    """Mean squared distance within units over that of all pairs, pair by pair."""
    units = [labels.astype(float).tolist() for _, labels in votes.groupby("task")["label"] if len(labels) > 1]
    values = [value for unit in units for value in unit]
    within = sum((a - b) ** 2 / (len(unit) - 1) for unit in units for a, b in permutations(unit, 2))
    overall = sum((a - b) ** 2 for a, b in permutations(values, 2)) / (len(values) - 1)
    return 1 - within / overall


@settings(max_examples=40)
@given(st.lists(st.text("129.", min_size=6, max_size=6), min_size=2, max_size=5), st.integers(-3, 2030))
def test_interval_alpha_equals_the_pairs(rows: list[str], shift: int) -> None:
    votes = from_matrix(rows)
    paired = votes[votes.groupby("task")["task"].transform("size") >= 2] if len(votes) else votes
    if paired["label"].nunique() < 2:
        return
    votes["label"] = [str(int(label) + shift) for label in votes["label"]]
    found = measure_agreement(votes)
    assert found.krippendorff_alpha_interval == pytest.approx(brute_force_interval_alpha(votes), abs=1e-9)


def test_words_have_no_distance() -> None:
    found = measure_agreement(from_matrix(["ab1", "ab2"]))
    assert found.krippendorff_alpha_interval is None
    assert found.krippendorff_interval_reason == "not all answers are numbers"


def test_fleiss_own_example() -> None:
    # 10 subjects, 14 raters, 5 categories (Fleiss 1971 as it is usually reprinted): .210
    table = [
        (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
    ]  # fmt: skip
    rows = [
        (f"s{subject}", f"r{rater}", str(category))
        for subject, counts in enumerate(table)
        for rater, category in enumerate(c for c, n in enumerate(counts) for _ in range(n))
    ]
    found = measure_agreement(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    assert found.fleiss_kappa == pytest.approx(0.20993, abs=5e-6)
    assert found.percent_agreement == pytest.approx(0.37802, abs=5e-6)


def test_cohen() -> None:
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)
    assert cohen_kappa(["a", "a"], ["a", "a"]) is None
    with pytest.raises(InputError, match="2 and 1"):
        cohen_kappa(["a", "b"], ["a"])


def test_cohen_of_two_annotators_who_did_not_see_all_tasks() -> None:
    # shared: (a, a) (a, b) (b, b) (b, b): observed 3/4, chance 1/8 + 3/8
    found = measure_agreement(from_matrix(["aabb.a", "abbbb."]))
    assert found.cohen_kappa == pytest.approx(cohen_kappa(list("aabb"), list("abbb")))
    assert (found.cohen_pairs, found.cohen_reason) == (1, None)


@settings(max_examples=40)
@given(st.lists(st.text("abc.", min_size=7, max_size=7), min_size=2, max_size=5))
@example(["aaaa.aa", "....a.."])
def test_every_pair_is_the_pair_alone(rows: list[str]) -> None:
    votes = from_matrix(rows)
    if votes.empty:
        return
    wide = votes.pivot_table(index="task", columns="worker", values="label", aggfunc="first")
    table = cohen_table(votes)
    here = wide.notna()
    shared = [(a, b) for a, b in combinations(wide, 2) if (here[a] & here[b]).any()]
    assert sorted(map(sorted, zip(table["first"], table["second"], strict=True))) == sorted(
        map(sorted, shared)
    )
    for row in table.to_dict("records"):
        both = wide[[row["first"], row["second"]]].dropna()
        expected = cohen_kappa(both.iloc[:, 0].tolist(), both.iloc[:, 1].tolist())
        assert row["tasks"] == len(both)
        assert row["agreement"] == pytest.approx((both.iloc[:, 0] == both.iloc[:, 1]).mean())
        if expected is None or len(both) < 2:
            assert np.isnan(row["cohen_kappa"])
        else:
            assert row["cohen_kappa"] == pytest.approx(expected, abs=1e-12)


def test_pairs_that_cannot_be_made() -> None:
    apart = pd.DataFrame([("t", "a", "x"), ("u", "b", "y")], columns=["task", "worker", "label"])
    assert measure_agreement(apart).cohen_reason == "no two annotators share a task"
    twice = pd.DataFrame([("t", "a", "x")] * 2 + [("t", "b", "x")], columns=["task", "worker", "label"])
    assert "several votes" in (measure_agreement(twice, repeats="all").cohen_reason or "")
    with pytest.raises(InputError, match="several votes"):
        cohen_table(twice, repeats="all")
    nameless = twice.assign(worker="")
    assert measure_agreement(nameless).cohen_kappa is None
    assert measure_agreement(nameless).percent_agreement == 1


# ---- uneven numbers of votes, intervals, groups


def test_ragged_fleiss() -> None:
    even = measure_agreement(from_matrix(["aabc", "abbc", "aabb"]))
    assert even.fleiss_kappa_ragged == even.fleiss_kappa is not None
    # aaa and ab and one alone: agreement (1 + 0) / 2, chance (4/5)^2 + (1/5)^2 over the paired votes
    uneven = measure_agreement(from_matrix(["aab", "ab.", "a.."]))
    chance = 0.8**2 + 0.2**2
    assert uneven.fleiss_kappa is None
    assert uneven.fleiss_kappa_ragged == pytest.approx((0.5 - chance) / (1 - chance))


def test_bootstrap_intervals_hold_what_they_should() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 150)
    right = rng.random((5, 150)) < 0.8
    rows = ["".join(map(str, np.where(row, truth, 1 - truth))) for row in right]
    votes = from_matrix(rows)
    found = measure_agreement(votes, bootstrap=2000, seed=1)
    assert found == measure_agreement(votes, bootstrap=2000, seed=1)
    assert found.intervals != measure_agreement(votes, bootstrap=2000, seed=2).intervals
    for name, between in found.intervals.items():
        assert between is not None
        assert between[0] < getattr(found, name) < between[1]
    # the percentile interval of a mean is near the normal one
    shares = votes.groupby("task")["label"].apply(lambda labels: _pair_share(labels.tolist()))
    half = 1.96 * shares.std(ddof=0) / np.sqrt(150)
    low, high = found.intervals["percent_agreement"] or (0, 0)
    assert low == pytest.approx(shares.mean() - half, abs=0.12 * half)
    assert high == pytest.approx(shares.mean() + half, abs=0.12 * half)
    wide = measure_agreement(votes, bootstrap=2000, seed=1, level=0.5).intervals["percent_agreement"]
    assert wide is not None
    assert low < wide[0] < wide[1] < high


def _pair_share(labels: list[str]) -> float:
    pairs = [a == b for a, b in permutations(labels, 2)]
    return sum(pairs) / len(pairs)


def test_an_interval_is_absent_where_the_coefficient_is() -> None:
    found = measure_agreement(from_matrix(["aab", "ab."]), bootstrap=50)
    assert found.intervals["fleiss_kappa"] is None
    assert found.intervals["percent_agreement"] is not None
    assert measure_agreement(from_matrix(["ab"]), bootstrap=50).intervals["krippendorff_alpha"] is None
    with pytest.raises(InputError, match="level=1"):
        measure_agreement(from_matrix(["ab"]), level=1)


def test_agreement_by_a_column() -> None:
    votes = from_matrix(["aabb", "abbb"])
    votes["wnid"] = np.where(votes["task"].isin(["u0", "u1"]), "n1", "n2")
    table = agreement_by(votes, "wnid").set_index("group")
    assert table.loc["n1", "percent_agreement"] == 0.5
    assert table.loc["n2", "percent_agreement"] == 1
    assert table["tasks"].tolist() == [2, 2]
    with pytest.raises(MissingColumnError, match="synset"):
        agreement_by(votes, "synset")


# ---- votes of real annotators


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "alpha", "kappa", "percent"),
    [("bluebirds", 0.1255, 0.1253, 0.5882), ("dog", 0.5194, 0.5194, 0.6411)],
)
def test_real_votes(shared_data: Path, name: str, alpha: float, kappa: float, percent: float) -> None:
    votes = read_table(shared_data / "votes" / name / "answer.csv")
    found = measure_agreement(votes.rename(columns={"question": "task", "answer": "label"}))
    rounded = [round(value or 0, 4) for value in (found.krippendorff_alpha, found.fleiss_kappa)]
    assert rounded == [alpha, kappa]
    assert found.percent_agreement == pytest.approx(percent, abs=1e-4)


@pytest.mark.real_data
@pytest.mark.parametrize("repeats", ["first", "last"])
def test_repeated_votes_count_once(shared_data: Path, repeats: str) -> None:
    votes = read_table(shared_data / "votes" / "bluebirds" / "answer.csv")
    votes = votes.rename(columns={"question": "task", "answer": "label"})
    wrong = votes.assign(label="1")
    both = pd.concat([votes, wrong] if repeats == "first" else [wrong, votes])
    found = measure_agreement(both, repeats=repeats)  # type: ignore[arg-type]
    assert round(found.krippendorff_alpha or 0, 4) == 0.1255
    assert found.superseded == len(votes)
    assert found.krippendorff_alpha_interval == pytest.approx(found.krippendorff_alpha)  # 0 and 1


def test_what_is_not_defined_is_none_with_a_reason() -> None:
    uneven = measure_agreement(from_matrix(["aab", "ab."]))
    assert uneven.fleiss_kappa is None
    assert "between 1 and 2" in (uneven.fleiss_reason or "")
    assert uneven.krippendorff_alpha is not None
    assert uneven.tasks_with_one_vote == 1
    lonely = measure_agreement(from_matrix(["ab"]))
    assert (lonely.krippendorff_alpha, lonely.fleiss_kappa, lonely.percent_agreement) == (None, None, None)
    assert lonely.krippendorff_reason == lonely.fleiss_reason == "no task has two votes"
    same = measure_agreement(from_matrix(["aa", "aa"]))
    assert same.percent_agreement == 1
    assert same.krippendorff_reason == same.fleiss_reason == "all votes give the same answer"
