"""The command line and its documentation say the same, and what they show can be typed."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from synsetlab.cli import COMMANDS, root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^(?: *)```(?:sh|bash|console|shell)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
BETWEEN_COMMANDS = {"&&", "||", "|", ";", "&"}
REDIRECTIONS = {">", ">>", "<"}


def make_cli() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COMMAND_TREE = {context.command_path: (context, command) for context, command in make_cli().commands()}
LEAVES = sorted(path for path, (_, command) in COMMAND_TREE.items() if not isinstance(command, click.Group))


# ---- reading what documents show


def shown_commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a piece of shell, as words."""
    joined = re.sub(r"\\\n\s*", " ", text)
    for line in joined.splitlines():
        lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars="&|;<>")
        lexer.whitespace_split = True
        lexer.commenters = "#"
        words: list[str] = []
        for word in lexer:
            if word in BETWEEN_COMMANDS:
                yield words
                words = []
            else:
                words.append(word)
        yield words


def without_shell(words: list[str]) -> list[str]:
    """The command itself: no ``NAME=value`` before it, no redirection after it."""
    start = next((n for n, word in enumerate(words) if not re.match(r"^[A-Z_]+=", word)), len(words))
    end = next((n for n, word in enumerate(words) if word in REDIRECTIONS), len(words))
    return words[start:end]


def fault_of(words: list[str]) -> str:
    """What ``synsetlab`` or ``make`` would say to a shown command; empty when nothing."""
    words = without_shell(words)
    program = Path(words[0]).name if words else ""
    if program == "make":
        targets = [word for word in words[1:] if "=" not in word and not word.startswith("-")]
        unknown = set(targets) - make_targets()
        return f"no such make target: {', '.join(sorted(unknown))}" if unknown else ""
    return fault_of_synsetlab(words[1:]) if program == "synsetlab" else ""


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def fault_of_synsetlab(words: list[str]) -> str:
    context = click.Context(root, info_name="synsetlab", help_option_names=["-h", "--help"])
    while isinstance(context.command, click.Group) and words and not words[0].startswith("-"):
        name, *words = words
        try:
            found = context.command.get_command(context, name)
        except ModuleNotFoundError:
            return ""  # announced in --help, not written yet
        if found is None:
            return f"no such command: {context.command_path} {name}"
        context = click.Context(found, info_name=name, parent=context)
    if isinstance(context.command, click.Group) or {"-h", "--help"} & set(words):
        return ""
    return fault_of_arguments(context, words)


def fault_of_arguments(context: click.Context, words: list[str]) -> str:
    try:
        context.command.make_context(context.info_name, list(words), parent=context.parent)
    except click.MissingParameter as error:
        return error.format_message()
    except click.BadParameter as error:
        # A file that a document names need not exist here; all else must be right.
        is_path = error.param and isinstance(error.param.type, (click.Path, click.File))
        return "" if is_path else error.format_message()
    except click.UsageError as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("synsetlab nonsense", "no such command"),
        ("synsetlab init", "Missing argument"),
        ("synsetlab init here --colour", "No such option"),
        ("synsetlab init here there", "unexpected extra argument"),
        ("SYNSETLAB_DATA=x synsetlab init here --blobs", "requires an argument"),
        ("cd x && synsetlab doctor --jsn | jq .", "No such option"),
        ("make setup nonsense", "no such make target: nonsense"),
    ],
)
def test_a_wrong_line_is_found(line: str, fault: str) -> None:
    assert fault in " ".join(fault_of(words) for words in shown_commands(line))


@pytest.mark.parametrize(
    "line",
    [
        "$ synsetlab doctor --json > doctor.json  # as data",
        "synsetlab init my-dataset \\\n  --blobs blobs",
        "make PYTHON=python3.12 setup && make test",
        "git clone somewhere && cd synsetlab",
        "synsetlab --version",
    ],
)
def test_a_right_line_is_let_through(line: str) -> None:
    assert [fault for words in shown_commands(line) if (fault := fault_of(words))] == []


# ---- what the commands say of themselves


def test_every_command_that_help_announces_is_written() -> None:
    missing = sorted(set(COMMANDS) - {path.split(" ")[1] for path in COMMAND_TREE})
    if missing:
        pytest.skip(f"not written yet: {', '.join(missing)}")


@pytest.mark.parametrize("path", LEAVES)
def test_help_has_examples_that_work(path: str) -> None:
    _, command = COMMAND_TREE[path]
    text = (command.help or "").replace("\\b", "")
    _, heading, examples = text.partition("Example")
    assert heading, f"{path} --help shows no examples"
    lines = [words for words in shown_commands(examples.replace("'", "")) if words[:1] == ["synsetlab"]]
    assert lines, f"{path} --help has a heading for examples, but none that begins with synsetlab"
    assert [f"{shlex.join(words)}: {fault}" for words in lines if (fault := fault_of(words))] == []


@pytest.mark.parametrize("path", ["synsetlab", *sorted(COMMAND_TREE)])
def test_help_keeps_its_lines(path: str) -> None:
    command = COMMAND_TREE[path][1] if path in COMMAND_TREE else root
    # click knows the character \b; in a raw docstring it stays a backslash and a letter, and is shown.
    assert "\\b" not in command.get_help(click.Context(command))


@pytest.mark.parametrize("path", sorted(COMMAND_TREE))
def test_every_option_is_explained(path: str) -> None:
    options = [param for param in COMMAND_TREE[path][1].params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help and not option.hidden] == []


# ---- documents


@pytest.mark.parametrize("document", PAGES, ids=lambda document: str(document.relative_to(ROOT)))
def test_shown_commands_exist(document: Path) -> None:
    blocks = BLOCK.findall(document.read_text("utf-8"))
    shown = [words for block in blocks for words in shown_commands(block)]
    assert [f"{shlex.join(words)}: {fault}" for words in shown if (fault := fault_of(words))] == []


def test_the_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/make_cli.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
