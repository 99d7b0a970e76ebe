"""A workspace of an older schema comes to this one with every row that it had."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa
from alembic import command

from synsetlab.errors import DatabaseVersionError
from synsetlab.store.engine import connect
from synsetlab.store.schema_version import HEAD, VERSIONS, _config
from synsetlab.store.workspace import Workspace
from synsetlab.voting.consensus import check_counters

DOG = "n02084071"
AT = "2026-11-01 10:00:00"
ROWS = [
    ("setting", {"key": "workspace_id", "value": "w"}),
    ("setting", {"key": "secret", "value": "s"}),
    (
        "synset",
        {
            "wnid": DOG,
            "lemmas": '["dog"]',
            "gloss": "a dog",
            "path": "[]",
            "chosen": True,
            "rules_yes": "",
            "rules_no": "",
        },
    ),
    ("import_run", {"id": 1, "kind": "folder", "argument": "x", "started_at": AT}),
    ("annotator", {"id": 1, "name": "ann", "role": "annotator", "created_at": AT}),
    ("annotator", {"id": 2, "name": "bob", "role": "annotator", "created_at": AT}),
]
IMAGE = {
    "format": "JPEG",
    "width": 4,
    "height": 3,
    "bytes": 9,
    "mean_color": "#000000",
    "imported_at": AT,
}
QUESTION = {"example": False, "votes_wanted": 3, "n_unsure": 0, "n_skip": 0, "wnid": DOG}
for number, (yes, outcome) in enumerate([(2, "accepted"), (1, "open"), (0, "rejected")], start=1):
    image = f"{number:064x}"
    ROWS.append(("image", {"id": image, **IMAGE}))
    ROWS.append(("candidate", {"image_id": image, "wnid": DOG, "import_id": 1}))
    tally = {"n_yes": yes, "n_no": 0, "outcome": outcome, "posterior": 0.9 if yes == 2 else None}
    ROWS.append(("question", {"id": number, "image_id": image, **QUESTION, **tally}))
VOTE = {"is_gold": False, "source": "grid", "decided_at": AT, "received_at": AT}
ROWS += [
    ("vote", {"seq": 7, "id": "a", "question_id": 1, "annotator_id": 1, "answer": "yes", **VOTE}),
    ("vote", {"seq": 8, "id": "b", "question_id": 1, "annotator_id": 2, "answer": "yes", **VOTE}),
    ("vote", {"seq": 11, "id": "c", "question_id": 2, "annotator_id": 1, "answer": "yes", **VOTE}),
    ("vote", {"seq": 12, "id": "d", "question_id": 2, "annotator_id": 2, "answer": "no", **VOTE}),
    ("vote", {"seq": 13, "id": "e", "question_id": 2, "annotator_id": 2, "retracts": "d", **VOTE}),
    ("policy", {"hash": "p", "kind": "fixed", "body": "{}"}),
    (
        "decision",
        {
            "question_id": 1,
            "outcome": "accepted",
            "posterior": 0.9,
            "n_yes": 2,
            "n_no": 0,
            "n_unsure": 0,
            "reason": "",
            "policy_hash": "p",
            "decided_at": AT,
        },
    ),
    (
        "expert_verdict",
        {
            "id": "v",
            "question_id": 3,
            "verdict": "reject",
            "reason": "",
            "decided_by": "maria",
            "decided_at": AT,
        },
    ),
    ("lease", {"question_id": 3, "annotator_id": 1, "batch": "x", "expires_at": AT}),
]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def old(request, tmp_path):
    """A workspace folder whose database has the first schema and a row or more in its main tables."""
    folder = tmp_path / "old"
    folder.mkdir()
    url = f"sqlite:///{folder / 'workspace.sqlite'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres")()
    engine = connect(url)
    with engine.connect().execution_options(synsetlab_immediate=True) as connection, connection.begin():
        command.upgrade(_config(connection), VERSIONS[0])
        for table, row in ROWS:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)
        if request.param == "postgres":  # rows that bring their number do not advance the counter
            for table, name in (("annotator", "id"), ("vote", "seq")):
                connection.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', '{name}'), 99)"))
    engine.dispose()
    (folder / "synsetlab.toml").write_text(f'database = "{url}"\n')
    return folder


def test_every_row_comes_along(old):
    with pytest.raises(DatabaseVersionError, match=VERSIONS[0]):
        Workspace.open(old)
    assert Workspace.migrate(old) == HEAD
    with Workspace.open(old) as workspace:
        log = workspace.reader.votes(effective=False)
        assert log["seq"].tolist() == [7, 8, 11, 12, 13]
        assert log["retracts"].tolist() == [None, None, None, None, "d"]
        questions = workspace.reader.questions()
        assert questions["outcome"].tolist() == ["accepted", "open", "rejected"]
        assert questions["n_label"].tolist() == [0, 0, 0]
        assert questions["choices"].tolist() == [None, None, None]
        assert not workspace.reader.annotators()["excluded"].any()
        assert check_counters(workspace) == []
        for table in ("vote", "annotator_verdict"):
            if table == "annotator_verdict":
                workspace.writer.judge_annotator("bob", "exclude", by="maria")
            with (
                pytest.raises(sa.exc.DBAPIError, match="append-only"),
                workspace.engine.begin() as connection,
            ):
                connection.execute(sa.text(f"DELETE FROM {table}"))
        carol = workspace.writer.ensure_annotator("carol")
        assert 2 in workspace.writer.claim(carol, DOG, 10, batch="new")
        event = {"id": "new", "question_id": 2, "answer": "no"}
        assert workspace.writer.record_votes(carol, [event]) == ["new"]
        assert workspace.reader.votes(effective=False)["seq"].max() > 13


@pytest.mark.parametrize("old", ["sqlite"], indirect=True)
def test_the_back_up_is_the_old_database(old):
    Workspace.migrate(old)
    (copy,) = old.glob("workspace.before-migration-*.sqlite")
    with sqlite3.connect(copy) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (VERSIONS[0],)
        assert database.execute("SELECT count(*) FROM vote").fetchone() == (5,)
    database.close()
