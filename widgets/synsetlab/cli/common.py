"""What the commands share: options, machine output, tables for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from synsetlab.texts import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from synsetlab.store.workspace import Workspace
    from synsetlab.voting.policy import Policy

__all__ = [
    "SCHEMA_VERSION",
    "SEED",
    "emit",
    "json_option",
    "open_workspace",
    "print_table",
    "read_policy",
    "workspace_option",
]

SCHEMA_VERSION = 1
"""Version of the shapes printed under ``--json``; they are listed in docs/cli.md."""

SEED = click.IntRange(0, 2**32 - 1)
"""Seeds that everything takes: numpy's generators (no negative ones) and a column of a database."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
workspace_option = click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False),
    help="The workspace; else $SYNSETLAB_WORKSPACE, else the nearest parent with synsetlab.toml.",
)


def open_workspace(given: str | None) -> Workspace:
    """Open the workspace that `given`, the environment or the current folder means."""
    from synsetlab.store.workspace import Workspace

    return Workspace.open(given)


def read_policy(given: str) -> Policy:
    """The voting policy of that kind with its defaults, or the one in a JSON or TOML file.

    Raises
    ------
    InputError
        It is neither, or the file holds no policy.
    """
    import tomllib
    from pathlib import Path

    from synsetlab.errors import InputError
    from synsetlab.voting.policy import KINDS, policy_from_json

    if given in KINDS:
        return policy_from_json({"kind": given})
    try:
        text = Path(given).read_text("utf-8-sig")
        return policy_from_json(tomllib.loads(text) if given.lower().endswith(".toml") else text)
    except OSError as error:
        raise InputError(
            f"{given!r} is no kind of policy ({', '.join(KINDS)}), nor a file that can be read: "
            f"{error.strerror}.",
            "See: synsetlab consensus run --help",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{given} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{given} is no TOML: {error}.", "Correct it by hand.") from error


def emit(payload: Mapping[str, Any]) -> None:
    """Print `payload` as the one JSON object that ``--json`` promises; callers turn NaN into None."""
    text = json.dumps({"schema_version": SCHEMA_VERSION, **payload}, ensure_ascii=False, allow_nan=False)
    click.echo(text)


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print an aligned table for people: numbers to the right, what would command a terminal escaped."""
    header = [visible(name) for name in header]
    body = [[_cell(value) for value in row] for row in rows]
    widths = [
        max(len(name), *(len(row[i]) for row in body)) if body else len(name) for i, name in enumerate(header)
    ]
    click.echo("  ".join(name.ljust(width) for name, width in zip(header, widths, strict=True)).rstrip())
    for row in body:
        cells = (
            cell.rjust(width) if cell.replace(",", "").replace(".", "").isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return visible(str(value))
