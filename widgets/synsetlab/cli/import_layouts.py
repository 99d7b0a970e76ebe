"""``synsetlab import imagefolder``, ``import coco`` and ``import ilsvrc``."""

from __future__ import annotations

from typing import Any

import click

from synsetlab.cli.common import emit, json_option, open_workspace, workspace_option
from synsetlab.cli.progress import progress_bar

__all__ = ["coco", "ilsvrc", "imagefolder"]

map_option = click.option(
    "--map", "pairs", multiple=True, metavar="CLASS=WNID", help="Which synset a class may show."
)
licence_option = click.option("--licence", default="", help="Licence of all of them, e.g. CC0-1.0.")


@click.command()
@click.argument("folder", type=click.Path())
@map_option
@licence_option
@workspace_option
@json_option
def imagefolder(
    folder: str, *, pairs: tuple[str, ...], licence: str, workspace: str | None, as_json: bool
) -> None:
    """Import FOLDER/SPLIT/CLASS/picture.jpg; classes are wnids, or mapped. Splits are not kept.

    \b
    Examples:
      synsetlab import imagefolder exported
      synsetlab import imagefolder imagenette2 --licence CC0-1.0

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.layouts import import_imagefolder
    from synsetlab.candidates.mapping import parse_pairs

    with open_workspace(workspace) as opened:
        options: dict[str, Any] = {"fields": {"licence": licence}, "progress": progress_bar()}
        _report(import_imagefolder(opened, folder, parse_pairs(pairs), **_hash(), **options), as_json)


@click.command()
@click.argument("file", type=click.Path())
@click.option("--images", type=click.Path(), required=True, help="Folder that the file names are in.")
@map_option
@workspace_option
@json_option
def coco(file: str, *, images: str, pairs: tuple[str, ...], workspace: str | None, as_json: bool) -> None:
    """Import the pictures of a COCO annotation file; categories are wnids, or mapped. Boxes are not kept.

    \b
    Examples:
      synsetlab import coco annotations/classes_val.json --images val

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.layouts import import_coco
    from synsetlab.candidates.mapping import parse_pairs

    with open_workspace(workspace) as opened:
        found = import_coco(opened, file, images, parse_pairs(pairs), progress=progress_bar(), **_hash())
    _report(found, as_json)


@click.command()
@click.argument("file", type=click.Path())
@licence_option
@workspace_option
@json_option
def ilsvrc(file: str, *, licence: str, workspace: str | None, as_json: bool) -> None:
    """Import ILSVRC's train archive, a tar of WNID.tar, without extracting it.

    \b
    Examples:
      synsetlab import ilsvrc ILSVRC2012_img_train.tar

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.layouts import import_ilsvrc

    with open_workspace(workspace) as opened:
        _report(import_ilsvrc(opened, file, fields={"licence": licence}, **_hash()), as_json)


def _hash() -> dict[str, Any]:
    from synsetlab.dedup.stage import FINGERPRINT

    return {"fingerprint": FINGERPRINT}


def _report(report: Any, as_json: bool) -> None:
    if as_json:
        emit(report.as_json())
        return
    click.echo(f"{report.found:,} found: {report.new_images:,} new images, {len(report.failed):,} failed.")
    for row in report.failed[:20]:
        click.echo(f"  {row['origin']}: {row['reason']}", err=True)
