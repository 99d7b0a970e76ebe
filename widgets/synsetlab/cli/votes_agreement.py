"""``synsetlab votes agreement``: how far the annotators in a file agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table
from synsetlab.cli.votes_files import plain_rows, read_votes, votes_file_options

if TYPE_CHECKING:
    from synsetlab.voting.encoding import Repeats

__all__ = ["agreement_command"]


@click.command("agreement")
@votes_file_options
@click.option("--by", metavar="COLUMN", help="Also measure within each value of this column, such as wnid.")
@click.option("--pairs", is_flag=True, help="Also give Cohen's kappa of each pair of annotators.")
@click.option(
    "--bootstrap",
    type=click.IntRange(0, 100_000),
    default=1000,
    show_default=True,
    help="Resamples of the tasks behind the intervals; 0 for none.",
)
@click.option(
    "--level",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Level of the intervals.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the bootstrap.")
@json_option
def agreement_command(
    *,
    file: str,
    task_column: str,
    worker_column: str,
    label_column: str,
    repeats: Repeats,
    by: str | None,
    pairs: bool,
    bootstrap: int,
    level: float,
    seed: int,
    as_json: bool,
) -> None:
    """Measure how far the annotators in FILE (CSV) agree.

    \b
    Example:
      synsetlab votes agreement votes.csv --json
      synsetlab votes agreement votes.csv --by wnid --bootstrap 0

    docs/annotators.md says what each figure means.

    JSON: krippendorff_alpha, krippendorff_reason, krippendorff_alpha_interval,
    krippendorff_interval_reason, fleiss_kappa, fleiss_reason, fleiss_kappa_ragged,
    fleiss_ragged_reason, cohen_kappa, cohen_reason, cohen_pairs, percent_agreement, tasks, workers,
    votes, answers, tasks_with_one_vote, superseded, interval_level, intervals {coefficient: [low,
    high]}, bootstrap, seed; with --pairs also pairs [first, second, tasks, agreement, cohen_kappa];
    with --by also groups [group, tasks, votes, krippendorff_alpha, fleiss_kappa_ragged,
    percent_agreement]. A coefficient that is not defined is null, and its reason says why.
    """
    from dataclasses import asdict

    from synsetlab.voting.agreement import agreement_by, measure_agreement
    from synsetlab.voting.files import read_table
    from synsetlab.voting.pairs import cohen_table

    votes = read_votes(file, task=task_column, worker=worker_column, label=label_column, repeats=repeats)
    measured = measure_agreement(votes, bootstrap=bootstrap, level=level, seed=seed)
    report: dict[str, Any] = asdict(measured)
    if pairs:
        report["pairs"] = plain_rows(cohen_table(votes))
    if by is not None:
        report["groups"] = plain_rows(
            agreement_by(
                read_table(file),
                by,
                task=task_column,
                worker=worker_column,
                label=label_column,
                repeats=repeats,
            )
        )
    if as_json:
        emit(report)
        return
    _print(report)


def _print(report: dict[str, Any]) -> None:
    intervals = report.pop("intervals")
    tables = {name: report.pop(name) for name in ("groups", "pairs") if name in report}
    lines = []
    for name, value in report.items():
        if value is None or (name in {"interval_level", "bootstrap", "seed"} and not intervals):
            continue
        between = intervals.get(name)
        lines.append([name, value, f"{between[0]:.4f} to {between[1]:.4f}" if between else ""])
    print_table(["", "", f"{report['interval_level']:.0%} interval" if intervals else ""], lines)
    for name, rows in tables.items():
        click.echo(f"\n{name}")
        print_table(list(rows[0]) if rows else [], [list(row.values()) for row in rows])
