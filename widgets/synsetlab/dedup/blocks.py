"""How 64 bits are cut into blocks, and how chosen blocks are moved to the top of a word, where sorting looks.

Block 0 is at the top. Words are moved as a whole, never cut: a sorted word still is the hash, so that
neighbours are compared without looking anything up, and a hit is turned back into the hash it came from.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]

__all__ = [
    "BITS",
    "Choice",
    "Move",
    "Plan",
    "balance",
    "bit_match",
    "choices",
    "permute",
    "restore",
    "root",
    "rotate",
]

BITS: Final = 64
ALL: Final = (1 << BITS) - 1


class Plan(NamedTuple):
    """A cut of the bits into blocks, and how many of them must be equal."""

    blocks: int
    equal: int  # k: blocks that a choice takes
    widths: tuple[int, ...]  # bits of each block, from the top

    @property
    def shifts(self) -> tuple[int, ...]:
        """Lowest bit of each block in a hash."""
        return tuple(BITS - sum(self.widths[: place + 1]) for place in range(self.blocks))

    @property
    def leads(self) -> int:
        """How many blocks can be the first of a choice."""
        return self.blocks - self.equal + 1


class Move(NamedTuple):
    """Bring one block up to the blocks chosen already; what lies between moves down by its width."""

    keep: int  # mask of what stays
    block: int  # mask of the block
    up: int
    between: int  # mask of what makes room
    down: int

    def apply(self, words: Hashes, out: Hashes, spare: Hashes) -> None:
        """Write the moved `words` to `out`; `spare` is overwritten."""
        np.bitwise_and(words, np.uint64(self.keep), out=out)
        np.bitwise_and(words, np.uint64(self.block), out=spare)
        np.left_shift(spare, np.uint64(self.up), out=spare)
        np.bitwise_or(out, spare, out=out)
        np.bitwise_and(words, np.uint64(self.between), out=spare)
        np.right_shift(spare, np.uint64(self.down), out=spare)
        np.bitwise_or(out, spare, out=out)


class Choice(NamedTuple):
    """A node of the tree of choices: the blocks taken so far, and how to get there from its parent."""

    taken: tuple[int, ...]
    layout: tuple[int, ...]  # blocks from the top of the moved word
    move: Move | None  # None: the word is as its parent's
    key_bits: int
    skipped: tuple[int, ...]  # masks, in the moved word, of blocks before the last one that were not taken


def choices(plan: Plan, parent: Choice) -> Iterator[Choice]:
    """The children of a node, one more block taken, in lexical order."""
    missing = plan.equal - len(parent.taken)
    for block in range(parent.taken[-1] + 1, plan.blocks - missing + 1):
        yield _child(plan, parent, block)


def root(plan: Plan, lead: int) -> Choice:
    """The node that has taken the block `lead` only; its word is the hash rotated by :func:`rotate`."""
    layout = (*range(lead, plan.blocks), *range(lead))
    return Choice((lead,), layout, None, plan.widths[lead], _skipped(plan, (lead,), layout))


def _child(plan: Plan, parent: Choice, block: int) -> Choice:
    place = len(parent.taken)
    at = parent.layout.index(block)
    layout = (
        *parent.layout[:place],
        block,
        *parent.layout[place:at],
        *parent.layout[at + 1 :],
    )
    taken = (*parent.taken, block)
    width = plan.widths[block]
    top = BITS - parent.key_bits  # bits below the prefix
    shift = BITS - sum(plan.widths[one] for one in parent.layout[: at + 1])
    move = None
    if at != place:
        mask = ((1 << width) - 1) << shift
        between = ((1 << top) - 1) & ~((1 << (shift + width)) - 1)
        move = Move(ALL & ~mask & ~between, mask, top - width - shift, between, width)
    return Choice(taken, layout, move, parent.key_bits + width, _skipped(plan, taken, layout))


def _skipped(plan: Plan, taken: tuple[int, ...], layout: tuple[int, ...]) -> tuple[int, ...]:
    masks = []
    low = BITS
    for block in layout:
        low -= plan.widths[block]
        if block < taken[-1] and block not in taken:
            masks.append(((1 << plan.widths[block]) - 1) << low)
    return tuple(masks)


def rotate(hashes: Hashes, plan: Plan, lead: int) -> Hashes:
    """A copy with block `lead` at the top, the blocks before it at the bottom."""
    bits = sum(plan.widths[:lead])
    if not bits:
        return hashes.copy()
    out = hashes << np.uint64(bits)
    out |= hashes >> np.uint64(BITS - bits)
    return out


def restore(words: Hashes, plan: Plan, layout: tuple[int, ...]) -> Hashes:
    """The hashes that moved `words` came from."""
    out = np.zeros_like(words)
    shifts = plan.shifts
    low = BITS
    for block in layout:
        low -= plan.widths[block]
        out |= ((words >> np.uint64(low)) & np.uint64((1 << plan.widths[block]) - 1)) << np.uint64(
            shifts[block]
        )
    return out


def bit_match(hashes: Hashes) -> npt.NDArray[np.float64]:
    """Each bit's chance of agreeing in two random hashes, lowest bit first, shape (64,); from a sample."""
    sample = hashes[:: max(1, hashes.size // 100_000)]
    ones = np.array([np.count_nonzero(sample & np.uint64(1 << bit)) for bit in range(BITS)]) / sample.size
    match: npt.NDArray[np.float64] = ones**2 + (1 - ones) ** 2
    return match


def balance(match: npt.NDArray[np.float64], widths: tuple[int, ...]) -> list[int] | None:
    """Which bit goes where so that every block tells hashes apart about equally; None if they do already.

    Position p of the answer, counted from the lowest bit, names the bit to put there; `widths` count
    from the top.
    """
    if match.max() - match.min() < 0.05:
        return None
    free = list(widths)
    load = [0.0] * len(widths)
    blocks: list[list[int]] = [[] for _ in widths]
    for bit in np.argsort(match, kind="stable").tolist():  # the most telling bits first
        place = min((b for b in range(len(widths)) if free[b]), key=lambda b: (load[b], b))
        blocks[place].append(bit)
        load[place] -= math.log(match[bit])
        free[place] -= 1
    return [bit for block in reversed(blocks) for bit in block]


def permute(hashes: Hashes, order: list[int]) -> Hashes:
    """Move bit ``order[p]`` to position p, by a table for each byte."""
    tables = []
    byte_values = np.arange(256, dtype=np.uint64)
    for byte in range(8):
        table = np.zeros(256, dtype=np.uint64)
        for position, bit in enumerate(order):
            if bit // 8 == byte:
                table |= ((byte_values >> np.uint64(bit % 8)) & np.uint64(1)) << np.uint64(position)
        tables.append(table)
    out = np.zeros_like(hashes)
    for start in range(0, hashes.size, 1 << 16):
        part = hashes[start : start + (1 << 16)]
        for byte, table in enumerate(tables):
            out[start : start + part.size] |= table[
                ((part >> np.uint64(8 * byte)) & np.uint64(255)).astype(np.intp)
            ]
    return out
