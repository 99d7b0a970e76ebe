"""Which method is chosen, what is said about it, and whom to ask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.cli import main
from synsetlab.errors import InputError
from synsetlab.voting import DawidSkene, MajorityVote, encode_votes
from synsetlab.voting.auto import CANDIDATES, Auto, class_shares
from synsetlab.voting.files import read_table
from synsetlab.voting.gold import suggest_gold
from synsetlab.voting.heldout import deal_folds, held_out_scores, sample_tasks
from synsetlab.voting.latent_schools import LatentSchools
from synsetlab.voting.scoring import score

if TYPE_CHECKING:
    from pathlib import Path

Crowd = tuple[pd.DataFrame, dict[str, str]]


def draw(rng: np.random.Generator, kinds: np.ndarray, yes: np.ndarray, each: int) -> pd.DataFrame:
    """Yes/no votes of `each` workers a task; P(yes) by worker and kind of task."""
    rows = [
        (f"t{task}", f"w{worker}", "yes" if rng.random() < yes[worker, kind] else "no")
        for task, kind in enumerate(kinds)
        for worker in rng.choice(len(yes), each, replace=False)
    ]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


def biased_crowd(seed: int, tasks: int = 200) -> Crowd:
    """Workers whose errors depend on the class: what confusion matrices are for."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2, tasks)
    yes = np.stack([rng.uniform(0.2, 0.75, 25), rng.uniform(0.8, 0.97, 25)], axis=1)
    truth = {f"t{task}": ("no", "yes")[kind] for task, kind in enumerate(kinds)}
    return draw(rng, kinds, yes, 9), truth


def schools(seed: int, tasks: int = 200) -> Crowd:
    """Three kinds of tasks behind two answers: on the third, half of the workers say yes."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, tasks)
    yes = np.stack([np.full(30, 0.05), np.full(30, 0.95), np.repeat([0.03, 0.97], 15)], axis=1)
    truth = {f"t{task}": ("no", "yes", "no")[kind] for task, kind in enumerate(kinds)}
    return draw(rng, kinds, yes, 16), truth


@pytest.mark.parametrize("seed", [0, 1])
def test_confusion_matrices_are_chosen_where_they_predict_better(seed: int) -> None:
    votes, truth = biased_crowd(seed)
    model = Auto().fit(votes)
    assert model.chosen_ == "dawid-skene"
    assert "held-out" in model.why_
    assert model.candidates_[0].method == "dawid-skene"
    likelihoods = {one.method: one.held_out_log_likelihood for one in model.candidates_}
    assert set(likelihoods) == set(CANDIDATES)
    assert score(model, truth).accuracy > score(MajorityVote().fit(votes), truth).accuracy_ties_shared + 0.03
    np.testing.assert_allclose(model.posterior_, DawidSkene().fit(votes).posterior_)


def test_workers_without_differences_share_a_matrix() -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 400)
    votes = draw(rng, kinds, np.tile([0.05, 0.6], (100, 1)), 5)
    truth = {f"t{task}": ("no", "yes")[kind] for task, kind in enumerate(kinds)}
    model = Auto().fit(votes)
    assert model.chosen_ == "shrunk-dawid-skene"
    assert "shared by all workers" in model.why_
    right = {one: score(one().fit(votes), truth).accuracy_ties_shared for one in (MajorityVote, DawidSkene)}
    assert score(model, truth).accuracy > right[MajorityVote] + 0.05
    assert score(model, truth).accuracy >= right[DawidSkene] - 0.005


@pytest.mark.parametrize("seed", range(6))
def test_another_choice_is_never_far_from_dawid_skene_without_an_alarm(seed: int) -> None:
    rng = np.random.default_rng(seed)
    tasks, workers, classes = 80, 150, 5
    truth = rng.integers(0, classes, tasks)
    spam = rng.random(workers) < 0.4
    habit = rng.dirichlet(np.ones(classes), workers)
    rows = [
        (f"t{task}", f"w{worker}", str(label))
        for task in range(tasks)
        for worker in rng.choice(workers, 3, replace=False)
        for label in [
            rng.choice(classes, p=habit[worker]) if spam[worker] or rng.random() > 0.6 else truth[task]
        ]
    ]
    votes = pd.DataFrame(rows, columns=["task", "worker", "label"])
    model = Auto().fit(votes)
    plain = DawidSkene().fit(votes)
    apart = float((model.predict() != plain.predict()).mean())
    assert model.alarms_ or model.chosen_ == "dawid-skene" or apart <= 0.05


def test_a_shared_matrix_that_empties_a_class_is_not_believed() -> None:
    rng = np.random.default_rng(3)
    kinds = (rng.random(120) < 0.12).astype(int)
    votes = draw(rng, kinds, np.tile([0.25, 0.75], (150, 1)), 2)
    model = Auto().fit(votes)
    counted = class_shares(MajorityVote().fit(votes).posterior_)
    moved = np.abs(class_shares(model.posterior_) - counted).sum() / 2
    assert moved < 0.12 or model.alarm_


@pytest.mark.parametrize("seed", [0, 1])
def test_a_hidden_third_kind_of_task_raises_the_alarm(seed: int) -> None:
    votes, _ = schools(seed)
    model = Auto().fit(votes)
    assert model.alarm_
    assert any("latent class" in reason for reason in model.alarms_)
    quiet = Auto().fit(biased_crowd(seed)[0])
    assert not any("latent class" in reason for reason in quiet.alarms_)


@pytest.mark.real_data
def test_the_alarm_and_the_choice_on_real_votes(shared_data: Path) -> None:
    for name, alarm in (("bluebirds", True), ("dog", False)):
        folder = shared_data / "votes" / name
        votes = read_table(folder / "answer.csv").rename(columns={"question": "task", "answer": "label"})
        answers = read_table(folder / "truth.csv")
        truth = dict(zip(answers["question"], answers["truth"], strict=True))
        model = Auto().fit(votes)
        assert (model.chosen_, model.alarm_) == ("dawid-skene", alarm)
        best = max(
            score(one.fit(votes), truth).accuracy_ties_shared for one in (MajorityVote(), DawidSkene())
        )
        assert score(model, truth).accuracy_ties_shared >= best - 0.005
        asked = {task: truth[task] for task in suggest_gold(votes, 20).tasks}
        assert score(Auto().fit(votes, asked), truth).accuracy >= best - 0.005


def test_gold_overrules_the_likelihood_and_lifts_the_alarm() -> None:
    rng = np.random.default_rng(5)
    votes, truth = biased_crowd(5)
    likely = DawidSkene().fit_predict(votes)
    counted = MajorityVote().fit_predict(votes)
    apart = [task for task in truth if counted[task] is not None and counted[task] != likely[task]]
    gold = {task: str(counted[task]) for task in rng.permutation(apart)[:12]}
    assert len(gold) == 12
    model = Auto().fit(votes, gold)
    assert model.chosen_ == "majority"
    assert "12 of 12 known answers" in model.why_
    assert not model.alarm_
    assert model.candidates_[0].gold_right == 12
    one = dict(list(gold.items())[:1])
    assert Auto().fit(votes, one).chosen_ == "dawid-skene", "one answer is not a lead of two"


def confused_kinds(seed: int, tasks: int = 240) -> Crowd:
    """Five kinds of tasks, two of them yes; on three of them workers hold views of their own."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 5, tasks)
    view = rng.normal(0, 2.5, (50, 5)) * np.array([0.3, 1, 1, 1, 0.3])
    yes = 1 / (1 + np.exp(-(np.array([2.5, -0.2, 0.2, -0.5, -3]) + view)))
    truth = {f"t{task}": "yes" if kind < 2 else "no" for task, kind in enumerate(kinds)}
    return draw(rng, kinds, yes, 30), truth


