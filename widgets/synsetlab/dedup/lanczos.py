"""Pillow's reduction of a grey picture to 32 x 32 pixels by Lanczos, bit for bit, in a third of the time.

Pillow multiplies and adds integers pixel by pixel: each of its two passes rounds sums of pixels weighted with
whole multiples of 2**-22. Here the sums come from matrix products in single precision; those that lie so
close to a rounding step that single precision cannot tell (a few in a thousand) are added again, exactly.

The weights and the order of the passes are those of Pillow's ``Resample.c``; both are tried against Pillow
itself before they are used, so that another Pillow can make this slower but never wrong.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt

    Bytes = npt.NDArray[np.uint8]
    Floats = npt.NDArray[np.float32]

__all__ = ["SIDE", "reduce"]

SIDE: Final = 32
_SMALL: Final = 1 << 15  # pixels below which Pillow itself is as fast
_ONE: Final = 1 << 22  # what Pillow's weights are multiples of
_TAPS: Final = 3.0
_DOUBT: Final = 2.0**-24 * 255 * 1.4  # grey levels a tap: bounds the error of a sum in single precision
_GROUP: Final = 4  # neighbouring columns, whose weights lie on nearly the same pixels
_AT_ONCE: Final = 1 << 18  # multiplications below which BLAS stays in its thread


class _Weights(NamedTuple):
    first: npt.NDArray[np.int64]  # shape (32,): the first pixel that has a weight
    taps: Floats  # shape (32, t), multiples of 1 / _ONE
    bands: tuple[tuple[slice, slice, Floats], ...]  # pixels, columns, weights


def reduce(grey: Image.Image) -> Bytes:
    """The pixels of ``grey.resize((32, 32), Image.Resampling.LANCZOS)`` for a picture of mode L."""
    width, height = grey.size
    if width * height >= _SMALL and min(width, height) >= 2 * SIDE and _order_is_known():
        across, down = _weights(width), _weights(height)
        if across is not None and down is not None:
            pixels = np.asarray(grey)
            if _is_tall(width, height):
                return _pass(np.ascontiguousarray(_pass(pixels.T, down).T), across)
            return _pass(np.ascontiguousarray(_pass(pixels, across).T), down).T
    return np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _is_tall(width: int, height: int) -> bool:
    """Whether Pillow reduces the height first; the roundings between the passes depend on it."""
    return height > 2 * width - SIDE


@functools.cache
def _order_is_known() -> bool:
    for width, height in ((100, 70), (70, 108), (70, 109), (200, 368), (200, 369), (70, 400)):
        noise = np.random.default_rng(height).integers(0, 2, (height, width), dtype=np.uint8) * 255
        across, down = _weights(width), _weights(height)
        if across is None or down is None:
            return False
        if _is_tall(width, height):
            ours = _pass(_pass(noise.T, down).T, across)
        else:
            ours = _pass(_pass(noise, across).T, down).T
        small = Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        if not np.array_equal(ours, np.asarray(small)):
            return False
    return True


def _pass(pixels: Bytes, weights: _Weights) -> Bytes:
    """Rows of pixels, shape (rows, n), to rows of 32."""
    sums = np.empty((len(pixels), SIDE), dtype=np.float32)
    values = pixels.astype(np.float32, order="C")
    for used, columns, band in weights.bands:
        step = max(1, _AT_ONCE // band.size)
        for begin in range(0, len(pixels), step):
            part = slice(begin, begin + step)
            np.matmul(values[part, used], band, out=sums[part, columns])
    sums += np.float32(0.5)
    rounded = np.floor(sums)
    sums -= rounded
    doubt = np.float32(_DOUBT * weights.taps.shape[1])
    doubtful = np.flatnonzero((sums < doubt) | (sums > 1 - doubt))
    if doubtful.size:
        row, column = np.divmod(doubtful, SIDE)
        places = weights.first[column, None] + np.arange(weights.taps.shape[1])
        # Multiples of 2**-22 below 2**31: sums in double precision are exact.
        exact = np.einsum("kt,kt->k", values[row[:, None], places], weights.taps[column], dtype=np.float64)
        rounded.reshape(-1)[doubtful] = np.floor(exact + 0.5)
    return np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)


@functools.lru_cache(maxsize=1024)
def _weights(length: int) -> _Weights | None:
    """Weights for a line of `length` pixels, 64 or more; None where Pillow does otherwise."""
    scale = length / SIDE
    centre = (np.arange(SIDE) + 0.5) * scale
    first = np.maximum((centre - _TAPS * scale + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + _TAPS * scale + 0.5).astype(np.int64), length)
    most = int((last - first).max())
    pixel = first[:, None] + np.arange(most)
    place = (pixel - centre[:, None] + 0.5) * (1 / scale)
    inside = (pixel < last[:, None]) & (place >= -_TAPS) & (place < _TAPS)
    lobe = np.where(inside, np.sinc(place) * np.sinc(place / _TAPS), 0.0)
    lobe *= 1 / np.cumsum(lobe, axis=1)[:, -1:]  # added from left to right, as Pillow does
    taps = (np.trunc(lobe * _ONE + np.copysign(0.5, lobe)) / _ONE).astype(np.float32)
    back = np.maximum(first + most - length, 0)  # the last lines end within the picture
    for column in np.flatnonzero(back).tolist():
        taps[column] = np.roll(taps[column], back[column])
    first -= back
    bands = []
    for begin in range(0, SIDE, _GROUP):
        columns = range(begin, begin + _GROUP)
        low, high = int(first[begin]), int(first[columns[-1]]) + most
        band = np.zeros((high - low, _GROUP), dtype=np.float32)
        for member, column in enumerate(columns):
            at = int(first[column]) - low
            band[at : at + most, member] = taps[column]
        bands.append((slice(low, high), slice(begin, begin + _GROUP), band))
    weights = _Weights(first, taps, tuple(bands))
    return weights if _as_pillow(length, weights) else None


def _as_pillow(length: int, weights: _Weights) -> bool:
    lines = np.random.default_rng(length).integers(0, 256, (16, length), dtype=np.uint8)
    lines[:4] = np.where(lines[:4] > 127, 255, 0)  # the steepest there are
    expected = Image.fromarray(lines).resize((SIDE, len(lines)), Image.Resampling.LANCZOS)
    return np.array_equal(_pass(lines, weights), np.asarray(expected))
