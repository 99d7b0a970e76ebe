"""What the documents show really runs: every shell block of a page, in order, in a folder of its own.

A page of ``docs/`` is read inside a workspace; the README in a folder beside one. ``make`` and ``git`` do
nothing, ``serve`` is not started, and ``demo`` without options is a small one that was drawn before.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from synsetlab.config import data_dir

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SLOW = {
    "README.md",
    "docs/dedup.md",
    "docs/demo.md",
    "docs/evaluate.md",
    "docs/exports.md",
    "docs/release.md",
    "docs/votes.md",
}

PRELUDE = r"""
set -euo pipefail
make() { :; }
git() { :; }
synsetlab() {
    case "$1" in
        serve) return ;;
        demo) if [ $# -eq 2 ]; then cp -r "$SMALL_DEMO" "$2"; return; fi ;;
    esac
    "$PYTHON" -m synsetlab "$@"
}
python3() { "$PYTHON" "$@"; }
"""


def blocks(page: str) -> list[str]:
    return BLOCK.findall((ROOT / page).read_text("utf-8"))


@pytest.fixture
def place(tmp_path: Path, demo: Path) -> Path:
    """Files that pages speak of as the reader's own, and a demo workspace, whose pictures they are."""
    folder = tmp_path / "here"
    folder.mkdir()
    shutil.copytree(demo, folder / "demo-workspace")
    pictures = [file for file in sorted((demo / "blobs" / "originals").rglob("*")) if file.is_file()]
    for photos in (folder / "photos", tmp_path / "home" / "photos"):
        for number, label in enumerate(("husky", "malamute")):
            (photos / label).mkdir(parents=True)
            for file in pictures[number * 4 : number * 4 + 4]:
                shutil.copyfile(file, photos / label / f"{file.name[:8]}.jpg")
    with Image.open(pictures[0]) as picture:
        picture.convert("RGB").save(folder / "photos" / "husky" / "again.jpg", quality=60)
    votes = [
        f"{task},{who},{'yes' if task % 2 else 'no'}" for task in range(4) for who in ("ann", "bob", "cy")
    ]
    (folder / "votes.csv").write_text("\n".join(["task,worker,label", *votes]) + "\n")
    (folder / "truth.csv").write_text("image,wnid\na,n02110185\nb,n02110063\n")
    (folder / "predictions.csv").write_text("image,prediction\na,n02110185\nb,n02110185\n")
    return folder


@pytest.mark.parametrize(
    "document",
    [pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else []) for page in PAGES if blocks(page)],
)
def test_shown_commands_run(document: str, place: Path, demo: Path) -> None:
    if document.startswith("docs/"):
        for name in ("votes.csv", "truth.csv", "predictions.csv"):
            (place / name).unlink()
        shutil.copytree(demo, place, dirs_exist_ok=True)
    environment = {
        **os.environ,
        "HOME": str(place.parent / "home"),
        "SYNSETLAB_DATA": str(data_dir()),
        # A copy, for what `cp` copies of a workspace is on PostgreSQL the same database.
        "SMALL_DEMO": str(shutil.copytree(demo, place.parent / "small")),
        "PYTHON": sys.executable,
    }
    for block in blocks(document):
        done = subprocess.run(
            ["bash", "-c", PRELUDE + block],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{document}:\n{block}\n{done.stdout[-1000:]}{done.stderr[-3000:]}"
        assert "Traceback" not in done.stderr, block


def test_a_wrong_command_stops_a_page(place: Path) -> None:
    environment = {**os.environ, "PYTHON": sys.executable}
    command = ["bash", "-c", PRELUDE + "synsetlab synsets show n02084072\necho unreached\n"]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unreached" not in done.stdout


def test_the_demo_page_counts_what_the_demo_plans() -> None:
    from collections import Counter

    from synsetlab.simulate.demo import plan_demo

    page = (ROOT / "docs" / "demo.md").read_text("utf-8")
    kinds = Counter(image.kind for image in plan_demo())
    shown: dict[str, int] = {}
    for names, numbers in re.findall(r"^\| ([a-z, -]+) \| ([\d, ]+) \|", page, re.MULTILINE):
        shown.update(zip(names.split(", "), map(int, numbers.split(", ")), strict=True))
    for group in ("ambiguous", "broken"):
        kinds[group] = sum(kinds.pop(kind) for kind in list(kinds) if kind.startswith(f"{group}-"))
    assert shown == dict(kinds)


def test_the_policy_fields_of_the_release_page_are_all() -> None:
    from dataclasses import fields

    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.release.tables import SCHEMAS

    page = (ROOT / "docs" / "release.md").read_text("utf-8")
    shown = re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)
    assert shown == [field.name for field in fields(ReleasePolicy)]
    assert re.findall(r"^\| `(\w+)\.parquet` \|", page, re.MULTILINE) == list(SCHEMAS)


def test_the_tables_of_the_votes_page_are_what_policies_say() -> None:
    from synsetlab.voting.policy import DynamicPolicy, FixedPolicy, Tally

    page = (ROOT / "docs" / "votes.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d), (\d), (\d) \| (.*?) \| (.*?) \|$", page, re.MULTILINE)
    assert len(rows) == 7
    for *numbers, tight, loose in rows:
        tally = Tally(*map(int, numbers))
        for share, said in ((0.67, tight), ("2/3", loose)):
            outcome = str(FixedPolicy(min_confidence=share).decide(tally).outcome)
            assert said.startswith({"more-votes": "wants one more"}.get(outcome, outcome)), (tally, share)
    assert FixedPolicy(min_confidence="2/3", curtail=True).decide(Tally(2)).outcome == "accepted"
    body = json.loads(DynamicPolicy().to_json())
    assert (body["min_votes"], body["max_votes"]) == (2, 7)
    assert (body["accept"], body["reject"], body["skill"], body["prior"]) == ("19/20", "1/20", "4/5", "1/2")


def test_every_benchmark_is_listed() -> None:
    folder = ROOT / "benchmarks"
    listed = re.findall(r"^\| `(\w+\.py)` \|", (folder / "README.md").read_text("utf-8"), re.MULTILINE)
    scripts = [script for script in folder.glob("*.py") if "__main__" in script.read_text("utf-8")]
    assert sorted(listed) == sorted(script.name for script in scripts)
