"""``synsetlab evaluate``: score a predictions file against a release or a truth file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option
from synsetlab.cli.evaluate_boxes import score_boxes
from synsetlab.cli.evaluate_show import show_report

if TYPE_CHECKING:
    from synsetlab.benchmark.truth import Truth

__all__ = ["command"]

NUMBERINGS = click.Choice(["index", "wnid", "ilsvrc2012"])
LISTED = 20


@click.command(name="evaluate")
@click.option("--release", type=click.Path(), metavar="DIR", help="Score against a split of a release.")
@click.option("--split", metavar="NAME", help="Which split of the release.  [default: val]")
@click.option(
    "--sealed",
    type=click.Path(),
    metavar="FILE",
    help="The labels of the release's sealed splits.  [default: beside the release]",
)
@click.option(
    "--truth",
    type=click.Path(),
    metavar="FILE",
    help="Score against a file: CSV, TSV or Parquet with columns image and wnid (an image in several rows "
    "shows all their classes; with boxes xmin, ymin, xmax, ymax), text with a class a line, or JSON lists.",
)
@click.option(
    "--predictions",
    required=True,
    type=click.Path(),
    metavar="FILE",
    help="CSV, TSV or Parquet (image and top1..top5, or prediction and perhaps score, or Kaggle's "
    "PredictionString), npy or npz (integers: n x k class numbers; floats: n x K scores), or text (at most 5 "
    "classes a line); also with .gz. Arrays and texts stand in the order of the truth's rows.",
)
@click.option(
    "--task",
    type=click.Choice(["classification", "localization", "detection"]),
    default="classification",
    show_default=True,
    help="Classes alone; a class and its box; all boxes.",
)
@click.option(
    "--ids",
    type=NUMBERINGS,
    help="How the predictions name classes: class strings, indices from 0, or ids of ILSVRC2012's "
    "development kit.  [default: wnid in tables, index in arrays, ilsvrc2012 in text]",
)
@click.option(
    "--classes",
    type=click.Path(),
    metavar="FILE",
    help="The class at each index, one a line.  [default: the truth's classes, sorted]",
)
@click.option("--key", metavar="NAME", help="Which array of an npz that holds several.")
@click.option(
    "--hierarchy",
    type=click.Choice(["full", "induced"]),
    default="full",
    show_default=True,
    help="Heights in all of WordNet 3.0, or among the classes and what is above them.",
)
@click.option("--truth-ids", type=NUMBERINGS, help="How the truth names classes.  [default: wnid]")
@click.option(
    "--order",
    type=click.Choice(["rows", "name", "class"]),
    help="Order of arrays and texts: the truth's rows, by image name, or by class and image name.  "
    "[default: rows]",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the bootstrap.")
@click.option(
    "--no-check",
    is_flag=True,
    help="Score predictions as they stand even if another numbering or order would fit far better.",
)
@click.option(
    "--against",
    type=click.Path(),
    metavar="FILE",
    help="Compare with another submission on the same images: McNemar's exact test, paired bootstrap.",
)
@click.option("--against-ids", type=NUMBERINGS, help="How it names classes.  [default: as --ids]")
@click.option("--against-key", metavar="NAME", help="Which of its arrays.")
@click.option(
    "--confusion",
    type=click.IntRange(1),
    is_flag=False,
    flag_value=LISTED,
    metavar="[N]",
    help=f"List the N ({LISTED}) most frequent confusions with their lowest common ancestors.",
)
@click.option(
    "--scores",
    type=click.Choice(["probability", "logit"]),
    help="What scores of all classes are, for the calibration.  [default: told by their range and sum]",
)
@click.option(
    "--blacklist",
    type=click.Path(),
    metavar="FILE",
    help="Images (localization), or images and classes (detection), that do not count: name or number from "
    "1, and a class, a line.",
)
@click.option(
    "--images",
    type=click.Path(),
    metavar="FILE",
    help="With boxes: the names of all images, in the order of their numbers, one a line.  [default: the "
    "truth's]",
)
@json_option
def command(
    *,
    release: str | None,
    split: str | None,
    truth: str | None,
    predictions: str,
    task: str,
    as_json: bool,
    no_check: bool,
    classes: str | None,
    truth_ids: str | None,
    sealed: str | None,
    blacklist: str | None,
    images: str | None,
    confusion: int | None,
    **options: Any,
) -> None:
    """Score predictions as ILSVRC did: top-1 to top-5 error, flat and by WordNet's hierarchy.

    Errors are fractions from 0 to 1. Intervals are 99.9 % bootstrap intervals over images. Hierarchical
    errors need classes that are wnids.

    \b
    Examples:
      synsetlab evaluate --release releases/v1 --split val --predictions resnet50.csv
      synsetlab evaluate --truth truth.csv --predictions scores.npy --classes classes.txt --json
      synsetlab evaluate --truth ground_truth.txt --truth-ids ilsvrc2012 --predictions submission.txt
      synsetlab evaluate --truth truth.csv --predictions new.csv --against old.csv --confusion
      synsetlab evaluate --task localization --truth boxes.csv --predictions boxes.txt
      synsetlab evaluate --task detection --truth boxes.csv --predictions detections.txt --json

    \b
    JSON: n, excluded, n_classes, guesses, ids, order, top1_error .. top5_error,
    top1_accuracy .. top5_accuracy, multi_label_accuracy, hierarchy,
    hierarchical_error {top1 .. top5} or null, hierarchical_height {top1 .. top5} or null,
    root_height, hierarchical_reason, interval_level, intervals {measure: [low, high]}, seed,
    per_class [wnid, n, top1_error .. top5_error, hierarchical_top1_error, hierarchical_top5_error],
    per_subtree [wnid, name, classes, n, top1_error .. top5_error, hierarchical_top1_error,
    hierarchical_top5_error] or null,
    per_frequency [low, high, n, top1_error .. top5_error, hierarchical_top1_error,
    hierarchical_top5_error] or null,
    calibration {scale, n, ece, nll, brier, bins [low, high, n, confidence, accuracy], reason} or null,
    warnings;
    with --confusion also confusion [wnid, guess, n, share, lca, lca_name, lca_height],
    confusion_by_ancestor [wnid, name, height, n, share];
    with --against also comparison {measure: this, other, difference, interval, bootstrap_p,
    only_this_wrong, only_other_wrong, mcnemar_p}. Instead of these, localization has task, n,
    n_classified, blacklisted, localization_error, top1_localization_error .. top5_localization_error,
    top1_error .. top5_error, interval_level, intervals, seed, per_class and warnings; detection has task,
    n, n_boxes, n_detections, n_classes, map, interval_level, intervals, seed, per_class and warnings.
    """
    if (release is None) == (truth is None):
        raise click.UsageError("Give either --release DIR or --truth FILE.")
    if task != "classification":
        _refuse(f"--task {task}", sealed=sealed)
        if truth is not None:
            _refuse("--truth", split=split)
        _refuse(
            f"--task {task}", confusion=confusion, **{n: options[n] for n in ("against", "key", "scores")}
        )
        score_boxes(
            task, truth or (release, split or "val"), predictions, as_json=as_json, ids=options["ids"],
            order=options["order"], seed=options["seed"], classes=classes, truth_ids=truth_ids,
            blacklist=blacklist, images=images, check=not no_check,
        )  # fmt: skip
        return
    _refuse("--task classification", blacklist=blacklist, images=images)
    from synsetlab.benchmark import evaluate

    known = _truth(release, split, sealed, truth, classes=classes, ids=truth_ids)
    report = evaluate(known, predictions, check=not no_check, confusion=confusion or 0, **options)
    if as_json:
        emit(report.as_json())
        return
    show_report(report)


def _refuse(task: str, **given: Any) -> None:
    """Options that do not go with a task are not silently passed over."""
    for name, value in given.items():
        if value is not None:
            raise click.UsageError(f"--{name} does not go with {task}.")


def _truth(
    release: str | None, split: str | None, sealed: str | None, truth: str | None, **options: Any
) -> Truth:
    from synsetlab.benchmark import read_truth, release_truth

    if release is not None:
        if options["ids"] is not None:
            raise click.UsageError("--truth-ids goes with --truth; a release names its classes by wnid.")
        return release_truth(release, split or "val", classes=options["classes"], sealed=sealed)
    for name, value in (("split", split), ("sealed", sealed)):
        if value is not None:
            raise click.UsageError(f"--{name} goes with --release.")
    return read_truth(truth, **options)
