"""``synsetlab doctor``: what it finds, what it says to get, and its exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synsetlab import __version__
from synsetlab.doctor import Check, examine, find_browser, find_postgres, version_of
from synsetlab.store.workspace import Workspace


def rows(**arguments: object) -> dict[str, Check]:
    return {check.name: check for check in examine(**arguments)}


def doctor(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from synsetlab.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, "doctor", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_this_python_and_package_are_named() -> None:
    found = rows()
    assert ".".join(map(str, sys.version_info[:3])) in found["Python"].found
    assert found["synsetlab"].status == "ok"
    assert __version__ in found["synsetlab"].found


def test_what_is_missing_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNSETLAB_DATA", str(tmp_path / "new"))
    monkeypatch.setenv("SYNSETLAB_CHROMIUM", str(tmp_path / "no-browser"))
    monkeypatch.chdir(tmp_path)
    found = rows()
    assert found["WordNet 3.0"] == Check(
        "WordNet 3.0", "missing", found["WordNet 3.0"].found, "synsetlab wordnet install"
    )
    assert found["browser"].status == "optional"
    assert all(check.remedy for check in found.values() if check.status != "ok")
    assert not any(check.remedy for check in found.values() if check.status == "ok")


def test_a_browser_that_does_not_start_is_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("SYNSETLAB_CHROMIUM", str(broken))
    assert find_browser() == broken
    assert rows()["browser"].status == "optional"
    assert "does not start" in rows()["browser"].found


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no POSIX permissions")
def test_a_data_folder_that_cannot_be_made_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SYNSETLAB_DATA", str(tmp_path / "file" / "data"))
    found = rows()
    assert found["data folder"].status == "missing"
    assert "SYNSETLAB_DATA" in found["data folder"].remedy
    assert found["WordNet 3.0"].status == "missing"


def test_a_workspace_is_opened(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "ws"):
        pass
    found = rows(workspace=tmp_path / "ws")["workspace"]
    assert found.status == "ok"
    assert re.search(r"\((sqlite|postgresql), schema \d+\)", found.found)


def test_no_workspace_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert rows()["workspace"].status == "optional"


def test_a_named_workspace_must_be_there(tmp_path: Path) -> None:
    found = rows(workspace=tmp_path)["workspace"]
    assert found.status == "missing"
    assert "synsetlab init" in found.remedy


@pytest.mark.sqlite
def test_a_damaged_database_is_a_finding(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "ws"):
        pass
    for path in (tmp_path / "ws").glob("workspace.sqlite*"):
        path.unlink()
    (tmp_path / "ws" / "workspace.sqlite").write_bytes(b"no database at all, " * 100)
    assert rows(workspace=tmp_path / "ws")["workspace"].status == "missing"


def test_a_database_server_that_is_gone_is_a_finding(tmp_path: Path, postgres) -> None:
    with Workspace.create(tmp_path / "ws", database=postgres()):
        pass
    assert rows(workspace=tmp_path / "ws")["workspace"].status == "ok"
    settings = tmp_path / "ws" / "synsetlab.toml"
    settings.write_text(settings.read_text().replace("host=", f"host={tmp_path}"))
    assert rows(workspace=tmp_path / "ws")["workspace"].status == "missing"


def test_versions_are_read_from_real_programs(chromium: Path, postgres_server: str) -> None:
    programs = find_postgres()
    assert programs is not None
    for program in (chromium, programs / "postgres", Path(sys.executable)):
        assert version_of(program)[0].isdigit()


def test_the_exit_code_says_whether_anything_needed_is_missing(tmp_path: Path) -> None:
    done = doctor("--json", cwd=tmp_path, SYNSETLAB_DATA=str(tmp_path / "new"))
    report = json.loads(done.stdout)
    assert set(report) == {"schema_version", "checks", "ok"}
    assert {key for check in report["checks"] for key in check} == {"name", "status", "found", "remedy"}
    assert (done.returncode, report["ok"]) == (1, False)


def test_all_is_well_with_wordnet(wordnet: Path, tmp_path: Path) -> None:
    done = doctor(cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "All that is needed is here." in done.stdout


def test_words_for_people_name_the_remedy(tmp_path: Path) -> None:
    done = doctor(cwd=tmp_path, SYNSETLAB_DATA=str(tmp_path / "new"))
    assert "-> synsetlab wordnet install" in done.stdout
    assert "Something that is needed is missing." in done.stdout
