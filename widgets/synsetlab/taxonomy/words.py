"""How words are made comparable: folding, tokens, base forms, trigrams, edit distance."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "base_forms",
    "edit_distance",
    "fold",
    "near_spellings",
    "plain",
    "spelt_by_ear",
    "squeeze",
    "tokens",
    "trigrams",
    "undoubled",
]

_TOKEN = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"[\s_]+")
_DETACH = (
    ("ches", "ch"),
    ("shes", "sh"),
    ("ses", "s"),
    ("xes", "x"),
    ("zes", "z"),
    ("men", "man"),
    ("ies", "y"),
    ("s", ""),
)
"""Noun endings and what stands for them in the base form: morphy(7WN)."""
_ALIKE_IN_SOUND = (("f", "ph"), ("c", "k"), ("ck", "k"), ("ie", "y"), ("i", "y"), ("s", "z"), ("e", "a"))
_DOUBLED = re.compile(r"(.)\1+")


def fold(text: str) -> str:
    """Lower case; ``_`` and runs of white space are one space."""
    return _SPACE.sub(" ", text).strip().lower()


def plain(text: str) -> str:
    """Folded text without accents: ``cafe`` for ``café``, as English WordNet writes."""
    apart = unicodedata.normalize("NFKD", fold(text))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def tokens(folded: str) -> list[str]:
    """Words of folded text: runs of letters and digits."""
    return _TOKEN.findall(folded)


def squeeze(folded: str) -> str:
    """Folded text without spaces and punctuation: ``tshirt`` for ``t-shirt``."""
    return "".join(_TOKEN.findall(folded))


def base_forms(folded: str) -> list[str]:
    """What a plural may stand for, by the endings of morphy(7WN): ``husky`` for ``huskies``."""
    return [
        folded.removesuffix(ending) + instead
        for ending, instead in _DETACH
        if folded.endswith(ending) and len(folded) > len(ending) + 1
    ]


def trigrams(blob: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    r"""Codes of the three-byte windows over newline-separated words; -1 where the window spans two words.

    `blob` begins and ends with a newline, so that beginnings and ends of words count: ``\\nd``, ``dog``,
    ``og\\n``. Shape: ``blob.size - 2``.
    """
    wide = blob.astype(np.int32)
    codes = (wide[:-2] << 16) | (wide[1:-1] << 8) | wide[2:]
    codes[wide[1:-1] == ord("\n")] = -1
    return codes


def near_spellings(word: str) -> set[str]:
    """Every spelling one slip away: a letter dropped, doubled or wrong, or two exchanged."""
    splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    letters = string.ascii_lowercase
    near = {a + b[1:] for a, b in splits if b}
    near.update(a + b[1] + b[0] + b[2:] for a, b in splits if len(b) > 1)
    near.update(a + c + b[1:] for a, b in splits if b for c in letters)
    near.update(a + c + b for a, b in splits for c in letters)
    near.discard(word)
    return near


def spelt_by_ear(word: str) -> set[str]:
    """Spellings that sound alike, one place changed: ``elephant`` for ``elefant``."""
    found = set()
    for one, other in _ALIKE_IN_SOUND:
        for written, meant in ((one, other), (other, one)):
            place = word.find(written)
            while place >= 0:
                found.add(word[:place] + meant + word[place + len(written) :])
                place = word.find(written, place + 1)
    found.discard(word)
    return found


def undoubled(word: str) -> str:
    """The word with each run of one letter as a single letter: ``banana`` for ``bannana``."""
    return _DOUBLED.sub(r"\1", word)


def edit_distance(one: str, other: str, limit: int) -> int:
    """Slips between two words (insert, delete, replace, exchange neighbours), or ``limit + 1`` if more.

    Optimal string alignment: Damerau (1964), doi:10.1145/363958.363994, without repeated edits. A column of
    the table of distances is two integers, whose bits say where it rises and falls (H. Hyyrö, "A bit-vector
    algorithm for computing Levenshtein and Damerau edit distances", 2003).
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    if not one:
        return len(other)
    places: dict[str, int] = {}
    for place, letter in enumerate(one):
        places[letter] = places.get(letter, 0) | 1 << place
    last, every = 1 << (len(one) - 1), (1 << len(one)) - 1
    rises, falls, diagonal, before = every, 0, 0, 0
    distance = len(one)
    for letter in other:
        here = places.get(letter, 0)
        exchanged = ((~diagonal & here) << 1) & before
        diagonal = ((((here & rises) + rises) ^ rises) | here | falls | exchanged) & every
        up, down = falls | (~(diagonal | rises) & every), diagonal & rises
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & every, (down << 1) & every
        rises, falls = down | (~(diagonal | up) & every), up & diagonal
        before = here
    return min(distance, limit + 1)
