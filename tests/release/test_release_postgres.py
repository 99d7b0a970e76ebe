"""A workspace in PostgreSQL gives the release that the same one in SQLite gives, byte for byte."""

from __future__ import annotations

import os
import shutil

import pytest
import sqlalchemy as sa
from tests.release.conftest import build

from synsetlab import Workspace
from synsetlab.release import ReleasePolicy, freeze
from synsetlab.store import schema as tables

POLICY = ReleasePolicy(splits={"train": 0.5, "val": 0.3, "test": 0.2}, sealed=["test"], group_by=["author"])


def copy_rows(source: sa.Engine, target: sa.Engine) -> None:
    """Every row of every table, the latest first: a database's own order is none to rely on."""
    with source.connect() as reading, target.begin() as writing:
        for table in tables.Base.metadata.sorted_tables:
            writing.execute(sa.delete(table))
        for table in tables.Base.metadata.sorted_tables:
            rows = [dict(row) for row in reading.execute(sa.select(table)).mappings()]
            if rows:
                writing.execute(sa.insert(table), rows[::-1])


@pytest.fixture
def english(postgres_server):
    """A database that sorts as English does: ``a b``, ``A-b``, ``ä`` next to each other."""
    import psycopg

    name = f"english_{os.getpid()}"
    with psycopg.connect(host=postgres_server, user="synsetlab", dbname="postgres", autocommit=True) as admin:
        how = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'"
        admin.execute(f"CREATE DATABASE {name} {how}")
        yield f"postgresql+psycopg://synsetlab@/{name}?host={postgres_server}"
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_both_databases_give_the_same_bytes(tmp_path, english):
    with build(tmp_path / "ws") as sqlite:
        ids = sqlite.reader.images()["id"]
        with sqlite.engine.begin() as connection:  # names that collations put in different orders
            for number, image in enumerate(ids):
                name = ["a b", "A-b", "ä", "_z", "Zoë", "z"][number % 6]
                told = {"author": name, "title": name, "origin": f"{name}/{number}"}
                connection.execute(
                    sa.update(tables.Source).where(tables.Source.image_id == image).values(**told)
                )
        with Workspace.create(tmp_path / "pg", database=english) as other:
            copy_rows(sqlite.engine, other.engine)
            one = freeze(sqlite, tmp_path / "a", policy=POLICY, seed=5)
        shutil.copytree(tmp_path / "ws" / "blobs", tmp_path / "pg" / "blobs", dirs_exist_ok=True)
        with Workspace.open(tmp_path / "pg") as other:
            two = freeze(other, tmp_path / "b", policy=POLICY, seed=5)
    assert one.identity == two.identity
    for folder in ("a", "b"):
        assert (tmp_path / folder / "votes.parquet").is_file()
    contents = [{path.name: path.read_bytes() for path in (tmp_path / f).iterdir()} for f in ("a", "b")]
    assert contents[0] == contents[1]
    assert (tmp_path / "a.sealed.csv").read_bytes() == (tmp_path / "b.sealed.csv").read_bytes()
