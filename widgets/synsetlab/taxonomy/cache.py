"""The compiled index on disk: made once, mapped into memory by every process that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synsetlab.errors import WordNetError
from synsetlab.taxonomy import corpus
from synsetlab.taxonomy.arrays import open_arrays, write_arrays
from synsetlab.taxonomy.nouns import Taxonomy
from synsetlab.taxonomy.paths import INDEX_FORMAT, corpus_dir, index_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["compile_index", "load"]

_opened: dict[Path, tuple[tuple[int, int], Taxonomy]] = {}


def load(*, progress: bool = True) -> Taxonomy:
    """WordNet 3.0's nouns, compiled on first use (some ten seconds) and mapped from disk ever after.

    Within a process the same object is returned as long as the index on disk is the same.

    Parameters
    ----------
    progress
        Show a bar on stderr if the index has to be compiled.

    Raises
    ------
    WordNetError
        WordNet 3.0 is not installed, or what is installed is damaged or another version.
    """
    path = index_path()
    seen = _opened.get(path)
    if seen and seen[0] == _stamp(path):
        return seen[1]
    stamp, found = _stamp(path), _open(path)
    if found is None:
        compile_index(progress=progress)
        stamp, found = _stamp(path), _open(path)
    if found is None:
        raise WordNetError(f"{path} cannot be read though it was just written.", _REMEDY)
    _opened[path] = (stamp, found)
    return found


def compile_index(*, progress: bool = True) -> Path:
    """Prove the installed files, compile them and put the index in place; returns its path.

    Raises
    ------
    WordNetError
        WordNet 3.0 is not installed, or what is installed is damaged or another version.
    """
    folder = corpus_dir()
    if not (folder / "data.noun").is_file():
        raise WordNetError(f"WordNet 3.0 is not installed: {folder} has no data.noun.", _REMEDY)
    corpus.verify(folder)
    corpus.complete(folder)
    from synsetlab.taxonomy.compiling import compile_arrays  # noqa: PLC0415 - loads NLTK, wanted only here

    arrays = compile_arrays(folder, progress=progress)
    meta = {
        "format": INDEX_FORMAT,
        "corpus": corpus.checksum(folder),
        "stamp": list(_stamp(folder / "data.noun")),
    }
    write_arrays(index_path(), meta, arrays)
    return index_path()


def _open(path: Path) -> Taxonomy | None:
    """The index at `path`, or None if there is none that can be used."""
    try:
        meta, arrays = open_arrays(path)
    except (OSError, ValueError, KeyError):
        return None
    return Taxonomy(arrays, checksum=meta["corpus"]) if _fits(meta) else None


def _fits(meta: dict[str, Any]) -> bool:
    """Whether the index was made from the files that are installed now (or these are gone)."""
    data = corpus_dir() / "data.noun"
    if not data.is_file() or list(_stamp(data)) == meta["stamp"]:
        return True
    try:
        return bool(corpus.checksum(corpus_dir()) == meta["corpus"])
    except OSError:
        return False


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change, to see cheaply whether a file is still the same."""
    try:
        stat = path.stat()
    except OSError:
        return (-1, -1)
    return stat.st_size, stat.st_mtime_ns


_REMEDY = "Get it with: synsetlab wordnet install"
