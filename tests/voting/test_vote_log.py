"""What each kind of vote does: docs/vote-log.md, line by line."""

from __future__ import annotations

import hashlib
import shutil
import uuid

import pandas as pd
import pytest

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.review import escalated, give_verdict
from synsetlab.store.erasure import pseudonymise
from synsetlab.voting.consensus import (
    check_counters,
    decide_questions,
    policy_in_force,
    run_consensus,
    stored_model,
)
from synsetlab.voting.exchange import export_votes, import_votes
from synsetlab.voting.policy import DynamicPolicy, FixedPolicy, KOfNPolicy, PerSynsetPolicy
from synsetlab.voting.queue import LabelQueue

DOG, CAT = "n02084071", "n02121620"
TWO_THIRDS = FixedPolicy(votes=3, min_confidence="2/3")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log") / "ws"
    with Workspace.create(folder) as workspace:
        names = {DOG: "dog", CAT: "cat"}
        workspace.writer.add_synsets(
            [
                {"wnid": w, "lemmas": [name], "gloss": "", "path": [], "chosen": True}
                for w, name in names.items()
            ],
            [],
        )
        run = workspace.writer.start_import("folder", "made up")
        blank = {
            "format": "JPEG",
            "width": 4,
            "height": 3,
            "bytes": 9,
            "mean_color": "#000000",
            "phash": None,
        }
        pictures = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(40)]
        workspace.writer.add_images(
            [{"id": i, "phash_name": None, **blank} for i in pictures],
            [],
            [{"image_id": i, "wnid": DOG, "import_id": run} for i in pictures],
        )
    return folder


@pytest.fixture
def workspace(made, tmp_path):
    with Workspace.open(shutil.copytree(made, tmp_path / "ws")) as copy:
        yield copy
        assert check_counters(copy) == []


def say(workspace, who: str, question: int, answer: str | None, **more) -> str:
    event = {"id": str(uuid.uuid4()), "question_id": question, "answer": answer, **more}
    (name,) = LabelQueue(workspace, who, DOG).record([event])
    return name


def tasks(workspace) -> list[str]:
    questions = workspace.reader.questions()
    return (questions["image_id"] + "/" + questions["wnid"]).tolist()


def row(workspace, question: int):
    return workspace.reader.questions().set_index("id").loc[question]


def test_the_first_answer_counts_where_the_workspace_says_so(workspace):
    first = say(workspace, "a", 1, "yes")
    say(workspace, "a", 1, "no")
    assert (row(workspace, 1).n_yes, row(workspace, 1).n_no) == (0, 1)
    assert workspace.vote_policy == "keep_last"
    assert workspace.writer.set_vote_policy("keep_first") == 1
    assert (row(workspace, 1).n_yes, row(workspace, 1).n_no) == (1, 0)
    say(workspace, "a", 1, None, retracts=first)
    assert (row(workspace, 1).n_yes, row(workspace, 1).n_no) == (0, 1)
    assert workspace.vote_policy == "keep_first"
    with pytest.raises(InputError, match="keep_some"):
        workspace.writer.set_vote_policy("keep_some")


def test_a_late_vote_counts_and_may_open_the_question_again(workspace):
    policy = DynamicPolicy(min_votes=2, accept="0.9", reject="0.1")
    for who in "ab":
        say(workspace, who, 1, "yes")
    run_consensus(workspace, policy, fit=False)
    assert row(workspace, 1).outcome == "accepted"
    say(workspace, "late", 1, "no")
    assert row(workspace, 1).outcome == "accepted"  # until it is judged again
    assert decide_questions(workspace, [1]).outcomes == {"open": 1}
    assert row(workspace, 1).outcome == "open"
    assert len(export_votes(workspace)) == 3


def test_a_late_vote_changes_nothing_where_the_first_ones_decide(workspace):
    for who in "ab":
        say(workspace, who, 1, "yes")
    run_consensus(workspace, KOfNPolicy(k=2, n=3), fit=False)
    for who in "cdefg":
        say(workspace, who, 1, "no")
    decide_questions(workspace, [1])
    assert row(workspace, 1).outcome == "accepted"


