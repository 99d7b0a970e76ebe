"""Backdrops under the open sky."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from synsetlab.simulate.drawing.backdrop import (
    Backdrop,
    bokeh,
    daylight,
    gradient,
    grid,
    ground_plane,
    on_plane,
    soft,
)
from synsetlab.simulate.drawing.colour import clouds, linear, mix, one_of, rgb, step, vary

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng

__all__ = ["desert", "forest", "meadow", "sea", "sky", "street"]


def sky(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Open sky, blue, evening or grey."""
    mood = one_of(rng, ["day", "day", "day", "day", "evening", "overcast"])
    return Backdrop(_sky(shape, rng, mood), daylight(rng, mood), math.inf)


def _sky(shape: tuple[int, int], rng: Rng, mood: str) -> Field:
    top, low, puff = {
        "day": ("#2f78c4", "#bfdcf2", "#ffffff"),
        "evening": ("#3a4a86", "#f6b27a", "#f9d3b4"),
        "overcast": ("#8f9ba8", "#cdd3d8", "#e6e9ec"),
    }[mood]
    colour = gradient(shape, vary(top, rng), vary(low, rng), 0.9)
    y, _ = grid(shape)
    heap = clouds(shape, rng, (2.6 * shape[0] / 400, 2.0 * shape[1] / 400), 5)
    lit = heap - np.roll(heap, max(1, shape[0] // 40), axis=0)
    cover = step(rng.uniform(0.1, 0.8), rng.uniform(1.3, 2.0), heap) * (0.35 + 0.65 * (1 - y / shape[0]))
    tone = mix(rgb(puff) * np.float32(0.72), rgb(puff), step(-0.5, 0.4, -lit))
    return mix(colour, tone, np.asarray(cover * 0.9, np.float32))


def sea(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Sea and sky."""
    mood = one_of(rng, ["day", "day", "day", "evening", "overcast"])
    light = daylight(rng, mood)
    horizon = shape[0] * rng.uniform(0.45, 0.66)
    colour = _sky(shape, rng, mood)
    a, b, near = ground_plane(shape, horizon, 2.0)
    waves = on_plane(clouds((256, 256), rng, (60, 26), 3), a * 0.6 + 2, b)
    fine = on_plane(clouds((256, 256), rng, (90, 40), 2), a * 1.7 + 2, b * 2.2)
    deep = {
        "day": ("#1d5f8a", "#4d9ab8"),
        "evening": ("#3a4668", "#c98f7a"),
        "overcast": ("#4b5f6a", "#8a9aa3"),
    }[mood]
    height = waves * (0.35 + 0.65 * near) + 0.5 * fine * near
    water = mix(vary(deep[0], rng), vary(deep[1], rng), step(-1.2, 1.8, height + (1 - near) * 0.9))
    water = mix(water, rgb("#f4f8fa"), step(1.7, 2.2, height) * 0.55)
    y, x = grid(shape)
    glitter = np.exp(-(((x / shape[1] - 0.5 - 0.3 * light.direction[0]) / 0.14) ** 2)) * step(
        0.6, 1.5, fine + waves
    )
    water = mix(water, light.colour, np.asarray(glitter * 0.6, np.float32))
    edge = np.clip((y - np.float32(horizon)) / 1.5 + 0.5, 0, 1)
    if rng.random() < 0.5:
        colour = _hills(colour, rng, horizon, "#6f8fa6" if mood != "evening" else "#6a5a78", 0.06)
    return Backdrop(mix(colour, water, edge), light, horizon)


def _hills(colour: Field, rng: Rng, horizon: float, code: str, height: float) -> Field:
    shape = (colour.shape[0], colour.shape[1])
    y, _ = grid(shape)
    line = clouds((2, shape[1]), rng, (1, 4 * shape[1] / 400), 4)[0]
    crest = np.float32(horizon) - (0.5 + 0.5 * np.tanh(line)) * np.float32(height * shape[0])
    return mix(colour, vary(code, rng), np.clip(y - crest[None, :], 0, 1) * np.clip(horizon - y + 1, 0, 1))


def meadow(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Grass, hedges out of focus and sky."""
    mood = one_of(rng, ["day", "day", "day", "evening", "overcast"])
    light = daylight(rng, mood)
    horizon = shape[0] * rng.uniform(0.45, 0.7)
    colour = _sky(shape, rng, mood)
    colour = _hills(colour, rng, horizon, "#7f9f8a", 0.14)
    colour = soft(_hills(colour, rng, horizon, "#3f6a3a", 0.1), shape[0] / 120)
    return Backdrop(
        _grass(colour, rng, horizon, one_of(rng, ["#6f9a3a", "#88a845", "#5d8a3f", "#a8a850"])),
        light,
        horizon,
    )


def _grass(colour: Field, rng: Rng, horizon: float, code: str) -> Field:
    height, width = colour.shape[:2]
    y, _ = grid((height, width))
    _, _, near = ground_plane((height, width), horizon, 1.0)
    patches = clouds((height, width), rng, (5, 4), 3)
    turf = mix(vary(code, rng), vary(code, rng, 0.04, 0.3) * np.float32(0.55), step(-1.5, 1.5, patches))
    colour = mix(colour, turf, np.clip((y - np.float32(horizon)) / 4 + 0.5, 0, 1))
    scale = 2
    sheet = Image.new("RGBA", (width * scale, height * scale))
    pen = ImageDraw.Draw(sheet)
    base = vary(code, rng)
    for _ in range(520):
        t = rng.uniform(0, 1) ** 0.8
        y0 = (horizon + t * (height * 1.04 - horizon)) * scale
        x0, long = rng.uniform(0, width) * scale, (0.012 + 0.075 * t) * height * scale
        lean, thick = rng.uniform(-0.5, 0.5) * long, (0.8 + 2.6 * t) * scale * 0.5
        tone = base * np.float32(rng.uniform(0.35, 1.5))
        shade = tuple(int(255 * min(1.0, float(c)) ** (1 / 2.2)) for c in tone)
        pen.polygon([(x0 - thick, y0), (x0 + lean, y0 - long), (x0 + thick, y0)], fill=(*shade, 235))
    blades = np.asarray(sheet.reduce(scale), np.float32) / np.float32(255)
    return mix(colour, linear(blades[..., :3]), blades[..., 3] * np.clip(near * 3, 0.3, 1))


def forest(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Moss and fallen leaves before a dark wood."""
    light = daylight(rng, one_of(rng, ["deep", "deep", "evening"]))
    horizon = shape[0] * rng.uniform(0.4, 0.6)
    codes = ["#4f6a34", "#6f7f3a", "#38502c", "#8a7a3a", "#a89a4f", "#2a3a24"]
    colour = bokeh(shape, rng, codes, 60)
    y, x = grid(shape)
    for _ in range(int(rng.integers(2, 6))):
        cx, half = rng.uniform(0, shape[1]), rng.uniform(0.02, 0.06) * shape[1]
        trunk = np.clip((half - np.abs(x - np.float32(cx))) / (half * 0.5), 0, 1) * (y < horizon)
        colour = mix(colour, vary("#3a2d22", rng), np.asarray(trunk * 0.85, np.float32))
    colour = soft(colour, shape[0] / 70)
    floor = _grass(colour, rng, horizon, one_of(rng, ["#5a6a2c", "#6b5a34", "#4a6030"]))
    return Backdrop(np.asarray(floor * np.float32(0.85), np.float32), light, horizon)


def desert(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Sand and stones under a wide sky."""
    mood = one_of(rng, ["day", "day", "evening"])
    light = daylight(rng, mood)
    horizon = shape[0] * rng.uniform(0.55, 0.7)
    colour = _sky(shape, rng, mood)
    colour = _hills(colour, rng, horizon, "#b98a72", 0.16)
    colour = _hills(colour, rng, horizon, "#9a6248", 0.09)
    a, b, near = ground_plane(shape, horizon, 1.6)
    ripple = on_plane(clouds((256, 256), rng, (40, 10), 3), a * 0.5 + 2, b)
    stones = on_plane(clouds((256, 256), rng, (80, 80), 2), a + 2, b)
    sand = vary(one_of(rng, ["#d9a86a", "#c98a58", "#e0c08a"]), rng)
    ground = sand * np.clip(1 + 0.12 * ripple * near**0.4, 0.5, 1.5)[..., None]
    ground = mix(np.asarray(ground, np.float32), sand * np.float32(0.35), step(1.5, 2.0, stones) * 0.6)
    y, _ = grid(shape)
    return Backdrop(mix(colour, ground, np.clip((y - np.float32(horizon)) / 2 + 0.5, 0, 1)), light, horizon)


def street(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Houses out of focus, with the lamps of cars."""
    mood = one_of(rng, ["day", "evening", "overcast"])
    light = daylight(rng, mood)
    height, width = shape
    colour = _sky(shape, rng, mood)
    x0, y, x = 0.0, *grid(shape)
    while x0 < width:
        wide, tall = rng.uniform(0.14, 0.34) * width, rng.uniform(0.35, 0.85) * height
        front = vary(one_of(rng, ["#a8876a", "#8a8f94", "#b9a58a", "#8a5a4a", "#6f7a84", "#c9b8a0"]), rng)
        front = front * np.float32({"day": 0.9, "evening": 0.35, "overcast": 0.7}[mood])
        inside = np.asarray((x >= x0) & (x < x0 + wide) & (y > height - tall), np.float32)
        panes = (np.abs(((x - x0) / wide * 4) % 1 - 0.5) < 0.26) & (np.abs((y / height * 9) % 1 - 0.5) < 0.28)
        glass = rgb("#f6d48a") if mood == "evening" else rgb("#4a5a68")
        face = mix(front, glass, np.asarray(panes, np.float32) * np.float32(0.8))
        colour = mix(colour, face, inside)
        x0 += wide
    road = step(height * 0.86, height * 0.88, y)
    colour = soft(mix(colour, vary("#5a5c60", rng), road), height / 55)
    if mood == "evening":
        lamps = bokeh(shape, rng, ["#ffd27a", "#ff6a4a", "#fff0c8", "#7ad0ff"], 14)
        colour = colour + lamps * np.float32(0.5)
    return Backdrop(np.asarray(colour, np.float32), light, height * 0.87)
