"""Plants and fungi."""

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
    from synsetlab.simulate.drawing.sprite import Solid, Sprite

__all__ = ["cactus", "fly_agaric", "sunflower"]


def sunflower(sprite: Sprite, rng: Rng) -> None:
    """A flower head, full face or turned a little away, on a stem with leaves."""
    x, y = 0.0, -0.22
    reach = rng.uniform(0.7, 0.76)
    flat = rng.uniform(0.78, 1.0)
    bend = rng.uniform(-0.15, 0.15)
    stem = spline([(x, y), (bend * 0.5, 0.45), (bend, 1.3)])
    sprite.paint(sprite.tube(stem, 0.05), vary("#5d8a2e", rng), gloss=0.1)
    for side in (-1, 1):
        if rng.random() < 0.85:
            _broad_leaf(sprite, rng, bend * 0.6, rng.uniform(0.55, 0.8), side)
    gold = one_of(rng, ["#f7c20f", "#f9d12a", "#f2a90c"])
    count = int(rng.integers(17, 23))
    for ring, (length, colour) in enumerate(((1.0, "#dd9a08"), (0.94, gold))):
        phase = rng.uniform(0, 1)
        order = rng.permutation(count)
        for k in order:
            angle = 2 * math.pi * (k + phase + ring * 0.5) / count
            _petal(
                sprite,
                rng,
                (x, y),
                angle,
                length=reach * length * rng.uniform(0.9, 1.06),
                flat=flat,
                code=colour,
            )
    _seed_head(sprite, rng, (x, y), reach * rng.uniform(0.43, 0.5), flat)


def cactus(sprite: Sprite, rng: Rng) -> None:
    """A ribbed column with arms, in the desert or in a pot."""
    green = vary(one_of(rng, ["#4f8a3c", "#3f7d46", "#6b9a4a", "#2f6f4a"]), rng)
    pot = rng.random() < 0.5
    foot = 0.5 if pot else 0.98
    wide = rng.uniform(0.19, 0.25)
    for side in (-1, 1):
        if rng.random() < 0.85:
            low, reach = rng.uniform(-0.02, 0.3), rng.uniform(0.42, 0.56)
            top = low - rng.uniform(0.35, 0.6)
            arm = spline(
                [
                    (side * 0.1, low + 0.06), (side * reach * 0.7, low + 0.06), (side * reach, low - 0.08),
                    (side * reach, top),
                ]
            )  # fmt: skip
            _ribbed(sprite, arm, wide * 0.62, green, 4)
    trunk = [(0.0, foot), (0.01, 0.1), (rng.uniform(-0.03, 0.03), -0.92 + wide)]
    _ribbed(sprite, spline(trunk), wide, green, 6)
    if rng.random() < 0.55:
        _blossom(sprite, rng, 0.0, -0.9)
    if pot:
        _pot(sprite, rng)


def fly_agaric(sprite: Sprite, rng: Rng) -> None:
    """A red cap with white warts on a white stem with a ring."""
    young = rng.random() < 0.3
    tall = rng.uniform(-0.2, -0.05)
    lean = rng.uniform(-0.08, 0.08)
    cap_y, wide, high = tall, rng.uniform(0.74, 0.86), rng.uniform(0.5, 0.66)
    if young:
        wide, high = 0.58, 0.6
    stem = sprite.lathe([(cap_y, 0.14), (0.2, 0.15), (0.6, 0.17), (0.82, 0.25), (0.95, 0.22), (0.99, 0.1)])
    fibres = stem.noise(rng, (2, 22), 3)
    ivory = mix(rgb("#f6f0df"), rgb("#c9b894"), step(0.0, 2.0, fibres) * 0.5)
    sprite.paint(stem.bumpy(fibres, 0.15), ivory, gloss=0.05, wrap=0.3)
    sprite.darken(sprite.ellipsoid(0, cap_y + 0.12, 0.22, 0.2), 0.3)
    gills = sprite.ellipsoid(lean, cap_y, wide * 0.97, 0.15)
    ray = np.sin(np.arctan2((2 * gills.along - 1) * 0.25, gills.across) * 70)
    sprite.lay(gills, mix(rgb("#d9cba8"), rgb("#8f7f5e"), step(-0.4, 0.8, ray) * 0.7))
    skirt = sprite.lathe([(cap_y + 0.2, 0.13), (cap_y + 0.3, 0.2), (cap_y + 0.36, 0.25)])
    sprite.paint(skirt, rgb("#f3ecd8"), gloss=0.05)
    _cap(sprite, rng, (lean, cap_y), wide, high)


# ---- parts ---------------------------------------------------------------------------------------


