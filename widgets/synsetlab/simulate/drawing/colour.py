"""Colours as linear light, noise fields, and the few blends that every drawing uses.

Everything is drawn in linear light and turned into sRGB at the end: shadows, highlights and
transparency add up the way they do in front of a camera.
"""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Field",
    "Rng",
    "clouds",
    "coloured",
    "linear",
    "mix",
    "one_of",
    "rgb",
    "step",
    "to_image",
    "vary",
]

Field: TypeAlias = npt.NDArray[np.floating[Any]]
"""Array, mostly of single precision: (h, w) a scalar field, (h, w, 3) or (3,) linear RGB, 1.0 is white."""

Rng: TypeAlias = np.random.Generator


def linear(values: npt.ArrayLike) -> Field:
    """Turn sRGB in 0..1 into linear light (a plain 2.2 power: the demo needs no ICC profile)."""
    return np.power(np.asarray(values, np.float32), np.float32(2.2))


def rgb(code: str) -> Field:
    """Linear colour (3,) of a hex code such as ``#d7263d``."""
    digits = code.lstrip("#")
    return linear([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])


def mix(first: Field, second: Field, share: Field | float) -> Field:
    """Blend two colours; `share` (0..1) of `second`, a number or a field (h, w)."""
    if isinstance(share, np.ndarray):
        share = share[..., None]
    return np.asarray(first + (second - first) * share, np.float32)


def coloured(amount: Field, colour: Field) -> Field:
    """Spread one colour (3,) over a field (h, w): (h, w, 3)."""
    return np.asarray(amount[..., None] * colour, np.float32)


def step(low: float, high: float, values: Field) -> Field:
    """Hermite step: 0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def vary(code: str, rng: Rng, hue: float = 0.012, light: float = 0.08) -> Field:
    """A colour near the hex `code`: hue moved by up to `hue` turns, lightness and strength by `light`."""
    digits = code.lstrip("#")
    h, s, v = colorsys.rgb_to_hsv(*(int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)))
    h = (h + rng.uniform(-hue, hue)) % 1.0
    s = min(1.0, max(0.0, s * (1 + rng.uniform(-light, light))))
    v = min(1.0, max(0.0, v * (1 + rng.uniform(-light, light))))
    return linear(colorsys.hsv_to_rgb(h, s, v))


def one_of(rng: Rng, choices: Sequence[str]) -> str:
    """One of the strings, as a plain ``str``."""
    return choices[int(rng.integers(len(choices)))]


def clouds(shape: tuple[int, int], rng: Rng, cells: tuple[float, float], octaves: int = 3) -> Field:
    """Fractal value noise, mean about 0 and deviation about 1.

    Parameters
    ----------
    shape
        Height and width in pixels.
    cells
        Blobs of the coarsest octave along the height and along the width.
    """
    height, width = shape
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        rows = max(2, min(height, round(cells[0] * 2**octave) + 1))
        columns = max(2, min(width, round(cells[1] * 2**octave) + 1))
        grid = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) / np.float32(1.8**octave)
    return np.asarray(total / np.float32(1.05), np.float32)


def to_image(light: Field) -> Image.Image:
    """Linear (h, w, 3) to an 8-bit sRGB picture, with a soft shoulder so that highlights do not clip flat."""
    soft = np.where(light > 0.8, 0.8 + 0.35 * (1 - np.exp(-(light - 0.8) / 0.35)), light)
    coded = np.power(np.clip(soft, 0, 1), np.float32(1 / 2.2))
    return Image.fromarray((coded * 255 + 0.5).astype(np.uint8), "RGB")
