"""``synsetlab votes``: collect, aggregate and measure votes."""

from __future__ import annotations

import click

from synsetlab.cli.votes_aggregate import aggregate_command
from synsetlab.cli.votes_agreement import agreement_command
from synsetlab.cli.votes_annotators import annotators_command
from synsetlab.cli.votes_gold import gold_command
from synsetlab.cli.votes_labelling import problems_command, quiz_command
from synsetlab.cli.votes_plan import plan_command
from synsetlab.cli.votes_stop import stop_command
from synsetlab.cli.votes_workspace import export_command, import_command, simulate_command, status_command

__all__ = ["command"]


@click.group()
def command() -> None:
    """Collect, aggregate and measure votes.

    Files of votes need no workspace; status, export, import, problems, quiz and simulate work on one.

    \b
    Examples:
      synsetlab votes aggregate votes.csv --method dawid-skene -o labels.csv
      synsetlab votes agreement votes.csv --json
      synsetlab votes status
    """


for _command in (
    aggregate_command,
    agreement_command,
    annotators_command,
    gold_command,
    plan_command,
    problems_command,
    quiz_command,
    stop_command,
    status_command,
    export_command,
    import_command,
    simulate_command,
):
    command.add_command(_command)