def test_all_votes_taken_back_open_the_question_again(workspace):
    votes = [say(workspace, who, 1, "yes") for who in "abc"]
    run_consensus(workspace, TWO_THIRDS, fit=False)
    assert row(workspace, 1).outcome == "accepted"
    for who, vote in zip("abc", votes, strict=True):
        say(workspace, who, 1, None, retracts=vote)
    decide_questions(workspace, [1])
    assert row(workspace, 1).outcome == "open"
    assert 1 not in {card["id"] for card in LabelQueue(workspace, "a", DOG).page(50)}
    assert 1 in {card["id"] for card in LabelQueue(workspace, "d", DOG).page(50)}


def test_anonymous_votes_count_but_are_never_fitted(workspace):
    for question in range(1, 21):
        for who in ("a", "b", "c"):
            say(workspace, who, question, "yes" if question % 2 else "no")
        say(workspace, "anonymous:7f3a", question, "no" if question % 2 else "yes")
    run_consensus(workspace, DynamicPolicy())
    model = stored_model(workspace)
    assert set(model.by_annotator) == {"a", "b", "c"}
    assert row(workspace, 1).n_no == 1
    assert set(workspace.reader.annotators()["role"]) == {"annotator", "anonymous"}


def test_gold_votes_measure_the_annotator_and_leave_the_answer(workspace):
    workspace.writer.set_gold({1: "no"})
    for who in "abc":
        say(workspace, who, 1, "yes")
    decide_questions(workspace, [1], TWO_THIRDS)
    assert (row(workspace, 1).outcome, row(workspace, 1).posterior) == ("rejected", 0.0)
    assert workspace.reader.votes()["is_gold"].all()


def test_skips_and_unsure(workspace):
    for who, answer in (("a", "yes"), ("b", "yes"), ("c", "skip"), ("d", "unsure")):
        say(workspace, who, 1, answer)
    run_consensus(workspace, FixedPolicy(votes=3, min_confidence="2/3"), fit=False)
    assert (row(workspace, 1).outcome, row(workspace, 1).n_skip) == ("accepted", 1)


def test_an_excluded_annotator_is_out_and_comes_back(workspace):
    for who in ("a", "b", "spam"):
        say(workspace, who, 1, "no" if who == "spam" else "yes")
    run_consensus(workspace, FixedPolicy(votes=3, min_confidence="1"), fit=False)
    assert escalated(workspace)["question_id"].tolist() == [1]
    assert workspace.writer.judge_annotator("spam", "exclude", by="maria", reason="no, always") == 1
    assert row(workspace, 1).n_no == 0
    assert len(workspace.reader.votes(effective=False)) == 3
    run_consensus(workspace, FixedPolicy(votes=2, min_confidence="1"), fit=False)
    assert row(workspace, 1).outcome == "accepted"
    mine = workspace.lookups.own_answers(workspace.writer.ensure_annotator("spam"), [1])
    assert mine[1][1] == "no", "they still see what they said"
    workspace.writer.judge_annotator("spam", "include", by="maria")
    assert row(workspace, 1).n_no == 1
    assert workspace.reader.annotator_verdicts()["verdict"].tolist() == ["exclude", "include"]
    with pytest.raises(InputError, match="nobody"):
        workspace.writer.judge_annotator("nobody", "exclude", by="maria")


def test_the_same_file_again_adds_nothing_and_names_nobody_who_was_forgotten(workspace):
    votes = pd.DataFrame(
        {"task": tasks(workspace)[:3], "worker": ["ann", "ann", "bob"], "label": ["yes", "no", "yes"]}
    )
    assert import_votes(workspace, votes, "votes.csv") == 3
    with workspace.engine.begin() as connection:
        pseudonymise(connection, "ann", "person-7")
    import_votes(workspace, votes, "votes.csv")
    log = workspace.reader.votes(effective=False)
    assert sorted(log["annotator"]) == ["bob", "person-7", "person-7"]
    assert set(workspace.reader.annotators()["name"]) == {"bob", "person-7"}


