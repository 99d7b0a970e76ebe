"""``votes stop``: its keys, its refusals, and what it reaches on real votes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from synsetlab.cli import main

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {
    "schema_version",
    "policy",
    "policy_json",
    "policy_hash",
    "tasks",
    "workers",
    "stopped",
    "accuracy",
    "accuracy_decided",
    "accuracy_all",
    "accuracy_majority_all",
    "accuracy_majority_equal",
    "votes_used",
    "votes_available",
    "saved_share",
    "votes_per_task",
    "decided_share",
    "escalated_share",
    "outcomes",
    "scored",
    "curve",
}


def write_votes(
    folder: Path,
    *,
    tasks: int = 60,
    workers: int = 11,
    classes: tuple[str, ...] = ("no", "yes"),
    skill: float = 0.85,
) -> tuple[Path, Path]:
    """Votes of equally good workers, task after task, and the truth."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, len(classes), tasks)
    rows = ["task,worker,label"]
    for task in range(tasks):
        for worker in range(workers):
            right = rng.random() < skill
            said = truth[task] if right else (truth[task] + rng.integers(1, len(classes))) % len(classes)
            rows.append(f"{task},w{worker},{classes[said]}")
    votes, known = folder / "log.csv", folder / "truth.csv"
    votes.write_text("\n".join(rows) + "\n", "utf-8")
    known.write_text("task,label\n" + "".join(f"{t},{classes[c]}\n" for t, c in enumerate(truth)), "utf-8")
    return votes, known


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def stop(*arguments: object, code: int = 0) -> Any:
        assert main(["votes", "stop", *map(str, arguments), "--json"]) == code
        shown = capsys.readouterr()
        return json.loads(shown.out or shown.err)

    return stop


@pytest.mark.parametrize("policy", ["dynamic", "sprt", "fixed", "table", "cost", "quorum", "k-of-n"])
def test_every_policy_reports_the_same_keys(policy: str, run: Any, tmp_path: Path) -> None:
    votes, truth = write_votes(tmp_path)
    told = run(votes, "--policy", policy, "--truth", truth)
    assert set(told) == KEYS
    assert told["policy"] == policy
    assert len(told["policy_hash"]) == 64
    assert told["votes_available"] == 660
    assert 0 < told["votes_used"] < 660
    assert told["saved_share"] == pytest.approx(1 - told["votes_used"] / 660)
    assert sum(told["outcomes"].values()) == 60 == told["scored"]
    assert told["decided_share"] + told["escalated_share"] == pytest.approx(1)
    assert told["accuracy_majority_all"] > 0.95
    assert told["curve"][0]["votes_per_task"] == 1
    assert told["curve"][-1]["votes_per_task"] == 11
    assert told["curve"][-1]["accuracy_majority"] == pytest.approx(told["accuracy_majority_all"])
    assert told["curve"][-1]["accuracy"] == pytest.approx(told["accuracy_all"])


@pytest.mark.parametrize("policy", ["dynamic", "sprt", "table"])
def test_the_truth_is_for_scoring_only(policy: str, run: Any, tmp_path: Path) -> None:
    votes, truth = write_votes(tmp_path)
    wrong = tmp_path / "wrong.csv"
    flip = {"yes": "no", "no": "yes"}
    lines = [line.split(",") for line in truth.read_text("utf-8").splitlines()[1:]]
    wrong.write_text(
        "question,truth\n" + "".join(f"{task},{flip[label]}\n" for task, label in lines), "utf-8"
    )
    blind, told, lied = (
        run(votes, "--policy", policy, *more) for more in ((), ("--truth", truth), ("--truth", wrong))
    )
    scores = {key for key in KEYS if key.startswith("accuracy")} | {"curve", "scored"}
    for key in KEYS - scores:
        assert blind[key] == told[key] == lied[key]
    assert all(blind[key] is None for key in scores)
    assert told["accuracy"] == pytest.approx(1 - lied["accuracy"])


def test_dynamic_works_for_many_classes_and_others_say_that_they_do_not(run: Any, tmp_path: Path) -> None:
    votes, truth = write_votes(tmp_path, classes=("a", "b", "c"))
    told = run(votes, "--truth", truth)
    assert told["accuracy"] >= told["accuracy_majority_equal"] - 0.02
    assert told["saved_share"] > 0.3
    assert run(votes, "--policy", "fixed", "--truth", truth)["votes_per_task"] <= 3
    for policy in ("sprt", "table", "quorum"):
        refused = run(votes, "--policy", policy, code=2)
        assert (
            "3 classes" in refused["error"]["message"] if "error" in refused else "3 classes" in str(refused)
        )


