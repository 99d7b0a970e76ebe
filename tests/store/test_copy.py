"""A copy is a whole workspace or none: what fails or is killed takes nothing with it and leaves nothing."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from synsetlab.errors import WorkspaceBusyError, WorkspaceError
from synsetlab.store import custody
from synsetlab.store.custody import back_up, copy_workspace
from synsetlab.store.engine import connect
from synsetlab.store.lock import WorkspaceLock
from synsetlab.store.workspace import Workspace

KILLED = """
import os, signal, sys
from synsetlab.store import custody
setattr(custody, sys.argv[1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
custody.copy_workspace(sys.argv[2], sys.argv[3], database=sys.argv[4] or None, pictures=False)
"""


@pytest.fixture
def other(filled, postgres):
    """The URL of an empty database for a copy, of the other kind."""
    return postgres() if filled.engine.dialect.name == "sqlite" else "sqlite:///workspace.sqlite"


def tables(url: str) -> list[str]:
    engine = connect(url)
    with engine.connect() as connection:
        found = sa.inspect(connection).get_table_names()
    engine.dispose()
    return found


def names(folder) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def put_pictures(workspace) -> list[str]:
    """Pictures that are there: the others of `filled` are made up, and fail a copy."""
    ids = [workspace.blobs.put(bytes([number])) for number in range(3)]
    image = {"format": "JPEG", "width": 4, "height": 3, "bytes": 1, "mean_color": "#000000"}
    workspace.writer.add_images([{"id": one, **image} for one in ids], [], [])
    return ids


@pytest.mark.postgres
def test_a_copy_that_fails_takes_only_its_own(filled, other, tmp_path):
    put_pictures(filled)
    home = tmp_path / "there"
    (home / "blobs").mkdir(parents=True)
    for name in ("workspace.sqlite-notes", "blobs/mine"):
        (home / name).write_bytes(b"mine")
    if other.startswith("postgres"):
        (home / "workspace.sqlite").write_bytes(b"mine")
    mine = names(home)
    with pytest.raises(WorkspaceError, match="is not in"):
        copy_workspace(filled.folder, home, database=other)
    assert names(home) == mine
    if other.startswith("postgres"):
        assert tables(other) == []
    assert copy_workspace(filled.folder, home, database=other, pictures=False).rows["image"] == 13


@pytest.mark.postgres
@pytest.mark.parametrize("step", ["_copy_selections", "write_settings"])
def test_a_copy_that_fails_at_its_end(filled, other, tmp_path, monkeypatch, step):
    def fail(*_):
        raise OSError("no room")

    monkeypatch.setattr(custody, step, fail)
    with pytest.raises(OSError, match="no room"):
        copy_workspace(filled.folder, tmp_path / "there", database=other, pictures=False)
    assert not (tmp_path / "there").exists()
    monkeypatch.undo()
    assert (
        copy_workspace(filled.folder, tmp_path / "there", database=other, pictures=False).rows["image"] == 10
    )


@pytest.mark.sqlite
def test_a_copy_to_a_file_elsewhere_can_be_run_again(many_on_sqlite, tmp_path):
    file = tmp_path / "elsewhere.sqlite"
    with pytest.raises(WorkspaceError, match="is not in"):
        copy_workspace(many_on_sqlite.folder, tmp_path / "there", database=f"sqlite:///{file}")
    assert names(tmp_path) == {"ws/synsetlab.toml", "ws/workspace.sqlite", "ws/.lock"} | {
        f"ws/workspace.sqlite{end}" for end in ("-wal", "-shm")
    }
    copy_workspace(many_on_sqlite.folder, tmp_path / "there", database=f"sqlite:///{file}", pictures=False)
    with pytest.raises(WorkspaceError, match="is there already") as caught:
        copy_workspace(many_on_sqlite.folder, tmp_path / "again", database=f"sqlite:///{file}")
    assert "unfinished copy" in caught.value.remedy


@pytest.mark.postgres
@pytest.mark.parametrize("step", ["_fill", "_copy_selections"])
def test_a_copy_that_is_killed_is_no_workspace(filled, other, tmp_path, step):
    home = tmp_path / "there"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, str(filled.folder), str(home), other],
        env=os.environ,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert not (home / "synsetlab.toml").exists()
    if step == "_copy_selections":  # all is there but the file that makes it a workspace
        remedy = "createdb" if other.startswith("postgres") else "remove it"
        with pytest.raises(WorkspaceError) as caught:
            copy_workspace(filled.folder, home, database=other, pictures=False)
        assert remedy in caught.value.remedy
        return
    copy_workspace(filled.folder, home, database=other, pictures=False)
    with Workspace.open(home) as made:
        assert made.setting("secret") == filled.setting("secret")
        assert len(made.reader.images()) == 10


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_one_copy_at_a_time(filled, postgres, tmp_path, monkeypatch):
    url = postgres()
    engine = connect(url)
    lock = WorkspaceLock(tmp_path, engine, exclusive=True)  # as another copy has it
    with pytest.raises(WorkspaceBusyError):
        copy_workspace(filled.folder, tmp_path / "second", database=url, pictures=False)
    assert not (tmp_path / "second").exists()
    lock.release()
    engine.dispose()
    fill = custody._fill

    def second(*arguments):
        with pytest.raises(WorkspaceBusyError):
            copy_workspace(filled.folder, tmp_path / "second", database=url, pictures=False)
        return fill(*arguments)

    monkeypatch.setattr(custody, "_fill", second)
    copy_workspace(filled.folder, tmp_path / "first", database=url, pictures=False)
    with Workspace.open(tmp_path / "first") as made:
        assert len(made.reader.images()) == 10


@pytest.mark.postgres
def test_two_who_make_a_workspace_in_one_database(postgres, tmp_path):
    url, failed = postgres(), []

    def make(name: str) -> None:
        try:
            Workspace.create(tmp_path / name, database=url).close()
        except BaseException as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    threads = [threading.Thread(target=make, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Workspace.open(tmp_path / "a") as first, Workspace.open(tmp_path / "b") as second:
        assert first.setting("workspace_id") == second.setting("workspace_id")


@pytest.mark.sqlite
def test_settings_and_selections_come_along(many_on_sqlite, tmp_path):
    file = many_on_sqlite.folder / "synsetlab.toml"
    file.write_text(f'{file.read_text()}target = 30\nnotifier = "mail:send"  # ours\n')
    chosen = many_on_sqlite.selection_file("ann")
    chosen.parent.mkdir()
    chosen.write_text("n02084071\n")
    copy_workspace(many_on_sqlite.folder, tmp_path / "copy", pictures=False)
    with Workspace.open(tmp_path / "copy") as copied:
        assert (copied.option("target"), copied.option("notifier")) == ("30", "mail:send")
        assert copied.selection_file("ann").read_text() == "n02084071\n"
        assert str(copied.engine.url.database).startswith(str(tmp_path / "copy"))
    text = (tmp_path / "copy" / "synsetlab.toml").read_text()
    assert "# ours" in text
    assert text.count("# A synsetlab workspace.") == 1
    file.write_text('database = """\\\n  sqlite:///workspace.sqlite"""\ntarget = 30\n')
    with pytest.raises(WorkspaceError, match="cannot be taken along"):
        copy_workspace(many_on_sqlite.folder, tmp_path / "again", pictures=False)
    assert not (tmp_path / "again").exists()


@pytest.mark.sqlite
def test_a_backup_keeps_the_rights_and_leaves_nothing_where_there_is_no_room(many_on_sqlite, tmp_path):
    many_on_sqlite.folder.joinpath("workspace.sqlite").chmod(0o640)
    back_up(many_on_sqlite.folder, tmp_path / "monday.sqlite")
    assert stat.S_IMODE((tmp_path / "monday.sqlite").stat().st_mode) == 0o640
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(WorkspaceError, match="can be written into") as caught:
            back_up(many_on_sqlite.folder, tmp_path / "tuesday.sqlite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert "Make room" in caught.value.remedy
    assert {path.name for path in tmp_path.iterdir()} == {"ws", "monday.sqlite"}


@pytest.mark.sqlite
def test_a_backup_of_a_damaged_file_says_so(many_on_sqlite, tmp_path):
    many_on_sqlite.close()
    file = many_on_sqlite.folder / "workspace.sqlite"
    with sqlite3.connect(file) as database:
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'candidate'").fetchone()[0]
        size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)
    with pytest.raises(WorkspaceError, match="is damaged") as caught:
        back_up(many_on_sqlite.folder, tmp_path / "monday.sqlite")
    assert "back-up" in caught.value.remedy
    assert not list(tmp_path.glob("*monday*"))


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["postgres"], indirect=True)
def test_a_backup_of_a_server_that_lost_a_table_says_so(filled, tmp_path):
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE image CASCADE")
    with pytest.raises(WorkspaceError, match="is not whole"):
        back_up(filled.folder, tmp_path / "monday.sqlite")
    assert not list(tmp_path.glob("*monday*"))
