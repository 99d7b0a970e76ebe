"""``synsetlab import``: bring images in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option
from synsetlab.cli.import_layouts import coco, ilsvrc, imagefolder
from synsetlab.cli.progress import progress_bar

if TYPE_CHECKING:
    from synsetlab.candidates.ingest import ImportReport

__all__ = ["command"]

FAILURES_SHOWN = 20


_placeholders_option = click.option(
    "--placeholders", type=click.Path(), help="Hashes of pictures that mean 'gone', one a line; refused."
)


_fast_option = click.option(
    "--fast",
    is_flag=True,
    help="Decode JPEGs only as large as a thumbnail; another kind of hash (dedup run makes kinds alike).",
)


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
@click.option("--licence", default="", help="Licence of all of them, e.g. CC0-1.0.")
@click.option("--author", default="", help="Author of all of them.")
@click.option("--source", default="", help="Where all of them come from.")
@_placeholders_option
@_fast_option
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
        options = _options(placeholders, fast)
        report = import_folder(opened, folder, mapping, fields=fields, workers=workers, **options)
    _report(report, as_json)


@command.command()
@click.argument("file", type=click.Path())
@_placeholders_option
@_fast_option
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
        report = import_urls(opened, file, **_options(placeholders, fast))
    _report(report, as_json)


@command.command()
@click.argument("file", type=click.Path())
@_placeholders_option
@_fast_option
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
        report = import_manifest(opened, file, workers=workers, **_options(placeholders, fast))
    _report(report, as_json)


def _options(placeholders: str | None, fast: bool) -> dict[str, Any]:
    from dataclasses import replace

    from synsetlab.candidates.placeholders import read_placeholders
    from synsetlab.dedup.stage import FAST_FINGERPRINT, FINGERPRINT

    known = read_placeholders(placeholders)
    chosen = FAST_FINGERPRINT if fast else FINGERPRINT
    return {"fingerprint": replace(chosen, placeholders=known), "progress": progress_bar()}


def _report(report: ImportReport, as_json: bool) -> None:
    if as_json:
        emit(report.as_json())
        return
    click.echo(
        f"{report.found:,} found: {report.new_images:,} new images, "
        f"{report.new_candidates:,} new candidates, "
        f"{report.known:,} known already, {len(report.failed):,} failed."
    )
    if report.failed:
        shown = [(row["origin"], row["reason"], row["detail"]) for row in report.failed[:FAILURES_SHOWN]]
        print_table(("failed", "reason", "detail"), shown)
        if len(report.failed) > FAILURES_SHOWN:
            click.echo(f"... and {len(report.failed) - FAILURES_SHOWN:,} more (--json lists them all)")
