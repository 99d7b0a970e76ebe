"""Every notebook runs from top to bottom, holds no logic, and is committed as nobody has run it."""

from __future__ import annotations

import ast
import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))
LOGIC = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.For, ast.AsyncFor, ast.While, ast.If, ast.IfExp, ast.Match, ast.Try),
)
SECONDS_A_CELL = 300

every_notebook = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(file: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_of(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_is_a_notebook_for_each_stage() -> None:
    numbers = [file.name[:2] for file in FILES if file.parent.name == "notebooks"]
    assert numbers == [f"{number:02d}" for number in range(10)]


@pytest.mark.slow
@every_notebook
def test_it_runs_from_top_to_bottom(
    file: Path, demo: Path, tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, folder = tmp_path / "workspace", Path(tempfile.mkdtemp(dir=short_folder))
    shutil.copytree(demo, workspace)
    monkeypatch.setenv("SYNSETLAB_WORKSPACE", str(workspace))
    monkeypatch.setenv("TMPDIR", str(folder))  # where the kernel puts what the notebook throws away
    notebook = read(file)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources=resources, allow_errors=False
    )
    client.execute()
    outputs = [output for cell in code_of(notebook) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error"] == []
    complaints = [output.text for output in outputs if output.get("name") == "stderr"]
    assert [text for text in complaints if "Warning" in text] == []
    assert all(cell.execution_count for cell in code_of(notebook))


@every_notebook
def test_it_only_uses_the_library(file: Path) -> None:
    found = [
        f"{type(node).__name__} in: {cell.source[:60]}"
        for cell in code_of(read(file))
        for node in ast.walk(ast.parse(cell.source))  # a magic does not parse: there are none either
        if isinstance(node, LOGIC)
    ]
    assert found == []


@every_notebook
def test_it_says_what_it_is_for(file: Path) -> None:
    first = read(file).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert len(first.source.splitlines()) > 1


@every_notebook
def test_it_is_committed_without_outputs(file: Path) -> None:
    cells = code_of(read(file))
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count is not None] == []
    assert "widgets" not in read(file).metadata
