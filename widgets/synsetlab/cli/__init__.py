"""The ``synsetlab`` command: one file a command in this folder, loaded only when it is used."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING

import click

from synsetlab.errors import SynsetlabError
from synsetlab.texts import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

COMMANDS = {
    "init": "Make a workspace.",
    "workspace": "Copy, back up and restore a workspace.",
    "demo": "Make a demo workspace: drawn images, simulated annotators, no network.",
    "wordnet": "Find or obtain WordNet 3.0.",
    "doctor": "Say what is installed and how to get what is not.",
    "import": "Bring images in: from folders, URL lists or manifests.",
    "synsets": "Search and walk WordNet's noun synsets.",
    "dedup": "Find exact and near duplicates.",
    "votes": "Collect, aggregate and measure votes.",
    "consensus": "Turn votes into decisions.",
    "review": "Work the escalation queue.",
    "freeze": "Freeze the workspace to an immutable release.",
    "verify": "Prove that a release is intact.",
    "diff": "Say what changed between two releases.",
    "export": "Write a release in another format.",
    "evaluate": "Score a predictions file.",
    "leaderboard": "Keep submissions, rank them, show them.",
    "access": "Offer releases and decide who may have them.",
    "accounts": "See and change who may come in.",
    "serve": "Serve the labelling app in a browser.",
}


class _LazyGroup(click.Group):
    """A group whose subcommands live in modules of their own, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the line, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``cli/<name>.py`` and take its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"synsetlab.cli.{cmd_name.replace('import', 'import_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="synsetlab")
def root() -> None:
    """Make your own ImageNet.

    \b
    The line: synsets -> import -> dedup -> votes -> consensus -> review -> freeze -> evaluate.
    Start with:  synsetlab demo my-workspace && synsetlab serve my-workspace
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 success, 1 failed operation, 2 bad usage)."""
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        result = root.main(args, prog_name="synsetlab", standalone_mode=False)
    except BrokenPipeError:  # whoever read our output (head, less) has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - a machine that asked for JSON gets an object whatever happens
        return _report_error(error, as_json="--json" in args)
    return result if isinstance(result, int) else 0


def _report_error(error: Exception, *, as_json: bool) -> int:
    """Say what went wrong: an object on stdout under ``--json``, words on stderr; returns the exit code."""
    kind, message, remedy, code = _explain(error)
    if not isinstance(error, SynsetlabError | click.exceptions.Abort | click.ClickException | OSError):
        traceback.print_exception(error)
    if as_json:
        found = {"type": kind, "message": message, "remedy": remedy}
        click.echo(json.dumps({"schema_version": 1, "error": found}, ensure_ascii=False))
        return code
    if isinstance(error, click.UsageError) and error.ctx:
        click.echo(error.ctx.get_usage(), err=True)
    click.echo(visible(f"Error: {message}", keep="\n"), err=True)
    if remedy:
        click.echo(visible(remedy, keep="\n"), err=True)
    return code


def _explain(error: Exception) -> tuple[str, str, str, int]:
    """Type, message, remedy and exit code of anything that a command may raise."""
    kind = type(error).__name__
    match error:
        case SynsetlabError():
            return kind, error.message, error.remedy, error.exit_code
        case click.exceptions.Abort():
            return "Interrupted", "Interrupted.", "", 1
        case click.UsageError():
            hint = f"Try: {error.ctx.command_path} --help" if error.ctx else ""
            return "UsageError", error.format_message(), hint, 2
        case click.ClickException():
            return kind, error.format_message(), "", 1
        case OSError():
            place = f"{error.filename}: " if error.filename else ""
            return kind, f"{place}{error.strerror or error}.", "", 1
        case _:
            remedy = "This is a fault of synsetlab: please report it with the traceback on stderr."
            return kind, (str(error).splitlines() or [kind])[0], remedy, 1
