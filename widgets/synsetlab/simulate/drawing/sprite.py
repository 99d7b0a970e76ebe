"""A square layer in which one object is drawn, part by part, each part lit as a solid.

Objects are described in their own coordinates: u to the right and v *down*, both about -1..1, whatever
the size, turn and mirror of the sprite. A part is a :class:`Solid`: how much of each pixel it covers and
which way its surface faces there; :meth:`Sprite.paint` lights it and lays it over what is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from synsetlab.simulate.drawing.colour import Field, clouds
from synsetlab.simulate.drawing.geometry import spline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from synsetlab.simulate.drawing.colour import Rng
    from synsetlab.simulate.drawing.geometry import Points

__all__ = ["Light", "Solid", "Sprite"]

_MASK_SCALE = 3


@dataclass(frozen=True, slots=True)
class Light:
    """Where the light comes from and what it looks like.

    ``direction`` points to the light (x right, y down, z to the viewer), ``up`` to the sky;
    ``colour`` and ``ambient`` are linear RGB.
    """

    direction: tuple[float, float, float]
    colour: Field
    ambient: Field
    up: tuple[float, float] = (0.0, -1.0)

    def turned(self, angle: float, mirror: bool) -> Light:
        """The same light seen from an object that is mirrored, then turned by `angle` (radians)."""
        c, s = math.cos(angle), math.sin(angle)
        x, y, z = self.direction
        sign = -1.0 if mirror else 1.0
        up = self.up
        return Light(
            (sign * (c * x + s * y), -s * x + c * y, z),
            self.colour,
            self.ambient,
            (sign * (c * up[0] + s * up[1]), -s * up[0] + c * up[1]),
        )


@dataclass(slots=True, eq=False)
class Solid:
    """One part: a window of the sprite, what it covers and how its surface lies.

    ``u``, ``v`` are the object's coordinates in the window, ``across`` (-1..1) and ``along`` (0..1)
    coordinates on the part itself (around and down a turned body, across and along a tube).
    """

    rows: slice
    columns: slice
    u: Field
    v: Field
    cover: Field
    normal: tuple[Field, Field, Field]
    across: Field
    along: Field

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return (self.u.shape[0], self.u.shape[1])

    def limited(self, cover: Field) -> Solid:
        """The same part where `cover` also is."""
        return Solid(
            self.rows, self.columns, self.u, self.v, self.cover * cover, self.normal, self.across, self.along
        )

    def bumpy(self, height: Field, strength: float) -> Solid:
        """The same part with a surface roughened by a height field (h, w)."""
        gy, gx = np.gradient(height)
        nx, ny, nz = self.normal
        nx, ny = nx - strength * gx, ny - strength * gy
        size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-6
        return Solid(
            self.rows,
            self.columns,
            self.u,
            self.v,
            self.cover,
            (nx / size, ny / size, nz / size),
            self.across,
            self.along,
        )

    def noise(self, rng: Rng, cells: tuple[float, float], octaves: int = 3) -> Field:
        """Noise over the window, see :func:`~synsetlab.simulate.drawing.colour.clouds`."""
        return clouds(self.shape, rng, cells, octaves)


class Sprite:
    """A transparent square of `pixels` x `pixels` for one object.

    Parameters
    ----------
    pixels
        Side of the square.
    light
        The light of the scene; the sprite turns it into the object's own coordinates.
    angle, mirror
        Pose: the object is mirrored first, then turned clockwise by `angle` radians.
    margin
        Half the side in the object's units: what lies within it stays inside at any angle.
    """

    def __init__(
        self, pixels: int, light: Light, *, angle: float = 0.0, mirror: bool = False, margin: float = 1.08
    ) -> None:
        self.pixels = pixels
        self.px = 2 * margin / pixels
        self.light = light.turned(angle, mirror)
        self.angle, self.mirror, self.margin = angle, mirror, margin
        self.colour: Field = np.zeros((pixels, pixels, 3), np.float32)
        self.alpha: Field = np.zeros((pixels, pixels), np.float32)

    # ---- coordinates -------------------------------------------------------------------------

    def to_pixels(self, points: Points) -> npt.NDArray[np.float64]:
        """Object coordinates (k, 2) to pixel coordinates (k, 2)."""
        p = np.array(points, np.float64)
        if self.mirror:
            p[:, 0] = -p[:, 0]
        c, s = math.cos(self.angle), math.sin(self.angle)
        turned = np.column_stack([c * p[:, 0] - s * p[:, 1], s * p[:, 0] + c * p[:, 1]])
        return (turned + self.margin) / self.px

    def window(self, left: float, top: float, right: float, bottom: float) -> Solid:
        """A flat part that covers nothing yet: the pixels that can see a box of object coordinates."""
        corners = self.to_pixels([(left, top), (right, top), (right, bottom), (left, bottom)])
        low = np.clip(np.floor(corners.min(axis=0)) - 2, 0, self.pixels - 2).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 2, low + 2, self.pixels).astype(int)
        x = ((np.arange(low[0], high[0]) + 0.5) * self.px - self.margin).astype(np.float32)
        y = ((np.arange(low[1], high[1]) + 0.5) * self.px - self.margin).astype(np.float32)
        c, s = np.float32(math.cos(self.angle)), np.float32(math.sin(self.angle))
        u = c * x[None, :] + s * y[:, None]
        v = -s * x[None, :] + c * y[:, None]
        if self.mirror:
            u = -u
        zero = np.zeros_like(u)
        return Solid(
            slice(int(low[1]), int(high[1])),
            slice(int(low[0]), int(high[0])),
            u,
            v,
            zero,
            (zero, zero, zero + 1),
            zero,
            zero,
        )

    def inside(self, distance: Field) -> Field:
        """Coverage of a pixel from its signed distance to an edge (negative inside)."""
        return np.asarray(np.clip(0.5 - distance / np.float32(self.px), 0, 1), np.float32)

    # ---- solids ------------------------------------------------------------------------------

    def ellipsoid(self, cx: float, cy: float, rx: float, ry: float, turn: float = 0.0) -> Solid:
        """An ellipsoid seen from the front; `turn` in radians."""
        reach = max(rx, ry)
        part = self.window(cx - reach, cy - reach, cx + reach, cy + reach)
        c, s = math.cos(turn), math.sin(turn)
        x = ((part.u - cx) * c + (part.v - cy) * s) / rx
        y = (-(part.u - cx) * s + (part.v - cy) * c) / ry
        k = np.sqrt(x * x + y * y) + 1e-6
        slope = np.sqrt((x / rx) ** 2 + (y / ry) ** 2) / k + 1e-6
        part.cover = self.inside((k - 1) / slope)
        z = np.sqrt(np.clip(1 - k * k, 0, 1))
        part.normal = _unit((c * x / rx - s * y / ry) * reach, (s * x / rx + c * y / ry) * reach, z)
        part.across, part.along = x, (y + 1) / 2
        return part

    def lathe(self, profile: Points, *, steps: int = 8) -> Solid:
        """A body turned around the v axis.

        `profile` lists (v, radius) from top to bottom; a smooth curve is laid through it.
        ``across`` is the angle around it in quarter turns (-1 left edge, 1 right edge).
        """
        curve = spline(profile, steps=steps)
        order = np.argsort(curve[:, 0], kind="stable")
        vs, radii = curve[order, 0], np.maximum(curve[order, 1], 1e-4)
        widest = float(radii.max())
        part = self.window(-widest, float(vs[0]), widest, float(vs[-1]))
        radius = np.interp(part.v, vs, radii).astype(np.float32)
        slope = np.interp(part.v, vs, np.gradient(radii, vs)).astype(np.float32)
        slope = np.clip(slope, -3, 3)
        lean = 1 / np.sqrt(1 + slope * slope)
        sideways = (np.abs(part.u) - radius) * lean
        ends = np.maximum(float(vs[0]) - part.v, part.v - float(vs[-1]))
        part.cover = self.inside(np.maximum(sideways, ends))
        x = np.clip(part.u / radius, -1, 1)
        part.normal = (x * lean, -slope * lean, np.sqrt(1 - x * x) * lean)
        part.across = np.asarray(np.arcsin(x) / (np.pi / 2), np.float32)
        part.along = (part.v - np.float32(vs[0])) / np.float32(vs[-1] - vs[0])
        return part

    def tube(self, points: Points, radius: float | Sequence[float]) -> Solid:
        """A bent rod with round ends along a polyline; `radius` one number or one for each point."""
        p = np.asarray(points, np.float64)
        radii = np.broadcast_to(np.asarray(radius, np.float64), (len(p),))
        reach = float(radii.max())
        low, high = p.min(axis=0) - reach, p.max(axis=0) + reach
        part = self.window(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        lengths = np.hypot(*(p[1:] - p[:-1]).T) + 1e-9
        starts = np.concatenate([[0.0], np.cumsum(lengths)])
        best = np.full(part.shape, np.inf, np.float32)
        nx, ny = np.zeros(part.shape, np.float32), np.zeros(part.shape, np.float32)
        thick = np.ones(part.shape, np.float32)
        for i in range(len(p) - 1):
            dx, dy = (p[i + 1] - p[i]) / lengths[i]
            x, y = part.u - np.float32(p[i, 0]), part.v - np.float32(p[i, 1])
            t = np.clip((x * np.float32(dx) + y * np.float32(dy)) / np.float32(lengths[i]), 0, 1)
            ex, ey = x - t * np.float32(dx * lengths[i]), y - t * np.float32(dy * lengths[i])
            r = np.float32(radii[i]) + t * np.float32(radii[i + 1] - radii[i])
            distance = np.sqrt(ex * ex + ey * ey) - r
            nearer = distance < best
            best = np.where(nearer, distance, best)
            thick = np.where(nearer, r, thick)
            nx, ny = np.where(nearer, ex, nx), np.where(nearer, ey, ny)
            side = ey * np.float32(dx) - ex * np.float32(dy)
            part.across = np.where(nearer, np.clip(side / r, -1, 1), part.across)
            part.along = np.where(nearer, np.float32(starts[i]) + t * np.float32(lengths[i]), part.along)
        part.along = part.along / np.float32(starts[-1])
        part.cover = self.inside(best)
        nx, ny = nx / thick, ny / thick
        part.normal = _unit(nx, ny, np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1)))
        return part

    def polygon(self, points: Points) -> Solid:
        """A flat face."""
        return self._masked([np.asarray(points, np.float64)], 0.0)

    def polygons(self, outlines: Sequence[Points]) -> Solid:
        """Many flat faces at once, such as seeds or spots: far cheaper than one at a time."""
        return self._masked([np.asarray(points, np.float64) for points in outlines], 0.0)

    def lines(self, strokes: Sequence[Points], width: float) -> Solid:
        """Many flat strokes at once."""
        return self._masked([np.asarray(points, np.float64) for points in strokes], width)

    def line(self, points: Points, width: float) -> Solid:
        """A flat stroke of the given width, cheaper than a tube."""
        return self._masked([np.asarray(points, np.float64)], width)

    def puff(self, points: Points, depth: float, roundness: float = 1.0) -> Solid:
        """A face blown up like a cushion; `depth` is how far from the edge its surface goes on rising."""
        part = self.polygon(points)
        reach = max(2.0, depth / self.px)
        # A margin of nothing, so that the edge of the window is not taken for the inside.
        far = ndimage.distance_transform_edt(np.pad(part.cover > 0.5, 1))[1:-1, 1:-1].astype(np.float32)
        rise = np.clip(far / np.float32(reach), 0, 1)
        height = np.sqrt(np.clip(1 - (1 - rise) ** 2, 0, 1)) * np.float32(reach * roundness)
        height = ndimage.gaussian_filter(height, max(1.0, reach / 9))
        gy, gx = np.gradient(height)
        # The gradient is taken along the pixels; the light is in object coordinates.
        c, s = math.cos(self.angle), math.sin(self.angle)
        gu, gv = c * gx + s * gy, -s * gx + c * gy
        part.normal = _unit(gu * (1.0 if self.mirror else -1.0), -gv, np.ones_like(gu))
        part.along = rise
        return part

    def _masked(self, outlines: list[npt.NDArray[np.float64]], width: float) -> Solid:
        every = np.vstack(outlines)
        low, high = every.min(axis=0) - width, every.max(axis=0) + width
        part = self.window(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
        shift = np.array([part.columns.start, part.rows.start])
        h, w = part.shape
        mask = Image.new("L", (w * _MASK_SCALE, h * _MASK_SCALE))
        pen = ImageDraw.Draw(mask)
        thick = max(1, round(width / self.px * _MASK_SCALE))
        for points in outlines:
            corners = [tuple(p) for p in ((self.to_pixels(points) - shift) * _MASK_SCALE).tolist()]
            if width:
                pen.line(corners, fill=255, width=thick, joint="curve")
            else:
                pen.polygon(corners, fill=255)
        part.cover = np.asarray(mask.reduce(_MASK_SCALE), np.float32) / np.float32(255)
        return part

    # ---- paint -------------------------------------------------------------------------------

    def lit(
        self,
        part: Solid,
        colour: Field,
        *,
        gloss: float = 0.25,
        sharpness: float = 30.0,
        wrap: float = 0.3,
        window: float = 0.0,
    ) -> Field:
        """Colour of the part under the light: Lambert with a soft edge, Blinn highlight, light of the sky.

        Parameters
        ----------
        gloss, sharpness
            Strength and narrowness of the highlight.
        wrap
            How far the light creeps around the edge, 0 hard to 1 (as in translucent things).
        window
            Strength of a window-shaped reflection, for polished things.
        """
        nx, ny, nz = part.normal
        lx, ly, lz = self.light.direction
        upx, upy = self.light.up
        facing = nx * np.float32(lx) + ny * np.float32(ly) + nz * np.float32(lz)
        direct = np.clip((facing + wrap) / (1 + wrap), 0, None)
        sky = 0.68 + 0.32 * (nx * np.float32(upx) + ny * np.float32(upy))
        base = colour * (direct[..., None] * self.light.colour + sky[..., None] * self.light.ambient)
        shine = np.zeros(part.shape, np.float32)
        if gloss:
            half = np.array([lx, ly, lz + 1.0])
            hx, hy, hz = (np.float32(h) for h in half / np.linalg.norm(half))
            shine += np.float32(gloss) * np.clip(nx * hx + ny * hy + nz * hz, 0, 1) ** np.float32(sharpness)
            shine += np.float32(gloss * 0.25) * np.clip(1 - nz, 0, 1) ** 3 * sky
        if window:
            shine += np.float32(window) * self._window_glare(nx, ny, nz)
        return np.asarray(base + shine[..., None] * self.light.colour, np.float32)

    def _window_glare(self, nx: Field, ny: Field, nz: Field) -> Field:
        """Reflection of a four-pane window that stands where the light is."""
        direction = np.array(self.light.direction)
        direction /= np.linalg.norm(direction)
        side = np.cross(direction, [self.light.up[0], self.light.up[1], 0.0])
        side /= np.linalg.norm(side)
        tall = np.cross(side, direction)
        rx, ry, rz = 2 * nz * nx, 2 * nz * ny, 2 * nz * nz - 1
        a = rx * np.float32(side[0]) + ry * np.float32(side[1]) + rz * np.float32(side[2])
        b = rx * np.float32(tall[0]) + ry * np.float32(tall[1]) + rz * np.float32(tall[2])
        front = rx * np.float32(direction[0]) + ry * np.float32(direction[1]) + rz * np.float32(direction[2])
        soft = np.float32(0.07)
        pane = np.clip((0.30 - np.abs(a)) / soft, 0, 1) * np.clip((0.38 - np.abs(b)) / soft, 0, 1)
        bars = np.clip((np.abs(a) - 0.015) / 0.03, 0, 1) * np.clip((np.abs(b) - 0.015) / 0.03, 0, 1)
        return np.asarray(pane * bars * (front > 0), np.float32)

    def paint(
        self,
        part: Solid,
        colour: Field,
        *,
        opacity: float = 1.0,
        gloss: float = 0.25,
        sharpness: float = 30.0,
        wrap: float = 0.3,
        window: float = 0.0,
    ) -> None:
        """Light the part (see :meth:`lit`) and lay it over the sprite."""
        shaded = self.lit(part, colour, gloss=gloss, sharpness=sharpness, wrap=wrap, window=window)
        self.lay(part, shaded, opacity)

    def lay(self, part: Solid, colour: Field, opacity: Field | float = 1.0) -> None:
        """Lay a colour over the sprite as it is, unlit."""
        here = (part.rows, part.columns)
        cover = (part.cover * opacity)[..., None]
        self.colour[here] = self.colour[here] * (1 - cover) + colour * cover
        self.alpha[here] += (1 - self.alpha[here]) * cover[..., 0]

    def stain(self, part: Solid, colour: Field, opacity: Field | float = 1.0) -> None:
        """Tint what has been drawn already, adding no new surface (shade under a rim, a printed mark)."""
        here = (part.rows, part.columns)
        cover = (part.cover * opacity)[..., None]
        solid = self.alpha[here][..., None]
        self.colour[here] = self.colour[here] * (1 - cover) + colour * cover * solid

    def darken(self, part: Solid, share: Field | float) -> None:
        """Take `share` (0..1) of the light away from what has been drawn under the part."""
        here = (part.rows, part.columns)
        self.colour[here] *= (1 - part.cover * share)[..., None]


def _unit(x: Field, y: Field, z: Field) -> tuple[Field, Field, Field]:
    size = np.sqrt(x * x + y * y + z * z) + np.float32(1e-6)
    return x / size, y / size, z / size
