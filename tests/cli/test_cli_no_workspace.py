"""No workspace, or one whose database, settings or pictures cannot be used: said, and nothing touched."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEED_A_WORKSPACE = [
    "votes status",
    "votes export -o v.csv",
    "votes simulate",
    "dedup run",
    "dedup clusters",
    "dedup verdict 3f2a keep --curator ann",
    "consensus run",
    "consensus rebuild",
    "consensus keep",
    "consensus exclude ann --by maria",
    "consensus controls",
    "review list",
    "review verdict 1 accept --expert ann",
    "freeze --check",
    "freeze -o r",
    "import folder p",
    "import urls u.txt",
    "import manifest m.csv",
    "serve",
]


@pytest.mark.parametrize("line", NEED_A_WORKSPACE)
def test_no_workspace(fails, tmp_path, monkeypatch, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    fails(1, "WorkspaceError", *line.split(), says=str(tmp_path), advises="synsetlab init")


@pytest.mark.parametrize("line", NEED_A_WORKSPACE)
def test_named_folder_is_no_workspace(fails, tmp_path, monkeypatch, line: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain").mkdir()
    fails(1, "WorkspaceError", *line.split(), "-w", "plain", says="plain", advises="synsetlab init plain")


def test_workspace_is_found_from_below_and_by_the_environment(run, workspace, tmp_path, monkeypatch) -> None:
    (workspace / "notes" / "deep").mkdir(parents=True)
    monkeypatch.chdir(workspace / "notes" / "deep")
    found = run("votes", "status", "--json").json
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNSETLAB_WORKSPACE", str(workspace))
    assert run("votes", "status", "--json").json == found


def test_there_is_a_workspace_already(fails, workspace) -> None:
    fails(1, "WorkspaceError", "init", workspace, says="is a workspace already", advises="another folder")
    fails(1, "WorkspaceError", "demo", workspace, says="exists already", advises="another folder")


@pytest.mark.sqlite
def test_database_is_newer_than_the_code(fails, workspace) -> None:
    with contextlib.closing(sqlite3.connect(workspace / "workspace.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    fails(
        1, "DatabaseVersionError", "votes", "status", "-w", workspace, says="9999", advises="Update synsetlab"
    )
    fails(1, "DatabaseVersionError", "freeze", "-o", "r", "-w", workspace, says="newer")


@pytest.mark.sqlite
def test_database_is_older_than_the_code(fails, workspace) -> None:
    with contextlib.closing(sqlite3.connect(workspace / "workspace.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    fails(1, "DatabaseVersionError", "votes", "status", "-w", workspace, says="0000", advises="--migrate")


@contextlib.contextmanager
def opened_by_another_process(workspace: Path) -> Iterator[None]:
    code = (
        "import sys\n"
        "from synsetlab import Workspace\n"
        "with Workspace.open(sys.argv[1]):\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(workspace)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        yield
    finally:
        other.communicate("")
    assert other.returncode == 0


def test_migration_waits_for_nobody(fails, run, workspace) -> None:
    with opened_by_another_process(workspace):
        fails(
            1, "WorkspaceBusyError", "init", workspace, "--migrate", says="in use", advises="Stop the server"
        )
        assert run("votes", "status", "-w", workspace).code == 0  # reading beside it is no trouble
    assert run("init", workspace, "--migrate").code == 0
    assert list(workspace.glob("workspace.before-migration-*.sqlite")), "there is no back-up"


def test_database_of_an_unknown_kind(run, tmp_path) -> None:
    for url in ("nonsense", "mysql://host/name"):
        ran = run("init", tmp_path / "new", "--database", url, "--json")
        assert (ran.code, ran.error["type"]) == (2, "InputError")
        assert "postgresql+psycopg://" in ran.error["remedy"]
        assert not (tmp_path / "new" / "synsetlab.toml").exists()


def test_refused_database_leaves_no_folder(fails, tmp_path) -> None:
    fails(2, "InputError", "init", tmp_path / "new", "--database", "mysql://host/name")


def test_demo_looks_at_the_database_before_it_draws(fails, tmp_path) -> None:
    fails(2, "InputError", "demo", tmp_path / "new", "--database", "mysql://host/name")


def damage(workspace: Path, how: str) -> None:
    database = workspace / "workspace.sqlite"
    for journal in workspace.glob("workspace.sqlite-*"):
        journal.unlink()
    if how == "garbage":
        database.write_bytes(b"this is no database, and long enough to tell" * 300)
    elif how == "half":
        os.truncate(database, database.stat().st_size // 2 // 4096 * 4096)
    elif how == "start":
        os.truncate(database, 1000)
    elif how == "empty":
        database.write_bytes(b"")
    elif how == "folder":
        database.unlink()
        database.mkdir()
    else:
        database.unlink()


@pytest.mark.sqlite
@pytest.mark.parametrize("command", ["votes status", "dedup run", "consensus run", "init --migrate"])
@pytest.mark.parametrize("how", ["garbage", "half", "start", "empty", "folder", "removed"])
def test_database_that_is_damaged(run, workspace, how: str, command: str) -> None:
    damage(workspace, how)
    where = (workspace,) if command.startswith("init") else ("-w", workspace)
    ran = run(*command.split(), *where, "--json")
    assert ran.code == 1, ran.out
    assert ran.error["type"] in {"WorkspaceError", "DatabaseVersionError"}
    assert str(workspace) in ran.error["message"]
    assert ran.error["remedy"]
    assert "Traceback" not in ran.err
    assert "fault of synsetlab" not in ran.err


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("database = 3", "database = 3 is not a text"),
        ('database = ""', "database = '' is not a text"),
        ("blobs = []", "blobs = [] is not a text"),
        ("database = ", "cannot be read"),
        ('database = "sqlite://"', "names no file"),
    ],
)
def test_settings_file_that_cannot_be_used(run, tmp_path, line: str, says: str) -> None:
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "synsetlab.toml").write_text(line + "\n")
    ran = run("votes", "status", "-w", tmp_path / "ws", "--json")
    assert ran.code in {1, 2}
    assert ran.error["type"] in {"WorkspaceError", "InputError"}
    assert says in ran.error["message"]
    assert "Traceback" not in ran.err


@pytest.mark.sqlite
@pytest.mark.parametrize("version", ["9999", "3f2a9c1b"])
def test_database_of_another_program_is_not_migrated(fails, workspace, version: str) -> None:
    with contextlib.closing(sqlite3.connect(workspace / "workspace.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
    fails(1, "DatabaseVersionError", "init", workspace, "--migrate", says=version)


def test_tables_of_another_program_are_left_alone(fails, tmp_path) -> None:
    file = tmp_path / "theirs.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE music (id INTEGER)")
    arguments = ("init", tmp_path / "new", "--database", f"sqlite:///{file}")
    fails(1, "DatabaseVersionError", *arguments, says="another program: music")


SECRET = "hunter2:%40"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg://ann:{}@127.0.0.1:9/name", 1),
        ("postgresql://ann:{}@127.0.0.1:9/name", 1),
        ("postgresql+psycopg://ann:{}@no-such-host.invalid/name", 1),
        ("postgresq//ann:{}@127.0.0.1/name", 2),
        ("postgresql+psycopg://ann:{}@127.0.0.1:port/name", 2),
        ("mysql://ann:{}@127.0.0.1/name", 2),
    ],
)
def test_database_that_cannot_be_reached(run, workspace, monkeypatch, *, url: str, code: int) -> None:
    pytest.importorskip("psycopg")
    url, new = url.format(SECRET), workspace.parent / "new"
    kind = "WorkspaceError" if code == 1 else "InputError"
    made = run("init", new, "--database", url, "--json")
    monkeypatch.setenv("SYNSETLAB_DATABASE", url)
    lines = ("votes status -w", "init", "init --migrate", "demo")
    rans = [run(*line.split(), new if line in {"init", "demo"} else workspace, "--json") for line in lines]
    for ran in (made, *rans):
        assert (ran.code, ran.error["type"]) == (code, kind), ran.out
        assert ran.error["remedy"]
        assert "hunter2" not in ran.out + ran.err
        assert "Traceback" not in ran.err
    assert not new.exists()


def test_database_named_by_the_environment(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SYNSETLAB_DATABASE", f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    assert run("init", tmp_path / "new").code == 0
    assert (tmp_path / "elsewhere.sqlite").exists()
    assert not (tmp_path / "new" / "workspace.sqlite").exists()
    assert run("init", tmp_path / "new", "--migrate").code == 0
    monkeypatch.delenv("SYNSETLAB_DATABASE")
    assert run("votes", "status", "-w", tmp_path / "new").code == 0


@pytest.mark.parametrize("blobs", ["nonsense://bucket", "s3://bucket"])
def test_pictures_that_can_be_kept_nowhere(run, tmp_path, blobs: str) -> None:
    if blobs.startswith("s3") and importlib.util.find_spec("s3fs"):
        pytest.skip("s3fs is installed: the bucket would be asked for")
    ran = run("init", tmp_path / "new", "--blobs", blobs, "--json")
    assert ran.code in {1, 2}
    assert blobs in ran.error["message"]
    assert not (tmp_path / "new").exists()
