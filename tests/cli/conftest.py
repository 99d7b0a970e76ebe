"""The command as a program calls it, on a small demo workspace."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sqlite3
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from synsetlab.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HAT, SHOE = "n03497657", "n04199027"


@dataclass(frozen=True)
class Ran:
    """What a call of ``synsetlab`` left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        assert self.out.endswith("\n")
        assert self.out.count("\n") == 1, f"more than one line on stdout: {self.out[:500]}"
        found = json.loads(self.out)
        assert isinstance(found, dict)
        assert found["schema_version"] == 1
        return found

    @property
    def error(self) -> dict[str, str]:
        """The error in that object."""
        assert set(self.json) == {"schema_version", "error"}
        assert set(self.json["error"]) == {"type", "message", "remedy"}
        found: dict[str, str] = self.json["error"]
        return found


@pytest.fixture
def run(capsys) -> Callable[..., Ran]:
    """Call ``synsetlab`` with arguments in this process."""

    def call(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def fails(run, contents, tmp_path):
    """Run a command that must fail; hold both of its voices, and the folder, to the rules."""

    def check(code: int, kind: str, *arguments: object, says: str = "", advises: str = "") -> None:
        before = contents(tmp_path)
        spoken = run(*arguments)
        assert spoken.code == code, spoken.out + spoken.err
        assert spoken.out == "", "an error belongs on stderr"
        assert "Traceback" not in spoken.err
        ran = run(*arguments, "--json")
        assert ran.code == code
        assert ran.error["type"] == kind
        assert says in ran.error["message"]
        assert advises in ran.error["remedy"]
        assert ran.error["message"] in spoken.err
        assert ran.error["remedy"] in spoken.err
        assert "Traceback" not in ran.err
        assert contents(tmp_path) == before, "something was left behind"

    return check


@pytest.fixture
def workspace(demo, tmp_path) -> Path:
    """A demo workspace of the test's own."""
    return shutil.copytree(demo, tmp_path / "ws")


@pytest.fixture
def release(run, workspace, tmp_path) -> Path:
    """A release of it."""
    folder = tmp_path / "release"
    ran = run("freeze", "-o", folder, "-w", workspace, "--seed", "1", "--date", "2026-11-23")
    assert ran.code == 0, ran.err
    return folder


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder as people have them: two classes, a copy, a cut-off JPEG, a decompression bomb, notes."""
    folder = tmp_path / "photos"
    for label, shade in (("hat", 40), ("shoe", 90)):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            (folder / label / f"{number}.png").write_bytes(noise(shade + number))
    (folder / "hat" / "copy.png").write_bytes(noise(40))
    (folder / "hat" / "cut.jpg").write_bytes(noise(44, "JPEG")[:900])
    (folder / "hat" / "bomb.png").write_bytes(bomb())
    (folder / "hat" / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture
def votes_csv(tmp_path) -> Path:
    """Three annotators on four pictures; ``001`` is a name like any other."""
    rows = [
        (f"{task:03d}", worker, "yes" if (task + place) % 3 else "no")
        for task in range(4)
        for place, worker in enumerate(("ann", "bob", "cy"))
    ]
    file = tmp_path / "votes.csv"
    file.write_text("task,worker,label\n" + "".join(",".join(row) + "\n" for row in rows))
    return file


def noise(seed: int, format_: str = "PNG") -> bytes:
    """A small picture that resembles no other."""
    width, height = 64, 48
    # Blocks rather than single pixels, so that perceptual hashes have something to go by.
    state, blocks = seed, []
    for _ in range(12 * 9):
        state = (state * 1103515245 + 12345) % 2**31
        blocks.append(state >> 15 & 255)
    small = Image.frombytes("L", (12, 9), bytes(blocks))
    out = io.BytesIO()
    small.resize((width, height), Image.Resampling.NEAREST).convert("RGB").save(out, format_)
    return out.getvalue()


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a hundred bytes that says it has `side` by `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.fixture
def contents() -> Callable[[Path], dict[str, str]]:
    """What is in a folder: each file's hash, a database by its rows; locks and journals left out."""

    def look(folder: Path) -> dict[str, str]:
        found = {}
        for file in sorted(folder.rglob("*")):
            name = str(file.relative_to(folder))
            if file.is_dir():
                found[name] = "folder"
            elif file.suffix == ".sqlite":
                found[name] = _rows(file)
            elif file.name != ".lock" and not file.name.endswith(("-wal", "-shm")):
                found[name] = hashlib.sha256(file.read_bytes()).hexdigest()
        return found

    return look


def _rows(database: Path) -> str:
    connection = sqlite3.connect(database)
    try:
        return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
    finally:
        connection.close()
