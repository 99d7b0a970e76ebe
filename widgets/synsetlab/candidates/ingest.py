"""One decode for each file: id, size, thumbnail, colour and hash; then into the workspace in batches.

The importers say *what* to bring in (`Found`); this module does it, lists what cannot be read
with its reason, and goes on. Bringing the same thing in twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.decode import decode
from synsetlab.candidates.placeholders import Placeholders
from synsetlab.errors import ImageError
from synsetlab.store.storable import check_text, path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from synsetlab.candidates.decode import Picture
    from synsetlab.store.blobs import BlobStore
    from synsetlab.store.workspace import Workspace

__all__ = [
    "Fingerprint",
    "Found",
    "ImportReport",
    "Measured",
    "checked_fields",
    "ingest",
    "measure",
    "measure_file",
]

BATCH = 256
"""Pictures per transaction."""

MAX_FILE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A perceptual hash to compute in the same decode: its name, and a function to 16 hex digits."""

    name: str
    function: Callable[[Picture], str]
    draft: int | None = None
    """JPEGs are decoded no larger than this longer side asks for; None: whole."""
    comparable: bool = True
    """Whether the hash may be compared with ImageHash's, as those of listed placeholders are."""
    placeholders: Placeholders = field(default_factory=Placeholders)
    """Pictures that stand for one that is gone: they are listed as failures and not brought in."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to bring in: where it is, which synset it may show, what is known about it."""

    origin: str
    """Name of the place that is recorded: path relative to the imported folder, or URL."""
    wnid: str
    path: Path | None = None
    fields: dict[str, str] = field(default_factory=dict)
    """name, provider, licence, author, title, landing_page; missing ones are empty."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one decode gave: the image row, or why there is none."""

    image: dict[str, Any] | None
    reason: str = ""
    detail: str = ""


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    found: int = 0
    new_images: int = 0
    new_candidates: int = 0
    known: int = 0
    """Things that were in the workspace already, as picture and as candidate."""
    failed: list[dict[str, str]] = field(default_factory=list)
    """Rows of origin, reason, detail; by origin."""

    def as_json(self) -> dict[str, Any]:
        """The keys that ``import --json`` prints."""
        return {
            "found": self.found,
            "new_images": self.new_images,
            "new_candidates": self.new_candidates,
            "known": self.known,
            "failed": [
                {"path": row["origin"], "reason": row["reason"], "detail": row["detail"]}
                for row in self.failed
            ],
        }


def checked_fields(
    fields: Mapping[str, str] | None, place: str = "What is said of all pictures"
) -> dict[str, str]:
    """`fields` of `Found` that a database keeps; `place` is where they were written.

    Raises
    ------
    InputError
        One holds a NUL or a lone surrogate.
    """
    return {name: check_text(value, f"{place}, {name!r}") for name, value in (fields or {}).items()}


def measure(data: bytes, blobs: BlobStore, fingerprint: Fingerprint | None) -> Measured:
    """Decode `data` once, keep original and thumbnail, and describe the picture."""
    try:
        draft = fingerprint.draft if fingerprint else None
        picture = decode(data, draft=draft, longer=True, grey=False)
        thumbnail = picture.thumbnail()
        phash = fingerprint.function(picture) if fingerprint else None
    except ImageError as error:
        return Measured(None, error.reason, error.message)
    if fingerprint:
        look = int(phash or "0", 16) if fingerprint.comparable else None
        name = fingerprint.placeholders.name_of(sha256(data).hexdigest(), look)
        if name:
            return Measured(None, "placeholder", f"This stands for a picture that is gone ({name}).")
    blob = blobs.put(data)
    blobs.put_thumbnail(blob, thumbnail)
    red, green, blue = picture.mean_colour
    image = {
        "id": blob,
        "format": picture.format,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(data),
        "phash": phash,
        "phash_name": fingerprint.name if fingerprint else None,
        "mean_color": f"#{red:02x}{green:02x}{blue:02x}",
    }
    return Measured(image)


def measure_file(path: Path, blobs: BlobStore, fingerprint: Fingerprint | None) -> Measured:
    """`measure` the file at `path`; a file that cannot be opened is a reason like any other."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return Measured(
                None, "too-large", f"{path.stat().st_size:,} bytes; the limit is {MAX_FILE_BYTES:,}."
            )
        data = path.read_bytes()
    except OSError as error:
        return Measured(None, "unreadable", f"{error.strerror or error}")
    return measure(data, blobs, fingerprint)


def ingest(
    workspace: Workspace,
    kind: str,
    argument: str,
    things: Iterable[tuple[Found, Measured]],
) -> ImportReport:
    """Write measured things into the workspace, a batch a transaction; `things` may be a generator.

    When it is interrupted, what was written stays, and the next import of the same input goes on.
    """
    report = ImportReport()
    run = workspace.writer.start_import(kind, path_text(argument))
    for batch in _batches(things):
        _write(workspace, run, batch, report)
    workspace.writer.finish_import(run)
    report.failed.sort(key=lambda row: row["origin"])
    return report


def _write(workspace: Workspace, run: int, batch: list[tuple[Found, Measured]], report: ImportReport) -> None:
    images: dict[str, dict[str, Any]] = {}
    sources, candidates, failures = [], [], []
    now = datetime.now(UTC)
    for found, measured in batch:
        if measured.image is None:
            reason = {"reason": measured.reason, "detail": measured.detail}
            failures.append({"origin": found.origin, **reason, "import_id": run})
            report.failed.append({"origin": found.origin, **reason})
            continue
        image = measured.image["id"]
        images[image] = measured.image
        fields = {name: found.fields.get(name, "") for name in SOURCE_FIELDS}
        sources.append(
            {"image_id": image, "origin": found.origin, **fields, "retrieved_at": now, "import_id": run}
        )
        candidates.append({"image_id": image, "wnid": found.wnid, "import_id": run})
    new = workspace.writer.add_images(list(images.values()), sources, candidates)
    if failures:
        workspace.writer.add_failures(failures)
    report.found += len(batch)
    report.new_images += new["images"]
    report.new_candidates += new["candidates"]
    report.known += len(candidates) - new["candidates"]


SOURCE_FIELDS = ("name", "provider", "licence", "author", "title", "landing_page")


def _batches(things: Iterable[tuple[Found, Measured]]) -> Iterator[list[tuple[Found, Measured]]]:
    batch: list[tuple[Found, Measured]] = []
    for thing in things:
        batch.append(thing)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
