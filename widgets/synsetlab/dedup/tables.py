"""Hash tables as files: Parquet with a column ``phash`` (a release has one), or a bare NumPy array.

The name of the hash travels in the Parquet metadata (``synsetlab.hash``) or in a column ``phash_name``;
a table without either is taken to hold ImageHash's.
"""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from synsetlab.dedup.files import shown
from synsetlab.dedup.phash import IMAGEHASH
from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    from synsetlab.dedup.hamming import Pairs
    from synsetlab.dedup.scan import FolderHashes

__all__ = ["HashTable", "check_target", "read_hashes", "write_hashes", "write_pairs"]

_NAME: Final = b"synsetlab.hash"
_COLUMNS: Final = ("phash", "upright", "phash_name", "dhash", "path", "sha256", "image_id", "split", "wnid")
_HEX: Final = re.compile(r"[0-9a-fA-F]{16}").fullmatch


@dataclass(frozen=True, slots=True)
class HashTable:
    """Hashes read from a file; lists and arrays are as long as the table."""

    hash_name: str
    phash: npt.NDArray[np.uint64]
    upright: npt.NDArray[np.uint64]
    """As `phash` where the table does not tell."""
    dhash: npt.NDArray[np.uint64] | None
    """The difference hash, if the table has one (``dedup hash --details``)."""
    paths: list[str]
    """The row number, as text, where the table has no column ``path``."""
    sha256: list[str]
    """Empty texts where the table has no column ``sha256`` (or ``image_id``)."""
    rows: npt.NDArray[np.int64]
    """Each hash's row in the file: rows of a release without a hash are passed over."""
    splits: list[str]
    """Empty where the table has no column ``split``."""
    wnids: list[str]
    """Empty where the table has no column ``wnid``."""


def read_hashes(path: str, *, texts: bool = True) -> HashTable:
    """Read a ``.parquet`` table with a column ``phash`` or a ``.npy`` array of uint64.

    Parameters
    ----------
    path
        The file.
    texts
        False leaves the lists of texts empty: millions of them take more room than the hashes.

    Raises
    ------
    InputError
        The file does not exist, is neither, or holds something else than 64-bit integers.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError(
            f"{shown(path)} does not exist.", "Make it with: synsetlab dedup hash FOLDER -o FILE"
        )
    if file.suffix.lower() == ".npy":
        return _read_npy(file, texts)
    return _read_parquet(file, texts)


def write_hashes(hashes: FolderHashes, path: str) -> None:
    """Write the hashes of a folder as Parquet; the same folder gives the same bytes."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables on disk need it

    files = hashes.files
    columns = {
        "path": pa.array([shown(file.path) for file in files], pa.string()),
        "sha256": pa.array([file.sha256 for file in files], pa.string()),
        "phash": pa.array([file.phash for file in files], pa.uint64()),
        "upright": pa.array([file.upright for file in files], pa.uint64()),
        "width": pa.array([file.width for file in files], pa.int32()),
        "height": pa.array([file.height for file in files], pa.int32()),
        "bytes": pa.array([file.size for file in files], pa.int64()),
        "format": pa.array([file.format for file in files], pa.string()),
    }
    details = [file.details for file in files]
    if all(details) and details:
        seen = [one for one in details if one]
        columns |= {
            "dhash": pa.array([one.dhash for one in seen], pa.uint64()),
            "mean_color": pa.array([one.mean_color for one in seen], pa.string()),
            "brightness": pa.array([one.brightness for one in seen], pa.float32()),
            "contrast": pa.array([one.contrast for one in seen], pa.float32()),
            "sharpness": pa.array([one.sharpness for one in seen], pa.float32()),
            "flags": pa.array([",".join(one.flags) for one in seen], pa.string()),
        }
    _write(pa.table(columns).replace_schema_metadata({_NAME: hashes.hash_name.encode()}), path)


def check_target(path: str) -> None:
    """Refuse a table that could not be written, before anything is done for it."""
    parent = Path(path).parent
    if not parent.is_dir():
        raise InputError(f"{shown(str(parent))} is not a folder.", "Make it first, or write elsewhere.")


