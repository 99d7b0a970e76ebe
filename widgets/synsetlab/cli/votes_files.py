"""What the ``votes`` commands on plain files share: their options and how they read a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["known_answers", "plain", "plain_rows", "read_votes", "votes_file_options"]


def votes_file_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Argument FILE and the options that say how to read it."""
    for decorate in (
        click.option(
            "--repeats",
            type=click.Choice(["last", "first", "all"]),
            default="last",
            show_default=True,
            help="Which vote of a worker on the same task counts.",
        ),
        click.option("--label-column", default="label", show_default=True, help="Column with the answer."),
        click.option(
            "--worker-column", default="worker", show_default=True, help="Column with who answered."
        ),
        click.option("--task-column", default="task", show_default=True, help="Column with what was asked."),
        click.argument("file", type=click.Path(dir_okay=False)),
    ):
        function = decorate(function)
    return function


def read_votes(
    file: str,
    *,
    task: str,
    worker: str,
    label: str,
    repeats: Repeats,
    answer_only: tuple[str, ...] = (),
    weight: str | None = None,
) -> Votes:
    """The votes in a CSV file, encoded."""
    from synsetlab.voting.encoding import encode_votes
    from synsetlab.voting.files import read_table

    return encode_votes(
        read_table(file),
        task=task,
        worker=worker,
        label=label,
        repeats=repeats,
        not_classes=answer_only,
        weight=weight,
        place=file,
    )


def known_answers(file: str | None) -> dict[str, str]:
    """The known answers in a CSV file ``task,label`` or ``question,truth``; none without a file."""
    from synsetlab.voting.encoding import gold_items
    from synsetlab.voting.files import read_table

    return gold_items(read_table(file), place=file) if file else {}


def plain(value: Any) -> Any:
    """A value that JSON knows: numpy scalars become Python's, NaN and NA become None."""
    value = value.item() if hasattr(value, "item") else value
    missing = type(value).__name__ == "NAType" or (isinstance(value, float) and math.isnan(value))
    return None if missing else value


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as objects that JSON knows."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]
