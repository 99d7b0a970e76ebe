"""Measures against their definitions, written out slowly."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from synsetlab.benchmark import evaluate, read_truth
from synsetlab.benchmark.arrays import best
from synsetlab.benchmark.hierarchy import Hierarchy
from synsetlab.benchmark.intervals import binomial_quantile, bootstrap_interval
from synsetlab.taxonomy import load

CLASSES = [f"class {number}" for number in range(7)]
LABELS = st.lists(st.sampled_from(CLASSES), max_size=3, unique=True)
GUESSES = st.lists(st.sampled_from([*CLASSES, "stranger"]), max_size=7, unique=True)
TEST_SETS = st.lists(st.tuples(LABELS, GUESSES), min_size=1, max_size=12).filter(
    lambda rows: any(labels for labels, _ in rows)
)


def frames(rows: list[tuple[list[str], list[str]]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Truth and predictions, one label or guess a row; an empty cell where there is none."""
    truth = [(f"{i}", label) for i, (labels, _) in enumerate(rows) for label in labels or [""]]
    guesses = [(f"{i}", guess) for i, (_, made) in enumerate(rows) for guess in made or [""]]
    return (
        pd.DataFrame(truth, columns=["image", "wnid"]),
        pd.DataFrame(guesses, columns=["image", "prediction"]),
    )


def slowly(rows: list[tuple[list[str], list[str]]], k: int) -> float:
    scored = [(labels, guesses[:5][:k]) for labels, guesses in rows if labels]
    errors = [Fraction(sum(x not in guesses for x in labels), len(labels)) for labels, guesses in scored]
    return float(sum(errors, Fraction(0)) / len(errors))


@given(TEST_SETS)
def test_flat_error_is_its_definition(rows: list[tuple[list[str], list[str]]]) -> None:
    truth, guesses = frames(rows)
    report = evaluate(truth, guesses, check=False)
    scored = [(labels, made) for labels, made in rows if labels]
    assert report.n == len(scored)
    assert report.excluded == len(rows) - len(scored)
    for k in range(1, 6):
        assert math.isclose(report.errors[k - 1], slowly(rows, k), abs_tol=1e-15)
        assert math.isclose(report.errors[k - 1] + report.accuracies[k - 1], 1)
    right = sum(bool(made) and made[0] in labels for labels, made in scored)
    assert report.multi_label_accuracy == right / len(scored)
    assert list(report.errors) == sorted(report.errors, reverse=True)


@given(TEST_SETS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[list[str], list[str]]], random: Any) -> None:
    truth, guesses = frames(rows)
    wanted = evaluate(truth, guesses, check=False)
    shuffled = truth.sample(frac=1, random_state=random.randrange(1 << 30))
    images = [f"{number}" for number in range(len(rows))]
    random.shuffle(images)
    # Guesses of one image keep their order: without scores it is their rank.
    moved = pd.concat([guesses[guesses["image"] == image] for image in images])
    found = evaluate(shuffled, moved, check=False)
    assert found.as_json() == wanted.as_json()


@given(TEST_SETS)
def test_classes_are_means_over_their_images(rows: list[tuple[list[str], list[str]]]) -> None:
    truth, guesses = frames(rows)
    table = evaluate(truth, guesses, check=False).per_class.set_index("wnid")
    for name in {label for labels, _ in rows for label in labels}:
        made = [guesses for labels, guesses in rows if name in labels]
        assert table.loc[name, "n"] == len(made)
        for k in (1, 5):
            wanted = sum(name not in row[:k] for row in made) / len(made)
            assert table.loc[name, f"top{k}_error"] == wanted


ROUND_NUMBERS = st.integers(-3, 3).map(float) | st.just(-math.inf)


