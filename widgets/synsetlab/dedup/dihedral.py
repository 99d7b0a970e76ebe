"""Hashes of a picture in its 8 turned and mirrored forms, all from one transform.

A mirror image changes the sign of the odd frequencies, a transposed one transposes the spectrum
(a property of the DCT-II), so the seven other hashes cost next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from synsetlab.dedup.phash import bits, low_frequencies

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["canonical", "forms", "images"]

_TURNS = (
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.ROTATE_180,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
)


def forms(image: Image.Image, *, exact: bool = True, size: tuple[int, int] | None = None) -> tuple[int, ...]:
    """8 hashes, 64 bits each; the first is ``phash(image)``, the others are those of its other forms.

    They differ from ``phash`` of the turned picture by a bit or two at most where a coefficient lies
    at the median, because the reduction to 32 x 32 rounds differently when turned.
    """
    low = low_frequencies(image, exact=exact, size=size)
    sign = np.where(np.arange(8) % 2, -1.0, 1.0)
    mirrored = [low, low * sign, low * sign[:, None], low * sign * sign[:, None]]
    return tuple(bits(form) for flat in mirrored for form in (flat, flat.T))


def canonical(hashes: Sequence[int]) -> int:
    """One name for all forms: the smallest of them. Equal for exact turns; search near ones with all 8."""
    return min(hashes)


def images(image: Image.Image) -> tuple[Image.Image, ...]:
    """The picture and its seven other forms."""
    return (image, *(image.transpose(turn) for turn in _TURNS))
