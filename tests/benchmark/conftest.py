"""Small test sets written to files as users write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from synsetlab.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ANIMALS = ["n02084071", "n02121620", "n02374451"]  # dog, cat, horse
SHOWN = {"a.jpg": "n02121620", "b.jpg": "n02084071", "c.jpg": "n02374451", "d.jpg": "n02084071"}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of the test's own folder: lines, or bytes."""

    def write(name: str, *lines: str | bytes) -> Path:
        file = tmp_path / name
        if lines and isinstance(lines[0], bytes):
            file.write_bytes(b"".join(line for line in lines if isinstance(line, bytes)))
        else:
            file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return file

    return write


@pytest.fixture
def truth(write: Callable[..., Path]) -> Path:
    """Four pictures of three classes."""
    return write("truth.csv", "image,wnid", *(f"{image},{wnid}" for image, wnid in SHOWN.items()))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Call the command under --json: exit code and the object on stdout."""

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        code = main([*map(str, arguments), "--json"])
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return code, found

    return run
