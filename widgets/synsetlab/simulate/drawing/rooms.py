"""Backdrops indoors: tables, studio paper, walls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.simulate.drawing.backdrop import (
    Backdrop,
    bokeh,
    daylight,
    falloff,
    gradient,
    grid,
    ground_plane,
    on_plane,
    soft,
)
from synsetlab.simulate.drawing.colour import clouds, mix, one_of, step, vary

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng

_PAPERS = (
    "#e9e6e0", "#cfd8dc", "#f2d9c9", "#b9cfc0", "#d6cbe0", "#5a6470", "#f0e2a8", "#88a9c3", "#2f3a40",
)  # fmt: skip

__all__ = ["cloth", "studio", "table", "wall"]


def table(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """A wooden table before a wall out of focus, or filling the picture."""
    light = daylight(rng, one_of(rng, ["indoors", "indoors", "day"]))
    horizon = shape[0] * (rng.uniform(0.3, 0.55) if rng.random() < 0.7 else -0.5)
    wood = vary(one_of(rng, ["#a9744a", "#8a5a34", "#c9a070", "#6b4226", "#d8c3a0", "#b9b0a4"]), rng)
    a, b, near = ground_plane(shape, horizon, rng.uniform(1.1, 1.8))
    fibres = on_plane(clouds((256, 256), rng, (100, 4), 3), a * 0.25 + 1, b)
    waves = on_plane(clouds((256, 256), rng, (14, 3), 2), a * 0.3 + 1, b)
    plank = b * np.float32(2.2)
    tone = np.sin(np.floor(plank) * 12.9898) * np.float32(0.13)
    gap = step(0.03, 0.012, np.abs(plank % 1 - 0.5) * near**0.5)
    shade = np.clip(1 + tone + near**0.5 * (0.13 * fibres + 0.14 * waves), 0.4, 1.6) * (1 - 0.6 * gap)
    top = wood * shade[..., None] * falloff(shape, rng)[..., None]
    return Backdrop(_with_wall(top, shape, horizon, rng), light, horizon)


def cloth(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """A striped or checked tablecloth."""
    light = daylight(rng, "indoors")
    horizon = shape[0] * (rng.uniform(0.25, 0.5) if rng.random() < 0.6 else -0.6)
    first = vary(one_of(rng, ["#f4f1ea", "#e8dfcc", "#dfe7ea"]), rng)
    second = vary(one_of(rng, ["#b8322f", "#3b6ea5", "#4d8a5a", "#d9a23a", "#7a8590"]), rng)
    a, b, near = ground_plane(shape, horizon, 1.0)
    turn = rng.uniform(-0.6, 0.6)
    p, q = a * math.cos(turn) - b * math.sin(turn), a * math.sin(turn) + b * math.cos(turn)
    count = rng.uniform(3, 5.5)
    # Stripes narrower than a few pixels, far away, run together into their mean.
    blur = np.clip(count * 1.5 / (near * shape[0]), 0.01, 1.0) / near**0.5
    across = np.clip((np.abs((p * count) % 1 - 0.5) - 0.25) / blur + 0.5, 0, 1)
    down = np.clip((np.abs((q * count) % 1 - 0.5) - 0.25) / blur + 0.5, 0, 1)
    share = across if rng.random() < 0.4 else (across + down) / 2
    weave = clouds(shape, rng, (shape[0] / 3, shape[1] / 3), 1)
    folds = clouds(shape, rng, (1.5, 3), 2)
    shade = np.clip(1 + 0.03 * weave + 0.07 * folds, 0.5, 1.4) * falloff(shape, rng)
    top = mix(first, second, np.asarray(share * 0.9, np.float32)) * shade[..., None]
    return Backdrop(_with_wall(top, shape, horizon, rng), light, horizon)


def studio(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Seamless paper: one colour, no edge between floor and wall."""
    light = daylight(rng, one_of(rng, ["indoors", "day", "overcast"]))
    paper = vary(one_of(rng, _PAPERS), rng)
    colour = gradient(shape, paper * np.float32(0.72), paper, 0.8)
    y, x = grid(shape)
    cx = shape[1] * (0.5 + 0.35 * light.direction[0])
    spot = np.exp(-(((x - cx) / shape[1]) ** 2 + ((y - shape[0] * 0.3) / shape[0]) ** 2) * 2.2)
    colour = colour * (0.8 + 0.35 * spot)[..., None]
    return Backdrop(np.asarray(colour, np.float32), light, shape[0] * rng.uniform(0.3, 0.5))


