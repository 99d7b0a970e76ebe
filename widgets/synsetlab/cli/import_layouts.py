"""``synsetlab import imagefolder``, ``import coco`` and ``import ilsvrc``."""

from __future__ import annotations

import click

from synsetlab.cli.common import json_option, open_workspace, workspace_option
from synsetlab.cli.import_common import fast_option, hash_options, licence_option, map_option, show_report

__all__ = ["coco", "ilsvrc", "imagefolder"]


@click.command()
@click.argument("folder", type=click.Path())
@map_option
@licence_option
@fast_option
@workspace_option
@json_option
def imagefolder(
    folder: str, *, pairs: tuple[str, ...], licence: str, fast: bool, workspace: str | None, as_json: bool
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
        fields = {"licence": licence}
        found = import_imagefolder(opened, folder, parse_pairs(pairs), fields=fields, **hash_options(fast))
    show_report(found, as_json)


@click.command()
@click.argument("file", type=click.Path())
@click.option("--images", type=click.Path(), required=True, help="Folder that the file names are in.")
@map_option
@fast_option
@workspace_option
@json_option
def coco(
    file: str, *, images: str, pairs: tuple[str, ...], fast: bool, workspace: str | None, as_json: bool
) -> None:
    """Import the pictures of a COCO annotation file; categories are wnids, or mapped. Boxes are not kept.

    \b
    Examples:
      synsetlab import coco annotations/classes_val.json --images val

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.layouts import import_coco
    from synsetlab.candidates.mapping import parse_pairs

    with open_workspace(workspace) as opened:
        found = import_coco(opened, file, images, parse_pairs(pairs), **hash_options(fast))
    show_report(found, as_json)


@click.command()
@click.argument("file", type=click.Path())
@licence_option
@fast_option
@workspace_option
@json_option
def ilsvrc(file: str, *, licence: str, fast: bool, workspace: str | None, as_json: bool) -> None:
    """Import ILSVRC's train archive, a tar of WNID.tar, without extracting it.

    \b
    Examples:
      synsetlab import ilsvrc ILSVRC2012_img_train.tar

    JSON: found, new_images, new_candidates, known, failed [path, reason, detail].
    """
    from synsetlab.candidates.layouts import import_ilsvrc

    with open_workspace(workspace) as opened:
        found = import_ilsvrc(opened, file, fields={"licence": licence}, **hash_options(fast))
    show_report(found, as_json)
