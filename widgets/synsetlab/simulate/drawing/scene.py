"""Put objects before a backdrop: pose, shadow, depth of field, company, things in the way, film."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from synsetlab.simulate.drawing.backdrop import Backdrop
from synsetlab.simulate.drawing.backdrops import BACKDROPS
from synsetlab.simulate.drawing.catalogue import DRAWINGS, Drawing
from synsetlab.simulate.drawing.colour import one_of, to_image, vary
from synsetlab.simulate.drawing.sprite import Sprite

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.simulate.drawing.colour import Field, Rng

__all__ = ["Take", "draw_scene"]

_SIZES = (
    (480, 360), (500, 375), (448, 336), (512, 384), (360, 480), (375, 500),
    (400, 400), (540, 360), (600, 400), (360, 540), (320, 320), (640, 400),
)  # fmt: skip
_BACKDROP_SCALE = 0.75


@dataclass(frozen=True, slots=True)
class Take:
    """How a scene is taken, where it differs from a plain good photograph."""

    paint: Callable[[Sprite, Rng], None] | None = None
    """Draw this instead of the synset's own object (a half-way look-alike)."""
    tiny: bool = False
    """So far away that it is a few pixels wide."""
    hidden: bool = False
    """Mostly out of the picture or behind something."""
    blurred: bool = False
    """Badly out of focus."""
    avoid: tuple[str, ...] = ()
    """wnids that must not stand beside it."""


@dataclass(slots=True, eq=False)
class _Layer:
    """A drawn object with transparency, cut to what it covers, and where it goes (left, top)."""

    colour: Field
    alpha: Field
    left: int
    top: int


def draw_scene(wnid: str, rng: Rng, take: Take | None = None) -> Image.Image:
    """Draw one RGB picture, 320 to 640 pixels wide, in which the synset `wnid` is to be seen.

    The same generator state gives the same pixels. KeyError for a wnid that
    :data:`~synsetlab.simulate.drawing.catalogue.DRAWINGS` does not have.
    """
    take = take or Take()
    drawing = DRAWINGS[wnid]
    width, height = _SIZES[int(rng.integers(len(_SIZES)))]
    setting = one_of(rng, drawing.settings)
    backdrop = _backdrop(setting, (height, width), rng)
    picture = backdrop.colour
    several = not take.tiny and not take.hidden and rng.random() < drawing.company
    if several:
        for _ in range(int(rng.integers(1, 4))):
            _add(picture, backdrop, drawing, rng, take, share=rng.uniform(0.45, 0.8), behind=True)
    elif setting in ("table", "cloth", "studio") and "cloth" in drawing.settings and rng.random() < 0.45:
        other = _companion(drawing, rng, take.avoid)
        _add(picture, backdrop, other, rng, Take(), share=rng.uniform(0.5, 0.85), behind=True)
    _add(picture, backdrop, drawing, rng, take, share=rng.uniform(0.72, 0.9) if several else 1.0)
    if take.hidden or rng.random() < 0.12:
        _something_in_the_way(picture, rng, heavy=take.hidden)
    return _develop(picture, rng, take.blurred)


def _backdrop(setting: str, shape: tuple[int, int], rng: Rng) -> Backdrop:
    """Backdrops are soft: drawn smaller and enlarged they cost half."""
    small = (round(shape[0] * _BACKDROP_SCALE), round(shape[1] * _BACKDROP_SCALE))
    drawn = BACKDROPS[setting](small, rng)
    bands = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(drawn.colour[..., i], np.float32)).resize(
                (shape[1], shape[0]), Image.Resampling.BICUBIC
            )
        )
        for i in range(3)
    ]
    return Backdrop(np.stack(bands, axis=-1), drawn.light, drawn.horizon / _BACKDROP_SCALE)


def _companion(drawing: Drawing, rng: Rng, avoid: tuple[str, ...]) -> Drawing:
    """Another thing of the kitchen."""
    fitting = [
        d
        for d in DRAWINGS.values()
        if "cloth" in d.settings and d.wnid != drawing.wnid and d.wnid not in avoid
    ]
    return fitting[int(rng.integers(len(fitting)))]