def test_which_of_several_classes(workspace):
    image = workspace.reader.images()["id"].iloc[0]
    assert workspace.writer.add_questions([{"image_id": image, "wnid": CAT, "choices": [CAT, DOG]}]) == 1
    question = int(workspace.reader.questions()["id"].max())
    for bad in ("yes", "no", "n00000001"):
        with pytest.raises(InputError, match=f"{CAT}, {DOG}, unsure, skip"):
            say(workspace, "a", question, bad)
    with pytest.raises(InputError, match="yes, no"):
        say(workspace, "a", 1, DOG)
    for who, answer in (("a", DOG), ("b", DOG), ("c", CAT)):
        say(workspace, who, question, answer)
    assert row(workspace, question).n_label == 3
    run_consensus(workspace, TWO_THIRDS, fit=False)
    assert (row(workspace, question).outcome, row(workspace, question).label) == ("accepted", DOG)
    for who in "de":
        say(workspace, who, question, CAT)
    decide_questions(workspace, [question])
    assert row(workspace, question).outcome == "ambiguous"
    assert row(workspace, question).label is None


def test_nobody_is_left_to_ask(workspace):
    say(workspace, "a", 1, "yes")
    assert run_consensus(workspace, TWO_THIRDS, fit=False).outcomes == {"open": 1}
    assert run_consensus(workspace, TWO_THIRDS, fit=False, nobody_left=True).outcomes == {"ambiguous": 1}
    assert "nobody is left" in escalated(workspace)["reason"].iloc[0]


def test_an_expert_who_asks_for_more_votes_gets_them(workspace):
    for who, answer in (("a", "yes"), ("b", "no"), ("c", "unsure")):
        say(workspace, who, 1, answer)
    run_consensus(workspace, TWO_THIRDS, fit=False)
    assert give_verdict(workspace, 1, "more-votes", by="maria") == "open"
    assert row(workspace, 1).votes_wanted == 6
    say(workspace, "d", 1, "yes")
    decide_questions(workspace, [1])
    assert row(workspace, 1).outcome == "open"
    for who in "ef":
        say(workspace, who, 1, "no")
    decide_questions(workspace, [1])
    assert row(workspace, 1).outcome == "ambiguous"


def test_synsets_with_a_policy_of_their_own(workspace):
    image = workspace.reader.images()["id"].iloc[0]
    workspace.writer.add_questions([{"image_id": image, "wnid": CAT}])
    cat = int(workspace.reader.questions()["id"].max())
    policy = PerSynsetPolicy(FixedPolicy(votes=3), {CAT: FixedPolicy(votes=1)})
    say(workspace, "a", 1, "yes")
    say(workspace, "a", cat, "yes")
    run_consensus(workspace, policy, fit=False)
    assert (row(workspace, 1).outcome, row(workspace, cat).outcome) == ("open", "accepted")
    assert policy_in_force(workspace) == policy


def test_online_and_the_run_agree_under_the_fitted_model(workspace):
    """The posterior of the touched questions is the one that the next run computes, to 1e-12."""
    for question in range(1, 31):
        for place, who in enumerate("abc"):
            say(workspace, who, question, "yes" if (question + place) % 4 else "no")
    policy = DynamicPolicy(max_votes=9)
    assert run_consensus(workspace, policy).fitted
    for question in range(1, 6):
        say(workspace, "d", question, "yes")
    decide_questions(workspace, range(1, 6))
    model = stored_model(workspace)
    votes = workspace.reader.votes()
    tasks = votes.assign(task=votes["question_id"], worker=votes["annotator"], label=votes["answer"])
    batch = model.posterior(tasks[["task", "worker", "label"]])
    for question in range(1, 6):
        assert row(workspace, question).posterior == pytest.approx(batch[question], abs=1e-12)
