"""The second opinion's eyes: two small pictures are laid over each other and their pixels compared.

Both are 64 x 64 pixels in colour. One is moved and stretched (at most a quarter) until its fine structure
lies on the other's, so that a crop or a border does not count as a difference: Gauss-Newton on the brightness
less its blur, with gain and offset (Lucas and Kanade, "An iterative image registration technique", IJCAI
1981). Then what is left is measured where it is largest, not on the whole: two products on white are alike
nearly everywhere.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import affine_transform, gaussian_filter, uniform_filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Plane = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

__all__ = ["SIDE", "Glimpse", "Similarity", "best_form", "compare", "glimpse"]

SIDE: Final = 64
_MIDDLE: Final = (SIDE - 1) / 2
_LUMA: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_ROWS, _COLUMNS = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) - np.float32(_MIDDLE)
_SPOT: Final = 5  # side of the square over which a difference is averaged: an eighth of a picture's half
_FLAT: Final = 1.0  # grey levels (root mean square) below which a surface has no structure
_STRETCH: Final = 0.25
_SHIFT: Final = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class Glimpse:
    """A picture at 64 x 64 pixels."""

    pixels: npt.NDArray[np.uint8]
    """Red, green and blue, shape (64, 64, 3). Proportions are not kept, as they are not in the hash."""
    detail: int = 2 * SIDE
    """Pixels of the picture's shorter side, at most 128."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """What a look at two pictures says; differences are those of the worst spot, in grey levels of 255."""

    structure: float
    """Correlation of the fine structure, -1..1; nan where a picture has none (a flat surface)."""
    spot: float
    """Brightness that no common tone curve explains."""
    colour: float
    """Colour (away from grey) that no common saturation explains."""
    spot_as_is: float
    """Brightness, nothing explained away."""
    colour_as_is: float
    """Colour, nothing explained away."""
    saturation: float
    """How much of one's colour the other has, 0..1; near 0 where one is grey, or of another hue."""
    plain: bool
    """Both are a thing on a plain ground: a tone curve would explain a darker thing on the same white."""
    darkened: float = math.inf
    """Brightness that a common factor does not explain; infinite where the rim is as bright in both."""


class _Planes(NamedTuple):
    grey: Plane
    colour: Plane  # red and blue less the brightness, shape (2, 64, 64)


class _Place(NamedTuple):
    """Where a point of the one lies in the other: stretch and shift down, stretch and shift right."""

    high: float = 1.0
    down: float = 0.0
    wide: float = 1.0
    right: float = 0.0


def glimpse(image: Image.Image) -> Glimpse:
    """What a look keeps of a picture, 12 kB."""
    detail = min(2 * SIDE, *image.size)
    way = Image.Resampling.BOX if detail >= SIDE else Image.Resampling.BILINEAR
    return Glimpse(np.asarray(image.convert("RGB").resize((SIDE, SIDE), way, reducing_gap=2.0)), detail)


def compare(one: Glimpse, other: Glimpse) -> Similarity:
    """Lay one over the other and say what differs. About 2 ms; 0.5 ms for plain copies."""
    detail = min(one.detail, other.detail)
    mine, theirs = _planes(one, detail), _planes(other, detail)
    plain = _is_plain(one) and _is_plain(other)
    as_is = _measure(mine, theirs, _Place(), plain=plain)
    if as_is.structure > 0.97 and as_is.spot < 8:
        return as_is
    place = _lay(mine.grey, theirs.grey)
    if place is None:
        return as_is
    laid = _measure(mine, theirs, place, plain=plain)
    return laid if laid.structure > as_is.structure + 0.01 else as_is


