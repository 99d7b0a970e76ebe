"""A line chart for notebooks: one SVG, drawn here, that needs no library and no network."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["Chart", "line_chart"]

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 170, 30, 44
COLOURS = ("#3757d5", "#b3261e", "#0f7b4f", "#8a5a00", "#7a3fb0", "#4b5160")
"""Of the lines, one after another; each can be told from white and from JupyterLab's dark ground."""
TICKS = 5


@dataclass(frozen=True, slots=True)
class Chart:
    """An SVG picture that a notebook shows."""

    svg: str

    def _repr_html_(self) -> str:
        return self.svg


def line_chart(frame: pd.DataFrame, *, title: str = "", x: str | None = None, y: str = "") -> Chart:
    """Draw every column of `frame` over its index.

    Parameters
    ----------
    frame
        Numbers; missing ones interrupt their line.
    title, x, y
        What stands above the chart and at its axes; `x` is the index's name if None.

    Raises
    ------
    InputError
        There is nothing to draw: no finite number, or an index that holds none.
    """
    try:
        across = np.asarray(frame.index, dtype=np.float64)
        values = frame.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"Only numbers can be drawn over numbers ({error}).") from None
    if not len(frame.columns) or not np.isfinite(values).any() or not np.isfinite(across).all():
        raise InputError("There is nothing to draw.", "Give a frame of numbers over an index of numbers.")
    ticks_x, ticks_y = _ticks(across), _ticks(values[np.isfinite(values)])
    place_x = _placed(across, ticks_x, LEFT, WIDTH - RIGHT)
    parts = [_grid(ticks_x, ticks_y)]
    for number, name in enumerate(frame.columns):
        place_y = _placed(values[:, number], ticks_y, HEIGHT - BOTTOM, TOP)
        parts.append(_line(place_x, place_y, COLOURS[number % len(COLOURS)], str(name), number))
    words = [
        (LEFT, 18, "start", title, "font-weight='600'"),
        (
            (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 8,
            "middle",
            str(frame.index.name or "") if x is None else x,
            "",
        ),
    ]
    parts += [
        f"<text x='{left:g}' y='{top:g}' text-anchor='{anchor}' {more}>{escape(text)}</text>"
        for left, top, anchor, text, more in words
        if text
    ]
    if y:
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(
            f"<text transform='translate(14 {middle:g}) rotate(-90)' text-anchor='middle'>{escape(y)}</text>"
        )
    label = escape(title or ", ".join(map(str, frame.columns)))
    svg = (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' style='max-width:100%' role='img' "
        f"aria-label='{label}' font-family='system-ui, sans-serif' font-size='12' fill='currentColor'>"
        + "".join(parts)
        + "</svg>"
    )
    return Chart(svg)


def _ticks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round numbers that hold all values between them."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / TICKS
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * min(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough - 1e-12)
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return np.asarray(np.arange(first, last + 1) * step)


def _placed(
    values: NDArray[np.float64], ticks: NDArray[np.float64], start: float, end: float
) -> NDArray[np.float64]:
    return np.asarray(start + (values - ticks[0]) / (ticks[-1] - ticks[0]) * (end - start))


def _grid(ticks_x: NDArray[np.float64], ticks_y: NDArray[np.float64]) -> str:
    across = _placed(ticks_x, ticks_x, LEFT, WIDTH - RIGHT)
    up = _placed(ticks_y, ticks_y, HEIGHT - BOTTOM, TOP)
    lines = [
        f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{place:.1f}' y2='{place:.1f}' "
        f"stroke='currentColor' stroke-opacity='.15'/>"
        f"<text x='{LEFT - 6}' y='{place + 4:.1f}' text-anchor='end' fill-opacity='.75'>{value:.6g}</text>"
        for value, place in zip(ticks_y, up, strict=True)
    ]
    lines += [
        f"<text x='{place:.1f}' y='{HEIGHT - BOTTOM + 16}' text-anchor='middle' "
        f"fill-opacity='.75'>{value:.6g}</text>"
        for value, place in zip(ticks_x, across, strict=True)
    ]
    return "".join(lines)


def _line(across: NDArray[np.float64], up: NDArray[np.float64], colour: str, name: str, number: int) -> str:
    """One line, its points and its name in the legend."""
    steps, points, drawing = [], [], False
    for left, top in zip(across, up, strict=True):
        if not np.isfinite(top):
            drawing = False
            continue
        steps.append(f"{'L' if drawing else 'M'}{left:.1f} {top:.1f}")
        points.append(f"<circle cx='{left:.1f}' cy='{top:.1f}' r='2.5' fill='{colour}'/>")
        drawing = True
    place = TOP + 8 + 20 * number
    start = WIDTH - RIGHT + 14
    return (
        f"<path d='{' '.join(steps)}' fill='none' stroke='{colour}' stroke-width='2'/>{''.join(points)}"
        f"<line x1='{start}' x2='{start + 18}' y1='{place}' y2='{place}' stroke='{colour}' stroke-width='3'/>"
        f"<text x='{start + 24}' y='{place + 4}'>{escape(name)}</text>"
    )
