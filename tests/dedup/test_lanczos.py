from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from synsetlab.dedup import lanczos
from synsetlab.dedup.lanczos import reduce


def pillow(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS))


def test_reduction_is_pillows_bit_for_bit() -> None:
    rng = np.random.default_rng(3)
    assert lanczos._order_is_known()
    for number in range(40):
        width, height = rng.integers(150, 600, 2).tolist()
        if number % 4 == 0:  # where Pillow turns the order of its passes
            height = 2 * width - 32 + int(rng.integers(-2, 3))
        pixels = rng.integers(0, 256, (height, width), dtype=np.uint8)
        if number % 2:
            pixels = np.where(pixels > 127, 255, 0).astype(np.uint8)
        image = Image.fromarray(pixels)
        assert lanczos._weights(width) is not None
        assert np.array_equal(reduce(image), pillow(image)), (width, height)


@pytest.mark.parametrize("size", [(1, 1), (7, 900), (900, 40), (64, 64), (181, 181)])
def test_small_and_narrow_pictures(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, size[::-1], dtype=np.uint8)
    assert np.array_equal(reduce(Image.fromarray(pixels)), pillow(Image.fromarray(pixels)))


def test_another_pillow_makes_it_slower_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanczos, "_TAPS", 2.5)
    lanczos._weights.cache_clear()
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 400), dtype=np.uint8))
    assert lanczos._weights(400) is None
    assert np.array_equal(reduce(image), pillow(image))
    lanczos._weights.cache_clear()