def best_form(one: Glimpse, forms: Sequence[Glimpse]) -> Glimpse:
    """Of several forms of a picture (turned, mirrored) the one whose structure is most like `one`."""
    if len(forms) == 1:
        return forms[0]
    everywhere = np.ones((SIDE, SIDE), dtype=np.bool_)
    detail = min(one.detail, forms[0].detail)
    mine = _fine(_planes(one, detail).grey)

    def likeness(form: Glimpse) -> float:
        value = _correlation(mine, _fine(_planes(form, detail).grey), everywhere)
        return -2.0 if math.isnan(value) else value

    return max(forms, key=likeness)


def _planes(seen: Glimpse, detail: int) -> _Planes:
    """Brightness and colour; blurred where one of the two has fewer pixels, or half as many of colour."""
    pixels = seen.pixels.astype(np.float32)
    grey = pixels @ _LUMA
    colour = np.stack([pixels[..., 0] - grey, pixels[..., 2] - grey])
    blur = 0.5 * SIDE / max(detail, 8)
    if detail < SIDE:
        grey = gaussian_filter(grey, blur)
    if detail < 2 * SIDE:  # JPEG keeps colour at half the size
        colour = gaussian_filter(colour, (0, 2 * blur, 2 * blur))
    return _Planes(grey, colour)


def _is_plain(seen: Glimpse) -> bool:
    """Whether more than a third is as the middle of the rim is."""
    pixels = seen.pixels.astype(np.int16)
    return bool((np.abs(pixels - _ground(pixels)).max(axis=2) <= 8).mean() > 0.35)


