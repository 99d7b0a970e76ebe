"""Import a tree of pictures whose folders say which synset they may show."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.decode import looks_like_image
from synsetlab.candidates.ingest import (
    Fingerprint,
    Found,
    ImportReport,
    Measured,
    checked_fields,
    ingest,
    measure_file,
)
from synsetlab.candidates.mapping import WNID
from synsetlab.candidates.synsets import add_synsets
from synsetlab.compute import map_ordered
from synsetlab.errors import InputError
from synsetlab.store.storable import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from synsetlab.store.blobs import BlobStore
    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["import_files", "import_folder"]

NOT_PICTURES = {
    ".txt",
    ".md",
    ".csv",
    ".json",
    ".xml",
    ".html",
    ".tsv",
    ".parquet",
    ".toml",
    ".yaml",
    ".yml",
    ".py",
}
"""Endings of notes that lie beside pictures: passed over in silence unless they look like pictures."""


def import_folder(
    workspace: Workspace,
    folder: str | os.PathLike[str],
    mapping: Mapping[str, str] | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import every picture below `folder`.

    Parameters
    ----------
    workspace
        Where to.
    folder
        ``folder/CLASS/...``: the first folder below it is the class.
    mapping
        Class to wnid. A class that is itself a wnid needs none; classes without either are refused.
    fields
        What holds for all of them: licence, author, provider, ...
    fingerprint
        The perceptual hash to compute in the same decode (`synsetlab.dedup` has ours).
    workers
        Processes; None takes what `synsetlab.compute` thinks best.
    progress
        tqdm-like: called with an iterable, ``total`` and ``desc``.

    Raises
    ------
    InputError
        The folder does not exist or holds no files, or a class has no synset.
    UnknownSynsetError
        A wnid of the mapping is not in WordNet 3.0.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root} is not a folder.", "Give the folder that holds one folder a class.")
    found = list(_walk(root, dict(mapping or {}), checked_fields(fields)))
    if not found:
        raise InputError(f"{root} holds no pictures.", "Expected: FOLDER/CLASS/picture.jpg")
    return import_files(
        workspace,
        "folder",
        str(root),
        found,
        fingerprint=fingerprint,
        taxonomy=taxonomy,
        workers=workers,
        progress=progress,
    )


def import_files(
    workspace: Workspace,
    kind: str,
    argument: str,
    found: Sequence[Found],
    *,
    fingerprint: Fingerprint | None,
    taxonomy: Taxonomy | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import files of this machine; synsets are checked before the first picture is read."""
    add_synsets(workspace, sorted({thing.wnid for thing in found}), taxonomy)
    work = partial(_measure_found, blobs=workspace.blobs, fingerprint=fingerprint)
    measured = map_ordered(work, found, workers=workers, progress=progress)
    return ingest(workspace, kind, argument, zip(found, measured, strict=True))


def _measure_found(thing: Found, blobs: BlobStore, fingerprint: Fingerprint | None) -> Measured:
    assert thing.path is not None
    return measure_file(thing.path, blobs, fingerprint)


def _walk(root: Path, mapping: dict[str, str], fields: dict[str, str]) -> Iterator[Found]:
    """Files below `root` in an order that no file system decides; links to folders are not followed."""
    unmapped: dict[str, int] = {}
    loose = 0
    for place, folders, files in os.walk(root):
        folders.sort()
        relative = Path(place).relative_to(root)
        for name in sorted(files):
            path = Path(place) / name
            if name.startswith(".") or path.suffix.lower() in NOT_PICTURES:
                continue
            if not relative.parts:
                loose += _begins_like_a_picture(path)
                continue
            label = relative.parts[0]
            wnid = mapping.get(label) or (label if WNID.fullmatch(label) else None)
            if wnid is None:
                unmapped[label] = unmapped.get(label, 0) + 1
                continue
            origin = path_text((relative / name).as_posix())
            yield Found(origin, wnid, path, {"name": path_text(name), **fields})
    if unmapped:
        listed = ", ".join(f"{label} ({number} files)" for label, number in sorted(unmapped.items()))
        raise InputError(
            f"No synset is given for: {listed}.", "Add --map CLASS=WNID for each, or a --map-file."
        )
    if loose:
        raise InputError(
            f"{loose} pictures lie in {root} itself, in no class folder.",
            "Move them into a folder named by class or wnid.",
        )


def _begins_like_a_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return looks_like_image(file.read(32))
    except OSError:
        return False
