"""wnids and places: ``n`` and eight digits, to and from the places of sorted numbers, thousands at a time.

``x`` and eight digits is a class of one's own outside WordNet; as a number it is its digits plus 10^8, so
that numbers sort as the strings do.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]

__all__ = ["OWN", "Places", "number_of", "parse_wnids", "wnid_of"]

OWN = 10**8
"""What is added to the digits of classes outside WordNet."""
_LENGTH = 9
_TENS = 10 ** np.arange(7, -1, -1, dtype=np.int32)
_WNID = re.compile(r"[nx][0-9]{8}")
_ROW = _LENGTH + 1
_WORDNET, _OWN = (int.from_bytes(b"\n" + letter, "little") for letter in (b"n", b"x"))
"""How rows begin that are joined by newlines."""
_FEW = 32
"""Fewer than so many are formatted one by one."""
_AT_ONCE = 8192
"""So many are formatted at once, to stay within a processor's cache."""
_BLOCK = 5
"""Numbers that are equal but for so many low bits share one entry of the table."""


def wnid_of(number: int) -> str:
    """The wnid of one number."""
    return f"n{number:08d}" if number < OWN else f"x{number - OWN:08d}"


def number_of(wnid: object) -> int:
    """The number of one wnid, or -1 if it is not written as one."""
    if not isinstance(wnid, str) or len(wnid) != _LENGTH or not _WNID.fullmatch(wnid):
        return -1
    return int(wnid[1:]) + (OWN if wnid[0] == "x" else 0)


def parse_wnids(wnids: Sequence[str]) -> Ints | None:
    """Numbers of wnids, or None if one of them is not written as a wnid.

    The eight digits of each are read as one 64-bit word and added up in three multiplications
    (D. Lemire, "Quickly parsing eight digits", 2018).
    """
    try:
        # Joined by newlines, only strings of nine letters each put a newline in every tenth place.
        text = b"\n" + "\n".join(wnids).encode("ascii")
    except (TypeError, UnicodeEncodeError):
        return None
    if len(text) != _ROW * len(wnids):
        return np.empty(0, np.int32) if not len(wnids) else None
    word = np.ndarray(len(wnids), "<u8", text, 2, (_ROW,)) ^ np.uint64(0x3030303030303030)
    # Adding 0x76 carries into the top bit of whatever is above 9.
    wrong = np.bitwise_or.reduce((word + np.uint64(0x7676767676767676)) | word)
    begins = np.ndarray(len(wnids), "<u2", text, 0, (_ROW,))
    other = begins != _WORDNET
    any_own = bool(other.any())
    if wrong & np.uint64(0x8080808080808080) or (any_own and not (begins[other] == _OWN).all()):
        return None
    # Steps in place: the arrays of many wnids are larger than what a processor keeps at hand.
    tens = word >> np.uint64(8)
    word *= np.uint64(10)
    word += tens
    pairs = np.uint64(0x000000FF000000FF)
    low = word >> np.uint64(16)
    low &= pairs
    low *= np.uint64(0x0000271000000001)
    word &= pairs
    word *= np.uint64(0x000F424000000064)
    word += low
    # The upper half of each word, as little endian has it.
    numbers: Ints = word.view("<i4")[1::2].astype(np.int32)
    return numbers + other * np.int32(OWN) if any_own else numbers


class Places:
    """The places of wnids among ascending numbers.

    Parameters
    ----------
    numbers
        Ascending; those below 10^8 are ``n`` and eight digits, the others ``x``.
    """

    def __init__(self, numbers: Ints) -> None:
        self.numbers = numbers
        # Reading single numbers is several times quicker through this.
        self._listed = memoryview(numbers)  # type: ignore[arg-type]  # arrays have the buffer protocol

    def __len__(self) -> int:
        return len(self._listed)

    def find(self, wnid: object) -> int:
        """The place of `wnid`, or -1."""
        number = number_of(wnid)
        place = self.nearest(number)
        return place if number >= 0 and place < len(self) and self._listed[place] == number else -1

    def nearest(self, number: int) -> int:
        """How many numbers are below `number`."""
        return bisect_left(self._listed, number)

    def find_all(self, wnids: Sequence[str]) -> Ints | None:
        """The places of many, or None if one of them is unknown."""
        numbers = parse_wnids(wnids)
        if numbers is None or not numbers.size:
            return numbers
        first, widest = self._blocks
        block = numbers >> _BLOCK
        if int(block.max()) >= first.size:
            # Classes of one's own, or nothing that is known.
            places = np.searchsorted(self.numbers, numbers).astype(np.int32)
        else:
            places = np.take(first, block)
            for _ in range(widest):
                places += np.take(self.numbers, places, mode="clip") < numbers
        places = np.minimum(places, len(self) - 1, dtype=np.int32)
        return places if bool((np.take(self.numbers, places) == numbers).all()) else None

    @cached_property
    def _blocks(self) -> tuple[Ints, int]:
        """For every block of WordNet's numbers, how many are below it; and most numbers in one block."""
        known = self.numbers[: self.nearest(OWN)] >> _BLOCK
        counts = np.bincount(known)
        first: Ints = (np.cumsum(counts) - counts).astype(np.int32)
        return first, int(counts.max(initial=0))

    def wnid(self, place: int) -> str:
        """The wnid at a place."""
        return wnid_of(self._listed[place])

    def wnids(self, places: npt.NDArray[Any] | Sequence[int]) -> list[str]:
        """The wnids at many places."""
        if len(places) < _FEW:
            return [wnid_of(self._listed[place]) for place in places]
        numbers = self.numbers[np.asarray(places)]
        listed: list[str] = []
        for start in range(0, numbers.size, _AT_ONCE):
            text = _written(numbers[start : start + _AT_ONCE])
            listed += [text[place : place + _LENGTH] for place in range(0, len(text), _LENGTH)]
        return listed


def _written(numbers: Ints) -> str:
    """The wnids of numbers, end to end."""
    own = numbers >= OWN
    letters = np.empty((numbers.size, _LENGTH), np.uint8)
    letters[:, 0] = np.where(own, ord("x"), ord("n"))
    letters[:, 1:] = (numbers - own * np.int32(OWN))[:, np.newaxis] // _TENS % 10 + ord("0")
    return letters.tobytes().decode("ascii")
