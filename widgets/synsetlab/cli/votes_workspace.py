"""``synsetlab votes status|export|import|simulate``: the votes of a workspace."""

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

__all__ = ["export_command", "import_command", "simulate_command", "status_command"]


@click.command("status")
@click.option(
    "--price-per-vote",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="For the estimate of what is left.",
)
@click.option(
    "--policy", metavar="KIND|FILE", help="For the same estimate; default: that of the last consensus run."
)
@workspace_option
@json_option
def status_command(
    *, price_per_vote: float, policy: str | None, workspace: str | None, as_json: bool
) -> None:
    """Say how far the voting of the workspace is, synset by synset, and what is left to do.

    \b
    Examples:
      synsetlab votes status --json
      synsetlab votes status --price-per-vote 0.01

    JSON: synsets [wnid, lemma, questions, votes, accepted, rejected, ambiguous, open], votes,
    annotators, remaining {questions, votes, cost, expert_share, waiting}.
    """
    from dataclasses import asdict

    from synsetlab.voting.remaining import remaining

    chosen = read_policy(policy) if policy else None
    with open_workspace(workspace) as opened:
        questions = opened.reader.questions()
        counts = opened.reader.counts()
        names = opened.reader.synsets().set_index("wnid")["lemmas"]
        left = remaining(opened, chosen, price_per_vote=price_per_vote)
    asked = questions[questions["duplicate_of"].isna()]
    rows = []
    for wnid, group in asked.groupby("wnid"):
        outcomes = group["outcome"].value_counts()
        tally = {name: int(outcomes.get(name, 0)) for name in ("accepted", "rejected", "ambiguous", "open")}
        votes = int(group[["n_yes", "n_no", "n_unsure", "n_label"]].to_numpy().sum())
        rows.append({"wnid": wnid, "lemma": names[wnid][0], "questions": len(group), "votes": votes, **tally})
    if as_json:
        facts = {"votes": counts["votes"], "annotators": counts["annotators"], "remaining": asdict(left)}
        emit({"synsets": rows, **facts})
        return
    columns = ("wnid", "lemma", "questions", "votes", "accepted", "rejected", "ambiguous", "open")
    print_table(columns, [tuple(row[name] for name in columns) for row in rows])
    click.echo(
        f"{left.questions:,} questions are open: about {left.votes:,.0f} more votes"
        + (f" for {left.cost:,.2f}" if price_per_vote else "")
        + f", {left.expert_share:.0%} of them for an expert, for whom {left.waiting:,} wait already."
    )


@click.command("export")
@click.option("-o", "--output", type=click.Path(dir_okay=False), required=True, help="CSV to write.")
@click.option("--all", "everything", is_flag=True, help="The whole log, not only the votes that count.")
@workspace_option
@json_option
def export_command(*, output: str, everything: bool, workspace: str | None, as_json: bool) -> None:
    """Write the votes of the workspace as task,worker,label.

    \b
    Examples:
      synsetlab votes export -o votes.csv
      synsetlab votes aggregate votes.csv --method dawid-skene -o labels.csv

    JSON: output, votes.
    """
    from synsetlab.voting.exchange import export_votes
    from synsetlab.voting.files import write_table

    with open_workspace(workspace) as opened:
        table = export_votes(opened, effective=not everything)
    write_table(table, output)
    if as_json:
        emit({"output": output, "votes": len(table)})
    else:
        click.echo(f"Wrote {len(table):,} votes to {output}")


@click.command("import")
@click.argument("file", type=click.Path())
@workspace_option
@json_option
def import_command(*, file: str, workspace: str | None, as_json: bool) -> None:
    """Record votes made elsewhere: CSV with task (IMAGE_ID/WNID), worker, label; each row once.

    \b
    Examples:
      synsetlab votes import votes.csv

    JSON: rows, new_votes.
    """
    from synsetlab.candidates.manifest import read_table
    from synsetlab.voting.exchange import import_votes

    with open_workspace(workspace) as opened:
        before = opened.reader.counts()["votes"]
        rows = import_votes(opened, read_table(file), file)
        new = opened.reader.counts()["votes"] - before
    if as_json:
        emit({"rows": rows, "new_votes": new})
    else:
        click.echo(f"{rows:,} rows, {new:,} new votes.")


@click.command("simulate")
@click.option(
    "--truth",
    "truth_file",
    type=click.Path(),
    help="CSV: image_id,wnid,truth,difficulty; default: the demo's.",
)
@click.option(
    "--annotators", type=click.IntRange(3), default=12, show_default=True, help="Size of the crowd."
)
@click.option("--wnid", "wnids", multiple=True, help="Only these synsets.")
@click.option(
    "--seed", type=SEED, default=0, show_default=True, help="Decides who they are and what they say."
)
@workspace_option
@json_option
def simulate_command(
    *,
    truth_file: str | None,
    annotators: int,
    wnids: tuple[str, ...],
    seed: int,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Let simulated annotators of differing skill vote until nothing is open to them.

    \b
    Examples:
      synsetlab votes simulate --annotators 20 --seed 3
      synsetlab votes simulate --truth truth.csv --wnid n03497657

    JSON: votes, annotators.
    """
    from synsetlab.errors import InputError
    from synsetlab.simulate.annotators import make_crowd
    from synsetlab.simulate.labelling import read_truth, simulate_labelling
    from synsetlab.simulate.workspace import TRUTH

    with open_workspace(workspace) as opened:
        given = truth_file or str(opened.folder / TRUTH)
        if truth_file is None and not (opened.folder / TRUTH).exists():
            raise InputError(
                f"{opened.folder} has no {TRUTH}: it is no demo workspace.", "Give one with --truth FILE."
            )
        crowd = make_crowd(annotators, seed)
        votes = simulate_labelling(opened, read_truth(given), crowd, seed=seed, wnids=wnids or None)
    if as_json:
        emit({"votes": votes, "annotators": annotators})
    else:
        click.echo(f"{annotators} simulated annotators gave {votes:,} votes.")
