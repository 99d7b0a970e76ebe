"""What a PostgreSQL server refuses: said with the place and the remedy, never with the password."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.store.conftest import CAT, fill

from synsetlab.errors import DatabaseVersionError, InputError, WorkspaceError
from synsetlab.store.custody import copy_workspace
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


# ---- what a server does not let us do


@pytest.fixture
def roles(postgres_server):
    """Makes roles of its own on the server: gives SQL to run first, and a URL with another user."""
    made: list[str] = []
    with psycopg.connect(host=postgres_server, user="synsetlab", dbname="postgres", autocommit=True) as admin:

        def make(url: str, *statements: str) -> str:
            name = f"role_{os.getpid()}_{len(made)}"
            database = url.split("/")[3].partition("?")[0]
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
            made.append(name)
            for statement in statements:
                with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as there:
                    there.execute(statement.format(role=name, database=database))
            return url.replace("//synsetlab@", f"//{name}@")

        yield make
        databases = admin.execute("SELECT datname FROM pg_database WHERE datallowconn").fetchall()
        for (database,) in databases:
            with psycopg.connect(
                host=postgres_server, user="synsetlab", dbname=database, autocommit=True
            ) as there:
                for name in made:
                    there.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
        for name in made:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


@pytest.fixture
def on_sqlite(tmp_path):
    """The folder of a workspace to copy."""
    with Workspace.create(tmp_path / "source", database="sqlite:///workspace.sqlite") as made:
        fill(made, images=2)
    return made.folder


@contextlib.contextmanager
def refused(words: str, remedy: str):
    with pytest.raises(WorkspaceError, match=words) as caught:
        yield
    assert remedy in caught.value.remedy
    assert caught.value.shown.startswith("The workspace's database ")


def test_role_that_may_not_make_tables(postgres, roles, tmp_path, on_sqlite):
    url = roles(postgres())
    with refused("does not let its user do this: permission denied for schema", "GRANT CREATE ON SCHEMA"):
        Workspace.create(tmp_path / "ws", database=url)
    assert not (tmp_path / "ws").exists()
    with refused("permission denied for schema", "createdb -O"):
        copy_workspace(on_sqlite, tmp_path / "copy", database=url, pictures=False)
    assert not (tmp_path / "copy").exists()


def test_role_or_database_that_may_only_read(postgres, roles, tmp_path):
    url = postgres()
    Workspace.create(tmp_path / "ws", database=url).close()
    reader = roles(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    with Workspace.open(tmp_path / "ws", database=reader) as opened:
        assert opened.setting("secret")
        with refused("permission denied for table setting", "GRANT"):
            opened.writer.set_settings({"quiz": "on"})
    frozen = roles(
        url,
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        "ALTER ROLE {role} SET default_transaction_read_only = on",
    )
    with (
        Workspace.open(tmp_path / "ws", database=frozen) as opened,
        refused("may only be read", "standby"),
    ):
        opened.writer.set_settings({"quiz": "on"})


def test_role_that_nobody_made(postgres, tmp_path):
    with refused('role "nobody_here" does not exist', "createuser"):
        Workspace.create(tmp_path / "ws", database=postgres().replace("synsetlab@", "nobody_here@"))


def test_parameter_that_is_none(postgres, tmp_path):
    with refused('invalid connection option "bogus"', "follows the ?"):
        Workspace.create(tmp_path / "ws", database=postgres() + "&bogus=1")


def test_rows_that_the_server_refuses(postgres, tmp_path):
    with Workspace.create(tmp_path / "ws", database=postgres()) as made:
        fill(made, images=2)
        for text in ("a\0b", "n" * 65):
            with refused("refused a value", "longer than its column"):
                made.writer.ensure_annotator(text)
        with refused('refers to one that is not there: .*"candidate"', "doctor --database"):
            made.writer.add_images([], [], [{"image_id": "f" * 64, "wnid": CAT, "import_id": 1}])
        assert len(made.reader.annotators()) == 0


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_database_that_cannot_keep_every_text(postgres_server, tmp_path, on_sqlite, encoding):
    name = f"text_{os.getpid()}_{encoding.lower()}"
    with psycopg.connect(host=postgres_server, user="synsetlab", dbname="postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C'")
        try:
            url = f"postgresql+psycopg://synsetlab@/{name}?host={postgres_server}"
            remedy = "createdb -E UTF8 -T template0"
            with refused(f"has the encoding {encoding}", remedy):
                check_database(tmp_path / "ws", url)
            with refused(f"has the encoding {encoding}", remedy):
                Workspace.create(tmp_path / "ws", database=url)
            with refused(f"has the encoding {encoding}", remedy):
                copy_workspace(on_sqlite, tmp_path / "copy", database=url, pictures=False)
            with psycopg.connect(url.replace("+psycopg", "")) as there:
                tables = there.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                assert tables.fetchall() == []
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_times_are_read_whatever_style_the_server_prefers(postgres, tmp_path):
    url = postgres()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {url.split('/')[3].partition('?')[0]} SET datestyle = 'German'")
    with Workspace.create(tmp_path / "ws", database=url) as made:
        fill(made, images=1)
        assert made.reader.images()["imported_at"].iloc[0].tzinfo is not None


def test_an_empty_url_means_no_database(tmp_path):
    for make in (Workspace.create, check_database):
        with pytest.raises(InputError, match="'' is not a database URL"):
            make(tmp_path / "ws", database="")
    assert not (tmp_path / "ws").exists()
