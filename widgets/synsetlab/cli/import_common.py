"""What all imports have in common: how pictures are hashed, and what is said of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, print_table
from synsetlab.cli.progress import progress_bar

if TYPE_CHECKING:
    from synsetlab.candidates.ingest import ImportReport

__all__ = [
    "fast_option",
    "hash_options",
    "licence_option",
    "map_option",
    "placeholders_option",
    "show_report",
]

FAILURES_SHOWN = 20

map_option = click.option(
    "--map", "pairs", multiple=True, metavar="CLASS=WNID", help="Which synset a class may show."
)
licence_option = click.option("--licence", default="", help="Licence of all of them, e.g. CC0-1.0.")
placeholders_option = click.option(
    "--placeholders", type=click.Path(), help="Hashes of pictures that mean 'gone', one a line; refused."
)
fast_option = click.option(
    "--fast",
    is_flag=True,
    help="Decode JPEGs only as large as a thumbnail; another kind of hash (dedup run makes kinds alike).",
)


def hash_options(fast: bool, placeholders: str | None = None) -> dict[str, Any]:
    """What an importer is told about hashes and progress."""
    from dataclasses import replace

    from synsetlab.candidates.placeholders import read_placeholders
    from synsetlab.dedup.stage import FAST_FINGERPRINT, FINGERPRINT

    known = read_placeholders(placeholders)
    chosen = FAST_FINGERPRINT if fast else FINGERPRINT
    return {"fingerprint": replace(chosen, placeholders=known), "progress": progress_bar()}


def show_report(report: ImportReport, as_json: bool) -> None:
    """Say what came in and what did not."""
    if as_json:
        emit(report.as_json())
        return
    click.echo(
        f"{report.found:,} found: {report.new_images:,} new images, "
        f"{report.new_candidates:,} new candidates, "
        f"{report.known:,} known already, {len(report.failed):,} failed."
    )
    if report.failed:
        shown = [(row["origin"], row["reason"], row["detail"]) for row in report.failed[:FAILURES_SHOWN]]
        print_table(("failed", "reason", "detail"), shown)
        if len(report.failed) > FAILURES_SHOWN:
            click.echo(f"... and {len(report.failed) - FAILURES_SHOWN:,} more (--json lists them all)")
