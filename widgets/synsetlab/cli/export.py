"""``synsetlab export``: write a release with its pictures in another layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option
from synsetlab.cli.progress import progress_bar

if TYPE_CHECKING:
    from synsetlab.release.exports import Exported

__all__ = ["command"]

EXAMPLES_SHOWN = 3


@click.command(name="export")
@click.argument("release", type=click.Path(), required=False)
@click.option(
    "--format", "format_", default="imagefolder", show_default=True, help="Layout; --list shows them all."
)
@click.option("-o", "--output", type=click.Path(), help="Folder to write into.")
@click.option("--link", is_flag=True, help="Hard links to the workspace's pictures, read-only, not copies.")
@click.option(
    "--boxes",
    type=click.Path(),
    help="CSV of boxes: image, wnid, xmin, ymin, xmax, ymax.  [default: the release's]",
)
@click.option("--list", "listing", is_flag=True, help="Only list the formats.")
@workspace_option
@json_option
def command(
    *,
    release: str | None,
    format_: str,
    output: str | None,
    link: bool,
    boxes: str | None,
    listing: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Write a release in a layout that training code or another tool reads.

    The folder appears when it is whole; an interrupted export is finished by running it again. Labels of
    sealed splits are in no export.

    \b
    Examples:
      synsetlab export --list
      synsetlab export releases/v1 --format imagefolder -o exported
      synsetlab export releases/v1 --format ilsvrc --boxes boxes.csv -o ilsvrc
      synsetlab export releases/v1 --format webdataset -o shards --json

    JSON: folder, format, files, left_out [image, reason], sealed_boxes; with --list instead formats [name,
    summary, pictures].
    """
    from synsetlab.release.exports import FORMATS, find_format, run_export

    if listing:
        _list({name: (found.summary, found.pictures) for name, found in FORMATS.items()}, as_json)
        return
    if release is None or output is None:
        missing = "the argument RELEASE" if release is None else "the option -o"
        raise click.UsageError(f"Missing {missing}. Example: synsetlab export releases/v1 -o exported")
    if find_format(format_).pictures:
        with open_workspace(workspace) as opened:
            made = run_export(
                release,
                output,
                format_,
                workspace=opened,
                link=link,
                boxes=boxes,
                progress=progress_bar(),
            )
    else:
        made = run_export(release, output, format_, boxes=boxes, progress=progress_bar())
    _report(made, output, as_json)


def _list(formats: dict[str, tuple[str, bool]], as_json: bool) -> None:
    if as_json:
        rows = [{"name": name, "summary": row[0], "pictures": row[1]} for name, row in formats.items()]
        emit({"formats": rows})
        return
    print_table(("format", "what", "pictures"), [(name, *row) for name, row in formats.items()])


def _report(made: Exported, output: str, as_json: bool) -> None:
    if as_json:
        counts = {"folder": output, "format": made.format, "files": made.files}
        emit({**counts, "left_out": made.left_out, "sealed_boxes": made.sealed_boxes})
        return
    click.echo(f"Wrote {made.files:,} files to {output}")
    if made.left_out:
        click.echo(f"Left out: {len(made.left_out):,} pictures, such as:", err=True)
        for row in made.left_out[:EXAMPLES_SHOWN]:
            click.echo(f"  {row['image']}: {row['reason']}", err=True)
    if made.sealed_boxes:
        click.echo(f"Passed over: {made.sealed_boxes:,} boxes of sealed pictures.", err=True)
