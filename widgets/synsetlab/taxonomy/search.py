"""Search over lemmas, words and glosses, as you type.

Answers come in tiers, each tier wholly before the next; a tier is looked at only while there is room:

======== =========== ==============================================================================
kind     score       what fits
======== =========== ==============================================================================
exact    1.0 - 0.9   the whole lemma; the lemma's more frequent sense first. Or the wnid itself.
base     0.9 - 0.85  the whole lemma once a plural ending is taken off (``huskies``, ``geese``)
prefix   0.85 - 0.7  the lemma begins so; or the wnid does
word     0.7 - 0.5   every word stands in the lemma, the last one perhaps unfinished
spelling 0.5 - 0.3   as word, once slips of the pen are corrected; only when hardly anything above fits
gloss    0.3 - 0.1   every word stands in the gloss
======== =========== ==============================================================================
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.taxonomy.arrays import Csr, Texts
from synsetlab.taxonomy.words import (
    base_forms,
    edit_distance,
    near_spellings,
    plain,
    spelt_by_ear,
    squeeze,
    tokens,
    trigrams,
    undoubled,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["Match", "Searcher"]

_WNID = re.compile(r"n(\d{1,8})|(\d{8})-n")
_SHORT = 5
"""Up to so many letters every slip is tried in turn; longer words are compared by trigrams."""
_SHORTEST = 3
"""Fewer letters are too little to say what was meant."""
_CORRECTIONS = 6
_FEW = 3
_CHOICES = 64
_COMPARED = 40


class Match(NamedTuple):
    """One answer of a search."""

    wnid: str
    score: float
    """Between 0 and 1; orders the answers, means nothing else."""
    kind: str
    """What fitted: ``exact``, ``base``, ``prefix``, ``word``, ``spelling`` or ``gloss``."""


class Searcher:
    """Searches over the arrays of the index; speaks of synsets by their index."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = arrays
        self._names = self._texts("name")
        self._words = self._texts("word")
        self._name_synset = self._csr("name_synset")
        self._word_name = self._csr("word_place")

    def _csr(self, name: str) -> Csr:
        return Csr(self._arrays[f"{name}_start"], self._arrays[f"{name}_values"])

    def _texts(self, name: str) -> Texts:
        return Texts(self._arrays[f"{name}_text"], self._arrays[f"{name}_text_start"])

    @cached_property
    def _gloss_words(self) -> tuple[Texts, Csr]:
        return self._texts("gloss_word"), self._csr("gloss_word_place")

    @cached_property
    def _irregular(self) -> tuple[Texts, Texts]:
        return self._texts("plural"), self._texts("singular")

    @cached_property
    def _trigram_words(self) -> tuple[Array, Csr]:
        return self._arrays["trigram"], self._csr("trigram_word")

    def senses(self, lemma: str) -> list[int]:
        """Synset indices of a whole lemma, in WordNet's order of frequency."""
        place = self._names.find(plain(lemma))
        return self._name_synset.row(place).tolist() if place >= 0 else []

    def search(self, text: str, limit: int) -> list[tuple[int, float, str]]:
        """Up to `limit` (synset index, score, kind), best first; ties by wnid."""
        query = plain(text)
        if not query or limit < 1:
            return []
        found: dict[int, tuple[float, str]] = {}
        tiers = (self._exact, self._base, self._prefix, self._word, self._spelling, self._gloss)
        for tier in tiers:
            if len(found) >= limit or (tier == self._spelling and not self._doubtful(query, found)):
                continue
            synsets, scores = tier(query)
            best = _best(synsets, scores, 4 * limit)
            for synset, score in zip(synsets[best].tolist(), scores[best].tolist(), strict=True):
                found.setdefault(synset, (round(score, 4), tier.__name__[1:]))
        ranked = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))
        return [(synset, score, kind) for synset, (score, kind) in ranked[:limit]]

    def _doubtful(self, query: str, found: Mapping[int, tuple[float, str]]) -> bool:
        """Whether a slip is likelier than that these few unfinished lemmas ("aple") or a gloss were meant."""
        if len(found) >= _FEW or any(kind in {"exact", "base"} for _, kind in found.values()):
            return False
        words = tokens(query)
        return len(words) < 2 or not self._told(words, unfinished=False).size

    # Each tier returns synset indices and their scores, in any order, repetitions allowed.

    def _exact(self, query: str) -> tuple[Array, Array]:
        offsets = self._arrays["offset"]
        number = _WNID.fullmatch(query)
        if number:
            digits = number.group(1) or number.group(2)
            if len(digits) == 8:
                place = int(np.searchsorted(offsets, int(digits)))
                hit = place < offsets.size and int(offsets[place]) == int(digits)
                return (np.array([place]), np.array([1.0])) if hit else _NOTHING
        return self._senses(self._names.find(query), 1.0, 0.1)

    def _base(self, query: str) -> tuple[Array, Array]:
        forms = base_forms(query)
        plurals, singulars = self._irregular
        irregular = plurals.find(query)
        if irregular >= 0:
            forms = [form for form in singulars[irregular].split("\t") if form != query]
        return _together([self._senses(self._names.find(form), 0.9, 0.05) for form in forms])

    def _senses(self, name: int, top: float, spread: float) -> tuple[Array, Array]:
        """Synsets of one lemma, the first sense at `top`."""
        if name < 0:
            return _NOTHING
        synsets = self._name_synset.row(name)
        return synsets, top - spread * np.arange(synsets.size) / (synsets.size + 1)

    def _prefix(self, query: str) -> tuple[Array, Array]:
        number = _WNID.fullmatch(query)
        if number and number.group(1):
            return self._wnid_prefix(number.group(1))
        low, high = self._names.prefix_range(query)
        return self._scored(np.arange(low, high), len(query.encode()), 0.7, 0.15)

    def _wnid_prefix(self, digits: str) -> tuple[Array, Array]:
        width = 10 ** (8 - len(digits))
        low, high = np.searchsorted(self._arrays["offset"], [int(digits) * width, (int(digits) + 1) * width])
        return np.arange(low, high), np.full(high - low, 0.7 + 0.15 * len(digits) / 9)

    def _word(self, query: str) -> tuple[Array, Array]:
        names = self._names_with(tokens(query), unfinished=True)
        squeezed = self._words.find(squeeze(query))
        if squeezed >= 0:
            names = np.union1d(names, self._word_name.row(squeezed))
        return self._scored(names, len(query.encode()), 0.5, 0.2)

    def _names_with(self, words: list[str], *, unfinished: bool) -> Array:
        return _all_of(self._words, self._word_name, words, unfinished, len(self._names))

    def _scored(self, names: Array, length: int, base: float, spread: float) -> tuple[Array, Array]:
        """Synsets of `names`: nearly complete lemmas, frequent words and first senses score higher."""
        if not names.size:
            return _NOTHING
        start = self._name_synset.start
        senses = start[names + 1] - start[names]
        synsets = self._name_synset.rows(names)
        lengths = self._names.start[names + 1] - self._names.start[names] - 1
        typed = np.repeat(np.minimum(length / np.maximum(lengths, 1), 1.0), senses)
        rank = 1.0 / (1.0 + (np.arange(synsets.size) - np.repeat(np.cumsum(senses) - senses, senses)))
        uses = np.log1p(self._arrays["uses"][synsets]) / 8.0
        return synsets, base + spread * (0.5 * typed + 0.3 * np.minimum(uses, 1.0) + 0.2 * rank) * 0.999

    def _gloss(self, query: str) -> tuple[Array, Array]:
        synsets = self._told(tokens(query), unfinished=True)
        uses = np.minimum(np.log1p(self._arrays["uses"][synsets]) / 8.0, 1.0)
        start = self._arrays["gloss_text_start"]
        brief = np.minimum(len(query) / np.maximum(start[synsets + 1] - start[synsets], 1), 1.0)
        return synsets, 0.1 + 0.2 * (0.7 * brief + 0.3 * uses) * 0.999

    def _told(self, words: list[str], *, unfinished: bool) -> Array:
        """Synsets whose glosses have all `words`."""
        known, places = self._gloss_words
        return _all_of(known, places, words, unfinished, self._arrays["gloss_text_start"].size - 1)

    def _spelling(self, query: str) -> tuple[Array, Array]:
        words = tokens(query)
        if not words:
            return _NOTHING
        choices = list(islice(product(*map(self._readings, words)), _CHOICES))
        found = self._corrected(choices, len(query))
        if not found[0].size and len(words) > 1:
            # "gol denretreiver" as one word
            whole = [(reading,) for reading in self.corrections("".join(words))]
            found = self._corrected(whole, len(query))
        return found

    def _corrected(
        self, choices: Sequence[tuple[tuple[str, float], ...]], length: int
    ) -> tuple[Array, Array]:
        """Synsets whose lemmas have all words of one of the `choices`, each a word and its slips."""
        results = []
        for choice in choices:
            unlike = sum(distance for _, distance in choice)
            names = self._names_with([word for word, _ in choice], unfinished=False)
            synsets, scores = self._scored(names, length, 0.0, 1.0)
            likeness = max(1.0 - unlike / length, 0.0)
            results.append((synsets, 0.3 + 0.2 * likeness * (0.5 + 0.5 * scores)))
        return _together(results)

    def _readings(self, word: str) -> list[tuple[str, float]]:
        """`word` itself if it is known, else its corrections."""
        return [(word, 0)] if self._words.find(word) >= 0 else self.corrections(word)

    def corrections(self, word: str) -> list[tuple[str, float]]:
        """Known words like `word`, each with how unlike it is, in slips; best first, at most six."""
        if len(word) < _SHORTEST:
            return []
        if len(word) <= _SHORT:
            near = [(known, 1) for known in self._known(near_spellings(word))]
        else:
            near = self._near_by_trigrams(word, 2 if len(word) < 10 else 3)
        # Of words equally near, the one with more lemmas is likelier.
        by_ear = [known for known in spelt_by_ear(word) if self._words.find(known) >= 0]
        unlike = {known: _unlikeness(word, known, slips) for known, slips in near}
        weighed = list((unlike | dict.fromkeys(by_ear, 0.5)).items())
        weighed.sort(
            key=lambda item: (item[1], -self._word_name.row(self._words.find(item[0])).size, item[0])
        )
        return weighed[:_CORRECTIONS]

    def _known(self, spellings: set[str]) -> list[str]:
        """Those of short `spellings` that are words."""
        encoded = (spelling.encode() for spelling in spellings)
        asked = np.array([each for each in encoded if len(each) <= _SHORT + 1], f"S{_SHORT + 1}")
        places = np.minimum(np.searchsorted(self._short_words, asked), self._short_words.size - 1)
        return [each.decode() for each in asked[self._short_words[places] == asked].tolist()]

    @cached_property
    def _short_words(self) -> Array:
        """Words of at most six bytes, ascending, as strings of one width."""
        words, width = self._words, _SHORT + 1
        lengths = words.lengths()
        short = np.flatnonzero(lengths <= width)
        places = words.start[short][:, np.newaxis] + np.arange(width)
        letters = words.blob[np.minimum(places, words.blob.size - 1)]
        letters[np.arange(width) >= lengths[short][:, np.newaxis]] = 0
        return np.ascontiguousarray(letters).view(f"S{width}").ravel()

    def _near_by_trigrams(self, word: str, limit: int) -> list[tuple[str, int]]:
        codes, rows = self._trigram_words
        own = trigrams(np.frombuffer(f"\n{word}\n".encode(), np.uint8))
        places = np.searchsorted(codes, own)
        places = places[places < codes.size]
        places = places[np.isin(codes[places], own)]
        shared = np.bincount(rows.rows(np.unique(places)), minlength=len(self._words))
        # One slip spoils at most three trigrams, an exchange of neighbours four.
        enough = max(own.size - 4 * limit, 1)
        likely = np.flatnonzero(shared >= enough)
        likely = likely[np.abs(self._words.lengths()[likely] - len(word)) <= limit]
        likely = likely[np.argsort(-shared[likely], kind="stable")][:_COMPARED]
        compared = (
            (known, edit_distance(word, known, limit))
            for known in map(self._words.__getitem__, likely.tolist())
        )
        return [(known, distance) for known, distance in compared if distance <= limit]


