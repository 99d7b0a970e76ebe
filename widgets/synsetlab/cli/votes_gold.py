"""``synsetlab votes gold``: the known answers that are worth asking for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table
from synsetlab.cli.votes_files import read_votes, votes_file_options

if TYPE_CHECKING:
    from synsetlab.voting.encoding import Repeats

__all__ = ["gold_command"]


@click.group("gold")
def gold_command() -> None:
    """Known answers: which tasks to ask an expert about.

    \b
    Example:
      synsetlab votes gold suggest votes.csv -n 20 -o ask.csv
    """


@gold_command.command("suggest")
@votes_file_options
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many tasks to suggest.",
)
@click.option(
    "--answer-only",
    multiple=True,
    metavar="LABEL",
    help='A label that is evidence but no class, such as "unsure"; may be repeated.',
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the draw among tasks alike.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write task,label (empty) and the methods' labels here.",
)
@json_option
def suggest_command(
    *,
    file: str,
    task_column: str,
    worker_column: str,
    label_column: str,
    repeats: Repeats,
    count: int,
    answer_only: tuple[str, ...],
    seed: int,
    output: str | None,
    as_json: bool,
) -> None:
    """Suggest tasks in FILE (CSV) whose true label tells the methods apart.

    Majority, one-coin and dawid-skene disagree on them; the ways in which they disagree all have
    their share. Fill in the column `label` of the output and give it to `votes aggregate --gold`:
    twenty such answers are worth more than twenty about tasks drawn at random.

    \b
    Examples:
      synsetlab votes gold suggest votes.csv -n 20 -o ask.csv
      synsetlab votes aggregate votes.csv --method auto --gold ask.csv

    JSON: suggested (task; labels by method, null for a tie), disagreements (tasks on which the methods
    differ), patterns (ways in which they differ), tasks, output.
    """
    from synsetlab.voting.gold import suggest_gold

    votes = read_votes(
        file,
        task=task_column,
        worker=worker_column,
        label=label_column,
        repeats=repeats,
        answer_only=answer_only,
    )
    found = suggest_gold(votes, count, seed=seed)
    rows = [{"task": task, "labels": labels} for task, labels in zip(found.tasks, found.labels, strict=True)]
    if output:
        _write_sheet(rows, output)
    if as_json:
        emit(
            {
                "suggested": rows,
                "disagreements": found.disagreements,
                "patterns": found.patterns,
                "tasks": votes.n_tasks,
                "output": output,
            }
        )
        return
    methods = list(rows[0]["labels"])
    print_table(["task", *methods], [[row["task"], *row["labels"].values()] for row in rows])
    click.echo(f"The methods differ on {found.disagreements:,} of {votes.n_tasks:,} tasks.")


def _write_sheet(rows: list[dict[str, Any]], output: str) -> None:
    """Write ``task,label`` with empty labels, and a column for each method."""
    import pandas as pd

    from synsetlab.voting.files import write_table

    table = pd.DataFrame([{"task": row["task"], "label": "", **row["labels"]} for row in rows], dtype=object)
    write_table(table, output)
