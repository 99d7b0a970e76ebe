"""``synsetlab dedup calibrate|sample``: the distance up to which pairs may join, from reviewed pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option

if TYPE_CHECKING:
    from collections import Counter

__all__ = ["calibrate_command", "sample_command"]

_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@click.command("calibrate")
@click.argument("pairs", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--precision",
    type=click.FloatRange(0, 1),
    default=0.95,
    show_default=True,
    help="To be held (95 % sure).",
)
@workspace_option
@json_option
def calibrate_command(pairs: str | None, precision: float, workspace: str | None, as_json: bool) -> None:
    """Give the precision at each distance of reviewed PAIRS, a CSV with columns distance and same.

    same is yes or no (also true/false, 1/0); rows where it is empty are not reviewed yet. Without PAIRS,
    the verdicts of people on the workspace's pairs are taken.

    \b
    Examples:
      synsetlab dedup calibrate reviewed.csv
      synsetlab dedup calibrate reviewed.csv --precision 0.99 --json

    JSON: reviewed, distances [distance, same, reviewed, precision, low, high], histogram [distance, pairs],
    auto (distance or null).
    """
    from synsetlab.dedup.calibrate import precision_by_distance, recommend, reviewed_in_workspace

    if pairs is None:
        with open_workspace(workspace) as opened:
            reviewed, histogram = reviewed_in_workspace(opened)
    else:
        reviewed, histogram = _read(pairs)
    rows = precision_by_distance(reviewed)
    auto = recommend(rows, precision)
    keys = ("distance", "same", "reviewed", "precision", "low", "high")
    shares = [(r.distance, r.same, r.reviewed, r.same / r.reviewed, r.low, r.high) for r in rows]
    if as_json:
        distances = [dict(zip(keys, share, strict=True)) for share in shares]
        counts = [{"distance": at, "pairs": count} for at, count in sorted(histogram.items())]
        emit({"reviewed": len(reviewed), "distances": distances, "histogram": counts, "auto": auto})
        return
    known = {share[0]: [*share[1:3], *(f"{value:.3f}" for value in share[3:])] for share in shares}
    table = [[at, count, *known.get(at, [0, 0, "", "", ""])] for at, count in sorted(histogram.items())]
    print_table([keys[0], "pairs", *keys[1:]], table)
    click.echo("No distance may join by itself." if auto is None else f"Join by itself up to {auto} bits.")


@click.command("sample")
@click.argument("scan", type=click.Path(exists=True, dir_okay=False))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="CSV file to write.")
@click.option("--each", type=click.IntRange(1), default=30, show_default=True, help="Pairs a distance.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw.")
@json_option
def sample_command(scan: str, output: str, each: int, seed: int, as_json: bool) -> None:
    """Draw pairs at every distance for people to review, from what dedup scan --json printed.

    The CSV has the columns a, b, distance, verdict and same, which is empty: fill in yes or no, then
    give it to dedup calibrate.

    \b
    Examples:
      synsetlab dedup sample scan.json -o to-review.csv

    JSON: pairs (their number), output.
    """
    import csv
    import json
    from pathlib import Path

    from synsetlab.dedup.calibrate import sample_pairs
    from synsetlab.errors import InputError

    try:
        drawn = sample_pairs(json.loads(Path(scan).read_text(encoding="utf-8"))["pairs"], each, seed)
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{scan} is not what dedup scan --json prints ({error}).",
            "Make it with: synsetlab dedup scan FOLDER --json > FILE",
        ) from error
    with Path(output).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["a", "b", "distance", "verdict", "same"], extrasaction="ignore")
        table.writeheader()
        table.writerows(drawn)
    if as_json:
        emit({"pairs": len(drawn), "output": output})
    else:
        click.echo(f"{len(drawn):,} pairs to review written to {output}")


def _read(pairs: str) -> tuple[list[tuple[int, bool]], Counter[int]]:
    """Reviewed (distance, same) of a CSV, and how many rows it has at each distance."""
    import csv
    from collections import Counter
    from pathlib import Path

    from synsetlab.errors import InputError

    reviewed = []
    histogram: Counter[int] = Counter()
    with Path(pairs).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        table: Any = csv.DictReader(file)
        if not {"distance", "same"} <= set(table.fieldnames or ()):
            raise InputError(f"{pairs}: no columns distance and same.", "Give a CSV with both.")
        for row in table:
            same, distance = (row["same"] or "").strip().lower(), (row["distance"] or "").strip()
            if (same and same not in _WORDS) or not distance.isdecimal() or int(distance) > 64:
                raise InputError(
                    f"{pairs}, line {table.line_num}: distance {distance!r}, same {same!r}.",
                    "distance is 0..64, same is yes or no.",
                )
            histogram[int(distance)] += 1
            if same:
                reviewed.append((int(distance), _WORDS[same]))
    return reviewed, histogram
