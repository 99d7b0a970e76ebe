"""``synsetlab dedup run|clusters|verdict``: the duplicates of a workspace."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option
from synsetlab.cli.dedup_shared import keep_option
from synsetlab.cli.progress import progress_bar

__all__ = ["clusters_command", "run_command", "verdict_command"]


@click.command("run")
@click.option(
    "--max-distance",
    type=click.IntRange(0, 12),
    default=6,
    show_default=True,
    help="Bits of 64 that may differ (<=).",
)
@click.option(
    "--within-synset",
    type=click.IntRange(0, 12),
    default=10,
    show_default=True,
    help="The same for two pictures of one class.",
)
@keep_option
@click.option("--licences", metavar="NAMES", help="The best first, commas between; for --keep licence.")
@click.option("--exact", is_flag=True, help="Hash again what was imported with --fast.")
@click.option("--strict", is_flag=True, help="Distances must be less (<) than all limits, not at most (<=).")
@workspace_option
@json_option
def run_command(
    *,
    max_distance: int,
    within_synset: int,
    keep: str | None,
    licences: str | None,
    exact: bool,
    strict: bool,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Find the duplicates of the workspace; in each cluster the best copy stays.

    Nothing is deleted: dropped copies are not asked about and not released while the verdict stands.
    Only hashes of one kind are compared: beside exact ones, those of import --fast are made again.

    \b
    Examples:
      synsetlab dedup run --max-distance 6
      synsetlab dedup run --keep licence,resolution --licences CC0-1.0,CC-BY-4.0

    JSON: images, hashed, pairs, clusters, dropped, to_review, returned (numbers), entropy_bits,
    auto_distance (up to which the hash alone joined), hash (name of the hashes compared), policy_hash (of all
    limits, which the verdicts name).
    """
    from dataclasses import asdict

    from synsetlab.dedup.stage import deduplicate

    changes = {
        name: tuple(word.strip() for word in words.split(","))
        for name, words in (("keep", keep), ("licences", licences))
        if words is not None
    }
    with open_workspace(workspace) as opened:
        found = deduplicate(
            opened,
            max_distance=max(0, max_distance - strict),
            within_synset=max(0, within_synset - strict),
            changes={**changes, "strict": strict},
            exact=exact,
            progress=progress_bar(),
        )
    if as_json:
        emit(asdict(found))
        return
    if found.hashed:
        click.echo(f"{found.hashed:,} images were hashed (again): they had no hash {found.hash}.")
    click.echo(
        f"{found.images:,} images: {found.clusters:,} duplicate clusters, {found.dropped:,} newly dropped, "
        f"{found.to_review:,} pairs to look at. With {found.entropy_bits:.1f} of 64 bits of entropy they are "
        f"joined up to {found.auto_distance} bits by themselves."
    )


@click.command("clusters")
@workspace_option
@json_option
def clusters_command(*, workspace: str | None, as_json: bool) -> None:
    """List the duplicate clusters of the workspace with the verdict on each picture.

    \b
    Examples:
      synsetlab dedup clusters --json

    JSON: clusters [cluster_id, image_id, verdict, decided_by, policy_hash] (a row a picture; the policy is
    null where a person decided).
    """
    with open_workspace(workspace) as opened:
        table = opened.reader.clusters()
    rows = table[["cluster_id", "image_id", "verdict", "decided_by", "policy_hash"]].to_dict("records")
    if as_json:
        emit({"clusters": rows})
        return
    click.echo(f"{table['cluster_id'].nunique():,} clusters of {len(rows):,} pictures.")
    if rows:
        shown = [(r["cluster_id"][:12], r["image_id"][:12], r["verdict"], r["decided_by"]) for r in rows]
        print_table(("cluster", "image", "verdict", "by"), shown)


@click.command("verdict")
@click.argument("image_id")
@click.argument("verdict", type=click.Choice(["keep", "drop", "not-a-duplicate"]))
@click.option("--curator", required=True, metavar="NAME", help="Who says so.")
@workspace_option
@json_option
def verdict_command(
    *, image_id: str, verdict: str, curator: str, workspace: str | None, as_json: bool
) -> None:
    """Overrule the policy on one picture of a cluster; the last verdict counts.

    IMAGE_ID may be shortened as long as it means one picture.

    \b
    Examples:
      synsetlab dedup verdict 3f2a9c keep --curator maria

    JSON: image_id, verdict.
    """
    from synsetlab.dedup.stage import duplicate_groups, give_duplicate_verdicts
    from synsetlab.errors import InputError

    with open_workspace(workspace) as opened:
        known = [image for members in duplicate_groups(opened).values() for image in members]
        meant = sorted(image for image in known if image.startswith(image_id))
        if len(meant) != 1:
            raise InputError(
                f"{image_id!r} means {len(meant)} pictures that have duplicates.",
                "See: synsetlab dedup clusters --json",
            )
        give_duplicate_verdicts(opened, {meant[0]: verdict}, by=curator)
    if as_json:
        emit({"image_id": meant[0], "verdict": verdict})
    else:
        click.echo(f"{meant[0]}: {verdict}")
