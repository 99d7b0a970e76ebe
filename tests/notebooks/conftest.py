"""A small demo workspace for the notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from synsetlab.simulate.workspace import build_demo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, wordnet: Path) -> Path:
    """Not to be changed; the browser's tests take the same one, so that it is built once a session."""
    folder = tmp_path_factory.getbasetemp() / "small-demo"
    if not folder.exists():
        build_demo(folder, images=160)
    return folder
