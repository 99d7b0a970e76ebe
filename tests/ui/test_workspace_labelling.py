"""A workspace as the source of a grid: what a page holds is asked of nobody else, until it is handed in."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from synsetlab import Workspace
from synsetlab.cli.votes import command as votes_commands
from synsetlab.errors import InputError
from synsetlab.store import schema
from synsetlab.store.schema_notes import Note
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.workspace.definition_quiz import definition_quiz
from synsetlab.ui.workspace.labelling import WorkspaceLabelling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOG = "n02084071"
PICTURES = 6


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "ws") as made:
        made.writer.add_synsets(
            [{"wnid": DOG, "lemmas": ["dog"], "gloss": "", "path": [], "chosen": True}], []
        )
        add_pictures(made, range(PICTURES))
        yield made


def add_pictures(workspace: Workspace, numbers: range) -> None:
    run = workspace.writer.start_import("folder", "made up")
    names = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in numbers]
    facts = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
    workspace.writer.add_images(
        [{"id": name, "phash": None, "phash_name": None, **facts} for name in names],
        [],
        [{"image_id": name, "wnid": DOG, "import_id": run} for name in names],
    )


def vote(key: str) -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "key": key, "answer": "yes", "retracts": None}


def test_what_was_left_open_is_free_for_others_once_the_page_is_handed_in(workspace: Workspace) -> None:
    sources = [WorkspaceLabelling(workspace, wnid=DOG, annotator=name) for name in ("ann", "bob", "cy")]
    pages = [[item["key"] for item in source.page(PICTURES)] for source in sources]
    assert [len(page) for page in pages] == [PICTURES] * 3
    late = WorkspaceLabelling(workspace, wnid=DOG, annotator="late")
    assert late.page(PICTURES) == []
    answered = pages[0][:2]
    sources[0].record([vote(key) for key in answered])
    sources[0].submit(answered)
    assert {item["key"] for item in late.page(PICTURES)} == set(pages[0]) - set(answered)


def test_handing_in_one_page_leaves_the_pages_of_others_alone(workspace: Workspace) -> None:
    ann = WorkspaceLabelling(workspace, wnid=DOG, annotator="ann")
    bob = WorkspaceLabelling(workspace, wnid=DOG, annotator="bob")
    ann.page(PICTURES)
    page = bob.page(PICTURES)
    ann.submit([])
    bobs = workspace.writer.ensure_annotator("bob")
    assert workspace.reader.leases()["annotator_id"].tolist() == [bobs] * PICTURES
    assert bob.page(PICTURES) == page


def test_an_open_page_keeps_its_pictures_through_a_reload(workspace: Workspace) -> None:
    first = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"))
    again = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"))
    opened, reopened = first.on_open({"keys": []}), again.on_open({"keys": []})
    assert [item["key"] for item in reopened["items"]] == [item["key"] for item in opened["items"]]
    assert len(opened["items"]) == PICTURES
    again.on_submit({"batch": reopened["batch"], "keys": []})
    assert len(workspace.reader.leases()) == PICTURES  # of the next page, not of two


CAT = "n02121620"


@pytest.fixture
def two_synsets(workspace: Workspace) -> Workspace:
    """Dogs and cats, with rules for dogs, and a question that asks which of the two it is."""
    facts = {"path": ["animal"], "chosen": True}
    workspace.writer.add_synsets([{"wnid": CAT, "lemmas": ["cat"], "gloss": "a feline mammal", **facts}], [])
    workspace.writer.set_rules(DOG, "any dog", "wolves and toys")
    run = workspace.writer.start_import("folder", "made up")
    images = workspace.reader.images()["id"]
    workspace.writer.add_images(
        [], [], [{"image_id": name, "wnid": CAT, "import_id": run} for name in images[:4]]
    )
    workspace.writer.finish_import(run)
    return workspace


def test_a_page_can_be_opened_again_until_it_is_decided(workspace: Workspace) -> None:
    grid = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"), page_size=3)
    opened = grid.on_open({"keys": []})
    keys = [item["key"] for item in opened["items"]]
    events = [{**vote(key), "batch": opened["batch"]} for key in keys]
    assert grid.on_votes({"owner": grid.owner, "events": events})["refused"] == {}
    following = grid.on_submit({"batch": opened["batch"], "keys": keys})
    assert not set(keys) & {item["key"] for item in following["items"]}
    (page,) = grid.on_earlier({})["pages"]
    assert (page["batch"], page["name"], page["open"], page["answers"]) == (
        opened["batch"],
        "dog",
        3,
        {"yes": 3},
    )
    again = grid.on_reopen({"batch": page["batch"]})
    assert [item["key"] for item in again["items"]] == keys
    assert {key: given["answer"] for key, given in again["answers"].items()} == dict.fromkeys(keys, "yes")
    # Handed in again, one comes back to the page that was open before.
    back = grid.on_submit({"batch": again["batch"], "keys": keys})
    assert [item["key"] for item in back["items"]] == [item["key"] for item in following["items"]]
    questions = workspace.reader.questions()["id"]
    policy = {"hash": "p", "kind": "fixed", "body": "{}"}
    facts = {"posterior": 0.9, "n_yes": 1, "n_no": 0, "n_unsure": 0, "reason": "", "votes_wanted": 1}
    rows = [{"question_id": int(number), "outcome": "accepted", **facts} for number in questions]
    workspace.writer.record_decisions(policy, rows)
    assert grid.on_earlier({})["pages"] == []
    with pytest.raises(InputError, match="decided by now"):
        grid.on_reopen({"batch": opened["batch"]})


def batches(workspace: Workspace) -> list[str]:
    return workspace.reader.votes(effective=False)["batch"].tolist()


def test_the_browser_cannot_begin_pages_to_find_out_what_is_known(workspace: Workspace) -> None:
    add_pictures(workspace, range(PICTURES, 40))
    workspace.writer.set_gold({int(number): "no" for number in workspace.reader.questions()["id"][:8]})
    grid = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"), page_size=16)
    opened = grid.on_open({"keys": []})
    for number, item in enumerate(opened["items"]):
        event = {**vote(item["key"]), "batch": f"made up {number}"}
        assert grid.on_votes({"owner": grid.owner, "events": [event]})["acked"] == [event["id"]]
        assert grid.on_open({"keys": []})["gold"] == {"asked": 0, "right": 0}
    assert batches(workspace) == [opened["batch"]] * 16
    following = grid.on_submit({"batch": opened["batch"], "keys": [item["key"] for item in opened["items"]]})
    first = vote(following["items"][0]["key"])
    assert grid.on_votes({"owner": grid.owner, "events": [first]})["acked"]
    known = {"asked": 2, "right": 0}
    assert grid.on_open({"keys": []})["gold"] == known, "the page before was handed in"
    again = [{**vote(item["key"]), "answer": "no", "batch": opened["batch"]} for item in opened["items"]]
    assert len(grid.on_votes({"owner": grid.owner, "events": again})["acked"]) == 16
    assert grid.on_open({"keys": []})["gold"] == known, "what is said later earns nothing"


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "\ud800"])
def test_a_vote_is_stored_though_its_time_cannot_be(workspace: Workspace, time: str) -> None:
    source = WorkspaceLabelling(workspace, wnid=DOG, annotator="ann")
    grid = LabelingGrid(source=source)
    first, second = (item["key"] for item in grid.on_open({"keys": []})["items"][:2])
    event = {**vote(first), "decided_at": time, "shown_at": time, "batch": "\ud800"}
    assert grid.on_votes({"owner": grid.owner, "events": [event]})["acked"] == [event["id"]]
    if time.isascii():
        source.record([{**vote(second), "decided_at": time}])
        assert len(workspace.reader.votes()) == 2
    assert workspace.reader.votes()["shown_at"].isna().all()


def test_answers_left_behind_by_a_page_before_are_of_the_page_that_is_opened_next(
    workspace: Workspace,
) -> None:
    before = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"))
    opened = before.on_open({"keys": []})
    late = [{**vote(item["key"]), "batch": opened["batch"]} for item in opened["items"]]
    assert before.on_votes({"owner": before.owner, "events": late[:1]})["acked"] == [late[0]["id"]]
    after = LabelingGrid(source=WorkspaceLabelling(workspace, wnid=DOG, annotator="ann"))
    acked = after.on_votes({"owner": after.owner, "events": late[:2]})["acked"]
    assert acked == [event["id"] for event in late[:2]]
    reopened = after.on_open({"keys": [late[2]["key"]]})
    assert after.on_votes({"owner": after.owner, "events": late[2:3]})["acked"] == [late[2]["id"]]
    assert reopened["here"] == [late[2]["key"]]
    assert batches(workspace) == [opened["batch"], *[reopened["batch"]] * 2]


def test_another_synset_can_be_chosen_by_page_and_by_python(two_synsets: Workspace) -> None:
    grid = LabelingGrid(source=WorkspaceLabelling(two_synsets, annotator="ann"), page_size=2)
    grid.on_open({"keys": []})
    assert grid.synset == DOG
    tasks = {task["wnid"]: task for task in grid.on_tasks({})["tasks"]}
    assert (tasks[DOG]["current"], tasks[CAT]["left"]) == (True, 4)
    chosen = grid.on_choose({"wnid": CAT})
    assert chosen["header"]["wnid"] == grid.synset == CAT
    assert len(two_synsets.reader.leases()) == 2, "the pictures of the page before are free"
    grid.synset = DOG
    assert grid.on_open({"keys": []})["header"]["wnid"] == DOG
    with pytest.raises(InputError, match="no synset"):
        grid.on_choose({"wnid": "n00000001"})


def test_the_quiz_is_passed_once_a_synset(two_synsets: Workspace) -> None:
    two_synsets.writer.set_settings({"quiz": "on"})
    source = WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann")
    (asked,) = LabelingGrid(source=source).on_open({"keys": []})["quiz"]
    assert "cat" in asked["prompt"]
    assert "right" not in asked
    right = asked["options"].index("a feline mammal")
    grid = LabelingGrid(source=source)
    assert grid.on_quiz({"answers": [1 - right if right < 2 else 0]}) == {"passed": False, "wrong": [0]}
    assert grid.on_quiz({"answers": []}) == {"passed": False, "wrong": [0]}
    assert grid.on_quiz({"answers": [right]}) == {"passed": True, "wrong": []}
    again = WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann")
    assert LabelingGrid(source=again).on_open({"keys": []})["quiz"] is None
    other = WorkspaceLabelling(two_synsets, wnid=CAT, annotator="bob")
    assert LabelingGrid(source=other).on_open({"keys": []})["quiz"]


def test_no_picture_is_sent_and_no_answer_taken_before_the_quiz(two_synsets: Workspace) -> None:
    before = LabelingGrid(source=WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann"))
    events = [vote(item["key"]) for item in before.on_open({"keys": []})["items"]]
    source = WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann", quiz=True)
    grid = LabelingGrid(source=source)
    early = grid.on_votes({"owner": grid.owner, "events": events[:1]})
    assert early["acked"] == [events[0]["id"]], "left behind by the page before"
    opened = grid.on_open({"keys": []})
    assert (opened["count"], opened["items"], opened["answers"]) == (3, [], {})
    slice_ = {"batch": opened["batch"], "start": 0, "stop": 3}
    with pytest.raises(InputError, match="after the quiz"):
        grid.on_items(slice_)
    with pytest.raises(InputError, match="after the quiz"):
        grid.on_votes({"owner": grid.owner, "events": events[1:]})
    dogs = WorkspaceLabelling(two_synsets, wnid=DOG, annotator="ann")
    elsewhere = vote(dogs.page(1)[0]["key"])
    mixed = grid.on_votes({"owner": grid.owner, "events": [*events[1:], elsewhere]})
    assert mixed == {"acked": [elsewhere["id"]], "refused": {}}, "the others wait in the browser"
    assert len(two_synsets.reader.votes()) == 2
    right = [question.right for question in definition_quiz(two_synsets, CAT)]
    assert grid.on_quiz({"answers": right})["passed"]
    assert {item["key"] for item in grid.on_items(slice_)["items"]} == {event["key"] for event in events[1:]}
    assert len(grid.on_votes({"owner": grid.owner, "events": events})["acked"]) == 4


def test_preferences_and_problems_are_kept_in_the_workspace(workspace: Workspace) -> None:
    grid = LabelingGrid(source=WorkspaceLabelling(workspace, annotator="ann"))
    grid.on_remember({"preferences": {"mode": "wrong", "keys": {"yes": ["j"]}}})
    again = LabelingGrid(source=WorkspaceLabelling(workspace, annotator="ann")).on_open({"keys": []})
    assert again["preferences"] == {"mode": "wrong", "keys": {"yes": ["j"]}}
    assert (
        LabelingGrid(source=WorkspaceLabelling(workspace, annotator="bob")).on_open({"keys": []})[
            "preferences"
        ]
        == {}
    )
    grid.on_report({"kind": "not-visible", "text": " an idea "})
    (problem,) = workspace.own_work.problems()
    assert (problem["wnid"], problem["kind"], problem["text"], problem["annotator"]) == (
        DOG,
        "not-visible",
        "an idea",
        "ann",
    )
    with pytest.raises(InputError, match="no kind"):
        grid.on_report({"kind": "boring", "text": ""})
    with pytest.raises(InputError, match="preferences"):
        grid.on_remember({"preferences": {"keys": "x" * 5000}})


def test_one_of_several_synsets_is_assigned(two_synsets: Workspace) -> None:
    with two_synsets.writer.transaction() as connection:
        connection.execute(
            sa.update(schema.Question).where(schema.Question.wnid == CAT).values(choices=[CAT, DOG])
        )
    grid = LabelingGrid(source=WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann"))
    opened = grid.on_open({"keys": []})
    choices = opened["header"]["choices"]
    assert [(choice["value"], choice["name"]) for choice in choices] == [(CAT, "cat"), (DOG, "dog")]
    keys = [item["key"] for item in opened["items"]]
    events = [
        {**vote(key), "answer": answer} for key, answer in zip(keys, (DOG, CAT, "unsure", "yes"), strict=True)
    ]
    reply = grid.on_votes({"owner": grid.owner, "events": events})
    assert len(reply["acked"]) == 3
    assert list(reply["refused"]) == [events[3]["id"]], "yes is no answer to which"
    assert grid.answers == dict(zip(keys[:3], (DOG, CAT, "unsure"), strict=True))
    assert set(two_synsets.reader.votes()["answer"]) == {DOG, CAT, "unsure"}


def test_a_report_commands_no_terminal(two_synsets: Workspace) -> None:
    grid = LabelingGrid(source=WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann"))
    bad = "\x1b]0;OWNED\x07\x1b[2Jwhich\n\u202ecats\0?"
    grid.on_report({"kind": "bad-definition", "text": bad})
    (problem,) = two_synsets.own_work.problems()
    assert problem["text"] == "]0;OWNED[2Jwhich\ncats?"
    with two_synsets.writer.transaction() as connection:  # one that was kept before
        old = {"kind": "not-visible", "text": "\x1b]0;OLD\x07\u202e", "wnid": CAT, "at": problem["at"]}
        connection.execute(sa.insert(Note), [{"annotator_id": 1, **old}])
    place = str(two_synsets.folder)
    shown = CliRunner().invoke(votes_commands, ["problems", "-w", place]).output
    assert "]0;OWNED[2Jwhich\\ncats?" in shown
    assert "\\x1b]0;OLD\\x07\\u202e" in shown
    assert not any(unseen in shown for unseen in "\x1b\x07\u202e")
    exact = CliRunner().invoke(votes_commands, ["problems", "-w", place, "--json"]).output
    assert "\x1b]0;OLD\x07\u202e" in {row["text"] for row in json.loads(exact)["problems"]}


def test_what_annotators_report_and_the_quiz_are_commands(two_synsets: Workspace) -> None:
    WorkspaceLabelling(two_synsets, wnid=CAT, annotator="ann").report("bad-definition", "which cats?")
    place = str(two_synsets.folder)
    ran = CliRunner().invoke(votes_commands, ["problems", "-w", place, "--json"])
    (problem,) = json.loads(ran.output)["problems"]
    assert (problem["lemma"], problem["kind"], problem["text"]) == ("cat", "bad-definition", "which cats?")
    assert "which cats?" in CliRunner().invoke(votes_commands, ["problems", "-w", place]).output
    assert (
        json.loads(CliRunner().invoke(votes_commands, ["quiz", "-w", place, "--json"]).output)["quiz"]
        == "off"
    )
    assert (
        CliRunner().invoke(votes_commands, ["quiz", "on", "-w", place]).output
        == "The definition quiz is on.\n"
    )
    assert two_synsets.reader.setting("quiz") == "on"
