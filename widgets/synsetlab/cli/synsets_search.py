"""``synsetlab synsets search``: find synsets by words."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.cli.synsets_shared import brief, own_option, print_synsets

__all__ = ["search_command"]


@click.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Answers at most.")
@click.option(
    "--lang-file",
    type=click.Path(exists=True, dir_okay=False),
    help="Search an Open Multilingual Wordnet table (wn-data-xxx.tab) instead of English.",
)
@own_option
@json_option
def search_command(
    text: tuple[str, ...], limit: int, lang_file: str | None, own: str | None, as_json: bool
) -> None:
    """Find synsets by lemma, word of the gloss, or wnid; slips of the pen are forgiven.

    \b
    Examples:
      synsetlab synsets search siberian husky
      synsetlab synsets search "sled dog" --limit 5 --json
      synsetlab synsets search cane --lang-file wn-data-ita.tab

    JSON: results [wnid, lemmas, gloss, score].
    """
    from synsetlab.cli.synsets_shared import load_with

    taxonomy = load_with(own)
    query = " ".join(text)
    if lang_file:
        from synsetlab.taxonomy.languages import Language

        matches = Language.read(lang_file, taxonomy).search(query, limit)
    else:
        matches = taxonomy.search(query, limit)
    rows = [
        {**brief(taxonomy, match.wnid), "gloss": taxonomy.gloss(match.wnid), "score": match.score}
        for match in matches
    ]
    if as_json:
        emit({"results": rows})
    elif rows:
        print_synsets(taxonomy, [match.wnid for match in matches])
    else:
        click.echo(f"Nothing in WordNet 3.0's nouns is like {query!r}.")
