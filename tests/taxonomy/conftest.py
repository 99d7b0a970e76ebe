"""The real WordNet 3.0: as we read it, and as NLTK does."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from synsetlab.taxonomy import Taxonomy, corpus, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def taxonomy(wordnet: Path) -> Taxonomy:
    return load()


@pytest.fixture(scope="session")
def reader(wordnet: Path) -> Iterator[Any]:
    """NLTK's own reader on the same files."""
    from synsetlab.taxonomy.compiling import open_reader

    with open_reader(wordnet) as opened:
        yield opened


@pytest.fixture
def doctored(wordnet: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy of WordNet's files with changes: ``doctored({"data.noun": change}, without=[...])``."""

    def make(changes: dict[str, Callable[[bytes], bytes]], without: tuple[str, ...] = ()) -> Path:
        folder = tmp_path / "doctored"
        folder.mkdir()
        for name in corpus.FILES:
            source = wordnet / name
            if name in without or not source.is_file():
                continue
            if name in changes:
                (folder / name).write_bytes(changes[name](source.read_bytes()))
            else:
                shutil.copyfile(source, folder / name)
        return folder

    return make


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has nothing yet."""
    home = tmp_path / "home"
    monkeypatch.setenv("SYNSETLAB_DATA", str(home))
    return home