@pytest.mark.parametrize("seed", [0, 2])
def test_known_answers_name_the_kinds_that_crowds_confuse(seed: int) -> None:
    votes, truth = confused_kinds(seed)
    asked = {task: truth[task] for task in suggest_gold(votes, 20).tasks}
    rest = {task: label for task, label in truth.items() if task not in asked}
    model = Auto().fit(votes, asked)
    assert model.chosen_ == "latent-schools"
    assert score(model, asked).accuracy == 1
    plain = max(score(one.fit(votes), rest).accuracy_ties_shared for one in (MajorityVote(), DawidSkene()))
    assert score(model, rest).accuracy_ties_shared > plain + 0.05
    schools = LatentSchools().fit(votes, asked)
    np.testing.assert_allclose(schools.posterior_, model.posterior_)
    np.testing.assert_allclose(schools.names_.sum(axis=1), 1)
    np.testing.assert_allclose(schools.blind_.sum(axis=1), 1)
    told = [task not in asked for task in schools.votes_.tasks]
    np.testing.assert_allclose(schools.blind_[told], np.asarray(schools.posterior_)[told])


def test_suggestions_are_where_the_methods_differ_and_spread_over_how() -> None:
    votes, _ = biased_crowd(3, tasks=300)
    found = suggest_gold(votes, 10)
    assert len(set(found.tasks)) == len(found.tasks) == 10
    assert all(len({*labels.values()}) > 1 for labels in found.labels)
    seen = {tuple(labels.values()) for labels in found.labels}
    assert len(seen) == min(10, found.patterns)
    assert suggest_gold(votes, 10) == found
    shuffled = votes.sample(frac=1, random_state=1)
    assert set(suggest_gold(shuffled, 10).tasks) == set(found.tasks)
    more = suggest_gold(votes, found.disagreements + 5)
    assert len(more.tasks) == found.disagreements + 5
    assert len({*more.labels[-1].values()}) == 1
    assert len(suggest_gold(votes, 10_000).tasks) == 300
    with pytest.raises(InputError, match="n=0"):
        suggest_gold(votes, 0)


