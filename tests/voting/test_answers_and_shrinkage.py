"""Answers that are no class carry evidence; matrices of workers who do not differ become one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synsetlab.errors import InputError
from synsetlab.voting import METHODS, DawidSkene, MajorityVote, encode_votes, make_aggregator
from synsetlab.voting.scoring import score


def three_answers(seed: int, tasks: int = 1200, raters: int = 40) -> tuple[pd.DataFrame, dict[str, str]]:
    """Five of the raters say yes, maybe or no; "maybe" is commoner on pictures that show the synset."""
    rng = np.random.default_rng(seed)
    yes = rng.random(tasks) < 0.25
    keen, strict = rng.dirichlet([5, 4, 1.5], raters), rng.dirichlet([0.4, 1.2, 8], raters)
    rows = [
        (
            f"t{task}",
            f"w{rater}",
            str(rng.choice(["yes", "maybe", "no"], p=(keen if yes[task] else strict)[rater])),
        )
        for task in range(tasks)
        for rater in rng.choice(raters, 5, replace=False)
    ]
    truth = {f"t{task}": "yes" if yes[task] else "no" for task in range(tasks)}
    return pd.DataFrame(rows, columns=["task", "worker", "label"]), truth


@pytest.mark.parametrize("seed", [0, 1])
def test_two_classes_with_three_answers_beat_counting_and_a_third_class(seed: int) -> None:
    votes, truth = three_answers(seed)
    encoded = encode_votes(votes, not_classes=["maybe"])
    two = score(DawidSkene().fit(encoded), truth).accuracy
    three = score(DawidSkene().fit(votes), truth).accuracy
    counted = score(MajorityVote().fit(encoded), truth).accuracy_ties_shared
    assert two > counted + 0.02
    assert two > three + 0.02
    auto = make_aggregator("auto").fit(encoded)
    assert score(auto, truth).accuracy >= two - 0.005


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_takes_an_answer_that_is_no_class(method: str) -> None:
    votes, truth = three_answers(2, tasks=150)
    model = make_aggregator(method).fit(encode_votes(votes, not_classes=["maybe"]))
    assert model.predict_proba().columns.tolist() == ["no", "yes"]
    np.testing.assert_allclose(model.predict_proba().sum(axis=1), 1)
    assert score(model, truth).accuracy_ties_shared > 0.8


def one_matrix(seed: int, tasks: int = 1500) -> tuple[pd.DataFrame, dict[str, str]]:
    """Three votes a task over six classes; who votes says nothing, but some classes are confused."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 6, tasks)
    table = np.full((6, 6), 0.03)
    np.fill_diagonal(table, 0.6)
    table[0, 1] = table[2, 3] = table[4, 5] = 0.28
    table /= table.sum(axis=1, keepdims=True)
    rows = [
        (f"t{task}", f"w{worker}", f"c{rng.choice(6, p=table[label])}")
        for task, label in enumerate(truth)
        for worker in rng.choice(300, 3, replace=False)
    ]
    answers = {f"t{task}": f"c{label}" for task, label in enumerate(truth)}
    return pd.DataFrame(rows, columns=["task", "worker", "label"]), answers


def test_ids_without_signal_do_no_harm() -> None:
    votes, truth = one_matrix(0)
    shrunk = DawidSkene(shrink="fit").fit(votes)
    assert shrunk.strength_ is not None
    assert shrunk.strength_ > 100
    plain = score(DawidSkene().fit(votes), truth).accuracy
    counted = score(MajorityVote().fit(votes), truth).accuracy_ties_shared
    assert score(shrunk, truth).accuracy >= max(plain, counted) + 0.01
    spread = np.abs(shrunk.confusion_ - shrunk.pooled_confusion_).max()
    assert spread < 0.1
    np.testing.assert_allclose(shrunk.confusion_.sum(axis=2), 1)


def test_workers_who_differ_keep_their_matrices() -> None:
    rng = np.random.default_rng(1)
    skill = np.linspace(0.35, 0.98, 12)
    rows = [
        (f"t{task}", f"w{worker}", "ab"[(task + (rng.random() > skill[worker])) % 2])
        for task in range(400)
        for worker in rng.choice(12, 6, replace=False)
    ]
    votes = pd.DataFrame(rows, columns=["task", "worker", "label"])
    model = DawidSkene(shrink="fit").fit(votes)
    assert model.strength_ is not None
    assert model.strength_ < 20
    order = [model.votes_.workers.tolist().index(f"w{worker}") for worker in range(12)]
    found = model.confusion_.diagonal(axis1=1, axis2=2).mean(axis=1)[order]
    np.testing.assert_allclose(found, skill, atol=0.13)
    fixed = DawidSkene(shrink=1e6).fit(votes)
    assert fixed.strength_ == 1e6
    np.testing.assert_allclose(fixed.confusion_, np.broadcast_to(fixed.confusion_[0], (12, 2, 2)), atol=1e-3)
    assert DawidSkene().fit(votes).strength_ is None


@pytest.mark.parametrize("wrong", [0, -1.0, "much"])
def test_strange_strengths_are_refused(wrong: object) -> None:
    with pytest.raises(InputError, match="shrink"):
        DawidSkene(shrink=wrong)  # type: ignore[arg-type]
