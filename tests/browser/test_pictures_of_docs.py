"""The pictures of the docs can be taken with the product as it is now."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TAKEN = ("home", "label", "review-phone", "relabel", "duplicates", "dashboard", "browse-map-dark")
"""One of each kind of page, and one of each kind of window."""


def test_pictures_of_the_docs_are_taken(root: Path, chromium: Path, demo: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(demo, tmp_path / "demo")
    command = [sys.executable, str(root / "docs" / "make_pictures.py"), "--workspace", str(folder)]
    options = ["--into", str(tmp_path / "pictures"), "--only", *TAKEN]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in TAKEN:
        with Image.open(tmp_path / "pictures" / f"{name}.png") as picture:
            assert picture.width == (780 if "phone" in name else 1360)
            assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 60, f"{name} is nearly empty"


def test_every_picture_that_the_docs_show_is_one_that_is_taken(root: Path) -> None:
    shown = set()
    for page in [root / "README.md", *(root / "docs").rglob("*.md")]:
        shown |= set(re.findall(r"pictures/([a-z-]+)\.png", page.read_text("utf-8")))
    script = (root / "docs" / "make_pictures.py").read_text("utf-8")
    known = set(re.findall(r'^    "([a-z-]+)": ', script, flags=re.MULTILINE))
    assert shown
    assert shown <= known
