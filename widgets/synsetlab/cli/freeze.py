"""``synsetlab freeze``: make an immutable release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, open_workspace, workspace_option
from synsetlab.cli.progress import progress_bar

if TYPE_CHECKING:
    from datetime import datetime

    from synsetlab.release.freeze import Frozen
    from synsetlab.release.gates import Block

__all__ = ["command"]


@click.command(name="freeze")
@click.option("-o", "--output", type=click.Path(), help="Folder of the release; must not exist.")
@click.option(
    "--policy", "policy_file", type=click.Path(), help="Release policy, TOML or JSON; see docs/release.md."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Decides the splits.")
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Date of the release; default: of the last event.",
)
@click.option(
    "--previous", type=click.Path(), help="The release that this one follows; images keep their splits."
)
@click.option("--takedowns", type=click.Path(), help="CSV of images to take down: image, reason, date.")
@click.option(
    "--audit", type=click.Path(), help="CSV of images that experts looked at: image, wnid, correct."
)
@click.option(
    "--draw-audit", type=click.Path(), help="Only write a sample for experts to fill in to this CSV."
)
@click.option("--boxes", type=click.Path(), help="CSV of boxes: image, wnid, xmin, ymin, xmax, ymax.")
@click.option("--sealed", type=click.Path(), help="File for sealed labels.  [default: OUTPUT.sealed.csv]")
@click.option("--check", is_flag=True, help="Only list what blocks the release; exit 1 if something does.")
@workspace_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    output: str | None,
    policy_file: str | None,
    seed: int,
    day: datetime | None,
    previous: str | None,
    takedowns: str | None,
    audit: str | None,
    draw_audit: str | None,
    boxes: str | None,
    sealed: str | None,
    check: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Freeze the accepted images to an immutable release.

    The same workspace state, policy and seed give byte-identical files.

    \b
    Examples:
      synsetlab freeze --check
      synsetlab freeze -o releases/v1 --seed 7
      synsetlab freeze -o releases/v1 --policy release.toml --date 2026-11-23
      synsetlab freeze -o releases/v2 --policy v2.toml --previous releases/v1 --takedowns gone.csv

    JSON: folder, identity, version, images, classes, splits {split: images}, sealed; with --check instead
    ok, blocks, ready, blocking [gate, count, examples, remedy, message]; with --draw-audit instead audit,
    rows.
    """
    from synsetlab.release.freeze import check_gates, freeze, write_audit_sample
    from synsetlab.release.policy import ReleasePolicy

    if not (check or draw_audit or output):
        raise click.UsageError("Missing option '-o' / '--output': the folder of the release.", ctx)
    policy = ReleasePolicy.from_file(policy_file) if policy_file else ReleasePolicy()
    chain: dict[str, Any] = {"policy": policy, "seed": seed, "previous": previous, "takedowns": takedowns}
    with open_workspace(workspace) as opened:
        if check:
            _report(check_gates(opened, **chain, audit=audit), as_json=as_json)
        elif draw_audit:
            rows = write_audit_sample(opened, draw_audit, **chain)
            if as_json:
                emit({"audit": draw_audit, "rows": rows})
            else:
                click.echo(f"Wrote {rows:,} images to {draw_audit}: fill in the column correct.")
        else:
            bar = progress_bar(delay=2)
            files: dict[str, Any] = {"audit": audit, "sealed": sealed, "boxes": boxes}
            files["day"] = day.date() if day else None
            _tell(freeze(opened, str(output), **chain, **files, progress=bar), as_json=as_json)


def _report(blocks: list[Block], *, as_json: bool) -> None:
    if as_json:
        columns = ("gate", "count", "examples", "remedy", "message")
        blocking = [{name: getattr(block, name) for name in columns} for block in blocks]
        messages = [block.message for block in blocks]
        emit({"ok": not blocks, "blocks": messages, "ready": not blocks, "blocking": blocking})
    elif blocks:
        for block in blocks:
            click.echo(block.message)
            for example in block.examples:
                click.echo(f"  {example}")
            if block.remedy:
                click.echo(f"  {block.remedy}")
    else:
        click.echo("Nothing blocks the release.")
    click.get_current_context().exit(1 if blocks else 0)


def _tell(frozen: Frozen, *, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "folder": str(frozen.folder),
                "identity": frozen.identity,
                "version": frozen.version,
                "images": frozen.images,
                "classes": frozen.classes,
                "splits": frozen.splits,
                "sealed": str(frozen.sealed) if frozen.sealed else None,
            }
        )
        return
    shares = ", ".join(f"{name} {number:,}" for name, number in frozen.splits.items())
    click.echo(f"Froze {frozen.images:,} images of {frozen.classes:,} classes ({shares}) to {frozen.folder}")
    click.echo(f"version {frozen.version}, identity {frozen.identity}")
    if frozen.sealed:
        click.echo(f"The sealed labels are in {frozen.sealed}: keep that file to yourself.")
