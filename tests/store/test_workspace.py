"""Making, opening and refusing workspaces."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from synsetlab.errors import DatabaseVersionError, InputError, WorkspaceBusyError, WorkspaceError
from synsetlab.store.schema import APPEND_ONLY, Base
from synsetlab.store.schema_version import HEAD, VERSIONS, _config
from synsetlab.store.workspace import Workspace


def test_made_and_opened_again(workspace):
    first = workspace.setting("workspace_id")
    with Workspace.open(workspace.folder) as again:
        assert again.setting("workspace_id") == first
        assert again.reader.counts()["images"] == 0


def test_settings_file_is_private(workspace):
    mode = stat.S_IMODE((workspace.folder / "synsetlab.toml").stat().st_mode)
    assert mode == 0o600


def test_second_workspace_in_a_folder_is_refused(workspace):
    with pytest.raises(WorkspaceError, match="already"):
        Workspace.create(workspace.folder)


def test_folder_without_workspace(tmp_path):
    with pytest.raises(WorkspaceError, match=r"no synsetlab\.toml") as caught:
        Workspace.open(tmp_path)
    assert "synsetlab init" in caught.value.remedy


def test_other_databases_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(InputError, match="mysql"):
        Workspace.create(tmp_path / "ws", database="mysql://root@localhost/x")
    assert not (tmp_path / "ws").exists()


def test_migrations_make_exactly_the_schema(workspace):
    with workspace.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_versions_are_the_migrations(workspace):
    with workspace.engine.connect() as connection:
        scripts = ScriptDirectory.from_config(_config(connection))
        assert scripts.get_current_head() == HEAD
        assert [script.revision for script in scripts.walk_revisions()][::-1] == list(VERSIONS)


def test_newer_database_is_refused(workspace):
    with workspace.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseVersionError, match="newer synsetlab") as caught:
        Workspace.open(workspace.folder)
    assert "9999" in caught.value.message


def test_migrating_while_another_process_has_it_open_is_refused(workspace):
    folder = workspace.folder
    workspace.close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom synsetlab import Workspace\n"
            "ws = Workspace.open(sys.argv[1])\nprint('open', flush=True)\nsys.stdin.read()\n",
            str(folder),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(WorkspaceBusyError, match="others have it open"):
            Workspace.migrate(folder)
        holder.kill()
    assert Workspace.migrate(folder) == HEAD


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_facts_cannot_be_changed(workspace, table):
    with workspace.engine.connect() as connection:
        kind = connection.dialect.name
        if kind == "sqlite":
            names = {
                row[0]
                for row in connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type='trigger'"))
            }
            assert {f"{table}_no_update", f"{table}_no_delete"} <= names
        else:
            names = {row[0] for row in connection.execute(sa.text("SELECT tgname FROM pg_trigger"))}
            assert f"{table}_append_only" in names
