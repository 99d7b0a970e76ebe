"""VoteReview without a page: a table of votes as its source, verdicts and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from PIL import Image

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.ui.review import EXCLUDE_REASONS, VoteReview
from synsetlab.ui.review_frame import FrameReview

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = {
    "001": ["yes", "no", "yes", "no"],
    "None": ["yes", "yes", "no"],
    "sure.png": ["yes"] * 5,
    "never.png": ["no"] * 5,
    "who.png": ["unsure", "unsure"],
}


def table(answers: dict[str, list[str]] = ANSWERS) -> pd.DataFrame:
    rows = [(task, f"w{i}", label) for task, labels in answers.items() for i, label in enumerate(labels)]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pictures"
    place.mkdir()
    for i, name in enumerate(ANSWERS):
        Image.new("RGB", (40 + i, 30), (200, 20 * i, 40)).save(place / name, "PNG")
    return place


def test_only_what_the_votes_left_open_is_queued_most_doubtful_first(folder: Path) -> None:
    queue = VoteReview.from_frame(table(), images=folder, question="shirt").source.queue()
    assert [item["key"] for item in queue] == ["001", "who.png", "None"]
    assert [item["posterior"] for item in queue] == [0.5, None, pytest.approx(2 / 3)]
    assert {item["reason"] for item in queue} == {"ambiguous"}
    assert queue[0]["lemmas"] == ["shirt"]


def test_an_audit_draws_the_same_settled_ones_for_the_same_seed(folder: Path) -> None:
    def drawn(seed: int) -> list[str]:
        source = FrameReview(table(), folder, audit=1, seed=seed)
        return [item["key"] for item in source.queue("audit")]

    assert drawn(1) == drawn(1)
    assert {key for seed in range(8) for key in drawn(seed)} == {"sure.png", "never.png"}


def test_labels_of_other_tools_are_read_and_skips_left_out(folder: Path) -> None:
    votes = table({"001": ["1", "0", " Yes ", "FALSE", "skip"]})
    [item] = FrameReview(votes, folder).queue()
    assert (item["yes"], item["no"], item["unsure"]) == (2, 2, 0)


def test_the_detail_says_who_voted_how_and_how_far_they_can_be_believed(folder: Path) -> None:
    votes = table().assign(active_ms=["1500"] + [""] * (len(table()) - 1))
    source = FrameReview(votes, folder)
    detail = source.detail(source.queue()[0]["question"])
    assert [vote["answer"] for vote in detail["votes"]] == ["yes", "no", "yes", "no"]
    assert [vote["seconds"] for vote in detail["votes"]] == [1.5, None, None, None]
    known = source.reliability()
    assert set(known) == {"w0", "w1", "w2", "w3", "w4"}
    assert all(one["low"] <= one["right"] <= one["high"] for one in known.values())
    assert known["w0"]["seconds"] == 1.5
    assert known["w2"]["right"] < known["w0"]["right"]  # alone with a no where the others said yes
    assert detail["origin"]["width"] == 40
    assert len(detail["origin"]["sha256"]) == 64


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda t: t.drop(columns="worker"), MissingColumnError, "task, label"),
        (lambda t: t.assign(label="shirt"), InputError, "'shirt'"),
        (lambda t: t.assign(task=None), InputError, "empty cells"),
        (lambda t: t[:0], InputError, "nothing to review"),
    ],
)
def test_tables_that_cannot_be_reviewed_are_refused_by_name(
    folder: Path, change: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        VoteReview.from_frame(change(table()), images=folder)


def test_wrong_limits_and_an_absent_folder_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="reject < accept"):
        VoteReview.from_frame(table(), images=folder, accept=0.2, reject=0.8)
    with pytest.raises(InputError, match="no folder"):
        VoteReview.from_frame(table(), images=folder / "absent")


def test_verdicts_come_back_verbatim_and_undo_goes_to_the_one_before(folder: Path) -> None:
    review = VoteReview.from_frame(table(), images=folder)
    first = review.source.queue()[0]["question"]
    review.on_verdict({"questions": [first], "verdict": "accept"})
    review.on_verdict({"questions": [first], "verdict": "exclude", "reason": "private"})
    assert review.verdicts[["task", "verdict", "reason"]].to_numpy().tolist() == [
        ["001", "exclude", "private"]
    ]
    assert review.on_undo({}) == {"undone": {first: "accept"}}
    assert review.source.queue()[0]["verdict"] == "accept"
    assert review.on_undo({}) == {"undone": {first: None}}
    assert review.on_undo({}) == {"undone": None}
    assert review.verdicts.empty


@pytest.mark.parametrize(
    "message",
    [
        {"questions": ["001\t"], "verdict": "delete"},
        {"questions": ["001\t"], "verdict": "undo"},
        {"questions": ["001\t"], "verdict": "exclude", "reason": "because"},
        {"questions": ["absent\t"], "verdict": "accept"},
        {"verdict": "accept"},
        {"questions": [], "verdict": "accept"},
        {"questions": ["001\t", "001\t"], "verdict": "accept"},
        {"questions": ["001\t", "absent\t"], "verdict": "accept"},
        {"questions": ["001\t"], "verdict": "more-votes", "votes": 0},
        {"questions": ["001\t"], "verdict": "more-votes", "votes": True},
        {"questions": ["001\t"], "verdict": "relabel"},
    ],
)
def test_verdicts_that_do_not_exist_are_refused_and_nothing_is_kept(
    folder: Path, message: dict[str, str]
) -> None:
    review = VoteReview.from_frame(table(), images=folder)
    with pytest.raises(InputError):
        review.on_verdict(message)
    assert review.verdicts.empty


def test_no_file_outside_the_folder_is_read(folder: Path) -> None:
    (folder.parent / "secret.png").write_bytes((folder / "001").read_bytes())
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    review = VoteReview.from_frame(table(), images=folder)
    for key in ("../secret.png", str(folder.parent / "secret.png"), "link.png"):
        with pytest.raises(InputError, match="no picture"):
            review.on_picture({"key": key})


def test_a_batch_of_thumbnails_leaves_out_what_cannot_be_read_and_says_why(folder: Path) -> None:
    (folder / "None").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    fields, payload = VoteReview.from_frame(table(), images=folder).on_thumbnails(
        {"keys": ["None", "001", "gone"]}
    )
    assert fields["keys"] == ["001"]
    assert set(fields["missing"]) == {"None", "gone"}
    assert bytes(payload[0]).startswith((b"\xff\xd8", b"\x89PNG"))  # one that is small already goes as it is


def test_python_asks_the_page_for_a_question_and_is_not_thrown_back_by_it(folder: Path) -> None:
    review = VoteReview.from_frame(table(), images=folder)
    sent: list[Any] = []
    review.send = lambda content, buffers=None: sent.append(content)
    names = [item["question"] for item in review.source.queue()]
    review.on_detail({"question": names[1]})
    assert (review.question, sent) == (names[1], [])
    review.question = names[0]
    assert sent == [{"type": "reveal", "question": names[0]}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.one_of(st.none(), st.tuples(st.integers(0, 2), st.sampled_from(["accept", "reject"]))))
)
def test_what_stands_is_the_last_verdict_not_taken_back(folder: Path, steps: list[Any]) -> None:
    source = FrameReview(table(), folder)
    names = [item["question"] for item in source.queue()]
    log: list[tuple[str, str]] = []
    for step in steps:
        if step is None:
            source.undo()
            log = log[:-1]
        else:
            source.verdict([names[step[0]]], step[1], "")
            log.append((names[step[0]], step[1]))
    standing = dict(log)
    assert {item["question"]: item["verdict"] for item in source.queue() if item["verdict"]} == standing
    assert len(source.verdicts()) == len(standing)


def test_every_reason_to_exclude_has_words() -> None:
    assert all(words and words[0].isupper() for words in EXCLUDE_REASONS.values())
