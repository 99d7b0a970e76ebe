"""What a PostgreSQL server refuses: said with the place and the remedy, never with the password."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from synsetlab.errors import DatabaseVersionError, WorkspaceError
from synsetlab.store.database_url import hide_password, without_password
from synsetlab.store.workspace import Workspace, check_database

pytestmark = pytest.mark.postgres


@pytest.fixture
def guarded(postgres, postgres_server):
    """A database that asks its user for a password, and how to name it with one."""
    url = postgres()
    name = url.split("/")[3].partition("?")[0]
    rules = Path(postgres_server) / "data" / "pg_hba.conf"
    before = rules.read_text()
    with psycopg.connect(host=postgres_server, user="synsetlab", dbname="postgres", autocommit=True) as admin:
        admin.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO guarded").format(sql.Identifier(name)))
        rules.write_text(f"local {name} guarded scram-sha-256\n{before}")
        admin.execute("SELECT pg_reload_conf()")
        while True:  # the server reads its rules when it comes to it
            try:
                psycopg.connect(host=postgres_server, user="guarded", dbname=name).close()
            except psycopg.OperationalError:
                break
        yield lambda word: f"postgresql+psycopg://guarded{word}@/{name}?host={postgres_server}"
        rules.write_text(before)
        admin.execute("SELECT pg_reload_conf()")


def test_wrong_password(guarded, tmp_path, monkeypatch):
    for word in ("", ":wrong"):
        with pytest.raises(WorkspaceError, match="refused the user or the password") as caught:
            Workspace.create(tmp_path / "ws", database=guarded(word))
        assert "wrong" not in str(caught.value)
        assert not (tmp_path / "ws").exists()
    monkeypatch.setenv("SYNSETLAB_DATABASE", guarded(":right"))
    with Workspace.create(tmp_path / "ws") as made:
        assert "right" not in repr(made)
    assert "right" not in (tmp_path / "ws" / "synsetlab.toml").read_text()
    Workspace.open(tmp_path / "ws").close()
    monkeypatch.delenv("SYNSETLAB_DATABASE")
    with pytest.raises(WorkspaceError, match="refused") as caught:
        Workspace.open(tmp_path / "ws")
    assert "$SYNSETLAB_DATABASE" in caught.value.remedy


def test_database_that_nobody_made(postgres, tmp_path):
    with pytest.raises(WorkspaceError, match="nowhere") as caught:
        check_database(tmp_path / "ws", postgres().replace("/test_", "/nowhere_"))
    assert "createdb" in caught.value.remedy


def test_tables_of_another_program(postgres, tmp_path):
    url = postgres()
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE music (id INTEGER)")
    with pytest.raises(DatabaseVersionError, match="music"):
        Workspace.create(tmp_path / "ws", database=url)


def test_passwords_are_hidden():
    assert hide_password("x//ann:a@b@host/n and password=secret&x") == "x//ann:***@host/n and password=***&x"
    assert without_password("postgresql://ann:pw@host/n") == "postgresql://ann@host/n"
    assert without_password("sqlite:///workspace.sqlite") == "sqlite:///workspace.sqlite"
