"""What is said about each annotator, on crowds whose habits are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting import DawidSkene, annotator_report, encode_votes
from synsetlab.voting.annotators import study_annotators
from synsetlab.voting.confusion import confusion_frame, gold_confusion
from synsetlab.voting.drift import find_drift, holm
from synsetlab.voting.leave_one_out import leave_one_out, without_annotator


def crowd(seed: int = 0, tasks: int = 120) -> tuple[pd.DataFrame, dict[str, str]]:
    """Three good annotators, one who always says yes, one who throws a coin, one who lies."""
    rng = np.random.default_rng(seed)
    truth = {f"t{i}": str(rng.choice(["yes", "no"])) for i in range(tasks)}
    flip = {"yes": "no", "no": "yes"}
    rows = []
    for task, answer in truth.items():
        for name in ("ann", "ben", "cid"):
            rows.append((task, name, answer if rng.random() < 0.9 else flip[answer]))
        rows.append((task, "yea", "yes"))
        rows.append((task, "coin", str(rng.choice(["yes", "no"]))))
        rows.append((task, "liar", flip[answer]))
    return pd.DataFrame(rows, columns=["task", "worker", "label"]), truth


def test_habits_are_flagged_and_good_annotators_are_not() -> None:
    votes, _ = crowd(seed=1)
    report = annotator_report(votes).set_index("worker")
    flags = report["flags"].to_dict()
    assert flags == {
        "ann": [],
        "ben": [],
        "cid": [],
        "yea": ["always-yes"],
        "coin": ["random"],
        "liar": ["inverted"],
    }
    assert report.loc["ann", "accuracy"] == pytest.approx(0.9, abs=0.08)
    assert report.loc["coin", "informedness"] == pytest.approx(0, abs=0.2)
    assert report.loc["yea", "favourite_share"] == 1
    assert report["gold_accuracy"].isna().all()


def test_gold_gives_an_interval_and_a_flag() -> None:
    votes, truth = crowd()
    gold = {task: truth[task] for task in list(truth)[:30]}
    report = annotator_report(votes, gold).set_index("worker")
    assert (report["gold_votes"] == 30).all()
    assert report.loc["liar", "gold_right"] == 0
    assert report.loc["liar", "gold_accuracy"] == pytest.approx(1 / 32)
    assert "below-floor" in report.loc["liar", "flags"]
    assert "below-floor" not in report.loc["ann", "flags"]
    assert (report["gold_low"] < report["gold_accuracy"]).all()
    assert (report["gold_accuracy"] < report["gold_high"]).all()
    with pytest.raises(InputError, match="floor=1"):
        annotator_report(votes, floor=1)


def test_always_yes_is_no_fault_where_everything_is_yes() -> None:
    rows = [(f"t{i}", name, "yes") for i in range(100) for name in ("ann", "ben", "cid")]
    rows += [("odd", "ann", "no"), ("odd", "ben", "no")]
    report = annotator_report(pd.DataFrame(rows, columns=["task", "worker", "label"])).set_index("worker")
    assert report.loc["cid", "favourite_share"] == 1
    assert not any(flag.startswith("always") for flag in report.loc["cid", "flags"])


def test_agreement_is_with_the_others() -> None:
    votes = pd.DataFrame(
        [("t", "a", "x"), ("t", "b", "x"), ("t", "c", "y"), ("alone", "d", "x")],
        columns=["task", "worker", "label"],
    )
    agreement = annotator_report(votes).set_index("worker")["agreement"]
    assert agreement["a"] == agreement["b"] == pytest.approx(0.5)
    assert agreement["c"] == 0
    assert np.isnan(agreement["d"])


def test_confusion_frame_has_rows_that_sum_to_one() -> None:
    votes, _ = crowd(tasks=20)
    table = confusion_frame(DawidSkene().fit(votes))
    assert table.columns.tolist() == ["worker", "truth", "answer", "probability"]
    np.testing.assert_allclose(table.groupby(["worker", "truth"])["probability"].sum(), 1)


# ---- against the others


def by_hand(model: DawidSkene, worker: str) -> np.ndarray:
    """Posterior of every task from the votes of all but `worker`, at the fitted parameters."""
    votes = model.votes_
    rows = [np.log(model.class_prior_) for _ in range(votes.n_tasks)]
    for task, who, given in zip(votes.task, votes.worker, votes.answer, strict=True):
        if votes.workers[who] != worker:
            rows[task] = rows[task] + np.log(model.confusion_[who, :, given])
    odds = np.exp(np.array(rows) - np.max(rows, axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_leaving_one_out_is_leaving_out_the_votes() -> None:
    votes, _ = crowd(tasks=40)
    votes = votes[~((votes["worker"] != "ann") & (votes["task"] == "t0"))]  # t0 is ann's alone
    model = DawidSkene().fit(votes)
    left, encoded = leave_one_out(model), model.votes_
    full = model.predict_proba().to_numpy().argmax(axis=1)
    for code, worker in enumerate(encoded.workers):
        posterior = by_hand(model, worker)
        mine = np.flatnonzero(encoded.worker == code)
        expected = posterior[encoded.task[mine], encoded.answer[mine]]
        np.testing.assert_allclose(left.right[mine], expected, atol=1e-9)
        np.testing.assert_allclose(left.confusion[code].sum(), len(mine))
        yes = encoded.answer[mine] == encoded.answers.tolist().index("yes")
        np.testing.assert_allclose(
            left.confusion[code, :, encoded.answers.tolist().index("yes")],
            posterior[encoded.task[mine[yes]]].sum(axis=0),
            atol=1e-9,
        )
        shared = np.setdiff1d(encoded.task[mine], [encoded.tasks.tolist().index("t0")])
        assert left.flips[code] == (posterior[shared].argmax(axis=1) != full[shared]).sum()
    assert left.alone.tolist() == [1, 0, 0, 0, 0, 0]


def test_gold_is_what_the_others_are_taken_to_say() -> None:
    votes, truth = crowd(tasks=40)
    model = DawidSkene().fit(votes, truth)
    left, encoded = leave_one_out(model), model.votes_
    right = [
        truth[encoded.tasks[t]] == encoded.answers[a]
        for t, a in zip(encoded.task, encoded.answer, strict=True)
    ]
    np.testing.assert_array_equal(left.right, right)
    assert left.flips.sum() == 0
    np.testing.assert_allclose(left.confusion, gold_confusion(encoded, model.gold_))


def test_repeated_and_nameless_votes_are_left_out_as_they_belong() -> None:
    rows = [("t", "a", "x"), ("t", "a", "x"), ("t", "", "y"), ("t", "", "y"), ("u", "", "x"), ("u", "a", "y")]
    model = DawidSkene(repeats="all").fit(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    left = leave_one_out(model)
    posterior = by_hand(model, "a")
    assert left.right[:2] == pytest.approx(posterior[0, [0, 0]])
    assert left.alone.tolist() == [0, 0]


def test_an_annotator_who_outvotes_is_seen_to() -> None:
    rows = [(f"t{i}", who, "yes" if i % 2 else "no") for i in range(40) for who in ("ann", "ben", "cid")]
    rows += [(f"v{i}", who, label) for i in range(6) for who, label in (("ann", "yes"), ("ben", "no"))]
    rows += [(f"v{i}", "cid", "yes") for i in range(6)] + [("w", "ann", "yes")]
    votes = pd.DataFrame(rows, columns=["task", "worker", "label"])
    changed = without_annotator(votes, "ann")
    assert {"w"} <= set(changed["task"])
    assert changed.set_index("task").loc["w", "votes_left"] == 0
    assert changed["after"].tolist() == [None] * 7  # ben and cid are as good as each other: ties
    assert changed["before"].tolist() == ["yes"] * 7
    kept = without_annotator(votes, "ann", {f"v{i}": "yes" for i in range(6)})
    assert kept["task"].tolist() == ["w"]
    with pytest.raises(InputError, match="'dora'"):
        without_annotator(votes, "dora")
    with pytest.raises(InputError, match="only annotator"):
        without_annotator(votes[votes["worker"] == "ann"], "ann")


def test_the_confusion_matrix_has_intervals_that_hold_the_truth() -> None:
    inside = 0
    for seed in range(30):
        votes, truth = crowd(seed)
        study = study_annotators(votes, truth)
        assert study.gold_confusion is not None
        for table in (study.confusion, study.gold_confusion):
            mine = table[(table["worker"] == "ann") & (table["truth"] == "yes") & (table["answer"] == "yes")]
            row = mine.iloc[0]
            assert row["low"] < row["share"] < row["high"]
        inside += row["low"] <= 0.9 <= row["high"]
    assert inside >= 24  # 28.5 expected of 30 at 95 %
    assert study.gold_confusion["votes"].sum() == len(votes)


def test_a_truth_that_never_came_leaves_the_interval_open() -> None:
    votes, _ = crowd(tasks=20)
    study = study_annotators(votes, {"t0": "no", "t1": "no"})
    assert study.gold_confusion is not None
    row = study.gold_confusion.query("worker == 'ann' and truth == 'yes' and answer == 'yes'").iloc[0]
    assert row["votes"] == 0
    assert np.isnan(row["share"])
    assert row["high"] - row["low"] > 0.95


# ---- over time


def changing(seed: int, early: float, late: float, tasks: int = 200) -> pd.DataFrame:
    """Five steady annotators and one whose skill changes half-way."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["yes", "no"], tasks)
    other = np.where(truth == "yes", "no", "yes")
    skill = np.full((6, tasks), 0.85)
    skill[5] = np.where(np.arange(tasks) < tasks // 2, early, late)
    labels = np.where(rng.random(skill.shape) < skill, truth, other)
    rows = [(f"t{task:03d}", f"w{who}", labels[who, task]) for task in range(tasks) for who in range(6)]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


def test_who_tires_is_found_and_where() -> None:
    votes = changing(1, 0.95, 0.55)
    report = annotator_report(votes).set_index("worker")
    assert "drift-down" in report.loc["w5", "flags"]
    assert 80 <= report.loc["w5", "drift_at"] <= 120
    assert report.loc["w5", "drift_before"] > report.loc["w5", "drift_after"] + 0.2
    assert not any("drift" in flag for flags in report.drop("w5")["flags"] for flag in flags)
    assert "drift-up" in annotator_report(changing(1, 0.55, 0.95)).set_index("worker").loc["w5", "flags"]


def test_whoever_always_says_the_same_does_not_drift_when_another_does() -> None:
    votes = changing(1, 0.95, 0.3)
    mute = votes[votes["worker"] == "w0"].assign(worker="mute", label="yes")
    report = annotator_report(pd.concat([votes, mute], ignore_index=True)).set_index("worker")
    assert "drift-down" in report.loc["w5", "flags"]
    assert report.loc["mute", "flags"] == ["always-yes"]


def test_time_is_a_column_or_the_order_of_rows() -> None:
    votes = changing(1, 0.95, 0.55)
    votes["at"] = pd.Timestamp("2026-05-01T00:00:00Z") + pd.to_timedelta(np.arange(len(votes)), unit="s")
    shuffled = votes.sample(frac=1, random_state=4, ignore_index=True)
    by_time = study_annotators(shuffled, when="at").report.set_index("worker")
    assert "drift-down" in by_time.loc["w5", "flags"]
    as_text = shuffled.assign(at=[stamp.isoformat() for stamp in shuffled["at"]])
    again = study_annotators(as_text, when="at").report.set_index("worker")
    assert again.loc["w5", "drift_at"] == by_time.loc["w5", "drift_at"]
    numbered = shuffled.assign(at=[str(int(stamp.timestamp())) for stamp in shuffled["at"]])
    counted = study_annotators(numbered, when="at").report.set_index("worker")
    assert counted.loc["w5", "drift_at"] == by_time.loc["w5", "drift_at"]
    in_order = annotator_report(shuffled).set_index("worker")
    assert not any("drift" in flag for flag in in_order.loc["w5", "flags"])
    with pytest.raises(InputError, match="row 1: at is 'noon'"):
        study_annotators(as_text.assign(at="noon"), when="at")
    with pytest.raises(MissingColumnError, match="then"):
        study_annotators(votes, when="then")


def test_hard_tasks_in_a_row_are_no_drift() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(["yes", "no"], 200)
    skill = np.where(np.arange(200) < 100, 0.97, 0.6)
    labels = np.where(rng.random((7, 200)) < skill, truth, np.where(truth == "yes", "no", "yes"))
    rows = [(f"t{task}", f"w{who}", labels[who, task]) for who in range(7) for task in range(200)]
    report = annotator_report(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    assert not any("drift" in flag for flags in report["flags"] for flag in flags)


def test_more_of_one_class_is_no_drift_of_those_who_lean_to_it() -> None:
    rng = np.random.default_rng(2)
    truth = np.where(rng.random(240) < np.where(np.arange(240) < 120, 0.15, 0.85), "yes", "no")
    other = np.where(truth == "yes", "no", "yes")
    rows = []
    for who in range(8):
        lean = who < 3  # on the whole as good as the others, but says yes too often
        skill = np.where(truth == "yes", 0.97, 0.6) if lean else np.full(240, 0.85)
        labels = np.where(rng.random(240) < skill, truth, other)
        rows += [(f"t{task}", f"w{who}", label) for task, label in enumerate(labels)]
    report = annotator_report(pd.DataFrame(rows, columns=["task", "worker", "label"]))
    assert not any("drift" in flag for flags in report["flags"] for flag in flags)


def test_the_drift_test_keeps_its_size() -> None:
    found = []
    for seed in range(40):
        votes = encode_votes(changing(seed, 0.85, 0.85))
        right = (votes.answer == 0).astype(float)  # any fixed reading of the votes will do
        found.append(find_drift(votes, right).p)
    assert (np.array(found) < 0.05).mean() < 0.09  # of 240 tests, 5 % expected at most


def test_holm() -> None:
    # the four p-values by hand: .01 * 4, max(.04, .03 * 2), ...
    adjusted = holm(np.array([0.01, 0.04, 0.03, np.nan, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, np.nan, 0.02])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_few_votes_are_not_tested() -> None:
    votes, _ = crowd(tasks=15)
    report = annotator_report(votes)
    assert report["drift_p"].isna().all()
    assert report["drift_at"].isna().all()


# ---- speed


def test_who_clicks_without_looking_is_fast() -> None:
    votes, _ = crowd(tasks=40)
    votes["active_ms"] = np.where(votes["worker"] == "yea", "200", "1500")
    votes.loc[votes["worker"] == "ben", "active_ms"] = ""
    report = annotator_report(votes).set_index("worker")
    assert report.loc["yea", "flags"] == ["always-yes", "fast"]
    assert report.loc["yea", ["median_ms", "fast_share"]].tolist() == [200, 1]
    assert np.isnan(report.loc["ben", "median_ms"])
    assert "fast" not in report.loc["ann", "flags"]
    for wrong in ("soon", "-4"):
        with pytest.raises(InputError, match=f"row 1: active_ms is '{wrong}'"):
            annotator_report(votes.assign(active_ms=wrong))


def test_times_stay_with_their_votes_when_a_vote_is_replaced() -> None:
    rows = [("t", "a", "x", 10), ("t", "a", "y", 30), ("t", "b", "y", 50), ("u", "b", "x", 50)]
    votes = pd.DataFrame(rows, columns=["task", "worker", "label", "active_ms"])
    assert annotator_report(votes).set_index("worker").loc["a", "median_ms"] == 30
    assert annotator_report(votes, repeats="first").set_index("worker").loc["a", "median_ms"] == 10


def test_probability_of_being_below_the_floor() -> None:
    votes, truth = crowd()
    report = annotator_report(votes, truth, floor=0.75).set_index("worker")
    for worker in ("ann", "coin"):
        right, seen = report.loc[worker, ["gold_right", "gold_votes"]]
        assert report.loc[worker, "p_below"] == pytest.approx(beta.cdf(0.75, right + 1, seen - right + 1))
    assert "below-floor" in report.loc["coin", "flags"]


def test_too_many_classes_are_refused_with_advice() -> None:
    votes = pd.DataFrame([(f"t{i // 2}", f"w{i % 40}", f"c{i}") for i in range(6000)])
    with pytest.raises(InputError, match="6000 classes are too many"):
        annotator_report(votes.set_axis(["task", "worker", "label"], axis=1))


def test_one_annotator_one_class_and_the_nameless_have_a_row() -> None:
    alone = annotator_report(
        pd.DataFrame([("t", "a", "x"), ("u", "a", "x")], columns=["task", "worker", "label"])
    )
    assert alone[["worker", "votes", "alone", "flips"]].to_numpy().tolist() == [["a", 2, 2, 0]]
    assert alone["flags"].tolist() == [[]]
    nameless = annotator_report(
        pd.DataFrame([("t", "", "x"), ("t", "", "y")], columns=["task", "worker", "label"])
    )
    assert nameless["votes"].tolist() == [2]
