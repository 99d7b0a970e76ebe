from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable


def _photo(seed: int, width: int = 120, height: int = 90) -> Image.Image:
    rng = np.random.default_rng(seed)
    layers = np.zeros((height, width, 3))
    for side in (3, 6, 12, 24, 48):
        grains = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        layers += np.asarray(Image.fromarray(grains).resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray((layers / 5).astype(np.uint8))


@pytest.fixture
def photo() -> Callable[..., Image.Image]:
    """Make a picture with colour and structure at every scale, another one for each seed."""
    return _photo


@pytest.fixture
def duplicates() -> Path:
    """The folder of pictures whose duplicates are known."""
    folder = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "duplicates"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"no {folder}")
        pytest.skip("needs ../shared/data/duplicates")
    return folder.resolve()
