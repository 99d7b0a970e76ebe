"""What is committed names no registry, no machine and no second list of dependencies."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]

# Written in pieces: this file is searched too.
REGISTRIES = re.compile(
    rb"(?i)\b(?:" + rb"|".join(
        host.replace(b" ", b"")
        for host in (
            rb"py pi\.org", rb"python hosted\.org", rb"registry\.npm js", rb"npm js\.(?:org|com)",
            rb"yarn pkg\.com", rb"anaconda \.(?:org|com)", rb"conda\.io", rb"deb\.debian \.org",
            rb"archive\.ubuntu \.com",
        )
    ) + rb")|--(?:extra-)?index -url".replace(b" ", b"")
)  # fmt: skip
# Folders of someone's own machine; the repository knows only places relative to itself.
HOMES = re.compile(rb"(?<![\w./~-])/(?:ro ot|wo rk|home/\w+|Users/\w+)/".replace(b" ", b""))


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def committed() -> list[Path]:
    """Tracked files and those that are about to be."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout: nothing says which files are committed")
    names = [name for name in done.stdout.decode().split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "bad",
    ["https://py" + "pi.org/simple", "https://registry.npm" + "js.org/x", "pip install --index" + "-url=x y"],
)
def test_a_registry_is_recognised(bad: str) -> None:
    assert REGISTRIES.search(bad.encode())


@pytest.mark.parametrize("good", ["pip install synsetlab", "- conda-forge", "index.sense", "npm ci"])
def test_ordinary_words_are_no_registry(good: str) -> None:
    assert not REGISTRIES.search(good.encode())


def test_no_file_names_a_registry() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group().decode("utf-8", "replace")
        for path in committed()
        if (match := REGISTRIES.search(path.read_bytes()))
    }
    assert found == {}


def test_no_file_names_a_folder_of_some_machine() -> None:
    found = {
        str(path.relative_to(ROOT)): match.group().decode("utf-8", "replace")
        for path in committed()
        if (match := HOMES.search(path.read_bytes()))
    }
    assert found == {}


def test_no_photograph_is_committed() -> None:
    # Screenshots of the product are shown in the documents; the pictures of datasets stay outside.
    pictures = {".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    assert [str(path.relative_to(ROOT)) for path in committed() if path.suffix.lower() in pictures] == []


# ---- dependencies have one list


def normal(requirement: str) -> str:
    return re.sub(r"\s", "", requirement).lower()


def test_conda_gets_what_pip_gets() -> None:
    project = pyproject()["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["dev"],
        *project["optional-dependencies"]["postgres"],
        f"python{project['requires-python']}",
    ]
    listed = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    by_pip = next(entry["pip"] for entry in listed if isinstance(entry, dict))
    named = [entry for entry in listed if isinstance(entry, str)] + by_pip
    tools = {"pip", "git", "make", "-e."}
    assert sorted(set(map(normal, named)) - tools) == sorted(map(normal, wanted))
    assert len(named) == len(set(named))


def test_every_dependency_is_pinned_once() -> None:
    project = pyproject()["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    wanted += [*project["optional-dependencies"]["postgres"], *pyproject()["build-system"]["requires"]]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []
    names = [distribution(pin) for pin in pins]
    assert sorted(set(names)) == sorted(names)
    assert {distribution(requirement) for requirement in wanted} - set(names) == set()


def distribution(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def test_hooks_are_local() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert {repo["repo"] for repo in config["repos"]} == {"local"}


def test_nothing_of_npm_runs_in_the_product() -> None:
    import json

    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert package.get("dependencies", {}) == {}
