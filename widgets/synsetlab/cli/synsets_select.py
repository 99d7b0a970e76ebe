"""``synsetlab synsets select``: choose synsets as a policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, print_table
from synsetlab.cli.synsets_shared import file_argument, own_option

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.taxonomy import Taxonomy
    from synsetlab.taxonomy.selection import Selection

__all__ = ["select_command"]


@click.command("select")
@click.argument("policy_file", metavar="POLICY", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write the selection: .json (all of it), .csv (wnid, lemmas, gloss), else one wnid a line.",
)
@click.option("--excluded", type=click.Path(dir_okay=False), help="Write CSV: what was left out, and why.")
@click.option("--against", type=file_argument, help="Compare with a selection saved before (.json).")
@click.option("--compare", is_flag=True, help="Also say what every strategy would be worth.")
@click.option("--merges", is_flag=True, help="Also suggest broader classes in place of several narrow ones.")
@own_option
@json_option
def select_command(
    *,
    policy_file: str,
    output: str | None,
    excluded: str | None,
    against: str | None,
    compare: bool,
    merges: bool,
    own: str | None,
    as_json: bool,
) -> None:
    """Choose synsets as POLICY (TOML or JSON) says; every other synset of the pool gets a reason.

    The same policy and files give the same selection and hash. docs/selection.md lists the policy's fields.

    \b
    Examples:
      synsetlab synsets select policy.toml -o selection.json
      synsetlab synsets select policy.toml -o wnids.txt --excluded why.csv --json
      synsetlab synsets select policy.toml --against selection.json

    JSON: name, hash, policy_hash, strategy, count, wnids, considered, excluded {rule: synsets}, objective
    {U, terms [name, value, weight, contribution, meaning]}, output; with --against also diff {added, removed
    [wnid, rule, reason, because], policy, inputs}; with --compare also strategies [strategy, count, U, C_cov,
    C_hier, Q_label, C_cost]; with --merges also merges [wnid, lemmas, replaces, reason, candidates].
    """
    from pathlib import Path

    from synsetlab.cli.synsets_shared import load_with
    from synsetlab.taxonomy.selection import Selection, SelectionPolicy, choose

    taxonomy = load_with(own)
    policy = SelectionPolicy.from_file(policy_file)
    folder = Path(policy_file).parent
    before = Selection.read(against) if against else None
    choice = choose(taxonomy, policy, folder=folder)
    selection = choice.selection
    if output:
        _write(taxonomy, selection, Path(output))
    if excluded:
        _write_excluded(taxonomy, selection, Path(excluded))
    payload: dict[str, Any] = {
        "name": policy.name,
        "hash": selection.hash,
        "policy_hash": policy.hash,
        "strategy": policy.strategy,
        "count": len(selection),
        "wnids": list(selection.wnids),
        "considered": len(selection) + len(selection.excluded),
        "excluded": selection.reasons(),
        "objective": {
            "U": choice.worth.value,
            "terms": [term._asdict() for term in choice.worth.terms],
        },
        "output": output,
    }
    if before is not None:
        diff = before.diff(selection)
        payload["diff"] = {**diff._asdict(), "removed": [each._asdict() for each in diff.removed]}
    if compare:
        payload["strategies"] = _compared(taxonomy, policy, folder)
    if merges:
        payload["merges"] = _merges(taxonomy, policy, folder, selection)
    if as_json:
        emit(payload)
        return
    _say(payload, choice.worth.explain())


def _say(payload: dict[str, Any], worth: str) -> None:
    click.echo(
        f"{payload['count']:,} of {payload['considered']:,} synsets chosen ({payload['strategy']}), "
        f"hash {payload['hash'][:12]}"
    )
    for rule, count in payload["excluded"].items():
        click.echo(f"  {count:,} left out: {rule}")
    click.echo(worth)
    if "diff" in payload:
        diff = payload["diff"]
        changed = ", ".join([*diff["policy"], *diff["inputs"]]) or "nothing"
        click.echo(f"\nSince then: {changed} changed in the policy and its files.")
        rows = [("+", wnid, "") for wnid in diff["added"]]
        rows += [("-", each["wnid"], each["reason"]) for each in diff["removed"]]
        if rows:
            print_table(("", "wnid", "reason"), rows)
    if "strategies" in payload:
        click.echo()
        rows_of = payload["strategies"]
        print_table(tuple(rows_of[0]), [tuple(row.values()) for row in rows_of])
    if "merges" in payload:
        click.echo()
        found = [(m["wnid"], m["lemmas"][0], len(m["replaces"]), m["reason"]) for m in payload["merges"]]
        print_table(("wnid", "lemma", "replaces", "reason"), found)
    if payload["output"]:
        click.echo(f"Written: {payload['output']}", err=True)


def _compared(taxonomy: Taxonomy, policy: Any, folder: Path) -> list[dict[str, Any]]:
    from synsetlab.taxonomy.selection import compare

    return [
        {
            "strategy": name,
            "count": len(choice.selection),
            "U": choice.worth.value,
            **{term.name: term.value for term in choice.worth.terms},
        }
        for name, choice in compare(taxonomy, policy, folder=folder).items()
    ]


def _merges(taxonomy: Taxonomy, policy: Any, folder: Path, selection: Selection) -> list[dict[str, Any]]:
    from synsetlab.taxonomy.selection import suggest_merges
    from synsetlab.taxonomy.selection.rules import Inputs

    counts = Inputs.read(policy, taxonomy, folder).numbers.get("candidates")
    found = suggest_merges(taxonomy, selection.wnids, candidates=counts, n_min=policy.weights.n_min)
    return [{**merge._asdict(), "lemmas": taxonomy.lemmas(merge.wnid)} for merge in found]


def _write(taxonomy: Taxonomy, selection: Selection, path: Path) -> None:
    from synsetlab.cli.synsets_shared import write_csv, write_text

    kind = path.suffix.lower()
    if kind == ".csv":
        rows = [(w, ", ".join(taxonomy.lemmas(w)), taxonomy.gloss(w)) for w in selection.wnids]
        write_csv(path, ("wnid", "lemmas", "gloss"), rows)
    elif kind == ".json":
        write_text(path, selection.as_json() + "\n")
    else:
        write_text(path, "".join(f"{wnid}\n" for wnid in selection.wnids))


def _write_excluded(taxonomy: Taxonomy, selection: Selection, path: Path) -> None:
    from synsetlab.cli.synsets_shared import write_csv

    rows = [
        (each.wnid, ", ".join(taxonomy.lemmas(each.wnid)), each.rule, each.reason, each.because)
        for each in selection.excluded
    ]
    write_csv(path, ("wnid", "lemmas", "rule", "reason", "because"), rows)
