"""Copies, back-ups and restores hold every row, on both databases; the doctor finds what is not whole."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid

import pytest
import sqlalchemy as sa

from synsetlab.errors import InputError, WorkspaceBusyError, WorkspaceError
from synsetlab.store import schema as t
from synsetlab.store.custody import back_up, copy_workspace
from synsetlab.store.health import examine_database
from synsetlab.store.restore import restore
from synsetlab.store.workspace import Workspace
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

PICTURE = b"not a picture, and bytes all the same"


def used(workspace: Workspace) -> None:
    """Something in every kind of column: times, JSON, references to the same table, retractions."""
    writer = workspace.writer
    picture = workspace.blobs.put(PICTURE)
    run = writer.start_import("folder", "one more")
    image = {"format": "JPEG", "width": 4, "height": 3, "bytes": len(PICTURE), "mean_color": "#000000"}
    writer.add_images([{"id": picture, **image}], [], [])
    writer.add_images(
        [],
        [{"image_id": picture, "origin": "p.jpg", "import_id": run}],
        [{"image_id": picture, "wnid": "n02121620", "import_id": run}],
    )
    ann, bob = (writer.ensure_annotator(name) for name in ("ann", "bob"))
    for who in (ann, bob):
        given = [
            {"id": str(uuid.uuid4()), "question_id": q, "answer": "yes", "active_ms": 7} for q in (1, 2, 3)
        ]
        writer.record_votes(who, given)
    writer.record_votes(bob, [{"id": str(uuid.uuid4()), "question_id": 3, "retracts": given[2]["id"]}])
    writer.claim(ann, "n02084071", 3, batch="b")
    writer.set_gold({4: "yes"})
    images = workspace.reader.images()["id"].tolist()
    drop = {"image_id": images[1], "cluster_id": images[0], "verdict": "drop", "duplicate_of": images[0]}
    writer.add_duplicate_verdicts([{**drop, "decided_by": "ann"}])
    other = {"image_id": images[5], "wnid": "n02121620", "choices": ["n02084071", "n02121620"]}
    writer.add_questions([other])
    workspace.accounts.admit("ann", "curator")
    run_consensus(workspace, FixedPolicy(votes=2))


def rows_of(workspace: Workspace) -> dict[str, list[tuple]]:
    with workspace.engine.connect() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in t.Base.metadata.sorted_tables
        }


@pytest.mark.postgres
def test_there_and_back(filled, tmp_path, postgres):
    used(filled)
    before = rows_of(filled)
    other = postgres() if filled.engine.dialect.name == "sqlite" else None
    with pytest.raises(WorkspaceError, match="is not in"):  # the pictures are made up: not all are there
        copy_workspace(filled.folder, tmp_path / "there", database=other)
    assert not (tmp_path / "there").exists()
    done = copy_workspace(filled.folder, tmp_path / "there", database=other, pictures=False)
    assert done.rows == {name: len(rows) for name, rows in before.items()}
    with Workspace.open(tmp_path / "there") as there:
        assert there.engine.dialect.name != filled.engine.dialect.name
        assert rows_of(there) == before
        # New rows are numbered after those that came along.
        assert there.writer.ensure_annotator("eva") > there.writer.ensure_annotator("bob")
        assert there.writer.record_votes(1, [{"id": str(uuid.uuid4()), "question_id": 9, "answer": "no"}])
    copy_workspace(tmp_path / "there", tmp_path / "back", pictures=False)
    with Workspace.open(tmp_path / "back") as back:
        assert rows_of(back)["decision"] == before["decision"]
        assert len(rows_of(back)["vote"]) == len(before["vote"]) + 1
    if other:
        with pytest.raises(WorkspaceError, match="is not empty"):
            copy_workspace(filled.folder, tmp_path / "again", database=other, pictures=False)


def test_back_up_while_others_work_and_restore(filled, tmp_path):
    used(filled)
    before = rows_of(filled)
    file = tmp_path / "monday.sqlite"
    back_up(filled.folder, file)
    with pytest.raises(WorkspaceError, match="exists already"):
        back_up(filled.folder, file)
    filled.writer.record_votes(1, [{"id": str(uuid.uuid4()), "question_id": 9, "answer": "no"}])
    after = rows_of(filled)
    with pytest.raises(WorkspaceBusyError):
        restore(filled.folder, file)
    with pytest.raises(InputError, match="is not a file"):
        restore(filled.folder, tmp_path / "tuesday.sqlite")
    assert rows_of(filled) == after
    filled.close()
    aside = restore(filled.folder, file).before
    assert aside is not None
    with Workspace.open(filled.folder) as again:
        assert rows_of(again) == before
        assert again.writer.ensure_annotator("eva") == 3
    restore(filled.folder, aside)
    with Workspace.open(filled.folder) as again:
        assert rows_of(again) == after


def test_the_doctor_finds_what_is_wrong(filled):
    used(filled)
    names = ["storage", "schema", "references", "append-only", "settings", "values", "vote log", "rows"]
    names += ["caches", "pictures"]
    found = examine_database(filled)
    assert [finding.name for finding in found] == names
    assert [finding.name for finding in found if finding.problem] == ["pictures"]
    with filled.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER vote_no_update")
            connection.exec_driver_sql("DROP TRIGGER vote_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE vote DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE question SET n_yes = 7 WHERE id = 1")
    wrong = {finding.name: finding.problem for finding in examine_database(filled) if finding.problem}
    assert set(wrong) == {"append-only", "caches", "pictures"}
    assert "vote can be changed" in wrong["append-only"]
    assert wrong["caches"].startswith("1 counters")
    assert "10 of 11 pictures" in wrong["pictures"]


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_a_row_that_refers_to_nothing_is_said(filled):
    with contextlib.closing(sqlite3.connect(filled.folder / "workspace.sqlite")) as raw:
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("INSERT INTO candidate VALUES ('nowhere', 'n02084071', 1)")
        raw.commit()
    wrong = {finding.name: finding.problem for finding in examine_database(filled) if finding.problem}
    assert "1 rows of candidate name a image_id" in wrong["references"]


@pytest.mark.sqlite
def test_a_folder_with_the_letters_of_a_url_has_its_own_database(tmp_path):
    names = ["a b", "a%20b", "v?1", "v?2", "c#d", "e+f", "p%"]
    for name in names:
        with Workspace.create(tmp_path / name, database="sqlite:///workspace.sqlite") as made:
            made.writer.ensure_annotator(f"of {name}")
    for name in names:
        with Workspace.open(tmp_path / name) as opened:
            assert [row[1] for row in rows_of(opened)["annotator"]] == [f"of {name}"]
        back_up(tmp_path / name, tmp_path / f"{name}.sqlite")
        copy_workspace(tmp_path / name, tmp_path / "copies" / name)
        restore(tmp_path / "copies" / name, tmp_path / f"{name}.sqlite")
        with Workspace.open(tmp_path / "copies" / name) as copied:
            assert [row[1] for row in rows_of(copied)["annotator"]] == [f"of {name}"]
    expected = {*names, *(f"{name}.sqlite" for name in names), "copies"}
    assert {path.name for path in tmp_path.iterdir()} == expected
