"""The 64-bit perceptual hash, equal bit for bit to ``imagehash.phash`` of ImageHash 4.3.2.

Method: grey picture, 32 x 32 by Lanczos, two-dimensional DCT-II, the 8 x 8 lowest frequencies
(the constant one included), one bit each: above the median of the 64 or not. Row-major, the first
coefficient is the highest bit.

A hash means something only beside hashes made the same way, so each way has a name; hashes of
different names are never compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft
from PIL.Image import Resampling

from synsetlab.dedup.lanczos import reduce
from synsetlab.dedup.shrunk import COSINES, estimator

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL import Image

    from synsetlab.candidates.decode import Picture

__all__ = [
    "FAST",
    "FAST_DRAFT",
    "FAST_INGEST",
    "FAST_INGEST_DRAFT",
    "IMAGEHASH",
    "bits",
    "dhash",
    "from_hex",
    "low_frequencies",
    "phash",
    "phashes",
    "to_hex",
]

IMAGEHASH: Final = "phash64/imagehash"
"""Name of the exact hash, made by :func:`phash`."""

FAST: Final = "phash64/draft32-wiener"
"""Name of the hash of a picture decoded with ``draft=FAST_DRAFT`` and taken with ``exact=False``."""

FAST_DRAFT: Final = 32
"""Pixels that the decoder leaves of a JPEG's shorter side, at least."""

FAST_INGEST: Final = "phash64/draft240-wiener"
"""Name of the hash that is taken with ``exact=False`` from the picture that fast imports decode."""

FAST_INGEST_DRAFT: Final = 240
"""Pixels that fast imports leave of a JPEG's longer side, at least: a thumbnail of 256 needs no more."""

_DIRECT: Final = 1 << 21
"""Pixels up to which a fast hash is one product of matrices; more are reduced first."""


def phash(image: Image.Image, *, exact: bool = True, size: tuple[int, int] | None = None) -> int:
    """Hash of a picture: an unsigned 64-bit integer.

    Without `exact`, `image` may be smaller than the picture, whose width and height are `size`: what the
    whole one's coefficients would be is estimated (`synsetlab.dedup.shrunk`). Such hashes go by the name
    of :data:`FAST`.

    Otherwise it equals ``imagehash.phash(image)`` for every Pillow image. Give it ``Picture.stored`` to equal
    ``imagehash.phash(Image.open(path))``; ``Picture.image`` is what people see. The two are the same
    for files without an EXIF turn, transparency or 16-bit samples; see :func:`phashes`.
    """
    return bits(low_frequencies(image, exact=exact, size=size))


def low_frequencies(
    image: Image.Image, *, exact: bool = True, size: tuple[int, int] | None = None
) -> npt.NDArray[np.float64]:
    """The 8 x 8 lowest coefficients (rows down, columns across) that :func:`phash` reads."""
    grey = image if image.mode == "L" else image.convert("L")
    if not exact and grey.width * grey.height <= _DIRECT:
        width, height = size or grey.size
        across, down = estimator(width, grey.width), estimator(height, grey.height)
        direct: npt.NDArray[np.float64] = down @ np.asarray(grey, dtype=np.float64) @ across.T
        return direct
    pixels = reduce(grey)
    low: npt.NDArray[np.float64] = COSINES @ pixels.astype(np.float64) @ COSINES.T
    if _gap(low) > 1e-6:
        return low
    # So near the median the last digit decides: what scipy rounds must be rounded here too.
    spectrum: npt.NDArray[np.float64] = scipy.fft.dct(scipy.fft.dct(pixels, axis=0), axis=1)
    return spectrum[:8, :8]


def _gap(low: npt.NDArray[np.float64]) -> float:
    """How far the coefficients beside the median are apart."""
    ordered = np.partition(low.reshape(64), (31, 32))
    return float(ordered[32] - ordered[31])


def bits(low: npt.NDArray[np.float64]) -> int:
    """64 bits of 8 x 8 coefficients: above their median or not, row by row, the first one highest."""
    flat = np.ascontiguousarray(low).reshape(64)
    ordered = np.partition(flat, (31, 32))
    median = (ordered[31] + ordered[32]) / 2
    return int.from_bytes(np.packbits(flat > median).tobytes(), "big")


def phashes(picture: Picture, *, exact: bool = True) -> tuple[int, int]:
    """Hash as stored (ImageHash's answer) and as seen: upright, transparency on white, all bits used.

    Search with both: a phone photograph and its upright copy meet in the second, the copy whose EXIF
    was stripped meets it in the first.
    """
    stored = phash(picture.stored, exact=exact, size=picture.stored_size)
    if not picture.differs:
        return stored, stored
    return stored, phash(picture.image, exact=exact, size=(picture.width, picture.height))


def dhash(image: Image.Image) -> int:
    """The difference hash, equal to ``imagehash.dhash``: where brightness grows to the right, 8 x 8 bits.

    A second opinion where no pixels are at hand; it sees edges that the perceptual hash does not.
    """
    pixels = np.asarray(image.convert("L").resize((9, 8), Resampling.LANCZOS))
    return int.from_bytes(np.packbits(pixels[:, 1:] > pixels[:, :-1]).tobytes(), "big")


def to_hex(value: int) -> str:
    """16 lower-case hex digits, as ``str(imagehash.phash(image))`` prints them."""
    return f"{int(value):016x}"


def from_hex(text: str) -> int:
    """The inverse of :func:`to_hex`."""
    return int(text, 16)
