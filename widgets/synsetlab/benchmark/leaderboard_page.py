"""A leaderboard as one HTML file that needs nothing else: no script, no font, no address."""

from __future__ import annotations

import os
import tempfile
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synsetlab.benchmark.leaderboard import METRICS
from synsetlab.benchmark.leaderboard_chart import chart, records

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["frame", "page", "write_page"]

COLUMNS: Final = ("top1_error", "top5_error", "hierarchical_top5_error")


def page(rows: Sequence[dict[str, Any]], metric: str, title: str = "Leaderboard") -> str:
    """The page.

    Parameters
    ----------
    rows
        As `Leaderboard.table` gives them, ranked by `metric`.
    """
    style = files("synsetlab.benchmark").joinpath("leaderboard.css").read_text("utf-8")
    columns = [*COLUMNS, *([] if metric in COLUMNS else [metric])]
    body = [
        f'<header><p class="over">{_where(rows)}</p><h1>{escape(title)}</h1>{_test_set(rows)}</header>',
        f'<section class="cards">{_cards(rows, metric)}</section>',
        f"<section><h2>{escape(METRICS[metric].capitalize())} over time</h2>"
        '<p class="quiet">The line is the best so far. Bars are 99.9 % intervals over images.</p>'
        f"{chart(rows, metric)}</section>",
        f"<section><h2>Submissions</h2>{_table(rows, metric, columns)}</section>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def frame(rows: Sequence[dict[str, Any]], metric: str, title: str = "Leaderboard", height: int = 900) -> str:
    """The page within another one, a notebook's, with neither's style reaching the other."""
    inner = escape(page(rows, metric, title))
    style = f"width:100%;height:{height}px;border:0;border-radius:12px"
    return f'<div><iframe title="{escape(title)}" sandbox="" style="{style}" srcdoc="{inner}"></iframe></div>'


def write_page(path: str | os.PathLike[str], text: str) -> None:
    """Write a page: whole, or not at all."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".new-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)  # noqa: PTH101 - the name is mkstemp's, whose files are its owner's alone
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _where(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "No test set yet"
    split = f" · {rows[0]['split']}" if rows[0]["split"] else ""
    return escape(f"{rows[0]['test_set']}{split}")


def _test_set(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return '<p class="quiet">Nothing has been submitted.</p>'
    return (
        f'<p class="quiet">{rows[0]["n"]:,} images · identity '
        f'<code title="{rows[0]["identity"]}">{rows[0]["identity"][:16]}</code></p>'
    )


def _cards(rows: Sequence[dict[str, Any]], metric: str) -> str:
    known = [row for row in rows if row[metric] is not None]
    if not known:
        return ""
    best, record = known[0], records(known, metric)
    users = len({row["user"] for row in rows})
    gain = abs(record[0][metric] - record[-1][metric])
    cards = [
        (f"Best {METRICS[metric]}", _percent(best[metric]), f"{best['model']} · {best['user']}"),
        ("Better than the first by", f"{100 * gain:.2f}", f"points, since {record[0]['date']}"),
        ("Submissions", f"{len(rows):,}", f"of {users:,} {'user' if users == 1 else 'users'}"),
        ("Record held since", record[-1]["date"], f"the {_ordinal(len(record))} record"),
    ]
    return "".join(
        f'<div class="card"><p>{escape(name)}</p><b>{escape(value)}</b>'
        f'<p class="quiet">{escape(said)}</p></div>'
        for name, value, said in cards
    )


def _table(rows: Sequence[dict[str, Any]], metric: str, columns: Sequence[str]) -> str:
    most = {name: max((row[name] or 0 for row in rows), default=0) or 1 for name in columns}
    head = "".join(
        f'<th class="num{" by" if name == metric else ""}">{escape(METRICS[name])}</th>' for name in columns
    )
    lines = []
    for row in rows:
        cells = "".join(_measure(row, name, most[name], by=name == metric) for name in columns)
        lines.append(
            f'<tr{" class=first" if row["rank"] == 1 else ""}><td class="rank">{row["rank"]}</td>'
            f"<td><b>{escape(row['model'])}</b>{_note(row)}</td><td>{escape(row['user'])}</td>{cells}"
            f'<td class="day">{row["date"]}</td><td><code title="{row["predictions_sha256"]}">'
            f"{row['predictions_sha256'][:10]}</code></td></tr>"
        )
    return (
        f'<div class="wide"><table><thead><tr><th></th><th>Model</th><th>User</th>{head}<th>Day</th>'
        f"<th>Predictions</th></tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _measure(row: dict[str, Any], name: str, most: float, *, by: bool) -> str:
    value = row[name]
    if value is None:
        return '<td class="num">–</td>'
    ends = row["intervals"].get(name)
    said = f' title="{100 * ends[0]:.3f} – {100 * ends[1]:.3f} %"' if ends else ""
    bar = f'<div class="bar"><i style="width:{100 * value / most:.1f}%"></i></div>'
    return f'<td class="num{" by" if by else ""}"{said}><span>{_percent(value)}</span>{bar}</td>'


def _note(row: dict[str, Any]) -> str:
    return f'<p class="quiet">{escape(row["note"])}</p>' if row["note"] else ""


def _percent(share: float) -> str:
    return f"{100 * share:.3f} %"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
