"""The demo input: about 600 drawn files over 16 synsets, with everything that goes wrong in the wild.

:func:`plan_demo` says what each file shows, :func:`draw_demo` draws them and writes ``manifest.csv``.
Truth is known for every file, so that the whole line can be judged.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

from synsetlab.compute import available_cores, map_ordered
from synsetlab.errors import InputError
from synsetlab.simulate.drawing import DRAWINGS, Take, draw_scene

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from synsetlab.simulate.annotators import Truth

__all__ = ["COLUMNS", "MANIFEST", "TARGETS", "DemoImage", "draw_demo", "draw_file", "plan_demo"]

MANIFEST: Final = "manifest.csv"

TARGETS: Final = tuple(list(DRAWINGS)[:16])
"""wnids that the demo collects; what else can be drawn turns up as wrong candidates."""

COLUMNS: Final = (
    "path", "wnid", "truth", "shows", "title", "author", "licence", "landing_page", "source", "kind",
    "difficulty", "origin",
)  # fmt: skip
"""Columns of the manifest."""

_VERSION: Final = 1
"""Raised whenever the same seed gives other files, so that half-drawn folders are not mixed."""

_SHARES: Final = {
    "wrong": 0.16,
    "near-reencoded": 0.03,
    "near-resized": 0.03,
    "near-cropped": 0.02,
    "exact-copy": 0.012,
    "ambiguous-half-way": 0.03,
    "ambiguous-hidden": 0.012,
    "ambiguous-tiny": 0.012,
    "ambiguous-blurred": 0.01,
    "broken-truncated": 0.005,
    "broken-text": 0.0035,
    "broken-empty": 0.0035,
    "wrong-extension": 0.005,
}
"""Share of each kind; what is left is ``right``."""

_HARD_TO_SEE: Final = ("ambiguous-hidden", "ambiguous-tiny", "ambiguous-blurred")

_FEW: Final = 40
"""Files that are drawn sooner in this process than a pool has started."""

_COPIES: Final = ("near-reencoded", "near-resized", "near-cropped", "exact-copy")


@dataclass(frozen=True, slots=True)
class DemoImage:
    """One file of the demo: a row of the manifest and how it is drawn."""

    path: str
    """Relative to the manifest; says nothing of the truth."""
    wnid: str
    """The synset that it is a candidate for."""
    truth: Truth
    """``yes``, ``no`` or ``ambiguous``: does it show `wnid`? Of an unreadable file: ``no``."""
    shows: str
    """wnid really drawn; empty for a file that holds no picture."""
    title: str
    author: str
    licence: str
    landing_page: str
    source: str
    kind: str
    """``right``, ``wrong``, or what is wrong with the file or the picture; see :func:`plan_demo`."""
    difficulty: float
    """For simulated annotators: 0 plain, 1 a guess."""
    origin: str
    """Path of the file that a duplicate was made of; else empty."""
    drawing: int
    """Number of the drawing; a duplicate has that of its origin."""

    def row(self) -> dict[str, str]:
        """The manifest's row."""
        return {name: str(getattr(self, name)) for name in COLUMNS}


def plan_demo(seed: int = 0, images: int = 600) -> list[DemoImage]:
    """What each file of the demo will be, nothing drawn yet.

    Kinds: ``right`` (about 70 %); ``wrong`` (16 %, what is easily confused first); duplicates
    ``near-reencoded``, ``near-resized``, ``near-cropped``, ``exact-copy`` (9 %); ``ambiguous-half-way``,
    ``-hidden``, ``-tiny``, ``-blurred`` (6 %); ``broken-truncated``, ``-text``, ``-empty``, which cannot be
    read, and ``wrong-extension``, a PNG named .jpg, which can. The same arguments give the same plan.

    Raises
    ------
    InputError
        Fewer images than one for each synset.
    """
    if images < len(TARGETS):
        raise InputError(
            f"{images} images cannot cover {len(TARGETS)} synsets.", f"Ask for at least {len(TARGETS)}."
        )
    rng = np.random.default_rng([seed, images, _VERSION])
    plan: list[DemoImage] = []
    kinds = _kinds(images, rng)
    for k, wnid in enumerate(TARGETS):
        plan += _plan_synset(wnid, kinds[k :: len(TARGETS)], len(plan), rng)
    return plan


