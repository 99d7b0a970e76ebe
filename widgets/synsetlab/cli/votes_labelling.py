"""``synsetlab votes problems|quiz``: what annotators report, and what they must know before they begin."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option

__all__ = ["problems_command", "quiz_command"]


@click.command("problems")
@workspace_option
@json_option
def problems_command(*, workspace: str | None, as_json: bool) -> None:
    """List what annotators reported of synsets: not to be seen in pictures, or badly defined.

    \b
    Examples:
      synsetlab votes problems
      synsetlab votes problems --json

    JSON: problems [wnid, lemma, kind (not-visible, bad-definition), text, annotator, at].
    """
    with open_workspace(workspace) as opened:
        found = opened.own_work.problems()
    rows = [
        {
            "wnid": row["wnid"],
            "lemma": row["lemmas"][0],
            **{name: row[name] for name in ("kind", "text", "annotator")},
            "at": row["at"].isoformat(),
        }
        for row in found
    ]
    if as_json:
        emit({"problems": rows})
        return
    columns = ("wnid", "lemma", "kind", "text", "annotator")
    print_table(columns, [tuple(row[name] for name in columns) for row in rows])


@click.command("quiz")
@click.argument("state", type=click.Choice(["on", "off"]), required=False)
@workspace_option
@json_option
def quiz_command(*, state: str | None, workspace: str | None, as_json: bool) -> None:
    """Ask annotators a quiz about the definition before they label a synset: on, off, or say which.

    The quiz is passed once for each synset; it asks which gloss is the synset's and, where it has
    rules, which pictures are answered with yes.

    \b
    Examples:
      synsetlab votes quiz on
      synsetlab votes quiz --json

    JSON: quiz (on, off).
    """
    with open_workspace(workspace) as opened:
        if state:
            opened.writer.set_settings({"quiz": state})
        now = opened.reader.setting("quiz") or "off"
    if as_json:
        emit({"quiz": now})
    else:
        click.echo(f"The definition quiz is {now}.")
