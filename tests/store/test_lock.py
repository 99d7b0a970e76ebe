"""A workspace is restored and migrated by whoever has it alone, whatever became of its connections."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from synsetlab.errors import WorkspaceBusyError, WorkspaceError
from synsetlab.store.custody import back_up
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.restore import restore
from synsetlab.store.workspace import Workspace

pytestmark = pytest.mark.parametrize(
    "workspace", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


def end_connections(workspace: Workspace) -> None:
    """What a restart of the server does to all who are connected."""
    outside = sa.create_engine(workspace.engine.url)
    with outside.connect() as connection:
        ended = connection.exec_driver_sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).scalar_one()
    outside.dispose()
    assert ended


def vote(workspace: Workspace, question: int = 1) -> list[str]:
    """Send a vote, and as a page does once more where the server was out of reach."""
    given = {"id": str(uuid.uuid4()), "question_id": question, "answer": "yes"}
    for _ in range(9):
        try:
            return workspace.writer.record_votes(1, [given])
        except WorkspaceError as error:
            if "cannot be reached" not in error.message:
                raise
    pytest.fail("the server is out of reach")


@pytest.fixture
def opened(filled):
    """Someone who has the workspace of `filled` open, and has voted."""
    filled.writer.ensure_annotator("ann")
    filled.close()
    with Workspace.open(filled.folder) as workspace:
        vote(workspace)
        yield workspace


def test_whoever_writes_on_after_the_server_ended_all_connections_still_holds(opened, tmp_path):
    back_up(opened.folder, tmp_path / "b.sqlite")
    end_connections(opened)
    acknowledged = vote(opened, 2)
    with pytest.raises(WorkspaceBusyError, match="others have it open"):
        restore(opened.folder, tmp_path / "b.sqlite")
    with pytest.raises(WorkspaceBusyError, match="others have it open"):
        Workspace.migrate(opened.folder)
    assert acknowledged[0] in set(opened.reader.votes()["id"])


def test_connections_that_the_server_ended_are_replaced_before_they_are_used(opened):
    for number in (2, 3):
        end_connections(opened)
        given = {"id": str(uuid.uuid4()), "question_id": number, "answer": "yes"}
        assert opened.writer.record_votes(1, [given]) == [given["id"]]


def test_a_restore_does_not_begin_while_a_transaction_runs(opened, tmp_path):
    back_up(opened.folder, tmp_path / "b.sqlite")
    end_connections(opened)
    vote(opened)
    with opened.writer.together():
        vote(opened, 2)
        with pytest.raises(WorkspaceBusyError, match="others have it open"):
            restore(opened.folder, tmp_path / "b.sqlite")
    assert len(opened.reader.votes(effective=False)) == 3


def test_nothing_is_written_while_it_is_restored(opened):
    outside = sa.create_engine(opened.engine.url)
    end_connections(opened)
    lock = WorkspaceLock(opened.folder, outside, exclusive=True)
    for _ in range(2):
        with pytest.raises(WorkspaceBusyError, match="being migrated or restored"):
            vote(opened)
    lock.release()
    outside.dispose()
    assert vote(opened, 2)  # nothing was replaced


def test_whoever_was_idle_while_it_was_restored_is_told(opened, tmp_path):
    back_up(opened.folder, tmp_path / "b.sqlite")
    end_connections(opened)
    restore(opened.folder, tmp_path / "b.sqlite")
    for _ in range(2):
        with pytest.raises(WorkspaceError, match="restored or migrated since it was opened here"):
            vote(opened, 2)
    with Workspace.open(opened.folder) as again:
        assert len(again.reader.votes()) == 1
        assert vote(again, 2)


def test_one_connection_that_ends_is_no_opening(opened, tmp_path):
    """Others of the same workspace live on, and their locks with them."""
    back_up(opened.folder, tmp_path / "b.sqlite")
    with opened.engine.connect() as kept:
        kept.exec_driver_sql("SELECT 1")
        kept.rollback()
        with opened.engine.connect() as ended:
            ended.invalidate()
        with pytest.raises(WorkspaceBusyError):
            restore(opened.folder, tmp_path / "b.sqlite")
    assert vote(opened, 2)


def test_a_closed_workspace_is_let_go_at_once(opened):
    opened.close()
    assert Workspace.migrate(opened.folder)
