"""What a glance says about a picture's quality, from the same decode as its hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from synsetlab.dedup.phash import dhash

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["DESCRIBED", "Details", "describe"]

_SIDE: Final = 128  # sharpness depends on the size it is measured at: all pictures are brought near this one
DESCRIBED: Final = 2 * _SIDE
"""Pixels of the shorter side from which a picture can be described."""
_DARK: Final = 40.0
_BRIGHT: Final = 225.0
_FLAT: Final = 6.0
_BLURRED: Final = 4.5


@dataclass(frozen=True, slots=True)
class Details:
    """Measurements of one picture."""

    dhash: int
    """Difference hash of the picture as seen, 64 bits (ImageHash's)."""
    mean_color: str
    """``#rrggbb``."""
    brightness: float
    """Mean of the grey levels, 0..255."""
    contrast: float
    """Their standard deviation."""
    sharpness: float
    """Root mean square of the Laplacian at about 128 pixels; photographs in focus have 10 and more."""
    flags: tuple[str, ...]
    """``dark``, ``bright``, ``flat``, ``blurred``: worth a look before people vote."""


def describe(image: Image.Image, mean_colour: tuple[int, int, int]) -> Details:
    """Measure an upright picture."""
    grey = image.convert("L")
    small = grey.reduce(max(1, min(grey.size) // _SIDE))
    levels = np.asarray(small, dtype=np.float32)
    brightness, contrast = float(levels.mean()), float(levels.std())
    middle = levels[1:-1, 1:-1]
    around = levels[:-2, 1:-1] + levels[2:, 1:-1] + levels[1:-1, :-2] + levels[1:-1, 2:]
    sharpness = float(np.sqrt(np.mean((around - 4 * middle) ** 2))) if middle.size else 0.0
    flags = (
        ("dark", brightness < _DARK),
        ("bright", brightness > _BRIGHT),
        ("flat", contrast < _FLAT),
        ("blurred", contrast >= _FLAT and sharpness < _BLURRED and min(grey.size) >= _SIDE),
    )
    red, green, blue = mean_colour
    return Details(
        dhash(image),
        f"#{red:02x}{green:02x}{blue:02x}",
        round(brightness, 1),
        round(contrast, 1),
        round(sharpness, 1),
        tuple(name for name, true in flags if true),
    )
