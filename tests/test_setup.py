"""Setting up: the make targets, and the rule that CI skips nothing that matters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SAMPLE = """
import pytest

@pytest.fixture
def postgres():
    pytest.skip("no such server")

def test_of_a_team(postgres): ...

def test_by_word(): pytest.skip("WordNet 3.0 is not installed")

def test_of_a_platform(): pytest.skip("only on Windows")

def test_that_runs(): ...
"""
MARKERS = "\n".join(f"    {name}: -" for name in ("real_data", "wordnet", "browser", "postgres", "slow"))


def run(*command: str, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"CI", "MAKEFLAGS", "MAKELEVEL"}
    }
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, env={**inherited, **environment}, check=False
    )


# ---- make


def test_help_lists_every_target_that_a_person_may_call() -> None:
    listed = run("make", "help").stdout
    for target in ("setup", "demo", "test", "lint", "docs"):
        assert f"make {target} " in listed


def test_an_old_python_is_refused_with_advice(tmp_path: Path) -> None:
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\ncase "$1" in -V) echo Python 3.9.1;; *) exit 1;; esac\n')
    old.chmod(0o755)
    done = run("make", "-B", f"PYTHON={old}", "READY=never", "never")
    assert done.returncode
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.9.1" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_an_absent_python_is_named() -> None:
    done = run("make", "PYTHON=no-such-python", "READY=never", "never")
    assert done.returncode
    assert "No no-such-python on this machine" in done.stderr


def test_a_python_without_venv_is_refused_with_advice(tmp_path: Path) -> None:
    bare = tmp_path / "bare-python"
    bare.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; *) exit 0;; esac\n')
    bare.chmod(0o755)
    done = run("make", f"PYTHON={bare}", "READY=never", "never")
    assert done.returncode
    assert "python3-venv" in done.stderr
    assert "Installing" not in done.stdout


def test_setting_up_twice_does_nothing(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    ready.touch()
    done = run("make", f"READY={ready}", str(ready))
    assert done.returncode == 0
    assert "up to date" in done.stdout


@pytest.mark.parametrize("script", [ROOT / ".ci" / "run", ROOT / "tests" / "run"], ids=["ci", "tests"])
def test_the_scripts_are_sound_and_executable(script: Path) -> None:
    assert os.access(script, os.X_OK)
    assert run("bash", "-n", str(script)).returncode == 0


# ---- skipping


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A small test folder under the real conftest.py."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{MARKERS}\n")
    return tmp_path


def pytest_in(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # A folder of its own for what is temporary: it would clear away that of earlier runs, which takes long.
    options = ["-ra", "-p", "no:cacheprovider", f"--basetemp={folder / 'temporary'}"]
    return run(sys.executable, "-m", "pytest", *options, *arguments, cwd=folder, **environment)


def test_what_is_missing_is_named_once(sample: Path) -> None:
    done = pytest_in(sample)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 3 skipped" in done.stdout
    section = done.stdout.partition("not run here")[2]
    assert "1  no such server" in section
    assert "1  WordNet 3.0 is not installed" in section


def test_tests_are_chosen_by_the_parts_that_they_ask_for(sample: Path) -> None:
    done = pytest_in(sample, "-m", "not postgres")
    assert "1 passed, 2 skipped, 1 deselected" in done.stdout


def test_a_missing_part_fails_in_ci(sample: Path) -> None:
    done = pytest_in(sample, CI="true")
    assert done.returncode == 1, done.stdout
    # By its marker (from the fixture that it uses), and by what the reason says.
    assert "1 failed, 1 passed, 1 skipped, 1 error" in done.stdout
    assert "skipped, which CI does not allow: no such server" in done.stdout


def test_a_whole_file_that_skips_fails_in_ci(sample: Path) -> None:
    (sample / "test_sample.py").write_text(
        "import pytest\npytest.skip('no Chromium here', allow_module_level=True)\n"
    )
    assert "1 skipped" in pytest_in(sample).stdout
    done = pytest_in(sample, CI="true")
    assert done.returncode != 0
    assert "skipped, which CI does not allow: no Chromium here" in done.stdout


# ---- the real parts


def test_no_workspace_of_this_machine_is_seen() -> None:
    assert not {"SYNSETLAB_WORKSPACE", "SYNSETLAB_DATABASE"} & set(os.environ)
    assert not [name for name in os.environ if name.startswith("PG")]


def test_chromium_draws_a_page(page) -> None:
    page.set_content("<button onclick='this.textContent=\"done\"'>go</button>")
    page.click("button")
    assert page.text_content("button") == "done"


def test_each_test_has_a_database_of_its_own(postgres) -> None:
    import psycopg

    first, second = postgres(), postgres()
    assert first != second
    with psycopg.connect(first.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE t (x int)")
        connection.commit()
    with psycopg.connect(second.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 't'").fetchone() == (0,)


def test_the_photographs_are_there(shared_data: Path) -> None:
    assert len(list((shared_data / "clothing").glob("*/*.jpg"))) == 1000


def test_wordnet_is_readable(wordnet: Path) -> None:
    assert (wordnet / "data.noun").stat().st_size > 1_000_000
