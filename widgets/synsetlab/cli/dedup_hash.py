"""``synsetlab dedup hash``: the hashes of folders as a table."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.dedup_shared import fast_option, folders_argument, looked_at, say_looked_at, workers_option
from synsetlab.cli.progress import progress_bar

__all__ = ["hash_command"]


@click.command("hash")
@folders_argument
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="Parquet file to write.")
@fast_option
@click.option("--details", is_flag=True, help="Measure dHash, mean colour, brightness, sharpness as well.")
@workers_option
@json_option
def hash_command(
    *,
    folders: tuple[str, ...],
    output: str,
    fast: bool,
    details: bool,
    workers: int | None,
    as_json: bool,
) -> None:
    """Hash every image below FOLDER... into a Parquet table.

    Columns: path, sha256, phash (uint64, equal to ImageHash's phash), upright (the same of the picture
    as seen: EXIF turned, transparency on white), width, height, bytes, format; with --details dhash
    (ImageHash's), mean_color, brightness, contrast, sharpness, flags (dark, bright, flat, blurred).

    Results are noted in OUTPUT.part as they come. Start the command again after it was interrupted: what
    was hashed and has not changed is not read again.

    \b
    Examples:
      synsetlab dedup hash photos -o hashes.parquet

    JSON: images (their number), failed [path, reason, detail], skipped, hash, output.
    """
    from pathlib import Path

    from synsetlab.dedup.files import shown
    from synsetlab.dedup.scan import hash_folders
    from synsetlab.dedup.tables import check_target, write_hashes

    check_target(output)
    journal = Path(f"{output}.part")
    hashes = hash_folders(
        folders,
        fast=fast,
        details=details,
        journal=journal,
        workers=workers,
        progress=progress_bar(desc="hashing", unit="file"),
    )
    write_hashes(hashes, output)
    journal.unlink(missing_ok=True)
    if as_json:
        emit({**looked_at(hashes), "hash": hashes.hash_name, "output": shown(output)})
        return
    say_looked_at(hashes)
    click.echo(f"{len(hashes.files):,} hashes ({hashes.hash_name}) written to {shown(output)}")
