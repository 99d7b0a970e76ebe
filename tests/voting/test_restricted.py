"""Dawid-Skene over very many classes: only what somebody named can be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synsetlab.errors import InputError
from synsetlab.voting import DawidSkene, MajorityVote, Votes, encode_votes
from synsetlab.voting.auto import Auto
from synsetlab.voting.restricted import RestrictedModel
from synsetlab.voting.scoring import score


def many_classes(seed: int, tasks: int, classes: int, workers: int) -> tuple[Votes, dict[int, int]]:
    """Five votes a task; most errors fall on one neighbour of the class."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    task = np.repeat(np.arange(tasks), 5)
    worker = np.concatenate([rng.choice(workers, 5, replace=False) for _ in range(tasks)])
    skill = rng.uniform(0.35, 0.9, workers)
    near = (truth[task] + 1) % classes
    wrong = np.where(rng.random(len(task)) < 0.7, near, rng.integers(0, classes, len(task)))
    label = np.where(rng.random(len(task)) < skill[worker], truth[task], wrong)
    names = [np.arange(size).astype(object) for size in (tasks, workers, classes)]
    return Votes(*names, classes, task, worker, label), dict(enumerate(truth.tolist()))


def by_hand(votes: Votes, rounds: int, gold: dict[int, int]) -> dict[tuple[int, int], float]:
    """The model as it is written, with loops."""
    rows = list(zip(votes.task.tolist(), votes.worker.tolist(), votes.answer.tolist(), strict=True))
    workers, classes, tasks = range(votes.n_workers), range(votes.n_classes), range(votes.n_tasks)
    named = {
        t: sorted({k for s, _, k in rows if s == t} | ({gold[t]} if t in gold else set())) for t in tasks
    }

    def hold(odds: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
        total = {t: sum(odds[t, k] for k in named[t]) for t in tasks}
        return {
            (t, k): float(k == gold[t]) if t in gold else odds[t, k] / total[t]
            for t in tasks
            for k in named[t]
        }

    q = hold({(t, k): float(sum(r[0] == t and r[2] == k for r in rows)) for t in tasks for k in named[t]})
    for _ in range(rounds):
        prior = {
            k: (sum(q.get((t, k), 0.0) for t in tasks) + 1) / (len(tasks) + len(classes)) for k in classes
        }
        hits = {
            (w, k): sum(q.get((t, k), 0.0) for t, v, x in rows if v == w and x == k)
            for w in workers
            for k in classes
        }
        cast = {
            (w, k): sum(q.get((t, k), 0.0) for t, v, _ in rows if v == w) for w in workers for k in classes
        }
        skill = {
            w: (sum(hits[w, k] for k in classes) + 16) / (sum(r[1] == w for r in rows) + 20) for w in workers
        }
        d = {(w, k): (hits[w, k] + 4 * skill[w]) / (cast[w, k] + 4) for w in workers for k in classes}
        slips = {
            (k, x): sum(q.get((t, k), 0.0) for t, _, m in rows if m == x)
            for k in classes
            for x in classes
            if k != x
        }
        even = 10 / (len(classes) - 1)
        c = {
            (k, x): (slips[k, x] + even) / (sum(slips[k, m] for m in classes if m != k) + 10)
            for k, x in slips
        }
        odds = {}
        for t in tasks:
            for k in named[t]:
                odds[t, k] = prior[k]
                for s, w, x in rows:
                    if s == t:
                        odds[t, k] *= d[w, k] if x == k else (1 - d[w, k]) * c[k, x]
        q = hold(odds)
    return q


@pytest.mark.parametrize("gold", [{}, {0: 3, 2: 1}])
def test_it_is_the_model_that_is_written_down(gold: dict[int, int]) -> None:
    votes, _ = many_classes(0, tasks=12, classes=5, workers=6)
    known = np.full(12, -1)
    known[list(gold)] = list(gold.values())
    expected = by_hand(votes, 4, gold)
    found = RestrictedModel(votes, known).fit(4, 0).todok()
    assert {place: value for place, value in expected.items() if value > 1e-12} == pytest.approx(
        {place: value for place, value in found.items() if value > 1e-12}, abs=1e-9
    )


def test_a_thousand_classes_beat_counting_and_take_the_small_way_by_themselves() -> None:
    votes, truth = many_classes(1, tasks=3000, classes=1000, workers=60)
    model = DawidSkene().fit(votes)
    assert model.converged_
    assert score(model, truth).accuracy > score(MajorityVote().fit(votes), truth).accuracy_ties_shared + 0.03
    assert model.class_skills_.shape == (60, 1000)
    with pytest.raises(InputError, match="no full confusion matrices"):
        _ = model.confusion_
    given = {(task, answer) for task, answer in zip(votes.task.tolist(), votes.answer.tolist(), strict=True)}
    assert set(zip(*np.nonzero(np.asarray(model.posterior_) > 1e-12), strict=True)) <= given
    np.testing.assert_allclose(np.asarray(model.posterior_).sum(axis=1), 1)


def test_auto_compares_many_classes_too() -> None:
    votes, truth = many_classes(2, tasks=600, classes=1000, workers=25)
    model = Auto().fit(votes)
    assert model.chosen_ in {"one-coin", "dawid-skene"}
    assert all(one.held_out_log_likelihood is not None for one in model.candidates_)
    assert score(model, truth).accuracy > score(MajorityVote().fit(votes), truth).accuracy_ties_shared


def test_few_classes_can_be_restricted_and_weights_and_blocks_change_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes, truth = many_classes(3, tasks=300, classes=6, workers=20)
    plain = DawidSkene(candidates="named").fit(votes)
    assert score(plain, truth).accuracy > 0.9
    monkeypatch.setattr("synsetlab.voting.restricted.BLOCK", 100)
    in_blocks = DawidSkene(candidates="named").fit(votes)
    np.testing.assert_array_equal(plain.posterior_, in_blocks.posterior_)
    frame = pd.DataFrame({"task": votes.task, "worker": votes.worker, "label": votes.answer, "weight": 1.0})
    weighed = DawidSkene(candidates="named").fit(encode_votes(frame, weight="weight"))
    np.testing.assert_allclose(weighed.posterior_, plain.posterior_, atol=1e-12)
    monkeypatch.setattr("synsetlab.voting.restricted.MAX_PAIRED_CLASSES", 1)
    even = DawidSkene(candidates="named").fit(votes)
    assert score(even, truth).accuracy > score(MajorityVote().fit(votes), truth).accuracy_ties_shared
    with pytest.raises(InputError, match="candidates='some'"):
        DawidSkene(candidates="some")  # type: ignore[arg-type]


def test_as_many_classes_as_votes_are_a_mistake() -> None:
    n = 70_000
    names = [np.arange(size).astype(object) for size in (n, 1000, n)]
    votes = Votes(*names, n, np.arange(n), np.arange(n) % 1000, np.arange(n))
    with pytest.raises(InputError, match="Check that the label column holds labels"):
        DawidSkene().fit(votes)
