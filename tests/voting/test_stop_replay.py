"""Replays: nothing but the past is used, nothing is judged that is closed, and every policy can be played."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting import encode_votes
from synsetlab.voting.encoding import Votes
from synsetlab.voting.online_crowd import Crowd, average, worker_weights
from synsetlab.voting.policy import FixedPolicy, KOfNPolicy, LeaderPolicy, QuorumPolicy, SprtPolicy, Tally
from synsetlab.voting.replay import Replay, first_answers, replay_leader
from synsetlab.voting.replay_counts import replay_counts, replay_sprt, replay_table, yes_class

QUICK = LeaderPolicy(resamples=10, refits=6, rounds=3)


def crowd(
    *,
    tasks: int = 60,
    workers: int = 12,
    classes: int = 2,
    skill: float = 0.8,
    seed: int = 0,
    order: str = "task",
) -> tuple[Votes, Any]:
    """Everyone votes on everything, right with one probability; and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    task = np.repeat(np.arange(tasks), workers)
    worker = np.tile(np.arange(workers), tasks)
    wrong = (truth[task] + rng.integers(1, classes, len(task))) % classes
    answer = np.where(rng.random(len(task)) < skill, truth[task], wrong)
    if order == "worker":
        by = np.lexsort((task, worker))
        task, worker, answer = task[by], worker[by], answer[by]
    names = [
        np.array([f"{kind}{n}" for n in range(size)], dtype=object)
        for kind, size in (("t", tasks), ("w", workers))
    ]
    labels = np.array([str(code) for code in range(classes)], dtype=object)
    return Votes(names[0], names[1], labels, classes, task, worker, answer), truth


def played(kind: str, votes: Votes) -> Replay:
    if kind == "leader":
        return replay_leader(votes, QUICK)
    if kind == "sprt":
        return replay_sprt(votes, SprtPolicy(max_votes=None), refits=6)
    if kind == "table":
        return replay_table(votes)
    return replay_counts(votes, FixedPolicy(votes=5, min_confidence="3/5"))


@pytest.mark.parametrize("order", ["task", "worker"])
@pytest.mark.parametrize("kind", ["leader", "sprt", "table", "fixed"])
def test_later_votes_change_nothing_before(kind: str, order: str) -> None:
    votes, _ = crowd(order=order)
    whole = played(kind, votes)
    for cut in (200, 450, 650):
        rng = np.random.default_rng(cut)
        later = np.concatenate([np.arange(cut), cut + rng.permutation(len(votes) - cut)])
        flipped = votes.answer.copy()
        flipped[cut:] = 1 - flipped[cut:]
        for other in (
            replace(votes, task=votes.task[later], worker=votes.worker[later], answer=votes.answer[later]),
            replace(votes, answer=flipped),
        ):
            try:
                again = played(kind, other)
            except InputError:
                assert kind == "table"  # the pilot may not be complete any more: then there is no replay
                continue
            assert (again.bought[:cut] == whole.bought[:cut]).all()


def test_a_log_that_ends_early_begins_alike() -> None:
    votes, _ = crowd(order="worker")
    whole = replay_leader(votes, QUICK)
    part = replace(votes, task=votes.task[:400], worker=votes.worker[:400], answer=votes.answer[:400])
    begun = replay_leader(part, QUICK, planned=len(votes))
    assert (begun.bought == whole.bought[:400]).all()


def test_closed_tasks_are_not_asked_about() -> None:
    votes, truth = crowd(workers=20, skill=0.95)
    replay = replay_leader(votes, QUICK)
    cast = np.bincount(votes.task[replay.bought], minlength=60)
    assert (cast[:3] == 20).all()  # the warm-up
    assert cast[3:].mean() < 7
    assert cast.min() >= QUICK.min_votes
    assert (replay.label == truth).mean() > 0.95
    assert replay.stopped.mean() > 0.9
    first = [np.flatnonzero(votes.task == task)[: cast[task]] for task in range(3, 60)]
    assert all(replay.bought[places].all() for places in first)  # in one go, without gaps


