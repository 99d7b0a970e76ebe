"""The package keeps its shape: who imports whom, what is public, how long things get."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "widgets" / "synsetlab"

# Lowest first; the rooms of one line may not import each other.
ORDER = [
    ["errors"],
    ["config", "canonical", "texts"],
    ["store", "compute"],
    ["taxonomy"],
    ["candidates"],
    ["dedup"],
    ["voting"],
    ["review"],
    ["release"],
    ["benchmark"],
    ["simulate"],
    ["ui"],
    ["server"],
    ["doctor"],
    ["cli"],
    ["__main__"],
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}
ONLY_IN = {
    **dict.fromkeys(
        ("anywidget", "ipywidgets", "traitlets", "voila", "jupyter_server", "IPython"), ("ui", "server")
    ),
    **dict.fromkeys(("sqlalchemy", "alembic"), ("store",)),
    **dict.fromkeys(("dask", "distributed"), ("compute",)),
    "widgets": (),
}
FRONT = "synsetlab"
SLOW_PACKAGES = {
    "IPython", "PIL", "alembic", "anywidget", "jupyter_server", "nltk", "numpy", "pandas", "pyarrow", "scipy",
    "sqlalchemy", "voila",
}  # fmt: skip
MODULE_LINES = 400
FUNCTION_LINES = 60


class Use(NamedTuple):
    """One import: at `line`, of the dotted `module`, taking `names` from it."""

    line: int
    module: str
    names: tuple[str, ...] = ()


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "versions" not in path.parts)


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room of a dotted name within synsetlab; the front door is a room of its own."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FRONT


def imports(source: str, path: Path) -> list[Use]:
    """Every import of a file, wherever it stands: functions, TYPE_CHECKING and import_module("...")."""
    package = dotted(path).split(".") if path.name == "__init__.py" else dotted(path).split(".")[:-1]
    uses = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            uses += [Use(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*start, *(node.module or "").split(".")]).strip(".")
            uses.append(Use(node.lineno, module, tuple(alias.name for alias in node.names)))
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"import_module", "__import__"} and isinstance(node.args[0].value, str):
                uses.append(Use(node.lineno, node.args[0].value))
    return uses


def rooms_used(use: Use) -> list[str]:
    """The rooms that an import of synsetlab reaches; ``from synsetlab import x`` may name several."""
    if use.module != FRONT:
        return [room_of(use.module)]
    return [name if name in RANK else FRONT for name in use.names if name != "__version__"]


def faults_of_imports(source: str, path: Path) -> list[str]:
    """What is wrong with the imports of one file of the package."""
    own = room_of(dotted(path))
    faults = []
    for use in imports(source, path):
        place = f"{path.relative_to(PACKAGE.parent)}:{use.line}"
        top = use.module.split(".")[0]
        if top in ONLY_IN and own not in ONLY_IN[top]:
            faults.append(f"{place}: {top} may only be imported in {' and '.join(ONLY_IN[top]) or 'no file'}")
        if top != FRONT or own == FRONT:
            continue
        for room in rooms_used(use):
            if room == FRONT:
                faults.append(f"{place}: import from the module that defines it, not from the front door")
            elif room != own and RANK[room] >= RANK[own]:
                faults.append(f"{place}: {own} must not import {room}, which does not stand below it")
    return faults


def test_every_room_has_a_place_in_the_order() -> None:
    rooms = {room_of(dotted(path)) for path in sources()} - {FRONT}
    assert rooms <= set(RANK), "give the new room a place in ORDER (and in CONTRIBUTING.md)"


def test_nothing_imports_upward_or_outside_its_room() -> None:
    faults = [fault for path in sources() for fault in faults_of_imports(path.read_text("utf-8"), path)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("place", "source", "fault"),
    [
        ("voting/x.py", "from synsetlab.release import freeze", "must not import release"),
        ("voting/x.py", "def f():\n    import synsetlab.ui.grid", "must not import ui"),
        ("voting/x.py", "from synsetlab import cli", "must not import cli"),
        ("voting/x.py", "from ..ui import grid", "must not import ui"),
        ("voting/x.py", "importlib.import_module('synsetlab.server')", "must not import server"),
        ("voting/x.py", "from synsetlab import Workspace", "front door"),
        ("voting/x.py", "import sqlalchemy as sa", "only be imported in store"),
        ("voting/x.py", "import ipywidgets", "only be imported in ui and server"),
        ("store/x.py", "from synsetlab.compute import run", "must not import compute"),
        ("ui/x.py", "import dask.array", "only be imported in compute"),
        ("cli/x.py", "import widgets.synsetlab", "in no file"),
    ],
)
def test_a_wrong_import_is_found(place: str, source: str, fault: str) -> None:
    assert fault in "\n".join(faults_of_imports(source, PACKAGE / place))


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("voting/x.py", "from synsetlab.store.workspace import Workspace\nfrom synsetlab import __version__"),
        ("voting/x.py", "from .policy import Policy\nfrom synsetlab.voting import base\nimport numpy"),
        ("ui/x.py", "import anywidget"),
        ("store/x.py", "import sqlalchemy"),
        ("config.py", "from synsetlab.errors import InputError"),
    ],
)
def test_a_right_import_is_let_through(place: str, source: str) -> None:
    assert faults_of_imports(source, PACKAGE / place) == []


def test_nobody_imports_the_source_root() -> None:
    folders = [ROOT / name for name in ("tests", "benchmarks", "docs")]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Import) and any(a.name.split(".")[0] == "widgets" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "widgets")
    ]
    assert not found, "import synsetlab instead: widgets/ is no package"


# ---- what is public


def promised(tree: ast.Module) -> list[str] | None:
    """The literal ``__all__`` of a module."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "__all__" for t in node.targets):
            return list(ast.literal_eval(node.value))
    return None


