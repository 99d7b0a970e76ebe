"""Find or obtain WordNet 3.0 and put it where NLTK's reader and synsetlab look for it."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, WordNetError
from synsetlab.taxonomy import corpus
from synsetlab.taxonomy.paths import corpus_dir, index_path
from synsetlab.taxonomy.unpack import unpack

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

__all__ = ["Installed", "Status", "install", "status"]

DEBIAN = Path("/usr/share/wordnet")
"""Where Debian and Ubuntu put WordNet's files (package wordnet-base)."""

_NOTE = "synsetlab-source.json"
_TIMEOUT_S = 300


@dataclass(frozen=True)
class Installed:
    """What `install` did."""

    path: str
    """The folder that NLTK's reader opens."""
    source: str
    """Where the files came from, in words: ``path``, ``installed``, ``nltk data``, ``debian``, ..."""
    origin: str
    """The folder, archive or package that was taken."""
    made: list[str] = field(default_factory=list)
    """Files that the source lacked and that were derived from the others."""
    tried: list[dict[str, str]] = field(default_factory=list)
    """Sources that were passed over: ``source``, ``origin`` and ``reason``."""


@dataclass(frozen=True)
class Status:
    """What is there; `status` proves nothing, `install` and the compilation do."""

    installed: bool
    path: str
    source: str
    origin: str
    compiled: bool
    """The index that the taxonomy is read from exists (it is made on first use otherwise)."""
    index: str
    version: str = "3.0"


def status() -> Status:
    """Say whether WordNet 3.0 and its compiled index are there. Cheap: a look at the folder."""
    folder = corpus_dir()
    note = _read_note(folder)
    return Status(
        installed=(folder / "data.noun").is_file(),
        path=str(folder),
        source=note.get("source", ""),
        origin=note.get("origin", ""),
        compiled=index_path().is_file(),
        index=str(index_path()),
    )


def install(given: str | os.PathLike[str] | None = None) -> Installed:
    """Find or obtain WordNet 3.0, and copy it into the user's data folder in one step.

    Tried in this order: `given` (and then nothing else), what is installed already, NLTK's data
    folders, Debian's folder, ``nltk.download``, ``apt-get download`` (unpacked without root).

    Parameters
    ----------
    given
        A folder, zip, tar or Debian package that holds WordNet 3.0.

    Raises
    ------
    InputError
        `given` does not exist.
    WordNetError
        `given` is not WordNet 3.0, or no source has it; the message lists what was tried.
    """
    if given is not None:
        path = Path(given).expanduser()
        if not path.exists():
            raise InputError(f"{path} does not exist.", "Name a folder, zip or tar that holds WordNet 3.0.")
        return _take(path, "path", str(path), tried=[])
    tried: list[dict[str, str]] = []
    if corpus_dir().exists():
        try:
            return _present()
        except WordNetError as error:
            tried.append({"source": "installed", "origin": str(corpus_dir()), "reason": error.message})
    with tempfile.TemporaryDirectory(prefix="synsetlab-wordnet-") as scratch:
        for source, find in _SOURCES.items():
            try:
                for origin in find(Path(scratch)):
                    # What was downloaded lies in a scratch folder that will be gone: its name says enough.
                    named = origin.name if origin.is_relative_to(scratch) else str(origin)
                    try:
                        return _take(origin, source, named, tried)
                    except WordNetError as error:
                        tried.append({"source": source, "origin": named, "reason": error.message})
            except (OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
                tried.append({"source": source, "origin": "", "reason": str(error).strip()})
    listed = "".join(f"\n  {t['source']}: {t['origin'] or '-'}: {t['reason']}" for t in tried)
    raise WordNetError(
        f"WordNet 3.0 was found nowhere. Tried:{listed}",
        "Get WordNet 3.0 (not 3.1) from https://wordnet.princeton.edu or as NLTK's corpora/wordnet.zip, "
        "then: synsetlab wordnet install --from PATH",
    )


def _present() -> Installed:
    """What is installed already, proved anew."""
    folder = corpus_dir()
    corpus.verify(folder)
    made = corpus.complete(folder)
    return Installed(str(folder), "installed", _read_note(folder).get("origin", ""), made)


def _take(origin: Path, source: str, named: str, tried: list[dict[str, str]]) -> Installed:
    """Copy WordNet's files from `origin` to a fresh folder, prove them, and put the folder in place."""
    target = corpus_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".wordnet-", dir=target.parent) as scratch:
        fresh = Path(scratch) / "wordnet"
        fresh.mkdir()
        if origin.is_file():
            unpack(origin, fresh, corpus.FILES)
        else:
            folder = _database_folder(origin)
            for name in corpus.FILES:
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, fresh / name)
        try:
            corpus.verify(fresh)
        except WordNetError as error:
            # The reader knows the place that was named, not our scratch folder.
            raise WordNetError(error.message.replace(str(fresh), named), error.remedy) from None
        made = corpus.complete(fresh)
        note = {"source": source, "origin": named}
        (fresh / _NOTE).write_text(json.dumps(note) + "\n", encoding="utf-8")
        _put_in_place(fresh, target, Path(scratch) / "replaced")
    return Installed(str(target), source, named, made, tried)


