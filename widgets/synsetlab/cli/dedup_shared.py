"""What the commands of ``synsetlab dedup`` on folders and tables share: options and how pairs are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import print_table
from synsetlab.texts import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.dedup.matching import JudgedPair
    from synsetlab.dedup.scan import FolderHashes

__all__ = [
    "distance_option",
    "fast_option",
    "folders_argument",
    "keep_option",
    "looked_at",
    "pair_row",
    "print_pairs",
    "say_looked_at",
    "workers_option",
]

folders_argument = click.argument("folders", metavar="FOLDER...", nargs=-1, required=True, type=click.Path())
distance_option = click.option(
    "--max-distance",
    type=click.IntRange(0, 64),
    default=6,
    show_default=True,
    help="Bits of 64 that may differ (<=).",
)
fast_option = click.option("--fast", is_flag=True, help="Decode JPEGs at reduced size; another kind of hash.")
keep_option = click.option(
    "--keep",
    metavar="WORDS",
    help="What is asked of copies, in this order: resolution, licence, earliest, size (commas between).",
)
workers_option = click.option("--workers", type=click.IntRange(1), help="Processes; default: every core.")


def looked_at(hashes: FolderHashes) -> dict[str, Any]:
    """What a --json object says of the files looked at: images, failed, skipped."""
    from synsetlab.dedup.files import shown

    return {
        "images": len(hashes.files),
        "failed": [
            {"path": shown(failure.path), "reason": failure.reason, "detail": failure.detail}
            for failure in hashes.failed
        ],
        "skipped": [shown(path) for path in hashes.skipped],
    }


def say_looked_at(hashes: FolderHashes) -> None:
    """Say the same to a person."""
    from synsetlab.dedup.files import shown

    click.echo(
        f"{len(hashes.files):,} images, {len(hashes.failed):,} do not decode, "
        f"{len(hashes.skipped):,} other files."
    )
    for failure in hashes.failed:
        click.echo(f"  {failure.reason:<12}  {visible(shown(failure.path))}")


def pair_row(pair: JudgedPair) -> dict[str, Any]:
    """A pair as --json gives it: a, b, distance, verdict."""
    from synsetlab.dedup.files import shown

    return {"a": shown(pair.a), "b": shown(pair.b), "distance": pair.distance, "verdict": pair.verdict}


def print_pairs(pairs: Iterable[JudgedPair]) -> None:
    """Print pairs as a table; nothing where there are none."""
    rows = [list(pair_row(pair).values()) for pair in pairs]
    if rows:
        print_table(["a", "b", "distance", "verdict"], rows)