def test_an_unsure_crowd_is_not_believed() -> None:
    votes, _ = crowd(skill=0.5, workers=6, seed=3)
    replay = replay_leader(votes, replace(QUICK, max_votes=5))
    assert replay.stopped.sum() >= 50  # some were decided, and doubted when no votes were left
    assert (replay.label == -1).mean() > 0.5
    assert np.bincount(votes.task[replay.bought]).max() == 6  # of the warm-up
    assert replay.posterior.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_any_number_of_classes_can_be_played(classes: int) -> None:
    votes, truth = crowd(classes=classes, skill=0.75, workers=10, tasks=80)
    replay = replay_leader(votes, QUICK)
    assert (replay.posterior.argmax(axis=1) == truth).mean() > 0.9
    assert replay.bought.mean() < 0.9
    fixed = replay_counts(votes, FixedPolicy())
    assert set(np.bincount(votes.task[fixed.bought])) <= {2, 3}
    unanimous = fixed.label >= 0
    assert (fixed.label == truth)[unanimous].mean() > 0.9


def test_the_same_seed_gives_the_same_replay_and_votes_in_a_block_do_not_depend_on_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    votes, _ = crowd(order="worker", workers=16)
    one = replay_leader(votes, QUICK)
    monkeypatch.setattr("synsetlab.voting.replay.BLOCK_CELLS", 100)
    many = replay_leader(votes, QUICK)
    assert (one.bought == many.bought).all()
    assert one.posterior == pytest.approx(many.posterior, abs=1e-6)


def test_counting_policies_stop_where_their_decisions_say() -> None:
    votes, _ = crowd(tasks=40, workers=7, skill=0.7, seed=4)
    for policy, most in ((QuorumPolicy(2, 3), 4), (KOfNPolicy(2, 3), 3), (FixedPolicy(votes=5), 5)):
        replay = replay_counts(votes, policy)
        for task in range(40):
            places = np.flatnonzero(votes.task == task)
            answers = votes.answer[places]
            used = int(replay.bought[places].sum())
            assert used <= most
            tally = Tally(int(answers[:used].sum()), int((1 - answers[:used]).sum()))
            assert policy.decide(tally).outcome not in {"more-votes"}
            before = Tally(int(answers[: used - 1].sum()), int((1 - answers[: used - 1]).sum()))
            assert policy.decide(before).outcome == "more-votes"


def test_the_table_learns_from_the_first_tasks_only() -> None:
    votes, truth = crowd(tasks=120, workers=14, skill=0.85)
    replay = replay_table(votes)
    cast = np.bincount(votes.task[replay.bought])
    assert (cast[:50] == 10).all()
    assert cast[50:].max() <= 10
    assert cast[50:].mean() < 5
    assert (replay.label == truth)[replay.label >= 0].mean() > 0.95
    experts = replay_table(votes, gold={f"t{task}": str(truth[task]) for task in range(50)})
    assert experts.policy.policy_hash != replay.policy.policy_hash


def test_first_answers_are_kept_where_a_worker_answers_twice() -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "task": ["a", "a", "a", "b", "a"],
            "worker": ["u", "v", "u", "u", ""],
            "label": ["yes", "no", "no", "no", "yes"],
        }
    )
    votes = first_answers(encode_votes(frame, repeats="all"))
    assert [votes.answers[code] for code in votes.answer] == ["yes", "no", "no", "yes"]
    assert first_answers(votes) is votes


def test_policies_for_two_classes_refuse_more() -> None:
    votes, _ = crowd(classes=3)
    for play in (
        replay_table,
        lambda v: replay_sprt(v, SprtPolicy()),
        lambda v: replay_counts(v, QuorumPolicy()),
    ):
        with pytest.raises(InputError, match="3 classes"):
            play(votes)
    few, _ = crowd(workers=9)
    with pytest.raises(InputError, match="pilot is too small: 50 of its 50 tasks"):
        replay_table(few)
    same = replace(few, answers=few.answers[:1], n_classes=1, answer=np.zeros_like(few.answer))
    with pytest.raises(InputError, match="nothing to decide"):
        replay_leader(same, QUICK)
    with pytest.raises(InputError, match="'0' only"):
        replay_table(same)


