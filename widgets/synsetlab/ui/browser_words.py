"""Lemmas and search in the languages that a reader chose, English and WordNet's own among them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from synsetlab.errors import InputError
from synsetlab.taxonomy.languages import Language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from synsetlab.taxonomy import Taxonomy

__all__ = ["Hit", "Words"]

_CODE: Final = re.compile(r"(?:wn-data-)?([a-z]{2,3})(?:[-_.].*)?", re.IGNORECASE)


class Hit(NamedTuple):
    """A synset that was found."""

    wnid: str
    score: float
    language: str = ""
    """Code of the language whose word fitted; empty: English."""
    word: str = ""
    """That word."""


class Words:
    """Tables of other languages, each read when it is first asked for.

    Parameters
    ----------
    tables
        Open Multilingual Wordnet tables or `Language` objects by language code; or only the tables, whose
        file names then tell the code (``wn-data-ita.tab``).
    taxonomy
        Which synsets there are.
    """

    def __init__(self, tables: Any, taxonomy: Taxonomy) -> None:
        self._taxonomy = taxonomy
        self._tables: dict[str, Any] = dict(_named(tables))
        self._read: dict[str, Language] = {}

    @property
    def codes(self) -> list[str]:
        """Codes of the languages besides English, in the order given."""
        return list(self._tables)

    def chosen(self, codes: Iterable[str]) -> list[str]:
        """`codes` without what there is none of."""
        return [code for code in codes if code in self._tables]

    def language(self, code: str) -> Language:
        """The table of a language."""
        if code not in self._read:
            table = self._tables[code]
            self._read[code] = table if hasattr(table, "lemmas") else Language.read(table, self._taxonomy)
        return self._read[code]

    def lemmas(self, wnid: str, codes: Iterable[str]) -> dict[str, list[str]]:
        """Lemmas by language; languages that have none are left out."""
        found = {code: self.language(code).lemmas(wnid) for code in self.chosen(codes)}
        return {code: lemmas for code, lemmas in found.items() if lemmas}

    def search(self, text: str, codes: Sequence[str], limit: int) -> list[Hit]:
        """Synsets for `text` in English and the languages `codes`, the best of all first."""
        hits = {match.wnid: Hit(match.wnid, match.score) for match in self._taxonomy.search(text, limit)}
        for code in self.chosen(codes):
            language = self.language(code)
            for match in language.search(text, limit):
                if match.wnid not in hits or match.score > hits[match.wnid].score:
                    word = _fitting(text, language.lemmas(match.wnid))
                    hits[match.wnid] = Hit(match.wnid, match.score, code, word)
        return sorted(hits.values(), key=lambda hit: (-hit.score, hit.language != "", hit.wnid))[:limit]


def _named(tables: Any) -> Iterable[tuple[str, Any]]:
    if tables is None:
        return
    if isinstance(tables, Mapping):
        yield from ((str(code), table) for code, table in tables.items())
        return
    for table in [tables] if isinstance(tables, str | os.PathLike) else tables:
        name = Path(table).name
        code = _CODE.fullmatch(name)
        if code is None:
            raise InputError(
                f"{name!r} does not tell its language.",
                'Name languages yourself: languages={"it": "my-table.tab"}.',
            )
        yield code.group(1).lower(), table


def _fitting(text: str, lemmas: Sequence[str]) -> str:
    wanted = text.strip().casefold()
    inside = [lemma for lemma in lemmas if wanted in lemma.casefold()]
    return min(inside or lemmas, key=len, default="")
