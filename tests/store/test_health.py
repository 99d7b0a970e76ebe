"""The doctor names what is wrong with a database, on both kinds; what it says mends it does."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
import sqlalchemy as sa

from synsetlab.store.custody import copy_workspace
from synsetlab.store.health import examine_database
from synsetlab.store.workspace import Workspace
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

VERDICT = (
    "INSERT INTO expert_verdict (id, question_id, verdict, reason, decided_by, decided_at) "
    "VALUES ('u', 99999, 'accept', '', 'x', '2024-01-01 00:00:00.000000')"
)


@pytest.fixture
def voted(filled):
    """With votes, decisions, gold and leases: whole, but for the pictures."""
    ann = filled.writer.ensure_annotator("ann")
    filled.writer.record_votes(ann, [{"id": f"v{n}", "question_id": n, "answer": "yes"} for n in (1, 2, 3)])
    filled.writer.set_gold({4: "yes"})
    filled.writer.claim(ann, "n02084071", 3, batch="b")
    run_consensus(filled, FixedPolicy(votes=1))
    assert set(wrong(filled)) == {"pictures"}
    return filled


def wrong(workspace: Workspace) -> dict[str, tuple[str, str]]:
    found = examine_database(workspace)
    assert len(found) == 10
    return {one.name: (one.problem, one.remedy) for one in found if one.problem}


def damage(workspace: Workspace, *statements: str) -> None:
    """By someone who is stopped by no trigger and no constraint."""
    if workspace.engine.dialect.name == "sqlite":
        with contextlib.closing(sqlite3.connect(workspace.folder / "workspace.sqlite")) as raw:
            raw.execute("PRAGMA foreign_keys=OFF")
            kept = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in kept:
                raw.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                raw.execute(statement)
            for _, statement in kept:
                raw.execute(statement)
            raw.commit()
        return
    with workspace.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = 'replica'")
        for statement in statements:
            connection.exec_driver_sql(statement)


ROWS = {
    "DELETE FROM setting": ("settings", "setting has no secret", "workspace restore"),
    "INSERT INTO setting VALUES ('vote_policy', 'whatever')": ("settings", "vote_policy", "consensus keep"),
    "UPDATE setting SET value = '{oops' WHERE key = 'policy'": ("settings", "policy", "consensus run"),
    "UPDATE policy SET body = '{oops'": ("settings", "1 rows of policy have a body", "workspace restore"),
    "UPDATE question SET gold_answer = 'zebra' WHERE id = 4": ("rows", "1 questions have a gold", "restore"),
    "UPDATE vote SET answer = 'n00000001' WHERE seq = 1": ("rows", "1 votes give an answer", "restore"),
    "UPDATE vote SET is_gold = true WHERE seq = 1": ("rows", "1 votes count as gold", "restore"),
    "UPDATE synset SET lemmas = '{}' WHERE chosen": ("values", "2 rows of synset have a lemmas", "restore"),
    "UPDATE question SET choices = '7' WHERE id = 9": (
        "values",
        "1 rows of question have a choices",
        "restore",
    ),
    "DELETE FROM candidate WHERE image_id = (SELECT min(image_id) FROM candidate)": (
        *("rows", "1 questions have no row of candidate", "Import them again"),
    ),
    "DELETE FROM source": ("rows", "10 pictures that are asked about have no row of source", "Import"),
    "INSERT INTO duplicate_cluster SELECT min(id), 'nowhere' FROM image": (
        *("rows", "1 rows of duplicate_cluster", "dedup run"),
    ),
    "UPDATE lease SET expires_at = '9999-01-01 00:00:00.000000'": ("caches", "leases differ", "rebuild"),
    "INSERT INTO queue_cursor VALUES (1, 'n02121620', 5, 9000000000000000, 0)": (
        *("rows", "1 rows of queue_cursor", "rebuild"),
    ),
    VERDICT: ("references", "1 rows of expert_verdict name a question_id", "workspace restore"),
}


@pytest.mark.parametrize("statement", ROWS)
def test_rows_that_cannot_be_are_named_with_their_remedy(voted, statement):
    name, problem, remedy = ROWS[statement]
    damage(voted, statement)
    found = wrong(voted)
    assert problem in found[name][0]
    assert remedy in found[name][1]
    if "rebuild" in remedy:
        voted.writer.rebuild(dry_run=False)
        assert set(wrong(voted)) == {"pictures"}


def test_a_verdict_on_nothing_stops_no_rebuild(voted):
    damage(voted, VERDICT, "UPDATE question SET n_yes = 7 WHERE id = 1")
    assert voted.writer.rebuild(dry_run=False)["counters"] == [0]
    assert voted.reader.scalar(sa.text("n_yes FROM question WHERE id = 1")) == 1


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE vote SET decided_at = 'yesterday' WHERE seq = 1", "1 rows of vote have a decided_at"),
        ("UPDATE synset SET lemmas = 'not json'", "2 rows of synset have a lemmas"),
        ("UPDATE question SET posterior = 'high' WHERE id = 1", "1 rows of question have a posterior"),
    ],
)
def test_sqlite_keeps_any_value_in_any_column(voted, statement, problem):
    damage(voted, statement)
    assert problem in wrong(voted)["values"][0]


SCHEMA = {
    "sqlite": {
        "DROP TRIGGER vote_no_delete": ("append-only", "vote_no_delete is gone"),
        "DROP INDEX ix_question_queue": ("schema", "question has no index ix_question_queue"),
    },
    "postgresql": {
        "DROP TRIGGER vote_append_only ON vote": ("append-only", "vote_append_only is gone"),
        "ALTER TABLE vote ENABLE REPLICA TRIGGER vote_append_only": ("append-only", "is switched off"),
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NEW; END $$": ("append-only", "vote_append_only is another"),
        "DROP INDEX ix_question_queue": ("schema", "question has no index ix_question_queue"),
        "ALTER TABLE vote DROP CONSTRAINT uq_vote_id": ("schema", "vote does not keep id unique"),
        "ALTER TABLE vote DROP CONSTRAINT fk_vote_question_id_question": (
            *("schema", "vote does not hold question_id to question"),
        ),
    },
}


@pytest.mark.parametrize(
    ("workspace", "statement"),
    [pytest.param("sqlite", one, marks=pytest.mark.sqlite) for one in SCHEMA["sqlite"]]
    + [pytest.param("postgres", one, marks=pytest.mark.postgres) for one in SCHEMA["postgresql"]],
    indirect=["workspace"],
)
def test_what_a_copy_mends_is_mended_by_a_copy(voted, tmp_path, request, statement):
    dialect = voted.engine.dialect.name
    name, problem = SCHEMA[dialect][statement]
    with voted.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    found = wrong(voted)
    assert set(found) == {name, "pictures"}
    assert problem in found[name][0]
    assert "workspace copy FROM TO" in found[name][1]
    database = request.getfixturevalue("postgres")() if dialect == "postgresql" else None
    copy_workspace(voted.folder, tmp_path / "copy", database=database, pictures=False)
    with Workspace.open(tmp_path / "copy") as copy:
        assert set(wrong(copy)) == {"pictures"}


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_a_trigger_of_the_same_name_that_does_nothing_is_another(voted):
    with voted.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER vote_no_delete")
        connection.exec_driver_sql("CREATE TRIGGER vote_no_delete AFTER INSERT ON vote BEGIN SELECT 1; END")
    assert "vote_no_delete is another" in wrong(voted)["append-only"][0]


def test_a_table_or_column_that_is_gone_is_named_and_the_rest_examined(voted):
    with voted.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE lease")
        connection.exec_driver_sql("ALTER TABLE question DROP COLUMN control")
        connection.exec_driver_sql("DELETE FROM setting WHERE key = 'secret'")
    found = wrong(voted)
    assert found["schema"][0] == "question has no column control; the table lease is gone"
    assert "cannot be examined" in found["caches"][0]
    assert found["settings"][0] == "setting has no secret"
    assert "10 of 10 pictures" in found["pictures"][0]


@pytest.mark.parametrize("workspace", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_sequence_behind_its_table_is_set_on_by_what_is_said(voted):
    with voted.engine.begin() as connection:
        connection.exec_driver_sql("SELECT setval('vote_seq_seq', 1)")
    problem, remedy = wrong(voted)["schema"]
    assert problem == "new rows of vote get numbers that are taken, up to 3"
    with voted.engine.begin() as connection:
        connection.exec_driver_sql(remedy.partition("psql: ")[2])
    assert set(wrong(voted)) == {"pictures"}
    assert voted.writer.record_votes(1, [{"id": "v9", "question_id": 9, "answer": "no"}])


def test_a_picture_that_was_cut_is_said(voted):
    data = b"not a picture"
    kept = voted.blobs.put(data)
    given = {"format": "JPEG", "width": 4, "height": 3, "mean_color": "#000000"}
    voted.writer.add_images([{"id": kept, "bytes": len(data), **given}], [], [])
    assert "10 of 11" in wrong(voted)["pictures"][0]
    assert "have not the bytes" not in wrong(voted)["pictures"][0]
    (voted.folder / "blobs" / "originals" / kept[:2] / kept).write_bytes(b"")
    assert "1 of 11 pictures in" in wrong(voted)["pictures"][0]
