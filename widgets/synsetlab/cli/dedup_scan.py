"""``synsetlab dedup scan``: the duplicates below folders, without a workspace."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.dedup_shared import (
    distance_option,
    fast_option,
    folders_argument,
    keep_option,
    looked_at,
    pair_row,
    print_pairs,
    say_looked_at,
    workers_option,
)
from synsetlab.cli.progress import progress_bar
from synsetlab.texts import visible

__all__ = ["scan_command"]


@click.command("scan")
@folders_argument
@distance_option
@fast_option
@click.option("--dihedral", is_flag=True, help="Find turned and mirrored copies too (8 forms of each).")
@keep_option
@click.option("--placeholders", type=click.Path(), help="Hashes of pictures that mean 'gone', one a line.")
@click.option("--embeddings", metavar="MODULE:NAME", help="A provider of features, for undecided pairs.")
@workers_option
@json_option
def scan_command(
    *,
    folders: tuple[str, ...],
    max_distance: int,
    fast: bool,
    dihedral: bool,
    keep: str | None,
    placeholders: str | None,
    embeddings: str | None,
    workers: int | None,
    as_json: bool,
) -> None:
    """Find duplicates below FOLDER..., judge them and say which copies to keep.

    Pairs within 3 bits are joined automatically unless a look at the pixels contradicts (on a plain ground:
    if it agrees); within 6 if a look agrees; the rest is left for review. Where hashes tell little, measured
    by their entropy, these limits are lower. Of a cluster the copy with most pixels, then most bytes stays.

    \b
    Examples:
      synsetlab dedup scan photos
      synsetlab dedup scan photos --dihedral
      synsetlab dedup scan photos more-photos --max-distance 3 --json

    JSON: images (their number), failed [path, reason, detail], skipped, pairs [a, b, distance,
    verdict], clusters (lists of paths), keep, drop; with --placeholders also placeholders [path, name].
    """
    from synsetlab.candidates.placeholders import read_placeholders
    from synsetlab.dedup.embeddings import load_provider
    from synsetlab.dedup.files import shown
    from synsetlab.dedup.scan import FOLDER_KEEP, scan

    found = scan(
        folders,
        max_distance=max_distance,
        fast=fast,
        dihedral=dihedral,
        keep=FOLDER_KEEP if keep is None else [word.strip() for word in keep.split(",")],
        placeholders=read_placeholders(placeholders),
        embeddings=None if embeddings is None else load_provider(embeddings),
        workers=workers,
        progress=progress_bar(desc="hashing", unit="file"),
    )
    gone = [{"path": shown(path), "name": name} for path, name in found.placeholders]
    if as_json:
        emit(
            {
                **looked_at(found.hashes),
                "pairs": [pair_row(pair) for pair in found.pairs],
                "clusters": [[shown(path) for path in members] for members in found.clusters],
                "keep": [shown(path) for path in found.keep],
                "drop": [shown(path) for path in found.drop],
                **({} if placeholders is None else {"placeholders": gone}),
            }
        )
        return
    say_looked_at(found.hashes)
    drop = set(found.drop)
    for number, members in enumerate(found.clusters, start=1):
        click.echo(f"\nCluster {number}")
        for path in members:
            click.echo(f"  {'drop' if path in drop else 'keep'}  {visible(shown(path))}")
    for row in gone:
        click.echo(f"\nPlaceholder ({row['name']}): {visible(row['path'])}")
    unsure = [pair for pair in found.pairs if pair.verdict == "review"]
    if unsure:
        click.echo("\nFor review (close hashes, pixels undecided)")
        print_pairs(unsure)
    click.echo(
        f"\n{len(found.clusters):,} clusters, {len(found.drop):,} copies to drop, "
        f"{len(found.keep):,} images to keep, {len(unsure):,} pairs for review. Nothing was changed.\n"
        f"{found.chance}: joined up to "
        f"{found.policy.auto} bits by themselves, up to {found.policy.verify} where a look agrees."
    )
