"""A restore helps where it is needed: whatever became of the database, and never with half a back-up."""

from __future__ import annotations

import contextlib
import sqlite3
import stat

import pytest
import sqlalchemy as sa

from synsetlab.errors import DatabaseVersionError, WorkspaceBusyError, WorkspaceError
from synsetlab.store import schema as t
from synsetlab.store.aside import stamp
from synsetlab.store.custody import back_up
from synsetlab.store.engine import connect
from synsetlab.store.health import examine_database
from synsetlab.store.restore import restore
from synsetlab.store.schema_version import HEAD, upgrade
from synsetlab.store.workspace import Workspace


@pytest.fixture
def saved(filled, tmp_path):
    """A back-up of `filled`, which is closed."""
    file = tmp_path / "monday.sqlite"
    back_up(filled.folder, file)
    filled.close()
    return file


def pictures(folder) -> int:
    with Workspace.open(folder) as opened:
        wrong = {found.name for found in examine_database(opened) if found.problem}
        assert wrong <= {"pictures"}  # they are made up
        return len(opened.reader.images())


def run(file, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def overwrite(place) -> None:
    with place.open("r+b") as file:
        file.write(b"x" * 200)


def cut(place) -> None:
    with place.open("r+b") as file:
        file.truncate(5_000)


def damage_pages(place) -> None:
    data = bytearray(place.read_bytes())
    for start in range(4096, len(data), 8192):
        data[start : start + 2000] = b"\xff" * len(data[start : start + 2000])
    place.write_bytes(data)


def remove(place) -> None:
    place.unlink()


def empty(place) -> None:
    place.write_bytes(b"")


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", [overwrite, cut, damage_pages])
def test_a_broken_file_is_kept_aside(filled, saved, damage):
    place = filled.folder / "workspace.sqlite"
    damage(place)
    broken = place.read_bytes()
    done = restore(filled.folder, saved)
    assert done.rows["image"] == pictures(filled.folder) == 10
    assert done.before is not None
    assert done.before.read_bytes() == broken
    assert "is damaged" in done.kept
    assert str(done.before) in done.kept


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damage", [remove, empty])
def test_a_file_that_is_gone_comes_back_and_its_journal_is_kept(filled, saved, damage):
    place = filled.folder / "workspace.sqlite"
    damage(place)
    assert restore(filled.folder, saved).before is None
    assert pictures(filled.folder) == 10
    damage(place)
    place.with_name("workspace.sqlite-wal").write_bytes(b"the last votes")
    before = restore(filled.folder, saved).before
    assert before is not None
    assert before.with_name(f"{before.name}-wal").read_bytes() == b"the last votes"
    assert pictures(filled.folder) == 10


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_what_is_not_ours_is_left_alone(filled, saved):
    place = filled.folder / "workspace.sqlite"
    place.unlink()
    run(place, "CREATE TABLE music (id INTEGER)")
    theirs = place.read_bytes()
    with pytest.raises(DatabaseVersionError, match=r"another program.*music"):
        restore(filled.folder, saved)
    run(
        place,
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('0003')",
    )
    with pytest.raises(DatabaseVersionError, match=r"another program.*music"):
        restore(filled.folder, saved)
    run(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseVersionError, match="newer synsetlab"):
        restore(filled.folder, saved)
    run(place, "DROP TABLE alembic_version")
    assert sqlite3.connect(place).execute("SELECT count(*) FROM music").fetchone() == (0,)
    assert len(place.read_bytes()) >= len(theirs)
    assert not list(filled.folder.glob("*before-restore*"))


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_rights_and_links_stay(filled, saved, tmp_path):
    place, elsewhere = filled.folder / "workspace.sqlite", tmp_path / "disk" / "big.sqlite"
    elsewhere.parent.mkdir()
    place.replace(elsewhere)
    place.symlink_to(elsewhere)
    elsewhere.chmod(0o600)
    for name in (f".monday.sqlite.{stamp()}", f".big.sqlite.{stamp()}", f".big.sqlite.{stamp()}-notes"):
        (elsewhere.parent / name).write_bytes(b"of a process that was killed")
    before = restore(filled.folder, saved).before
    assert place.is_symlink()
    assert pictures(filled.folder) == 10
    assert before is not None
    assert [stat.S_IMODE(path.stat().st_mode) for path in (elsewhere, before)] == [0o600, 0o600]
    assert [path.name[-6:] for path in elsewhere.parent.iterdir()] in (
        ["sqlite", "-notes"],
        ["-notes", "sqlite"],
    )


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_what_is_written_aside_is_for_the_owner(filled, saved, tmp_path, monkeypatch):
    seen = []

    def look(made, *_):
        seen.append(stat.S_IMODE(made.stat().st_mode))
        raise KeyboardInterrupt

    monkeypatch.setattr("synsetlab.store.restore._put_file", look)
    with pytest.raises(KeyboardInterrupt):
        restore(filled.folder, saved)
    assert seen == [0o600]
    assert {path.name for path in filled.folder.iterdir()} <= {
        "synsetlab.toml",
        "workspace.sqlite",
        ".lock",
        "blobs",
    }


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM question WHERE id = (SELECT min(id) FROM question)", None),
        ("INSERT INTO candidate VALUES ('nowhere', 'n02084071', 1)", "1 rows of candidate name a image"),
        ("DROP TABLE note", "it has no table note"),
        ("ALTER TABLE synset DROP COLUMN gloss", "synset has no gloss"),
        ("DELETE FROM setting WHERE key = 'secret'", "it has no setting secret"),
    ],
)
def test_half_a_backup_is_refused(filled, saved, statement, said):
    if said is None:
        run(saved, "INSERT INTO lease VALUES (1, 77, 'b', '2030-01-01 00:00:00.000000', 0)")
        said = "rows of lease name a"
    else:
        run(saved, "PRAGMA foreign_keys=OFF", statement)
    held = (filled.folder / "workspace.sqlite").read_bytes()
    with pytest.raises(WorkspaceError, match=said) as caught:
        restore(filled.folder, saved)
    assert str(saved) in caught.value.message
    assert "nothing was changed" in caught.value.remedy
    assert (filled.folder / "workspace.sqlite").read_bytes() == held


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_a_damaged_backup_and_a_file_that_is_none(filled, saved, tmp_path):
    damage_pages(saved)
    with pytest.raises(WorkspaceError, match="damaged") as caught:
        restore(filled.folder, saved)
    assert "another back-up" in caught.value.remedy
    run(tmp_path / "music.sqlite", "CREATE TABLE music (id INTEGER)")
    with pytest.raises(DatabaseVersionError, match="is no back-up"):
        restore(filled.folder, tmp_path / "music.sqlite")
    assert pictures(filled.folder) == 10


