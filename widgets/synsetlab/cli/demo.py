"""``synsetlab demo``: make a demo workspace."""

from __future__ import annotations

import click

from synsetlab.cli.common import SEED, emit, json_option
from synsetlab.cli.progress import progress_bar

__all__ = ["command"]


@click.command(name="demo")
@click.argument("folder", type=click.Path(file_okay=False))
@click.option("--seed", type=SEED, default=0, show_default=True, help="Decides the pictures and the votes.")
@click.option("--images", type=click.IntRange(16), default=600, show_default=True, help="Files to draw.")
@click.option(
    "--annotators", type=click.IntRange(3), default=12, show_default=True, help="Simulated annotators."
)
@click.option("--database", metavar="URL", help="postgresql+psycopg://...; default: SQLite inside.")
@click.option("--workers", type=click.IntRange(1), help="Processes.")
@json_option
def command(
    *,
    folder: str,
    seed: int,
    images: int,
    annotators: int,
    database: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Make a demo workspace: drawn images of 16 synsets, simulated annotators, no network.

    Four synsets are left for you to label; truth.csv in the workspace says what every picture shows.

    \b
    Examples:
      synsetlab demo my-demo
      synsetlab demo small-demo --images 160 --seed 7

    JSON: folder, synsets, images, failed, clusters, annotators, votes, outcomes {outcome: questions}.
    """
    from dataclasses import asdict

    from synsetlab.simulate.workspace import build_demo

    options = {"seed": seed, "images": images, "annotators": annotators}
    built = build_demo(folder, **options, database=database, workers=workers, progress=progress_bar())
    if as_json:
        emit({**asdict(built), "folder": str(built.folder)})
        return
    click.echo(
        f"{built.folder}: {built.images:,} images of {built.synsets} synsets ({built.failed} files could not "
        f"be read, {built.clusters} duplicate clusters), {built.votes:,} votes "
        f"of {built.annotators} annotators."
    )
    click.echo(f"Label and review it with: synsetlab serve {folder}")
