"""``synsetlab dedup conflicts|report``: one picture in several classes; what is left of each class."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option
from synsetlab.cli.progress import progress_bar

__all__ = ["conflicts_command", "report_command"]


@click.command("conflicts")
@click.option("--voted", is_flag=True, help="Only pictures that people accepted in two or more classes.")
@workspace_option
@json_option
def conflicts_command(*, voted: bool, workspace: str | None, as_json: bool) -> None:
    """List pictures that stand, with their copies, in several classes.

    A class and one that includes it are no conflict. Settle one by refusing the picture in one class
    (review), or leave it in both: a release then names all its classes.

    \b
    Examples:
      synsetlab dedup conflicts --voted

    JSON: conflicts [cluster_id, kind (voted, candidate), wnids, members [image_id, wnid, outcome]].
    """
    from dataclasses import asdict

    from synsetlab.dedup.conflicts import synset_conflicts

    with open_workspace(workspace) as opened:
        found = synset_conflicts(opened, voted_only=voted)
    if as_json:
        emit({"conflicts": [asdict(conflict) for conflict in found]})
        return
    click.echo(f"{len(found):,} pictures stand in several classes.")
    if found:
        rows = [
            (one.cluster_id[:12], one.kind, len({m.image_id for m in one.members}), " ".join(one.wnids))
            for one in found
        ]
        print_table(("picture", "kind", "files", "classes"), rows)


@click.command("report")
@click.option("--minimum", type=click.IntRange(0), default=0, show_default=True, help="Pictures a class.")
@click.option("--maximum", type=click.IntRange(1), help="Pictures a class.")
@click.option("--no-pictures", is_flag=True, help="Do not make mean pictures: no file is read.")
@workspace_option
@json_option
def report_command(
    *, minimum: int, maximum: int | None, no_pictures: bool, workspace: str | None, as_json: bool
) -> None:
    """Say how dense the information is: what of each class, and of each import, was new.

    Diversity of a class is the lossless size of its mean picture (fewer bytes, more variety; 32 x 32
    pixels, a fixed codec) and the mean distance between hashes.

    \b
    Examples:
      synsetlab dedup report --minimum 500 --maximum 1300

    JSON: candidates, distinct, new (share), codec, classes [wnid, candidates, distinct, new,
    mean_picture_bytes, mean_distance, quota (below, within, above)], imports [import_id, kind, found,
    new_files, new].
    """
    from dataclasses import asdict

    from synsetlab.dedup.density import CODEC, density, growth

    with open_workspace(workspace) as opened:
        classes = density(
            opened,
            minimum=minimum,
            maximum=maximum,
            pictures=not no_pictures,
            progress=progress_bar(),
        )
        imports = growth(opened)
    candidates, distinct = sum(row.candidates for row in classes), sum(row.distinct for row in classes)
    share = distinct / candidates if candidates else 0.0
    if as_json:
        emit(
            {
                "candidates": candidates,
                "distinct": distinct,
                "new": share,
                "codec": CODEC,
                "classes": [asdict(row) for row in classes],
                "imports": [asdict(row) for row in imports],
            }
        )
        return
    click.echo(f"{distinct:,} of {candidates:,} candidates are distinct ({share:.1%}).")
    if classes:
        print_table(
            ("class", "candidates", "distinct", "new", "mean picture", "mean distance", "quota"),
            [
                (
                    row.wnid,
                    row.candidates,
                    row.distinct,
                    f"{row.new:.1%}",
                    "" if row.mean_picture_bytes is None else f"{row.mean_picture_bytes:,} B",
                    "" if row.mean_distance is None else f"{row.mean_distance:.1f}",
                    row.quota,
                )
                for row in classes
            ],
        )
        print_table(
            ("import", "from", "found", "new files", "new pictures"),
            [(row.import_id, row.kind, row.found, row.new_files, row.new) for row in imports],
        )