def test_yes_is_found_by_its_word() -> None:
    votes, _ = crowd()
    assert yes_class(votes) == 1
    assert yes_class(votes, "0") == 0
    named = replace(votes, answers=np.array(["YES", "no"], dtype=object))
    assert yes_class(named) == 0
    assert yes_class(replace(votes, answers=np.array(["cat", "dog"], dtype=object))) == 1
    with pytest.raises(InputError, match="no class 'maybe'"):
        yes_class(votes, "maybe")


def test_answers_that_are_no_class_are_evidence_only() -> None:
    votes, truth = crowd(workers=10)
    rng = np.random.default_rng(0)
    answer = np.where(rng.random(len(votes)) < 0.2, 2, votes.answer)
    unsure = replace(votes, answers=np.array(["0", "1", "unsure"], dtype=object), answer=answer)
    replay = replay_leader(unsure, QUICK)
    assert replay.posterior.shape == (60, 2)
    assert (replay.posterior.argmax(axis=1) == truth).mean() > 0.9
    assert replay_counts(unsure, FixedPolicy()).label.max() <= 1


def test_profiles_of_earlier_work_tell_good_workers_from_bad() -> None:
    rng = np.random.default_rng(1)
    votes, truth = crowd(tasks=60, workers=12, order="worker")
    right = np.where(np.arange(12) < 8, 0.5, 0.95)[votes.worker]  # eight guess, and they come first
    answer = np.where(rng.random(len(votes)) < right, truth[votes.task], 1 - truth[votes.task])
    votes = replace(votes, answer=answer)
    known = np.array([[[90, 10], [10, 90]] if worker >= 8 else [[50, 50], [50, 50]] for worker in range(12)])
    plain = replay_leader(votes, QUICK)
    told = replay_leader(votes, QUICK, prior_counts=known.astype(float))
    found = [(replay.posterior.argmax(axis=1) == truth).mean() for replay in (plain, told)]
    assert found[1] > 0.95
    assert found[1] > found[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4))
def test_an_agreeing_vote_never_lowers_the_confidence(seed: int, classes: int) -> None:
    """At fixed parameters, whatever the weights, for a worker who is better than chance in every fit."""
    votes, _ = crowd(tasks=12, workers=6, classes=classes, skill=0.7, seed=seed)
    weights = worker_weights(6, 9, 1.0, seed)
    fit = Crowd(votes, weights, 2).fit(votes.task, votes.worker, votes.answer)
    logit, evidence = fit.logit.astype(float), fit.evidence.astype(float)
    before = average(logit)
    for worker in range(6):
        for said in range(classes):
            gain = evidence[:, worker, said]
            if (gain[said] >= np.delete(gain, said, axis=0).max(axis=0)).all():
                after = average(logit + gain[:, None])
                assert (after[said] >= before[said] - 1e-12).all()


def test_weights_of_a_worker_do_not_depend_on_who_comes_later() -> None:
    assert (worker_weights(5, 7, 1.5, 3) == worker_weights(9, 7, 1.5, 3)[:5]).all()
    assert worker_weights(4000, 3, 2.0, 0).mean() == pytest.approx(1, abs=0.05)


def test_one_unweighted_fit_is_dawid_skene() -> None:
    from synsetlab.voting import DawidSkene

    votes, _ = crowd(tasks=400, skill=0.7, seed=8)
    fit = Crowd(votes, np.ones((votes.n_workers, 1)), 300).fit(votes.task, votes.worker, votes.answer)
    model = np.asarray(DawidSkene(tol=0, max_iter=360).fit(votes).posterior_)
    away = np.abs(fit.posterior(slice(None)).T - model)  # the class shares are smoothed here
    assert away.max() < 0.02


def test_far_too_many_classes_are_refused() -> None:
    many = 20_000
    votes = Votes(
        np.arange(many).astype(object),
        np.array(["w"], dtype=object),
        np.arange(many).astype(object),
        many,
        np.arange(many),
        np.zeros(many, dtype=np.intp),
        np.arange(many),
    )
    with pytest.raises(InputError, match="too many"):
        replay_leader(votes, LeaderPolicy())
