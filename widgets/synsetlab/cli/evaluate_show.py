"""What ``synsetlab evaluate`` prints for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import print_table

if TYPE_CHECKING:
    from synsetlab.benchmark.report import Report

__all__ = ["show_report"]

SUBTREES = 8
"""Rows shown of the largest subtrees."""


def show_report(report: Report) -> None:
    """Print a report: percentages with their intervals, what is hard, comparisons, notes."""
    excluded = f"; {report.excluded:,} show no class and are left out" if report.excluded else ""
    click.echo(f"{report.n:,} images of {report.n_classes:,} classes{excluded}\n")
    print_table(("measure", "%", f"{100 * report.interval_level:g} % interval"), _measures(report))
    if report.hierarchical_reason:
        click.echo(f"\n{report.hierarchical_reason}")
    for warning in report.warnings:
        click.echo(f"Note: {warning}", err=True)
    _show_classes(report)
    _show_parts(report)
    _show_calibration(report)
    _show_confusions(report)
    _show_comparison(report)


def _measures(report: Report) -> list[tuple[str, str, str]]:
    rows = [
        (f"top-{k} error", f"{100 * report.errors[k - 1]:.3f}", _ends(report.intervals[f"top{k}_error"]))
        for k in range(1, report.guesses + 1)
    ]
    shares = report.intervals["multi_label_accuracy"]
    rows.append(("multi-label accuracy", f"{100 * report.multi_label_accuracy:.3f}", _ends(shares)))
    if report.hierarchical_errors:
        both = zip(report.hierarchical_errors, report.intervals["hierarchical_error"], strict=True)
        rows += [
            (f"hierarchical top-{k} error", f"{100 * error:.3f}", _ends(ends))
            for k, (error, ends) in enumerate(both, start=1)
            if k <= report.guesses
        ]
    return rows


def _show_classes(report: Report) -> None:
    frame = report.per_class
    worst = frame[frame["n"] > 0].sort_values(["top1_error", "wnid"], ascending=[False, True]).head(5)
    click.echo()
    columns = zip(worst["wnid"], worst["n"], worst["top1_error"], strict=True)
    print_table(
        ("hardest classes", "images", "top-1 error %"),
        [(wnid, n, f"{100 * error:.1f}") for wnid, n, error in columns],
    )


def _show_parts(report: Report) -> None:
    if report.per_subtree:
        wide = [row for row in report.per_subtree if row["classes"] < report.n_classes and row["n"]]
        wide.sort(key=lambda row: (-row["classes"], row["wnid"]))
        rows = [
            (f"{row['name']} ({row['wnid']})", row["classes"], row["n"], _percent(row["top1_error"]))
            for row in wide[:SUBTREES]
        ]
        if rows:
            click.echo()
            print_table(("largest subtrees", "classes", "images", "top-1 error %"), rows)
    if report.per_frequency:
        click.echo()
        print_table(
            ("selection frequency", "images", "top-1 error %"),
            [
                ("unknown" if row["low"] is None else f"{row['low']:.1f} - {row['high']:.1f}", row["n"],
                 _percent(row["top1_error"]))
                for row in report.per_frequency
            ],
        )  # fmt: skip


def _show_calibration(report: Report) -> None:
    found = report.calibration
    if found is None:
        return
    click.echo()
    names = (("ece", "expected calibration error"), ("nll", "log loss"), ("brier", "Brier score"))
    print_table(
        ("calibration", ""), [(said, f"{found[name]:.5f}") for name, said in names if found[name] is not None]
    )
    if found["reason"]:
        click.echo(found["reason"])


def _show_confusions(report: Report) -> None:
    if not report.confusions:
        return
    click.echo()
    print_table(
        ("shown", "guessed", "times", "both are"),
        [
            (row["wnid"], row["guess"], row["n"], f"{row['lca_name'] or ''} {row['lca'] or ''}".strip())
            for row in report.confusions
        ],
    )


def _show_comparison(report: Report) -> None:
    if report.comparison is None:
        return
    click.echo(f"\nAgainst {report.comparison['against']}:")
    rows = []
    for name, found in report.comparison.items():
        if not isinstance(found, dict):
            continue
        p_value = found.get("mcnemar_p")
        rows.append(
            (name.replace("_", " "), _percent(found["this"]), _percent(found["other"]),
             f"{100 * found['difference']:+.3f}", _ends(found["interval"]),
             "" if p_value is None else f"{p_value:.3g}")
        )  # fmt: skip
    print_table(("measure", "this %", "other %", "difference", "interval", "McNemar p"), rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.3f}"


def _ends(ends: Any) -> str:
    return f"{100 * ends[0]:.3f} - {100 * ends[1]:.3f}"
