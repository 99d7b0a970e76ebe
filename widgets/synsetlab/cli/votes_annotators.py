"""``synsetlab votes annotators``: how good each annotator in a file is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, print_table
from synsetlab.cli.votes_files import known_answers, plain_rows, votes_file_options

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.voting.annotators import AnnotatorStudy
    from synsetlab.voting.encoding import Repeats

__all__ = ["annotators_command"]

LISTED_CELLS = 100


@click.command("annotators")
@votes_file_options
@click.option("--gold", type=click.Path(dir_okay=False), help="Known answers: task,label.")
@click.option(
    "--floor",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.6,
    show_default=True,
    help="Flag accuracy on gold below this, if 95 % certain.",
)
@click.option(
    "--active-column",
    default="active_ms",
    show_default=True,
    help="Column with active milliseconds, used if it is there.",
)
@click.option("--time-column", help="Column to order votes by, for drift; else the order of the file.")
@click.option(
    "--answer-only",
    multiple=True,
    metavar="LABEL",
    help='A label that is evidence but no class, such as "unsure"; may be repeated.',
)
@click.option("--without", metavar="WORKER", help="Also list the labels that change without this annotator.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write the table here (CSV).")
@json_option
def annotators_command(
    *,
    file: str,
    task_column: str,
    worker_column: str,
    label_column: str,
    repeats: Repeats,
    gold: str | None,
    floor: float,
    active_column: str,
    time_column: str | None,
    answer_only: tuple[str, ...],
    without: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Say how good each annotator in FILE (CSV) is, who says always the same, and who changed.

    \b
    Example:
      synsetlab votes annotators votes.csv --gold gold.csv --json
      synsetlab votes annotators votes.csv --without ann

    docs/annotators.md says what each figure means. Above 100 cells confusion is null.

    JSON: workers, votes, flagged, annotators [worker, votes, agreement, accuracy, informedness, right,
    right_low, right_high, gold_votes, gold_right, gold_accuracy, gold_low, gold_high, p_below,
    median_ms, fast_share, drift_p, drift_at, drift_before, drift_after, flips, alone, favourite,
    favourite_share, flags, confusion [truth, answer, votes, share, low, high], gold_confusion [truth,
    answer, votes, share, low, high] or null]; with --without also changes [task, before, after,
    votes_left].
    """
    from synsetlab.voting.annotators import study_annotators
    from synsetlab.voting.files import read_table, write_table
    from synsetlab.voting.leave_one_out import without_annotator
    from synsetlab.voting.rows import durations, encode_with_rows, moments

    table = read_table(file)
    votes, rows = encode_with_rows(
        table,
        task=task_column,
        worker=worker_column,
        label=label_column,
        repeats=repeats,
        not_classes=answer_only,
        place=file,
    )
    known = known_answers(gold) or None
    timed = active_column in table.columns
    study = study_annotators(
        votes,
        known,
        floor=floor,
        active=durations(table, active_column, file)[rows] if timed else None,
        when=moments(table, time_column, file)[rows] if time_column else None,
    )
    if output:
        written = study.report.copy()
        written["flags"] = [" ".join(flags) for flags in written["flags"]]
        write_table(written, output)
    report = _payload(study, len(votes))
    if without is not None:
        report["changes"] = plain_rows(without_annotator(votes, without, known))
    if as_json:
        emit(report)
        return
    _print(report)


def _payload(study: AnnotatorStudy, votes: int) -> dict[str, Any]:
    """What ``votes annotators --json`` prints."""
    annotators = plain_rows(study.report)
    encoded = study.model.votes_
    small = encoded.n_classes * encoded.n_answers <= LISTED_CELLS
    counted = {
        "confusion": _matrices(study.confusion if small else None),
        "gold_confusion": _matrices(study.gold_confusion if small else None),
    }
    for row in annotators:
        row.update({name: matrices.get(row["worker"]) for name, matrices in counted.items()})
    flagged = sum(bool(row["flags"]) for row in annotators)
    return {"workers": len(annotators), "votes": votes, "flagged": flagged, "annotators": annotators}


def _matrices(table: pd.DataFrame | None) -> dict[Any, list[dict[str, Any]]]:
    """The rows of each annotator's matrix."""
    if table is None:
        return {}
    return {
        worker: plain_rows(rows.drop(columns="worker"))
        for worker, rows in table.groupby("worker", sort=False)
    }


def _print(report: dict[str, Any]) -> None:
    header = [
        "worker",
        "votes",
        "agreement",
        "right",
        "gold_right",
        "gold_votes",
        "median_ms",
        "flips",
        "flags",
    ]
    rows = [{**row, "flags": " ".join(row["flags"])} for row in report["annotators"]]
    print_table(header, [[row[name] for name in header] for row in rows])
    if "changes" in report:
        click.echo(f"\n{len(report['changes'])} labels change")
        print_table(
            ["task", "before", "after", "votes_left"], [list(row.values()) for row in report["changes"]]
        )