def _ground(pixels: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    middle: npt.NDArray[np.float64] = np.median(rim, axis=0)
    return middle


def _measure(one: _Planes, other: _Planes, place: _Place, *, plain: bool) -> Similarity:
    inside = _inside(place)
    if place != _Place():
        other = _Planes(_moved(other.grey, place), np.stack([_moved(plane, place) for plane in other.colour]))
    structure = _correlation(_fine(one.grey), _fine(other.grey), inside)
    # The flatter of the two is explained by the other: a tone curve can take contrast away.
    bright, dull = one.grey, other.grey
    if bright[inside].std() < dull[inside].std():
        bright, dull = dull, bright
    toned = _tone(bright, dull, inside)
    edges = np.maximum(_slope(dull), _slope(toned))
    slack: Plane = np.float32(3) + np.float32(0.6) * edges  # edges never lie on each other exactly
    saturation, colour, colour_as_is = _colours(one.colour, other.colour, inside)
    return Similarity(
        structure=structure,
        spot=_worst(np.abs(toned - dull), slack, inside),
        colour=colour,
        spot_as_is=_worst(np.abs(one.grey - other.grey), slack, inside),
        colour_as_is=colour_as_is,
        saturation=saturation,
        plain=plain,
        darkened=_darkened(bright, dull, slack, inside),
    )


def _darkened(one: Plane, other: Plane, slack: Plane, inside: Mask) -> float:
    """What a factor does not explain: a copy made darker has a darker ground, a darker thing has not."""
    ground, theirs = (
        float(np.median(np.concatenate([p[0], p[-1], p[:, 0], p[:, -1]]))) for p in (one, other)
    )
    if abs(ground - theirs) < 10:
        return math.inf
    factor = float((one[inside] @ other[inside]) / max(float(one[inside] @ one[inside]), 1.0))
    return _worst(np.abs(factor * one - other), slack, inside)


def _colours(one: Plane, other: Plane, inside: Mask) -> tuple[float, float, float]:
    """Saturation that explains most, and the colour left at the worst spot with it and without."""
    strong, weak = one * inside, other * inside
    if (strong**2).sum() < (weak**2).sum():
        strong, weak = weak, strong
    energy = float((strong**2).sum())
    saturation = min(1.0, max(0.0, float((strong * weak).sum()) / max(energy, 1.0)))
    left = [
        float(np.hypot(*(uniform_filter(plane, _SPOT) for plane in share * strong - weak)).max())
        for share in (np.float32(saturation), np.float32(1))
    ]
    return saturation, left[0], left[1]


def _tone(bright: Plane, dull: Plane, inside: Mask) -> Plane:
    """`bright` after the tone curve (a parabola) that brings it nearest to `dull`."""
    scaled = bright / np.float32(255) - np.float32(0.5)
    terms = np.stack([np.ones_like(scaled), scaled, scaled * scaled])
    known = terms[:, inside]
    weights = np.linalg.lstsq(known @ known.T, known @ dull[inside], rcond=None)[0]
    toned: Plane = np.tensordot(weights.astype(np.float32), terms, axes=1)
    return toned


def _worst(difference: Plane, slack: Plane, inside: Mask) -> float:
    return float(uniform_filter(np.maximum(difference - slack, 0) * inside, _SPOT).max())


def _slope(plane: Plane) -> Plane:
    down, right = np.gradient(gaussian_filter(plane, 0.7))
    slope: Plane = np.hypot(down, right)
    return slope


def _fine(grey: Plane) -> Plane:
    fine: Plane = grey - gaussian_filter(grey, 6.0)
    return fine


def _correlation(one: Plane, other: Plane, inside: Mask) -> float:
    mine, theirs = one[inside], other[inside]
    mine, theirs = mine - mine.mean(), theirs - theirs.mean()
    lengths = float(np.linalg.norm(mine)), float(np.linalg.norm(theirs))
    if min(lengths) < _FLAT * math.sqrt(mine.size):
        return math.nan
    return float(mine @ theirs) / (lengths[0] * lengths[1])


# ---------------------------------------------------------------- laying one over the other


def _moved(plane: Plane, place: _Place) -> Plane:
    offset = (
        _MIDDLE * (1 - place.high) + place.down,
        _MIDDLE * (1 - place.wide) + place.right,
    )
    moved: Plane = affine_transform(
        plane, (place.high, place.wide), offset=offset, order=1, mode="nearest", output=np.float32
    )
    return moved


def _inside(place: _Place) -> Mask:
    """Where the one has a point of the other to lie on."""
    if place == _Place():
        return np.ones((SIDE, SIDE), dtype=np.bool_)
    reach = _MIDDLE + 0.5
    down = np.abs(place.high * _ROWS + np.float32(place.down)) <= reach
    right = np.abs(place.wide * _COLUMNS + np.float32(place.right)) <= reach
    inside: Mask = down & right
    return inside


def _lay(one: Plane, other: Plane) -> _Place | None:
    """Where `other` has to be moved to lie on `one`; None where no place was found."""
    place = _Place()
    for blur, steps in ((4.0, 8), (2.0, 5), (1.0, 3)):
        still, moving = (_fine(gaussian_filter(plane, blur)) for plane in (one, other))
        for _ in range(steps):
            inside = _inside(place)
            if inside.mean() < 0.6:
                return None
            change = _step(still, _moved(moving, place), place, inside)
            place = _Place(
                *(
                    min(1 + _STRETCH, max(1 - _STRETCH, value))
                    if turn % 2 == 0
                    else min(_SHIFT, max(-_SHIFT, value))
                    for turn, value in enumerate(np.add(place, change).tolist())
                )
            )
            if np.abs(change).max() < 0.02:
                break
    return place


def _step(still: Plane, moved: Plane, place: _Place, inside: Mask) -> npt.NDArray[np.float64]:
    """One step of Gauss-Newton for stretch and shift; gain and offset go along and are forgotten."""
    down, right = np.gradient(moved)
    down, right = down / place.high, right / place.wide
    terms = np.stack([down * _ROWS, down, right * _COLUMNS, right, moved, _ones()])[:, inside]
    normal = (terms @ terms.T).astype(np.float64)
    normal[np.diag_indices(6)] = normal.diagonal() * 1.001 + 1e-6
    step: npt.NDArray[np.float64] = np.linalg.solve(normal, terms @ (still - moved)[inside])
    return step[:4]


@functools.cache
def _ones() -> Plane:
    return np.ones((SIDE, SIDE), dtype=np.float32)
