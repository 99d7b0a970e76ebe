"""From the bytes of one file to one upright RGB picture, or to the reason why there is none.

Every stage that needs pixels comes through :func:`decode`, so that a rotated phone photograph,
a CMYK scan and a transparent PNG look the same to the hash, the thumbnail and the annotator.
"""

from __future__ import annotations

import io
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import ExifTags, Image

from synsetlab.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import numpy.typing as npt

__all__ = ["FORMATS", "MAX_PIXELS", "Picture", "decode", "looks_like_image"]

MAX_PIXELS: Final = 100_000_000
"""Pixels above which a file is refused before any of them is decoded."""

FORMATS: Final = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Pillow formats that are read, whatever the file's name says.

A closed list: other plugins start programs (EPS), draw vectors (WMF) or take any bytes for theirs (TGA).
"""

SIGNATURES: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
)

TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each EXIF orientation (Exif 2.3, tag 0x0112)."""

# catch_warnings swaps a list of the whole process: two threads inside it at once could leave it swapped.
_warnings_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One decoded picture."""

    image: Image.Image
    """Upright, RGB, 8 bits a channel, transparency laid on white."""
    stored: Image.Image
    """The first frame as Pillow gives it: not turned, in the file's own mode. Hashes that must equal
    another tool's are taken from it; mostly it is the same object as `image`."""
    format: str
    """What the content is, e.g. ``JPEG``; never taken from the name."""
    mime: str
    width: int
    """Pixels across, after EXIF rotation, whatever scale was decoded."""
    height: int
    """Pixels down, after EXIF rotation."""
    frames: int
    """Frames of an animation or pages of a TIFF; the first one is the picture."""
    differs: bool = True
    """Whether `image` shows anything else than `stored` does: turned, laid on white, all bits used."""

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height of the whole picture as `stored` lies, whatever scale was decoded."""
        across, down = self.stored.size
        by = max(1, round(max(self.width, self.height) / max(across, down)))
        lies = (-(-self.width // by), -(-self.height // by)) == (across, down)
        return (self.width, self.height) if lies else (self.height, self.width)

    @property
    def mean_colour(self) -> tuple[int, int, int]:
        """Mean red, green and blue, 0..255."""
        pixel = self.image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert isinstance(pixel, tuple)
        red, green, blue = pixel
        return int(red), int(green), int(blue)

    def thumbnail(self, size: int = 256) -> bytes:
        """JPEG (quality 85) whose longer side is at most `size` pixels; never larger than the picture."""
        scale = min(1.0, size / max(self.image.size))
        shape = (max(1, round(self.image.width * scale)), max(1, round(self.image.height * scale)))
        small = self.image
        if shape != small.size:
            # At half the size and below, means of whole pixels cost two thirds of it.
            way = Image.Resampling.BOX if scale < 0.54 else Image.Resampling.HAMMING
            small = small.resize(shape, way, reducing_gap=1.5)
        out = io.BytesIO()
        # JPEG would otherwise carry the original's profile, EXIF and comment along.
        small.save(out, "JPEG", quality=85, exif=b"", icc_profile=None, comment=b"")
        return out.getvalue()


def decode(
    data: bytes,
    *,
    max_pixels: int = MAX_PIXELS,
    draft: int | None = None,
    longer: bool = False,
    grey: bool = True,
) -> Picture:
    """Decode the bytes of one image file.

    Parameters
    ----------
    data
        The whole file.
    max_pixels
        Refuse files whose header announces more; Pillow's own ceiling
        (twice ``PIL.Image.MAX_IMAGE_PIXELS``) stays above it.
    draft
        For hashing, comparing, thumbnails: a JPEG is decoded at the smallest of the scales 1, 1/2, 1/4, 1/8
        whose sides are at least this long; `image` and `stored` are then that small. Others are unaffected.
    longer
        With `draft`: it is only the longer side that must be that long.
    grey
        With `draft`: decode only the brightness of a JPEG.

    Raises
    ------
    ImageError
        With ``reason`` ``empty`` (no bytes), ``not-an-image`` (no known format), ``too-large``
        (over `max_pixels`), ``truncated`` (the data ends early) or ``unreadable`` (damaged otherwise).
    """
    if not data:
        raise ImageError("The file has no bytes.", "empty", "Fetch or copy it again.")
    opened, frames = _open(data, max_pixels)
    width, height = opened.size
    try:
        if draft is not None:
            opened.draft("L" if grey else None, _at_least(draft, opened.size, longer))
        opened.load()
        # Only now: Pillow turns TIFF while loading, and a PNG's EXIF may follow its pixels.
        with _quiet():
            orientation = _orientation(opened)
        upright = _to_rgb(opened)
    except Exception as error:  # damaged data makes Pillow's plugins raise nearly anything
        raise _damaged(opened, error) from error
    if opened.format == "TIFF":  # which Pillow has turned already
        width, height = opened.size
        turned = False
    elif turned := orientation in TURNS:
        upright = upright.transpose(TURNS[orientation])
        width, height = (height, width) if orientation >= 5 else (width, height)
    # An MPO is a JPEG with further JPEGs behind it: previews or depth, not frames.
    name = "JPEG" if opened.format == "MPO" else str(opened.format)
    return Picture(
        image=upright,
        stored=opened,
        format=name,
        mime=Image.MIME.get(name, f"image/{name.lower()}"),
        width=width,
        height=height,
        frames=1 if opened.format == "MPO" else frames,
        differs=turned or (upright is not opened and not _is_grey(opened)),
    )


def looks_like_image(data: bytes) -> bool:
    """Whether `data` begins as one of the common formats does, even if the rest is damaged."""
    return _signature(data) is not None


def _open(data: bytes, max_pixels: int) -> tuple[Image.Image, int]:
    """Read the header only; refuse by size before a pixel is decoded."""
    try:
        with _quiet():
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
            size = opened.size
            frames = int(getattr(opened, "n_frames", 1)) if size[0] * size[1] <= max_pixels else 1
    except Image.DecompressionBombError as error:
        raise _too_large(str(error), max_pixels) from error
    except Exception as error:  # a damaged header makes Pillow's plugins raise nearly anything
        begins = _signature(data)
        if begins is None:
            raise ImageError(
                f"The file ({len(data):,} bytes) is not an image in any format that is read.",
                "not-an-image",
                f"Formats: {', '.join(FORMATS)}.",
            ) from error
        raise ImageError(
            f"The file ({len(data):,} bytes) begins as {begins}, but its header is damaged or cut off.",
            "truncated" if _says_truncated(error) else "unreadable",
            "Fetch or copy it again.",
        ) from error
    if size[0] * size[1] > max_pixels:
        raise _too_large(f"Its header announces {size[0]:,} x {size[1]:,} pixels", max_pixels)
    return opened, frames


def _at_least(draft: int, size: tuple[int, int], longer: bool) -> tuple[int, int]:
    """Width and height that a drafted picture must not fall below."""
    if not longer:
        return draft, draft
    most = max(size)
    return max(1, draft * size[0] // most), max(1, draft * size[1] // most)


def _is_grey(image: Image.Image) -> bool:
    """Whether RGB shows the same: grey is the same in three channels."""
    return image.mode == "L" and "transparency" not in image.info


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_eight_bits(np.asarray(image))).convert("RGB")
    if "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "La", "RGBa"}:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image.convert("RGB")


def _to_eight_bits(values: np.ndarray[Any, Any]) -> npt.NDArray[np.uint8]:
    """Grey values of 16 or 32 bits or of floats on 0..255; Pillow's own conversion would clip them."""
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if values.dtype.kind in "ui" and low >= 0 and high <= 65535:
        low, high = 0.0, 255.0 if high <= 255 and values.dtype.itemsize > 2 else 65535.0
    span = high - low
    scaled: npt.NDArray[np.float64] = (finite - low) * (255.0 / span if span else 0.0)
    return np.round(scaled).astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    if image.format == "JPEG" and not image.info.keys() & {"exif", "xmp", "XML:com.adobe.xmp"}:
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF is no reason to refuse readable pixels
        return 1
    return value if isinstance(value, int) else 1


def _signature(data: bytes) -> str | None:
    for magic, name in SIGNATURES:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:12] in {b"ftypavif", b"ftypavis"}:
        return "AVIF"
    return None


def _says_truncated(error: Exception) -> bool:
    words = str(error).lower()
    return any(hint in words for hint in ("truncated", "unexpected end", "eof", "not enough", "incomplete"))


def _damaged(opened: Image.Image, error: Exception) -> ImageError:
    place = f"{opened.format} of {opened.width} x {opened.height} pixels"
    if isinstance(error, Image.DecompressionBombError):
        return _too_large(str(error), MAX_PIXELS)
    if _says_truncated(error) or isinstance(error, EOFError):
        return ImageError(f"The data ends early ({place}): {error}.", "truncated", "Fetch or copy it again.")
    return ImageError(f"The data is damaged ({place}): {error}.", "unreadable", "Fetch or copy it again.")


def _too_large(what: str, max_pixels: int) -> ImageError:
    return ImageError(
        f"{what.rstrip('.')}; the limit is {max_pixels:,}.",
        "too-large",
        "If it is a real photograph, scale it down first or raise the limit.",
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings (bombs, damaged EXIF) are answered by reasons here, not shown on a terminal."""
    with _warnings_lock, warnings.catch_warnings(action="ignore"):
        yield
