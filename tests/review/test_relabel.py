"""Verdicts on many questions at once, relabelling, and taking back: in a real workspace."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

import pytest

from synsetlab import Workspace
from synsetlab.errors import InputError, UnknownSynsetError
from synsetlab.review import escalated, give_verdicts, relabel, take_back
from synsetlab.ui.review import VoteReview
from synsetlab.ui.workspace.review import WorkspaceReview
from synsetlab.voting.consensus import check_counters, run_consensus
from synsetlab.voting.policy import FixedPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GOLDFISH = "n01443537"
NEW_HERE = "n02119789"
"""Kit fox: a synset that the demo has not."""


@pytest.fixture
def workspace(demo: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(demo, tmp_path / "demo")
    with Workspace.open(tmp_path / "demo") as opened:
        yield opened


def some(workspace: Workspace, count: int) -> list[int]:
    """Questions that have votes, none of them about goldfish."""
    rows = workspace.reader.questions()
    rows = rows[(rows["n_yes"] > 0) & rows["duplicate_of"].isna() & (rows["wnid"] != GOLDFISH)]
    return [int(number) for number in rows["id"].head(count)]


def outcomes(workspace: Workspace) -> dict[int, str]:
    rows = workspace.reader.questions()
    return dict(zip(rows["id"], rows["outcome"], strict=True))


def test_a_reason_commands_no_terminal(workspace: Workspace) -> None:
    (question,) = some(workspace, 1)
    give_verdicts(workspace, [question], "reject", by="eve", reason="\x1b[2Jno\u202e hat")
    assert workspace.lookups.standing([question])[question]["reason"] == "[2Jno hat"


def test_the_most_undecided_waits_first_with_the_reason_of_its_last_decision(workspace: Workspace) -> None:
    policy = {"hash": "f" * 64, "kind": "test", "body": "{}"}
    sure, first, second, settled = some(workspace, 4)
    for rnd in ("early", "late"):
        counts = {
            "n_yes": 1,
            "n_no": 1,
            "n_unsure": 0,
            "votes_wanted": 3,
            "reason": rnd,
            "outcome": "ambiguous",
        }
        rows = [
            {"question_id": number, "posterior": posterior, **counts}
            for number, posterior in ((sure, 0.9), (second, 0.46), (first, 0.52), (settled, 0.5))
        ]
        rows[-1]["outcome"] = "accepted" if rnd == "late" else "ambiguous"
        workspace.writer.record_decisions(policy, rows)
    found = escalated(workspace)
    mine = found[found["question_id"].isin([sure, first, second, settled])]
    assert mine["question_id"].tolist() == [first, second, sure]
    assert set(mine["reason"]) == {"late"}
    doubt = (found["posterior"] - 0.5).abs()
    assert doubt.is_monotonic_increasing
    wnid = found["wnid"].iloc[0]
    assert (
        escalated(workspace, wnid)["question_id"].tolist()
        == found.loc[found["wnid"] == wnid, "question_id"].tolist()
    )


def test_relabelling_rejects_here_and_accepts_there_and_is_undone_as_one(workspace: Workspace) -> None:
    before = outcomes(workspace)
    questions = some(workspace, 2)
    step = relabel(workspace, questions, GOLDFISH, by="maria", reason="orange fins")
    rows = workspace.reader.questions().set_index("id")
    assert {rows.at[number, "outcome"] for number in questions} == {"rejected"}
    made = sorted(set(step.outcomes) - set(questions))
    assert [rows.at[number, "wnid"] for number in made] == [GOLDFISH] * 2
    assert {rows.at[number, "outcome"] for number in made} == {"accepted"}
    assert set(rows.loc[made, "image_id"]) == set(rows.loc[questions, "image_id"])
    log = workspace.reader.expert_verdicts()
    assert log["reason"].str.startswith(f"relabelled to {GOLDFISH}: orange fins").sum() == 2
    candidates = workspace.reader.candidates()
    assert (
        len(
            candidates[
                (candidates["wnid"] == GOLDFISH) & candidates["image_id"].isin(rows.loc[made, "image_id"])
            ]
        )
        == 2
    )
    assert check_counters(workspace) == []
    take_back(workspace, step, by="maria")
    after = outcomes(workspace)
    assert {number: after[number] for number in before} == before
    assert {after[number] for number in made} == {"open"}
    assert check_counters(workspace) == []


def test_a_synset_that_was_not_there_comes_with_its_words(workspace: Workspace) -> None:
    relabel(workspace, some(workspace, 1), NEW_HERE, by="maria")
    assert workspace.lookups.synset(NEW_HERE)["lemmas"][0] == "kit fox"


@pytest.mark.parametrize(
    ("wnid", "by", "error"),
    [("n99999999", "maria", UnknownSynsetError), ("fish", "maria", Exception), (GOLDFISH, " ", InputError)],
)
def test_what_cannot_be_relabelled_changes_nothing(
    workspace: Workspace, wnid: str, by: str, error: type[Exception]
) -> None:
    before = outcomes(workspace)
    with pytest.raises(error):
        relabel(workspace, some(workspace, 1), wnid, by=by)
    [number] = some(workspace, 1)
    own = workspace.reader.questions().set_index("id").at[number, "wnid"]
    with pytest.raises(InputError, match="already"):
        relabel(workspace, [number], str(own), by="maria")
    assert outcomes(workspace) == before


def test_a_verdict_sent_twice_is_one_and_another_under_its_id_is_refused(workspace: Workspace) -> None:
    first, second = some(workspace, 2)
    ids = {first: str(uuid.uuid4())}
    for _ in range(2):
        give_verdicts(workspace, [first], "accept", by="maria", ids=ids)
    for question, verdict, by in (
        (first, "reject", "maria"),
        (second, "accept", "maria"),
        (first, "accept", "li"),
    ):
        with pytest.raises(InputError, match=f"{ids[first]}, sent for question {question}, is another"):
            give_verdicts(workspace, [question], verdict, by=by, ids={question: ids[first]})
    log = workspace.reader.expert_verdicts()
    assert log[["id", "question_id", "verdict"]].to_numpy().tolist() == [[ids[first], first, "accept"]]


def test_many_at_once_are_all_or_none(workspace: Workspace) -> None:
    questions = some(workspace, 5)
    with pytest.raises(InputError, match="no question 999999"):
        give_verdicts(workspace, [*questions, 999999], "accept", by="maria")
    assert workspace.reader.expert_verdicts().empty
    step = give_verdicts(workspace, questions, "more-votes", by="maria", votes=5)
    rows = workspace.reader.questions().set_index("id").loc[questions]
    given = rows[["n_yes", "n_no", "n_unsure", "n_label"]].sum(axis=1)
    assert (rows["votes_wanted"] == given + 5).all()
    assert set(step.outcomes.values()) == {"open"}
    for votes in (0, 21):
        with pytest.raises(InputError, match="more votes"):
            give_verdicts(workspace, questions, "more-votes", by="maria", votes=votes)


def test_nobody_takes_back_what_someone_else_said_since(workspace: Workspace) -> None:
    questions = some(workspace, 2)
    step = give_verdicts(workspace, questions, "accept", by="maria")
    give_verdicts(workspace, questions[:1], "reject", by="john")
    with pytest.raises(InputError, match="since"):
        take_back(workspace, step, by="maria")
    assert outcomes(workspace)[questions[0]] == "rejected"
    assert outcomes(workspace)[questions[1]] == "accepted"


# ---- what the panel shows of it


def test_the_queue_says_why_each_is_there_and_audits_the_same_for_the_same_seed(workspace: Workspace) -> None:
    run_consensus(workspace, FixedPolicy(2), fit=False)
    source = WorkspaceReview(workspace, expert="maria", audit=5, seed=3)
    queue = source.queue()
    assert {item["question"] for item in queue if item["reason"] == "ambiguous"} >= {
        str(number) for number in escalated(workspace)["question_id"]
    }
    audited = [item["question"] for item in queue if item["reason"] == "audit"]
    assert len(audited) == 5
    again = WorkspaceReview(workspace, expert="maria", audit=5, seed=3).queue("audit")
    assert audited == [item["question"] for item in again]
    for item in queue:
        assert item["annotators"]
        assert item["agreement"] == max(item["yes"], item["no"], item["unsure"]) / (
            item["yes"] + item["no"] + item["unsure"]
        )


def test_a_blind_expert_sees_the_votes_after_the_verdict_only(workspace: Workspace) -> None:
    source = WorkspaceReview(workspace, expert="maria", audit=4)
    review = VoteReview(source, blind=True)
    item, *_ = review.on_open({})["items"]
    assert (item["posterior"], item["yes"], item["reason"], item["annotators"]) == (None, 0, "blind", [])
    hidden = review.on_detail({"question": item["question"]})
    assert hidden["blind"] is True
    assert not {"votes", "policy", "history", "others"} & set(hidden)
    with pytest.raises(InputError, match="blind"):
        review.on_blind({"on": False})
    review.on_verdict({"questions": [item["question"]], "verdict": "accept"})
    shown = review.on_detail({"question": item["question"]})
    assert shown["blind"] is False
    assert shown["votes"]


def test_steps_of_a_panel_are_taken_back_one_by_one_and_logged(workspace: Workspace) -> None:
    review = VoteReview(WorkspaceReview(workspace, expert="maria"))
    names = [str(number) for number in some(workspace, 3)]
    review.on_verdict({"questions": names[:2], "verdict": "exclude", "reason": "damaged"})
    review.on_verdict({"questions": names[2:], "verdict": "relabel", "wnid": GOLDFISH})
    assert review.on_undo({}) == {"undone": {names[2]: None}}
    assert review.on_undo({}) == {"undone": dict.fromkeys(names[:2])}
    assert review.on_undo({}) == {"undone": None}
    entries = review.on_log({})["entries"]
    assert [entry["verdict"] for entry in entries[-4:]] == ["accept", "reject", "exclude", "exclude"]
    assert not any(entry["stands"] for entry in entries)
    assert {entry["by"] for entry in entries} == {"maria"}


def test_the_drawer_knows_the_pictures_of_the_workspace(workspace: Workspace) -> None:
    drawer = VoteReview(WorkspaceReview(workspace)).source.synsets()
    found = drawer.on_search({"text": "goldfish", "languages": [], "filters": []})["results"]
    assert found[0]["wnid"] == GOLDFISH
    assert found[0]["own"]  # what the workspace has of it