def test_leader_and_dynamic_are_two_names_of_one_rule(run: Any, tmp_path: Path) -> None:
    votes, _ = write_votes(tmp_path)
    one, other = (run(votes, "--policy", name, "--confidence", ".95") for name in ("dynamic", "leader"))
    assert one["policy_json"]["kind"] == "leader"
    assert {**one, "policy": ""} == {**other, "policy": ""}


def test_a_small_pilot_is_refused(run: Any, tmp_path: Path) -> None:
    votes, _ = write_votes(tmp_path, workers=9)
    refused = run(votes, "--policy", "table", code=2)
    assert "pilot is too small" in str(refused)
    assert "--policy dynamic" in str(refused)


def test_settings_and_files_of_policies(run: Any, tmp_path: Path) -> None:
    votes, _ = write_votes(tmp_path)
    strict, loose = (
        run(votes, "--policy", "sprt", "--alpha", rate, "--beta", rate) for rate in (".01", ".2")
    )
    assert strict["votes_used"] > loose["votes_used"]
    two = run(votes, "--policy", "fixed", "--votes", 3, "--min-confidence", "2/3")
    assert two["escalated_share"] == 0
    assert run(votes, "--policy", "fixed")["escalated_share"] > 0
    assert run(votes, "--confidence", ".999")["votes_used"] > run(votes, "--confidence", ".9")["votes_used"]
    policy = tmp_path / "policy.json"
    policy.write_text('{"kind": "dynamic", "accept": "9/10", "reject": "1/10", "skill": "17/20"}', "utf-8")
    told = run(votes, "--policy", policy)
    assert told["policy_json"]["accept"] == "9/10"
    for wrong in (("--policy", "oracle"), ("--policy", "fixed", "--alpha", ".1"), ("--confidence", "2")):
        run(votes, *wrong, code=2)
    run(votes, "--policy", "sprt", "--profiles", policy, code=2)
    run(votes, "--policy", "sprt", "--yes", "maybe", code=2)
    run(tmp_path / "absent.csv", code=2)


def test_profiles_are_read_by_name(run: Any, tmp_path: Path) -> None:
    votes, _ = write_votes(tmp_path)
    profiles = tmp_path / "profiles.csv"
    rows = [
        f"w{w},{t},{a},{45 if t == a else 5}" for w in range(11) for t in ("yes", "no") for a in ("yes", "no")
    ]
    profiles.write_text(
        "worker,truth,answer,count\n" + "\n".join([*rows, "stranger,yes,no,3"]) + "\n", "utf-8"
    )
    assert run(votes, "--profiles", profiles)["votes_used"] != run(votes)["votes_used"]
    profiles.write_text("worker,truth,answer,count\nw1,yes,no,-3\n", "utf-8")
    assert "row 1" in str(run(votes, "--profiles", profiles, code=2))
    profiles.write_text("worker,truth,count\n", "utf-8")
    assert "'answer'" in str(run(votes, "--profiles", profiles, code=2))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("task,worker,label\n", "no votes"),
        ("task,worker\n1,a\n", "'label'"),
        ("task,worker,label\n1,a,yes\n2,b,yes\n", "nothing to decide"),
        ("task,worker,label\n1,a,yes\n1,b,\n", "without a value"),
    ],
)
def test_files_that_cannot_be_played(text: str, says: str, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text(text, "utf-8")
    assert says in str(run(file, code=2))


def test_tiny_and_odd_logs_have_a_result(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(
        b"\xef\xbb\xbftask,worker,label,more\r\n001,a,None,x\r\n001,a,NA,x\r\nb c,\xc3\xa9,NA,\r\n"
    )
    told = run(file)
    assert (told["tasks"], told["workers"], told["votes_available"]) == (2, 2, 2)  # the first of a's answers
    assert told["votes_used"] == 2
    assert told["outcomes"] == {"decided": 0, "ambiguous": 0, "exhausted": 2}
    assert run(file, "--repeats", "all")["votes_available"] == 3


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    votes, truth = write_votes(tmp_path)
    assert main(["votes", "stop", str(votes), "--truth", str(truth)]) == 0
    shown = capsys.readouterr().out
    assert "votes_used" in shown
    assert "A fixed number of votes" in shown


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "saved", "one_item"), [("bluebirds", 0.40, 1 / 108), ("dog", 0.30, 1 / 807)]
)
def test_real_votes_are_saved_without_loss(
    name: str, saved: float, one_item: float, run: Any, shared_data: Path
) -> None:
    folder = shared_data / "votes" / name
    columns = ("--task-column", "question", "--label-column", "answer")
    told = run(folder / "answer.csv", *columns, "--truth", folder / "truth.csv")
    assert told["saved_share"] >= saved
    assert told["accuracy"] >= told["accuracy_all"] - max(0.005, one_item) - 1e-9
    assert told["accuracy"] > told["accuracy_majority_equal"]
