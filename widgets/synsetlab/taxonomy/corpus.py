"""A folder with WordNet's database files: prove that it is WordNet 3.0, make what NLTK's reader lacks.

File formats: wndb(5WN), lexnames(5WN), senseidx(5WN) of WordNet 3.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from synsetlab.errors import WordNetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["FILES", "NOUN_SYNSETS", "checksum", "complete", "verify"]

REQUIRED = (
    "cntlist.rev",
    *(f"{kind}.{pos}" for kind in ("index", "data") for pos in ("adj", "adv", "noun", "verb")),
    *(f"{pos}.exc" for pos in ("adj", "adv", "noun", "verb")),
)
FILES = (*REQUIRED, "lexnames", "index.sense", "LICENSE", "README")
"""What is taken from a source, where it has them."""

NOUN_SYNSETS = 82_115
"""Noun synsets of WordNet 3.0."""

NOUN_GRAPH = "d315c2e4dd8cd20502aea77713c67557"
"""First half of the SHA-256 of WordNet 3.0's noun offsets and hypernym pointers (see `_noun_graph`)."""

_VERSION = re.compile(rb"^  .*WordNet (\d[\d.]*\d|\d+\+?) Copyright", re.MULTILINE)
_NOUN = re.compile(rb"^(\d{8}) \d\d n [0-9a-f]{2} ([^|\n]*)\|", re.MULTILINE)
_HYPERNYM = re.compile(rb" (@i?) (\d{8}) n ")
_MARKER = re.compile(r"\((?:a|p|ip)\)")

_LEXNAMES = {
    "noun": "Tops act animal artifact attribute body cognition communication event feeling food group "
    "location motive object person phenomenon plant possession process quantity relation shape state "
    "substance time",
    "verb": "body change cognition communication competition consumption contact creation emotion motion "
    "perception possession social stative weather",
}
_POS_NUMBER = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
_SATELLITE = 5


def verify(folder: Path) -> None:
    """Prove that `folder` holds WordNet 3.0.

    A wnid is a position in WordNet 3.0's own ``data.noun``: in the files of another version the same
    eight digits mean nothing, or something else. So the version line, every noun's offset and every
    hypernym pointer must be those of 3.0.

    Raises
    ------
    WordNetError
        Files are missing, or this is another version, or the nouns are damaged.
    """
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        raise WordNetError(f"{folder} is no complete WordNet: it lacks {', '.join(missing)}.", _REMEDY)
    data = (folder / "data.noun").read_bytes()
    found = _VERSION.search(data[:4096])
    version = found.group(1).decode() if found else "unknown"
    if version != "3.0":
        raise WordNetError(f"{folder} holds WordNet of version {version}, not 3.0. {_WHY}", _REMEDY)
    nouns = list(_NOUN.finditer(data))
    if len(nouns) != NOUN_SYNSETS:
        raise WordNetError(
            f"{folder}/data.noun calls itself WordNet 3.0 but has {len(nouns):,} noun synsets "
            f"instead of {NOUN_SYNSETS:,}. {_WHY}",
            _REMEDY,
        )
    moved = next((noun for noun in nouns if noun.start() != int(noun.group(1))), None)
    if moved:
        raise WordNetError(
            f"{folder}/data.noun is damaged: synset {moved.group(1).decode()} stands at byte {moved.start()} "
            "instead of its own number (were the line endings converted?).",
            _REMEDY,
        )
    if _noun_graph(nouns) != NOUN_GRAPH:
        raise WordNetError(
            f"{folder}/data.noun calls itself WordNet 3.0 but its synsets or hypernyms are not those of 3.0. "
            f"{_WHY}",
            _REMEDY,
        )


_WHY = (
    "ImageNet's wnids are noun offsets of WordNet 3.0; with another version they would silently mean "
    "other things."
)
_REMEDY = "Give a folder, zip or tar of WordNet 3.0: synsetlab wordnet install --from PATH"