def _petal(
    sprite: Sprite,
    rng: Rng,
    root: tuple[float, float],
    angle: float,
    *,
    length: float,
    flat: float,
    code: str,
) -> None:
    angle += rng.uniform(-0.06, 0.06)
    dx, dy = math.cos(angle), math.sin(angle)
    wide = rng.uniform(0.075, 0.1)
    outline = [
        (root[0] + (dx * a - dy * b) * length, root[1] + (dy * a + dx * b) * length * flat)
        for a, b in ((0.3, 0), (0.55, wide), (0.8, wide * 0.85), (1.0, 0), (0.8, -wide * 0.85), (0.55, -wide))
    ]
    face = sprite.polygon(spline(outline, closed=True, steps=5))
    along = ((face.u - root[0]) * dx + (face.v - root[1]) / flat * dy) / length
    across = (-(face.u - root[0]) * dy + (face.v - root[1]) / flat * dx) / (length * wide)
    bend = np.clip(across, -1, 1) * 0.6
    tip = np.clip(along - 0.6, 0, 1) * 0.9
    nx, ny = -dy * bend + dx * tip, dx * bend + dy * tip
    face.normal = (nx, ny, np.sqrt(np.clip(1 - nx * nx - ny * ny, 0.05, 1)))
    colour = mix(vary(code, rng, light=0.06), rgb("#c46a08"), step(0.62, 0.36, along) * 0.7)
    vein = np.exp(-((across / 0.16) ** 2)) * np.float32(0.18)
    sprite.paint(face, colour * (1 - vein)[..., None], gloss=0.08, wrap=0.45)
    rim = step(0.6, 0.95, np.abs(across)) * np.float32(0.22)
    sprite.darken(face, rim)


def _seed_head(sprite: Sprite, rng: Rng, centre: tuple[float, float], size: float, flat: float) -> None:
    x, y = centre
    disk = sprite.ellipsoid(x, y, size, size * flat)
    radius = np.sqrt(disk.across**2 + (2 * disk.along - 1) ** 2)
    tilt = (radius - 0.55) * 0.7
    disk.normal = (
        disk.across * tilt,
        (2 * disk.along - 1) * tilt,
        np.full(disk.shape, 0.9, np.float32),
    )
    brown, rim = vary("#3d220d", rng), vary("#8a5212", rng)
    sprite.darken(sprite.ellipsoid(x, y, size * 1.12, size * flat * 1.12), 0.35)
    sprite.paint(disk, mix(brown, rim, step(0.45, 0.95, radius) * 0.9), gloss=0.05)
    golden = math.pi * (3 - math.sqrt(5))
    count = 210 if sprite.pixels > 140 else 90
    grow = size * 0.97 / math.sqrt(count)
    bright, dull = vary("#c98a22", rng), vary("#1c0f06", rng)
    seeds: tuple[list[Points], list[Points]] = ([], [])
    for k in range(count):
        r, a = grow * math.sqrt(k + 0.5), k * golden
        dot = size * (0.035 + 0.012 * r / size) * (1.5 if count < 100 else 1.0)
        outline = circle(x + r * math.cos(a), y + r * math.sin(a) * flat, dot, dot * flat, 7)
        seeds[1 if r > size * 0.5 and k % 2 else 0].append(outline)
    for outlines, tone in zip(seeds, (dull, bright), strict=True):
        sprite.stain(sprite.polygons(outlines), tone, 0.75)


def _broad_leaf(sprite: Sprite, rng: Rng, x: float, y: float, side: int) -> None:
    length = rng.uniform(0.55, 0.75)
    drop = rng.uniform(-0.12, 0.2)
    tip = (x + side * length, y + drop)
    outline = spline(
        [
            (x, y), (x + side * length * 0.28, y - 0.2 + drop * 0.2),
            (x + side * length * 0.62, y - 0.14 + drop * 0.6),
            tip, (x + side * length * 0.6, y + 0.16 + drop * 0.7),
            (x + side * length * 0.25, y + 0.16 + drop * 0.3),
        ],
        closed=True,
    )  # fmt: skip
    sprite.paint(sprite.puff(outline, 0.14, 0.45), vary("#4c8a2c", rng), gloss=0.15, sharpness=14)
    vein = rgb("#9dc06a")
    sprite.stain(sprite.line([(x, y), tip], 0.016), vein, 0.6)
    for share in (0.3, 0.5, 0.7):
        px, py = x + side * length * share, y + drop * share
        for lift in (-1, 1):
            end = (px + side * 0.12, py + lift * 0.12 * (1.1 - share))
            sprite.stain(sprite.line([(px, py), end], 0.009), vein, 0.45)


