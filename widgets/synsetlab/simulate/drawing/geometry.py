"""Outlines: curves through points and ellipses, in an object's own coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Points", "circle", "spline"]

Points: TypeAlias = Sequence[tuple[float, float]] | npt.NDArray[np.float64]
"""Corners (k, 2)."""


def circle(
    cx: float, cy: float, rx: float, ry: float | None = None, steps: int = 48
) -> npt.NDArray[np.float64]:
    """Corners (steps, 2) of an ellipse."""
    t = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    return np.column_stack([cx + rx * np.cos(t), cy + (rx if ry is None else ry) * np.sin(t)])


def spline(points: Points, *, closed: bool = False, steps: int = 8) -> npt.NDArray[np.float64]:
    """Catmull-Rom curve through the points, `steps` corners between two of them."""
    p = np.asarray(points, np.float64)
    ends = (p[-1:], p[:2]) if closed else (2 * p[:1] - p[1:2], 2 * p[-1:] - p[-2:-1])
    p = np.vstack([ends[0], p, ends[1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for i in range(1, len(p) - 2):
        a, b, c, d = p[i - 1], p[i], p[i + 1], p[i + 2]
        pieces.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    if not closed:
        pieces.append(p[-2][None, :])
    return np.vstack(pieces)