@given(st.integers(0, 2**31), st.integers(2, 6))
@settings(max_examples=10)
def test_folds_know_neither_order_nor_names(seed: int, folds: int) -> None:
    rng = np.random.default_rng(seed)
    votes, _ = biased_crowd(seed % 1000, tasks=20)
    dealt = pd.Series(
        deal_folds(encode_votes(votes), folds), index=pd.MultiIndex.from_frame(votes[["task", "worker"]])
    )
    assert set(dealt) <= set(range(folds))
    new = {name: f"v{place}" for place, name in enumerate(rng.permutation(votes["worker"].unique()))}
    other = votes.assign(worker=votes["worker"].map(new), label=votes["label"].map({"yes": "a", "no": "b"}))
    other = other.sample(frac=1, random_state=seed % 1000)
    back = other["worker"].map({after: before for before, after in new.items()})
    again = pd.Series(
        deal_folds(encode_votes(other), folds), index=pd.MultiIndex.from_arrays([other["task"], back])
    )
    pd.testing.assert_series_equal(again.sort_index(), dealt.sort_index(), check_names=False)


def test_large_sets_are_sampled_by_task() -> None:
    votes = encode_votes(biased_crowd(1, tasks=400)[0])
    fewer = sample_tasks(votes, 900)
    assert 400 < len(fewer) < 1800
    assert fewer.n_tasks < votes.n_tasks
    per_task = np.bincount(fewer.task, minlength=fewer.n_tasks)
    assert (per_task == 9).all()
    assert sample_tasks(votes, 10**6) is votes


def test_unsure_is_predicted_by_all_families() -> None:
    votes, _ = biased_crowd(2)
    rng = np.random.default_rng(2)
    unsure = votes.assign(label=votes["label"].where(rng.random(len(votes)) > 0.2, "unsure"))
    encoded = encode_votes(unsure, not_classes=["unsure"])
    scores = held_out_scores(encoded)
    assert all(np.isfinite(values).all() and (values < 0).all() for values in scores.values())
    model = Auto().fit(encoded)
    assert model.chosen_ != "majority"
    assert model.predict_proba().columns.tolist() == ["no", "yes"]


@pytest.mark.parametrize(
    "rows",
    [
        [("t", "w", "a"), ("s", "w", "a")],
        [("t", "w", "a"), ("s", "w", "b")],
        [("t", "w", "a"), ("s", "v", "b"), ("r", "u", "a")],
    ],
)
def test_where_there_is_nothing_to_compare_votes_are_counted(rows: list[tuple[str, str, str]]) -> None:
    model = Auto().fit(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    assert model.chosen_ == "majority"
    assert "nothing to compare" in model.why_
    assert model.candidates_[0].held_out_log_likelihood is None


def test_strange_options_are_refused() -> None:
    for wrong in ({"folds": 1}, {"limit": 0}):
        with pytest.raises(InputError, match="must be"):
            Auto(**wrong)  # type: ignore[arg-type]


# ---- the command line


def run_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main(["votes", *map(str, arguments), "--json"]) == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_auto_says_what_it_chose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes, truth = biased_crowd(4)
    file, sheet, labels = tmp_path / "votes.csv", tmp_path / "ask.csv", tmp_path / "labels.csv"
    votes.to_csv(file, index=False)
    body = run_json(capsys, "aggregate", file, "--method", "auto", "-o", labels)
    assert (body["method"], body["chosen"]) == ("auto", "dawid-skene")
    assert body["alarm"] is bool(body["alarms"])
    assert {one["method"] for one in body["candidates"]} == set(CANDIDATES)
    assert len(labels.read_text().splitlines()) == 201

    asked = run_json(capsys, "gold", "suggest", file, "-n", 12, "-o", sheet)
    assert len(asked["suggested"]) == 12
    assert set(asked["suggested"][0]["labels"]) == set(CANDIDATES)
    table = read_table(sheet)
    assert table.columns.tolist() == ["task", "label", *CANDIDATES]
    assert (table["label"] == "").all()
    table.assign(label=table["task"].map(truth)).to_csv(sheet, index=False)
    body = run_json(capsys, "aggregate", file, "--method", "auto", "--gold", sheet)
    assert body["gold_used"] == 12
    assert all(one["gold_right"] is not None for one in body["candidates"])


def test_people_read_why_and_the_alarm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "votes.csv"
    schools(0)[0].to_csv(file, index=False)
    assert main(["votes", "aggregate", str(file), "--method", "auto"]) == 0
    out = capsys.readouterr().out
    assert "nats a vote" in out
    assert "Alarm: " in out
    assert "votes gold suggest" in out
    assert main(["votes", "gold", "suggest", str(file), "-n", "3"]) == 0
    assert "The methods differ on" in capsys.readouterr().out
