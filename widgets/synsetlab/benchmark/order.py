"""Which row of an array, or line of a text, belongs to which image; and what it may be instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from synsetlab.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.truth import Truth

    Codes = npt.NDArray[np.int32]

__all__ = ["ORDERS", "align", "better", "hits", "sequence"]

ORDERS: Final = {
    "rows": "the order of the truth's rows",
    "name": "the order of the images' names",
    "class": "the order of the classes and, within each, of the images' names",
}


def align(
    codes: Codes, truth: Truth, place: str, order: str | None, *, settle: bool = False
) -> tuple[Codes, str, Codes]:
    """Put rows of guesses into the order of the truth's images.

    Parameters
    ----------
    codes
        Shape (n, k).
    order
        One of `ORDERS`; by default ``rows``.
    settle
        Without an `order`, take ``name`` where the guesses fit no other: the development kit's texts are in
        the order of file names by definition.

    Returns
    -------
    codes, order, rows
        One row an image, the order that was taken, and which row of the file each image's is.

    Raises
    ------
    InputError
        There are more or fewer rows than images, or the truth has no such order.
    """
    if order is not None and order not in ORDERS:
        raise InputError(f"order={order!r} is unknown.", f"Use one of: {', '.join(ORDERS)}.")
    rows = _one_row_an_image(codes, truth, place)
    codes = codes[rows]
    if order in (None, "rows"):
        by_name = sequence(truth, "name") if settle and order is None else None
        if by_name is not None and better(hits(_put(codes, by_name), truth), hits(codes, truth), truth):
            return _put(codes, by_name), "name", _put(rows, by_name)
        return codes, "rows", rows
    wanted = sequence(truth, str(order))
    if wanted is None:
        if order == "class" and not truth.is_single:
            raise InputError(
                f"{truth.place}: not every image has one class.", "Give the predictions in another order."
            )
        return codes, str(order), rows
    return _put(codes, wanted), str(order), _put(rows, wanted)


def sequence(truth: Truth, order: str) -> Codes | None:
    """Places of the truth's images in an order; None where the truth has none or stands in it already."""
    if not truth.named:
        return None
    names = truth.images
    by_name = sorted(range(len(names)), key=names.__getitem__)
    if order == "class":
        if not truth.is_single:
            return None
        classes = truth.pair_class.tolist()
        by_name.sort(key=classes.__getitem__)
    places = np.array(by_name, np.int32)
    return None if bool((np.diff(places) > 0).all()) else places


def hits(codes: Codes, truth: Truth) -> int:
    """How many (image, class) pairs the best guesses hit."""
    return int((codes[truth.pair_image, 0] == truth.pair_class).sum())


def better(other: int, now: int, truth: Truth) -> bool:
    """Whether `other` hits instead of `now` cannot be chance: a wrong order or numbering explains it."""
    pairs, classes = len(truth.pair_class), len(truth.classes)
    return other >= 2 * now + 20 and other * classes >= 3 * pairs


def _put(codes: Codes, places: Codes) -> Codes:
    out = np.empty_like(codes)
    out[places] = codes
    return out


def _one_row_an_image(codes: Codes, truth: Truth, place: str) -> Codes:
    """Which row of the file belongs to the first, second, ... image."""
    images, rows = len(truth.images), len(truth.rows)
    while len(codes) > images and len(codes) != rows and (codes[-1] < 0).all():
        codes = codes[:-1]  # empty lines at the end
    if len(codes) == images:
        return np.arange(images, dtype=np.int32)
    if len(codes) == rows:
        # Images with several classes have several rows; each row may repeat the image's guesses.
        first = np.unique(truth.rows, return_index=True)[1]
        if bool((codes == codes[first][truth.rows]).all()):
            return first.astype(np.int32)
        raise InputError(
            f"{place} has a row for each of the {rows:,} rows of {truth.place}, but rows of the same image "
            "differ.",
            f"Give one row for each of the {images:,} images, in the order in which they first appear.",
        )
    raise InputError(
        f"{place} has predictions for {len(codes):,} images; {truth.place} has {images:,} images.",
        _remedy_for_count(codes, truth),
    )


def _remedy_for_count(codes: Codes, truth: Truth) -> str:
    images = len(truth.images)
    if len(codes) <= 5 < images:
        return "Rows are images and columns guesses: is the array the wrong way round?"
    if len(codes) == images + 1:
        return "One too many: is the first line a heading?"
    if {len(codes), images} == {50_000, 100_000}:
        return "ILSVRC has 50,000 validation and 100,000 test images: is this the other set?"
    return "Are they of another test set, or incomplete?"
