"""What one database would take and another not is refused by both: a workspace can always move."""

from __future__ import annotations

import pytest

from synsetlab.dedup.stage import give_duplicate_verdicts
from synsetlab.errors import InputError
from synsetlab.review import give_verdicts, relabel, take_back
from synsetlab.store.storable import check_text, is_storable

BAD = {"n" * 65: "at most 64", "": "name", "x\udcff": "cannot be seen", "a\0b": "cannot be seen"}
CAT = "n02121620"


def judgements(workspace, by: str):
    """Every way to say something in the name of `by`."""
    writer, images = workspace.writer, workspace.reader.images()["id"].tolist()
    step = give_verdicts(workspace, [1], "accept", by="ann")
    yield lambda: writer.judge_annotator("worker", "exclude", by=by)
    yield lambda: give_verdicts(workspace, [2], "reject", by=by)
    yield lambda: relabel(workspace, [3], CAT, by=by)
    yield lambda: take_back(workspace, step, by=by)
    yield lambda: give_duplicate_verdicts(workspace, {images[0]: "drop"}, by=by)


@pytest.fixture
def judged(filled):
    filled.writer.ensure_annotator("worker")
    images = sorted(filled.reader.images()["id"])
    pair = {"a": images[0], "b": images[1], "distance": 1, "verdict": "near"}
    filled.writer.replace_clusters([pair], [])
    return filled


@pytest.mark.parametrize(("name", "words"), BAD.items(), ids=["long", "empty", "surrogate", "nul"])
def test_a_name_that_no_database_keeps(judged, name, words):
    for judge in judgements(judged, name):
        with pytest.raises(InputError, match=words):
            judge()
    assert len(judged.reader.annotator_verdicts()) == 0
    assert judged.reader.expert_verdicts()["decided_by"].unique().tolist() == ["ann"]


def test_a_reason_that_no_database_keeps(judged):
    for reason in ("so\0", "so\ud83d"):
        with pytest.raises(InputError, match="The reason holds the character U"):
            judged.writer.judge_annotator("worker", "exclude", by="ann", reason=reason)
    assert len(judged.reader.annotator_verdicts()) == 0


def test_a_name_is_kept_in_one_form(judged):
    judged.writer.judge_annotator("worker", "exclude", by=" Zoe\u0308  B ")
    assert judged.reader.annotator_verdicts()["decided_by"].tolist() == ["Zo\u00eb B"]


def test_which_texts():
    assert is_storable("caf\u00e9 \U0001f600 \n\t")
    for bad in ("\0", "\ud800", "\udfff"):
        assert not is_storable(f"a{bad}")
        with pytest.raises(InputError) as caught:
            check_text(f"a{bad}b", "The title")
        caught.value.message.encode()