def _add(
    picture: Field,
    backdrop: Backdrop,
    drawing: Drawing,
    rng: Rng,
    take: Take,
    *,
    share: float,
    behind: bool = False,
) -> None:
    """Draw one object and lay it, with its shadow, over the picture (in place)."""
    height, width = picture.shape[:2]
    side = min(height, width)
    size = rng.uniform(*drawing.size) * share * side
    if take.tiny:
        size = side * rng.uniform(0.05, 0.09)
    layer = _draw(drawing, take.paint or drawing.paint, size, backdrop, rng)
    _place(layer, drawing, backdrop, shape=(height, width), rng=rng, take=take, behind=behind)
    if behind:
        layer = _out_of_focus(layer, rng.uniform(0.8, 2.2))
    _shadow(picture, layer, drawing, backdrop)
    _lay(picture, layer)


def _draw(
    drawing: Drawing, paint: Callable[[Sprite, Rng], None], size: float, backdrop: Backdrop, rng: Rng
) -> _Layer:
    """Draw the object `size` pixels high, small ones larger and then reduced."""
    enlarged = 2.0 if size < 110 else 1.25
    pixels = max(32, round(size * enlarged * 1.08))
    angle = rng.uniform(-drawing.tilt, drawing.tilt)
    mirror = drawing.mirror and rng.random() < 0.5
    sprite = Sprite(pixels, backdrop.light, angle=float(angle), mirror=bool(mirror))
    paint(sprite, rng)
    target = max(6, round(pixels / enlarged))
    planes = [sprite.colour[..., 0], sprite.colour[..., 1], sprite.colour[..., 2], sprite.alpha]
    reduced = [
        np.array(
            Image.fromarray(np.ascontiguousarray(p)).resize((target, target), Image.Resampling.LANCZOS),
            np.float32,
        )
        for p in planes
    ]
    alpha = np.clip(reduced[3], 0, 1)
    colour = np.clip(np.stack(reduced[:3], axis=-1), 0, None)
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.02), np.flatnonzero(alpha.max(axis=0) > 0.02)
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return _Layer(colour[box], alpha[box], 0, 0)


def _place(
    layer: _Layer,
    drawing: Drawing,
    backdrop: Backdrop,
    *,
    shape: tuple[int, int],
    rng: Rng,
    take: Take,
    behind: bool,
) -> None:
    """Choose where the object goes, by how it rests."""
    height, width = shape
    high, wide = layer.alpha.shape
    slack_x, slack_y = width - wide, height - high
    x = rng.uniform(0.0, 1.0) if behind else float(np.clip(rng.normal(0.5, 0.18), 0.06, 0.94))
    y = float(np.clip(rng.normal(0.5, 0.2), 0.04, 0.96))
    left, top = x * slack_x, y * slack_y
    grounded = math.isfinite(backdrop.horizon)
    if drawing.rests == "rooted":
        _lengthen(layer, height)
        top = height - layer.alpha.shape[0]
    elif grounded and drawing.rests in ("stands", "floats", "lies"):
        near = rng.uniform(0.1, 0.4) if behind else rng.uniform(0.45, 0.92)
        first = max(backdrop.horizon, 0.0)
        foot = first + (height - first) * near
        if drawing.rests == "floats":
            foot = first + (height - first) * (near * 0.6 if behind else near)
        top = max(foot - high, min(0.02 * height, foot - high) if take.tiny else 0.01 * height)
        if drawing.rests == "lies" and backdrop.horizon < 0:
            top = y * slack_y
    if take.hidden:
        side = rng.choice([-1.0, 1.0])
        left = -wide * rng.uniform(0.62, 0.74) if side < 0 else width - wide * rng.uniform(0.26, 0.38)
    layer.left, layer.top = round(left), round(top)


