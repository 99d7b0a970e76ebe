"""The tables of a release: what they hold, their canonical content, their Parquet files."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Self

from synsetlab.canonical import canonical_json
from synsetlab.errors import ReleaseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import pandas as pd

__all__ = [
    "KEYS",
    "OPTIONAL",
    "SCHEMAS",
    "ContentHash",
    "TableWriter",
    "content_hash",
    "iterate_table",
    "read_table",
    "tables_of",
    "write_table",
]

SCHEMAS: dict[str, dict[str, str]] = {
    "images": {
        "image_id": "string", "wnid": "string", "export_name": "string", "split": "string",
        "cluster_id": "string", "width": "int32", "height": "int32", "bytes": "int64", "format": "string",
        "phash": "string", "phash_name": "string", "selection_frequency": "double", "posterior": "double",
        "n_yes": "int32", "n_no": "int32", "n_unsure": "int32", "asked_wnid": "string",
        "label_hash": "string", "url": "string", "licence": "string", "author": "string",
        "landing_page": "string", "retrieved_on": "string",
    },
    "synsets": {"wnid": "string", "lemmas": "string", "gloss": "string", "is_class": "bool",
                "images": "int32"},
    "edges": {"parent": "string", "child": "string"},
    "votes": {
        "image_id": "string", "wnid": "string", "annotator": "string", "answer": "string",
        "is_gold": "bool", "active_ms": "int64",
    },
    "annotators": {
        "annotator": "string", "votes": "int64", "decided": "int64", "agreed": "int64",
        "agreement": "double", "gold": "int64", "gold_right": "int64", "gold_accuracy": "double",
    },
    "decisions": {
        "image_id": "string", "wnid": "string", "outcome": "string", "posterior": "double",
        "n_yes": "int32", "n_no": "int32", "n_unsure": "int32", "decided_by": "string", "reason": "string",
        "policy_hash": "string",
    },
    "policies": {"hash": "string", "kind": "string", "body": "string"},
    "licences": {
        "image_id": "string", "origin": "string", "provider": "string", "licence": "string",
        "author": "string", "title": "string", "landing_page": "string", "retrieved_on": "string",
    },
    "tombstones": {"image_id": "string", "reason": "string", "date": "string", "version": "string"},
    "boxes": {"image_id": "string", "wnid": "string", "xmin": "int32", "ymin": "int32", "xmax": "int32",
              "ymax": "int32"},
}  # fmt: skip
"""Tables of a release: column to Arrow type, in order. ``lemmas`` are joined by ``", "``."""

OPTIONAL = frozenset({"boxes"})
"""Tables that a release has only where there is something to write."""

KEYS = {
    "images": ("image_id", "wnid", "label_hash"), "synsets": ("wnid",), "edges": ("parent", "child"),
    "votes": ("image_id", "wnid", "annotator"), "annotators": ("annotator",),
    "decisions": ("image_id", "wnid"), "policies": ("hash",),
    "licences": ("image_id", "origin"), "tombstones": ("image_id",),
    "boxes": ("image_id", "wnid", "xmin", "ymin", "xmax", "ymax"),
}  # fmt: skip
"""The columns by which each table is in order, ascending, none twice; a missing value counts as empty."""

ROW_GROUP = 32_768
"""Rows of a Parquet row group, and rows held at a time."""

_ENCODE = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def tables_of(release: Mapping[str, Any]) -> list[str]:
    """Names of the tables that a release is to have, by what its ``release.json`` says."""
    return [name for name in SCHEMAS if name not in OPTIONAL or name in release["tables"]]


class ContentHash:
    """SHA-256 of ``[[name, {column: type}], row, row, ...]`` as canonical JSON, rows in the table's order."""

    def __init__(self, name: str) -> None:
        self._digest = hashlib.sha256(("[" + canonical_json([name, SCHEMAS[name]])).encode())
        self._keys = [list(SCHEMAS[name]).index(column) for column in KEYS[name]]
        self._last: tuple[Any, ...] = ()
        self.name = name
        self.ordered = True
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in the next rows: plain values, None where one is missing."""
        if not rows:
            return
        for row in rows:
            key = tuple("" if row[place] is None else row[place] for place in self._keys)
            self.ordered &= key > self._last
            self._last = key
        self.rows += len(rows)
        self._digest.update(("," + _ENCODE(rows)[1:-1]).encode())

    def hexdigest(self) -> str:
        """The hash of what was taken in."""
        whole = self._digest.copy()
        whole.update(b"]")
        return whole.hexdigest()


class TableWriter:
    """Writes a table row by row: fixed schema and row groups, zstd; equal rows give equal bytes."""

    def __init__(self, name: str, file: Path) -> None:
        import pyarrow as pa  # noqa: PLC0415 - only freezing needs Arrow
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._kinds = SCHEMAS[name]
        self._schema = pa.schema([(column, pa.type_for_alias(kind)) for column, kind in self._kinds.items()])
        self._file = pq.ParquetWriter(file, self._schema, compression="zstd", compression_level=3)
        self._columns = list(self._kinds)
        self._held: list[tuple[Any, ...]] = []
        self.content = ContentHash(name)

    def add(self, row: dict[str, Any]) -> None:
        """Take in the next row, in the order of the table's key."""
        self._held.append(tuple([row[column] for column in self._columns]))
        if len(self._held) == ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - as above

        if not self._held:
            return
        self.content.add(self._held)
        if not self.content.ordered:
            raise ReleaseError(
                f"The rows of {self.content.name} are not in order, or one came twice.",
                "Check the workspace with: synsetlab consensus rebuild --check",
            )
        columns = zip(*self._held, strict=True)
        arrays = [
            pa.array(values, type=kind.type) for values, kind in zip(columns, self._schema, strict=True)
        ]
        self._file.write_table(pa.table(arrays, schema=self._schema), row_group_size=ROW_GROUP)
        self._held.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._file.close()

    def describe(self) -> dict[str, Any]:
        """Rows and content hash, as ``release.json`` holds them."""
        return {"rows": self.content.rows, "content_sha256": self.content.hexdigest()}


