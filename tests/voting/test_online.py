"""Posteriors of many open tasks, vote by vote, equal to the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting import DawidSkene, OneCoin, OnlinePosterior, encode_votes

ROWS = [
    (f"t{task}", f"w{worker}", "abc"[(task + (worker * task) % 3 // 2) % 3])
    for task in range(30)
    for worker in range(4)
]
VOTES = pd.DataFrame(ROWS, columns=["task", "worker", "label"])
MODELS = [DawidSkene().fit(VOTES), OneCoin().fit(VOTES), DawidSkene(shrink="fit").fit(VOTES)]

streams = st.lists(
    st.tuples(
        st.integers(0, 4).map("q{}".format),
        st.sampled_from(["w0", "w1", "w3", "new"]),
        st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize("model", MODELS)
@given(stream=streams)
@settings(max_examples=12)
def test_votes_one_by_one_equal_the_batch(
    model: DawidSkene | OneCoin, stream: list[tuple[str, str, str]]
) -> None:
    online = OnlinePosterior.from_model(model)
    last = {task: online.update(task, worker, label) for task, worker, label in stream}
    batch = online.batch(pd.DataFrame(stream, columns=["task", "worker", "label"]))
    found = online.predict_proba()
    np.testing.assert_allclose(found.loc[batch.index], batch, atol=1e-12, rtol=0)
    for task, row in last.items():
        np.testing.assert_allclose(row, batch.loc[task], atol=1e-12, rtol=0)
        np.testing.assert_allclose(online.probabilities(task), row)


@given(stream=streams, worker=st.sampled_from(["w0", "w1", "w2", "w3"]))
@settings(max_examples=12)
def test_an_agreeing_vote_of_someone_better_than_chance_never_lowers_confidence(
    stream: list[tuple[str, str, str]], worker: str
) -> None:
    online = OnlinePosterior.from_model(MODELS[1])
    for _, who, label in stream:
        online.update("t", who, label)
    before = online.probabilities("t")
    leader = int(np.argmax(before))
    assert online.update("t", worker, "abc"[leader])[leader] >= before[leader] - 1e-12


def test_it_continues_where_the_fit_ended() -> None:
    model = DawidSkene(max_iter=500, tol=1e-13).fit(VOTES)
    batch = OnlinePosterior.from_model(model).batch(VOTES)
    np.testing.assert_allclose(batch, model.predict_proba(), atol=1e-9)


def test_room_grows_is_given_back_and_votes_can_be_taken_back() -> None:
    online = OnlinePosterior.from_model(MODELS[0])
    for task in range(3000):
        online.update(task, "w0", "a")
    assert len(online) == 3000
    kept = online.probabilities(2999)
    online.forget(range(2000))
    online.forget(["never seen"])
    assert len(online) == 1000
    for task in range(5000, 7000):
        online.update(task, "w1", "b")
    np.testing.assert_array_equal(online.probabilities(2999), kept)
    prior = online.probabilities("not open")
    online.update("t", "w1", "c")
    np.testing.assert_allclose(online.retract("t", "w1", "c"), prior, atol=1e-12)
    assert online.predict_proba().shape == (3001, 3)


def test_unsure_is_an_answer_and_strangers_and_strange_tables_are_refused() -> None:
    unsure = pd.concat([VOTES, pd.DataFrame({"task": ["t0"], "worker": ["w9"], "label": ["unsure"]})])
    model = DawidSkene().fit(encode_votes(unsure, not_classes=["unsure"]))
    online = OnlinePosterior.from_model(model)
    assert online.update("q", "w0", "unsure").shape == (3,)
    with pytest.raises(InputError, match="'d'"):
        online.update("q", "w0", "d")
    with pytest.raises(InputError, match="no votes yet"):
        OnlinePosterior.from_model(OneCoin())
    with pytest.raises(InputError, match="no votes yet"):
        OnlinePosterior.from_model(DawidSkene())
    half = np.full((1, 2, 2), 0.5)
    tables: dict[str, Any] = {"answers": ["a", "b"], "confusion": half, "pooled": half[0], "workers": ["w"]}
    with pytest.raises(InputError, match="do not fit"):
        OnlinePosterior(classes=["a"], class_prior=np.ones(1), **tables)
    with pytest.raises(InputError, match="positive"):
        OnlinePosterior(classes=["a", "b"], class_prior=np.array([0.0, 1.0]), **tables)
