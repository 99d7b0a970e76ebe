"""Whether a model's scores say how often it is right: expected calibration error, log loss, Brier score.

Definitions: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017 (15 bins of equal width, of
which each holds its upper edge); Brier, 1950, in its form for several classes, from 0 to 2.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.predictions import Guesses, Scores
    from synsetlab.benchmark.truth import Truth

    Floats = npt.NDArray[np.float64]

__all__ = ["SCALES", "calibration"]

BINS: Final = 15
SCALES: Final = ("probability", "logit")
"""What scores may be; logits are turned into probabilities by softmax."""

_SUM = 0.02
"""How far a row of probabilities may be from 1: float16 rounds each of a thousand."""
_BLOCK = 1 << 22


class _Kept(NamedTuple):
    """What is kept of the scores of each image."""

    confidence: Floats
    truth: Floats
    """Probability of the class that the image shows; of any of them where there are several."""
    brier: Floats


def calibration(guesses: Guesses, truth: Truth, scale: str | None = None) -> dict[str, Any] | None:
    """Measures of the probabilities; None where the predictions have no scores.

    Parameters
    ----------
    scale
        One of `SCALES`; by default probabilities if all scores are from 0 to 1 and each row sums to 1,
        logits if any score is below 0 or above 1.

    Returns
    -------
    dict
        ``scale``, ``n``, ``ece``, ``nll``, ``brier``, ``bins`` (``low``, ``high``, ``n``, ``confidence``,
        ``accuracy``), ``reason``: why measures are None. Log loss and Brier score need the scores of all
        classes and one class an image.

    Raises
    ------
    InputError
        `scale` is unknown, or the scores cannot be what it says.
    """
    if scale is not None and scale not in SCALES:
        raise InputError(f"scores={scale!r} is unknown.", f"Use one of: {', '.join(SCALES)}.")
    scored = np.flatnonzero(truth.sizes > 0)
    right = np.zeros(len(truth.images), bool)
    hit = guesses.codes[truth.pair_image, 0] == truth.pair_class
    right[truth.pair_image[hit]] = True
    if guesses.scores is not None:
        return _of_all(guesses.scores, truth, scored, right[scored], scale)
    if guesses.confidence is None:
        return None
    confidence = guesses.confidence[scored]
    if np.isnan(confidence).any() or confidence.min() < 0 or confidence.max() > 1 or scale == "logit":
        return _nothing(
            "The best guesses' scores are not all from 0 to 1, and those of other classes unknown."
        )
    found = _nothing("Log loss and Brier score need the scores of all classes.", "probability", len(scored))
    return found | _ece(confidence, right[scored])


def _nothing(reason: str, scale: str | None = None, n: int = 0) -> dict[str, Any]:
    measures = {"ece": None, "nll": None, "brier": None, "bins": None}
    return {"scale": scale, "n": n, **measures, "reason": reason}


def _of_all(
    scores: Scores,
    truth: Truth,
    scored: npt.NDArray[np.int64],
    right: npt.NDArray[np.bool_],
    scale: str | None,
) -> dict[str, Any]:
    said = scale or _scale(scores.array)
    if said is None:
        return _nothing("The scores are from 0 to 1 but do not sum to 1: neither probabilities nor logits.")
    if not _fit(scores.array, said):
        reason = "A row of scores holds an infinity or nothing but minus infinity."
        if said == "probability":
            reason = "The scores are no probabilities: not all are from 0 to 1."
        if scale is not None:
            raise InputError(reason, "Leave --scores out, or say --scores logit.")
        return _nothing(reason)
    kept = _probabilities(scores, truth, scored, said)
    found = _nothing("", said, len(scored)) | _ece(kept.confidence, right)
    if not bool((truth.sizes[scored] == 1).all()):
        return found | {"reason": "Log loss and Brier score need one class an image."}
    found["brier"] = math.fsum(kept.brier.tolist()) / len(scored)
    zeros = int((kept.truth <= 0).sum())
    if zeros:
        return found | {"reason": f"The log loss is infinite: {zeros:,} images' class has probability 0."}
    return found | {"nll": -math.fsum(np.log(kept.truth).tolist()) / len(scored), "reason": None}


def _blocks(array: npt.NDArray[Any]) -> list[slice]:
    step = max(1, _BLOCK // max(1, array.shape[1]))
    return [slice(start, start + step) for start in range(0, len(array), step)]


def _scale(array: npt.NDArray[Any]) -> str | None:
    """What the scores are; None if they can be neither."""
    sums = True
    for part in _blocks(array):
        block = np.asarray(array[part], np.float64)
        if block.min() < 0 or block.max() > 1:
            return "logit"
        sums = sums and bool((np.abs(block.sum(axis=1) - 1) <= _SUM).all())
    return "probability" if sums else None


def _fit(array: npt.NDArray[Any], scale: str) -> bool:
    for part in _blocks(array):
        block = np.asarray(array[part])
        if scale == "probability":
            if block.min() < 0 or block.max() > 1:
                return False
        elif not np.isfinite(block.max(axis=1)).all():
            return False
    return True


def _probabilities(scores: Scores, truth: Truth, scored: npt.NDArray[np.int64], scale: str) -> _Kept:
    """Confidence, probability of the truth and Brier score of each scored image."""
    column = np.full(int(scores.columns.max(initial=0)) + 1, NO_GUESS)
    column[scores.columns[scores.columns >= 0]] = np.flatnonzero(scores.columns >= 0)
    # Of images that show several classes the last one's: their log loss is not asked for.
    shown = np.full(len(truth.images), NO_GUESS, np.int64)
    of_class = np.where(truth.pair_class < len(column), truth.pair_class, 0)
    shown[truth.pair_image] = np.where(truth.pair_class < len(column), column[of_class], NO_GUESS)
    kept = _Kept(*(np.empty(len(scored)) for _ in range(3)))
    for part in _blocks(np.empty((len(scored), scores.array.shape[1]), np.void)):
        images = scored[part]
        block = np.asarray(scores.array[scores.rows[images]], np.float64)
        if scale == "logit":
            block = np.exp(block - block.max(axis=1, keepdims=True))
            block /= block.sum(axis=1, keepdims=True)
        known = shown[images] >= 0
        of_truth = np.where(known, block[np.arange(len(images)), np.maximum(shown[images], 0)], 0.0)
        kept.confidence[part] = block.max(axis=1)
        kept.truth[part] = of_truth
        kept.brier[part] = (block * block).sum(axis=1) - 2 * of_truth + 1
    return kept


def _ece(confidence: Floats, right: npt.NDArray[np.bool_]) -> dict[str, Any]:
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    number = np.bincount(place, minlength=BINS)
    sums = np.bincount(place, weights=confidence, minlength=BINS)
    hits = np.bincount(place, weights=right, minlength=BINS)
    bins: list[dict[str, Any]] = []
    for low in range(BINS):
        n = int(number[low])
        row: dict[str, Any] = {"low": low / BINS, "high": (low + 1) / BINS, "n": n}
        row["confidence"] = float(sums[low]) / n if n else None
        row["accuracy"] = float(hits[low]) / n if n else None
        bins.append(row)
    # |sum of right - sum of confidence| of a bin, over all images: the weights cancel each bin's own n.
    return {"ece": float(np.abs(hits - sums).sum()) / len(confidence), "bins": bins}
