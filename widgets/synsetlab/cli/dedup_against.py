"""``synsetlab dedup against``: which pictures of folders a table of hashes has already."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.dedup_shared import (
    distance_option,
    fast_option,
    folders_argument,
    looked_at,
    pair_row,
    print_pairs,
    say_looked_at,
    workers_option,
)
from synsetlab.cli.progress import progress_bar

__all__ = ["against_command"]


@click.command("against")
@click.argument("hashes", type=click.Path())
@folders_argument
@distance_option
@fast_option
@workers_option
@json_option
def against_command(
    *,
    hashes: str,
    folders: tuple[str, ...],
    max_distance: int,
    fast: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Find the images below FOLDER... that a hash table (a release, a list) has already.

    HASHES is what dedup hash wrote, any .parquet table with a column phash, a .npy array of uint64, or the
    images.parquet of a frozen release; then the report says which splits and classes leak. Where the table's
    pictures are not at hand, its column dhash (dedup hash --details) is the second opinion.

    \b
    Examples:
      synsetlab dedup against hashes.parquet new-photos --json

    JSON: images (their number), failed [path, reason, detail], skipped, hash, indexed, pairs [a, b,
    distance, verdict], known, to_review (numbers of images), by_split, by_wnid (numbers of known images),
    entropy_bits (of the table), chance_pairs (expected pairs of strangers within 0, 1, ... 12 bits),
    auto_distance (up to which the hash alone can be trusted).
    """
    from synsetlab.dedup.entropy import limits, measure
    from synsetlab.dedup.judge import Policy
    from synsetlab.dedup.leakage import against, leakage
    from synsetlab.dedup.scan import hash_folders
    from synsetlab.dedup.tables import read_hashes

    table = read_hashes(hashes)
    mine = hash_folders(
        folders,
        fast=fast,
        details=table.dhash is not None,
        workers=workers,
        progress=progress_bar(desc="hashing", unit="file"),
    )
    chance = measure(table.phash)
    trusted = limits(chance, table.phash.size, len(mine.files))
    policy = Policy(auto=trusted.auto, verify=trusted.verify)
    pairs = against(table, mine, max_distance=max_distance, policy=policy, workers=workers)
    leaks = leakage(table, pairs)
    if as_json:
        emit(
            {
                **looked_at(mine),
                "hash": mine.hash_name,
                "indexed": int(table.phash.size),
                "pairs": [pair_row(pair) for pair in pairs],
                "known": len(leaks.known),
                "to_review": len(leaks.to_review),
                "by_split": leaks.by_split,
                "by_wnid": leaks.by_wnid,
                "entropy_bits": round(chance.entropy_bits, 2),
                "chance_pairs": chance.pairs(table.phash.size, len(mine.files)),
                "auto_distance": trusted.auto,
            }
        )
        return
    say_looked_at(mine)
    print_pairs(pairs)
    for name, count in leaks.by_split.items():
        click.echo(f"  {count:,} are in its split {name or '(none)'}")
    click.echo(
        f"{len(leaks.known):,} of {len(mine.files):,} images are among the {table.phash.size:,} hashes, "
        f"{len(leaks.to_review):,} are for review."
    )