def _ribbed(sprite: Sprite, path: npt.NDArray[np.float64], radius: float, green: Field, ribs: int) -> None:
    body: Solid = sprite.tube(path, radius)
    angle = np.arcsin(np.clip(body.across, -0.999, 0.999))
    wave = np.sin(angle * ribs)
    groove = step(0.2, -0.9, wave)
    nx, ny, nz = body.normal
    swing = np.float32(0.5) * np.cos(angle * ribs)
    lean = np.sqrt(nx * nx + ny * ny) + np.float32(1e-4)
    nx, ny = nx + swing * nx / lean * np.sign(body.across), ny + swing * ny / lean * np.sign(body.across)
    size = np.sqrt(nx * nx + ny * ny + nz * nz) + np.float32(1e-6)
    body.normal = (nx / size, ny / size, nz / size)
    colour = mix(green, green * np.float32(0.35), groove * 0.8)
    sprite.paint(body, colour, gloss=0.12, sharpness=12, wrap=0.25)
    rows = float(np.hypot(*(path[1:] - path[:-1]).T).sum()) / 0.085
    spine = step(0.75, 0.95, wave) * step(0.28, 0.18, np.abs((body.along * np.float32(rows)) % 1 - 0.5))
    sprite.stain(body, rgb("#f2ecd0"), spine * np.float32(0.85))
    spines: list[Points] = []
    for k in range(int(rows)):
        share = (k + 0.5) / rows
        i = min(len(path) - 2, int(share * (len(path) - 1)))
        px, py = path[i]
        dx, dy = path[i + 1] - path[i]
        ox, oy = -dy / math.hypot(dx, dy), dx / math.hypot(dx, dy)
        for side in (-1, 1):
            x, y = px + side * ox * radius * 0.97, py + side * oy * radius * 0.97
            spines.append([(x, y), (x + side * ox * 0.055, y + side * oy * 0.055 - 0.02)])
    sprite.lay(sprite.lines(spines, 0.008), rgb("#efe8c8"), 0.7)


def _blossom(sprite: Sprite, rng: Rng, x: float, y: float) -> None:
    code = one_of(rng, ["#e8438a", "#f2f0ea", "#f0a92a"])
    for angle in (-2.7, -0.45, -2.2, -0.95, -1.57):
        dx, dy = math.cos(angle), math.sin(angle)
        outline = [
            (x + (dx * a - dy * b) * 0.17, y + (dy * a + dx * b) * 0.17 + 0.03)
            for a, b in ((0, 0), (0.5, 0.3), (1, 0), (0.5, -0.3))
        ]
        sprite.paint(sprite.puff(spline(outline, closed=True), 0.05), vary(code, rng), gloss=0.1)
    sprite.paint(sprite.ellipsoid(x, y, 0.035, 0.03), rgb("#f6d13a"), gloss=0)


def _pot(sprite: Sprite, rng: Rng) -> None:
    clay = vary(one_of(rng, ["#b8623a", "#b8623a", "#e6e0d2", "#3f6f8f"]), rng)
    body = sprite.lathe([(0.52, 0.36), (0.99, 0.26)])
    sprite.paint(body, clay, gloss=0.08)
    sprite.darken(sprite.ellipsoid(0, 0.63, 0.37, 0.05), 0.4)
    rim = sprite.lathe([(0.46, 0.42), (0.6, 0.41)])
    sag = 0.07 * np.sqrt(np.clip(1 - (rim.u / np.float32(0.42)) ** 2, 0, 1))
    sprite.paint(rim.limited(sprite.inside(np.float32(0.46) + 0.3 * sag - rim.v)), clay, gloss=0.1)


def _cap(sprite: Sprite, rng: Rng, centre: tuple[float, float], wide: float, high: float) -> None:
    cx, cy = centre
    dome = sprite.ellipsoid(cx, cy + 0.02, wide, high)
    under = 0.1 * np.sqrt(np.clip(1 - ((dome.u - cx) / np.float32(wide)) ** 2, 0, 1))
    dome = dome.limited(sprite.inside(dome.v - np.float32(cy) - under))
    red = vary(one_of(rng, ["#d3161b", "#c40f16", "#e03a1c"]), rng)
    colour = mix(red, vary("#f08a3a", rng), step(0.3, -0.1, cy + under - dome.v) * 0.35)
    sprite.paint(dome, colour, gloss=0.4, sharpness=40, window=0.25, wrap=0.3)
    count = int(rng.integers(16, 26))
    golden = math.pi * (3 - math.sqrt(5))
    for k in range(count * 2):
        # Evenly over a ball; the warts on its front and upper half are seen.
        z = 1 - (k + 0.5) / count
        a = k * golden + rng.uniform(-0.2, 0.2)
        ring = math.sqrt(max(0.0, 1 - z * z))
        px, py, pz = ring * math.cos(a), -z, ring * math.sin(a)
        if pz < 0.05 or py > 0.02:
            continue
        size = rng.uniform(0.045, 0.085)
        x, y = cx + px * wide * 0.97, cy + 0.02 + py * high * 0.97
        w, h = size * max(0.45, math.sqrt(1 - px * px)), size * max(0.45, math.sqrt(1 - py * py))
        points = circle(x, y, w, h, 9) * np.float64(1)
        points += rng.uniform(-0.012, 0.012, points.shape)
        sprite.darken(sprite.ellipsoid(x + 0.01, y + 0.02, w * 1.2, h * 1.2), 0.3)
        sprite.paint(
            sprite.puff(spline(points, closed=True, steps=3), size, 0.7), rgb("#fbf6e6"), gloss=0.05, wrap=0.5
        )
