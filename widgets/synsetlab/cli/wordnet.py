"""``synsetlab wordnet``: find or obtain WordNet 3.0."""

from __future__ import annotations

from dataclasses import asdict

import click

from synsetlab.cli.common import emit, json_option

__all__ = ["command"]


@click.group(name="wordnet")
def command() -> None:
    """Find or obtain WordNet 3.0, whose noun offsets ImageNet's wnids are.

    \b
    Examples:
      synsetlab wordnet install
      synsetlab wordnet install --from WordNet-3.0.tar.gz
      synsetlab wordnet status
    """


@command.command()
@click.option(
    "--from",
    "given",
    type=click.Path(),
    help="A folder, zip, tar or Debian package that holds WordNet 3.0; nothing else is tried.",
)
@click.option("--recompile", is_flag=True, help="Make the compiled index anew even if there is one.")
@json_option
def install(given: str | None, recompile: bool, as_json: bool) -> None:
    """Put WordNet 3.0 into the user's data folder and compile its nouns.

    Looks, in this order, at --from; what is installed already; NLTK's data folders; Debian's
    /usr/share/wordnet; then asks NLTK to download it, then apt-get (unpacked without root).

    \b
    Examples:
      synsetlab wordnet install
      synsetlab wordnet install --from WordNet-3.0.tar.gz
      synsetlab wordnet install --recompile --json

    JSON: path, source, origin, made, tried [source, origin, reason], version, synsets, index.
    """
    from synsetlab.taxonomy import cache
    from synsetlab.taxonomy.install import install as find_and_install
    from synsetlab.taxonomy.paths import index_path

    done = find_and_install(given)
    if recompile:
        cache.compile_index()
    synsets = len(cache.load())
    if as_json:
        emit({**asdict(done), "version": "3.0", "synsets": synsets, "index": str(index_path())})
        return
    origin = (
        "it was installed already" if done.source == "installed" else f"from {done.origin} ({done.source})"
    )
    click.echo(f"WordNet 3.0: {synsets:,} noun synsets in {done.path}: {origin}.")
    if done.made:
        click.echo(f"Made what the source left out: {', '.join(done.made)}.")


@command.command()
@json_option
def status(as_json: bool) -> None:
    """Say whether WordNet 3.0 is installed and compiled, and where; exit code 1 if it is not installed.

    \b
    Examples:
      synsetlab wordnet status
      synsetlab wordnet status --json

    JSON: installed, path, source, origin, compiled, index, version.
    """
    from synsetlab.taxonomy.install import status as look

    found = look()
    if as_json:
        emit(asdict(found))
    elif found.installed:
        click.echo(f"WordNet {found.version} is installed in {found.path} (from {found.origin or 'there'}).")
        compiled = "compiled" if found.compiled else "not compiled yet (happens on first use)"
        click.echo(
            f"Its index {found.index} is {compiled}." if found.compiled else f"Its index is {compiled}."
        )
    else:
        click.echo(f"WordNet 3.0 is not installed in {found.path}.\nGet it with: synsetlab wordnet install")
    if not found.installed:
        click.get_current_context().exit(1)
