"""LabelingGrid without a page: sources, votes, and what the page can send."""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from synsetlab.errors import InputError
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.sources import FolderSource
from synsetlab.ui.votelog import VoteLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six small pictures in two folders, and what is no picture."""
    home = tmp_path / "pictures"
    for number, name in enumerate(["b/1.png", "b/2.JPG", "a/10.png", "a/9.png", "0.png", "z.webp"]):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (40 * number, 80, 120)).save(path)
    (home / "notes.txt").write_text("no picture")
    (home / ".hidden.png").write_bytes(b"x")
    return home


def event(key: str, answer: str | None = "yes", retracts: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "key": key, "answer": answer, "retracts": retracts, **more}


def votes(grid: LabelingGrid, *events: dict[str, Any]) -> dict[str, Any]:
    reply = grid.on_votes({"owner": grid.owner, "events": list(events)})
    assert isinstance(reply, dict)
    return reply


def opened(grid: LabelingGrid) -> dict[str, Any]:
    reply = grid.on_open({"keys": []})
    assert isinstance(reply, dict)
    return reply


# ---- three lines


def test_three_lines_give_a_frame(folder: Path) -> None:
    grid = LabelingGrid(images=folder, question="Blue?", annotator="ada")
    votes(grid, event("b/1.png"), event("0.png", "no", active_ms=350, decided_at="2026-01-02T03:04:05.678Z"))
    assert grid.answers == {"b/1.png": "yes", "0.png": "no"}
    frame = grid.votes
    assert list(frame.columns) == ["task", "worker", "label", "decided_at", "active_ms"]
    assert frame[["task", "worker", "label"]].to_numpy().tolist() == [
        ["b/1.png", "ada", "yes"],
        ["0.png", "ada", "no"],
    ]
    assert str(frame["decided_at"].dtype).endswith("UTC]")
    assert frame["active_ms"].tolist()[1] == 350
    assert grid.recorded == 2


def test_a_grid_without_votes_gives_an_empty_frame(folder: Path) -> None:
    frame = LabelingGrid(images=folder).votes
    assert len(frame) == 0
    assert list(frame.columns) == ["task", "worker", "label", "decided_at", "active_ms"]


def test_pictures_are_found_below_and_in_order(folder: Path) -> None:
    assert FolderSource(folder).keys() == ["0.png", "z.webp", "a/10.png", "a/9.png", "b/1.png", "b/2.JPG"]


def test_a_list_of_files_keeps_its_order(folder: Path) -> None:
    files = [folder / "z.webp", folder / "0.png"]
    grid = LabelingGrid(images=files)
    assert [item["title"] for item in opened(grid)["items"]] == ["z.webp", "0.png"]


@pytest.mark.skipif(os.name != "posix", reason="names of files are text there")
def test_a_name_that_is_no_text_can_be_shown(folder: Path) -> None:
    name = os.fsencode(folder) + b"/\xff.png"
    Image.new("RGB", (8, 8)).save(folder / "tmp.png")
    os.rename(os.fsencode(folder / "tmp.png"), name)  # noqa: PTH104  # a Path could not hold it on every system
    grid = LabelingGrid(images=folder)
    key = next(item["key"] for item in opened(grid)["items"] if "\ufffd" in item["key"])
    json.dumps(opened(grid)).encode()
    assert grid.source.thumbnail(key)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "either images or a source"),
        ({"images": "no/such/folder"}, "There is no folder 'no/such/folder'"),
        ({"images": []}, "list of images is empty"),
        ({"images": ".", "page_size": 0}, "cannot have 0 pictures"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        LabelingGrid(**arguments)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match="no pictures in"):
        LabelingGrid(images=tmp_path)


def test_source_and_question_exclude_each_other(folder: Path) -> None:
    with pytest.raises(InputError, match="source's"):
        LabelingGrid(source=FolderSource(folder), question="Which?")


def test_an_unknown_argument_is_named(folder: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        LabelingGrid(images=folder, colour="red")


# ---- pages


def test_pages_follow_each_other_until_nothing_is_left(folder: Path) -> None:
    grid = LabelingGrid(images=folder, page_size=4)
    first = opened(grid)
    assert (first["count"], first["progress"]) == (4, {"total": 6, "answered": 0})
    assert opened(grid)["batch"] == first["batch"], "opened again, it is the same page"
    keys = [item["key"] for item in first["items"]]
    votes(grid, *(event(key) for key in keys[:3]))
    second = grid.on_submit({"batch": first["batch"], "keys": keys[:3]})
    assert isinstance(second, dict)
    assert [item["key"] for item in second["items"]] == [keys[3], "b/1.png", "b/2.JPG"]
    with pytest.raises(InputError, match="no longer the open one"):
        grid.on_submit({"batch": first["batch"], "keys": []})
    last = grid.on_submit({"batch": second["batch"], "keys": [item["key"] for item in second["items"]]})
    assert isinstance(last, dict)
    assert last["count"] == 0


def test_many_pictures_come_in_slices(tmp_path: Path) -> None:
    for number in range(120):
        (tmp_path / f"{number:03}.png").touch()
    grid = LabelingGrid(images=tmp_path)
    first = opened(grid)
    assert (first["count"], len(first["items"])) == (120, 96)
    rest = grid.on_items({"batch": first["batch"], "start": 96, "stop": 10_000})
    assert isinstance(rest, dict)
    assert [item["key"] for item in rest["items"]] == [f"{number:03}.png" for number in range(96, 120)]


def test_another_source_turns_the_page(folder: Path) -> None:
    grid = LabelingGrid(images=folder)
    before = opened(grid)["batch"]
    grid.source = FolderSource(folder / "a", "Another question?")
    assert opened(grid)["header"]["question"] == "Another question?"
    assert opened(grid)["batch"] != before
    assert grid.owner == grid.source.owner


def test_the_owner_is_of_folder_question_and_annotator(folder: Path) -> None:
    def owner(**changed: str) -> str:
        return FolderSource(**{"images": folder, "question": "a", "annotator": "b", **changed}).owner  # type: ignore[arg-type]

    others = [owner(images=str(folder / "a")), owner(question="x"), owner(annotator="x")]
    assert owner() == owner()
    assert len({owner(), *others}) == 4
    assert str(folder) not in owner()


# ---- events


def test_an_event_sent_twice_is_acknowledged_twice_and_counts_once(folder: Path) -> None:
    grid = LabelingGrid(images=folder)
    vote = event("0.png")
    assert votes(grid, vote)["acked"] == [vote["id"]]
    assert votes(grid, vote, event("z.webp"))["acked"][0] == vote["id"]
    assert len(grid.votes) == 2


def test_a_retraction_takes_the_answer_back_even_if_it_comes_first(folder: Path) -> None:
    grid = LabelingGrid(images=folder)
    first, second = event("0.png"), event("0.png", "no")
    votes(grid, first, event("0.png", None, first["id"]), second)
    assert grid.answers == {"0.png": "no"}
    votes(grid, event("0.png", None, second["id"]))
    assert grid.answers == {}
    early = event("z.webp")
    votes(grid, event("z.webp", None, early["id"]), early)
    assert grid.answers == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": "maybe"},
        {"answer": None},
        {"answer": None, "retracts": "7"},
        {"retracts": str(uuid.uuid4())},
        {"key": None},
        {"key": "no/such.png"},
        {"key": "../../etc/passwd"},
        {"id": "7"},
        {"id": None},
        {"id": ["x"]},
        {"key": "x" * 2000},
    ],
)
def test_what_can_never_be_recorded_is_refused_alone(folder: Path, wrong: dict[str, Any]) -> None:
    grid = LabelingGrid(images=folder)
    good, bad = event("0.png"), {**event("z.webp"), **wrong}
    reply = votes(grid, good, bad, event("a/9.png"))
    assert len(reply["acked"]) == 2
    assert len(reply["refused"]) == 1
    assert grid.answers == {"0.png": "yes", "a/9.png": "yes"}


def test_odd_times_are_no_reason_to_lose_a_vote(folder: Path) -> None:
    grid = LabelingGrid(images=folder)
    odd = {"decided_at": "yesterday", "shown_at": 7, "active_ms": -5, "batch": 3, "surprise": "x"}
    assert len(votes(grid, event("0.png", **odd))["acked"]) == 1
    frame = grid.votes
    assert frame["active_ms"].tolist() == [0]
    assert frame["decided_at"].isna().all()


@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01\ud80000:00:00+00:00",
        "2026-01-01T00:00:00",
        "\ud800",
    ],
)
def test_a_time_that_cannot_be_kept_is_none(folder: Path, tmp_path: Path, time: str) -> None:
    grid = LabelingGrid(images=folder, votes_file=tmp_path / "votes.jsonl")
    odd = event("0.png", decided_at=time, shown_at=time, batch="\ud800")
    assert votes(grid, odd)["acked"] == [odd["id"]]
    assert grid.votes["decided_at"].isna().all()


def test_answers_of_another_grid_stay_in_the_browser(folder: Path) -> None:
    grid = LabelingGrid(images=folder)
    with pytest.raises(InputError, match="another grid"):
        grid.on_votes({"owner": "someone", "events": [event("0.png")]})


@pytest.mark.parametrize("events", [None, "x", [event("0.png")] * 300])
def test_what_is_no_list_of_events_is_refused(folder: Path, events: Any) -> None:
    grid = LabelingGrid(images=folder)
    with pytest.raises(InputError, match="as events"):
        grid.on_votes({"owner": grid.owner, "events": events})


class Stuck(FolderSource):
    """A store that fails for a while, as a locked database does."""

    locked = True

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        if self.locked:
            raise OSError("database is locked")
        return super().record(events)


def test_a_store_that_fails_acknowledges_nothing(folder: Path) -> None:
    source = Stuck(folder)
    grid = LabelingGrid(source=source)
    with pytest.raises(OSError, match="locked"):
        votes(grid, event("0.png"))
    source.locked = False
    assert len(votes(grid, event("0.png"))["acked"]) == 1


# ---- the file of votes


def test_a_grid_goes_on_where_its_file_ends(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "votes.jsonl"
    first = LabelingGrid(images=folder, votes_file=path, annotator="ada")
    votes(first, event("0.png"), event("z.webp", "unsure"))
    with path.open("ab") as file:
        file.write(b'{"id": "cut sh')
    again = LabelingGrid(images=folder, votes_file=path, annotator="ada")
    assert again.answers == {"0.png": "yes", "z.webp": "unsure"}
    answers = opened(again)["answers"]
    assert answers["0.png"]["answer"] == "yes"
    votes(again, event("0.png", None, answers["0.png"]["id"]))
    assert [json.loads(line)["annotator"] for line in path.read_text().splitlines()] == ["ada"] * 3
    assert LabelingGrid(images=folder, votes_file=path, annotator="ada").answers == {"z.webp": "unsure"}


def test_answers_are_blind_to_those_of_others(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    votes(LabelingGrid(images=folder, votes_file=path, annotator="ada"), event("0.png"))
    grid = LabelingGrid(images=folder, votes_file=path, annotator="bob")
    assert opened(grid)["answers"] == {}
    votes(grid, event("0.png", "no"))
    assert grid.answers == {"0.png": "no"}
    assert sorted(grid.votes["worker"]) == ["ada", "bob"]


def test_nobody_retracts_what_someone_else_said(tmp_path: Path) -> None:
    log = VoteLog()
    hers = event("k")
    log.append([hers], "ada")
    log.append([event("k", None, hers["id"])], "bob")
    assert log.answers("ada", ["k"])["k"]["answer"] == "yes"


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"id": 3}', "7"])
def test_a_file_of_something_else_is_refused(folder: Path, tmp_path: Path, line: str) -> None:
    path = tmp_path / "votes.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match="Line 1 of"):
        LabelingGrid(images=folder, votes_file=path)
    assert path.read_text() == line + "\n"


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["yes", "no", "unsure", None])), max_size=30
)


@given(steps=steps, again=st.integers(0, 30))
def test_the_log_says_what_the_last_step_said(steps: list[tuple[str, str | None]], again: int) -> None:
    """Whatever is answered, retracted and sent again."""
    log, standing, sent = VoteLog(), dict[str, dict[str, Any]](), list[dict[str, Any]]()
    for key, answer in steps:
        batch = []
        if key in standing:
            batch.append(event(key, None, standing.pop(key)["id"]))
        if answer is not None:
            standing[key] = event(key, answer)
            batch.append(standing[key])
        log.append(batch, "me")
        sent += batch
    log.append(sent[:again], "me")
    wanted: Mapping[str, str] = {key: vote["answer"] for key, vote in standing.items()}
    assert {key: given["answer"] for key, given in log.answers("me", "abc").items()} == wanted
    assert len(log.frame()) == len(wanted)


# ---- pictures


def test_pictures_come_as_bytes_and_what_cannot_be_read_says_why(folder: Path) -> None:
    (folder / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    grid = LabelingGrid(images=folder)
    reply = grid.on_thumbnails({"keys": ["0.png", "z.webp", "../notes.txt"]})
    assert isinstance(reply, tuple)
    fields, buffers = reply
    assert fields["keys"] == ["z.webp"]
    assert bytes(buffers[0]).startswith((b"\xff\xd8", b"RIFF"))  # one that is small already goes as it is
    assert set(fields["missing"]) == {"0.png", "../notes.txt"}


def test_examples_can_be_seen_though_they_are_not_on_the_page(folder: Path, tmp_path: Path) -> None:
    example = tmp_path / "good.png"
    Image.new("RGB", (9, 9)).save(example)
    grid = LabelingGrid(images=folder, question="?", rules_yes="all", examples={example: True})
    header = opened(grid)["header"]
    assert header["rules_yes"] == "all"
    assert header["examples"] == [{"key": str(example), "good": True}]
    assert grid.source.thumbnail(str(example))


def test_classes_are_answers_of_a_folder(folder: Path) -> None:
    grid = LabelingGrid(images=folder, choices={"cat": "a feline mammal", "dog": ""}, annotator="ada")
    header = opened(grid)["header"]
    assert header["question"] == "What does it show?"
    assert header["choices"][0] == {"value": "cat", "name": "cat", "gloss": "a feline mammal"}
    reply = votes(grid, event("0.png", "cat"), event("z.webp", "cow"))
    assert (len(reply["acked"]), len(reply["refused"])) == (1, 1)
    assert grid.answers == {"0.png": "cat"}
    for wrong in ("cat", ["cat"], ["cat", "cat"], ["yes", "no"], ["cat", ""]):
        with pytest.raises(InputError):
            LabelingGrid(images=folder, choices=wrong)


def test_preferences_of_a_folder_are_kept_for_the_user(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNSETLAB_CONFIG", str(tmp_path / "own"))
    grid = LabelingGrid(images=folder, annotator="ada")
    assert opened(grid)["preferences"] == {}
    grid.on_remember({"preferences": {"mode": "right"}})
    LabelingGrid(images=folder, annotator="bob").on_remember({"preferences": {"single": True}})
    assert opened(LabelingGrid(images=folder, annotator="ada"))["preferences"] == {"mode": "right"}
    (tmp_path / "own" / "grid.json").write_text("{broken")
    assert opened(LabelingGrid(images=folder, annotator="ada"))["preferences"] == {}


def test_pages_of_a_folder_can_be_opened_again(folder: Path) -> None:
    grid = LabelingGrid(images=folder, annotator="ada", page_size=2)
    first = opened(grid)
    keys = [item["key"] for item in first["items"]]
    votes(grid, *(event(key, batch=first["batch"], decided_at="2026-01-02T03:04:05Z") for key in keys))
    grid.on_submit({"batch": first["batch"], "keys": keys})
    (page,) = grid.on_earlier({})["pages"]
    assert (page["batch"], page["open"], page["answers"]) == (first["batch"], 2, {"yes": 2})
    again = grid.on_reopen({"batch": page["batch"]})
    assert [item["key"] for item in again["items"]] == keys
    assert set(again["answers"]) == set(keys)
    assert again["can"] == ["earlier"]
    with pytest.raises(InputError, match="tasks"):
        grid.on_tasks({})
