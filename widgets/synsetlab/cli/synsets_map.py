"""``synsetlab synsets map``: from other labels to wnids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, print_table
from synsetlab.cli.synsets_shared import file_argument, own_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synsetlab.taxonomy import Taxonomy

__all__ = ["map_command"]


@click.command("map")
@click.argument("file", type=file_argument)
@click.option(
    "--from",
    "source",
    type=click.Choice(["ilsvrc2012-id", "index", "names"]),
    required=True,
    help="What the file holds: ids of ILSVRC2012's development kit (1 to 1860), positions in an order of "
    "classes (from 0), or names in words.",
)
@click.option(
    "--classes",
    help="The order for --from index: a file of wnids, or imagenet, imagenet22k, imagenet21k-goog, "
    "imagenet22k-ms, imagenet12k, imagenet21k-miil, imagenet21k-miil-w21, imagenet-a, imagenet-r; else the "
    "1,000 sorted wnids of ILSVRC2012. For --from names: only these classes.",
)
@click.option("--column", help="The file is a table, and the values are in this column.")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Candidates a name.")
@click.option(
    "--lang-file",
    type=click.Path(exists=True, dir_okay=False),
    help="Names in another language: an Open Multilingual Wordnet table (wn-data-xxx.tab).",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write CSV.")
@own_option
@json_option
def map_command(
    *,
    file: str,
    source: str,
    classes: str | None,
    column: str | None,
    limit: int,
    lang_file: str | None,
    output: str | None,
    own: str | None,
    as_json: bool,
) -> None:
    """Say which synsets the labels in FILE (one a line, - for stdin) stand for.

    Numbers that the space lacks are refused with their lines. Names get ranked candidates and are never
    decided: `wnid` stays null, a person picks.

    \b
    Examples:
      synsetlab synsets map labels.txt --from index
      synsetlab synsets map val.txt --from ilsvrc2012-id -o wnids.csv
      synsetlab synsets map names.txt --from names --json

    JSON: from, classes, results [line, value, wnid, lemmas, ambiguous, candidates [wnid, lemmas, gloss,
    score, kind]], unknown [line, value]. Of names wnid is null; of numbers candidates is empty.
    """
    from synsetlab.cli.synsets_shared import load_with, write_csv
    from synsetlab.taxonomy.label_spaces import read_labels

    taxonomy = load_with(own)
    labels = read_labels(file, column)
    if source == "names":
        results = _named(taxonomy, labels, classes, limit, lang_file)
        unknown = [{"line": row["line"], "value": row["value"]} for row in results if not row["candidates"]]
    else:
        classes, results = _numbered(taxonomy, labels, source, classes, file)
        unknown = []
    if output:
        write_csv(Path(output), *_table(results, names=source == "names"))
    if as_json:
        emit({"from": source, "classes": classes, "results": results, "unknown": unknown})
        return
    print_table(*_table(results, names=source == "names", brief=True))
    place = "stdin" if file == "-" else file
    for row in unknown:
        click.echo(f"{place}, line {row['line']}: nothing in WordNet is like {row['value']!r}.", err=True)


def _numbered(
    taxonomy: Taxonomy, labels: Sequence[tuple[str, str]], source: str, classes: str | None, file: str
) -> tuple[str, list[dict[str, Any]]]:
    from synsetlab.errors import InputError
    from synsetlab.taxonomy.label_spaces import label_space

    if source == "ilsvrc2012-id" and classes:
        raise InputError(
            "--classes gives an order for --from index; ilsvrc2012-id has its own.", "Leave one of them out."
        )
    space = label_space(classes or ("imagenet" if source == "index" else source), taxonomy)
    wnids = space.wnids_of(labels, "stdin" if file == "-" else file)
    lemmas = {wnid: taxonomy.lemmas(wnid) for wnid in set(wnids)}
    return space.name, [
        {
            "line": _number(where),
            "value": value,
            "wnid": wnid,
            "lemmas": lemmas[wnid],
            "ambiguous": False,
            "candidates": [],
        }
        for (where, value), wnid in zip(labels, wnids, strict=True)
    ]


def _named(
    taxonomy: Taxonomy,
    labels: Sequence[tuple[str, str]],
    classes: str | None,
    limit: int,
    lang_file: str | None,
) -> list[dict[str, Any]]:
    from synsetlab.taxonomy.label_spaces import label_space
    from synsetlab.taxonomy.languages import Language
    from synsetlab.taxonomy.names import candidates_of, is_ambiguous

    language = Language.read(lang_file, taxonomy) if lang_file else None
    within = frozenset(label_space(classes, taxonomy).wnids) if classes else None
    results = []
    for where, value in labels:
        found = candidates_of(taxonomy, value, limit=limit, within=within, language=language)
        results.append(
            {
                "line": _number(where),
                "value": value,
                "wnid": None,
                "lemmas": [],
                "ambiguous": is_ambiguous(found),
                "candidates": [each._asdict() for each in found],
            }
        )
    return results


def _number(where: str) -> int:
    return int(where.rpartition(" ")[2])


def _table(
    results: Sequence[dict[str, Any]], *, names: bool, brief: bool = False
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Header and rows; of names one row a candidate, a name without any has one row."""
    from synsetlab.cli.synsets_shared import shorten

    if not names:
        return ("line", "value", "wnid", "lemmas"), [
            (row["line"], row["value"], row["wnid"], ", ".join(row["lemmas"])) for row in results
        ]
    rows: list[tuple[object, ...]] = []
    for row in results:
        for rank, each in enumerate(row["candidates"] or [None], start=1):
            if each is None:
                rows.append((row["line"], row["value"], "", "", "", "", ""))
                continue
            lemmas, gloss = ", ".join(each["lemmas"]), each["gloss"]
            gloss = shorten(gloss) if brief else gloss
            rows.append((row["line"], row["value"], rank, each["wnid"], each["score"], lemmas, gloss))
    return ("line", "value", "rank", "wnid", "score", "lemmas", "gloss"), rows
