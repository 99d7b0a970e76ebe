"""Write the command reference in docs/cli.md from the commands themselves (``make docs``).

``python docs/make_cli.py --check`` changes nothing and fails when the file is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synsetlab.cli import root

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("cli.md")
MARK = "<!-- All below is written by `make docs`. -->"
WIDTH = 100


def commands(
    group: click.Group = root, parent: click.Context | None = None
) -> Iterator[tuple[click.Context, click.Command]]:
    """Every command and subcommand with its context, in the order of ``--help``."""
    context = click.Context(
        group,
        info_name=group.name if parent else "synsetlab",
        parent=parent,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    for name in group.list_commands(context):
        try:
            command = group.get_command(context, name)
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("synsetlab.cli."):
                raise
            continue  # announced in --help, not written yet
        if isinstance(command, click.Group):
            command.name = name
            yield click.Context(command, info_name=name, parent=context), command
            yield from commands(command, context)
        elif command is not None:
            yield click.Context(command, info_name=name, parent=context), command


def reference() -> str:
    """The generated part of the page: one section a command, its help as the terminal shows it."""
    sections = []
    for context, command in commands():
        level = "##" if context.command_path.count(" ") == 1 else "###"
        sections.append(
            f"{level} {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
        )
    return "\n".join(sections)


def main() -> int:
    """Write the page, or check it."""
    text = PAGE.read_text("utf-8")
    prose, mark, _old = text.partition(MARK)
    if not mark:
        sys.stderr.write(f"{PAGE} has lost its line {MARK!r}: put it where the reference begins.\n")
        return 1
    fresh = f"{prose}{MARK}\n\n{reference()}"
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(fresh, "utf-8", newline="\n")
    elif fresh != text:
        sys.stderr.write("docs/cli.md is out of date. Write it anew with: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
