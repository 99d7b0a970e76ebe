"""The release that a new one follows: its pictures' splits, its labels, its tombstones."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError, ReleaseError
from synsetlab.release.policy import version_key
from synsetlab.release.tables import iterate_table
from synsetlab.release.verify import read_release, verify_release

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from synsetlab.release.policy import ReleasePolicy

__all__ = ["Previous", "Tombstone", "read_takedowns"]


@dataclass(frozen=True)
class Tombstone:
    """A picture that was taken down: it is in no later release."""

    image_id: str
    reason: str
    date: str
    version: str
    """The first release without it."""


@dataclass(frozen=True)
class Previous:
    """The release that a new one follows, or, with no folder, none."""

    folder: Path | None = None
    release: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: str | os.PathLike[str] | None) -> Previous:
        """Read the predecessor.

        Raises
        ------
        ReleaseError
            It is no release, or not intact.
        """
        if folder is None:
            return cls()
        release = read_release(folder)
        problems = verify_release(folder)
        if problems:
            raise ReleaseError(
                f"The previous release {folder} is not intact: {problems[0]}", "Fetch it again."
            )
        return cls(Path(folder), release)

    @property
    def identity(self) -> str | None:
        """Its identity; None if there is none."""
        return self.release.get("identity")

    def check_policy(self, policy: ReleasePolicy) -> None:
        """Refuse a policy that cannot follow.

        Raises
        ------
        InputError
            The version is not higher, or a split is no longer named.
        """
        if self.folder is None:
            return
        before = str(self.release["version"])
        if version_key(policy.version) <= version_key(before):
            raise InputError(
                f"The version {policy.version} does not follow {before}, that of {self.folder}.",
                "Set a higher version in the release policy.",
            )
        for name in self.release["splits"]:
            if name not in policy.splits:
                raise InputError(
                    f"splits does not name {name!r}, which {self.folder} has; no image changes its split.",
                    f"Add it to splits: {name} = 0, if nothing new should go there.",
                )

    def images(self) -> Iterator[tuple[str, str, set[str], set[str]]]:
        """Each picture by id: id, split, wnids, label hashes."""
        if self.folder is None:
            return
        columns = ("image_id", "split", "wnid", "label_hash")
        held: tuple[str, str, set[str], set[str]] | None = None
        for image, split, wnid, sealed in iterate_table(self.folder / "images.parquet", columns):
            if held is None or held[0] != image:
                if held is not None:
                    yield held
                held = (image, split, set(), set())
            (held[2] if wnid else held[3]).add(wnid or sealed)
        if held is not None:
            yield held

    def frequencies(self, split: str) -> dict[str, list[tuple[int, int]]]:
        """Of each class in `split`: yes and votes of its pictures.

        Raises
        ------
        InputError
            There is no such split, or its labels are sealed.
        """
        if self.folder is None:
            raise InputError(
                f"sampling.reference {split!r} is a split of the previous release, and none was given.",
                "Give it with --previous DIR, or set sampling.histogram.",
            )
        found: dict[str, list[tuple[int, int]]] = {}
        columns = ("split", "wnid", "n_yes", "n_no", "n_unsure")
        for name, wnid, yes, no, unsure in iterate_table(self.folder / "images.parquet", columns):
            if name == split and wnid:
                found.setdefault(wnid, []).append((yes, yes + no + unsure))
        if not found:
            raise InputError(
                f"sampling.reference: {self.folder} has no open labels in a split {split!r}.",
                f"It has: {', '.join(self.release['splits'])}.",
            )
        return found

    def tombstones(self) -> dict[str, Tombstone]:
        """Pictures that were taken down before, by id."""
        if self.folder is None:
            return {}
        columns = ("image_id", "reason", "date", "version")
        rows = iterate_table(self.folder / "tombstones.parquet", columns)
        return {row[0]: Tombstone(*row) for row in rows}

    def export_names(self) -> dict[str, str]:
        """Export name to picture, for people who were asked to take a file down."""
        if self.folder is None:
            return {}
        columns = ("export_name", "image_id")
        return dict(iterate_table(self.folder / "images.parquet", columns))


def read_takedowns(path: str | os.PathLike[str], previous: Previous, version: str) -> dict[str, Tombstone]:
    """Read what is to be taken down: a CSV with the columns image, reason, date.

    `image` is an image id, or the export name that the previous release gave. Extra columns are ignored.

    Raises
    ------
    InputError
        The file cannot be used: the message names the line.
    """
    import csv  # noqa: PLC0415 - only where something is taken down

    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
            columns = set(rows[0]) if rows else {"image", "reason", "date"}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Check the path of --takedowns.") from error
    for column in ("image", "reason", "date"):
        if column not in columns:
            raise InputError(f"{path} has no column {column!r}.", "Its columns are image, reason, date.")
    named: dict[str, str] | None = None
    found: dict[str, Tombstone] = {}
    for number, row in enumerate(rows, start=2):
        image, reason, day = ((row[column] or "").strip() for column in ("image", "reason", "date"))
        place = f"{path}, line {number}"
        if not reason:
            raise InputError(f"{place} gives no reason.", "Say in a few words why, as it will be published.")
        _check_day(place, day)
        if not _is_image_id(image):
            named = previous.export_names() if named is None else named
            if image not in named:
                raise InputError(
                    f"{place}: {image!r} is neither an image id nor an export name of the previous release.",
                    "An image id has 64 hexadecimal digits; for a name, give --previous DIR.",
                )
            image = named[image]
        found.setdefault(image, Tombstone(image, reason, day, version))
    return found


def _is_image_id(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _check_day(place: str, day: str) -> None:
    try:
        if datetime.date.fromisoformat(day).isoformat() != day:
            raise ValueError(day)
    except ValueError as error:
        raise InputError(f"{place}: {day!r} is not a date.", "Write it as YYYY-MM-DD.") from error
