"""Lemmas in other languages, from Open Multilingual Wordnet tables (``wn-data-xxx.tab``)."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.errors import InputError
from synsetlab.taxonomy.search import Match
from synsetlab.taxonomy.words import edit_distance, plain, tokens, trigrams

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.integer]

__all__ = ["Language"]


class Language:
    """Noun lemmas of one language on WordNet 3.0's synsets.

    Parameters
    ----------
    lemmas
        By wnid.
    uses
        How often each synset is used; of equal answers the more used comes first.
    """

    def __init__(self, lemmas: dict[str, list[str]], uses: Mapping[str, int] | None = None) -> None:
        self._lemmas = lemmas
        self._weight = {wnid: min(math.log1p(count) / 8, 1.0) for wnid, count in (uses or {}).items()}
        wnids: dict[str, list[str]] = defaultdict(list)
        for wnid, words in lemmas.items():
            for word in dict.fromkeys(map(plain, words)):
                wnids[word].append(wnid)
        wnids.pop("", None)
        self._wnids = wnids
        self._words = sorted(wnids)

    @classmethod
    def read(cls, path: str | os.PathLike[str], taxonomy: Taxonomy) -> Language:
        """Read a table: lines ``offset-pos <TAB> lang:lemma <TAB> word``; only nouns are kept.

        Raises
        ------
        InputError
            It cannot be read, or it has no noun of WordNet 3.0.
        """
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}.", _REMEDY) from error
        lemmas: dict[str, list[str]] = {}
        for line in text.splitlines():
            synset, _, rest = line.partition("\t")
            kind, _, word = rest.partition("\t")
            wnid = f"n{synset[:8]}"
            if synset[8:] == "-n" and kind.rpartition(":")[2] == "lemma" and word and wnid in taxonomy:
                lemmas.setdefault(wnid, []).append(word.strip().replace("_", " "))
        if not lemmas:
            raise InputError(f"{path} has no lemma of a WordNet 3.0 noun.", _REMEDY)
        uses = taxonomy.arrays["uses"][taxonomy.indices(lemmas)].tolist()
        return cls(lemmas, dict(zip(lemmas, uses, strict=True)))

    def lemmas(self, wnid: str) -> list[str]:
        """Lemmas of a synset in this language; often none."""
        return list(self._lemmas.get(wnid, ()))

    def search(self, text: str, limit: int = 20) -> list[Match]:
        """Synsets by lemma: the whole one, its beginning, anywhere in it, every word of it, a slip away.

        Case and accents are ignored, ``_`` and space are alike; slips are forgiven when nothing else fits.
        """
        query = plain(text)
        if not query:
            return []
        found: dict[str, Match] = {}
        if query in self._wnids:
            self._add(found, query, 0.9, 0.1, "exact")
        low = bisect_left(self._words, query)
        high = bisect_left(self._words, query + "\U0010ffff")
        for word in self._likeliest(low, high, len(query), 4 * limit):
            self._add(found, word, 0.7 + 0.15 * len(query) / len(word), 0.01, "prefix")
        if len(found) < limit:
            for word in self._with_words(query):
                self._add(found, word, 0.5 + 0.19 * len(query) / max(len(word), len(query)), 0.009, "word")
        if not found:
            for word, slips in self._near(query):
                self._add(found, word, 0.3 + 0.19 * (1 - slips / len(query)), 0.009, "spelling")
        return sorted(found.values(), key=lambda match: (-match.score, match.wnid))[:limit]

    def _likeliest(self, low: int, high: int, typed: int, count: int) -> list[str]:
        """At most `count` of the words ``[low, high)`` that begin as typed, those that will score highest."""
        if high - low <= count:
            return self._words[low:high]
        lengths, weights = self._measures
        scores = 0.15 * typed / lengths[low:high] + 0.01 * weights[low:high]
        best = np.argsort(-scores, kind="stable")[:count] + low
        return [self._words[place] for place in best.tolist()]

    @cached_property
    def _measures(self) -> tuple[Floats, Floats]:
        """Letters of every word, and the weight of its most used synset."""
        weights = [max(self._weight.get(wnid, 0.0) for wnid in self._wnids[word]) for word in self._words]
        return np.array([len(word) for word in self._words], np.float64), np.array(weights)

    def _add(self, found: dict[str, Match], word: str, base: float, spread: float, kind: str) -> None:
        for wnid in self._wnids[word]:
            score = round(base + spread * self._weight.get(wnid, 0.0), 4)
            if wnid not in found or found[wnid].score < score:
                found[wnid] = Match(wnid, score, kind)

    @cached_property
    def _text(self) -> tuple[str, list[int]]:
        """All words, each between newlines, and the place of the newline before each."""
        text = "\n" + "\n".join(self._words) + "\n"
        return text, [place for place, letter in enumerate(text[:-1]) if letter == "\n"]

    def _with_words(self, query: str) -> Iterator[str]:
        """Lemmas in which the query stands, or all its words in any order."""
        text, starts = self._text
        wanted = tokens(query) or [query]
        longest = max(wanted, key=len)
        place = text.find(longest)
        while place >= 0:
            number = bisect_right(starts, place) - 1
            word = self._words[number]
            if all(part in word for part in wanted):
                yield word
            place = text.find(longest, starts[number] + len(word) + 1)

    @cached_property
    def _trigrams(self) -> tuple[Ints, Ints]:
        """Three-byte windows of all words, ascending, and the number of the word that each is from."""
        blob = np.frombuffer(self._text[0].encode(), np.uint8)
        codes = trigrams(blob)
        owners = np.cumsum(blob == ord("\n"))[: codes.size] - 1
        # A window that begins at a newline belongs to the word after it.
        whole = np.flatnonzero(codes >= 0)
        order = whole[np.argsort(codes[whole], kind="stable")]
        return codes[order], owners[order]

    def _near(self, query: str) -> list[tuple[str, int]]:
        """Lemmas a slip or two away, nearest first."""
        if len(query) < _SHORTEST:
            return []
        most = 1 if len(query) <= 5 else 2 if len(query) < 10 else 3
        codes, owners = self._trigrams
        own = np.unique(trigrams(np.frombuffer(f"\n{query}\n".encode(), np.uint8)))
        spans = zip(np.searchsorted(codes, own), np.searchsorted(codes, own, "right"), strict=True)
        shared = np.concatenate([owners[low:high] for low, high in spans])
        counts = np.bincount(shared, minlength=len(self._words))
        likely = np.argsort(-counts, kind="stable")[:_COMPARED]
        compared = [
            (self._words[i], edit_distance(query, self._words[i], most))
            for i in likely.tolist()
            if counts[i] and abs(len(self._words[i]) - len(query)) <= most
        ]
        return sorted((pair for pair in compared if pair[1] <= most), key=lambda pair: (pair[1], pair[0]))


_SHORTEST = 3
"""Fewer letters are too little to say what was meant."""
_COMPARED = 200
_REMEDY = "Name a table of the Open Multilingual Wordnet on WordNet 3.0, such as wn-data-ita.tab."
