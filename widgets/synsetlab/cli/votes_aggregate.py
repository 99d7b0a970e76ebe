"""``synsetlab votes aggregate``: one label a task from a file of votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table
from synsetlab.cli.votes_files import known_answers, read_votes, votes_file_options

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.voting.base import Aggregator
    from synsetlab.voting.encoding import Repeats
    from synsetlab.voting.scoring import Score

__all__ = ["aggregate_command"]

METHOD_NAMES = ("majority", "wawa", "zbs", "one-coin", "dawid-skene", "glad", "mace", "mmsr", "auto")
LISTED_CLASSES = 1000
SAID_APART = ("candidates", "why", "alarms")


@click.command("aggregate")
@votes_file_options
@click.option(
    "--method",
    type=click.Choice(METHOD_NAMES),
    default="majority",
    show_default=True,
    help="How votes become labels.",
)
@click.option("--gold", type=click.Path(dir_okay=False), help="Known answers the model uses: task,label.")
@click.option("--truth", type=click.Path(dir_okay=False), help="Known answers for scoring only.")
@click.option(
    "--ties",
    type=click.Choice(["abstain", "first", "random"]),
    default="abstain",
    show_default=True,
    help="What to do when classes tie.",
)
@click.option(
    "--answer-only",
    multiple=True,
    metavar="LABEL",
    help='A label that is evidence but no class, such as "unsure"; may be repeated.',
)
@click.option(
    "--weight-column", help="Column with the weight of each vote, a positive number; none: all alike."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of random ties and restarts.")
@click.option("--proba", is_flag=True, help="Add one column per class to the output.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write task,label,confidence here.")
@json_option
def aggregate_command(
    *,
    file: str,
    task_column: str,
    worker_column: str,
    label_column: str,
    repeats: Repeats,
    method: str,
    gold: str | None,
    truth: str | None,
    ties: str,
    answer_only: tuple[str, ...],
    weight_column: str | None,
    seed: int,
    proba: bool,
    output: str | None,
    as_json: bool,
) -> None:
    """Turn the votes in FILE (CSV) into one label a task.

    \b
    Examples:
      synsetlab votes aggregate votes.csv -o labels.csv
      synsetlab votes aggregate answer.csv --task-column question --label-column answer \\
          --method dawid-skene --truth truth.csv --json
      synsetlab votes aggregate votes.csv --method auto --gold gold.csv -o labels.csv

    --method auto chooses among majority, one-coin and dawid-skene, says why, and raises an alarm
    where the choice is known to be unsafe; `votes gold suggest` then lists tasks to ask an expert.

    The output has an empty label where a tie was abstained from. --gold and --truth take the
    columns task,label or question,truth.

    JSON: method, ties, tasks, workers, votes, superseded (by a later vote of the same worker),
    n_classes, classes (null over 1,000), labelled, abstained, gold_used, gold_unused (no votes on the
    task), iterations, converged (both null unless the method iterates), output; null without --truth:
    accuracy (an abstained tie is wrong), accuracy_ties_shared, right, scored, unscored; null unless
    the method is auto: chosen, why, candidates (method, held_out_log_likelihood in nats a vote,
    gold_right without --gold null), alarm, alarms (reasons not to trust the choice).
    """
    from synsetlab.voting.methods import make_aggregator
    from synsetlab.voting.scoring import score

    model = make_aggregator(method, ties=ties, seed=seed, repeats=repeats)
    votes = read_votes(
        file,
        task=task_column,
        worker=worker_column,
        label=label_column,
        repeats=repeats,
        answer_only=answer_only,
        weight=weight_column,
    )
    known = known_answers(gold)
    model.fit(votes, known)
    scored = score(model, known_answers(truth)) if truth else None
    if output:
        _write_labels(model, output, proba=proba)
    report = _aggregate_report(model, known, scored, output)
    if as_json:
        emit(report)
        return
    rows = [[name, value] for name, value in report.items() if value is not None and name not in SAID_APART]
    print_table(["", ""], rows)
    if report["why"]:
        click.echo(report["why"])
    for reason in report["alarms"] or ():
        click.echo(f"Alarm: {reason}")
    if report["alarm"]:
        click.echo("Ask an expert about the tasks that `synsetlab votes gold suggest` lists.")
    if not output:
        click.echo("Nothing was written: name a file with -o labels.csv.")


def _write_labels(model: Aggregator, output: str, *, proba: bool) -> None:
    """Write ``task,label,confidence`` and, if asked, a column per class."""
    import pandas as pd

    from synsetlab.voting.files import write_table

    labels = model.predict()
    _, confidence = model.predict_codes()
    table = pd.DataFrame({"task": labels.index, "label": labels.to_numpy(), "confidence": confidence})
    if proba:
        columns: pd.DataFrame = model.predict_proba().reset_index(drop=True)
        table = pd.concat([table, columns], axis=1)
    write_table(table, output)


def _aggregate_report(
    model: Aggregator, gold: dict[str, str], scored: Score | None, output: str | None
) -> dict[str, Any]:
    """What ``votes aggregate --json`` prints."""
    votes = model.votes_
    codes, _ = model.predict_codes()
    abstained = int((codes < 0).sum())
    used = int((model.gold_ >= 0).sum())
    classes = votes.classes.tolist()
    return {
        "method": model.method,
        "ties": model.ties,
        "tasks": votes.n_tasks,
        "workers": votes.n_workers,
        "votes": len(votes),
        "superseded": votes.superseded,
        "n_classes": votes.n_classes,
        "classes": classes if len(classes) <= LISTED_CLASSES else None,
        "labelled": votes.n_tasks - abstained,
        "abstained": abstained,
        "gold_used": used,
        "gold_unused": len(gold) - used,
        "iterations": getattr(model, "n_iter_", None),
        "converged": getattr(model, "converged_", None),
        "output": output,
        "accuracy": scored.accuracy if scored else None,
        "accuracy_ties_shared": scored.accuracy_ties_shared if scored else None,
        "right": scored.right if scored else None,
        "scored": scored.scored if scored else None,
        "unscored": scored.unscored if scored else None,
        **_choice(model),
    }


def _choice(model: Aggregator) -> dict[str, Any]:
    """What ``--method auto`` adds; null for the others."""
    from dataclasses import asdict

    from synsetlab.voting.auto import Auto

    if not isinstance(model, Auto):
        return dict.fromkeys(("chosen", "why", "candidates", "alarm", "alarms"))
    return {
        "chosen": model.chosen_,
        "why": model.why_,
        "candidates": [asdict(one) for one in model.candidates_],
        "alarm": model.alarm_,
        "alarms": model.alarms_,
    }