def draw_demo(
    folder: str | os.PathLike[str],
    seed: int = 0,
    images: int = 600,
    progress: Callable[..., Iterable[Any]] | None = None,
    *,
    workers: int | None = None,
) -> list[DemoImage]:
    """Draw the demo into `folder`: the files and, last, ``manifest.csv``.

    Interrupted, it goes on where it stopped when called again with the same seed and number.

    Parameters
    ----------
    progress
        tqdm-compatible: wraps the files that are drawn, called with an iterable and ``total``.
    workers
        Processes; 1 draws in this one; by default one for each core, or this one for a few files.

    Raises
    ------
    InputError
        The folder holds something else than the same demo.
    """
    target = Path(folder)
    plan = plan_demo(seed, images)
    _claim(target, {"version": _VERSION, "seed": seed, "images": images})
    todo = [image for image in plan if not (target / image.path).exists()]
    for parent in {(target / image.path).parent for image in todo}:
        parent.mkdir(parents=True, exist_ok=True)
    job = partial(_draw_into, str(target), seed)
    if workers is None and len(todo) < _FEW:
        workers = 1
    for _ in map_ordered(job, todo, workers=workers or available_cores(), progress=progress, chunk=4):
        pass
    _write_manifest(target, plan)
    return plan


def draw_file(image: DemoImage, seed: int) -> bytes:
    """The bytes of one file of the plan made with `seed`."""
    if image.kind == "broken-empty":
        return b""
    if image.kind == "broken-text":
        return b"<html><body><h1>404 Not Found</h1><p>The picture has moved.</p></body></html>\n"
    rng = np.random.default_rng([seed, image.drawing])
    picture = draw_scene(image.shows, rng, _take(image))
    original = replace(image, path=image.origin or image.path)
    data = _encode(picture, original, rng)
    if image.kind in _COPIES:
        return _copy(data, image, np.random.default_rng([seed, image.drawing, len(image.path)]))
    if image.kind == "broken-truncated":
        return data[: int(len(data) * rng.uniform(0.3, 0.6))]
    return data


# ---- the plan ------------------------------------------------------------------------------------


def _kinds(images: int, rng: np.random.Generator) -> list[str]:
    """The kind of each file, so many of each as its share says, spread at random over the synsets."""
    kinds: list[str] = []
    for kind, share in _SHARES.items():
        kinds += [kind] * round(images * share)
    kinds += ["right"] * (images - len(kinds))
    order = rng.permutation(len(kinds))
    return [kinds[int(i)] for i in order]


def _plan_synset(wnid: str, kinds: list[str], start: int, rng: np.random.Generator) -> list[DemoImage]:
    drawing = DRAWINGS[wnid]
    rows: list[DemoImage] = []
    for i, kind in enumerate(kinds):
        if kind == "ambiguous-half-way" and drawing.half_way is None:
            kind = _HARD_TO_SEE[int(rng.integers(3))]  # noqa: PLW2901 - a synset without a look-alike
        number = start + i
        shows, truth, difficulty = _content(wnid, kind, rng)
        rows.append(
            DemoImage(
                path=f"images/{wnid}/{wnid}_{i + 1:03d}{_extension(kind, rng)}",
                wnid=wnid,
                truth=truth,
                shows=shows,
                title=f"Demo drawing {number + 1}",
                author="synsetlab",
                licence="CC0-1.0",
                landing_page=f"https://example.org/synsetlab-demo/{number + 1}",
                source="synsetlab-demo",
                kind=kind,
                difficulty=difficulty,
                origin="",
                drawing=number,
            )
        )
    originals = [row for row in rows if row.kind in ("right", "wrong")]
    return [_as_copy(row, originals, rng) if row.kind in _COPIES else row for row in rows]


def _content(wnid: str, kind: str, rng: np.random.Generator) -> tuple[str, Truth, float]:
    """What a file of a kind shows, whether that is `wnid`, and how hard that is to tell."""
    if kind in ("broken-text", "broken-empty"):
        return "", "no", 0.0
    if kind == "broken-truncated":
        return wnid, "no", 0.0
    if kind.startswith("ambiguous"):
        return wnid, "ambiguous", 0.9
    if kind != "wrong":
        return wnid, "yes", round(float(rng.uniform(0.0, 0.12)), 3)
    hard = DRAWINGS[wnid].confused
    if rng.random() < 0.7:
        return hard[min(int(rng.geometric(0.55)) - 1, len(hard) - 1)], "no", 0.2
    others = [other for other in DRAWINGS if other != wnid and other not in hard]
    return others[int(rng.integers(len(others)))], "no", 0.02