@given(
    st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(ROUND_NUMBERS, min_size=n, max_size=n), min_size=1))
)
def test_best_scores_are_a_stable_sort(scores: list[list[float]]) -> None:
    found = best(np.array(scores), min(5, len(scores[0])))
    for row, columns in zip(scores, found.tolist(), strict=True):
        ranked = sorted((c for c in range(len(row)) if row[c] > -math.inf), key=lambda c: -row[c])
        assert [column for column in columns if column >= 0] == ranked[:5]


@pytest.mark.usefixtures("wordnet")
@settings(max_examples=30)
@given(st.data())
def test_cost_is_the_least_height_above_both(data: st.DataObject) -> None:
    taxonomy = load()
    everything = list(taxonomy)
    names = data.draw(st.lists(st.sampled_from(everything), min_size=2, max_size=6, unique=True))
    built = Hierarchy.build(names, len(names), taxonomy)
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names))]
    found = built.costs(*np.array(pairs).T)
    for (i, j), cost in zip(pairs, found.tolist(), strict=True):
        wanted = taxonomy.height(taxonomy.lca(names[i], names[j])[0]) if i != j else 0
        assert cost == wanted


@pytest.mark.usefixtures("wordnet")
def test_a_right_guess_at_an_inner_class_costs_nothing() -> None:
    dog, poodle, cat = "n02084071", "n02113335", "n02121620"
    truth = read_truth(pd.DataFrame({"image": ["1", "2", "3"], "wnid": [dog, dog, dog]}))
    made = pd.DataFrame({"image": ["1", "2", "3"], "prediction": [dog, poodle, cat]})
    report = evaluate(truth, made)
    taxonomy = load()
    carnivore = "n02075296"
    wanted = (0 + taxonomy.height(dog) + taxonomy.height(carnivore)) / 3
    assert report.hierarchical_heights is not None
    assert report.hierarchical_heights[0] == pytest.approx(wanted, abs=1e-15)
    induced = evaluate(truth, made, hierarchy="induced")
    assert induced.root_height == 13
    assert induced.root_height == taxonomy.induce([dog]).root_height


@pytest.mark.usefixtures("wordnet")
def test_no_guess_costs_most() -> None:
    made = pd.DataFrame({"image": ["1"], "prediction": [""]})
    report = evaluate(pd.DataFrame({"image": ["1"], "wnid": ["n02084071"]}), made)
    assert report.hierarchical_errors == (1, 1, 1, 1, 1)
    assert report.errors == (1, 1, 1, 1, 1)


@given(st.integers(1, 3000), st.data(), st.sampled_from([0.0005, 0.025, 0.5, 0.9995]))
def test_quantiles_are_the_binomials(trials: int, data: st.DataObject, q: float) -> None:
    successes = data.draw(st.integers(0, trials))
    found = binomial_quantile(q, trials, successes)
    share = successes / trials
    # Where a cumulated probability is q to the last digits, one of the two rounds the other way.
    assert binom.cdf(found, trials, share) >= q - 1e-9
    assert found == 0 or binom.cdf(found - 1, trials, share) < q + 1e-9


def test_intervals_by_drawing_agree_with_the_binomial() -> None:
    exact = bootstrap_interval(np.array([0.0, 1.0]), np.array([700, 300]), seed=0)
    three = np.array([0.0, 0.5, 1.0]), np.array([700, 1, 300])
    drawn = bootstrap_interval(*three, seed=0)
    assert np.allclose(exact, drawn, atol=0.006)
    assert drawn == bootstrap_interval(*three, seed=0)
    assert drawn != bootstrap_interval(*three, seed=1)
    assert bootstrap_interval(np.array([1.0]), np.array([9]), seed=0) == (1, 1)


def test_intervals_hold_the_measure() -> None:
    rng = np.random.default_rng(4)
    truth = pd.DataFrame({"image": [f"{i}" for i in range(400)], "wnid": rng.choice(CLASSES, 400)})
    report = evaluate(truth, rng.random((400, 7)))
    for k, error in enumerate(report.errors, start=1):
        low, high = report.intervals[f"top{k}_error"]
        assert low < error < high
    assert all(after <= before for before, after in pairwise(report.errors))
