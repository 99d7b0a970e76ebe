"""``synsetlab votes stop``: play a log of votes again under a stopping rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table
from synsetlab.cli.votes_files import known_answers, plain, read_votes, votes_file_options

if TYPE_CHECKING:
    from synsetlab.voting.encoding import Repeats
    from synsetlab.voting.stop_report import StopReport

__all__ = ["stop_command"]


@click.command("stop")
@votes_file_options
@click.option(
    "--policy",
    default="dynamic",
    show_default=True,
    metavar="NAME|FILE",
    help="dynamic (the crowd-aware rule, kind leader), sprt, fixed, table, cost, quorum, k-of-n, or a policy "
    "in JSON.",
)
@click.option("--truth", type=click.Path(dir_okay=False), help="Known answers for scoring only: task,label.")
@click.option(
    "--profiles",
    type=click.Path(dir_okay=False),
    help="What earlier work says of the workers: worker,truth,answer,count (dynamic only).",
)
@click.option("--confidence", metavar="SHARE", help="dynamic: stop at this posterior [default: .985].")
@click.option("--alpha", metavar="RATE", help="sprt: nominal rate of wrong accepts [default: .05].")
@click.option("--beta", metavar="RATE", help="sprt: nominal rate of wrong rejects [default: .05].")
@click.option("--votes", "n_votes", type=click.IntRange(1), help="fixed: votes a task [default: 3].")
@click.option("--min-confidence", metavar="SHARE", help="fixed: share that decides [default: .67].")
@click.option("--yes", metavar="LABEL", help="The class that means yes, if there are two.")
@click.option(
    "--answer-only",
    multiple=True,
    metavar="LABEL",
    help='A label that is evidence but no class, such as "unsure"; may be repeated.',
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the weights of dynamic.")
@json_option
def stop_command(
    *,
    file: str,
    task_column: str,
    worker_column: str,
    label_column: str,
    repeats: Repeats,
    policy: str,
    truth: str | None,
    profiles: str | None,
    yes: str | None,
    answer_only: tuple[str, ...],
    as_json: bool,
    **settings: Any,
) -> None:
    """Play the votes in FILE (CSV) in their order, as if bought one by one under a stopping rule.

    \b
    Examples:
      synsetlab votes stop votes.csv --json
      synsetlab votes stop answer.csv --task-column question --label-column answer \\
          --policy dynamic --truth truth.csv --json

    A vote on a task that is stopped is not bought and never looked at. The rule sees the votes
    bought before, never the truth or a later vote. Of several votes of a worker on one task the
    first counts (--repeats all: all). docs/stopping.md says what the rules do; their error rates
    are nominal.

    JSON: policy (as asked for), policy_json (its value at the end), policy_hash, tasks, workers,
    votes_used, votes_available, saved_share, votes_per_task, stopped (decided or given up),
    decided_share, escalated_share (not decided), outcomes {decided, ambiguous, exhausted}, scored;
    null without --truth: accuracy (undecided tasks have their likeliest label), accuracy_decided,
    accuracy_all (Dawid-Skene on all votes), accuracy_majority_all, accuracy_majority_equal (first
    k votes of each task, at the votes used), curve [votes_per_task, accuracy, accuracy_majority]
    for fixed numbers of votes.
    """
    from synsetlab.voting.stop_command import play
    from synsetlab.voting.stop_report import report_stop

    votes = read_votes(
        file,
        task=task_column,
        worker=worker_column,
        label=label_column,
        repeats="all" if repeats == "all" else "first",
        answer_only=answer_only,
    )
    known = known_answers(truth) if truth else None
    replay = play(votes, policy, settings, yes=yes, profiles=profiles)
    report = report_stop(replay, known)
    facts = {
        "policy": policy,
        "policy_json": replay.policy.body(),
        "policy_hash": replay.policy.policy_hash,
        "tasks": votes.n_tasks,
        "workers": votes.n_workers,
        "stopped": int(replay.stopped.sum()),
    }
    if as_json:
        emit({**facts, **_report_json(report)})
        return
    _print_report(replay.policy.kind, report)


def _report_json(report: StopReport) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report)


def _print_report(kind: str, report: StopReport) -> None:
    """The figures for people; the curve as a table of its own."""
    body = _report_json(report)
    curve = body.pop("curve")
    outcomes = body.pop("outcomes")
    rows = [["policy", kind], *[[name, value] for name, value in body.items() if value is not None]]
    rows += [[f"tasks {word}", number] for word, number in outcomes.items()]
    print_table(["", ""], [[name, _short(value)] for name, value in rows])
    if curve:
        click.echo("\nA fixed number of votes for every task gives:")
        head = ("votes_per_task", "accuracy", "accuracy_majority")
        print_table(head, [[_short(point[name]) for name in head] for point in curve])


def _short(value: Any) -> Any:
    value = plain(value)
    return f"{value:.4f}" if isinstance(value, float) else value
