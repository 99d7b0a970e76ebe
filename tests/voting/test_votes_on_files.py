"""``synsetlab votes`` on plain files, as a user calls it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synsetlab.cli import main

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ["--task-column", "question", "--label-column", "answer"]


@pytest.fixture
def votes(tmp_path: Path) -> Path:
    file = tmp_path / "votes.csv"
    file.write_text(
        "task,worker,label\n001,ann,yes\n001,ben,yes\n001,cid,no\n002,ann,no\n002,ben,yes\n003,ann,unsure\n003,ben,no\n"
    )
    return file


def run_json(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    assert main(["votes", *map(str, arguments), "--json"]) == code
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    body: dict[str, Any] = json.loads(out)
    assert body.pop("schema_version") == 1
    return body


def test_aggregate_writes_labels_verbatim_and_leaves_ties_empty(
    votes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "labels.csv"
    body = run_json(capsys, "aggregate", votes, "-o", output)
    assert output.read_text() == ("task,label,confidence\n001,yes,0.6666666666666666\n002,,0.5\n003,,0.5\n")
    assert list(body) == [
        "method", "ties", "tasks", "workers", "votes", "superseded", "n_classes", "classes", "labelled",
        "abstained", "gold_used", "gold_unused", "iterations", "converged", "output", "accuracy",
        "accuracy_ties_shared", "right", "scored", "unscored", "chosen", "why", "candidates", "alarm",
        "alarms",
    ]  # fmt: skip
    assert (body["tasks"], body["workers"], body["votes"], body["abstained"]) == (3, 3, 7, 2)
    assert body["classes"] == ["no", "unsure", "yes"]
    assert body["accuracy"] is None


def test_answers_that_are_no_class_gold_truth_and_probabilities(
    votes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold, truth, output = tmp_path / "gold.csv", tmp_path / "truth.csv", tmp_path / "labels.csv"
    gold.write_text("task,label\n002,no\n999,no\n")
    truth.write_text("question,truth\n001,yes\n002,no\n003,yes\n777,no\n")
    body = run_json(
        capsys, "aggregate", votes, "--method", "dawid-skene", "--answer-only", "unsure", "--gold", gold,
        "--truth", truth, "--proba", "-o", output,
    )  # fmt: skip
    assert body["classes"] == ["no", "yes"]
    assert (body["gold_used"], body["gold_unused"]) == (1, 1)
    assert (body["right"], body["scored"], body["unscored"]) == (2, 3, 1)
    assert body["accuracy"] == pytest.approx(2 / 3)
    assert body["converged"] is True
    lines = output.read_text().splitlines()
    assert lines[0] == "task,label,confidence,no,yes"
    assert lines[2] == "002,no,1.0,1.0,0.0"


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "method", "least"),
    [("bluebirds", "dawid-skene", 0.898), ("dog", "dawid-skene", 0.840), ("dog", "one-coin", 0.812)],
)
def test_the_bar_on_real_files(
    shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, method: str, least: float
) -> None:
    folder = shared_data / "votes" / name
    body = run_json(
        capsys,
        "aggregate",
        folder / "answer.csv",
        *COLUMNS,
        "--method",
        method,
        "--truth",
        folder / "truth.csv",
    )
    assert body["accuracy"] >= least


def test_agreement_and_annotators(votes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = run_json(capsys, "agreement", votes)
    assert body["fleiss_kappa"] is None
    assert "between 2 and 3" in body["fleiss_reason"]
    assert body["krippendorff_alpha"] is not None
    assert (body["tasks"], body["workers"], body["votes"]) == (3, 3, 7)
    body = run_json(capsys, "annotators", votes)
    assert [row["worker"] for row in body["annotators"]] == ["ann", "ben", "cid"]
    assert body["annotators"][0]["gold_accuracy"] is None
    assert (body["workers"], body["votes"], body["flagged"]) == (3, 7, 0)


def test_people_get_tables(votes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["aggregate"], ["agreement"], ["annotators", "-o", str(tmp_path / "who.csv")]):
        assert main(["votes", arguments[0], str(votes), *arguments[1:]]) == 0
        assert capsys.readouterr().out.strip()
    assert (tmp_path / "who.csv").read_text().startswith("worker,votes,agreement")


@pytest.mark.parametrize(
    ("content", "arguments", "error"),
    [
        ("", [], ("InputError", "is empty")),
        ("task,worker,label\n", [], ("InputError", "no votes")),
        ("question,worker,label\nt,w,a\n", [], ("MissingColumnError", "question, worker, label")),
        ("task,worker,label\nt,w,\n", [], ("InputError", "row 1")),
        ("task,worker,label\nt,w,a\n", ["--gold", "absent.csv"], ("InputError", "absent.csv")),
        ("task,worker,label\nt,w,a\n", ["--method", "mean"], ("UsageError", "majority")),
    ],
)
def test_bad_input_is_named_and_exits_with_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    arguments: list[str],
    error: tuple[str, str],
) -> None:
    file = tmp_path / "votes.csv"
    file.write_text(content)
    body = run_json(capsys, "aggregate", file, *arguments, code=2)
    assert body["error"]["type"] == error[0]
    assert error[1] in body["error"]["message"] + body["error"]["remedy"]


def test_gold_about_other_tasks_is_refused(
    votes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = tmp_path / "gold.csv"
    gold.write_text("task,label\n1,yes\n")
    body = run_json(capsys, "aggregate", votes, "--gold", gold, code=2)
    assert "'1'" in body["error"]["message"]


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("aggregate", "agreement", "annotators"):
        assert main(["votes", name, "--help"]) == 0
        assert f"synsetlab votes {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "method", ["majority", "wawa", "zbs", "one-coin", "dawid-skene", "glad", "mace", "mmsr", "auto"]
)
def test_every_method_answers_thin_input_and_refuses_what_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    file, gold = tmp_path / "votes.csv", tmp_path / "gold.csv"
    for rows, labelled in {
        "t,w,a\n": 1,  # one vote
        "t,v,a\nt,w,a\ns,w,a\n": 2,  # one class
        "t,w,a\ns,w,b\nr,w,a\n": 3,  # one worker
        "t,,NaN\ns,,None\n": 2,  # nameless workers; text that looks missing
    }.items():
        file.write_text("task,worker,label\n" + rows)
        body = run_json(capsys, "aggregate", file, "--method", method)
        assert (body["method"], body["labelled"]) == (method, labelled)
    file.write_text("task,worker,label,weight\nt,v,a,2\nt,w,b,.5\ns,w,b,1\n")
    body = run_json(capsys, "aggregate", file, "--method", method, "--weight-column", "weight")
    assert body["tasks"] == 2
    gold.write_text("task,label\nt,never voted for\n")
    body = run_json(capsys, "aggregate", file, "--method", method, "--gold", gold)
    assert "never voted for" in body["classes"]
    for content, wrong in (
        ("t,w,a,-1\n", "positive"),
        ("t,w,a,heavy\n", "no numbers"),
        ("t,w,,1\n", "row 1"),
    ):
        file.write_text("task,worker,label,weight\n" + content)
        body = run_json(capsys, "aggregate", file, "--method", method, "--weight-column", "weight", code=2)
        assert wrong in body["error"]["message"]
    file.write_text("task,worker,label\nt,w,unsure\n")
    body = run_json(capsys, "aggregate", file, "--method", method, "--answer-only", "unsure", code=2)
    assert "no class" in body["error"]["message"]
