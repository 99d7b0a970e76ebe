"""What a line of pixels would have as its lowest frequencies, had a JPEG decoder not shrunk it.

A decoder that shrinks by 8 gives the mean of every 8 pixels. From those, the coefficients of the whole line
(reduced to 32 pixels by Lanczos, then DCT-II) are estimated by the linear estimator of least mean square
error (Wiener): for pixels with covariance S, means B and wanted coefficients W it is W S B' (B S B')^-1. S is
that of photographs, whose neighbouring pixels correlate by about .98 (Jain, "Fundamentals of Digital Image
Processing", 1989, section 2.9).
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["COSINES", "SHRINKS", "estimator", "lanczos", "shrink_of"]

SHRINKS: Final = (1, 2, 4, 8)
"""By how much a JPEG decoder can shrink."""
LONGEST: Final = 1024
"""Pixels up to which a line is estimated; a longer one has means enough, which are reduced as they are."""
_CORRELATION: Final = 0.98
_NOISE: Final = (
    1e-4  # of the decoder's rounding, relative to the pixels' variance; keeps the inverse well behaved
)
_SIDE: Final = 32
_TAPS: Final = 3.0

COSINES: Final = 2 * np.cos(np.pi / (2 * _SIDE) * np.outer(np.arange(8), 2 * np.arange(_SIDE) + 1))
"""Rows of the one-dimensional DCT-II of 32 values that are needed, shape (8, 32)."""


def shrink_of(length: int, kept: int) -> int | None:
    """By how much a line of `length` pixels was shrunk to `kept`; None where that is no decoder's work."""
    return next((by for by in SHRINKS if -(-length // by) == kept), None)


@functools.lru_cache(maxsize=1024)
def estimator(length: int, kept: int) -> npt.NDArray[np.float64]:
    """Weights of `kept` means for the 8 lowest coefficients of a line of `length` pixels, shape (8, kept)."""
    by = shrink_of(length, kept)
    if by is None or by == 1 or length > LONGEST:
        plain: npt.NDArray[np.float64] = COSINES @ lanczos(kept)
        return plain
    means = np.zeros((kept, length))
    for place in range(kept):
        means[place, place * by : (place + 1) * by] = 1.0
    means /= means.sum(axis=1, keepdims=True)
    places = np.arange(length)
    covariance = _CORRELATION ** np.abs(places[:, None] - places)
    seen = means @ covariance
    wanted = COSINES @ lanczos(length) @ seen.T
    found: npt.NDArray[np.float64] = np.linalg.solve(seen @ means.T + _NOISE * np.eye(kept), wanted.T).T
    return found


@functools.lru_cache(maxsize=1024)
def lanczos(length: int) -> npt.NDArray[np.float64]:
    """The reduction of a line of `length` pixels to 32 by Lanczos (three lobes), shape (32, length)."""
    scale = length / _SIDE
    width = max(scale, 1.0)
    weights = np.zeros((_SIDE, length))
    for place in range(_SIDE):
        centre = (place + 0.5) * scale
        first = max(0, int(centre - _TAPS * width + 0.5))
        last = min(length, int(centre + _TAPS * width + 0.5))
        at = (np.arange(first, last) - centre + 0.5) / width
        taps = np.where(np.abs(at) < _TAPS, np.sinc(at) * np.sinc(at / _TAPS), 0.0)
        weights[place, first:last] = taps / taps.sum()
    return weights
