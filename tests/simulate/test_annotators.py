from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.simulate import Annotator, answer, make_crowd, simulate_votes

SKILL = st.floats(0, 1)


def questions(n: int, truth: str = "yes", difficulty: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame(
        {"question": [f"q{i:04d}" for i in range(n)], "truth": truth, "difficulty": difficulty}
    )


def within(successes: int, trials: int, probability: float) -> bool:
    """Within all but the outermost 1e-9 of the binomial distribution on either side."""
    low, high = scipy.stats.binom.interval(1 - 2e-9, trials, probability)
    return bool(low <= successes <= high)


@given(SKILL, SKILL, st.floats(0, 0.2), st.integers(0, 2**32))
@settings(max_examples=40)
def test_accuracy_is_the_skill(sensitivity: float, specificity: float, unsure: float, seed: int) -> None:
    annotator = Annotator("ada", sensitivity, specificity, unsure)
    for truth, skill in (("yes", sensitivity), ("no", specificity)):
        votes = simulate_votes(questions(2000, truth), [annotator], 1, seed)["label"]
        counts = votes.value_counts()
        assert within(int(counts.get("unsure", 0)), 2000, unsure)
        decided = 2000 - int(counts.get("unsure", 0))
        assert within(int(counts.get(truth, 0)), decided, skill)


@given(st.floats(0.55, 1), st.floats(0.55, 1), st.floats(0, 1), st.integers(0, 2**32))
@settings(max_examples=30)
def test_difficulty_draws_skill_towards_guessing(
    sensitivity: float, specificity: float, difficulty: float, seed: int
) -> None:
    annotator = Annotator("ada", sensitivity, specificity, 0.0)
    for truth, skill in (("yes", sensitivity), ("no", specificity)):
        votes = simulate_votes(questions(2000, truth, difficulty), [annotator], 1, seed)["label"]
        assert within(int((votes == truth).sum()), 2000, skill + (0.5 - skill) * difficulty)


def test_one_answer_follows_the_same_law() -> None:
    rng = np.random.default_rng(1)
    annotator = Annotator("ada", 0.8, 0.6, 0.1)
    votes = Counter(answer(annotator, "no", 0.0, rng) for _ in range(3000))
    assert within(votes["unsure"], 3000, 0.1)
    assert within(votes["no"], votes["no"] + votes["yes"], 0.6)


def test_ambiguous_pictures_split_an_expert() -> None:
    expert = Annotator("ada", 0.98, 0.98, 0.02)
    votes = simulate_votes(questions(3000, "ambiguous", 0.9), [expert], 1, 4)["label"].value_counts()
    assert within(int(votes["unsure"]), 3000, 0.08)
    assert within(int(votes["yes"]), int(votes["yes"] + votes["no"]), 0.5)


@pytest.mark.parametrize("truth", ["yes", "no", "ambiguous"])
@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_an_always_yes_spammer_always_says_yes(truth: str, difficulty: float) -> None:
    spammer = next(a for a in make_crowd(10, 0, spammers=1) if a.kind == "always-yes")
    votes = simulate_votes(questions(200, truth, difficulty), [spammer], 1, 0)
    assert set(votes["label"]) == {"yes"}


# ---- the crowd -----------------------------------------------------------------------------------


def test_a_crowd_is_the_same_for_the_same_seed() -> None:
    assert make_crowd(12, 5, spammers=2) == make_crowd(12, 5, spammers=2)
    assert make_crowd(12, 5) != make_crowd(12, 6)


@given(st.integers(1, 60), st.integers(0, 1000), st.data())
def test_a_crowd_has_what_was_asked_for(n: int, seed: int, data: st.DataObject) -> None:
    spammers = data.draw(st.integers(0, n))
    crowd = make_crowd(n, seed, spammers=spammers)
    assert len({a.name for a in crowd}) == n
    kinds = Counter(a.kind for a in crowd)
    assert kinds["always-yes"] + kinds["random"] + kinds["always-no"] == spammers
    assert not any(a.kind.split("-")[0] in a.name for a in crowd)


def test_skills_differ_by_kind() -> None:
    crowd = make_crowd(40, 3, spammers=3)
    mean = {
        kind: np.mean([(a.sensitivity + a.specificity) / 2 for a in crowd if a.kind == kind])
        for kind in ("expert", "average", "sloppy", "random")
    }
    assert mean["expert"] > 0.96 > mean["average"] > 0.86 > mean["sloppy"] > 0.66 > mean["random"] == 0.5
    times = {kind: np.mean([a.speed for a in crowd if a.kind == kind]) for kind in ("expert", "always-yes")}
    assert times["always-yes"] < 0.5 * times["expert"]


@pytest.mark.parametrize(
    ("n", "spammers", "message"), [(0, 0, "crowd of 0"), (3, 4, "4 spammers"), (3, -1, "-1")]
)
def test_impossible_crowds_are_refused(n: int, spammers: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_crowd(n, 0, spammers=spammers)


# ---- the votes -----------------------------------------------------------------------------------


def test_each_question_goes_to_different_annotators() -> None:
    asked = questions(300)
    votes = simulate_votes(asked, make_crowd(9, 0), 4, 1)
    assert list(votes.columns) == ["task", "worker", "label", "active_ms"]
    assert votes["task"].tolist() == [q for q in asked["question"] for _ in range(4)]
    assert not votes.duplicated(["task", "worker"]).any()
    load = votes["worker"].value_counts()
    assert load.min() > 0.7 * load.max()
    assert votes["active_ms"].min() >= 1


def test_the_same_seed_gives_the_same_votes() -> None:
    crowd = make_crowd(8, 0)
    pd.testing.assert_frame_equal(
        simulate_votes(questions(50), crowd, 5, 7), simulate_votes(questions(50), crowd, 5, 7)
    )
    assert not simulate_votes(questions(50), crowd, 5, 7).equals(simulate_votes(questions(50), crowd, 5, 8))


def test_identifiers_are_kept_as_they_are() -> None:
    frame = questions(3)
    frame["question"] = ["001", "NA", "None"]
    assert simulate_votes(frame, make_crowd(2, 0, spammers=0), 1, 0)["task"].tolist() == ["001", "NA", "None"]


def test_no_questions_no_votes() -> None:
    votes = simulate_votes(questions(0), make_crowd(4, 0), 3, 0)
    assert votes.empty
    assert list(votes.columns) == ["task", "worker", "label", "active_ms"]


def test_active_time_grows_with_difficulty_and_is_in_milliseconds() -> None:
    annotator = Annotator("ada", 0.9, 0.9, 0.0, speed=2.0)
    plain = simulate_votes(questions(2000), [annotator], 1, 0)["active_ms"].median()
    hard = simulate_votes(questions(2000, "yes", 1.0), [annotator], 1, 0)["active_ms"].median()
    assert plain == pytest.approx(2000, rel=0.1)
    assert hard == pytest.approx(4000, rel=0.1)


@pytest.mark.parametrize("column", ["question", "truth", "difficulty"])
def test_a_missing_column_is_named(column: str) -> None:
    with pytest.raises(MissingColumnError, match=column):
        simulate_votes(questions(2).drop(columns=column), make_crowd(3, 0), 1, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"truth": "maybe"}, "maybe"),
        ({"truth": None}, "None"),
        ({"difficulty": 1.5}, "1.5"),
        ({"difficulty": float("nan")}, "nan"),
        ({"difficulty": "hard"}, "hard"),
    ],
)
def test_values_that_cannot_be_used_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate_votes(questions(2).assign(**change), make_crowd(3, 0), 1, 0)


def test_more_votes_than_annotators_are_refused() -> None:
    with pytest.raises(InputError, match="5 votes a question cannot come from 4"):
        simulate_votes(questions(2), make_crowd(4, 0), 5, 0)


def test_two_annotators_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="'ada'"):
        simulate_votes(questions(2), [Annotator("ada", 1, 1)] * 2, 1, 0)


@pytest.mark.parametrize(("values", "field"), [((1.1, 0.5), "sensitivity"), ((0.5, -0.1), "specificity")])
def test_a_skill_outside_its_range_is_refused(values: tuple[float, float], field: str) -> None:
    with pytest.raises(InputError, match=field):
        Annotator("ada", *values)
    with pytest.raises(InputError, match="speed"):
        Annotator("ada", 0.5, 0.5, speed=0)


def test_one_answer_checks_its_arguments() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="perhaps"):
        answer(Annotator("ada", 0.9, 0.9), "perhaps", 0.0, rng)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="difficulty"):
        answer(Annotator("ada", 0.9, 0.9), "yes", 2.0, rng)
