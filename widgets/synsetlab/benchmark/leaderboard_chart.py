"""A chart of submissions over time, as SVG: each one with its interval, and the best so far as a line."""

from __future__ import annotations

import math
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from synsetlab.benchmark.leaderboard import METRICS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["chart", "records"]

WIDTH: Final = 1080
HEIGHT: Final = 380
LEFT, RIGHT, TOP, BOTTOM = 64, 28, 28, 44
STEPS: Final = (1, 2, 2.5, 5, 10)
LETTER: Final = 7
"""Width of a letter of a label, roughly, in pixels."""
LINE: Final = 16
LABELLED: Final = 28
"""The most letters of a label."""


class _Scale(NamedTuple):
    """From days and percentages to pixels."""

    first: date
    days: int
    low: float
    high: float

    def x(self, day: date) -> float:
        return LEFT + (day - self.first).days / self.days * (WIDTH - LEFT - RIGHT)

    def y(self, percent: float) -> float:
        return TOP + (self.high - percent) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)


def records(rows: Sequence[dict[str, Any]], metric: str) -> list[dict[str, Any]]:
    """The submissions that were better than all before them, by day."""
    found: list[dict[str, Any]] = []
    sign = -1 if metric == "multi_label_accuracy" else 1
    for row in sorted(rows, key=lambda row: (row["date"], sign * row[metric], row["id"])):
        if not found or sign * row[metric] < sign * found[-1][metric]:
            found.append(row)
    return found


def chart(rows: Sequence[dict[str, Any]], metric: str) -> str:
    """The chart as an ``<svg>`` element; colours come from CSS variables of the page around it.

    Parameters
    ----------
    rows
        As `Leaderboard.table` gives them; those without the metric are left out.
    """
    known = [row for row in rows if row[metric] is not None]
    said = METRICS[metric]
    head = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(said)} of {len(known)} submissions over time">'
    )
    if not known:
        place = f'x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle"'
        return f'{head}<text class="axis" {place}>No submission</text></svg>'
    scale = _scale(known, metric)
    best = records(known, metric)
    parts = [head, *_grid(scale), _line(best, metric, scale)]
    leading = {row["id"] for row in best}
    parts += [_dot(row, metric, scale, leads=row["id"] in leading) for row in reversed(known)]
    parts += _labels(best, metric, scale)
    return "".join([*parts, "</svg>"])


def _scale(rows: Sequence[dict[str, Any]], metric: str) -> _Scale:
    days = [date.fromisoformat(row["date"]) for row in rows]
    pad = max(2, (max(days) - min(days)).days // 20)
    first, last = min(days) - timedelta(days=pad), max(days) + timedelta(days=pad)
    ends = [100 * end for row in rows for end in row["intervals"].get(metric, [row[metric]])]
    low, high = min(ends), max(ends)
    step = _step(max(high - low, 1e-3) / 4)
    low, high = math.floor(low / step) * step, math.ceil(high / step) * step
    return _Scale(first, (last - first).days, max(0.0, low), min(100.0, high) if high > low else low + step)


def _step(wanted: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(wanted))
    return next(step * power for step in STEPS if step * power >= wanted * (1 - 1e-9))


def _grid(scale: _Scale) -> list[str]:
    parts = []
    step = _step((scale.high - scale.low) / 5)
    places = max(0, -math.floor(math.log10(step))) + (step * 10 % 1 > 0 and step < 1)
    for number in range(math.ceil((scale.high - scale.low) / step + 1e-9) + 1):
        value = scale.low + number * step
        if value > scale.high + 1e-9:
            break
        y = f"{scale.y(value):.1f}"
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="axis" x="{LEFT - 10}" y="{y}" dy="4" text-anchor="end">{value:.{places}f} %</text>'
        )
    count = min(6, scale.days)
    for number in range(count + 1):
        day = scale.first + timedelta(days=round(scale.days * number / count))
        anchor = "start" if number == 0 else "end" if number == count else "middle"
        parts.append(
            f'<text class="axis" x="{scale.x(day):.1f}" y="{HEIGHT - 14}" text-anchor="{anchor}">{day}</text>'
        )
    return parts


def _line(best: Sequence[dict[str, Any]], metric: str, scale: _Scale) -> str:
    """A staircase: what was best holds until something better came."""
    path = ""
    for row in best:
        x, y = scale.x(date.fromisoformat(row["date"])), scale.y(100 * row[metric])
        path += f"M{x:.1f},{y:.1f}" if not path else f"H{x:.1f}V{y:.1f}"
    return f'<path class="best" d="{path}H{WIDTH - RIGHT}"/>'


def _dot(row: dict[str, Any], metric: str, scale: _Scale, *, leads: bool) -> str:
    x, y = scale.x(date.fromisoformat(row["date"])), scale.y(100 * row[metric])
    low, high = row["intervals"].get(metric, [row[metric]] * 2)
    said = f"{row['model']} ({row['user']}), {row['date']}: {100 * row[metric]:.3f} %"
    kind = "dot leads" if leads else "dot"
    return (
        f'<g class="{kind}"><title>{escape(said)}</title>'
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{scale.y(100 * low):.1f}" y2="{scale.y(100 * high):.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{5 if leads else 4}"/></g>'
    )


def _labels(best: Sequence[dict[str, Any]], metric: str, scale: _Scale) -> list[str]:
    """Names of the records, the latest first, where they do not run into each other."""
    taken: list[tuple[float, float, float]] = []
    parts = []
    for row in reversed(best):
        x, y = scale.x(date.fromisoformat(row["date"])), scale.y(100 * row[metric]) - 12
        name = row["model"] if len(row["model"]) <= LABELLED else row["model"][: LABELLED - 1] + "…"
        long = len(name) * LETTER
        right = x + 8 + long > WIDTH - RIGHT
        start = x - 8 - long if right else x + 8
        crowded = any(
            abs(y - other) < LINE and start < end and begin < start + long for begin, end, other in taken
        )
        if crowded or y < TOP - 12:
            continue
        taken.append((start, start + long, y))
        anchor = "end" if right else "start"
        place = f'x="{x - 8 if right else x + 8:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        parts.append(f'<text class="name" {place}>{escape(name)}</text>')
    return parts