def test_a_backup_of_an_older_schema(workspace, tmp_path):
    old = tmp_path / "workspace.before-migration-1.sqlite"
    engine = connect(f"sqlite:///{old}")
    upgrade(engine, "0003")
    with engine.begin() as connection:
        for key in ("workspace_id", "secret"):
            connection.execute(sa.insert(t.Setting).values(key=key, value="01d" * 8))
    engine.dispose()
    held = old.read_bytes()
    workspace.close()
    restore(workspace.folder, old)
    with Workspace.open(workspace.folder) as opened:
        assert opened.setting("secret") == "01d" * 8
    assert pictures(workspace.folder) == 0
    assert old.read_bytes() == held


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["postgres"], indirect=True)
def test_triggers_and_indexes_come_back(filled, saved):
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE vote DISABLE TRIGGER USER")
        connection.exec_driver_sql("DROP TRIGGER decision_append_only ON decision")
        connection.exec_driver_sql("DROP INDEX ix_vote_question_id")
    filled.engine.dispose()
    restore(filled.folder, saved)
    assert pictures(filled.folder) == 10
    with filled.engine.connect() as connection:
        assert "ix_vote_question_id" in {one["name"] for one in sa.inspect(connection).get_indexes("vote")}


@pytest.mark.sqlite
@pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
def test_triggers_that_the_backup_lost_come_back(filled, saved):
    asked = "SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    with contextlib.closing(sqlite3.connect(saved)) as database:
        made = database.execute(asked).fetchall()
    run(saved, "DROP TRIGGER vote_no_update", "DROP TRIGGER vote_no_delete")
    restore(filled.folder, saved)
    assert pictures(filled.folder) == 10
    with contextlib.closing(sqlite3.connect(filled.folder / "workspace.sqlite")) as database:
        assert database.execute(asked).fetchall() == made


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "damage", ["DROP SCHEMA public CASCADE; CREATE SCHEMA public", "DROP TABLE image CASCADE"]
)
def test_a_server_that_lost_tables(filled, saved, damage):
    with filled.engine.begin() as connection:
        connection.exec_driver_sql(damage)
    filled.engine.dispose()
    done = restore(filled.folder, saved)
    assert pictures(filled.folder) == 10
    assert ("was empty" in done.kept) == (done.before is None) == ("SCHEMA" in damage)
    if done.before is not None:
        assert f"What could be read of it is in {done.before}" in done.kept
        with contextlib.closing(sqlite3.connect(done.before)) as database:
            assert database.execute("SELECT count(*) FROM question").fetchone() == (10,)


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["postgres"], indirect=True)
def test_tables_that_cannot_be_read_are_kept_in_a_schema(filled, saved):
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE question DROP CONSTRAINT pk_question CASCADE")
        connection.exec_driver_sql("ALTER TABLE question DROP CONSTRAINT uq_question_image_id_wnid")
        connection.exec_driver_sql("INSERT INTO question SELECT * FROM question WHERE id = 1")
    filled.engine.dispose()
    done = restore(filled.folder, saved)
    assert done.before is None
    schema = done.kept.split(" in the schema ")[1].split()[0]
    assert pictures(filled.folder) == 10
    with filled.engine.connect() as connection:
        kept = connection.exec_driver_sql(f"SELECT count(*) FROM {schema}.question").scalar()
        assert kept == 11
    filled.engine.dispose()
    assert restore(filled.folder, saved).before is not None
    with filled.engine.begin() as connection:
        connection.exec_driver_sql("CREATE VIEW mine AS SELECT id FROM image")
    filled.engine.dispose()
    with pytest.raises(WorkspaceError, match=r"cannot be replaced.*depend"):
        restore(filled.folder, saved)
    assert pictures(filled.folder) == 10


@pytest.mark.postgres
@pytest.mark.parametrize("workspace", ["postgres"], indirect=True)
def test_a_server_that_is_not_ours_alone(filled, saved, postgres):
    with Workspace.open(filled.folder), pytest.raises(WorkspaceBusyError):
        restore(filled.folder, saved)
    theirs = postgres()
    file = filled.folder / "synsetlab.toml"
    file.write_text(f'database = "{theirs}"\n')
    engine = connect(theirs)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE image (id INTEGER)")
    with pytest.raises(DatabaseVersionError, match="another program"):
        restore(filled.folder, saved)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == ["image"]
    engine.dispose()


def test_the_schema_is_whole_after_a_restore(filled, saved):
    restore(filled.folder, saved)
    with Workspace.open(filled.folder) as opened, opened.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD
