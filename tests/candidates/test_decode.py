from __future__ import annotations

import contextlib
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from synsetlab.candidates.decode import MAX_PIXELS, decode, looks_like_image
from synsetlab.errors import ImageError


def gradient(width: int = 48, height: int = 32) -> Image.Image:
    """Red grows to the right, green downwards, so that every turn is visible."""
    red, green = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([red, green, np.full_like(red, 64)], axis=2).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def pixels(image: Image.Image) -> np.ndarray[Any, Any]:
    return np.asarray(image).astype(int)


def reason(data: bytes, **options: Any) -> str:
    with pytest.raises(ImageError) as caught:
        decode(data, **options)
    assert caught.value.message
    return caught.value.reason


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds next to nothing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "mime"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
        ("JPEG2000", "image/jp2"),
    ],
)
def test_format_comes_from_the_content(kind: str, mime: str) -> None:
    picture = decode(encoded(gradient(), kind))
    assert (picture.format, picture.mime, picture.width, picture.height) == (kind, mime, 48, 32)
    assert picture.image.mode == "RGB"
    assert np.abs(pixels(picture.image) - pixels(gradient())).mean() < 20


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_ends_upright(orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # the camera turned the scene one way; the viewer turns it back
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    scene = gradient()
    turned = scene.transpose(undo[orientation]) if orientation in undo else scene
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        picture = decode(encoded(turned, kind, exif=exif, **options))
        assert (picture.width, picture.height) == (48, 32), kind
        assert np.array_equal(pixels(picture.image), pixels(scene)), kind


def test_stored_is_what_pillow_opens() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = decode(encoded(gradient(), "JPEG", exif=exif))
    assert picture.stored.size == (48, 32)
    assert picture.image.size == (32, 48)


def test_cmyk_keeps_its_colours() -> None:
    picture = decode(encoded(Image.new("RGB", (16, 16), (200, 30, 30)).convert("CMYK"), "JPEG", quality=95))
    red, green, blue = picture.mean_colour
    assert red > 180
    assert green < 60
    assert blue < 60


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert decode(encoded(clear, "PNG")).mean_colour == (255, 255, 255)
    half = Image.new("LA", (8, 8), (0, 128))
    assert decode(encoded(half, "PNG")).mean_colour == (127, 127, 127)
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    assert decode(encoded(palette, "PNG", transparency=1)).mean_colour == (255, 255, 255)
    assert decode(encoded(palette, "PNG", transparency=b"\x00\x80")).mean_colour == (132, 137, 142)
    assert decode(encoded(palette, "PNG")).mean_colour == (10, 20, 30)
    keyed = Image.new("RGB", (8, 8), (1, 2, 3))
    assert decode(encoded(keyed, "PNG", transparency=(1, 2, 3))).mean_colour == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    grey = Image.fromarray(np.full((8, 8), 32768, dtype=np.uint16))
    for kind in ("PNG", "TIFF"):
        assert decode(encoded(grey, kind)).mean_colour == (128, 128, 128), kind
    dark = b"P5 4 1 65535 " + np.array([0, 257, 32896, 65535], dtype=">u2").tobytes()
    assert pixels(decode(dark).image)[0, :, 0].tolist() == [0, 1, 128, 255]
    floats = Image.fromarray(np.linspace(-1, 3, 64, dtype=np.float32).reshape(8, 8))
    shades = pixels(decode(encoded(floats, "TIFF")).image)
    assert (shades.min(), shades.max()) == (0, 255)


def test_first_frame_of_an_animation() -> None:
    first, second = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = encoded(first, kind, save_all=True, append_images=[second])
        picture = decode(data)
        red, _, blue = picture.mean_colour
        assert picture.frames == 2, kind
        assert red > 240, kind
        assert blue < 15, kind


def test_a_phone_jpeg_with_a_second_picture_is_a_jpeg() -> None:
    data = encoded(gradient(), "MPO", save_all=True, append_images=[gradient()])
    picture = decode(data)
    assert (picture.format, picture.mime, picture.frames) == ("JPEG", "image/jpeg", 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_cut_off(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (96, 96, 3), dtype=np.uint8))
    data = encoded(noise, kind)
    assert reason(data[: len(data) // 2]) in {"truncated", "unreadable"}
    if kind in {"JPEG", "PNG", "GIF"}:
        assert reason(data[: len(data) // 2]) == "truncated"
    assert reason(data[:12]) in {"truncated", "unreadable"}


def test_no_bytes_and_no_image() -> None:
    assert reason(b"") == "empty"
    assert reason(b"these are words, not pixels" * 20) == "not-an-image"
    assert reason(b"<svg xmlns='http://www.w3.org/2000/svg'/>") == "not-an-image"
    assert reason(bytes(range(256)) * 8) == "not-an-image"
    # Formats whose readers start other programs are not read at all.
    assert reason(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n") == "not-an-image"


@pytest.mark.parametrize("side", [10_001, 12_000, 30_000, 65_000])
def test_bombs_are_refused_from_their_header(side: int) -> None:
    # Around Pillow's own limits too: it warns at 89 megapixels and raises at 179.
    assert reason(png_header(side, side)) == "too-large"


def test_the_pixel_limit_is_an_argument() -> None:
    data = encoded(gradient(), "PNG")
    assert decode(data, max_pixels=48 * 32).width == 48
    assert reason(data, max_pixels=48 * 32 - 1) == "too-large"
    assert MAX_PIXELS > 50_000_000


def test_damaged_exif_does_not_lose_the_picture() -> None:
    data = encoded(gradient(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff garbage")
    assert decode(data).width == 48


def test_damaged_bytes_never_raise_anything_else() -> None:
    rng = np.random.default_rng(11)
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM"):
        whole = np.frombuffer(encoded(gradient(), kind), dtype=np.uint8)
        for _ in range(40):
            broken = whole.copy()
            where = rng.integers(0, broken.size, 6)
            broken[where] = rng.integers(0, 256, 6)
            with contextlib.suppress(ImageError):
                assert decode(broken.tobytes(), max_pixels=1_000_000).image.mode == "RGB", kind


def test_thumbnail() -> None:
    picture = decode(encoded(gradient(600, 400), "JPEG", comment=b"private", icc_profile=b"x" * 99))
    small = Image.open(io.BytesIO(picture.thumbnail(256)))
    assert (small.format, small.size) == ("JPEG", (256, 171))
    assert not {"icc_profile", "comment", "exif"} & set(small.info)
    assert np.abs(pixels(small) - pixels(gradient(256, 171))).mean() < 4
    assert Image.open(io.BytesIO(decode(encoded(gradient(600, 1), "PNG")).thumbnail(64))).size == (64, 1)
    assert Image.open(io.BytesIO(picture.thumbnail(5000))).size == (600, 400)
    assert picture.thumbnail() == decode(encoded(gradient(600, 400), "JPEG")).thumbnail()


def test_signatures() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "JPEG2000"):
        assert looks_like_image(encoded(gradient(), kind)[:40]), kind
    assert not looks_like_image(b"BM is also how a letter may begin")
