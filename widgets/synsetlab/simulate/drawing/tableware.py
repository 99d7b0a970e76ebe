"""Things to drink from and to pour with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synsetlab.simulate.drawing.colour import coloured, mix, one_of, rgb, step, vary
from synsetlab.simulate.drawing.geometry import circle, spline

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng
    from synsetlab.simulate.drawing.sprite import Solid, Sprite

__all__ = ["mug", "teapot", "wineglass"]

_GLAZES = ["#d8563f", "#2f6f9f", "#f1ece0", "#3e8e6e", "#e2b13c", "#6d4a8c", "#e9e4dc", "#303640", "#d98aa0"]


def mug(sprite: Sprite, rng: Rng) -> None:
    """A mug seen from above its rim, mostly full of coffee."""
    glaze = vary(one_of(rng, _GLAZES), rng)
    wide, top, bottom = rng.uniform(0.52, 0.6), rng.uniform(-0.62, -0.5), 0.74
    tilt = rng.uniform(0.16, 0.34) * wide
    loop = spline(
        [
            (wide * 0.9, top + 0.26), (wide + 0.3, top + 0.24), (wide + 0.37, 0.1), (wide + 0.2, 0.4),
            (wide * 0.88, 0.46),
        ]
    )  # fmt: skip
    sprite.paint(sprite.tube(loop, 0.085), glaze, gloss=0.35, sharpness=40, window=0.15)
    slim = rng.uniform(0.86, 1.0)
    body = sprite.lathe([(top, wide), (0.1, wide * (0.5 + slim / 2)), (bottom + tilt, wide * slim)])
    _round_bottom(sprite, body, bottom, wide * slim, tilt)
    skin = _pattern(body, rng, glaze)
    sprite.paint(body, skin, gloss=0.3, sharpness=40, window=0.35, wrap=0.25)
    _opening(sprite, rng, (top, wide, tilt), glaze, full=rng.random() < 0.8)


def teapot(sprite: Sprite, rng: Rng) -> None:
    """A round teapot with lid, spout and handle."""
    glaze = vary(one_of(rng, _GLAZES), rng)
    belly = rng.uniform(0.52, 0.6)
    spout = spline([(0.4, 0.28), (0.62, 0.2), (0.72, -0.06), (0.83, -0.28), (0.95, -0.36)])
    wide = np.interp(np.linspace(0, 1, len(spout)), [0, 0.4, 1], [0.17, 0.1, 0.065])
    sprite.paint(sprite.tube(spout, list(wide)), glaze, gloss=0.35, sharpness=40)
    sprite.stain(sprite.ellipsoid(0.965, -0.375, 0.035, 0.05, 0.9), rgb("#1d1712"))
    loop = spline([(-0.4, -0.26), (-0.7, -0.38), (-0.92, -0.16), (-0.84, 0.2), (-0.46, 0.36)])
    sprite.paint(sprite.tube(loop, 0.07), glaze, gloss=0.35, sharpness=40)
    foot = sprite.lathe([(0.56, 0.3), (0.68, 0.36)])
    sprite.paint(foot, glaze * np.float32(0.8), gloss=0.1)
    body = sprite.lathe(
        [
            (-0.42, 0.27), (-0.3, belly * 0.8), (-0.05, belly), (0.25, belly * 0.99), (0.5, belly * 0.78),
            (0.62, 0.34),
        ]
    )  # fmt: skip
    sprite.paint(body, _pattern(body, rng, glaze), gloss=0.35, sharpness=45, window=0.5, wrap=0.28)
    sprite.darken(sprite.ellipsoid(0, -0.36, 0.33, 0.06), 0.45)
    lid = sprite.lathe([(-0.62, 0.03), (-0.58, 0.12), (-0.48, 0.25), (-0.39, 0.31), (-0.36, 0.3)])
    sprite.paint(lid, glaze, gloss=0.35, sharpness=45, window=0.2)
    sprite.paint(sprite.ellipsoid(0, -0.68, 0.085, 0.085), glaze, gloss=0.5, sharpness=40)


def wineglass(sprite: Sprite, rng: Rng) -> None:
    """A stemmed glass, two thirds empty, with red or white wine."""
    wide, waist = rng.uniform(0.34, 0.44), rng.uniform(0.08, 0.2)
    rim = wide * rng.uniform(0.72, 0.9)
    bowl_profile = [
        (-0.94, rim), (-0.6, wide * 0.96), (-0.32, wide), (-0.08, wide * 0.8), (waist, 0.12),
        (waist + 0.07, 0.04),
    ]  # fmt: skip
    clear = rgb("#dfeaf0")
    foot = sprite.ellipsoid(0, 0.9, 0.36, 0.085)
    ring = np.sqrt(foot.across**2 + (2 * foot.along - 1) ** 2)
    sprite.lay(foot, sprite.lit(foot, clear, gloss=0.5), 0.22 + 0.5 * step(0.86, 0.97, ring))
    stem = sprite.lathe([(waist + 0.02, 0.05), (waist + 0.2, 0.026), (0.7, 0.026), (0.85, 0.06), (0.9, 0.16)])
    edge = np.abs(stem.across)
    sprite.lay(stem, sprite.lit(stem, clear, gloss=0.9, sharpness=18), 0.3 + 0.55 * step(0.35, 0.95, edge))
    bowl = sprite.lathe(bowl_profile)
    sprite.lay(bowl, sprite.lit(bowl, clear), 0.09)
    if rng.random() < 0.9:
        _wine(sprite, rng, bowl, bowl_profile)
    bowl = sprite.lathe(bowl_profile)
    rimlight = step(0.72, 0.98, np.abs(bowl.across))
    sprite.lay(bowl, coloured(np.ones(bowl.shape, np.float32), clear * np.float32(0.95)), rimlight * 0.45)
    sprite.lay(bowl, rgb("#20303a"), step(0.93, 1.0, np.abs(bowl.across)) * 0.4)
    shine = sprite.lit(bowl, np.zeros(3, np.float32), gloss=0.12, sharpness=160, window=0.7)
    sprite.lay(bowl, rgb("#ffffff"), np.clip(shine[..., 0] - 0.03, 0, 1))
    streak = (
        np.exp(-(((bowl.across + 0.62) / 0.05) ** 2))
        * step(0.05, 0.25, bowl.along)
        * step(0.8, 0.55, bowl.along)
    )
    sprite.lay(bowl, rgb("#ffffff"), streak * np.float32(0.55))
    lip = circle(0, -0.94, rim, rim * 0.17)
    sprite.lay(sprite.line(np.vstack([lip, lip[:2]]), 0.018), rgb("#f4f9fc"), 0.75)


# ---- parts ---------------------------------------------------------------------------------------


def _round_bottom(sprite: Sprite, body: Solid, bottom: float, wide: float, tilt: float) -> None:
    """Let the lower end of a turned body follow the ellipse of its base."""
    sag = tilt * 0.75 * np.sqrt(np.clip(1 - (body.u / np.float32(wide)) ** 2, 0, 1))
    body.cover = body.cover * sprite.inside(body.v - np.float32(bottom) - sag)


def _opening(
    sprite: Sprite, rng: Rng, rim_at: tuple[float, float, float], glaze: Field, *, full: bool
) -> None:
    """The rim, the inside and what is in it; `rim_at` is its row and its two radii."""
    top, wide, tilt = rim_at
    rim = sprite.ellipsoid(0, top, wide, tilt)
    rim.normal = (
        rim.across * 0.25,
        np.full(rim.shape, -0.75, np.float32),
        np.full(rim.shape, 0.66, np.float32),
    )
    sprite.paint(rim, glaze, gloss=0.3)
    hole = sprite.ellipsoid(0, top, wide * 0.9, tilt * 0.86)
    hole.normal = (-hole.across, np.full(hole.shape, 0.2, np.float32), np.full(hole.shape, 0.3, np.float32))
    sprite.paint(hole, glaze * np.float32(0.62), gloss=0.0)
    if not full:
        sprite.darken(sprite.ellipsoid(0, top + tilt * 0.25, wide * 0.86, tilt * 0.62), 0.35)
        return
    level = top + tilt * 0.2
    coffee = sprite.ellipsoid(0, level, wide * 0.88, tilt * 0.72)
    hole_here = sprite.ellipsoid(0, top, wide * 0.9, tilt * 0.86)
    mask = np.zeros((sprite.pixels, sprite.pixels), np.float32)
    mask[hole_here.rows, hole_here.columns] = hole_here.cover
    coffee = coffee.limited(mask[coffee.rows, coffee.columns])
    ring = np.sqrt(coffee.across**2 + (2 * coffee.along - 1) ** 2)
    milk = rng.random() < 0.4
    dark, light = (rgb("#8a5a33"), rgb("#d8b48a")) if milk else (rgb("#2a1409"), rgb("#7a4a22"))
    colour = mix(dark, light, step(0.8, 0.98, ring))
    if milk:
        swirl = np.sin(ring * 16 + 2 * np.arctan2(2 * coffee.along - 1, coffee.across))
        colour = mix(colour, rgb("#f2e2c8"), step(0.3, 0.9, swirl) * step(0.75, 0.3, ring))
    sprite.lay(coffee, colour * np.float32(0.9))
    glint = sprite.ellipsoid(-wide * 0.3, level - tilt * 0.1, wide * 0.3, tilt * 0.16)
    sprite.lay(glint, rgb("#ffffff"), 0.18)


def _pattern(body: Solid, rng: Rng, glaze: Field) -> Field:
    """Plain, banded, dotted or dipped glaze."""
    full = coloured(np.ones(body.shape, np.float32), glaze)
    other = vary(one_of(rng, ["#f4efe4", "#26364a", "#e0a93a", "#b8402f"]), rng)
    kind = one_of(rng, ["plain", "plain", "bands", "dots", "dipped"])
    if kind == "bands":
        low = rng.uniform(0.25, 0.5)
        band = step(low - 0.01, low, body.along) * step(low + 0.19, low + 0.18, body.along)
        thin = step(low + 0.23, low + 0.24, body.along) * step(low + 0.28, low + 0.27, body.along)
        return mix(full, other, np.maximum(band, thin))
    if kind == "dots":
        a = (body.across * 3.5 + np.float32(rng.uniform(0, 1))) % 1 - 0.5
        b = (body.along * 5.5) % 1 - 0.5
        return mix(full, other, step(0.3, 0.26, np.sqrt(a * a + b * b)))
    if kind == "dipped":
        wave = np.float32(0.55) + np.float32(0.03) * np.sin(body.across * 9)
        return mix(full, other, step(0, 0.02, body.along - wave))
    return full


def _wine(sprite: Sprite, rng: Rng, bowl: Solid, profile: list[tuple[float, float]]) -> None:
    level = rng.uniform(-0.5, -0.22)
    red = rng.random() < 0.7
    deep, thin = (rgb("#4a0512"), rgb("#9a1a2c")) if red else (rgb("#d9bd5a"), rgb("#f0e2a0"))
    curve = spline(profile)
    half = float(np.interp(level, curve[:, 0], curve[:, 1])) * 0.95
    inner = bowl.limited(
        sprite.inside(np.float32(level) - bowl.v)
        * step(1.0, 0.94, np.abs(bowl.across))
        * step(0.93, 0.9, bowl.along)
    )
    colour = mix(deep, thin, step(0.55, 1.0, np.abs(bowl.across)) * 0.8)
    colour = mix(colour, thin, step(0.55, 0.95, bowl.along) * 0.5)
    sprite.lay(inner, sprite.lit(inner, colour, gloss=0.0, wrap=0.6), 0.95 if red else 0.7)
    surface = sprite.ellipsoid(0, level, half, half * 0.17)
    sprite.lay(surface, mix(thin, rgb("#ffffff"), 0.12), 0.92 if red else 0.75)
