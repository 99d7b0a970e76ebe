"""Backdrops near the lens: leaves and water."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from synsetlab.simulate.drawing.backdrop import (
    Backdrop,
    bokeh,
    daylight,
    falloff,
    gradient,
    grid,
)
from synsetlab.simulate.drawing.colour import clouds, linear, mix, one_of, step, vary

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng

__all__ = ["foliage", "leaf", "underwater"]


def foliage(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Leaves out of focus, with some sharper ones."""
    light = daylight(rng, one_of(rng, ["deep", "day"]))
    codes = ["#4f8a34", "#7fae4a", "#2f5a2c", "#a8c86a", "#cfe0a0", "#3f6a4a"]
    if rng.random() < 0.3:
        codes = ["#c9a0b8", "#a86a94", "#7fae6a", "#e6c9d6", "#4f7a4a"]
    colour = bokeh(shape, rng, codes, 90)
    return Backdrop(_leaves(colour, rng, int(rng.integers(4, 10))), light, math.inf)


def _leaves(colour: Field, rng: Rng, count: int) -> Field:
    height, width = colour.shape[:2]
    for _ in range(count):
        sheet = Image.new("L", (width, height))
        pen = ImageDraw.Draw(sheet)
        cx, cy, long = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.12, 0.3) * height
        turn = rng.uniform(0, 2 * math.pi)
        t = np.linspace(-1, 1, 14)
        half = 0.32 * np.cos(t * np.pi / 2) ** 0.8
        px, py = np.concatenate([t, t[::-1]]), np.concatenate([half, -half[::-1]])
        xs = cx + long * (px * math.cos(turn) - py * math.sin(turn))
        ys = cy + long * (px * math.sin(turn) + py * math.cos(turn))
        pen.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=255)
        mask = np.asarray(
            sheet.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 5))), np.float32
        ) / np.float32(255)
        colour = mix(colour, vary("#4f8a34", rng, 0.03, 0.4), mask * np.float32(0.85))
    return colour


def leaf(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """One great leaf, near, with its veins."""
    light = daylight(rng, "day")
    y, x = grid(shape)
    turn, size = rng.uniform(0, math.pi), np.float32(shape[0])
    p = ((x - shape[1] / 2) * math.cos(turn) + (y - shape[0] / 2) * math.sin(turn)) / size
    q = (-(x - shape[1] / 2) * math.sin(turn) + (y - shape[0] / 2) * math.cos(turn)) / size + rng.uniform(
        -0.25, 0.25
    )
    green = vary(one_of(rng, ["#5a9a34", "#3f7f38", "#86b04a"]), rng)
    ribs = np.abs(((p - np.abs(q) * 0.8) * 4.5) % 1 - 0.5)
    vein = np.maximum(step(0.018, 0.006, np.abs(q)), step(0.045, 0.015, ribs) * 0.6)
    swell = np.clip(0.86 + 0.3 * step(0, 0.5, ribs) + 0.05 * clouds(shape, rng, (40, 40), 2), 0.4, 1.5)
    colour = mix(
        np.asarray(green * swell[..., None], np.float32),
        green * np.float32(1.8) + np.float32(0.05),
        vein * 0.6,
    )
    return Backdrop(np.asarray(colour * falloff(shape, rng)[..., None], np.float32), light, math.inf)


def underwater(shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Clear water with beams of light, weeds, pebbles and bubbles."""
    light = daylight(rng, "day")
    top, low = [("#6fc6d6", "#0f4a6b"), ("#8fd0b0", "#1c5a4a"), ("#a8d8ea", "#2f6f9a")][int(rng.integers(3))]
    colour = gradient(shape, vary(top, rng), vary(low, rng), 0.8)
    y, x = grid(shape)
    beams = clouds((2, shape[1] * 2), rng, (1, 22), 2)[0]
    place = np.clip(x + y * rng.uniform(-0.5, 0.5) + shape[1] / 2, 0, shape[1] * 2 - 1).astype(int)
    colour = colour * (1 + 0.16 * np.clip(beams[place], -1, 2) * (1 - y / shape[0]))[..., None]
    floor = shape[0] * rng.uniform(0.84, 0.95)
    pebbles = clouds(shape, rng, (shape[0] / 14, shape[1] / 14), 2)
    bed = mix(vary("#8a7a5f", rng), vary("#d8c9a0", rng), step(-1, 1, pebbles)) * np.float32(0.6)
    colour = mix(np.asarray(colour, np.float32), bed, np.clip((y - floor - 5 * pebbles) / 5, 0, 1))
    sheet = Image.new("RGBA", (shape[1] * 2, shape[0] * 2))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(3, 9))):
        x0, long = rng.uniform(0, shape[1] * 2), rng.uniform(0.3, 0.8) * shape[0] * 2
        t = np.linspace(0, 1, 20)
        sway = np.sin(t * rng.uniform(3, 7) + rng.uniform(0, 6)) * 0.05 * shape[0]
        pen.line(
            list(zip((x0 + sway * t * 2).tolist(), (floor * 2 + 8 - t * long).tolist(), strict=True)),
            fill=(int(rng.integers(30, 70)), int(rng.integers(95, 140)), int(rng.integers(50, 90)), 200),
            width=int(rng.integers(6, 14)), joint="curve",
        )  # fmt: skip
    for _ in range(int(rng.integers(4, 16))):
        bx, by, r = rng.uniform(0, shape[1] * 2), rng.uniform(0, floor * 2), rng.uniform(3, 13)
        pen.ellipse(
            (bx - r, by - r, bx + r, by + r), outline=(235, 250, 255, 190), fill=(220, 245, 255, 50), width=2
        )
    things = np.asarray(sheet.reduce(2), np.float32) / np.float32(255)
    return Backdrop(mix(colour, linear(things[..., :3]), things[..., 3]), light, math.inf)
