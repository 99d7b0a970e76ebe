"""Known answers on real votes, a textbook reference, and what must never change a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting import METHODS, DawidSkene, MajorityVote, OneCoin, encode_votes, make_aggregator
from synsetlab.voting.base import DENSE_CELLS, Aggregator
from synsetlab.voting.files import read_table
from synsetlab.voting.scoring import score

if TYPE_CHECKING:
    from pathlib import Path

FEW_ROUNDS: dict[str, dict[str, Any]] = {
    "dawid-skene": {"max_iter": 5, "tol": 0},
    "one-coin": {"max_iter": 5, "tol": 0},
    "glad": {"max_iter": 3},
    "mace": {"max_iter": 5, "restarts": 2},
}
"""So that rounding cannot change where EM stops, and examples run fast."""


def quick(method: str) -> Aggregator:
    return make_aggregator(method, **FEW_ROUNDS.get(method, {}))


def real_votes(shared_data: Path, name: str) -> tuple[pd.DataFrame, dict[str, str]]:
    folder = shared_data / "votes" / name
    votes = read_table(folder / "answer.csv").rename(columns={"question": "task", "answer": "label"})
    truth = read_table(folder / "truth.csv")
    return votes, dict(zip(truth["question"], truth["truth"], strict=True))


def frame(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["task", "worker", "label"], dtype=str)


@st.composite
def vote_frames(draw: st.DrawFn) -> pd.DataFrame:
    """Up to six tasks and five workers, every worker at most once on a task, two or three classes."""
    classes = draw(st.sampled_from(["ab", "abc"]))
    pairs = st.tuples(st.integers(0, 5), st.integers(0, 4))
    chosen = draw(st.lists(pairs, min_size=2, max_size=25, unique=True))
    labels = draw(st.lists(st.sampled_from(classes), min_size=len(chosen), max_size=len(chosen)))
    rows = [(f"t{t}", f"w{w}", label) for (t, w), label in zip(chosen, labels, strict=True)]
    return frame(*rows)


# ---- known answers


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "method", "least", "most"),
    [
        ("bluebirds", "majority", 82 / 108, 82 / 108),
        ("bluebirds", "one-coin", 82 / 108 - 0.01, 1),
        ("bluebirds", "dawid-skene", 97 / 108, 1),
        ("bluebirds", "glad", 78 / 108, 1),
        ("bluebirds", "mace", 0.85, 1),
        ("dog", "majority", 639 / 807, 639 / 807),
        ("dog", "wawa", 0.825, 1),
        ("dog", "zbs", 0.825, 1),
        ("dog", "one-coin", 0.8222 - 0.01, 1),
        ("dog", "dawid-skene", 0.840, 1),
        ("dog", "glad", 0.830, 1),
        ("dog", "mace", 0.825, 1),
        ("dog", "mmsr", 0.825, 1),
    ],
)
def test_accuracy_on_real_votes(shared_data: Path, name: str, method: str, least: float, most: float) -> None:
    votes, truth = real_votes(shared_data, name)
    result = score(make_aggregator(method).fit(votes), truth)
    assert least - 1e-9 <= result.accuracy <= most + 1e-9


@pytest.mark.real_data
def test_tie_policies_on_dog_give_the_three_known_accuracies(shared_data: Path) -> None:
    votes, truth = real_votes(shared_data, "dog")
    abstain = score(MajorityVote().fit(votes), truth)
    first = score(MajorityVote(ties="first").fit(votes), truth)
    assert round(abstain.accuracy, 4) == 0.7918
    assert round(first.accuracy, 4) == 0.8178
    assert round(abstain.accuracy_ties_shared, 4) == 0.8222
    assert first.accuracy_ties_shared == abstain.accuracy_ties_shared


@pytest.mark.real_data
def test_an_estimated_class_prior_collapses_on_bluebirds_and_the_default_does_not(shared_data: Path) -> None:
    votes, truth = real_votes(shared_data, "bluebirds")
    estimated = OneCoin(class_prior="estimated", right=1, wrong=1).fit(votes)
    assert score(estimated, truth).accuracy < 0.6
    assert score(OneCoin().fit(votes), truth).accuracy >= 0.75


@pytest.mark.real_data
def test_half_of_the_truth_as_gold_is_kept_and_the_other_half_stays_above_majority(shared_data: Path) -> None:
    votes, truth = real_votes(shared_data, "bluebirds")
    tasks = sorted(truth)
    gold = {task: truth[task] for task in tasks[::2]}
    rest = {task: truth[task] for task in tasks[1::2]}
    model = DawidSkene().fit(votes, gold)
    assert score(model, gold).accuracy == 1
    assert score(model, rest).accuracy >= score(MajorityVote().fit(votes), rest).accuracy + 0.1


def textbook_dawid_skene(
    votes: pd.DataFrame, rounds: int, on: float, off: float
) -> dict[str, dict[str, float]]:
    """The algorithm as it is written on paper: dictionaries, loops, no logarithms."""
    rows = [tuple(row) for row in votes[["task", "worker", "label"]].itertuples(index=False)]
    tasks, workers, classes = ([*dict.fromkeys(column)] for column in zip(*rows, strict=True))
    belief: dict[str, dict[str, float]] = {t: dict.fromkeys(classes, 0.0) for t in tasks}
    for t, _, label in rows:
        belief[t][label] += 1 / sum(row[0] == t for row in rows)
    for _ in range(rounds):
        share = {c: sum(belief[t][c] for t in tasks) / len(tasks) for c in classes}
        error: dict[tuple[str, str], dict[str, float]] = {}
        for w in workers:
            for c in classes:
                count = {a: on if a == c else off for a in classes}
                for t, who, label in rows:
                    if who == w:
                        count[label] += belief[t][c]
                error[w, c] = {a: count[a] / sum(count.values()) for a in classes}
        for t in tasks:
            odds = {c: share[c] for c in classes}
            for where, w, label in rows:
                if where == t:
                    odds = {c: odds[c] * error[w, c][label] for c in classes}
            belief[t] = {c: odds[c] / sum(odds.values()) for c in classes}
    return belief


@given(vote_frames(), st.integers(1, 8))
@settings(max_examples=40)
def test_dawid_skene_equals_the_textbook(votes: pd.DataFrame, rounds: int) -> None:
    expected = textbook_dawid_skene(votes, rounds, 2.1, 0.1)
    found = DawidSkene(max_iter=rounds, tol=0).fit(votes).predict_proba()
    for task, row in expected.items():
        for label, value in row.items():
            assert found.loc[task, label] == pytest.approx(value, abs=1e-7)


# ---- what must never change a result


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames(), names=st.permutations(["w0", "w1", "w2", "w3", "w4"]))
@settings(max_examples=15)
def test_the_names_of_the_workers_change_nothing(method: str, votes: pd.DataFrame, names: list[str]) -> None:
    renamed = votes.assign(worker=votes["worker"].map(dict(zip(sorted(names), names, strict=True))))
    one = quick(method).fit(votes).predict_proba()
    other = quick(method).fit(renamed).predict_proba()

    np.testing.assert_allclose(other.loc[one.index, one.columns], one, atol=1e-9)


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames(), data=st.data())
@settings(max_examples=15)
def test_the_order_of_the_votes_changes_nothing(
    method: str, votes: pd.DataFrame, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(votes))))
    one = quick(method).fit(votes).predict_proba()
    other = quick(method).fit(votes.iloc[order]).predict_proba()

    np.testing.assert_allclose(other.loc[one.index, one.columns], one, atol=1e-9)


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames())
@settings(max_examples=15)
def test_the_names_of_the_classes_change_nothing(method: str, votes: pd.DataFrame) -> None:
    names = {"a": "z", "b": "y", "c": "x"}
    one = quick(method).fit(votes).predict_proba()
    renamed = votes.assign(label=votes["label"].map(names))
    other = quick(method).fit(renamed).predict_proba()
    back = other.rename(columns={new: old for old, new in names.items()})

    np.testing.assert_allclose(back.loc[one.index, one.columns], one, atol=1e-9)


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames())
@settings(max_examples=15)
def test_votes_that_arrive_twice_count_once(method: str, votes: pd.DataFrame) -> None:
    one = quick(method).fit(votes).predict_proba()
    twice = quick(method).fit(pd.concat([votes, votes], ignore_index=True)).predict_proba()
    pd.testing.assert_frame_equal(one, twice)


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames(), answer=st.sampled_from(["a", "b", "never voted for"]))
@settings(max_examples=15)
def test_gold_answers_are_kept(method: str, votes: pd.DataFrame, answer: str) -> None:
    task = votes["task"].iloc[0]
    model = quick(method).fit(votes, {task: answer})
    assert model.predict()[task] == answer
    assert model.predict_proba().loc[task, answer] == 1


@pytest.mark.parametrize("method", list(METHODS))
@given(votes=vote_frames())
@settings(max_examples=15)
def test_rows_are_probabilities_and_the_label_is_a_leader(method: str, votes: pd.DataFrame) -> None:
    model = quick(method).fit(votes)
    table = model.predict_proba()
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)
    for task, label in model.predict().items():
        leaders = table.columns[table.loc[task] >= table.loc[task].max() - 1e-9]
        assert label is None if len(leaders) > 1 else label == leaders[0]


# ---- choices


def test_ties_abstain_unless_told_otherwise() -> None:
    votes = frame(("t", "w1", "b"), ("t", "w2", "a"))
    assert MajorityVote().fit_predict(votes)["t"] is None
    assert MajorityVote(ties="first").fit_predict(votes)["t"] == "a"
    drawn = {MajorityVote(ties="random", seed=seed).fit_predict(votes)["t"] for seed in range(20)}
    assert drawn == {"a", "b"}
    again = [MajorityVote(ties="random", seed=3).fit_predict(votes)["t"] for _ in range(3)]
    assert len(set(again)) == 1


def test_an_answer_that_is_no_class_lowers_confidence_and_is_never_a_result() -> None:
    votes = frame(("t", "w1", "yes"), ("t", "w2", "unsure"), ("t", "w3", "unsure"), ("s", "w1", "no"))
    encoded = encode_votes(votes, not_classes=["unsure"])
    assert encoded.classes.tolist() == ["no", "yes"]
    majority = MajorityVote().fit(encoded)
    assert majority.predict()["t"] == "yes"
    assert majority.predict_proba().loc["t", "yes"] == pytest.approx(2 / 3)
    dawid_skene = DawidSkene().fit(encoded)
    assert dawid_skene.confusion_.shape == (3, 2, 3)
    np.testing.assert_allclose(dawid_skene.confusion_.sum(axis=2), 1)


@pytest.mark.parametrize("method", list(METHODS))
def test_a_task_with_nothing_but_unsure_stays_undecided(method: str) -> None:
    votes = frame(
        ("t", "w1", "unsure"), ("s", "w1", "no"), ("s", "w2", "no"), ("r", "w1", "yes"), ("r", "w2", "yes")
    )
    encoded = encode_votes(votes, not_classes=["unsure"])
    table = make_aggregator(method).fit(encoded).predict_proba()
    assert table.loc["t", "yes"] == pytest.approx(0.5, abs=1e-6)


def test_weights_act_like_that_many_workers_with_the_same_matrix() -> None:
    votes = frame(("t", "w1", "a"), ("t", "w2", "b"), ("t", "w3", "b")).assign(weight=["5", "1", "1"])
    weighted = MajorityVote().fit(encode_votes(votes, weight="weight"))
    assert weighted.predict()["t"] == "a"
    assert weighted.predict_proba().loc["t", "a"] == pytest.approx(5 / 7)


@pytest.mark.parametrize("method", list(METHODS))
def test_one_class_and_one_worker_have_an_answer(method: str) -> None:
    one_class = frame(("t", "w1", "a"), ("t", "w2", "a"), ("s", "w1", "a"))
    assert make_aggregator(method).fit_predict(one_class).tolist() == ["a", "a"]
    one_worker = frame(("t", "w", "a"), ("s", "w", "b"), ("r", "w", "a"))
    assert make_aggregator(method).fit_predict(one_worker).tolist() == ["a", "b", "a"]


def wide_votes() -> pd.DataFrame:
    """So many classes that a dense table would not fit: 3 votes a task, two of them alike."""
    n = 6000
    tasks = [f"t{i}" for i in range(n) for _ in range(3)]
    workers = [f"w{j}" for _ in range(n) for j in range(3)]
    labels = [label for i in range(n) for label in (f"c{i}", f"c{i}", f"other{i % 10}")]
    return pd.DataFrame({"task": tasks, "worker": workers, "label": labels})


@pytest.mark.parametrize("method", list(METHODS))
def test_very_many_classes_are_counted_without_a_dense_table(method: str) -> None:
    votes = wide_votes()
    assert votes["task"].nunique() * votes["label"].nunique() > DENSE_CELLS
    options = {"restarts": 1, "max_iter": 5} if method == "mace" else {}
    model = make_aggregator(method, **options).fit(votes)
    labels = model.predict()
    assert (labels == "c" + labels.index.str[1:]).all()
    with pytest.raises(InputError, match="too many for a table"):
        model.predict_proba()


@given(vote_frames())
@settings(max_examples=25)
def test_sparse_and_dense_tables_give_the_same_one_coin_posteriors(votes: pd.DataFrame) -> None:
    dense = OneCoin(max_iter=4, tol=0).fit(votes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synsetlab.voting.base.DENSE_CELLS", 0)
        thin = OneCoin(max_iter=4, tol=0).fit(votes)
    table = np.asarray(dense.posterior_)
    held = thin.posterior_.tocoo()
    # The start differs by nothing: shares of classes that nobody named are zero either way.
    np.testing.assert_allclose(held.data, table[held.row, held.col], atol=1e-12)


def test_a_sparse_table_takes_tasks_that_name_no_class() -> None:
    rows = [("t", "w", "a"), ("t", "v", "a"), ("t", "u", "b"), ("s", "w", "unsure"), ("r", "v", "b")]
    votes = encode_votes(frame(*rows, ("q", "u", "unsure")), not_classes=["unsure"])
    dense = np.asarray(OneCoin().fit(votes).posterior_)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("synsetlab.voting.base.DENSE_CELLS", 0)
        thin = OneCoin().fit(votes)
        assert thin.predict().tolist() == ["a", None, "b", None]
    held = thin.posterior_.tocoo()  # classes that nobody named are not held
    np.testing.assert_allclose(held.data, dense[held.row, held.col], atol=1e-9)


def test_earlier_work_must_fit_the_votes() -> None:
    votes = encode_votes(frame(("t", "w", "a"), ("s", "w", "b")))
    told = DawidSkene(earlier=np.array([[[1, 99], [99, 1]]])).fit(votes)
    assert told.predict().tolist() != ["a", "b"], "who always says the contrary is turned round"
    for wrong in (np.ones((2, 2, 2)), -np.ones((1, 2, 2))):
        with pytest.raises(InputError, match="do not fit 1 workers, 2 classes and 2 answers"):
            DawidSkene(earlier=wrong).fit(votes)
    with pytest.raises(InputError, match="cannot be combined"):
        DawidSkene(earlier=np.ones((1, 2, 2)), shrink=4)


def test_unknown_methods_options_and_tie_policies_are_refused() -> None:
    with pytest.raises(InputError, match="no method 'mean'"):
        make_aggregator("mean")
    with pytest.raises(InputError, match="restarts"):
        make_aggregator("majority", restarts=3)
    with pytest.raises(InputError, match="abstain, first, random"):
        MajorityVote(ties="coin")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="fit"):
        MajorityVote().predict()
    for wrong in ({"on_diagonal": -1}, {"off_diagonal": -0.1}):
        with pytest.raises(InputError, match="negative"):
            DawidSkene(**wrong)  # type: ignore[arg-type]