def _extension(kind: str, rng: np.random.Generator) -> str:
    if kind.startswith("broken") or kind in ("wrong-extension", "near-reencoded"):
        return ".jpg"
    return (".jpg", ".png", ".webp")[int(rng.choice(3, p=[0.92, 0.04, 0.04]))]


def _as_copy(row: DemoImage, originals: list[DemoImage], rng: np.random.Generator) -> DemoImage:
    """Make a duplicate out of a row: same content as its origin, other file."""
    if not originals:
        return replace(row, kind="right")
    origin = originals[int(rng.integers(len(originals)))]
    path = row.path
    if row.kind == "exact-copy":
        path = str(Path(row.path).with_suffix(Path(origin.path).suffix).as_posix())
    return replace(
        row,
        path=path,
        origin=origin.path,
        truth=origin.truth,
        shows=origin.shows,
        difficulty=origin.difficulty,
        drawing=origin.drawing,
    )


# ---- the files -----------------------------------------------------------------------------------


def _take(image: DemoImage) -> Take:
    look_alike = DRAWINGS[image.shows].half_way if image.kind == "ambiguous-half-way" else None
    return Take(
        paint=look_alike.paint if look_alike else None,
        tiny=image.kind == "ambiguous-tiny",
        hidden=image.kind == "ambiguous-hidden",
        blurred=image.kind == "ambiguous-blurred",
        # What is no picture of the synset must not have one in the background either.
        avoid=() if image.truth == "yes" else (image.wnid,),
    )


def _encode(picture: Image.Image, image: DemoImage, rng: np.random.Generator) -> bytes:
    suffix = Path(image.path).suffix
    buffer = io.BytesIO()
    if image.kind == "wrong-extension" or suffix == ".png":
        picture.save(buffer, "PNG")
    elif suffix == ".webp":
        picture.save(buffer, "WEBP", quality=int(rng.integers(80, 95)), method=3)
    else:
        picture.save(buffer, "JPEG", quality=int(rng.integers(84, 95)), subsampling=0)
    return buffer.getvalue()


def _copy(data: bytes, image: DemoImage, rng: np.random.Generator) -> bytes:
    """A duplicate of the file `data`, as the web makes them."""
    if image.kind == "exact-copy":
        return data
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    if image.kind == "near-resized":
        share = rng.uniform(0.55, 0.85)
        picture = picture.resize((round(width * share), round(height * share)), Image.Resampling.LANCZOS)
    elif image.kind == "near-cropped":
        left, top, right, bottom = (rng.uniform(0.004, 0.015) for _ in range(4))
        box = (
            round(width * left),
            round(height * top),
            round(width * (1 - right)),
            round(height * (1 - bottom)),
        )
        picture = picture.crop(box)
    buffer = io.BytesIO()
    suffix = Path(image.path).suffix
    if suffix == ".png":
        picture.save(buffer, "PNG")
    elif suffix == ".webp":
        picture.save(buffer, "WEBP", quality=78, method=3)
    else:
        low, high = (45, 65) if image.kind == "near-reencoded" else (75, 90)
        picture.save(buffer, "JPEG", quality=int(rng.integers(low, high)))
    return buffer.getvalue()


def _draw_into(folder: str, seed: int, image: DemoImage) -> None:
    """Write one file whole or not at all."""
    _write(Path(folder) / image.path, draw_file(image, seed))


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def _claim(folder: Path, recipe: dict[str, int]) -> None:
    """Mark the folder as holding this demo, or refuse it."""
    marker = folder / "demo.json"
    text = json.dumps(recipe, sort_keys=True) + "\n"
    if marker.is_file():
        if marker.read_text(encoding="utf-8") != text:
            raise InputError(
                f"{folder} holds another demo: {marker.read_text(encoding='utf-8').strip()}.",
                "Give an empty folder, or the same seed and number of images.",
            )
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} is not an empty folder.", "Give a folder that is empty or does not exist."
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write(marker, text.encode())


def _write_manifest(folder: Path, plan: list[DemoImage]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(image.row() for image in plan)
    _write(folder / MANIFEST, text.getvalue().encode("utf-8"))
