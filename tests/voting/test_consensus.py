"""Votes of a workspace to decisions: what counts, what stands, what is checked."""

from __future__ import annotations

import hashlib
import random
import uuid

import pytest
import sqlalchemy as sa

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.review import escalated, give_verdict
from synsetlab.voting.consensus import check_counters, run_consensus
from synsetlab.voting.policy import DynamicPolicy, FixedPolicy, LeaderPolicy, PerSynsetPolicy
from synsetlab.voting.queue import LabelQueue

DOG = "n02084071"


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        fill(made, 60)
        yield made


def fill(workspace, images: int) -> None:
    workspace.writer.add_synsets(
        [{"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True}], []
    )
    run = workspace.writer.start_import("folder", "made up")
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(images)]
    blank = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000", "phash": None}
    workspace.writer.add_images(
        [{"id": i, "phash_name": None, **blank} for i in ids],
        [],
        [{"image_id": i, "wnid": DOG, "import_id": run} for i in ids],
    )


def say(workspace, who: str, answers: dict[int, str]) -> None:
    queue = LabelQueue(workspace, who, DOG)
    queue.record(
        [
            {"id": str(uuid.uuid4()), "question_id": question, "answer": answer}
            for question, answer in answers.items()
        ]
    )


def outcome(workspace, question: int) -> str:
    return str(workspace.reader.questions().set_index("id").loc[question, "outcome"])


def test_two_of_three_is_less_than_067_and_goes_to_the_expert(workspace):
    question = int(workspace.reader.questions()["id"].iloc[0])
    for who, answer in (("a", "yes"), ("b", "yes"), ("c", "no")):
        say(workspace, who, {question: answer})
    report = run_consensus(workspace, FixedPolicy(votes=3, min_confidence=0.67))
    assert report.outcomes == {"ambiguous": 1}
    assert escalated(workspace)["question_id"].tolist() == [question]
    run_consensus(workspace, FixedPolicy(votes=3, min_confidence="2/3"))
    assert outcome(workspace, question) == "accepted"


def test_a_policy_that_only_plays_logs_is_refused(workspace):
    for policy in (LeaderPolicy(), PerSynsetPolicy(overrides={DOG: LeaderPolicy()})):
        with pytest.raises(InputError, match="--policy dynamic"):
            run_consensus(workspace, policy)


def test_undecided_questions_ask_for_more_votes(workspace):
    first, second = workspace.reader.questions()["id"].iloc[:2].tolist()
    for who, answer in (("a", "yes"), ("b", "no"), ("c", "yes")):
        say(workspace, who, {first: answer, second: "yes"})
    run_consensus(workspace, DynamicPolicy(), fit=False)
    questions = workspace.reader.questions().set_index("id")
    assert questions.loc[first, "outcome"] == "open"
    assert questions.loc[first, "votes_wanted"] == 4
    assert questions.loc[second, "outcome"] == "accepted"
    fourth = LabelQueue(workspace, "d", DOG)
    assert first in {card["id"] for card in fourth.page(100)}
    assert second not in {card["id"] for card in fourth.page(100)}


def test_a_fitted_crowd_sees_through_a_spammer(workspace):
    """Three skilled annotators against two who always say yes: shares are fooled, the model is not."""
    rng = random.Random(3)
    questions = workspace.reader.questions()["id"].tolist()
    truth = {question: rng.choice(["yes", "no"]) for question in questions}
    flip = {"yes": "no", "no": "yes"}
    for who in ("a", "b", "c"):
        said = {q: answer if rng.random() < 0.93 else flip[answer] for q, answer in truth.items()}
        say(workspace, who, said)
    for who in ("spam", "more spam"):
        say(workspace, who, dict.fromkeys(questions, "yes"))
    report = run_consensus(workspace, DynamicPolicy())
    assert report.fitted
    decided = workspace.reader.questions().set_index("id")["outcome"]
    wanted = {"yes": "accepted", "no": "rejected"}
    right = sum(decided[question] == wanted[truth[question]] for question in questions)
    assert right >= 0.9 * len(questions)


def test_experts_overrule_and_can_take_it_back(workspace):
    question = int(workspace.reader.questions()["id"].iloc[0])
    for who in "abc":
        say(workspace, who, {question: "yes"})
    run_consensus(workspace, FixedPolicy())
    assert give_verdict(workspace, question, "reject", by="maria", reason="a painting") == "rejected"
    run_consensus(workspace, FixedPolicy())
    assert outcome(workspace, question) == "rejected"
    assert check_counters(workspace) == []
    assert give_verdict(workspace, question, "undo", by="maria") == "accepted"
    with pytest.raises(InputError, match="can be undone"):
        give_verdict(workspace, question, "undo", by="maria")
    assert give_verdict(workspace, question, "more-votes", by="maria") == "open"
    assert question in {card["id"] for card in LabelQueue(workspace, "d", DOG).page()}


def test_the_same_verdict_twice_is_one(workspace):
    question = int(workspace.reader.questions()["id"].iloc[0])
    name = str(uuid.uuid4())
    for _ in range(2):
        give_verdict(workspace, question, "accept", by="maria", id_=name)
    assert len(workspace.reader.expert_verdicts()) == 1


def test_gold_questions_have_their_known_answer(workspace):
    question = int(workspace.reader.questions()["id"].iloc[0])
    workspace.writer.set_gold({question: "no"})
    for who in "abc":
        say(workspace, who, {question: "yes"})
    run_consensus(workspace, FixedPolicy())
    assert outcome(workspace, question) == "rejected"
    assert workspace.reader.votes()["is_gold"].all()
    assert question in {card["id"] for card in LabelQueue(workspace, "late", DOG).page()}


def test_running_again_changes_nothing(workspace):
    for who in "abc":
        say(workspace, who, dict.fromkeys(workspace.reader.questions()["id"].tolist(), "yes"))
    assert run_consensus(workspace, DynamicPolicy()).changed == 60
    assert run_consensus(workspace, DynamicPolicy()).changed == 0
    assert len(workspace.reader.decisions()) == 60


def test_a_counter_that_lies_is_found_and_mended(workspace):
    question = int(workspace.reader.questions()["id"].iloc[0])
    say(workspace, "a", {question: "yes"})
    with workspace.engine.begin() as connection:
        connection.execute(sa.text("UPDATE question SET n_yes = 5 WHERE id = :id"), {"id": question})
        connection.execute(
            sa.text("UPDATE question SET outcome = 'accepted' WHERE id = :id"), {"id": question}
        )
    assert len(check_counters(workspace)) == 2
    check_counters(workspace, repair=True)
    assert check_counters(workspace) == []
    assert outcome(workspace, question) == "open"


def test_names_that_no_annotator_can_have(workspace):
    for name in ("", "  ", "x" * 65, "a\nb"):
        with pytest.raises(InputError, match="cannot be"):
            LabelQueue(workspace, name, DOG)
    with pytest.raises(InputError, match="n00000001"):
        LabelQueue(workspace, "a", "n00000001")
