"""What the commands that show synsets share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from synsetlab.taxonomy import Taxonomy

__all__ = [
    "brief",
    "file_argument",
    "instances_option",
    "load_with",
    "own_option",
    "print_synsets",
    "shorten",
    "write_csv",
    "write_text",
]

file_argument = click.Path(exists=True, dir_okay=False, allow_dash=True)
"""A file that is read; - is stdin."""

instances_option = click.option(
    "--instances", is_flag=True, help="Also follow instance edges (particular things)."
)

own_option = click.option(
    "--own",
    type=click.Path(exists=True, dir_okay=False),
    help="Classes outside WordNet: CSV with id, hypernym, lemmas, gloss.",
)


def brief(taxonomy: Taxonomy, wnid: str) -> dict[str, Any]:
    """The keys that every listed synset has."""
    return {"wnid": wnid, "lemmas": taxonomy.lemmas(wnid)}


def print_synsets(taxonomy: Taxonomy, wnids: Iterable[str]) -> None:
    """A table for people."""
    rows = [
        (wnid, ", ".join(taxonomy.lemmas(wnid)), taxonomy.subtree_size(wnid), shorten(taxonomy.gloss(wnid)))
        for wnid in wnids
    ]
    print_table(("wnid", "lemmas", "subtree", "gloss"), rows)


def shorten(text: str, width: int = 60) -> str:
    """Text of at most `width` letters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def load_with(own: str | None) -> Taxonomy:
    """The taxonomy, with the classes of the file `own` if it is given."""
    from synsetlab.taxonomy import load

    taxonomy = load()
    if own is None:
        return taxonomy
    from synsetlab.taxonomy.own_classes import OwnClasses

    return OwnClasses.read(own, taxonomy).attach(taxonomy)


def write_text(path: Path, text: str) -> None:
    """Write a file whose folder must be there.

    Raises
    ------
    InputError
        It cannot be written.
    """
    from synsetlab.errors import InputError

    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", "Check the path.") from error


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table as CSV."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())
