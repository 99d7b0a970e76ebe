"""Mistakes of numbering and order that a score gives away."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS, ilsvrc2012_wnids, is_wnid
from synsetlab.benchmark.order import ORDERS, better, hits, sequence
from synsetlab.benchmark.tables import shorten
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from synsetlab.benchmark.predictions import Guesses
    from synsetlab.benchmark.truth import Truth

    Codes = npt.NDArray[np.int32]

__all__ = ["check_guesses", "warn_of_chance"]


class _Reading(NamedTuple):
    """Another way to read the same file."""

    codes: Codes
    what: str
    remedy: str


def check_guesses(guesses: Guesses, truth: Truth, place: str) -> None:
    """Refuse predictions that are wrong as given and right if read in another way.

    Raises
    ------
    InputError
        The numbering or the order of the rows is not what was said, or the guesses are class strings of
        another kind than the truth's.
    """
    _check_kind(guesses, truth, place)
    now = hits(guesses.codes, truth)
    for reading in _readings(guesses, truth):
        other = hits(reading.codes, truth)
        if better(other, now, truth):
            pairs = len(truth.pair_class)
            raise InputError(
                f"{place}: only {100 * now / pairs:.1f} % of the best guesses are right as given, but "
                f"{100 * other / pairs:.1f} % if {reading.what}.",
                f"{reading.remedy} Score the file as it stands with --no-check.",
            )


def warn_of_chance(errors: int, pairs: int, classes: int, place: str) -> tuple[str, ...]:
    """A note if top-1 is no better than guessing, which it must be given many images to tell.

    Parameters
    ----------
    errors
        Pairs of image and class whose class is not the best guess.
    pairs
        All of them.
    classes
        Number of classes.
    """
    chance = 1 / classes
    deviation = float(np.sqrt(pairs * chance * (1 - chance)))
    if pairs < 200 or classes < 5 or pairs - errors > pairs * chance + 4 * deviation:
        return ()
    return (
        f"{place}: top-1 is no better than chance (1 in {classes:,}). Are the predictions of this test set, "
        "in the order of its rows, and is the numbering of the classes (--ids, --classes) right?",
    )


def _check_kind(guesses: Guesses, truth: Truth, place: str) -> None:
    """Guesses of another kind than the truth's classes are no guesses at them."""
    if guesses.ids == "ilsvrc2012" and not set(truth.classes) & set(ilsvrc2012_wnids()):
        raise InputError(
            f"{place} is read as ILSVRC2012 ids, and {truth.place} has none of ILSVRC2012's 1,000 classes.",
            "Use --ids index (positions from 0 in --classes FILE or in the sorted classes) or --ids wnid.",
        )
    made = guesses.codes[guesses.codes != NO_GUESS]
    if guesses.ids != "wnid" or not made.size or int(made.min()) < guesses.table.size:
        return
    names = guesses.table.outside
    digits = all(name.strip().isdecimal() for name in names)
    if digits and not all(name.isdecimal() for name in truth.classes):
        remedy = "Are they numbers of classes? Say which: --ids index or --ids ilsvrc2012."
    elif all(map(is_wnid, truth.classes)) and not any(map(is_wnid, names)):
        remedy = "The truth's classes are wnids (like n02084071); write the guesses so, or use --ids index."
    elif len(names) >= 5 and len(truth.images) >= 50:
        remedy = "Classes are compared as text, letter by letter: 1 is not 001, and Dog is not dog."
    else:
        return
    raise InputError(
        f"{place}: no guess is a class of {truth.place}: {shorten(names)} against {shorten(truth.classes)}.",
        remedy,
    )


def _readings(guesses: Guesses, truth: Truth) -> Iterator[_Reading]:
    numberings = list(_numberings(guesses, truth))
    yield from numberings
    for order in _orders(guesses, truth):
        places = sequence(truth, order)
        if places is None:
            continue
        for reading in [_Reading(guesses.codes, "", ""), *numberings]:
            moved = np.empty_like(reading.codes)
            moved[places] = reading.codes
            what = f"they stand in {ORDERS[order]}"
            both = f"{reading.what} and {what}" if reading.what else what
            yield _Reading(moved, both, f"{reading.remedy} Use --order {order}.".strip())


def _orders(guesses: Guesses, truth: Truth) -> list[str]:
    # Named predictions, and those whose order was said, have the order that they have.
    return ["name", "class"] if guesses.order == "rows" and truth.named else []


def _numberings(guesses: Guesses, truth: Truth) -> Iterator[_Reading]:
    codes, used = guesses.codes, guesses.codes[guesses.codes != NO_GUESS]
    if guesses.ids == "wnid" or not used.size or used.max() >= guesses.table.size:
        return
    if guesses.ids == "index" and used.min() >= 1:
        less = np.where(codes == NO_GUESS, NO_GUESS, codes - 1).astype(np.int32)
        yield _Reading(less, "the indices count from 1", "Subtract one: indices count from 0.")
    if set(truth.classes) != set(ilsvrc2012_wnids()):
        return
    at = {name: index for index, name in enumerate(truth.classes)}
    of_id = np.array([at[wnid] for wnid in ilsvrc2012_wnids()], np.int32)  # place i is id i + 1
    if guesses.ids == "index":
        yield _Reading(
            _through(of_id, codes),
            "the numbers are ILSVRC2012 ids less one",
            "Add one and use --ids ilsvrc2012.",
        )
        back = np.roll(of_id, 1)  # place i is id i
        if used.min() >= 1:
            yield _Reading(_through(back, codes), "the numbers are ILSVRC2012 ids", "Use --ids ilsvrc2012.")
        return
    id_of = np.argsort(of_id).astype(np.int32)  # class index to id - 1
    yield _Reading(
        _through(id_of, codes),
        "the numbers are indices of the sorted wnids, counted from 1",
        "Subtract one and use --ids index.",
    )
    if id_of[used].max() + 1 < len(of_id):
        yield _Reading(
            _through(id_of + 1, codes), "the numbers are indices of the sorted wnids", "Use --ids index."
        )


def _through(table: Codes, codes: Codes) -> Codes:
    """Codes looked up in a table of classes; what is no guess or beyond the table stays no guess."""
    known = (codes >= 0) & (codes < len(table))
    return np.where(known, table[np.where(known, codes, 0)], NO_GUESS).astype(np.int32)