_NOTHING: tuple[Array, Array] = (np.empty(0, np.int32), np.empty(0))


def _unlikeness(word: str, known: str, slips: int) -> float:
    """Slips between two words, those late in the word counted less: few people miss its beginning.

    A letter doubled or not is half a slip. After W. E. Winkler, "String comparator metrics and
    enhanced decision rules" (1990), whose bonus for up to four common first letters this is.
    """
    alike = 0
    while alike < min(4, len(word), len(known)) and word[alike] == known[alike]:
        alike += 1
    doubled = undoubled(word) == undoubled(known)
    return slips * (0.5 if doubled else 1.0 - 0.1 * alike) + 0.5 * (alike == 0)


def _best(synsets: Array, scores: Array, count: int) -> Array:
    """Places of the `count` best scores, best first; ties by synset."""
    kept = np.arange(scores.size)
    if scores.size > count:
        kept = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
    best: Array = kept[np.lexsort((synsets[kept], -scores[kept]))[:count]]
    return best


def _all_of(words: Texts, places: Csr, wanted: list[str], unfinished: bool, count: int) -> Array:
    """Places below `count` that have every word of `wanted`, of the last only the beginning if `unfinished`.

    Rarest words first: what is left after them is looked up in the others, never the other way round.
    """
    spans = []
    for number, word in enumerate(wanted, start=1):
        if unfinished and number == len(wanted):
            low, high = words.prefix_range(word)
        else:
            low = words.find(word)
            low, high = (low, low + 1) if low >= 0 else (0, 0)
        # Rows of neighbouring words are neighbours, so a range of words is one slice.
        begin, end = int(places.start[low]), int(places.start[high])
        if begin == end:
            return np.empty(0, np.int32)
        spans.append((end - begin, high - low > 1, begin, end))
    found: Array = np.empty(0, np.int32)
    for number, (_, several, begin, end) in enumerate(sorted(set(spans))):
        here = places.values[begin:end]
        if several:
            there = np.zeros(count, bool)
            there[here] = True
            found = np.flatnonzero(there) if number == 0 else found[there[found]]
        else:  # a row ascends and repeats nothing
            found = here if number == 0 else found[here[np.searchsorted(here[:-1], found)] == found]
    return found


def _together(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    if not parts:
        return _NOTHING
    return np.concatenate([synsets for synsets, _ in parts]), np.concatenate([scores for _, scores in parts])
