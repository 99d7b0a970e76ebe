"""Things seen under the open sky."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.simulate.drawing.colour import coloured, mix, one_of, rgb, step, vary
from synsetlab.simulate.drawing.geometry import circle, spline

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.simulate.drawing.colour import Field, Rng
    from synsetlab.simulate.drawing.sprite import Sprite

__all__ = ["balloon", "lighthouse", "sailboat", "traffic_light", "umbrella"]

_BRIGHT = [
    "#d7263d",
    "#f4a020",
    "#f6d13a",
    "#2e8b57",
    "#2b6cb0",
    "#6b3fa0",
    "#e85d9a",
    "#f2f0ea",
    "#1f2f4a",
    "#17a2a8",
]


def balloon(sprite: Sprite, rng: Rng) -> None:
    """A hot-air balloon with coloured gores, ropes and a wicker basket."""
    envelope = sprite.lathe(
        [
            (-0.98, 0.05), (-0.94, 0.24), (-0.78, 0.5), (-0.48, 0.69), (-0.16, 0.7), (0.14, 0.52),
            (0.38, 0.28), (0.5, 0.16),
        ]
    )  # fmt: skip
    for x in (-0.13, -0.05, 0.05, 0.13):
        sprite.lay(sprite.line([(x, 0.48), (x * 0.85, 0.82)], 0.012), rgb("#3b3026"))
    mouth = sprite.ellipsoid(0, 0.5, 0.155, 0.035)
    sprite.lay(mouth, rgb("#2a1710"))
    flame = sprite.puff(spline([(0, 0.36), (0.04, 0.56), (0, 0.62), (-0.04, 0.56)], closed=True), 0.05)
    if rng.random() < 0.5:
        sprite.lay(flame, rgb("#ffd873") * np.float32(1.3), 0.9)
    gores = int(rng.choice([8, 10, 12]))
    angle = (envelope.across + 1) / 2 * gores + np.float32(rng.uniform(0, 1))
    picks = [vary(str(c), rng) for c in rng.choice(_BRIGHT, 3, replace=False)]
    style = one_of(rng, ["gores", "bands", "spiral", "zigzag"])
    rows = envelope.along * 6
    index = {
        "gores": np.floor(angle),
        "bands": np.floor(rows),
        "spiral": np.floor(angle + envelope.along * 5),
        "zigzag": np.floor(rows + np.abs((angle % 2) - 1) * 1.2),
    }[style]
    colour = np.stack(picks)[index.astype(int) % 3]
    seam = np.abs((angle % 1) - 0.5)
    envelope.normal = _puffed(envelope.normal, (angle % 1) - 0.5)
    sprite.paint(envelope, colour * (1 - 0.35 * step(0.44, 0.5, seam))[..., None], gloss=0.15, sharpness=12)
    sprite.darken(envelope, step(0.86, 1.0, envelope.along) * 0.4)
    basket = sprite.lathe([(0.8, 0.135), (0.9, 0.13), (0.99, 0.11)])
    weave = np.sin(basket.along * 26) * np.sin(basket.across * 22)
    sprite.paint(basket, mix(vary("#8a5a2b", rng), rgb("#4c2d12"), step(-0.2, 0.4, weave) * 0.5), gloss=0.05)
    sprite.paint(sprite.tube([(-0.135, 0.8), (0.135, 0.8)], 0.02), rgb("#5d3b1b"), gloss=0.1)


def sailboat(sprite: Sprite, rng: Rng) -> None:
    """A small boat with mast, mainsail and jib; its water line is at the bottom."""
    hull = vary(one_of(rng, ["#f3f1ea", "#f3f1ea", "#23406b", "#a8322a", "#2f6b5b", "#7a4a26"]), rng)
    cloth = vary(
        one_of(rng, ["#fbf7ec", "#fbf7ec", "#fbf7ec", "#d9402f", "#f0b94a", "#c96a35"]), rng, light=0.03
    )
    lean = rng.uniform(-0.08, 0.08)
    sprite.paint(sprite.tube([(0.02, 0.62), (0.02 + lean, -0.98)], 0.018), vary("#8c6a43", rng), gloss=0.2)
    sprite.paint(sprite.tube([(0.02, 0.44), (0.66, 0.46)], 0.016), vary("#8c6a43", rng), gloss=0.2)
    belly = rng.uniform(0.03, 0.1)
    main = np.vstack(
        [
            spline([(0.05 + lean, -0.93), (0.34 + belly, -0.3), (0.66, 0.42)]),
            spline([(0.66, 0.42), (0.36, 0.45), (0.05, 0.4)]),
        ]
    )
    _sail(sprite, rng, main, cloth, 1.0)
    fore = np.vstack(
        [
            spline([(lean * 0.9 - 0.01, -0.8), (-0.22 - belly * 0.4, -0.15), (-0.68, 0.5)]),
            spline([(-0.68, 0.5), (-0.32, 0.46), (-0.06, 0.38)]),
            spline([(-0.06, 0.38), (-0.06, -0.2), (lean * 0.9 - 0.01, -0.8)]),
        ]
    )
    other = vary(one_of(rng, _BRIGHT), rng) if rng.random() < 0.35 else cloth
    _sail(sprite, rng, fore, other, -1.0)
    shape = np.vstack(
        [
            spline([(-0.84, 0.54), (-0.3, 0.6), (0.3, 0.6), (0.8, 0.56)]),
            spline([(0.8, 0.56), (0.74, 0.78), (0.64, 0.9)]),
            spline([(0.64, 0.9), (0.0, 0.93), (-0.5, 0.88)]),
            spline([(-0.5, 0.88), (-0.7, 0.74), (-0.84, 0.54)]),
        ]
    )
    body = sprite.puff(shape, 0.22, 0.9)
    stripe = step(0.63, 0.635, body.v) * step(0.68, 0.675, body.v)
    low = step(0.82, 0.825, body.v)
    colour = mix(mix(hull, vary("#b3392c", rng), stripe), vary("#7d2a22", rng), low)
    sprite.paint(body, colour, gloss=0.3, sharpness=20)
    cabin = sprite.puff([(-0.26, 0.6), (-0.2, 0.5), (0.22, 0.5), (0.3, 0.6)], 0.06)
    sprite.paint(cabin, rgb("#e8e2d2"), gloss=0.2)
    for x in (-0.12, 0.02, 0.16):
        sprite.lay(sprite.polygon(circle(x, 0.555, 0.035, 0.024)), rgb("#22384a"))


def lighthouse(sprite: Sprite, rng: Rng) -> None:
    """A tower on a rock: stripes, gallery, lantern and dome."""
    white, paint = (
        vary("#f3f0e8", rng, light=0.03),
        vary(one_of(rng, ["#c8242e", "#c8242e", "#1f3f73", "#2a2a2e"]), rng),
    )
    top, low = -0.42, 0.74
    tower = sprite.lathe([(top, 0.16), (0.1, 0.2), (low + 0.04, rng.uniform(0.26, 0.31))])
    bands = int(rng.integers(4, 7))
    twist = 1.0 if rng.random() < 0.3 else 0.0
    place = tower.along * bands + twist * tower.across * 0.6
    stripe = step(0.48, 0.52, np.abs((place % 2) - 1))
    plaster = np.clip(1 + 0.05 * tower.noise(rng, (12, 5)), 0.7, 1.2)[..., None]
    sprite.paint(tower, mix(white, paint, stripe) * plaster, gloss=0.06, wrap=0.15)
    for y in (-0.2, 0.12, 0.42):
        sprite.stain(
            sprite.polygon([(-0.03, y), (0.03, y), (0.03, y + 0.09), (-0.03, y + 0.09)]), rgb("#20262e")
        )
    door = [(-0.06, 0.76), (-0.06, 0.62), *circle(0, 0.62, 0.06, steps=20)[10:], (0.06, 0.62), (0.06, 0.76)]
    sprite.stain(sprite.polygon(door), rgb("#5b3320"))
    sprite.darken(sprite.ellipsoid(0, top + 0.05, 0.2, 0.06), 0.5)
    deck = sprite.lathe([(top - 0.05, 0.25), (top, 0.25), (top + 0.03, 0.17)])
    sprite.paint(deck, rgb("#3a3f47"), gloss=0.1)
    room = sprite.lathe([(-0.7, 0.13), (top - 0.04, 0.13)])
    lit = rgb("#ffe9a0") * np.float32(rng.uniform(0.9, 1.5))
    glass = mix(rgb("#5d7f94"), lit, np.exp(-((room.across / 0.5) ** 2)))
    bars = step(0.42, 0.5, np.abs((room.across * 3) % 1 - 0.5))
    sprite.lay(room, mix(glass, rgb("#25282d"), bars))
    for x in np.linspace(-0.24, 0.24, 9):
        sprite.lay(sprite.line([(x, top - 0.04), (x, top - 0.15)], 0.009), rgb("#2d3138"))
    sprite.lay(sprite.line([(-0.245, top - 0.15), (0.245, top - 0.15)], 0.014), rgb("#2d3138"))
    dome = sprite.lathe([(-0.86, 0.02), (-0.83, 0.07), (-0.76, 0.13), (-0.69, 0.165)])
    sprite.paint(dome, paint, gloss=0.35, sharpness=30)
    sprite.lay(sprite.line([(0, -0.98), (0, -0.84)], 0.015), rgb("#2d3138"))
    _rock(sprite, rng)


def traffic_light(sprite: Sprite, rng: Rng) -> None:
    """Three lamps in a housing on a pole, one of them lit."""
    shell = vary(one_of(rng, ["#1e2124", "#23302a", "#d9a21b", "#1e2124"]), rng)
    sprite.paint(sprite.tube([(0, 0.6), (0, 1.5)], 0.075), vary("#6d7278", rng), gloss=0.35)
    if rng.random() < 0.5:
        board = _rounded(-0.47, -1.0, 0.47, 0.78, 0.1)
        sprite.paint(sprite.polygon(board), rgb("#17191b"), gloss=0.1)
    box = sprite.puff(_rounded(-0.34, -0.94, 0.34, 0.72, 0.14), 0.1, 0.8)
    sprite.paint(box, shell, gloss=0.25, sharpness=20)
    burning = int(rng.integers(3))
    lamps = ["#ff2a1c", "#ffb319", "#19e07a"]
    for i, y in enumerate((-0.64, -0.11, 0.42)):
        sprite.lay(sprite.polygon(circle(0, y, 0.25)), rgb("#0b0c0d"))
        lens = sprite.ellipsoid(0, y, 0.21, 0.21)
        colour = vary(lamps[i], rng)
        if i == burning:
            ring = np.sqrt(lens.across**2 + (2 * lens.along - 1) ** 2)
            sprite.lay(
                lens, mix(colour * np.float32(1.25), rgb("#fffbe0") * np.float32(1.1), step(0.75, 0.0, ring))
            )
            halo = sprite.ellipsoid(0, y, 0.5, 0.5)
            far = np.sqrt(halo.across**2 + (2 * halo.along - 1) ** 2)
            sprite.lay(halo, colour * np.float32(1.2), np.clip(1 - far, 0, 1) ** 2 * 0.55)
        else:
            sprite.paint(lens, colour * np.float32(0.16), gloss=0.5, sharpness=30)
        outer, inner = circle(0, y - 0.01, 0.275), circle(0, y + 0.035, 0.25)
        visor = np.vstack([outer[22:], outer[:3], inner[2::-1], inner[:21:-1]])
        sprite.paint(sprite.puff(visor, 0.05), shell * np.float32(0.8), gloss=0.2)


def umbrella(sprite: Sprite, rng: Rng) -> None:
    """An open umbrella: panelled canopy, shaft and crook."""
    first = vary(one_of(rng, _BRIGHT), rng)
    second = vary(one_of(rng, _BRIGHT), rng) if rng.random() < 0.5 else first
    crook = [(0, 0.3), (0, 0.78), (0.02, 0.88), (0.1, 0.94), (0.19, 0.9), (0.21, 0.8)]
    sprite.paint(sprite.tube([(0, -0.8), (0, 0.6)], 0.018), rgb("#b9bcc0"), gloss=0.6)
    sprite.paint(sprite.tube(spline(crook[1:]), 0.042), vary("#6b3c1c", rng), gloss=0.45)
    sprite.paint(sprite.tube([(0, 0.52), (0, 0.8)], 0.042), vary("#6b3c1c", rng), gloss=0.45)
    panels, top, base, wide = 8, -0.82, 0.06, 0.97
    sag = rng.uniform(0.13, 0.19)
    _underside(sprite, first, base, wide, sag)
    ribs = np.sin(np.linspace(-np.pi / 2, np.pi / 2, panels // 2 + 1 + int(rng.integers(2)))) * wide
    for i in range(len(ribs) - 1):
        _panel(sprite, (float(ribs[i]), float(ribs[i + 1])), top, base, first if i % 2 else second)
    for x in ribs[1:-1]:
        sprite.darken(sprite.line(_rib(float(x), top, base), 0.012), 0.45)
    for x in ribs:
        sprite.lay(
            sprite.line([(float(x), base - 0.01), (float(x) * 1.005, base + 0.04)], 0.022), rgb("#d0d0d0")
        )
    sprite.paint(sprite.tube([(0, top - 0.14), (0, top + 0.02)], 0.02), rgb("#8d8f94"), gloss=0.6)


# ---- parts ---------------------------------------------------------------------------------------


def _puffed(normal: tuple[Field, Field, Field], place: Field) -> tuple[Field, Field, Field]:
    """Let every gore (place -0.5..0.5 across it) bulge a little."""
    x, y, z = normal
    x = x + np.float32(0.55) * place
    size = np.sqrt(x * x + y * y + z * z) + np.float32(1e-6)
    return x / size, y / size, z / size


def _sail(sprite: Sprite, rng: Rng, outline: npt.NDArray[np.float64], cloth: Field, side: float) -> None:
    sail = sprite.polygon(outline)
    bend = np.float32(side * rng.uniform(0.5, 0.9)) * (sail.u - np.float32(outline[:, 0].mean()))
    nz = np.sqrt(np.clip(1 - bend * bend, 0.1, 1))
    sail.normal = (bend, np.full(sail.shape, -0.15, np.float32), nz)
    seam = step(0.42, 0.5, np.abs((sail.v * 5 + sail.u * np.float32(side) * 0.8) % 1 - 0.5))
    sprite.paint(sail, coloured(1 - 0.12 * seam, cloth), gloss=0.05, wrap=0.6)
    sprite.darken(sprite.line(np.vstack([outline, outline[:1]]), 0.008), 0.3)


def _rock(sprite: Sprite, rng: Rng) -> None:
    x = np.linspace(-0.72, 0.72, 15)
    y = 0.95 - 0.24 * np.cos(x / 0.72 * np.pi / 2) ** 0.7 + rng.uniform(-0.035, 0.035, 15)
    rock = sprite.puff(np.vstack([np.column_stack([x, y]), [(0.74, 1.0), (-0.74, 1.0)]]), 0.2, 0.9)
    rough = rock.noise(rng, (5, 16), 4)
    colour = mix(vary("#6d655c", rng), rgb("#a3998a"), step(-1, 1.5, rough))
    sprite.paint(rock.bumpy(rough, 0.5), colour, gloss=0.05)


def _rounded(
    left: float, top: float, right: float, bottom: float, radius: float
) -> list[tuple[float, float]]:
    points = []
    for cx, cy, start in (
        (right - radius, top + radius, -90), (right - radius, bottom - radius, 0),
        (left + radius, bottom - radius, 90), (left + radius, top + radius, 180),
    ):  # fmt: skip
        for k in range(7):
            a = math.radians(start + 15 * k)
            points.append((cx + radius * math.cos(a), cy + radius * math.sin(a)))
    return points


def _rib(x: float, top: float, base: float) -> list[tuple[float, float]]:
    t = np.linspace(0, np.pi / 2, 14)
    return [(x * math.sin(a), base + (top - base) * math.cos(a)) for a in t]


def _panel(sprite: Sprite, sides: tuple[float, float], top: float, base: float, colour: Field) -> None:
    left, right = sides
    hem = [(right + (left - right) * k / 8, base - 0.085 * math.sin(math.pi * k / 8)) for k in range(1, 8)]
    outline = [*_rib(left, top, base), *hem[::-1], *_rib(right, top, base)[::-1]]
    face = sprite.polygon(outline)
    x = np.clip(face.u / 0.97, -0.98, 0.98)
    y = np.clip((face.v - base) / (base - top), -1, 0)
    bulge = (face.u - np.float32((left + right) / 2)) / np.float32(right - left)
    nx, ny = x * 0.7 + bulge * 0.45, y * 0.75
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.03, 1))
    face.normal = (nx, ny, nz)
    sprite.paint(face, colour, gloss=0.18, sharpness=14, wrap=0.35)


def _underside(sprite: Sprite, colour: Field, base: float, wide: float, sag: float) -> None:
    inner = sprite.ellipsoid(0, base - 0.05, wide * 0.98, sag)
    sprite.lay(inner, colour * np.float32(0.16))
    for x in np.linspace(-0.8, 0.8, 5):
        sprite.lay(sprite.line([(0, base - 0.12), (x, base + 0.02)], 0.01), rgb("#8d8f94"))
