"""ILSVRC's detection measure: average precision of each class, and their mean.

Detections are matched greedily, the most confident first; each to the box of its class that is not yet taken
and overlaps it most, if it overlaps enough. Enough is 0.5, and less for boxes that a few pixels matter to:
w h / ((w + 10) (h + 10)). What matches nothing, a second hit included, is a false positive. Average precision
is the area under the precision-recall curve made monotonous (PASCAL VOC since 2010). Russakovsky et al., IJCV
2015, section 4.3. Detections that only a difficult box explains count neither way (PASCAL VOC).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from synsetlab.benchmark.boxed_guesses import BoxedGuesses, read_boxed
from synsetlab.benchmark.boxes import BoxTruth, overlaps, read_blacklist, read_box_truth
from synsetlab.benchmark.intervals import LEVEL
from synsetlab.benchmark.localization import check_classes, expand
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

__all__ = ["average_precision", "evaluate_detection", "least_overlap"]

TOLERANCE: Final = 10
RESAMPLES: Final = 2_000
_MOST_DRAWN: Final = 4 * 10**8
"""Detections times resamples beyond which there is no interval: minutes, and gigabytes."""
HIT, MISS, IGNORED = 1, 0, -1


def least_overlap(boxes: Floats) -> Floats:
    """How much a detection must overlap each box, shape (B,)."""
    wide, high = boxes[:, 2] - boxes[:, 0] + 1, boxes[:, 3] - boxes[:, 1] + 1
    return np.minimum(0.5, wide * high / ((wide + TOLERANCE) * (high + TOLERANCE)))


def evaluate_detection(
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
    """Average precision of each class that has boxes, and their mean.

    For files see `read_box_truth` and `read_boxed`; for `check` see `evaluate_localization`.

    Returns
    -------
    dict
        ``n`` (images), ``n_boxes``, ``n_detections``, ``n_classes`` (that have boxes), ``map``, ``intervals``
        {map: [low, high]} by bootstrap over images (None beyond 200,000 detections), ``per_class`` (``wnid``,
        ``n``, ``detections``, ``ap``, ``recall``, ``precision``), ``warnings``.

    Raises
    ------
    InputError
        A file cannot be used, or no box is left.
    """
    if order not in (None, "rows"):
        raise InputError("Detections name their images: --order does not go with them.", "Leave it out.")
    known = read_box_truth(truth, classes=classes, ids=truth_ids, images=images)
    made = read_boxed(predictions, known, "detection", ids=ids, order=None)
    if check:
        check_classes(known, made, predictions, "name")
    size = len(known.classes)
    barred = _barred(blacklist, known)
    counts = ~known.difficult & ~barred[known.pair_image[known.box_pair], known.pair_class[known.box_pair]]
    box_class = known.pair_class[known.box_pair]
    number = np.bincount(box_class[counts], minlength=size)
    if not number.any():
        raise InputError(f"{known.place}: no box is left to find.", "Are all blacklisted or difficult?")
    verdict = _match(known, made)
    inside = made.code < size
    verdict[inside] = np.where(barred[made.image[inside], made.code[inside]], IGNORED, verdict[inside])
    verdict[~inside] = IGNORED
    ranked = np.argsort(-made.score, kind="stable")
    ranked = ranked[verdict[ranked] != IGNORED]
    rows, curves = [], []
    for place in range(size):
        mine = ranked[made.code[ranked] == place]
        hits = verdict[mine] == HIT
        rows.append(_row(known.classes[place], int(number[place]), hits))
        if number[place]:
            box_image = known.pair_image[known.box_pair[counts & (box_class == place)]]
            curves.append((made.image[mine], hits, box_image))
    precisions = [row["ap"] for row in rows if row["ap"] is not None]
    interval = _interval(curves, len(known.images), seed)
    return {
        "task": "detection",
        "n": len(known.images),
        "n_boxes": int(number.sum()),
        "n_detections": len(ranked),
        "n_classes": len(precisions),
        "map": sum(precisions) / len(precisions),
        "interval_level": LEVEL,
        "intervals": {"map": interval},
        "seed": seed,
        "per_class": rows,
        "warnings": [*known.notes, *made.notes],
    }


def average_precision(hits: Flags, positives: int) -> float:
    """Area under the monotonous precision-recall curve.

    Parameters
    ----------
    hits
        Whether each detection, the most confident first, is right.
    positives
        Number of boxes to be found, at least one.
    """
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    # Recall rises by 1 / positives at each hit.
    return float(best[hits].sum()) / positives


def _row(wnid: str, positives: int, hits: Flags) -> dict[str, Any]:
    found = int(hits.sum())
    return {
        "wnid": wnid,
        "n": positives,
        "detections": len(hits),
        "ap": average_precision(hits, positives) if positives else None,
        "recall": found / positives if positives else None,
        "precision": found / len(hits) if len(hits) else None,
    }


def _barred(blacklist: str | os.PathLike[str] | None, truth: BoxTruth) -> Flags:
    """Shape (images, classes): what is blacklisted."""
    barred = np.zeros((len(truth.images), len(truth.classes)), bool)
    if blacklist is not None:
        for image, code in read_blacklist(Path(blacklist), truth.images, truth.classes):
            barred[image, slice(None) if code is None else code] = True
    return barred


def _match(truth: BoxTruth, made: BoxedGuesses) -> npt.NDArray[np.int8]:
    """What each detection is: `HIT`, `MISS` or `IGNORED`."""
    verdict = np.full(len(made.image), MISS, np.int8)
    pair = truth.pair_of(made.image, made.code)
    able = np.flatnonzero(pair >= 0)
    guess, box = expand(pair[able], truth.box_pair)
    guess = able[guess]
    overlap = overlaps(made.boxes[guess], truth.boxes[box])
    enough = overlap >= least_overlap(truth.boxes)[box]
    guess, box, overlap = guess[enough], box[enough], overlap[enough]
    hard = truth.difficult[box]
    # Few are left: by detection (the most confident first within an image), then by overlap, then by box.
    ranked = np.lexsort((box, -overlap, hard, guess))
    taken: set[int] = set()
    done = -1
    for one, other, vague in zip(
        guess[ranked].tolist(), box[ranked].tolist(), hard[ranked].tolist(), strict=True
    ):
        if one == done or other in taken:
            continue
        done = one
        verdict[one] = IGNORED if vague else HIT
        if not vague:
            taken.add(other)
    return verdict


def _interval(
    curves: list[tuple[npt.NDArray[np.int64], Flags, npt.NDArray[np.int64]]], images: int, seed: int
) -> list[float] | None:
    """Percentile interval of the mean under resampling of images; None where that takes too long."""
    if sum(len(hits) for _, hits, _ in curves) * RESAMPLES > _MOST_DRAWN:
        return None
    rng = np.random.default_rng(seed)
    means = []
    for start in range(0, RESAMPLES, 100):
        times = rng.multinomial(images, np.full(images, 1 / images), size=min(100, RESAMPLES - start))
        means.append(_resampled(curves, times.astype(np.float64)))
    drawn = np.concatenate(means)
    drawn = drawn[~np.isnan(drawn)]
    tail = (1 - LEVEL) / 2
    ends: list[float] = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf").tolist()
    return ends


def _resampled(
    curves: list[tuple[npt.NDArray[np.int64], Flags, npt.NDArray[np.int64]]], times: Floats
) -> Floats:
    """Mean average precision of each resample; a class of which it has no box is left out."""
    total, number = np.zeros(len(times)), np.zeros(len(times))
    for image, hits, box_image in curves:
        positives = times[:, box_image].sum(axis=1)
        weight = times[:, image]
        seen = np.cumsum(weight, axis=1)
        found = np.cumsum(weight * hits, axis=1)
        precision = np.divide(found, seen, out=np.zeros_like(seen), where=seen > 0)
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        area = (best * weight * hits).sum(axis=1)
        total += np.divide(area, positives, out=np.zeros_like(area), where=positives > 0)
        number += positives > 0
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
