"""Things of the house: a clock on the wall, a guitar."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from synsetlab.simulate.drawing.colour import mix, one_of, rgb, step, vary
from synsetlab.simulate.drawing.geometry import circle, spline

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng
    from synsetlab.simulate.drawing.geometry import Points
    from synsetlab.simulate.drawing.sprite import Solid, Sprite

__all__ = ["clock", "guitar"]

_ROMAN = ("XII", "I", "II", "III", "IIII", "V", "VI", "VII", "VIII", "IX", "X", "XI")


def clock(sprite: Sprite, rng: Rng) -> None:
    """A round clock with hands at some time of the day."""
    frame = vary(one_of(rng, ["#2b2e33", "#b88a3a", "#7a4a26", "#c23a33", "#e8e6e0", "#3f6f8f"]), rng)
    face = vary(one_of(rng, ["#fbf8ee", "#fbf8ee", "#f1e6c8", "#e9eef2", "#24303c"]), rng, light=0.02)
    ink = rgb("#f3efe2") if float(face.mean()) < 0.2 else rgb("#1b1c20")
    ring = sprite.ellipsoid(0, 0, 0.98, 0.98)
    far = np.sqrt(ring.across**2 + (2 * ring.along - 1) ** 2) + 1e-6
    roll = np.clip((far - 0.9) / 0.1, -1, 1)
    ring.normal = (
        ring.across / far * roll,
        (2 * ring.along - 1) / far * roll,
        np.sqrt(np.clip(1 - roll * roll, 0, 1)),
    )
    sprite.paint(ring, frame, gloss=0.6, sharpness=24)
    dial = sprite.polygon(circle(0, 0, 0.82, steps=96))
    sprite.paint(dial, face, gloss=0)
    light = sprite.light.direction
    shade = sprite.inside(0.8 - np.hypot(dial.u + 0.06 * light[0], dial.v + 0.06 * light[1]))
    sprite.darken(dial, shade * 0.3)
    _marks(sprite, rng, ink)
    _hands(sprite, rng, ink)
    glare = sprite.polygon(spline([(-0.7, -0.32), (-0.3, -0.74), (0.1, -0.8), (-0.72, 0.12)], closed=True))
    sprite.stain(glare, rgb("#ffffff"), 0.10)


def guitar(sprite: Sprite, rng: Rng) -> None:
    """An acoustic guitar, standing on its lower bout."""
    wood = vary(one_of(rng, ["#d99a4e", "#c9772e", "#e6b872", "#8c3f1d", "#b5502a"]), rng)
    dark = vary("#3a2214", rng)
    _neck(sprite, rng, dark)
    half = [
        (0.0, -0.02), (0.2, -0.03), (0.345, 0.07), (0.355, 0.2), (0.27, 0.36), (0.32, 0.5), (0.46, 0.66),
        (0.465, 0.82), (0.31, 0.97), (0.0, 1.0),
    ]  # fmt: skip
    outline = spline([*half, *[(-x, y) for x, y in half[-2:0:-1]]], closed=True)
    body = sprite.puff(outline, 0.09, 0.7)
    grain = body.noise(rng, (1.2, 30), 3)
    edge = step(0.35, 0.0, body.along)
    top = mix(wood, wood * np.float32(0.6), np.clip(0.35 + 0.3 * grain, 0, 1) * 0.6)
    burst = step(0.28, 0.5, np.hypot(body.u, body.v - 0.6)) * np.float32(rng.choice([0.0, 0.75]))
    sprite.paint(body, mix(mix(top, dark, burst), dark, edge * 0.85), gloss=0.3, sharpness=18)
    sprite.stain(sprite.polygon(circle(0, 0.36, 0.155)), rgb("#e9d7a8"))
    sprite.stain(sprite.polygon(circle(0, 0.36, 0.142)), dark)
    sprite.stain(sprite.polygon(circle(0, 0.36, 0.132)), rgb("#d9b36b"))
    sprite.stain(sprite.polygon(circle(0, 0.36, 0.12)), rgb("#0d0806"))
    if rng.random() < 0.5:
        guard = spline([(0.1, 0.44), (0.2, 0.42), (0.26, 0.58), (0.12, 0.58), (0.06, 0.5)], closed=True)
        sprite.stain(sprite.polygon(guard), rgb("#1c100a"), 0.9)
    board = sprite.polygon([(-0.05, -0.4), (0.05, -0.4), (0.058, 0.25), (-0.058, 0.25)])
    sprite.paint(board, dark * np.float32(0.8), gloss=0.1)
    _frets(sprite)
    bridge = sprite.puff([(-0.17, 0.725), (0.17, 0.725), (0.17, 0.785), (-0.17, 0.785)], 0.03)
    sprite.paint(bridge, dark, gloss=0.15)
    sprite.stain(sprite.line([(-0.08, 0.74), (0.08, 0.74)], 0.014), rgb("#f4ecd8"))
    for i in range(6):
        k = (i - 2.5) / 2.5
        sprite.stain(sprite.line([(k * 0.034, -0.72), (k * 0.05, 0.75)], 0.006), rgb("#e8e4da"), 0.8)


# ---- parts ---------------------------------------------------------------------------------------


def _marks(sprite: Sprite, rng: Rng, ink: Field) -> None:
    style = one_of(rng, ["numerals", "numerals", "roman", "bars"])
    lines: dict[bool, list[Points]] = {True: [], False: []}
    for minute in range(60):
        a = math.radians(minute * 6)
        hour = minute % 5 == 0
        inner = 0.74 - (0.06 if hour else 0.02) - (0.1 if hour and style == "bars" else 0)
        line = [(math.sin(a) * inner, -math.cos(a) * inner), (math.sin(a) * 0.76, -math.cos(a) * 0.76)]
        lines[hour].append(line)
    sprite.stain(sprite.lines(lines[True], 0.035), ink)
    if sprite.pixels > 150:
        sprite.stain(sprite.lines(lines[False], 0.013), ink)
    if style == "bars":
        return
    for number in range(12):
        a = math.radians(number * 30)
        text = str(number or 12) if style == "numerals" else _ROMAN[number]
        place = (math.sin(a) * 0.57, -math.cos(a) * 0.57)
        _glyphs(sprite, text, place, 0.2 if style == "numerals" else 0.15, ink)


def _glyphs(sprite: Sprite, text: str, centre: tuple[float, float], high: float, ink: Field) -> None:
    """Letters centred at a point of the object, turned with it (never mirrored)."""
    side = max(8, round(high * 3 / sprite.px))
    font = ImageFont.load_default(size=high / sprite.px * 2)
    sheet = Image.new("L", (side * 2, side * 2))
    ImageDraw.Draw(sheet).text((side, side), text, fill=255, font=font, anchor="mm")
    sheet = sheet.rotate(-math.degrees(sprite.angle), Image.Resampling.BICUBIC).resize(
        (side, side), Image.Resampling.BOX
    )
    cx, cy = (int(c) - side // 2 for c in sprite.to_pixels([centre])[0])
    if min(cx, cy) < 0 or max(cx, cy) + side > sprite.pixels:
        return
    part = sprite.window(-1, -1, 1, 1)
    part.rows, part.columns = slice(cy, cy + side), slice(cx, cx + side)
    part.cover = np.asarray(sheet, np.float32) / np.float32(255)
    sprite.stain(part, ink)


def _hands(sprite: Sprite, rng: Rng, ink: Field) -> None:
    time = rng.uniform(0, 12)
    light = sprite.light.direction
    red = rgb("#c8201c")
    hands = [
        (time / 12, 0.44, 0.06, ink),
        (time % 1, 0.66, 0.042, ink),
        (float(rng.uniform(0, 1)), 0.7, 0.016, red),
    ]
    for turn, length, width, colour in hands:
        a = 2 * math.pi * turn
        s, c = math.sin(a), math.cos(a)
        tip, tail = (s * length, -c * length), (-s * 0.12, c * 0.12)
        drop = (-0.045 * light[0], -0.045 * light[1])
        sprite.darken(sprite.line([(p[0] + drop[0], p[1] + drop[1]) for p in (tail, tip)], width), 0.22)
        sprite.stain(sprite.line([tail, tip], width), colour)
    sprite.paint(sprite.ellipsoid(0, 0, 0.05, 0.05), red, gloss=0.4)


def _neck(sprite: Sprite, rng: Rng, dark: Field) -> None:
    neck: Solid = sprite.polygon([(-0.046, -0.72), (0.046, -0.72), (0.06, 0.05), (-0.06, 0.05)])
    sprite.paint(neck, dark, gloss=0.15)
    for side in (-1, 1):
        for y in (-0.95, -0.87, -0.79):
            peg = sprite.tube([(side * 0.07, y), (side * 0.135, y)], 0.021)
            sprite.paint(peg, rgb("#d8d6cf"), gloss=0.6)
    head = sprite.puff(
        [
            (-0.05, -0.71), (-0.085, -0.76), (-0.09, -0.98), (-0.03, -1.0), (0.03, -1.0), (0.09, -0.98),
            (0.085, -0.76), (0.05, -0.71),
        ],
        0.03,
    )  # fmt: skip
    sprite.paint(head, vary("#5b3216", rng), gloss=0.3)
    sprite.stain(sprite.polygon([(-0.05, -0.72), (0.05, -0.72), (0.05, -0.7), (-0.05, -0.7)]), rgb("#f4ecd8"))


def _frets(sprite: Sprite) -> None:
    y, left = -0.7, 1.42
    for fret in range(1, 17):
        place = y + left * (1 - 2 ** (-fret / 12))
        half = 0.047 + 0.011 * (place + 0.7) / 0.95
        sprite.stain(sprite.line([(-half, place), (half, place)], 0.008), rgb("#b8b6ae"), 0.9)
        if fret in (3, 5, 7, 9):
            middle = y + left * (1 - 2 ** (-(fret - 0.5) / 12))
            sprite.stain(sprite.polygon(circle(0, middle, 0.013, steps=12)), rgb("#f0ead8"))