def _lengthen(layer: _Layer, height: int) -> None:
    """Let a stem or pole that is cut off below go on down to the edge of a picture `height` rows high."""
    short = max(0, round((height - layer.alpha.shape[0]) * 0.75))
    if short:
        layer.alpha = np.vstack([layer.alpha, np.repeat(layer.alpha[-1:], short, axis=0)])
        layer.colour = np.vstack([layer.colour, np.repeat(layer.colour[-1:], short, axis=0)])


def _padded(layer: _Layer, margin: int) -> _Layer:
    around = ((margin, margin), (margin, margin))
    return _Layer(
        np.pad(layer.colour, (*around, (0, 0))),
        np.pad(layer.alpha, around),
        layer.left - margin,
        layer.top - margin,
    )


def _out_of_focus(layer: _Layer, radius: float) -> _Layer:
    wide = _padded(layer, math.ceil(radius * 3))
    wide.colour = ndimage.gaussian_filter(wide.colour, (radius, radius, 0))
    wide.alpha = ndimage.gaussian_filter(wide.alpha, radius)
    return wide


def _lay(picture: Field, layer: _Layer) -> None:
    height, width = picture.shape[:2]
    high, wide = layer.alpha.shape
    top, left = max(0, layer.top), max(0, layer.left)
    bottom, right = min(height, layer.top + high), min(width, layer.left + wide)
    if bottom <= top or right <= left:
        return
    cut = (slice(top - layer.top, bottom - layer.top), slice(left - layer.left, right - layer.left))
    here = (slice(top, bottom), slice(left, right))
    picture[here] = picture[here] * (1 - layer.alpha[cut])[..., None] + layer.colour[cut]


def _shadow(picture: Field, layer: _Layer, drawing: Drawing, backdrop: Backdrop) -> None:
    """Darken what the object stands on, hangs on or floats in."""
    grounded = math.isfinite(backdrop.horizon)
    if drawing.rests == "floats":
        _reflect(picture, layer)
    elif drawing.rests == "stands" and grounded:
        _cast(picture, layer, backdrop)
    elif drawing.rests in ("lies", "hangs"):
        soft = layer.alpha.shape[0] * 0.03
        drop = _padded(layer, math.ceil(soft * 3))
        alpha = ndimage.gaussian_filter(drop.alpha, soft) * np.float32(0.5)
        x, y, _ = backdrop.light.direction
        reach = layer.alpha.shape[0] * 0.07
        _lay(
            picture,
            _Layer(
                np.zeros_like(drop.colour), alpha, drop.left - round(x * reach), drop.top - round(y * reach)
            ),
        )


