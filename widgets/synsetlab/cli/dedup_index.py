"""``synsetlab dedup index``: an index of hashes on disk that grows by what is added."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option

__all__ = ["index_command"]


@click.group("index")
def index_command() -> None:
    """Keep hashes in an index on disk; add to it and ask it, without starting again.

    \b
    Examples:
      synsetlab dedup index add imagenet.index hashes.parquet
      synsetlab dedup index query imagenet.index new.parquet --max-distance 3 -o found.parquet
    """


@index_command.command("add")
@click.argument("index", type=click.Path(file_okay=False))
@click.argument("hashes", type=click.Path())
@json_option
def add_command(*, index: str, hashes: str, as_json: bool) -> None:
    """Add a table of hashes to INDEX, a folder that is made if there is none.

    HASHES is what dedup pairs reads. Ids count on in the order of adding: 0, 1, 2, ...

    \b
    Examples:
      synsetlab dedup index add imagenet.index hashes.parquet

    JSON: index, hash (name of its kind of hashes), added, first (id of the first one added), hashes (all that
    it holds now).
    """
    from synsetlab.dedup.files import shown
    from synsetlab.dedup.index import HammingIndex
    from synsetlab.dedup.tables import read_hashes

    table = read_hashes(hashes, texts=False)
    opened = HammingIndex(index, hash_name=table.hash_name, create=True)
    new = opened.add(table.phash)
    if as_json:
        emit(
            {
                "index": shown(index),
                "hash": opened.hash_name,
                "added": len(new),
                "first": new.start,
                "hashes": len(opened),
            }
        )
        return
    click.echo(f"{len(new):,} hashes added from id {new.start}; {shown(index)} holds {len(opened):,}.")


@index_command.command("query")
@click.argument("index", type=click.Path(file_okay=False))
@click.argument("hashes", type=click.Path())
@click.option(
    "--max-distance",
    type=click.IntRange(0, 12),
    default=6,
    show_default=True,
    help="Bits of 64 that may differ (<=).",
)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), help="Parquet file to write.")
@json_option
def query_command(*, index: str, hashes: str, max_distance: int, output: str, as_json: bool) -> None:
    """Write which hashes of INDEX are close to those of a table: i (id), j (row of HASHES), distance.

    The answer is exact.

    \b
    Examples:
      synsetlab dedup index query imagenet.index new.parquet --max-distance 3 -o found.parquet

    JSON: index, hash (name of its kind of hashes), hashes (all that it holds), asked, pairs (their number),
    known (rows of HASHES that have a close one), output, max_distance.
    """
    from synsetlab.dedup.files import shown
    from synsetlab.dedup.hamming import Pairs
    from synsetlab.dedup.index import HammingIndex
    from synsetlab.dedup.tables import read_hashes, write_pairs

    table = read_hashes(hashes, texts=False)
    opened = HammingIndex(index, hash_name=table.hash_name)
    found = opened.query(table.phash, max_distance)
    write_pairs(Pairs(found.i, table.rows[found.j], found.distance), output)
    known = len(set(found.j.tolist()))
    if as_json:
        emit(
            {
                "index": shown(index),
                "hash": opened.hash_name,
                "hashes": len(opened),
                "asked": int(table.phash.size),
                "pairs": int(found.i.size),
                "known": known,
                "output": shown(output),
                "max_distance": max_distance,
            }
        )
        return
    click.echo(
        f"{known:,} of {table.phash.size:,} hashes are within {max_distance} of one of the {len(opened):,} "
        f"in {shown(index)}; {found.i.size:,} pairs written to {shown(output)}"
    )
