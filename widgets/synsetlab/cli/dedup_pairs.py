"""``synsetlab dedup pairs``: all close pairs of a table of hashes."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option

__all__ = ["pairs_command"]


@click.command("pairs")
@click.argument("hashes", type=click.Path())
@click.option(
    "--max-distance",
    type=click.IntRange(0, 64),
    help="Bits of 64 that may differ (<=).  [default: 6, less where chance makes too many pairs]",
)
@click.option(
    "--memory", type=click.IntRange(1), default=1024, show_default=True, help="MB for the search itself."
)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="Parquet file to write.")
@json_option
def pairs_command(*, hashes: str, max_distance: int | None, memory: int, output: str, as_json: bool) -> None:
    """Write all pairs of rows whose hashes are close: i, j, distance (i < j).

    HASHES is a .npy array of uint64 or a .parquet table with a column phash (a release's images.parquet
    too). The answer is exact. How many of the pairs are chance is estimated from the bits' entropy.

    \b
    Examples:
      synsetlab dedup pairs hashes.parquet --max-distance 3 -o pairs.parquet

    JSON: hashes, pairs (their numbers), output, max_distance, entropy_bits, chance_pairs (expected pairs of
    strangers within 0, 1, ... 12 bits), auto_distance (up to which the hash alone can be trusted).
    """
    from synsetlab.dedup.entropy import limits, measure
    from synsetlab.dedup.files import shown
    from synsetlab.dedup.hamming import Pairs, pairs_within
    from synsetlab.dedup.tables import read_hashes, write_pairs

    table = read_hashes(hashes, texts=False)
    chance = measure(table.phash)
    trusted = limits(chance, table.phash.size)
    radius = trusted.verify if max_distance is None else max_distance
    found = pairs_within(table.phash, radius, memory=memory * 1_000_000)
    pairs = Pairs(table.rows[found.i], table.rows[found.j], found.distance)
    write_pairs(pairs, output)
    expected = chance.pairs(table.phash.size)
    if as_json:
        emit(
            {
                "hashes": int(table.phash.size),
                "pairs": int(pairs.i.size),
                "output": shown(output),
                "max_distance": radius,
                "entropy_bits": round(chance.entropy_bits, 2),
                "chance_pairs": expected,
                "auto_distance": trusted.auto,
            }
        )
        return
    click.echo(
        f"{pairs.i.size:,} pairs within {radius} of {table.phash.size:,} hashes written to {shown(output)}\n"
        f"{chance}; by chance alone about "
        f"{expected[min(radius, 12)]:,.1f} pairs of strangers lie within {min(radius, 12)}. "
        f"Up to {trusted.auto} the hash alone can be trusted."
    )