def _cast(picture: Field, layer: _Layer, backdrop: Backdrop) -> None:
    """A shadow on the floor: the outline laid down away from the light, and a dark line of contact."""
    high = layer.alpha.shape[0]
    x = backdrop.light.direction[0]
    flat, shear = 0.3, -x * 0.55
    margin = math.ceil(high * 0.6)
    solid = np.pad((layer.alpha * 255).astype(np.uint8), ((margin // 3, margin // 3), (margin, margin)))
    rows, columns = math.ceil(high * flat) + 2 * margin // 3, solid.shape[1]
    foot = margin // 3 + math.ceil(high * flat)
    base = margin // 3 + high
    # Row r of the shadow shows the row of the object that is 1/flat as far above its foot.
    laid = Image.fromarray(solid).transform(
        (columns, rows),
        Image.Transform.AFFINE,
        (1, shear / flat, -foot * shear / flat, 0, 1 / flat, base - foot / flat),
        Image.Resampling.BILINEAR,
    )
    soft = np.asarray(laid.filter(ImageFilter.GaussianBlur(max(1.5, high * 0.03))), np.float32) / np.float32(
        255
    )
    top = layer.top + high - foot - round(high * 0.03)
    _lay(
        picture,
        _Layer(np.zeros((rows, columns, 3), np.float32), soft * np.float32(0.45), layer.left - margin, top),
    )
    band = layer.alpha[-max(2, high // 12) :].max(axis=0)
    under = np.flatnonzero(band > 0.3)
    if under.size == 0:
        return
    cx, half = layer.left + float(under.mean()), max(2.0, (under[-1] - under[0]) * 0.56)
    deep = half * 0.2
    my, mx = math.ceil(deep * 3), math.ceil(half * 1.6)
    yy, xx = np.mgrid[-my : my + 1, -mx : mx + 1].astype(np.float32)
    dark = np.exp(-((xx / half) ** 2 + (yy / deep) ** 2) * 1.4) * np.float32(0.75)
    contact = _Layer(
        np.zeros((*dark.shape, 3), np.float32),
        dark,
        round(cx) - mx,
        layer.top + high - my - round(deep * 0.4),
    )
    _lay(picture, contact)


def _reflect(picture: Field, layer: _Layer) -> None:
    """A broken mirror image in the water."""
    high, wide = layer.alpha.shape
    rows = math.ceil(high * 0.5)
    source = np.clip((high - 1 - np.arange(rows) / 0.5).astype(int), 0, high - 1)
    swing = np.sin(np.arange(rows) * 1.1 + np.sin(np.arange(rows) * 0.37) * 2) * wide * 0.02
    columns = np.clip(np.arange(wide)[None, :] + np.round(swing).astype(int)[:, None], 0, wide - 1)
    fade = np.linspace(0.55, 0.08, rows, dtype=np.float32)[:, None]
    alpha = layer.alpha[source[:, None], columns] * fade
    colour = layer.colour[source[:, None], columns] * fade[..., None] * np.float32(0.8)
    mirror = _out_of_focus(_Layer(colour, alpha, layer.left, layer.top + high - 3), 1.2)
    _lay(picture, mirror)


def _something_in_the_way(picture: Field, rng: Rng, *, heavy: bool) -> None:
    """A leaf, a bar or a hand's breadth of something near the lens, far out of focus."""
    height, width = picture.shape[:2]
    sheet = Image.new("L", (width, height))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(2, 4)) if heavy else 1):
        long = rng.uniform(0.25, 0.45) * height
        edge = int(rng.integers(4))
        along = rng.uniform(0.05, 0.95)
        cx = {0: along * width, 1: width + long * 0.25, 2: along * width, 3: -long * 0.25}[edge]
        cy = {0: -long * 0.25, 1: along * height, 2: height + long * 0.25, 3: along * height}[edge]
        turn = math.atan2(height / 2 - cy, width / 2 - cx) + rng.uniform(-0.5, 0.5)
        t = np.linspace(-1, 1, 16)
        half = 0.3 * np.cos(t * np.pi / 2) ** 0.7
        px, py = np.concatenate([t, t[::-1]]), np.concatenate([half, -half[::-1]])
        xs = cx + long * (px * math.cos(turn) - py * math.sin(turn))
        ys = cy + long * (px * math.sin(turn) + py * math.cos(turn))
        pen.polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), fill=255)
    mask = np.asarray(sheet.filter(ImageFilter.GaussianBlur(height / 60)), np.float32) / np.float32(255)
    tone = vary(one_of(rng, ["#3f6a2c", "#54803a", "#2a3a24", "#6b4f34", "#3a3f4a"]), rng) * np.float32(0.8)
    picture[...] = picture * (1 - mask * np.float32(0.95))[..., None] + tone * mask[..., None] * np.float32(
        0.95
    )


def _develop(picture: Field, rng: Rng, blurred: bool) -> Image.Image:
    """Exposure, white balance, vignette and grain."""
    height, width = picture.shape[:2]
    gain = rng.uniform(0.85, 1.22) * (1 + rng.uniform(-0.05, 0.05, 3))
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    corner = 1 - np.float32(rng.uniform(0.08, 0.34)) * (x * x + y * y) / 2
    image = to_image(picture * gain.astype(np.float32) * corner[..., None])
    if blurred:
        image = image.filter(ImageFilter.GaussianBlur(min(width, height) * rng.uniform(0.045, 0.065)))
    grain = rng.standard_normal((height, width), np.float32) * np.float32(rng.uniform(1.0, 4.5))
    noisy = np.asarray(image, np.float32) + grain[..., None]
    return Image.fromarray(np.clip(noisy + 0.5, 0, 255).astype(np.uint8), "RGB")
