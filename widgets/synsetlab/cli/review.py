"""``synsetlab review``: the escalation queue."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option

__all__ = ["command"]


@click.group(name="review")
def command() -> None:
    """Work the escalation queue: what the votes could not settle goes to an expert.

    \b
    Examples:
      synsetlab review list
      synsetlab review verdict 17 accept --expert maria --reason "brim is visible"
    """


@command.command(name="list")
@click.option("--wnid", help="Only questions about this synset.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows to print.")
@workspace_option
@json_option
def list_(*, wnid: str | None, limit: int, workspace: str | None, as_json: bool) -> None:
    """List the questions that wait for an expert, the most undecided first.

    \b
    Examples:
      synsetlab review list --wnid n03497657 --json

    JSON: waiting, questions [question_id, image_id, wnid, posterior, n_yes, n_no, n_unsure, reason].
    """
    from synsetlab.review import escalated

    with open_workspace(workspace) as opened:
        table = escalated(opened, wnid)
    rows = table.head(limit).to_dict("records")
    if as_json:
        emit({"waiting": len(table), "questions": rows})
        return
    click.echo(f"{len(table):,} questions wait for an expert.")
    if rows:
        columns = ("question_id", "wnid", "posterior", "n_yes", "n_no", "n_unsure", "reason")
        print_table(columns, [tuple(row[name] for name in columns) for row in rows])


@command.command()
@click.argument("question", type=int)
@click.argument("verdict", type=click.Choice(["accept", "reject", "exclude", "more-votes", "undo"]))
@click.option("--expert", required=True, metavar="NAME", help="Who says so.")
@click.option("--reason", default="", help="Why, in a few words.")
@workspace_option
@json_option
def verdict(
    *, question: int, verdict: str, expert: str, reason: str, workspace: str | None, as_json: bool
) -> None:
    """Give an expert's verdict on a question; it overrules the votes.

    \b
    Examples:
      synsetlab review verdict 17 reject --expert maria
      synsetlab review verdict 17 undo --expert maria

    JSON: question_id, verdict, outcome.
    """
    from synsetlab.review import give_verdict

    with open_workspace(workspace) as opened:
        outcome = give_verdict(opened, question, verdict, by=expert, reason=reason)
    if as_json:
        emit({"question_id": question, "verdict": verdict, "outcome": outcome})
    else:
        click.echo(f"Question {question}: {outcome}")
