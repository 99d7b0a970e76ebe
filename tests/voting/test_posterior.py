"""The posterior of yes, vote by vote and in a batch."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting import AnswerModel, DawidSkene, YesPosterior, encode_votes
from synsetlab.voting.posterior import symmetric_posterior

ANSWERS = ("yes", "no", "unsure")


def table(yes: tuple[float, float, float], no: tuple[float, float, float]) -> np.ndarray:
    return np.array([yes, no])


CAREFUL = table((0.85, 0.05, 0.1), (0.02, 0.9, 0.08))
TIMID = table((0.5, 0.1, 0.4), (0.1, 0.6, 0.3))
MODEL = AnswerModel(table((0.7, 0.2, 0.1), (0.2, 0.7, 0.1)), {"careful": CAREFUL, "timid": TIMID}, prior=0.3)
streams = st.lists(
    st.tuples(st.sampled_from(["careful", "timid", "new"]), st.sampled_from(ANSWERS)), max_size=30
)


@given(st.lists(streams, min_size=1, max_size=5))
def test_updates_equal_the_batch(questions: list[list[tuple[str, str]]]) -> None:
    rows, online = [], {}
    for number, stream in enumerate(questions):
        posterior = YesPosterior(MODEL)
        for annotator, answer in stream:
            posterior.update(annotator, answer)
            rows.append((f"q{number}", annotator, answer))
        if stream:
            online[f"q{number}"] = posterior.p_yes
    if not rows or all(answer == "unsure" for _, _, answer in rows):
        return
    votes = pd.DataFrame(rows, columns=["task", "worker", "label"])
    batch = MODEL.posterior(encode_votes(votes, repeats="all", not_classes=["unsure"]))
    assert batch.to_dict() == pytest.approx(online, abs=1e-12)


@given(streams, st.sampled_from(["careful", "timid", "new"]), st.sampled_from(ANSWERS))
def test_a_retracted_vote_leaves_no_trace(stream: list[tuple[str, str]], annotator: str, answer: str) -> None:
    posterior = YesPosterior(MODEL)
    for who, said in stream:
        posterior.update(who, said)
    before = posterior.log_odds
    posterior.update(annotator, answer)
    posterior.retract(annotator, answer)
    assert posterior.log_odds == pytest.approx(before, abs=1e-12)


@given(streams, st.sampled_from(["careful", "timid", "new"]))
def test_an_agreeing_vote_never_lowers_confidence(stream: list[tuple[str, str]], annotator: str) -> None:
    posterior = YesPosterior(MODEL)
    for who, said in stream:
        posterior.update(who, said)
    before = posterior.log_odds
    posterior.update(annotator, "yes" if before >= 0 else "no")
    assert abs(posterior.log_odds) >= abs(before)


def test_evidence_is_a_likelihood_ratio() -> None:
    assert MODEL.evidence("careful", "yes") == pytest.approx(math.log(0.85 / 0.02))
    assert MODEL.evidence("timid", "unsure") == pytest.approx(math.log(0.4 / 0.3))
    assert MODEL.evidence("nobody knows", "no") == pytest.approx(math.log(0.2 / 0.7))
    assert MODEL.evidence("careful", "skip") == 0
    with pytest.raises(InputError, match="'perhaps'"):
        MODEL.evidence("careful", "perhaps")
    up, down = MODEL.strongest
    assert up == pytest.approx(math.log(3.5)) == down


def test_the_published_examples_of_dynamic_overlap() -> None:
    classes = 3  # OK, BAD, 404
    assert symmetric_posterior(["OK", "OK"], [0.7, 0.9], classes)["OK"] == pytest.approx(0.9767, abs=5e-5)
    assert symmetric_posterior(["OK", "BAD"], [0.7, 0.9], classes)["BAD"] == pytest.approx(0.7606, abs=5e-5)
    three = symmetric_posterior(["OK", "BAD", "BAD"], [0.7, 0.9, 0.8], classes)
    assert three["BAD"] == pytest.approx(0.9621, abs=5e-5)
    unanimous = {
        0.7: [0.70, 0.845, 0.927, 0.967, 0.986],
        0.8: [0.80, 0.941, 0.985, 0.996],
        0.9: [0.90, 0.988, 0.999],
    }
    for accuracy, expected in unanimous.items():
        found = [
            symmetric_posterior(["yes"] * n, [accuracy] * n, 2)["yes"] for n in range(1, len(expected) + 1)
        ]
        assert found == pytest.approx(expected, abs=6e-4)
    with pytest.raises(InputError, match="do not fit"):
        symmetric_posterior(["a", "b"], [0.7], 3)
    with pytest.raises(InputError, match="between 0 and 1"):
        symmetric_posterior(["a"], [1.0], 3)


def crowd(seed: int, tasks: int = 400) -> tuple[pd.DataFrame, dict[str, str]]:
    """Votes of six annotators with known tables; "unsure" is commoner where the truth is no."""
    rng = np.random.default_rng(seed)
    tables = {f"good{i}": CAREFUL for i in range(3)} | {f"weak{i}": TIMID for i in range(3)}
    truth = {f"q{i}": str(rng.choice(["yes", "no"], p=[0.3, 0.7])) for i in range(tasks)}
    rows = [
        (task, name, str(rng.choice(ANSWERS, p=likelihood[0 if answer == "yes" else 1])))
        for task, answer in truth.items()
        for name, likelihood in tables.items()
    ]
    return pd.DataFrame(rows, columns=["task", "worker", "label"]), truth


def test_fitted_tables_find_who_is_careful_and_how_common_yes_is() -> None:
    votes, truth = crowd(seed=1)
    model = AnswerModel.fit(votes)
    assert model.prior == pytest.approx(0.3, abs=0.06)
    np.testing.assert_allclose(model.by_annotator["good0"], CAREFUL, atol=0.09)
    np.testing.assert_allclose(model.by_annotator["weak0"], TIMID, atol=0.12)
    p_yes = model.posterior(votes)
    right = np.mean([(p_yes[task] > 0.5) == (answer == "yes") for task, answer in truth.items()])
    assert right > 0.97


def test_fit_is_the_two_class_model_with_unsure_as_an_answer() -> None:
    votes, _ = crowd(seed=2, tasks=60)
    encoded = encode_votes(votes, not_classes=["unsure"])
    reference = DawidSkene(max_iter=300, tol=1e-12).fit(encoded)
    model = AnswerModel.fit(votes, max_iter=300, tol=1e-12)
    expected = reference.predict_proba()["yes"]
    pd.testing.assert_series_equal(
        model.posterior(votes), expected, check_names=False, check_dtype=False, atol=1e-6
    )


def test_skips_and_one_sided_votes_are_understood() -> None:
    votes = pd.DataFrame(
        [("q", "w", "yes"), ("q", "v", "skip"), ("r", "v", "yes")], columns=["task", "worker", "label"]
    )
    model = AnswerModel.fit(votes)
    assert model.posterior(votes)["q"] > 0.5
    with pytest.raises(InputError, match="'maybe'"):
        AnswerModel.fit(votes.assign(label="maybe"))


def test_unusable_tables_and_priors_are_refused() -> None:
    with pytest.raises(InputError, match="2 x 3"):
        AnswerModel(np.ones((2, 2)) / 2)
    with pytest.raises(InputError, match="sum to 1"):
        AnswerModel(np.ones((2, 3)))
    with pytest.raises(InputError, match="prior=1"):
        AnswerModel(CAREFUL, prior=1)
    with pytest.raises(InputError, match="accuracy=2"):
        AnswerModel.symmetric(2)
    with pytest.raises(InputError, match="prior=0"):
        YesPosterior(MODEL, prior=0)


def test_a_symmetric_model_gives_unsure_no_weight() -> None:
    model = AnswerModel.symmetric(0.8, unsure=0.2)
    posterior = YesPosterior(model)
    assert posterior.update(None, "unsure") == pytest.approx(0.5)
    assert posterior.update(None, "yes") == pytest.approx(0.8)
    assert posterior.update(None, "yes") == pytest.approx(16 / 17)
