"""A picture with nothing in it yet, and what all backdrops are made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from synsetlab.simulate.drawing.colour import linear, mix, one_of, rgb, step
from synsetlab.simulate.drawing.sprite import Light

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng

__all__ = ["Backdrop", "bokeh", "daylight", "falloff", "gradient", "grid", "ground_plane", "on_plane", "soft"]


@dataclass(slots=True, eq=False)
class Backdrop:
    """A picture with nothing in it yet."""

    colour: Field
    """Linear RGB (h, w, 3)."""
    light: Light
    horizon: float
    """Row where the ground begins (may be above the picture); ``inf`` where there is no ground."""


def daylight(rng: Rng, mood: str) -> Light:
    """Day, evening, overcast, indoors, deep (under trees or water)."""
    side = rng.choice([-1.0, 1.0]) * rng.uniform(0.25, 0.95)
    colour, ambient, height = {
        "day": ("#fffaf0", "#8aa0bd", 0.9),
        "evening": ("#ffd6a0", "#8d7f95", 0.5),
        "overcast": ("#d8dadd", "#b4bcc6", 1.0),
        "indoors": ("#fff0dc", "#8f8a86", 0.8),
        "deep": ("#e4f2dc", "#6f8a7a", 1.0),
    }[mood]
    direction = np.array([side, -height * rng.uniform(0.8, 1.15), rng.uniform(0.75, 1.1)])
    direction /= np.linalg.norm(direction)
    strength = np.float32(rng.uniform(0.85, 1.1))
    return Light(
        (float(direction[0]), float(direction[1]), float(direction[2])),
        rgb(colour) * strength,
        rgb(ambient) * strength,
    )


def grid(shape: tuple[int, int]) -> tuple[Field, Field]:
    """Row and column of each pixel."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    return y, x


def gradient(shape: tuple[int, int], top: Field, bottom: Field, curve: float = 1.0) -> Field:
    """From one colour above to another below."""
    t = np.linspace(0, 1, shape[0], dtype=np.float32)[:, None] ** np.float32(curve)
    return mix(top, bottom, np.broadcast_to(t, shape))


def soft(colour: Field, radius: float) -> Field:
    """Gaussian blur of a linear picture."""
    return np.asarray(ndimage.gaussian_filter(colour, (radius, radius, 0), mode="nearest"), np.float32)


def ground_plane(shape: tuple[int, int], horizon: float, scale: float) -> tuple[Field, Field, Field]:
    """Coordinates on a plane under the viewer: to the right, into the depth, and nearness (0 far, 1 near)."""
    y, x = grid(shape)
    below = np.maximum(y - np.float32(horizon), 0.75)
    near = below / np.float32(shape[0] - horizon)
    depth = 1 / near
    return (x / shape[0] - np.float32(0.5)) * depth * scale, depth * scale, near


def on_plane(texture: Field, a: Field, b: Field) -> Field:
    """Sample a noise texture (n, n) at plane coordinates, one unit being 64 texels."""
    return np.asarray(ndimage.map_coordinates(texture, [b * 64, a * 64], order=1, mode="mirror"), np.float32)


def falloff(shape: tuple[int, int], rng: Rng) -> Field:
    """Light that is stronger to one side, sometimes broken by the shadow of a window."""
    y, x = grid(shape)
    side = rng.uniform(-0.25, 0.25)
    light = 1 + side * (x / shape[1] - 0.5) * 2 + rng.uniform(-0.1, 0.1) * (y / shape[0] - 0.5)
    if rng.random() < 0.3:
        slant = (x + y * rng.uniform(0.4, 1.0)) / shape[1] * rng.uniform(1.6, 2.6) + rng.uniform(0, 1)
        light = light * (0.74 + 0.34 * step(0.2, 0.28, np.abs(slant % 1 - 0.5)))
    return np.asarray(light, np.float32)


def bokeh(shape: tuple[int, int], rng: Rng, codes: list[str], count: int) -> Field:
    """Discs of light, as an open lens draws what is far behind."""
    small = (max(8, shape[0] // 2), max(8, shape[1] // 2))
    sheet = Image.new("RGB", (small[1], small[0]), "#101410")
    pen = ImageDraw.Draw(sheet, "RGBA")
    for _ in range(count):
        digits = one_of(rng, codes).lstrip("#")
        r, g, b = (int(digits[i : i + 2], 16) for i in (0, 2, 4))
        cx, cy, radius = rng.uniform(0, small[1]), rng.uniform(0, small[0]), rng.uniform(0.06, 0.2) * small[0]
        pen.ellipse(
            (cx - radius, cy - radius, cx + radius, cy + radius), (r, g, b, int(rng.integers(60, 170)))
        )
    soft = sheet.filter(ImageFilter.GaussianBlur(small[0] / 60)).resize(
        (shape[1], shape[0]), Image.Resampling.BICUBIC
    )
    return linear(np.asarray(soft, np.float32) / 255)
