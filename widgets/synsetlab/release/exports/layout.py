"""What every export is made with: rows, pictures and files that appear whole, and a dry run."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError, ReleaseError
from synsetlab.release.tables import iterate_table, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from synsetlab.release.boxes import Box
    from synsetlab.store.workspace import Workspace

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows: plain copies
    fcntl = None  # type: ignore[assignment]

__all__ = ["Export", "Row", "compact"]

FICLONE = 0x40049409
"""Linux: share the blocks of another file (ioctl_ficlone(2))."""

Row = dict[str, Any]
"""A row of ``images.parquet``: a picture in a class; the wnid is None where the label is sealed."""

COLUMNS = (
    "image_id", "wnid", "export_name", "split", "width", "height", "bytes", "format", "selection_frequency",
    "posterior", "url", "licence", "author", "landing_page", "retrieved_on",
)  # fmt: skip


def compact(value: Any) -> str:
    """JSON on one line, keys as given, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass
class Export:
    """One export under way.

    With `dry` nothing is written: only `paths` are collected.
    """

    folder: Path
    """Of the release."""
    release: dict[str, Any]
    root: Path
    """Where to write; nobody but this process looks there, or it is an export that is to be completed."""
    parts: Path
    """Where files lie while they are not whole."""
    store: Workspace | None = None
    link: bool = False
    boxes: dict[str, list[Box]] = field(default_factory=dict)
    """Boxes by image id, none of sealed pictures."""
    progress: Any = None
    keep: bool = True
    """Whether files that are made (not copied) and are there already are the right ones."""
    dry: bool = False
    paths: set[str] = field(default_factory=set)
    left_out: list[dict[str, str]] = field(default_factory=list)
    """Pictures that the format cannot hold: image (export name), reason."""

    @property
    def workspace(self) -> Workspace:
        """Where the pictures are.

        Raises
        ------
        InputError
            None was given.
        """
        if self.store is None:
            raise InputError("This format needs the pictures.", "Give the workspace with --workspace.")
        return self.store

    @property
    def splits(self) -> list[str]:
        """Names of the splits, in the policy's order."""
        return list(self.release["splits"])

    @property
    def sealed(self) -> set[str]:
        """Splits whose labels are not in the release."""
        return set(self.release["policy"].get("sealed") or ())

    @cached_property
    def synsets(self) -> dict[str, Row]:
        """Rows of ``synsets`` by wnid, in order: classes and their ancestors."""
        columns = ("wnid", "lemmas", "gloss", "is_class", "images")
        rows = iterate_table(self.folder / "synsets.parquet", columns)
        return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}

    @cached_property
    def classes(self) -> list[str]:
        """The classes' wnids, sorted: a class's index is its place here."""
        return sorted(wnid for wnid, row in self.synsets.items() if row["is_class"])

    @cached_property
    def index(self) -> dict[str, int]:
        """Class index by wnid."""
        return {wnid: place for place, wnid in enumerate(self.classes)}

    def rows(self, split: str | None = None) -> Iterator[Row]:
        """Rows of a split, or of all, by image id.

        A sealed picture is one row, in however many classes it is.
        """
        last = ""
        source: Iterable[tuple[Any, ...]] = iterate_table(self.folder / "images.parquet", COLUMNS)
        if self.progress is not None and not self.dry:
            source = self.progress(source, desc=split or "export", total=self.release["images"])
        for values in source:
            row = dict(zip(COLUMNS, values, strict=True))
            if (split is not None and row["split"] != split) or row["export_name"] == last:
                continue
            if row["wnid"] is None:
                last = row["export_name"]
            yield row

    def rows_by_class(self, split: str) -> Iterator[Row]:
        """Rows of a split with open labels, by class, then image id."""
        names = ["wnid", "image_id", "export_name", "split"]
        table = read_table(self.folder / "images.parquet", names)
        table = table[(table["split"] == split) & table["wnid"].notna()].sort_values(["wnid", "image_id"])
        source: Iterable[tuple[Any, ...]] = table.itertuples(index=False, name=None)
        if self.progress is not None and not self.dry:
            source = self.progress(source, desc=split, total=len(table))
        for row in source:
            yield dict(zip(names, row, strict=True))

    def read(self, row: Row) -> bytes:
        """The bytes of a picture, proved to be those that were frozen."""
        if not self.workspace.blobs.has(row["image_id"]):
            raise _gone(row["image_id"], self.workspace)
        return self.workspace.blobs.get(row["image_id"])

    def place(self, row: Row, path: str) -> None:
        """Put a picture at `path`; one that is there with the right size is left as it is.

        A copy that appears whole; where links are asked for and the disk allows them, a read-only link.
        """
        self.paths.add(path)
        if self.dry:
            return
        file = self.root / path
        blobs, blob = self.workspace.blobs, row["image_id"]
        source = blobs.local_path(blob)
        try:
            size = Path(source).stat().st_size if source is not None else row.get("bytes")
        except FileNotFoundError as error:
            raise _gone(blob, self.workspace) from error
        if file.exists() and file.stat().st_size == size:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        if self.link and source is not None:
            try:
                file.unlink(missing_ok=True)
                os.link(source, file)
            except OSError:
                pass  # another disk, or one without links: a copy does as well
            else:
                file.chmod(0o444)
                return
        aside = self._aside()
        if source is None:
            aside.write_bytes(self.read(row))
        elif not _clone(source, aside):
            shutil.copyfile(source, aside)
        aside.replace(file)

    def write(self, path: str, writer: Callable[[Path], object]) -> None:
        """Have `writer` make the file `path` aside, then put it in its place."""
        self.paths.add(path)
        file = self.root / path
        if self.dry or (self.keep and file.exists()):
            return
        aside = self._aside()
        writer(aside)
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(file)

    def write_bytes(self, path: str, make: Callable[[], bytes]) -> None:
        """Write a small file."""
        self.write(path, lambda aside: aside.write_bytes(make()))

    def write_lines(self, path: str, lines: Iterable[str], end: str = "\n") -> None:
        """Write lines of text as they come."""

        def writer(aside: Path) -> None:
            with aside.open("w", encoding="utf-8", newline="") as out:
                for line in lines:
                    out.write(line + end)

        self.write(path, writer)

    def write_csv(self, path: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
        """Write a table; a missing value is an empty cell."""
        import csv  # noqa: PLC0415 - most formats need none

        def writer(aside: Path) -> None:
            with aside.open("w", encoding="utf-8", newline="") as out:
                table = csv.writer(out, lineterminator="\n")
                table.writerow(header)
                table.writerows(rows)

        self.write(path, writer)

    def part(self, name: str) -> Path:
        """A file that a killed run leaves for the next one to go on with."""
        return self.parts / name

    def omit(self, row: Row, reason: str) -> None:
        """Note that a picture is not in this export."""
        if not self.dry:
            self.left_out.append({"image": row["export_name"], "reason": reason})

    def _aside(self) -> Path:
        return self.parts / f".{secrets.token_hex(8)}"


def _gone(blob: str, workspace: Workspace) -> ReleaseError:
    return ReleaseError(f"The picture {blob} is not in {workspace.blobs.url}.", "Restore the blobs folder.")


def _clone(source: str, target: Path) -> bool:
    """A copy that shares its blocks until one of the two is written (Btrfs, XFS); whether that worked."""
    if fcntl is None:
        return False
    with Path(source).open("rb") as old, target.open("wb") as new:
        try:
            fcntl.ioctl(new.fileno(), FICLONE, old.fileno())
        except OSError:
            return False
    return True
