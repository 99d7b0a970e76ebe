"""``synsetlab evaluate --task localization|detection``: what is scored, and what is printed."""

from __future__ import annotations

from typing import Any

import click

from synsetlab.cli.common import emit, print_table

__all__ = ["score_boxes"]


def score_boxes(task: str, truth: Any, predictions: str, *, as_json: bool, **options: Any) -> None:
    """Score predictions with boxes and print the report; `truth` is a file, or a release and its split."""
    from synsetlab.benchmark import evaluate_detection, evaluate_localization, release_box_truth

    score = evaluate_localization if task == "localization" else evaluate_detection
    known = release_box_truth(*truth) if isinstance(truth, tuple) else truth
    report = score(known, predictions, **options)
    if as_json:
        emit(report)
        return
    _show(report)


def _show(report: dict[str, Any]) -> None:
    level = f"{100 * report['interval_level']:g} % interval"
    if report["task"] == "localization":
        click.echo(f"{report['n']:,} images; {report['blacklisted']:,} blacklisted\n")
        names = [f"top{k}_{kind}" for kind in ("localization_error", "error") for k in (1, 5)]
    else:
        click.echo(
            f"{report['n']:,} images, {report['n_boxes']:,} boxes of {report['n_classes']:,} classes\n"
        )
        names = ["map"]
    rows = [
        (name.replace("_", " "), f"{100 * report[name]:.3f}", _ends(report["intervals"][name]))
        for name in names
    ]
    print_table(("measure", "%", level), rows)
    for warning in report["warnings"]:
        click.echo(f"Note: {warning}", err=True)
    key = "localization_error" if report["task"] == "localization" else "ap"
    worst = [row for row in report["per_class"] if row[key] is not None]
    worst.sort(key=lambda row: (row[key] if key == "ap" else -row[key], row["wnid"]))
    click.echo()
    print_table(
        ("hardest classes", "n", f"{key.replace('_', ' ')} %"),
        [(row["wnid"], row["n"], f"{100 * row[key]:.1f}") for row in worst[:5]],
    )


def _ends(ends: list[float] | None) -> str:
    return "-" if ends is None else f"{100 * ends[0]:.3f} - {100 * ends[1]:.3f}"
