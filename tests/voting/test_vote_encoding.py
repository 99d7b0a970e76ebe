"""What comes in as a table of votes, and what is said when it cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting import MajorityVote, encode_votes
from synsetlab.voting.encoding import gold_items
from synsetlab.voting.files import read_table, write_table

if TYPE_CHECKING:
    from pathlib import Path


def frame(*rows: tuple[object, object, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


def test_values_are_text_and_come_back_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_bytes("\ufefftask,worker,label\r\n001,w1,None\r\n001,w2,None\r\nNA,w1,1.0\r\n".encode())
    votes = read_table(file)
    assert votes.columns.tolist() == ["task", "worker", "label"]
    labels = MajorityVote().fit_predict(votes)
    assert labels.to_dict() == {"001": "None", "NA": "1.0"}
    write_table(labels.reset_index(), tmp_path / "labels.csv")
    assert (tmp_path / "labels.csv").read_text() == "task,label\n001,None\nNA,1.0\n"


def test_cells_without_a_column_and_labels_that_are_ids_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("task,worker,label\nt,w,a,9\nt,v,a\n")
    with pytest.raises(InputError, match="row 1 has more cells"):
        read_table(file)
    ids = pd.DataFrame({"task": range(10_500), "worker": 1, "label": range(10_500)})
    with pytest.raises(InputError, match="10500 different labels in 10500 votes: 'label' holds no answers"):
        encode_votes(ids)
    assert encode_votes(ids.assign(label=ids["label"] // 2)).n_classes == 5250


def test_the_last_the_first_or_all_votes_of_a_worker_count() -> None:
    votes = frame(("t", "w", "a"), ("t", "v", "b"), ("t", "w", "b"))
    assert encode_votes(votes).superseded == 1
    assert MajorityVote().fit_predict(votes)["t"] == "b"
    assert MajorityVote(repeats="first").fit_predict(votes)["t"] is None
    assert len(encode_votes(votes, repeats="all")) == 3


def test_nameless_workers_are_many_people() -> None:
    votes = frame(("t", "", "a"), ("t", None, "a"), ("t", "w", "b"))
    encoded = encode_votes(votes)
    assert len(encoded) == 3
    assert MajorityVote().fit_predict(votes)["t"] == "a"


@pytest.mark.parametrize("column", ["task", "worker", "label"])
def test_a_missing_column_is_named_beside_those_found(column: str) -> None:
    votes = frame(("t", "w", "a")).rename(columns={column: "something"})
    with pytest.raises(MissingColumnError, match="something") as caught:
        encode_votes(votes, place="votes.csv")
    assert caught.value.needed == column
    assert "votes.csv" in caught.value.message


@pytest.mark.parametrize("empty", [None, float("nan"), ""])
@pytest.mark.parametrize("column", ["task", "label"])
def test_a_missing_task_or_label_is_refused_by_row(column: str, empty: object) -> None:
    votes = frame(("t", "w", "a"), ("s", "w", "a"))
    votes[column] = votes[column].astype(object)
    votes.loc[1, column] = empty  # type: ignore[call-overload]
    with pytest.raises(InputError, match=f"'{column}'; the first is row 2"):
        encode_votes(votes)


def test_no_votes_and_strange_weights_are_refused() -> None:
    with pytest.raises(InputError, match="no votes"):
        encode_votes(frame())
    with pytest.raises(InputError, match="no class"):
        encode_votes(frame(("t", "w", "unsure")), not_classes=["unsure"])
    votes = frame(("t", "w", "a")).assign(weight=["heavy"])
    with pytest.raises(InputError, match="no numbers"):
        encode_votes(votes, weight="weight")
    with pytest.raises(InputError, match="positive"):
        encode_votes(votes.assign(weight=[0]), weight="weight")


def test_labels_of_any_kind_are_ordered() -> None:
    assert encode_votes(frame(("t", "w", 10), ("t", "v", 9))).classes.tolist() == [9, 10]
    mixed = encode_votes(frame(("t", "w", 10), ("t", "v", "nine")))
    assert set(mixed.classes.tolist()) == {10, "nine"}


def test_gold_must_be_about_these_tasks_and_of_one_mind() -> None:
    votes = frame(("t", "w", "a"))
    with pytest.raises(InputError, match="'elsewhere'"):
        MajorityVote().fit(votes, {"elsewhere": "a"})
    assert MajorityVote().fit_predict(votes, {"t": "b", "elsewhere": "a"})["t"] == "b"
    two_minds = pd.DataFrame({"task": ["t", "t"], "label": ["a", "b"]})
    with pytest.raises(InputError, match="two answers"):
        gold_items(two_minds)
    assert gold_items(pd.DataFrame({"question": ["t"], "truth": ["a"]})) == {"t": "a"}
    with pytest.raises(MissingColumnError, match="task,label or question,truth"):
        gold_items(pd.DataFrame({"question": ["t"], "label": ["a"]}))


def test_a_sheet_of_gold_may_be_filled_in_part(tmp_path: Path) -> None:
    sheet = pd.DataFrame({"task": ["t", "u", "v"], "label": ["a", "", None]})
    assert gold_items(sheet) == {"t": "a"}
    with pytest.raises(InputError, match="No row of the sheet has a label yet"):
        gold_items(sheet.iloc[1:], place="the sheet")
    with pytest.raises(InputError, match="first is row 2"):
        gold_items(pd.DataFrame({"task": ["t", ""], "label": ["a", "a"]}))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_table(tmp_path / "absent.csv")
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read_table(tmp_path / "empty.csv")
    (tmp_path / "latin.csv").write_bytes("task,label\nt,caf\xe9\n".encode("latin-1"))
    with pytest.raises(InputError, match="UTF-8"):
        read_table(tmp_path / "latin.csv")
    (tmp_path / "ragged.csv").write_bytes(b"task,label\na,b\nc,d,e\n")
    with pytest.raises(InputError, match="not a table"):
        read_table(tmp_path / "ragged.csv")
    with pytest.raises(InputError, match="cannot be written"):
        write_table(frame(("t", "w", "a")), tmp_path / "no folder" / "labels.csv")
