"""Simulated crowds against what their design promises and against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from synsetlab.errors import InputError
from synsetlab.simulate import CrowdDesign, SimulatedCrowd, SkillPool, accuracy_by_votes, simulate_crowd
from synsetlab.simulate.expectation import VoteLattice, majority_curve
from synsetlab.voting import annotator_report


def judged(crowd: SimulatedCrowd) -> pd.DataFrame:
    table = crowd.votes.merge(crowd.truth, on="task", suffixes=("", "_true")).merge(
        crowd.workers, on="worker"
    )
    return table.assign(right=table["label"] == table["label_true"])


def near(found: float, expected: float, trials: int) -> bool:
    """Within five standard deviations of a share."""
    return abs(found - expected) <= 5 * np.sqrt(max(expected * (1 - expected), 1e-9) / trials) + 1e-9


def test_the_shape_is_what_was_asked_for() -> None:
    crowd = simulate_crowd(CrowdDesign(tasks=200, workers=15, votes_per_task=4, classes={"a": 3, "b": 1}))
    assert crowd.votes.columns.tolist() == ["task", "worker", "label"]
    assert (crowd.votes.groupby("task").size() == 4).all()
    assert not crowd.votes.duplicated(["task", "worker"]).any()
    assert len(crowd.truth) == len(crowd.answers) == 200
    assert near(float((crowd.truth["label"] == "a").mean()), 0.75, 200)
    assert (crowd.votes.groupby("worker").size() > 20).all()
    full = simulate_crowd(CrowdDesign(tasks=3, workers=7, votes_per_task=None))
    assert len(full.votes) == 21
    assert simulate_crowd(CrowdDesign(tasks=0)).votes.empty


def test_the_same_seed_gives_the_same_crowd() -> None:
    design = CrowdDesign(tasks=40, spammers={"random": 2}, correlation=0.3)
    again = simulate_crowd(CrowdDesign(tasks=40, spammers={"random": 2}, correlation=0.3))
    pd.testing.assert_frame_equal(simulate_crowd(design).votes, again.votes)
    assert not simulate_crowd(CrowdDesign(tasks=40, seed=1)).votes.equals(again.votes)


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_each_annotator_is_as_good_as_said(correlation: float) -> None:
    crowd = simulate_crowd(CrowdDesign(tasks=4000, workers=6, votes_per_task=None, correlation=correlation))
    shares = judged(crowd).groupby("worker")["right"].mean()
    for worker, skill in zip(crowd.workers["worker"], crowd.workers["skill"], strict=True):
        assert near(shares[worker], skill, 4000)


def test_the_skills_have_the_mean_and_spread_asked_for() -> None:
    skill = simulate_crowd(CrowdDesign(tasks=1, workers=4000, skill=0.75, skill_sd=0.12)).workers["skill"]
    assert skill.mean() == pytest.approx(0.75, abs=0.01)
    assert skill.std() == pytest.approx(0.12, abs=0.01)


@pytest.mark.parametrize("correlation", [0.0, 0.35])
def test_the_majority_is_as_right_as_the_formula_says(correlation: float) -> None:
    design = CrowdDesign(
        tasks=6000, workers=40, votes_per_task=7, skill=0.75, skill_sd=0.0, correlation=correlation, seed=2
    )
    measured = accuracy_by_votes(simulate_crowd(design), ["majority"], votes=[1, 2, 3, 5, 7])["majority"]
    expected = majority_curve(VoteLattice(SkillPool.of(0.75, correlation=correlation), 7), 0.5)
    for count, share in measured.items():
        assert near(share, expected[int(str(count)) - 1], 6000)


def test_two_votes_are_both_right_as_often_as_their_correlation_says() -> None:
    crowd = simulate_crowd(
        CrowdDesign(tasks=8000, workers=9, votes_per_task=2, skill=0.8, skill_sd=0, correlation=0.5)
    )
    both = judged(crowd).groupby("task")["right"].all().mean()
    expected = multivariate_normal(cov=[[1, 0.5], [0.5, 1]]).cdf([norm.ppf(0.8)] * 2)
    assert near(both, expected, 8000)


def test_habits() -> None:
    habits = {"always": 1, "random": 1, "adversarial": 1, "drifting": 1}
    crowd = simulate_crowd(
        CrowdDesign(
            tasks=3000, workers=8, votes_per_task=None, classes="abcd", skill=0.9, skill_sd=0, spammers=habits
        )
    )
    assert crowd.workers["habit"].value_counts().to_dict() == {"honest": 4, **habits}
    table = judged(crowd)
    by_habit = {str(habit): rows for habit, rows in table.groupby("habit")}
    assert set(by_habit["always"]["label"]) == {"a"}
    assert near(by_habit["random"]["right"].mean(), 0.25, 3000)
    assert near(by_habit["adversarial"]["right"].mean(), 0.1, 3000)
    early, late = np.array_split(by_habit["drifting"]["right"].to_numpy(), 2)
    # from .9 to 1/4 in a straight line: the halves are at a quarter and at three quarters
    assert near(early.mean(), 0.9 - 0.65 / 4, 1500)
    assert near(late.mean(), 0.9 - 0.65 * 3 / 4, 1500)


def test_wrong_votes_spread_over_the_other_classes_or_meet_in_a_decoy() -> None:
    even = judged(simulate_crowd(CrowdDesign(tasks=3000, classes="abc", skill=0.6, skill_sd=0)))
    wrong = even[~even["right"] & (even["label_true"] == "a")]["label"]
    assert near(float((wrong == "b").mean()), 0.5, len(wrong))
    lured = judged(simulate_crowd(CrowdDesign(tasks=300, classes="abcde", skill=0.6, skill_sd=0, decoys=1)))
    assert (lured[~lured["right"]].groupby("task")["label"].nunique() == 1).all()


def test_activity_is_uneven_where_asked() -> None:
    counts = [
        simulate_crowd(CrowdDesign(tasks=800, workers=30, activity=sigma)).votes["worker"].value_counts()
        for sigma in (0.0, 1.5)
    ]
    assert counts[0].max() < 2 * counts[0].min()
    assert counts[1].max() > 5 * counts[1].min()


def test_what_is_said_about_annotators_is_true_of_them() -> None:
    crowd = simulate_crowd(
        CrowdDesign(
            tasks=400, workers=12, votes_per_task=None, skill=0.85, skill_sd=0.04,
            spammers={"always": 1, "random": 1, "adversarial": 1, "drifting": 1}, seed=5,
        )
    )  # fmt: skip
    report = annotator_report(crowd.votes).set_index("worker")["flags"]
    said = {"always": "always-yes", "random": "random", "adversarial": "inverted", "drifting": "drift-down"}
    for worker, habit in zip(crowd.workers["worker"], crowd.workers["habit"], strict=True):
        assert (said[habit] in report[worker]) if habit in said else report[worker] == []


def test_dawid_skene_sees_through_spammers() -> None:
    crowd = simulate_crowd(
        CrowdDesign(
            tasks=400, workers=20, votes_per_task=9, skill=0.75, spammers={"adversarial": 3, "always": 3}
        )
    )
    table = accuracy_by_votes(crowd, votes=[1, 9, 50])
    assert table.index.tolist() == [1, 9]
    assert table.loc[9, "dawid-skene"] > table.loc[9, "majority"] + 0.03
    assert accuracy_by_votes(crowd, ["dawid-skene"], votes=[9], gold=100).shape == (1, 1)
    with pytest.raises(InputError, match="9 votes a task"):
        accuracy_by_votes(crowd, votes=[10])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workers": 0}, "0 workers"),
        ({"votes_per_task": 21}, "21 votes"),
        ({"spammers": {"lazy": 1}}, "'lazy'"),
        ({"spammers": {"random": 21}}, "do not fit"),
        ({"spammers": {"random": -1}}, "do not fit"),
        ({"classes": ["a"]}, "Two different classes"),
        ({"classes": ["a", "a"]}, "Two different classes"),
        ({"classes": {"a": -1, "b": 2}}, "must be positive"),
        ({"decoys": 2}, "decoys=2"),
        ({"activity": -1}, "activity=-1"),
    ],
)
def test_designs_that_cannot_be_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CrowdDesign(**change)


def test_skills_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="standard deviation"):
        simulate_crowd(CrowdDesign(skill=0.9, skill_sd=0.5))
    with pytest.raises(InputError, match="correlation"):
        simulate_crowd(CrowdDesign(correlation=-0.1))