def _put_in_place(fresh: Path, target: Path, aside: Path) -> None:
    """Rename `fresh` to `target`; what stood there goes `aside` and is swept with the scratch folder."""
    with contextlib.suppress(FileNotFoundError):
        target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        # Another installation came between the two renames: its result is as good as ours if it is whole.
        corpus.verify(target)


def _database_folder(origin: Path) -> Path:
    """The folder at or under `origin` that has ``data.noun``."""
    for below in ("", "dict", "wordnet", "corpora/wordnet", "nltk_data/corpora/wordnet", "WordNet-3.0/dict"):
        if (origin / below / "data.noun").is_file():
            return origin / below
    raise WordNetError(
        f"{origin} holds no WordNet: there is no data.noun in it, nor in its dict/ or corpora/wordnet/.",
        "Name the folder that has data.noun, or a zip or tar of it.",
    )


def _nltk_data(_scratch: Path) -> Iterator[Path]:
    """Folders and zips ``corpora/wordnet`` on NLTK's path, each ours excepted."""
    import nltk.data  # noqa: PLC0415 - slow to load; `status` does without it

    for root in map(Path, nltk.data.path):
        for name in ("wordnet", "wordnet.zip"):
            place = root / "corpora" / name
            if place.exists() and place != corpus_dir():
                yield place


def _debian(_scratch: Path) -> Iterator[Path]:
    if (DEBIAN / "data.noun").is_file():
        yield DEBIAN


def _nltk_download(scratch: Path) -> Iterator[Path]:
    import nltk  # noqa: PLC0415 - likewise

    # NLTK reports on stdout, which belongs to the command's own output.
    with contextlib.redirect_stdout(sys.stderr):
        done = nltk.download("wordnet", download_dir=str(scratch), quiet=True)
    place = scratch / "corpora" / "wordnet.zip"
    if not done or not place.exists():
        raise LookupError("nltk.download('wordnet') got nothing (no network?)")
    yield place


def _apt_download(scratch: Path) -> Iterator[Path]:
    apt = shutil.which("apt-get")
    if apt is None:
        raise LookupError("there is no apt-get here")
    done = subprocess.run(  # noqa: S603 - a fixed command line; apt checks the package's signature
        [apt, "download", "wordnet-base"],
        cwd=scratch,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    packages = sorted(scratch.glob("wordnet-base_*.deb"))
    if not packages:
        raise LookupError(f"apt-get download wordnet-base: {done.stderr.strip() or 'no package'}")
    yield from packages


_SOURCES: dict[str, Callable[[Path], Iterator[Path]]] = {
    "nltk data": _nltk_data,
    "debian": _debian,
    "nltk.download": _nltk_download,
    "apt-get download": _apt_download,
}


def _read_note(folder: Path) -> dict[str, str]:
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
