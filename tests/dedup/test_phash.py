from __future__ import annotations

import io
from typing import TYPE_CHECKING

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import ExifTags, Image

from synsetlab.candidates.decode import decode
from synsetlab.dedup.phash import FAST_DRAFT, from_hex, phash, phashes, to_hex
from synsetlab.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)),
    st.sampled_from(["L", "RGB", "1", "CMYK", "P", "RGBA"]),
)
def test_equals_imagehash(pixels: np.ndarray, mode: str) -> None:
    image = Image.fromarray(pixels).convert(mode)
    assert to_hex(phash(image)) == str(imagehash.phash(image))


def test_hex_is_sixteen_digits_and_turns_back() -> None:
    assert to_hex(0) == "0" * 16
    assert from_hex(to_hex(2**64 - 1)) == 2**64 - 1
    assert to_hex(0x8000000000000001) == "8000000000000001"


def test_exif_and_alpha_have_a_second_hash(photo: Callable[..., Image.Image]) -> None:
    scene = photo(1)
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    scene.transpose(Image.Transpose.ROTATE_90).save(out, "PNG", exif=exif)
    stored, upright = phashes(decode(out.getvalue()))
    assert to_hex(stored) == str(imagehash.phash(Image.open(out)))
    assert upright == phash(scene)
    assert stored != upright

    cut = scene.convert("RGBA")
    cut.paste((0, 0, 0, 0), (0, 0, 60, 90))
    out = io.BytesIO()
    cut.save(out, "PNG")
    stored, upright = phashes(decode(out.getvalue()))
    assert to_hex(stored) == str(imagehash.phash(Image.open(out)))
    paper = Image.new("RGBA", cut.size, "white")
    assert upright == phash(Image.alpha_composite(paper, cut))

    out = io.BytesIO()
    scene.save(out, "JPEG")
    stored, upright = phashes(decode(out.getvalue()))
    assert stored == upright


@pytest.mark.real_data
def test_equals_imagehash_on_every_file(duplicates: Path) -> None:
    seen = 0
    for path in sorted(duplicates.rglob("*")):
        if not path.is_file():
            continue
        try:
            picture = decode(path.read_bytes())
        except ImageError:
            continue
        with Image.open(path) as image:
            assert to_hex(phash(picture.stored)) == str(imagehash.phash(image)), path
        seen += 1
    assert seen == 32


@pytest.mark.real_data
def test_fast_hash_stays_close(duplicates: Path) -> None:
    far = []
    for path in sorted(duplicates.rglob("ukbench*.jpg")):
        data = path.read_bytes()
        if data[:2] != b"\xff\xd8":
            continue
        whole, small = decode(data), decode(data, draft=FAST_DRAFT)
        assert small.stored.width < whole.stored.width
        assert (small.width, small.height) == (whole.width, whole.height)
        assert small.stored_size == whole.stored.size
        far.append((phashes(whole)[0] ^ phashes(small, exact=False)[0]).bit_count())
    assert len(far) > 15
    assert max(far) <= 4
    assert sorted(far)[len(far) // 2] == 0


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(500, 375), (401, 531), (64, 40), (33, 900)])
def test_fast_hash_knows_what_was_shrunk(size: tuple[int, int], orientation: int) -> None:
    rng = np.random.default_rng(size[0])
    waves = np.cumsum(np.cumsum(rng.standard_normal((size[1], size[0])), axis=0), axis=1)
    grey = ((waves - waves.min()) / np.ptp(waves) * 255).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "JPEG", quality=95, exif=exif)
    whole, small = decode(out.getvalue()), decode(out.getvalue(), draft=FAST_DRAFT)
    assert small.stored_size == whole.stored.size == size
    for exact, fast in zip(phashes(whole), phashes(small, exact=False), strict=True):
        assert (exact ^ fast).bit_count() <= 2
