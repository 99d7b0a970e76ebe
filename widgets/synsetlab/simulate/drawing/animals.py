"""Animals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.simulate.drawing.colour import mix, one_of, rgb, step, vary
from synsetlab.simulate.drawing.geometry import circle, spline

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.simulate.drawing.colour import Field, Rng
    from synsetlab.simulate.drawing.geometry import Points
    from synsetlab.simulate.drawing.sprite import Sprite

__all__ = ["butterfly", "goldfish", "ladybug"]


def butterfly(sprite: Sprite, rng: Rng) -> None:
    """A butterfly with open wings, seen from above; the wings are mirror images of each other."""
    inner, outer = [
        ("#f08a1d", "#1c120c"), ("#f2b233", "#1c1210"), ("#3f8fe0", "#0d1230"), ("#f5e27a", "#2a2116"),
        ("#d9482b", "#1b0f12"), ("#f4f1e6", "#2b2b2e"), ("#8f5bd0", "#1a1030"),
    ][int(rng.integers(7))]  # fmt: skip
    fold = rng.uniform(0.72, 1.0)
    seed = int(rng.integers(2**31))
    fore = [
        (0.04, -0.16), (0.3, -0.56), (0.66, -0.82), (0.95, -0.8), (0.9, -0.42), (0.7, -0.1), (0.38, 0.06),
        (0.06, 0.04),
    ]  # fmt: skip
    hind = [
        (0.05, 0.0), (0.4, 0.02), (0.72, 0.12), (0.76, 0.42), (0.56, 0.72), (0.36, 0.78), (0.22, 0.5),
        (0.06, 0.22),
    ]  # fmt: skip
    for side in (-1, 1):
        for name, outline in (("hind", hind), ("fore", fore)):
            # The same seed on both sides: a butterfly is symmetric.
            twin = np.random.default_rng((seed, len(name), name == "fore"))
            shape = np.array(outline) + twin.uniform(-0.02, 0.02, (8, 2))
            shape[:, 0] *= side * (fold if side > 0 else min(1.0, fold + 0.12))
            _wing(sprite, twin, spline(shape, closed=True), side=side, inner=inner, outer=outer)
    _insect_body(sprite, rng)


def goldfish(sprite: Sprite, rng: Rng) -> None:
    """A goldfish from the side, with veil-like fins."""
    gold = vary(one_of(rng, ["#f7830f", "#f56a12", "#fb9a1c", "#ee4f14"]), rng)
    pale = vary("#fde0a8", rng)
    deep = rng.uniform(0.34, 0.44)
    tail = spline(
        [
            (-0.38, 0.0), (-0.6, -0.26), (-0.9, -0.56), (-0.98, -0.3), (-0.82, -0.04), (-0.99, 0.26),
            (-0.93, 0.56), (-0.62, 0.3),
        ],
        closed=True,
    )  # fmt: skip
    _fin(sprite, tail, (-0.35, 0.0), gold, pale)
    back = spline([
        (-0.25, -deep * 0.7), (-0.2, -deep - 0.26), (0.0, -deep - 0.36), (0.34, -deep * 0.8),
        (0.1, -deep * 0.6),
    ], closed=True)  # fmt: skip
    _fin(sprite, back, (0.1, 0.1), gold, pale)
    for x, y in ((0.16, deep * 0.75), (-0.2, deep * 0.6)):
        belly = spline([(x, y), (x - 0.14, y + 0.3), (x - 0.3, y + 0.26), (x - 0.14, y - 0.08)], closed=True)
        _fin(sprite, belly, (x + 0.1, y - 0.1), gold, pale)
    outline = spline(
        [
            (0.93, 0.02), (0.8, -0.18), (0.45, -deep), (0.05, -deep * 1.04), (-0.3, -deep * 0.55),
            (-0.52, -0.1), (-0.52, 0.1),
            (-0.3, deep * 0.5), (0.05, deep), (0.45, deep * 0.95), (0.8, 0.2), (0.92, 0.08),
        ],
        closed=True,
    )  # fmt: skip
    body = sprite.puff(outline, 0.42, 1.2)
    colour = mix(gold, pale, step(0.05, deep * 1.0, body.v) * 0.9)
    a, b = body.u * 13, body.v * 13
    row = np.floor(b)
    du, dv = (a + (row % 2) * 0.5) % 1 - 0.5, b - row - 0.5
    scale = np.hypot(du + 0.3, dv)
    where = step(0.55, 0.4, body.u) * step(-0.52, -0.4, body.u)
    arc = np.exp(-(((scale - 0.55) / 0.1) ** 2)) * where
    sprite.paint(body, mix(colour, gold * np.float32(0.45), arc * 0.55), gloss=0.45, sharpness=20, wrap=0.35)
    gill = spline([(0.46, -deep * 0.6), (0.4, 0.0), (0.48, deep * 0.6)])
    sprite.darken(sprite.line(gill, 0.03), 0.35)
    pectoral = spline([(0.36, 0.1), (0.1, 0.16), (0.0, 0.34), (0.22, 0.3)], closed=True)
    _fin(sprite, pectoral, (0.4, 0.1), gold, pale)
    _eye(sprite, 0.68, -0.07, 0.085)
    sprite.darken(sprite.line(spline([(0.93, 0.06), (0.86, 0.09), (0.82, 0.08)]), 0.02), 0.6)


def ladybug(sprite: Sprite, rng: Rng) -> None:
    """A ladybird from above: red wing cases with black spots."""
    black = rgb("#121214")
    for side in (-1, 1):
        for y, reach in ((-0.34, -0.5), (0.06, 0.05), (0.42, 0.62)):
            knee = (side * 0.84, y + (reach - y) * 0.6)
            leg = spline([(side * 0.5, y), knee, (side * 0.98, reach)])
            sprite.paint(sprite.tube(leg, 0.034), black, gloss=0.3)
        feeler = spline([(side * 0.14, -0.8), (side * 0.26, -0.94), (side * 0.4, -0.98)])
        sprite.paint(sprite.tube(feeler, 0.022), black, gloss=0.3)
    sprite.paint(sprite.ellipsoid(0, -0.72, 0.26, 0.2), black, gloss=0.4)
    sprite.paint(sprite.ellipsoid(0, -0.5, 0.46, 0.3), black, gloss=0.5, sharpness=30)
    for side in (-1, 1):
        sprite.stain(sprite.polygon(circle(side * 0.27, -0.58, 0.1, 0.12)), rgb("#f6f1e2"))
        sprite.stain(sprite.polygon(circle(side * 0.12, -0.79, 0.05, 0.04)), rgb("#f6f1e2"))
    red = vary(one_of(rng, ["#d81a12", "#e2381a", "#e8601c", "#f0a01c"]), rng)
    shell = sprite.ellipsoid(0, 0.16, 0.74, 0.78)
    shell = shell.limited(sprite.inside(np.float32(-0.45) - shell.v))
    sprite.paint(shell, red, gloss=0.6, sharpness=60, window=0.7, wrap=0.3)
    places = [(0.0, -0.36, 0.15)]
    pairs = [(0.34, -0.18, 0.14), (0.3, 0.26, 0.15), (0.56, 0.16, 0.1), (0.28, 0.64, 0.11)]
    keep = rng.permutation(4)[: int(rng.integers(2, 5))]
    for i in sorted(int(k) for k in keep):
        x, y, size = pairs[i]
        places += [(x, y, size), (-x, y, size)]
    for x, y, size in places:
        squeeze = math.sqrt(max(0.15, 1 - (x / 0.76) ** 2))
        sprite.stain(sprite.polygon(circle(x, y, size * squeeze, size)), black, 0.93)
    sprite.stain(sprite.line([(0, -0.42), (0, 0.94)], 0.018), black, 0.85)


# ---- parts ---------------------------------------------------------------------------------------


def _wing(
    sprite: Sprite, rng: Rng, outline: npt.NDArray[np.float64], *, side: int, inner: str, outer: str
) -> None:
    wing = sprite.puff(outline, 0.3, 0.0)
    far = wing.along
    tilt = np.float32(-0.35 * side)
    flat = np.zeros(wing.shape, np.float32)
    wing.normal = (flat + tilt, flat - 0.15, flat + 0.9)
    angle = np.arctan2(wing.v - 0.05, np.abs(wing.u) + 0.02)
    radius = np.hypot(wing.u, wing.v)
    bright, dark = vary(inner, rng, light=0.03), rgb(outer)
    colour = mix(bright, vary(inner, rng, hue=0.05) * np.float32(0.6), step(0.3, 0.95, radius) * 0.6)
    colour = mix(colour, bright * np.float32(1.35), step(0.5, 0.1, radius) * 0.4)
    count = 13.0
    vein = step(0.1, 0.03, np.abs((angle * count / math.pi) % 1 - 0.5)) * step(0.1, 0.3, radius)
    border = step(0.42, 0.3, far + 0.05 * np.sin(angle * 26))
    colour = mix(colour, dark, np.maximum(vein * 0.85, border))
    sprite.paint(wing, colour, gloss=0.1, wrap=0.6)
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (low + high) / 2
    inset = outline[:: max(1, len(outline) // 22)]
    dots = inset + (middle - inset) * 0.13
    far_dots = dots[np.hypot(dots[:, 0], dots[:, 1]) > 0.42]
    sprite.stain(sprite.polygons([circle(x, y, 0.026, 0.026, 10) for x, y in far_dots]), rgb("#fdf6e0"), 0.95)
    if rng.random() < 0.5:
        cx, cy = middle[0] * 0.95, middle[1] + 0.02
        for size, tone in ((0.11, dark), (0.075, rgb("#f6e6a8")), (0.045, dark)):
            sprite.stain(sprite.polygon(circle(cx, cy, size, size)), tone)


def _insect_body(sprite: Sprite, rng: Rng) -> None:
    dark = vary("#2a1c14", rng)
    for side in (-1, 1):
        feeler = spline([(side * 0.02, -0.34), (side * 0.1, -0.62), (side * 0.24, -0.84)])
        sprite.paint(sprite.tube(feeler, 0.011), dark, gloss=0.2)
        sprite.paint(sprite.ellipsoid(side * 0.245, -0.85, 0.028, 0.035), dark, gloss=0.3)
    abdomen = sprite.lathe([(-0.05, 0.05), (0.1, 0.07), (0.35, 0.055), (0.56, 0.02)])
    rings = step(0.3, 0.5, np.abs((abdomen.along * 8) % 1 - 0.5))
    sprite.paint(abdomen, mix(dark, rgb("#8a6a4a"), rings * 0.5), gloss=0.2)
    sprite.paint(sprite.ellipsoid(0, -0.13, 0.085, 0.15), dark, gloss=0.15)
    sprite.paint(sprite.ellipsoid(0, -0.3, 0.06, 0.065), dark, gloss=0.35)


def _fin(sprite: Sprite, outline: Points, root: tuple[float, float], gold: Field, pale: Field) -> None:
    fin = sprite.polygon(outline)
    dx, dy = fin.u - np.float32(root[0]), fin.v - np.float32(root[1])
    ray = np.sin(np.arctan2(dy, dx + 1e-4) * 60)
    far = np.hypot(dx, dy)
    colour = mix(gold, pale, step(0.15, 0.6, far) * 0.7)
    colour = mix(colour, gold * np.float32(0.55), step(0.2, 0.95, ray) * 0.4)
    sprite.lay(fin, sprite.lit(fin, colour, gloss=0.0, wrap=0.7), 0.9 - 0.35 * step(0.2, 0.7, far))


def _eye(sprite: Sprite, x: float, y: float, size: float) -> None:
    sprite.stain(sprite.polygon(circle(x, y, size * 1.15)), rgb("#c46a12"))
    sprite.paint(sprite.ellipsoid(x, y, size, size), rgb("#f6ecc8"), gloss=0.3)
    sprite.stain(sprite.polygon(circle(x + size * 0.1, y, size * 0.62)), rgb("#0c0a0a"))
    sprite.stain(sprite.polygon(circle(x + size * 0.3, y - size * 0.28, size * 0.2)), rgb("#ffffff"))
