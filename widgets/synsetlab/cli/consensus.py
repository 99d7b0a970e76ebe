"""``synsetlab consensus``: turn votes into decisions."""

from __future__ import annotations

import click

from synsetlab.cli.common import (
    SEED,
    emit,
    json_option,
    open_workspace,
    print_table,
    read_policy,
    workspace_option,
)

__all__ = ["command"]

OUTCOMES = ("accepted", "rejected", "ambiguous", "open")


@click.group(name="consensus")
def command() -> None:
    """Turn votes into decisions: accepted, rejected, more votes, or ambiguous (an expert decides).

    \b
    Examples:
      synsetlab consensus run
      synsetlab consensus run --policy fixed
      synsetlab consensus exclude ann --by maria --reason "always yes"
      synsetlab consensus rebuild --check
    """


@command.command()
@click.option(
    "--policy",
    default="dynamic",
    show_default=True,
    metavar="NAME|FILE",
    help="fixed (3 votes, a share of .67), dynamic (a posterior of .95, 2 to 7 votes; not the rule that "
    "votes stop calls so), another kind with its defaults, or a policy in JSON or TOML.",
)
@click.option(
    "--fit/--no-fit", default=True, show_default=True, help="Fit each annotator's skill from all votes."
)
@click.option(
    "--nobody-left", is_flag=True, help="Nobody is left to ask: what is still open goes to the expert."
)
@workspace_option
@json_option
def run(*, policy: str, fit: bool, nobody_left: bool, workspace: str | None, as_json: bool) -> None:
    """Judge every question that has votes; what an expert decided stays.

    The policy and the fitted skills are kept: between runs, questions are decided by them as votes
    come in.

    \b
    Examples:
      synsetlab consensus run --policy dynamic --json
      synsetlab consensus run --policy policy.toml --no-fit
      synsetlab consensus run --policy fixed --nobody-left

    JSON: policy_hash, fitted, changed, outcomes {accepted, rejected, ambiguous, open}.
    """
    from synsetlab.voting.consensus import run_consensus

    chosen = read_policy(policy)
    with open_workspace(workspace) as opened:
        report = run_consensus(opened, chosen, fit=fit, nobody_left=nobody_left)
    outcomes = {name: report.outcomes.get(name, 0) for name in OUTCOMES}
    if as_json:
        facts = {"policy_hash": report.policy_hash, "fitted": report.fitted, "changed": report.changed}
        emit({**facts, "outcomes": outcomes})
        return
    print_table(("outcome", "questions"), list(outcomes.items()))
    click.echo(
        f"{report.changed:,} changed; skills were {'fitted' if report.fitted else 'assumed to be equal'}."
    )


@command.command()
@click.option("--check", is_flag=True, help="Only compare; exit 1 if anything differs.")
@workspace_option
@json_option
@click.pass_context
def rebuild(ctx: click.Context, *, check: bool, workspace: str | None, as_json: bool) -> None:
    """Compare every cache with its log and set right what differs.

    Tallies, outcomes, posteriors and votes wanted of questions, excluded annotators, dropped
    duplicates, leases.

    \b
    Examples:
      synsetlab consensus rebuild --check --json

    JSON: ok, problems.
    """
    from synsetlab.voting.consensus import check_counters

    with open_workspace(workspace) as opened:
        problems = check_counters(opened, repair=not check)
    if as_json:
        emit({"ok": not problems, "problems": problems})
    else:
        told = problems if check or not problems else [*problems, "All of this is set right now."]
        click.echo("\n".join(told) or "Every cache agrees with its log.")
    ctx.exit(1 if problems and check else 0)


@command.command()
@click.argument("policy", required=False, type=click.Choice(["keep_last", "keep_first"]))
@workspace_option
@json_option
def keep(*, policy: str | None, workspace: str | None, as_json: bool) -> None:
    """Say, or set, which answer counts where an annotator answered a question more than once.

    \b
    Examples:
      synsetlab consensus keep
      synsetlab consensus keep keep_first

    JSON: vote_policy, changed.
    """
    with open_workspace(workspace) as opened:
        changed = opened.writer.set_vote_policy(policy) if policy else 0
        now = opened.vote_policy
    if as_json:
        emit({"vote_policy": now, "changed": changed})
    else:
        click.echo(f"{now}: {changed:,} questions have other tallies now." if policy else now)


@command.command()
@click.argument("annotator")
@click.option("--by", required=True, metavar="NAME", help="Who says so.")
@click.option("--reason", default="", help="Why, in a few words.")
@click.option("--undo", is_flag=True, help="Let the annotator's votes count again.")
@workspace_option
@json_option
def exclude(
    *, annotator: str, by: str, reason: str, undo: bool, workspace: str | None, as_json: bool
) -> None:
    """Take an annotator's votes out of consensus; they stay in the log. Run consensus again afterwards.

    \b
    Examples:
      synsetlab consensus exclude ann --by maria --reason "always yes"
      synsetlab consensus exclude ann --by maria --undo

    JSON: annotator, excluded, changed.
    """
    with open_workspace(workspace) as opened:
        verdict = "include" if undo else "exclude"
        changed = opened.writer.judge_annotator(annotator, verdict, by=by, reason=reason)
    if as_json:
        emit({"annotator": annotator, "excluded": not undo, "changed": changed})
        return
    now = "count again" if undo else "no longer count"
    click.echo(f"The votes of {annotator} {now}: {changed:,} questions have other tallies.")
    click.echo("Decide anew with: synsetlab consensus run")


@command.command()
@click.option("--wnid", "wnids", multiple=True, help="Only these synsets.")
@click.option(
    "--per-synset",
    type=click.IntRange(0),
    default=24,
    show_default=True,
    help="Hard negatives that a synset has.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Decides which pictures.")
@workspace_option
@json_option
def controls(
    *, wnids: tuple[str, ...], per_synset: int, seed: int, workspace: str | None, as_json: bool
) -> None:
    """Add hard negatives to hide among the questions: pictures accepted for a sibling synset.

    \b
    Examples:
      synsetlab consensus controls --per-synset 24 --seed 1

    JSON: added, synsets [wnid, added].
    """
    from synsetlab.voting.controls import add_hard_negatives

    with open_workspace(workspace) as opened:
        added = add_hard_negatives(opened, wnids or None, per_synset=per_synset, seed=seed)
    rows = [{"wnid": wnid, "added": number} for wnid, number in added.items()]
    if as_json:
        emit({"added": sum(added.values()), "synsets": rows})
    else:
        print_table(("wnid", "added"), [(row["wnid"], row["added"]) for row in rows])
