"""``synsetlab leaderboard``: keep submissions, rank them, show them."""

from __future__ import annotations

from typing import Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table

__all__ = ["command"]

METRICS = click.Choice(
    [
        "top1_error",
        "top5_error",
        "hierarchical_top1_error",
        "hierarchical_top5_error",
        "multi_label_accuracy",
    ]
)
FOLDER = click.argument("folder", type=click.Path(file_okay=False), default="leaderboard")
metric_option = click.option(
    "--metric", type=METRICS, default="top5_error", show_default=True, help="What submissions are ranked by."
)
test_set_option = click.option(
    "--test-set",
    default="",
    metavar="IDENTITY",
    help="Submissions on this one: the beginning of its identity.  [default: the only one]",
)


@click.group(name="leaderboard")
def command() -> None:
    """Keep submissions, rank them, show them.

    A leaderboard is a folder with a JSON file for each submission.

    \b
    Examples:
      synsetlab leaderboard submit --release v1 --split val --predictions p.csv --model ResNet-50 --user ann
      synsetlab leaderboard show
      synsetlab leaderboard export -o leaderboard.html
    """


@command.command()
@FOLDER
@click.option("--release", type=click.Path(), metavar="DIR", help="Score on a split of a release.")
@click.option("--split", metavar="NAME", help="Which split of the release.  [default: val]")
@click.option("--sealed", type=click.Path(), metavar="FILE", help="Labels of the release's sealed splits.")
@click.option("--truth", type=click.Path(), metavar="FILE", help="Score on a file with columns image, wnid.")
@click.option("--predictions", required=True, type=click.Path(), metavar="FILE", help="As for evaluate.")
@click.option("--model", required=True, metavar="NAME", help="What made the predictions.")
@click.option("--user", required=True, metavar="NAME", help="Who submits them.")
@click.option("--date", "on", metavar="YYYY-MM-DD", help="The day of the submission.  [default: today, UTC]")
@click.option("--note", default="", metavar="TEXT", help="A few words for the table.")
@click.option("--ids", type=click.Choice(["index", "wnid", "ilsvrc2012"]), help="As evaluate takes it.")
@click.option("--truth-ids", type=click.Choice(["index", "wnid", "ilsvrc2012"]), help="As evaluate takes it.")
@click.option("--classes", type=click.Path(), metavar="FILE", help="The class at each index, one a line.")
@click.option("--key", metavar="NAME", help="Which array of an npz that holds several.")
@click.option("--order", type=click.Choice(["rows", "name", "class"]), help="As evaluate takes it.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the bootstrap.")
@click.option(
    "--limit", type=click.IntRange(1), default=2, show_default=True, help="Submissions of a user in a period."
)
@click.option("--days", type=click.IntRange(1), default=7, show_default=True, help="The period, in days.")
@json_option
def submit(
    *, folder: str, release: str | None, split: str | None, sealed: str | None, truth: str | None,
    predictions: str, truth_ids: str | None, classes: str | None, on: str | None, limit: int, days: int,
    as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Score a predictions file and add it to the leaderboard in FOLDER.

    The same file of the same user and model is one submission, however often it is sent. A user who has made
    as many submissions as the limit allows is told when the next is possible.

    \b
    Examples:
      synsetlab leaderboard submit --release v1 --split test --sealed v1.sealed.csv \\
          --predictions test.csv --model ResNet-50 --user ann --date 2026-11-23
      synsetlab leaderboard submit --truth truth.csv --predictions p.npy --model baseline --user bob --json

    \b
    JSON: new, submission {id, format, model, user, date, note, predictions {name, sha256},
    test_set {name, identity, split}, results {n, n_classes, guesses, top1_error .. top5_error,
    multi_label_accuracy, hierarchical_top1_error, hierarchical_top5_error, interval_level,
    intervals {measure: [low, high]}}}.
    """
    from datetime import UTC, datetime

    from synsetlab.benchmark import read_truth, release_truth
    from synsetlab.benchmark.leaderboard import Leaderboard, Limit, Target

    if (release is None) == (truth is None):
        raise click.UsageError("Give either --release DIR or --truth FILE.")
    if release is not None:
        if truth_ids is not None:
            raise click.UsageError("--truth-ids goes with --truth; a release names its classes by wnid.")
        known = release_truth(release, split or "val", classes=classes, sealed=sealed)
        target = Target.of_release(release, split or "val")
    else:
        if split is not None or sealed is not None:
            raise click.UsageError("--split and --sealed go with --release.")
        known = read_truth(truth, classes=classes, ids=truth_ids)
        target = Target.of_file(str(truth))
    made, new = Leaderboard(folder).submit(
        target,
        known,
        predictions,
        on=on or datetime.now(UTC).date().isoformat(),
        limit=Limit(limit, days),
        **options,
    )
    if as_json:
        emit({"new": new, "submission": made})
        return
    results = made["results"]
    click.echo(
        f"{made['model']} of {made['user']}: top-1 error {100 * results['top1_error']:.3f} %, "
        f"top-5 error {100 * results['top5_error']:.3f} % on {results['n']:,} images."
    )
    click.echo("Added." if new else f"It was submitted before, on {made['date']}.")


@command.command()
@FOLDER
@metric_option
@test_set_option
@json_option
def show(*, folder: str, metric: str, test_set: str, as_json: bool) -> None:
    """Rank the submissions on one test set, the best first.

    \b
    Examples:
      synsetlab leaderboard show --metric top1_error
      synsetlab leaderboard show boards/toys --json

    \b
    JSON: metric, submissions [rank, model, user, date, id, note, predictions_sha256, test_set, split,
    identity, n, top1_error, top5_error, hierarchical_top1_error, hierarchical_top5_error,
    multi_label_accuracy, intervals {measure: [low, high]}].
    """
    from synsetlab.benchmark.leaderboard import Leaderboard

    rows = Leaderboard(folder).table(metric, test_set)
    if as_json:
        emit({"metric": metric, "submissions": rows})
        return
    if not rows:
        click.echo(f"Nothing has been submitted to {folder}.")
        return
    split = f", {rows[0]['split']}" if rows[0]["split"] else ""
    click.echo(f"{rows[0]['test_set']}{split} ({rows[0]['identity'][:12]}), {rows[0]['n']:,} images\n")
    shown = ("top1_error", "top5_error", "hierarchical_top5_error")
    columns = (*shown, *([] if metric in shown else [metric]))
    print_table(
        ("rank", "model", "user", *(f"{name.replace('_', ' ')} %" for name in columns), "day"),
        [
            (row["rank"], row["model"], row["user"], *(_percent(row[name]) for name in columns), row["date"])
            for row in rows
        ],
    )


@command.command()
@FOLDER
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="The file to write.")
@click.option("--title", default="Leaderboard", show_default=True, help="Its heading.")
@metric_option
@test_set_option
@json_option
def export(*, folder: str, output: str, title: str, metric: str, test_set: str, as_json: bool) -> None:
    """Write the table and a chart over time as one HTML file that needs nothing else.

    \b
    Examples:
      synsetlab leaderboard export -o leaderboard.html --title "Toys, test split"

    JSON: path, submissions.
    """
    from synsetlab.benchmark.leaderboard import Leaderboard
    from synsetlab.benchmark.leaderboard_page import page, write_page

    rows = Leaderboard(folder).table(metric, test_set)
    write_page(output, page(rows, metric, title))
    if as_json:
        emit({"path": output, "submissions": len(rows)})
        return
    click.echo(f"Wrote {output}: {len(rows):,} submissions.")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.3f}"