def write_pairs(pairs: Pairs, path: str) -> None:
    """Write i, j (int64, i < j) and distance (uint8) as Parquet."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables on disk need it

    _write(pa.table({"i": pairs.i, "j": pairs.j, "distance": pairs.distance}), path)


def _read_npy(file: Path, texts: bool) -> HashTable:
    try:
        values = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise InputError(
            f"{shown(str(file))} is not a NumPy array: {error}.", "Save it with numpy.save."
        ) from error
    if not isinstance(values, np.ndarray) or values.ndim != 1:
        raise InputError(f"{shown(str(file))} is not a one-dimensional array.", "Save one hash a picture.")
    return _table(IMAGEHASH, _as_uint64(values, file), with_texts=texts)


def _read_parquet(file: Path, with_texts: bool) -> HashTable:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables on disk need it
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    try:
        schema = pq.read_schema(file)
        wanted = [name for name in _COLUMNS[: None if with_texts else 3] if name in schema.names]
        table = pq.read_table(file, columns=wanted)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{shown(str(file))} is not a Parquet table: {error}.",
            "Give a .npy array of uint64 or a .parquet table with a column phash.",
        ) from error
    if "phash" not in wanted:
        raise MissingColumnError(shown(str(file)), "phash", schema.names, "It holds uint64 hashes.")
    columns = {name: table.column(name) for name in wanted}
    rows = np.arange(table.num_rows)
    if "phash_name" in columns:  # a release: pictures that were never hashed have neither
        rows = np.flatnonzero([bool(value) for value in columns["phash"].to_pylist()])
        columns = {name: column.take(rows) for name, column in columns.items()}
    for name in ("phash", "upright"):
        if name in columns and columns[name].null_count:
            raise InputError(
                f"{shown(str(file))}: column {name!r} lacks {columns[name].null_count:,} values.",
                "Remove the rows without a hash first.",
            )
    phash = _hashes(columns["phash"], rows, file)
    texts = {name: columns[name].to_pylist() for name in _COLUMNS[4:] if name in columns}
    return _table(
        _hash_name(schema.metadata, columns.get("phash_name"), file),
        phash,
        rows=rows,
        upright=_hashes(columns["upright"], rows, file) if "upright" in columns else None,
        dhash=_hashes(columns["dhash"], rows, file) if "dhash" in columns else None,
        paths=texts.get("path", texts.get("image_id")),
        sha256=texts.get("sha256", texts.get("image_id")),
        splits=texts.get("split"),
        wnids=texts.get("wnid"),
        with_texts=with_texts,
    )


def _hash_name(metadata: dict[bytes, bytes] | None, column: pa.ChunkedArray | None, file: Path) -> str:
    names = set() if column is None else {str(name or "") for name in column.to_pylist()} - {""}
    if len(names) > 1:
        raise InputError(
            f"{shown(str(file))} holds hashes of different kinds: {', '.join(sorted(names))}.",
            "They cannot be compared; make a table for each kind.",
        )
    return names.pop() if names else (metadata or {}).get(_NAME, IMAGEHASH.encode()).decode()


def _hashes(column: pa.ChunkedArray, rows: npt.NDArray[np.int64], file: Path) -> npt.NDArray[np.uint64]:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only tables on disk need it

    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return _as_uint64(column.to_numpy(), file)
    values = column.to_pylist()
    for row, value in zip(rows.tolist(), values, strict=True):
        if not _HEX(value):
            raise InputError(
                f"{shown(str(file))}: {value!r} in row {row + 1} is not a hash of 16 hexadecimal digits.",
                "Write uint64 numbers, or text as str(imagehash.phash(image)) gives it.",
            )
    return np.array([int(value, 16) for value in values], dtype=np.uint64)


def _table(
    name: str,
    phash: npt.NDArray[np.uint64],
    *,
    rows: npt.NDArray[np.int64] | None = None,
    upright: npt.NDArray[np.uint64] | None = None,
    dhash: npt.NDArray[np.uint64] | None = None,
    paths: list[Any] | None = None,
    sha256: list[Any] | None = None,
    splits: list[Any] | None = None,
    wnids: list[Any] | None = None,
    with_texts: bool = True,
) -> HashTable:
    return HashTable(
        hash_name=name,
        phash=phash,
        upright=phash if upright is None else upright,
        dhash=dhash,
        paths=[str(path) for path in (range(phash.size if with_texts else 0) if paths is None else paths)],
        sha256=[
            str(sha or "") for sha in ([""] * (phash.size if with_texts else 0) if sha256 is None else sha256)
        ],
        rows=np.arange(phash.size) if rows is None else rows,
        splits=[str(split or "") for split in splits or ()],
        wnids=[str(wnid or "") for wnid in wnids or ()],
    )


def _as_uint64(values: npt.NDArray[Any], file: Path) -> npt.NDArray[np.uint64]:
    if values.dtype == np.int64:  # databases without unsigned numbers keep the same 64 bits signed
        return values.view(np.uint64)
    if values.dtype == np.dtype(">u8"):
        return values.astype(np.uint64)
    if values.dtype != np.uint64:
        raise InputError(
            f"{shown(str(file))} holds {values.dtype}; hashes are uint64.",
            "Convert hexadecimal text with int(text, 16).",
        )
    return values


def _write(table: pa.Table, path: str) -> None:
    """Write beside the target, then put it in place: no half-written table under its final name."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy; only tables on disk need it

    target = Path(path)
    check_target(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        pq.write_table(table, name, compression="zstd", version="2.6")
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
