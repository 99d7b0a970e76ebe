"""ILSVRC's localization error: a guess is right if its class and its box are.

Definition: Russakovsky et al., IJCV 2015, section 4.2; details (blacklisted images leave the denominator of
the localization error alone, overlaps count pixels with both ends) as in the development kit's evaluation.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from synsetlab.benchmark.boxed_guesses import BoxedGuesses, read_boxed
from synsetlab.benchmark.boxes import BoxTruth, overlaps, read_blacklist, read_box_truth
from synsetlab.benchmark.classes import NO_GUESS
from synsetlab.benchmark.files import suffix_of
from synsetlab.benchmark.intervals import LEVEL, bootstrap_interval
from synsetlab.benchmark.metrics import PairCosts
from synsetlab.benchmark.plausible import check_guesses
from synsetlab.benchmark.predictions import Guesses
from synsetlab.benchmark.truth import Truth
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["check_classes", "evaluate_localization", "expand"]

MOST: Final = 5
OVERLAP: Final = 0.5
"""Least intersection over union of a right box."""


def evaluate_localization(
    truth: Any,
    predictions: Any,
    *,
    ids: str | None = None,
    classes: str | os.PathLike[str] | Sequence[str] | None = None,
    truth_ids: str | None = None,
    images: str | os.PathLike[str] | None = None,
    order: str | None = None,
    blacklist: str | os.PathLike[str] | None = None,
    seed: int = 0,
    check: bool = True,
) -> dict[str, Any]:
    """Localization and classification error of the first five guesses.

    For files see `read_box_truth` and `read_boxed`. With `check`, guesses are refused whose classes fit the
    truth only in another numbering or order.

    Returns
    -------
    dict
        ``n`` (images scored for localization), ``n_classified``, ``blacklisted``, ``localization_error`` (of
        five guesses), ``top1_localization_error`` to ``top5_...``, ``top1_error`` to ``top5_error`` (class
        alone; blacklisted images count), ``intervals``, ``per_class``, ``warnings``.

    Raises
    ------
    InputError
        A file cannot be used, or all images are blacklisted.
    """
    known = read_box_truth(truth, classes=classes, ids=truth_ids, images=images)
    made = read_boxed(predictions, known, "localization", ids=ids, order=order)
    if check:
        check_classes(known, made, predictions, order)
    out = np.zeros(len(known.images), bool)
    if blacklist is not None:
        listed = read_blacklist(Path(blacklist), known.images, known.classes)
        out[[image for image, _ in listed]] = True
    kept = ~out[known.pair_image]
    if not kept.any():
        raise InputError(f"{known.place}: no image is left to score.", "Are all of them blacklisted?")
    class_rank, box_rank = _ranks(known, made)
    everything = np.ones(len(known.pair_image), bool)
    report: dict[str, Any] = {"task": "localization", "n": 0, "n_classified": 0}
    report |= {"blacklisted": int(out.sum()), "localization_error": None}
    intervals: dict[str, list[float]] = {}
    for name, rank, chosen in (
        ("localization_error", box_rank, kept),
        ("error", class_rank, everything),
    ):
        for k in range(1, MOST + 1):
            costs = _costs(rank >= k, chosen, known)
            report[f"top{k}_{name}"] = costs.mean()
            intervals[f"top{k}_{name}"] = list(bootstrap_interval(*costs.distribution(), seed))
        report["n" if chosen is kept else "n_classified"] = int((costs.sizes > 0).sum())
    report["localization_error"] = report[f"top{MOST}_localization_error"]
    report |= {"interval_level": LEVEL, "intervals": intervals, "seed": seed}
    report["per_class"] = _per_class(known, kept, box_rank, class_rank)
    return report | {"warnings": [*known.notes, *made.notes, *_boxless(known, kept)]}


def check_classes(truth: BoxTruth, made: BoxedGuesses, source: Any, order: str | None) -> None:
    """What `check_guesses` says of the classes of guesses with boxes, the best five of each image.

    Raises
    ------
    InputError
        They fit the truth only in another numbering or order.
    """
    rank = np.arange(len(made.image)) - np.searchsorted(made.image, made.image)
    codes = np.full((len(truth.images), MOST), NO_GUESS, np.int32)
    first = rank < MOST
    codes[made.image[first], rank[first]] = made.code[first]
    is_text = isinstance(source, (str, os.PathLike)) and suffix_of(Path(source)) == ".txt"
    guesses = Guesses(codes, made.table, made.ids, (order or "rows") if is_text else "name")
    shown = Truth(
        truth.place, truth.images, truth.classes, truth.pair_image.astype(np.int32),
        truth.pair_class.astype(np.int32), np.arange(len(truth.images), dtype=np.int32),
    )  # fmt: skip
    check_guesses(guesses, shown, str(source) if is_text else "the predictions")


def _ranks(truth: BoxTruth, made: BoxedGuesses) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Rank of the first guess that hits each pair's class, and its class and a box; five where none does."""
    rank = np.arange(len(made.image)) - np.searchsorted(made.image, made.image)
    pair = truth.pair_of(made.image, made.code)
    able = np.flatnonzero((pair >= 0) & (rank < MOST))
    by_class = np.full(len(truth.pair_image), MOST)
    np.minimum.at(by_class, pair[able], rank[able])
    guess, box = expand(pair[able], truth.box_pair)
    guess = able[guess]
    hit = overlaps(made.boxes[guess], truth.boxes[box]) >= OVERLAP
    by_box = np.full(len(truth.pair_image), MOST)
    np.minimum.at(by_box, pair[guess[hit]], rank[guess[hit]])
    return by_class, by_box


def expand(
    wanted: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every place in `keys` (ascending) that holds each of `wanted`: places in `wanted`, places in `keys`."""
    low, high = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
    times = high - low
    first = np.repeat(np.arange(len(wanted)), times)
    within = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    return first, np.repeat(low, times) + within


def _costs(wrong: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_], truth: BoxTruth) -> PairCosts:
    image = truth.pair_image[chosen].astype(np.int32)
    sizes = np.bincount(image, minlength=len(truth.images)).astype(np.int64)
    return PairCosts(wrong[chosen].astype(np.int8), image, sizes)


def _per_class(
    truth: BoxTruth,
    kept: npt.NDArray[np.bool_],
    box_rank: npt.NDArray[np.int64],
    class_rank: npt.NDArray[np.int64],
) -> list[dict[str, Any]]:
    size, rows = len(truth.classes), []
    number = np.bincount(truth.pair_class[kept], minlength=size)
    every = np.bincount(truth.pair_class, minlength=size)
    located = np.bincount(truth.pair_class[kept], weights=box_rank[kept] >= MOST, minlength=size)
    classed = np.bincount(truth.pair_class, weights=class_rank >= MOST, minlength=size)
    for place, wnid in enumerate(truth.classes):
        n, m = int(number[place]), int(every[place])
        error = float(located[place]) / n if n else None
        top5 = float(classed[place]) / m if m else None
        rows.append({"wnid": wnid, "n": n, "localization_error": error, "top5_error": top5})
    return rows


def _boxless(truth: BoxTruth, kept: npt.NDArray[np.bool_]) -> list[str]:
    boxed = np.zeros(len(truth.pair_image), bool)
    boxed[truth.box_pair] = True
    count = int((kept & ~boxed).sum())
    if not count:
        return []
    return [f"{truth.place}: {count:,} classes of images have no box and are not blacklisted: always wrong."]