def wall(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Plaster, brick, boards or wallpaper, seen straight on."""
    light = daylight(rng, one_of(rng, ["indoors", "day", "evening"]))
    colour = _wall_face(shape, rng) * falloff(shape, rng)[..., None]
    return Backdrop(np.asarray(colour, np.float32), light, math.inf)


def _wall_face(shape: tuple[int, int], rng: Rng) -> Field:
    y, x = grid(shape)
    size = np.float32(max(shape))
    kind = one_of(rng, ["plaster", "brick", "boards", "paper"])
    rough = clouds(shape, rng, (shape[0] / 9, shape[1] / 9), 3)
    if kind == "brick":
        rows = y / size * 14
        columns = x / size * 5 + np.floor(rows) % 2 * 0.5
        edge = np.minimum(0.5 - np.abs(rows % 1 - 0.5), (0.5 - np.abs(columns % 1 - 0.5)) * 2.6)
        tone = np.sin(np.floor(rows) * 12.9898 + np.floor(columns) * 78.233) * 43758.5453
        brick = mix(vary("#9a4a34", rng), vary("#b9704e", rng), np.asarray(tone % 1, np.float32))
        face = mix(vary("#b8aea0", rng), brick, step(0.05, 0.1, edge))
        return np.asarray(face * np.clip(1 + 0.12 * rough, 0.5, 1.5)[..., None], np.float32)
    base = vary(
        one_of(rng, ["#e6ddcf", "#c5d2cf", "#d8c2a6", "#a9bccb", "#e3c9c4", "#7f9a8c", "#c9b44f", "#8d99a8"]),
        rng,
    )
    if kind == "boards":
        place = x / size * 9
        groove = step(0.47, 0.49, np.abs(place % 1 - 0.5))
        grain = clouds(shape, rng, (3, shape[1] / 4), 2)
        tone = 0.06 * np.sin(np.floor(place) * 7.7)
        return np.asarray(base * ((1 + tone + 0.05 * grain) * (1 - 0.5 * groove))[..., None], np.float32)
    if kind == "paper":
        other = base * np.float32(rng.uniform(0.72, 0.86))
        place = x / size * rng.uniform(8, 14)
        stripe = step(0.22, 0.25, np.abs(place % 1 - 0.5))
        return np.asarray(mix(base, other, stripe) * (1 + 0.02 * rough)[..., None], np.float32)
    return np.asarray(base * np.clip(1 + 0.06 * rough, 0.6, 1.3)[..., None], np.float32)


def _with_wall(top: Field, shape: tuple[int, int], horizon: float, rng: Rng) -> Field:
    """Put a wall, out of focus, behind a table."""
    if horizon <= 0:
        return np.asarray(top, np.float32)
    back = _wall_face(shape, rng) * np.float32(rng.uniform(0.45, 0.85))
    if rng.random() < 0.5:
        back = back * 0.5 + bokeh(shape, rng, ["#d9c08a", "#7a94a8", "#8fa56b", "#c98a6a"], 12) * 0.6
    back = soft(np.asarray(back, np.float32), shape[0] / 45)
    y, _ = grid(shape)
    return mix(back, np.asarray(top, np.float32), np.clip((y - np.float32(horizon)) / 2.5 + 0.5, 0, 1))
