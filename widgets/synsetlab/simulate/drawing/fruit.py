"""Things that lie in a fruit bowl."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.simulate.drawing.colour import coloured, mix, one_of, rgb, step, vary
from synsetlab.simulate.drawing.geometry import circle, spline

if TYPE_CHECKING:
    from synsetlab.simulate.drawing.colour import Field, Rng
    from synsetlab.simulate.drawing.geometry import Points
    from synsetlab.simulate.drawing.sprite import Solid, Sprite

__all__ = [
    "apple",
    "apple_or_tomato",
    "banana",
    "lemon",
    "lemon_or_orange",
    "orange",
    "pear",
    "strawberry",
    "tomato",
]


def apple(sprite: Sprite, rng: Rng) -> None:
    """A red, green or yellow apple, mostly with its stem, sometimes with a leaf."""
    ground, blush = [
        ("#c9b545", "#b3121d"),
        ("#c7331f", "#8e0b16"),
        ("#8fb52c", "#79a322"),
        ("#e0c24a", "#c8451f"),
    ][int(rng.choice(4, p=[0.3, 0.3, 0.27, 0.13]))]
    body = _apple_body(sprite, rng)
    _apple_skin(sprite, body, rng, ground, blush)
    _dimple(sprite, rng, -0.56, 0.30)
    _stem(sprite, rng, -0.53, 0.34)
    if rng.random() < 0.6:
        _leaf(sprite, rng)


def tomato(sprite: Sprite, rng: Rng) -> None:
    """A ripe tomato with its green star."""
    wide, high = rng.uniform(0.86, 0.96), rng.uniform(0.66, 0.78)
    body = sprite.ellipsoid(0, 0.1, wide, high)
    lobes = np.cos(body.across * np.float32(3.2) + np.float32(rng.uniform(0, 3)))
    fade = step(0.55, 0.0, body.along)
    body = body.bumpy(lobes * fade * np.float32(8), 0.22)
    red = vary(one_of(rng, ["#d92a12", "#e03a16", "#c81e14"]), rng)
    skin = mix(red, vary("#e8762a", rng), step(0.35, 0.0, body.along) * 0.55)
    sprite.paint(body, skin, gloss=0.5, sharpness=70, window=0.55, wrap=0.35)
    _dimple(sprite, rng, 0.1 - high * 0.72, 0.26, "#7a1408")
    _calyx(sprite, rng, 0.1 - high * 0.74, 0.5, colour="#3f7a24", count=int(rng.integers(5, 7)))


def apple_or_tomato(sprite: Sprite, rng: Rng) -> None:
    """Red, round and smooth with neither star nor stem: nobody can tell."""
    wide, high = rng.uniform(0.8, 0.88), rng.uniform(0.72, 0.78)
    body = sprite.ellipsoid(0, 0.08, wide, high)
    skin = mix(vary("#cf2313", rng), vary("#d9692a", rng), step(0.4, 0.0, body.along) * 0.4)
    sprite.paint(body, skin, gloss=0.45, sharpness=50, window=0.2, wrap=0.35)
    _dimple(sprite, rng, 0.08 - high * 0.7, 0.22, "#6b1208")
    nub = sprite.tube([(0, 0.08 - high * 0.72), (0.015, 0.02 - high * 0.76)], 0.03)
    sprite.paint(nub, rgb("#4d4a1c"), gloss=0)


def orange(sprite: Sprite, rng: Rng) -> None:
    """A whole orange, sometimes with a cut half in front of it."""
    cut = rng.random() < 0.4
    x, y, size = (-0.2, -0.16, 0.72) if cut else (0.0, 0.0, 0.92)
    _citrus_ball(sprite, rng, (x, y), size, one_of(rng, ["#f28a0f", "#f59a1c", "#ea7a10"]))
    if cut:
        _citrus_face(sprite, rng, (0.42, 0.42), 0.5, skin="#f39a1d", flesh="#f8b648")


def lemon(sprite: Sprite, rng: Rng) -> None:
    """A lemon with its two tips, sometimes with a cut half in front of it."""
    cut = rng.random() < 0.35
    turn = rng.uniform(-0.5, 0.5)
    if cut:
        _lemon_body(sprite, rng, turn, centre=(0.0, -0.14), size=0.84)
    else:
        _lemon_body(sprite, rng, turn)
    if cut:
        _citrus_face(sprite, rng, (0.36, 0.42), 0.44, skin="#efd534", flesh="#f6e88a")


def lemon_or_orange(sprite: Sprite, rng: Rng) -> None:
    """A yellow-orange fruit between the two: rounder than a lemon, paler than an orange."""
    _lemon_body(sprite, rng, rng.uniform(-0.5, 0.5), size=0.92, code="#f3b21a", tips=0.35, slim=0.84)


def banana(sprite: Sprite, rng: Rng) -> None:
    """One banana, or a hand of two to four."""
    count = int(rng.choice([1, 2, 3, 4], p=[0.35, 0.2, 0.3, 0.15]))
    ripe = rng.uniform(0, 1)
    skin = mix(vary("#f2c81e", rng), vary("#b9bf3a", rng), 0.45 * (1 - ripe))
    for i in range(count):
        spread = (i - (count - 1) / 2) * 0.2 + rng.uniform(-0.03, 0.03)
        _one_banana(sprite, rng, spread, skin, ripe)
    if count > 1:
        knot = sprite.tube([(-0.93, -0.42), (-0.8, -0.36)], [0.075, 0.1])
        sprite.paint(knot, vary("#7d6a22", rng), gloss=0.05)


def strawberry(sprite: Sprite, rng: Rng) -> None:
    """A strawberry with seeds and its green collar."""
    wide = rng.uniform(0.64, 0.76)
    outline = spline(
        [
            (0, -0.56), (0.42, -0.58), (wide, -0.28), (wide * 0.86, 0.2), (0.28, 0.74), (0, 0.93),
            (-0.26, 0.74), (-wide * 0.88, 0.18), (-wide, -0.28), (-0.42, -0.58),
        ],
        closed=True,
    )  # fmt: skip
    body = sprite.puff(outline, 0.75, 1.15)
    red = vary(one_of(rng, ["#d4121f", "#c40f1c", "#e0262a"]), rng)
    pale = step(-0.25, -0.6, body.v) * np.float32(rng.uniform(0.1, 0.5))
    sprite.paint(body, mix(red, rgb("#f0b48c"), pale), gloss=0.35, sharpness=22, window=0.25, wrap=0.35)
    _seeds(sprite, rng, wide)
    _calyx(sprite, rng, -0.55, 0.52, colour="#4d9a2a", count=int(rng.integers(7, 10)), broad=1.6)


def pear(sprite: Sprite, rng: Rng) -> None:
    """A green or yellow pear, freckled."""
    wide = rng.uniform(0.56, 0.64)
    body = sprite.lathe(
        [
            (-0.7, 0.06), (-0.67, 0.16), (-0.5, 0.25), (-0.2, 0.33), (0.15, 0.5), (0.5, wide), (0.8, 0.45),
            (0.92, 0.2), (0.94, 0.02),
        ]
    )  # fmt: skip
    ground = vary(one_of(rng, ["#b5bd3a", "#c9c24a", "#9aae35", "#c8a33c"]), rng)
    red = vary("#b4552a", rng)
    skin = mix(ground, red, step(-0.2, 0.9, body.across + 0.25 * body.noise(rng, (3, 3))) * 0.55)
    skin = mix(skin, rgb("#6b5a22"), _freckles(body, rng, 0.30) * 0.6)
    sprite.paint(body, skin, gloss=0.22, sharpness=24, wrap=0.35)
    _stem(sprite, rng, -0.68, 0.28)
    if rng.random() < 0.4:
        _leaf(sprite, rng, (0.02, -0.78))


# ---- parts ---------------------------------------------------------------------------------------


def _apple_body(sprite: Sprite, rng: Rng) -> Solid:
    wide = rng.uniform(0.8, 0.9)
    t = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    # A circle pressed in at the top and, less, at the bottom; narrower below.
    x = wide * np.sin(t) * (1 - 0.11 * np.clip(-np.cos(t), 0, 1))
    y = -np.cos(t) * 0.8
    y = y + 0.2 * np.exp(-((x / 0.26) ** 2)) * (np.cos(t) > 0)
    y = y - 0.08 * np.exp(-((x / 0.2) ** 2)) * (np.cos(t) < 0) + 0.08
    edge = sprite.polygon(np.column_stack([x, y]))
    solid = sprite.ellipsoid(0, 0.06, wide + 0.03, 0.86)
    whole = np.zeros((sprite.pixels, sprite.pixels), np.float32)
    whole[edge.rows, edge.columns] = edge.cover
    return solid.limited(whole[solid.rows, solid.columns])


def _apple_skin(sprite: Sprite, body: Solid, rng: Rng, ground: str, blush: str) -> None:
    # Streaks run from pole to pole: noise that is long along v.
    streaks = body.noise(rng, (1.6, 26), 3)
    amount = step(-0.9, 1.0, 0.55 * streaks + np.float32(rng.uniform(0.1, 0.7)) + 0.5 * body.across)
    skin = mix(vary(ground, rng), vary(blush, rng), amount)
    skin = mix(skin, rgb("#e8d79a"), _freckles(body, rng, 0.22) * 0.5)
    sprite.paint(body, skin, gloss=0.4, sharpness=36, window=0.3, wrap=0.3)


def _freckles(body: Solid, rng: Rng, share: float) -> Field:
    return step(1.9 - 2 * share, 2.5 - 2 * share, body.noise(rng, (34, 34), 1))


def _dimple(sprite: Sprite, rng: Rng, y: float, reach: float, colour: str = "#3a2a0c") -> None:
    dip = sprite.ellipsoid(0, y, reach, reach * 0.34)
    depth = np.clip(1 - np.sqrt(dip.across**2 + (2 * dip.along - 1) ** 2), 0, 1)
    sprite.stain(dip, rgb(colour) * np.float32(rng.uniform(0.6, 1.0)), step(0.0, 1.0, depth) * 0.85)


def _stem(sprite: Sprite, rng: Rng, y: float, length: float) -> None:
    bend = rng.uniform(-0.14, 0.14)
    points = spline([(0, y + 0.04), (bend * 0.3, y - length * 0.5), (bend, y - length)])
    sprite.paint(
        sprite.tube(points, list(np.linspace(0.026, 0.042, len(points)))), vary("#5d3f1e", rng), gloss=0.1
    )


def _leaf(sprite: Sprite, rng: Rng, root: tuple[float, float] = (0.03, -0.7)) -> None:
    side = 1.0 if rng.random() < 0.5 else -1.0
    length, lift = rng.uniform(0.42, 0.56), rng.uniform(-0.12, 0.16)
    x, y = root
    tip = (x + side * length, y - lift)
    middle = (x + side * length * 0.5, y - lift * 0.5)
    outline = spline(
        [root, (middle[0] - side * 0.08, middle[1] - 0.15), tip, (middle[0] + side * 0.04, middle[1] + 0.12)],
        closed=True,
    )
    sprite.paint(sprite.puff(outline, 0.12, 0.5), vary("#4f8f2a", rng), gloss=0.25, sharpness=18)
    sprite.stain(sprite.line(spline([root, (middle[0], middle[1] - 0.02), tip]), 0.016), rgb("#a5c46b"), 0.7)


def _calyx(
    sprite: Sprite, rng: Rng, y: float, reach: float, *, colour: str, count: int, broad: float = 1.0
) -> None:
    """Sepals seen from slightly above, longest to the sides, and a stub of stem."""
    x = 0.0
    phase = rng.uniform(0, 1)
    shade = sprite.ellipsoid(x, y + 0.05, reach * 0.9, reach * 0.34)
    depth = np.clip(1 - np.sqrt(shade.across**2 + (2 * shade.along - 1) ** 2), 0, 1)
    sprite.darken(shade, depth * 0.55)
    for i in range(count):
        angle = 2 * math.pi * (i + phase) / count
        length = reach * rng.uniform(0.85, 1.1)
        dx, dy = math.cos(angle) * length, math.sin(angle) * length * 0.5
        px, py = -math.sin(angle) * 0.085 * broad, math.cos(angle) * 0.05 * broad
        curl = -0.06 if dy < 0 else 0.06
        outline = spline(
            [
                (x + px * 0.5, y + py * 0.5), (x + dx * 0.5 + px, y + dy * 0.5 + py),
                (x + dx, y + dy + curl), (x + dx * 0.5 - px, y + dy * 0.5 - py), (x - px * 0.5, y - py * 0.5),
            ],
            closed=True, steps=5,
        )  # fmt: skip
        sprite.paint(sprite.puff(outline, 0.07, 0.7), vary(colour, rng, light=0.15), gloss=0.15)
    top = (x + rng.uniform(-0.08, 0.08), y - 0.24)
    sprite.paint(sprite.tube([(x, y), top], [0.045, 0.035]), vary(colour, rng), gloss=0.1)


def _citrus_ball(sprite: Sprite, rng: Rng, centre: tuple[float, float], size: float, code: str) -> None:
    x, y = centre
    ball = sprite.ellipsoid(x, y, size, size * rng.uniform(0.94, 1.0))
    pores = ball.noise(rng, (44 * size, 44 * size), 1)
    colour = vary(code, rng)
    skin = mix(colour, vary("#f6b63c", rng), step(0.8, 2.6, ball.noise(rng, (4, 4))) * 0.5)
    sprite.paint(ball.bumpy(pores, 0.075), skin, gloss=0.28, sharpness=16, wrap=0.35)
    sx, sy = x + rng.uniform(-0.35, 0.35) * size, y - rng.uniform(0.35, 0.72) * size
    pit = sprite.ellipsoid(sx, sy, 0.17 * size, 0.12 * size)
    depth = np.clip(1 - np.sqrt(pit.across**2 + (2 * pit.along - 1) ** 2), 0, 1)
    sprite.darken(pit, depth * 0.5)
    sprite.paint(sprite.ellipsoid(sx, sy, 0.065 * size, 0.05 * size), vary("#6f7a2e", rng), gloss=0)


def _citrus_face(
    sprite: Sprite, rng: Rng, centre: tuple[float, float], size: float, *, skin: str, flesh: str
) -> None:
    """A cut half, its face turned to the viewer."""
    x, y = centre
    flat = rng.uniform(0.86, 1.0)
    sprite.darken(sprite.ellipsoid(x - 0.06, y - 0.06, size * 1.05, size * flat * 1.05), 0.35)
    sprite.paint(sprite.ellipsoid(x, y, size, size * flat), vary(skin, rng), gloss=0.2)
    rind = sprite.polygon(circle(x, y, size * 0.955, size * flat * 0.955))
    sprite.paint(rind, rgb("#fbf3d6"), gloss=0)
    pulp = sprite.polygon(circle(x, y, size * 0.85, size * flat * 0.85))
    du, dv = (pulp.u - x) / size, (pulp.v - y) / (size * flat)
    radius, angle = np.sqrt(du * du + dv * dv), np.arctan2(dv, du)
    count = int(rng.integers(9, 12))
    within = np.abs(((angle / (2 * np.pi) * count + rng.uniform(0, 1)) % 1) - 0.5) * 2
    gap = (1 - within) * radius * np.float32(math.pi / count)
    segment = step(0.012, 0.03, gap) * step(0.05, 0.1, radius)
    fibres = pulp.noise(rng, (26, 26), 2)
    juicy = mix(vary(flesh, rng), vary(skin, rng), np.clip(0.5 + 0.25 * fibres, 0, 1))
    sprite.paint(pulp.bumpy(fibres, 0.08), mix(rgb("#fdf0c4"), juicy, segment), gloss=0.12, sharpness=14)


def _lemon_body(
    sprite: Sprite,
    rng: Rng,
    turn: float,
    *,
    centre: tuple[float, float] = (0.0, 0.0),
    size: float = 1.0,
    code: str = "#f2d21c",
    tips: float = 1.0,
    slim: float = 0.66,
) -> None:
    cx, cy = centre
    c, s = math.cos(turn), math.sin(turn)
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    x = (0.82 * np.cos(t) + tips * 0.14 * np.cos(t) ** 15) * size
    y = slim * np.sin(t) * (1 - 0.18 * tips * np.cos(t) ** 4) * size
    outline = np.column_stack([cx + c * x - s * y, cy + s * x + c * y])
    body = sprite.puff(outline, slim * size * 0.98, 1.15)
    pores = body.noise(rng, (40, 48), 1)
    skin = mix(vary(code, rng), vary("#b9b52c", rng), step(0.6, 2.4, body.noise(rng, (3, 3))) * 0.4)
    sprite.paint(body.bumpy(pores, 0.07), skin, gloss=0.3, sharpness=18, wrap=0.4)
    if tips > 0.5:
        nub = (cx - c * 0.95 * size, cy - s * 0.95 * size)
        sprite.paint(sprite.ellipsoid(*nub, 0.05, 0.05), vary("#7b7a2a", rng), gloss=0)


def _one_banana(sprite: Sprite, rng: Rng, spread: float, skin: Field, ripe: float) -> None:
    """A bent rod, flattened into faces, from the stem at the upper left to the tip at the right."""
    curve = spline(
        [
            (-0.93, -0.46 + spread * 0.1), (-0.8, -0.33 + spread * 0.2), (-0.58, 0.0 + spread * 0.75),
            (-0.15, 0.28 + spread * 1.25), (0.36, 0.26 + spread * 1.35), (0.72, 0.0 + spread * 1.25),
            (0.88, -0.22 + spread * 1.1), (0.9, -0.3 + spread * 1.1),
        ],
        steps=3,
    )  # fmt: skip
    along = np.linspace(0, 1, len(curve))
    radius = np.interp(
        along, [0, 0.1, 0.22, 0.5, 0.78, 0.93, 1], [0.05, 0.055, 0.16, 0.205, 0.17, 0.06, 0.045]
    )
    rod = sprite.tube(curve, list(radius))
    sprite.darken(sprite.line(curve + np.array([0.03, -0.06]), 0.36), 0.3)
    nx, ny, _ = rod.normal
    # Faces: the angle around the rod snaps towards the middle of one of its five sides.
    side = np.arcsin(np.clip(rod.across, -1, 1))
    snapped = side + np.float32(0.16) * np.sin(side * 5)
    squeeze = np.sin(snapped) / np.where(np.abs(rod.across) < 1e-3, 1, rod.across)
    squeeze = np.where(np.abs(rod.across) < 1e-3, 1, squeeze)
    rod.normal = (nx * squeeze, ny * squeeze, np.abs(np.cos(snapped)))
    ends = np.maximum(step(0.16, 0.02, rod.along), step(0.9, 0.99, rod.along))
    colour = mix(coloured(np.ones(rod.shape, np.float32), skin), rgb("#8a9a2c"), ends * 0.55)
    colour = mix(colour, rgb("#4a3315"), step(0.965, 0.98, rod.along))
    edge = np.exp(-(((np.abs(rod.across) - 0.42) / 0.05) ** 2)) * np.float32(0.25)
    colour = mix(colour, rgb("#a4861c"), edge)
    spots = step(2.2 - ripe, 2.6 - ripe, rod.noise(rng, (24, 30), 2))
    colour = mix(colour, rgb("#5b3d14"), spots * np.float32(0.75))
    sprite.paint(rod, colour, gloss=0.16, sharpness=14, wrap=0.35)


def _seeds(sprite: Sprite, rng: Rng, wide: float) -> None:
    """Achenes in a lattice that follows the body, each in its own pit."""
    pits: list[Points] = []
    seeds: list[Points] = []
    row, y = 0, -0.36
    while y < 0.82:
        half = float(np.interp(y, [-0.4, -0.28, 0.2, 0.74, 0.9], [0.6, wide, wide * 0.86, 0.27, 0.06])) * 0.94
        count = max(1, round(half / 0.11))
        for i in range(-count, count + 1):
            angle = (i + (row % 2) * 0.5) / (count + 0.5) * math.pi / 2
            if abs(angle) > 1.45:
                continue
            x = half * math.sin(angle) + rng.uniform(-0.012, 0.012)
            thin = max(0.3, math.cos(angle))
            z = y + rng.uniform(-0.015, 0.015)
            pits.append(circle(x, z, 0.042 * thin, 0.055, 14))
            seeds.append(circle(x, z + 0.006, 0.02 * thin, 0.033, 10))
        y += 0.165
        row += 1
    sprite.darken(sprite.polygons(pits), 0.4)
    sprite.stain(sprite.polygons(seeds), vary("#f0c64a", rng))
