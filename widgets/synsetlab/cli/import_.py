"""``synsetlab import``: bring images in."""

from __future__ import annotations

import click

from synsetlab.cli.common import json_option, open_workspace, workspace_option
from synsetlab.cli.import_common import (
    fast_option,
    hash_options,
    licence_option,
    placeholders_option,
    show_report,
)
from synsetlab.cli.import_layouts import coco, ilsvrc, imagefolder

__all__ = ["command"]


@click.group(name="import")
def command() -> None:
    """Bring images in: from folders, URL lists or manifests.

    What cannot be read is listed with its reason, and the import goes on. Importing the same input
    again changes nothing.

    \b
    Examples:
      synsetlab import folder photos --map hat=n03497657 --map shoes=n04199027 --licence CC0-1.0
      synsetlab import urls fall11_urls.txt
      synsetlab import manifest rows.csv
    """


for _more in (imagefolder, coco, ilsvrc):
    command.add_command(_more)


@command.command()
@click.argument("folder", type=click.Path())
@click.option(
    "--map", "pairs", multiple=True, metavar="CLASS=WNID", help="Which synset a class folder may show."
)
@click.option("--map-file", type=click.Path(), help="CSV with the columns class and wnid.")
@licence_option
@click.option("--author", default="", help="Author of all of them.")
@click.option("--source", default="", help="Where all of them come from.")
@placeholders_option
@fast_option
@click.option("--workers", type=click.IntRange(1), help="Processes.")
@workspace_option
@json_option
def folder(
    *,
    folder: str,
    pairs: tuple[str, ...],
    map_file: str | None,
    licence: str,
    author: str,
    source: str,
    placeholders: str | None,
    fast: bool,
    workers: int | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Import a tree of pictures: FOLDER/CLASS/picture.jpg.

    Each class folder is mapped to a synset by --map or --map-file, or is named by its wnid.

    \b
    Examples:
      synsetlab import folder photos --map-file classes.csv --licence CC0-1.0
      synsetlab import folder imagenet/train

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.folder import import_folder
    from synsetlab.candidates.mapping import parse_pairs, read_map_file

    mapping = {**(read_map_file(map_file) if map_file else {}), **parse_pairs(pairs)}
    fields = {"licence": licence, "author": author, "provider": source}
    with open_workspace(workspace) as opened:
        options = hash_options(fast, placeholders)
        report = import_folder(opened, folder, mapping, fields=fields, workers=workers, **options)
    show_report(report, as_json)


@command.command()
@click.argument("file", type=click.Path())
@placeholders_option
@fast_option
@workspace_option
@json_option
def urls(*, file: str, placeholders: str | None, fast: bool, workspace: str | None, as_json: bool) -> None:
    """Fetch the pictures of a URL list: lines of NAME<TAB>URL, as ImageNet published them.

    \b
    Examples:
      synsetlab import urls fall11_urls.txt

    JSON: found, new_images, new_candidates, known, failed [path (the URL, or FILE:LINE), reason,
    detail].
    """
    from synsetlab.candidates.urls import import_urls

    with open_workspace(workspace) as opened:
        report = import_urls(opened, file, **hash_options(fast, placeholders))
    show_report(report, as_json)


@command.command()
@click.argument("file", type=click.Path())
@placeholders_option
@fast_option
@click.option("--workers", type=click.IntRange(1), help="Processes.")
@workspace_option
@json_option
def manifest(
    *,
    file: str,
    placeholders: str | None,
    fast: bool,
    workers: int | None,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Import the rows of a CSV or Parquet file.

    Columns: wnid; path or url; optionally licence, author, title, landing_page, source, name.

    \b
    Examples:
      synsetlab import manifest rows.csv

    JSON: found, new_images, new_candidates, known, failed [path (or the URL), reason, detail].
    """
    from synsetlab.candidates.manifest import import_manifest

    with open_workspace(workspace) as opened:
        report = import_manifest(opened, file, workers=workers, **hash_options(fast, placeholders))
    show_report(report, as_json)