def _noun_graph(nouns: list[re.Match[bytes]]) -> str:
    """Fingerprint of the noun graph: one line a synset, ``offset`` then its sorted ``@``/``@i`` pointers."""
    rows = []
    for noun in nouns:
        pointers = sorted(symbol + target for symbol, target in _HYPERNYM.findall(noun.group(2)))
        rows.append(b" ".join((noun.group(1), *pointers)) + b"\n")
    return _sha256(rows)[:32]


def checksum(folder: Path) -> str:
    """SHA-256 (hex) of the files that the compiled index is made from."""
    names = ("data.noun", "index.noun", "noun.exc", "cntlist.rev")
    return _sha256((folder / name).read_bytes() for name in names)


def _sha256(parts: Iterable[bytes]) -> str:
    # OpenSSL takes an eighth of the memory of a process that only asks the compiled index.
    import hashlib  # noqa: PLC0415

    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def complete(folder: Path) -> list[str]:
    """Make the files that NLTK's reader wants and that some packages (Debian's) leave out.

    Returns the names of the files made: of ``lexnames`` and ``index.sense``.
    """
    made = []
    for name, lines in (("lexnames", _lexnames), ("index.sense", lambda: _index_sense(folder))):
        if not (folder / name).is_file():
            with (folder / name).open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines())
            made.append(name)
    return made


def _lexnames() -> Iterator[str]:
    """The 45 lexicographer files of lexnames(5WN): number, name, part of speech."""
    names = ["adj.all", "adj.pert", "adv.all"]
    names += [f"{pos}.{name}" for pos, text in _LEXNAMES.items() for name in text.split()]
    names += ["adj.ppl"]
    for number, name in enumerate(names):
        yield f"{number:02d}\t{name}\t{_POS_NUMBER[name.partition('.')[0]]}"


def _index_sense(folder: Path) -> list[str]:
    """Lines of senseidx(5WN), ``sense_key offset sense_number tag_count``, made from the other files."""
    counts = {}
    for line in _lines(folder / "cntlist.rev"):
        key, _, count = line.split()
        counts[key] = count
    rows = set()
    for pos in _POS_NUMBER:
        order = _sense_numbers(folder / f"index.{pos}")
        for key, lemma, offset in _sense_keys(folder / f"data.{pos}", pos):
            count = counts.get(key, "0")
            # cntlist.rev keeps the marker of a satellite's head, as in above%5:00:00:preceding(a):00.
            rows.add(f"{_MARKER.sub('', key)} {offset} {order[lemma, offset]} {count}")
    return sorted(rows)


def _sense_numbers(index: Path) -> dict[tuple[str, str], int]:
    """Rank of each (lemma, offset) among the lemma's senses, from 1."""
    numbers = {}
    for line in _lines(index):
        fields = line.split()
        for rank, offset in enumerate(fields[-int(fields[2]) :], start=1):
            numbers[fields[0], offset] = rank
    return numbers


def _sense_keys(data: Path, pos: str) -> Iterator[tuple[str, str, str]]:
    """(sense key, folded lemma, offset) of every word of every synset of one part of speech."""
    synsets = {}
    for line in _lines(data):
        fields = line.partition("|")[0].split()
        words = 2 * int(fields[3], 16)
        forms = [(word.lower(), int(lex_id, 16)) for word, lex_id in _pairs(fields[4 : 4 + words])]
        head = fields[fields.index("&") + 1] if fields[2] == "s" else ""
        synsets[fields[0]] = (fields[1], forms, head)
    for offset, (lexfile, forms, head) in synsets.items():
        number = _SATELLITE if head else _POS_NUMBER[pos]
        tail = "{}:{:02d}".format(*synsets[head][1][0]) if head else ":"
        for form, lex_id in forms:
            lemma = _MARKER.sub("", form)
            yield f"{lemma}%{number}:{lexfile}:{lex_id:02d}:{tail}", lemma, offset


def _pairs(fields: list[str]) -> Iterator[tuple[str, str]]:
    return zip(fields[::2], fields[1::2], strict=True)


def _lines(path: Path) -> Iterator[str]:
    """Lines of a database file without the licence that stands before them."""
    with path.open(encoding="utf-8") as file:
        yield from (line for line in file if not line.startswith("  "))
