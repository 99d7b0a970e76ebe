"""``synsetlab dedup``: find exact and near duplicates; nothing is ever deleted."""

from __future__ import annotations

import click

from synsetlab.cli.dedup_against import against_command
from synsetlab.cli.dedup_calibrate import calibrate_command, sample_command
from synsetlab.cli.dedup_hash import hash_command
from synsetlab.cli.dedup_index import index_command
from synsetlab.cli.dedup_pairs import pairs_command
from synsetlab.cli.dedup_report import conflicts_command, report_command
from synsetlab.cli.dedup_scan import scan_command
from synsetlab.cli.dedup_workspace import clusters_command, run_command, verdict_command

__all__ = ["command"]


@click.group("dedup")
def command() -> None:
    """Find exact and near duplicates; nothing is ever deleted.

    Folders and hash tables need no workspace; run, clusters and verdict work on one.

    \b
    Examples:
    synsetlab dedup run                                 the workspace: clusters, and which copy stays
    synsetlab dedup scan photos/                        clusters, what to keep, what to drop
    synsetlab dedup hash photos/ -o hashes.parquet      perceptual hashes (ImageHash's phash)
    synsetlab dedup against hashes.parquet new/         what of a folder is in a hash table already
    synsetlab dedup pairs hashes.parquet --max-distance 3 -o pairs.parquet
    """


command.add_command(run_command)
command.add_command(clusters_command)
command.add_command(verdict_command)
command.add_command(scan_command)
command.add_command(hash_command)
command.add_command(pairs_command)
command.add_command(index_command)
command.add_command(against_command)
command.add_command(calibrate_command)
command.add_command(sample_command)
command.add_command(conflicts_command)
command.add_command(report_command)