def public_definitions(tree: ast.Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    defined = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    return {node.name for node in defined if not any(map(registers_command, node.decorator_list))}


def registers_command(decorator: ast.expr) -> bool:
    """Whether it is ``@group.command(...)``: such a function is reached by its group, not by its name."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {"command", "group"}


def test_all_names_every_public_function_and_class() -> None:
    faults = []
    for path in sources():
        tree = ast.parse(path.read_text("utf-8"))
        listed, defined = promised(tree), public_definitions(tree)
        left_out = defined - set(listed or [])
        if left_out:
            names = ", ".join(sorted(left_out))
            faults.append(f"{path.relative_to(ROOT)}: put into __all__ or begin with an underscore: {names}")
        if listed is not None and len(set(listed)) != len(listed):
            faults.append(f"{path.relative_to(ROOT)}: a name stands twice in __all__")
    assert not faults, "\n".join(faults)


def test_all_promises_nothing_that_is_not_there() -> None:
    faults = []
    for path in sources():
        listed = promised(ast.parse(path.read_text("utf-8")))
        if listed:
            module = importlib.import_module(dotted(path))
            faults += [f"{module.__name__}.{name}" for name in listed if not hasattr(module, name)]
    assert not faults, f"in __all__, but not there: {', '.join(faults)}"


def test_the_front_door_lists_all_it_offers() -> None:
    import synsetlab

    assert set(synsetlab.__all__) == {*synsetlab._LAZY, "__version__"}
    assert dir(synsetlab) == sorted(synsetlab.__all__)


# ---- sizes


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function that are neither blank, comment nor docstring."""
    text = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    first = function.body[0]
    said = range(0)
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    ):
        said = range(first.lineno, (first.end_lineno or first.lineno) + 1)
    return sum(
        1 for n in text if n not in said and lines[n - 1].strip() and not lines[n - 1].strip().startswith("#")
    )


def test_modules_stay_short() -> None:
    files = [*sources(), *(PACKAGE / "ui").rglob("*.js")]
    sizes = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files}
    assert {name: lines for name, lines in sizes.items() if lines > MODULE_LINES} == {}


def test_functions_stay_short() -> None:
    long = []
    for path in sources():
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                size = code_lines(node, text.splitlines())
                if size > FUNCTION_LINES:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {size} lines")
    assert not long, "\n".join(long)


def test_a_function_is_measured_without_docstring_comments_and_blanks() -> None:
    source = 'def f():\n    """Two\n    lines."""\n    # said\n\n    x = 1\n    return x\n'
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert code_lines(function, source.splitlines()) == 3


# ---- import is cheap


def run_python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    "code",
    ["import synsetlab", "from synsetlab.cli import main; main(['--help'])", "import synsetlab.doctor"],
    ids=["import", "help", "doctor"],
)
def test_import_is_cheap(code: str) -> None:
    report = run_python(code, "-X", "importtime").stderr
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in report.splitlines() if "|" in line}
    assert "synsetlab" in loaded
    assert loaded & SLOW_PACKAGES == set()


def test_the_help_of_every_command_is_cheap() -> None:
    modules = [dotted(path) for path in sources() if path.parent.name == "cli"]
    code = (
        "import importlib, sys\n"
        f"slow = {SLOW_PACKAGES!r}\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "    found = slow & set(sys.modules)\n"
        "    if found:\n"
        "        print(name, 'loads', *sorted(found))\n"
        "        slow -= found\n"
    )
    assert run_python(code).stdout == ""
