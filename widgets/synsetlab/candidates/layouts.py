"""Import what others published: folders with splits, COCO's JSON, ILSVRC's tar of tars."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.decode import looks_like_image
from synsetlab.candidates.folder import import_files
from synsetlab.candidates.ingest import (
    Fingerprint,
    Found,
    ImportReport,
    Measured,
    checked_fields,
    ingest,
    measure,
)
from synsetlab.candidates.mapping import WNID
from synsetlab.candidates.synsets import add_synsets
from synsetlab.errors import InputError
from synsetlab.store.storable import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["import_coco", "import_ilsvrc", "import_imagefolder"]


def import_imagefolder(
    workspace: Workspace,
    folder: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    fields: Mapping[str, str] | None = None,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import ``folder/SPLIT/CLASS/picture``; the splits are not kept, a freeze deals new ones.

    Pictures that lie in a split itself have no class and are passed over.

    Raises
    ------
    InputError
        The folder does not exist or holds no such pictures, or a class has no synset.
    """
    root, known, said = Path(folder), dict(mapping or {}), checked_fields(fields)
    if not root.is_dir():
        raise InputError(f"{root} is not a folder.", "Give the folder that holds one folder a split.")
    found = []
    for path in sorted(root.glob("*/*/*")):
        if path.is_file() and not path.name.startswith(".") and _is_picture(path):
            wnid = _synset(path.parent.name, known)
            origin, name = path_text(path.relative_to(root).as_posix()), path_text(path.name)
            found.append(Found(origin, wnid, path, {"name": name, **said}))
    if not found:
        raise InputError(f"{root} holds no pictures in classes.", "Expected: FOLDER/SPLIT/CLASS/picture.jpg")
    options: dict[str, Any] = {"taxonomy": taxonomy, "workers": workers, "progress": progress}
    return import_files(workspace, "folder", str(root), found, fingerprint=fingerprint, **options)


def import_coco(
    workspace: Workspace,
    file: str | Path,
    images: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import the pictures of a COCO annotation file, each once for every category that it shows.

    Raises
    ------
    InputError
        The file is no such JSON, or a category has no synset.
    """
    try:
        document = json.loads(Path(file).read_text("utf-8-sig"))
        names = {row["id"]: row["name"] for row in document["categories"]}
        licences = {row["id"]: row.get("name", "") for row in document.get("licenses", ())}
        pictures = {row["id"]: row for row in document["images"]}
        shown = sorted({(row["image_id"], row["category_id"]) for row in document["annotations"]})
        pairs = [(pictures[image], names[category]) for image, category in shown]
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{file} is no COCO annotation file: {type(error).__name__} {error}.",
            "It needs images, annotations and categories.",
        ) from error
    known, home = dict(mapping or {}), Path(images)
    found = []
    for row, name in pairs:
        fields = {
            "name": row["file_name"],
            "licence": str(licences.get(row.get("license")) or ""),
            "author": str(row.get("author") or ""),
            "landing_page": str(row.get("flickr_url") or ""),
        }
        fields = checked_fields(fields, f"{file}, the image {row['id']}")
        found.append(Found(row["file_name"], _synset(name, known), home / row["file_name"], fields))
    if not found:
        raise InputError(f"{file} has no annotations.", "Give a file that says what its images show.")
    options: dict[str, Any] = {"taxonomy": taxonomy, "workers": workers, "progress": progress}
    return import_files(workspace, "coco", str(file), found, fingerprint=fingerprint, **options)


def import_ilsvrc(
    workspace: Workspace,
    file: str | Path,
    *,
    fields: Mapping[str, str] | None = None,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import ILSVRC's train archive: a tar of ``WNID.tar``, read in place.

    Raises
    ------
    InputError
        The file is no such archive.
    """
    try:
        with tarfile.open(file) as outer:
            wnids = sorted(_synset(Path(name).stem, {}) for name in outer.getnames() if name.endswith(".tar"))
            if not wnids:
                raise InputError(f"{file} holds no tar of a class.", "Give ILSVRC2012_img_train.tar.")
            add_synsets(workspace, wnids, taxonomy)
            things = _members(outer, checked_fields(fields), workspace, fingerprint)
            return ingest(workspace, "ilsvrc", str(file), progress(things) if progress else things)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Check the path.") from error
    except tarfile.TarError as error:
        raise InputError(f"{file} is no whole tar: {error}.", "Give ILSVRC2012_img_train.tar.") from error


def _members(
    outer: tarfile.TarFile, fields: dict[str, str], workspace: Workspace, fingerprint: Fingerprint | None
) -> Iterator[tuple[Found, Measured]]:
    for of_class in outer:
        if not of_class.name.endswith(".tar"):
            continue
        with tarfile.open(fileobj=outer.extractfile(of_class)) as inner:
            for member in inner:
                opened = inner.extractfile(member)
                if opened is not None:
                    name, wnid = path_text(Path(member.name).name), Path(of_class.name).stem
                    found = Found(f"{wnid}/{name}", wnid, None, {"name": name, **fields})
                    yield found, measure(opened.read(), workspace.blobs, fingerprint)


def _synset(name: str, mapping: dict[str, str]) -> str:
    wnid = mapping.get(name) or (name if WNID.fullmatch(name) else None)
    if wnid is None:
        raise InputError(f"No synset is given for the class {name!r}.", "Add --map CLASS=WNID.")
    return wnid


def _is_picture(path: Path) -> bool:
    with path.open("rb") as file:
        return looks_like_image(file.read(32))
