"""Style, types and the ES modules: what ``make lint`` shows is also a test, so one run says it all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synsetlab.doctor import find_node

ROOT = Path(__file__).resolve().parents[1]
PYTHON_CHECKS = {
    "ruff check": ["ruff", "check", "--quiet", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy": ["mypy", "--no-error-summary"],
}


def check(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("name", PYTHON_CHECKS)
def test_python(name: str) -> None:
    module, *arguments = PYTHON_CHECKS[name]
    check([sys.executable, "-m", module, *arguments])


@pytest.fixture
def node() -> Path:
    found = find_node()
    if found is None:
        pytest.skip("Node.js is not installed: apt-get install nodejs npm")
    return found


def test_types_of_the_modules(node: Path) -> None:
    compiler = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        pytest.skip("Node.js: the TypeScript compiler is not installed: npm ci")
    check([str(node), str(compiler), "--noEmit"])


def test_units_of_the_modules(node: Path) -> None:
    tests = sorted(str(path) for path in (ROOT / "tests" / "js").rglob("*.test.*js"))
    assert tests, "tests/js holds no *.test.js"
    check([str(node), "--test", *tests])