def content_hash(name: str, table: pd.DataFrame) -> str:
    """The content hash of a table that is in memory, whatever the order of its rows."""
    kinds = SCHEMAS[name]
    rows = [
        tuple(_plain(value, kind) for value, kind in zip(row, kinds.values(), strict=True))
        for row in table[list(kinds)].itertuples(index=False, name=None)
    ]
    places = [list(kinds).index(column) for column in KEYS[name]]
    content = ContentHash(name)
    content.add(sorted(rows, key=lambda row: tuple("" if row[at] is None else row[at] for at in places)))
    return content.hexdigest()


def write_table(name: str, table: pd.DataFrame, file: Path) -> None:
    """Write a frame as a table of a release; its rows must be in the order of the table's key."""
    kinds = SCHEMAS[name]
    with TableWriter(name, file) as writer:
        for row in table[list(kinds)].to_dict("records"):
            writer.add({str(column): _plain(value, kinds[str(column)]) for column, value in row.items()})


def read_table(file: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read back a table of a release.

    Raises
    ------
    ReleaseError
        The file is missing or damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - as above
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        frame: pd.DataFrame = pq.read_table(file, columns=columns and list(columns)).to_pandas()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(file, error) from error
    wanted = list(columns) if columns else list(SCHEMAS.get(file.stem, ()))
    missing = [name for name in wanted if name not in frame]
    if missing:
        raise _damaged(file, f"no column {missing[0]!r}")
    return frame


def iterate_table(file: Path, columns: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of a table of a release, a row group at a time.

    Raises
    ------
    ReleaseError
        The file is missing or damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - as above
    import pyarrow.parquet as pq  # noqa: PLC0415

    wanted = list(columns)
    try:
        with pq.ParquetFile(file) as opened:
            missing = [name for name in wanted if name not in opened.schema_arrow.names]
            if missing:
                raise _damaged(file, f"no column {missing[0]!r}")
            for batch in opened.iter_batches(ROW_GROUP, columns=wanted):
                yield from zip(*(batch.column(name).to_pylist() for name in wanted), strict=True)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, why: object) -> ReleaseError:
    first = str(why).strip().splitlines()[0] if str(why).strip() else type(why).__name__
    return ReleaseError(
        f"{file} is missing or damaged: {first}.".replace("..", "."),
        "Fetch the release again, and check it with: synsetlab verify DIR",
    )


def _plain(value: Any, kind: str) -> Any:
    if value is None or value != value:  # noqa: PLR0124 - NaN is the value that differs from itself
        return None
    if kind.startswith("int"):
        return int(value)
    if kind == "double":
        return float(value)
    if kind == "bool":
        return bool(value)
    return str(value)
