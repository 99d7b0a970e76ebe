"""What Hugging Face `datasets` reads: a folder of pictures with metadata, or Parquet with pictures in it."""

from __future__ import annotations

import json
from collections import deque
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from synsetlab.release.exports.card import card
from synsetlab.release.exports.layout import compact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from synsetlab.release.exports.layout import Export, Row

__all__ = ["write_imagefolder", "write_parquet"]

NOTES = ("image_id", "licence", "author", "landing_page", "url", "retrieved_on", "selection_frequency")
SHARD_BYTES = 400 * 2**20
SHARD_ROWS = 50_000
GROUP_ROWS = 100
"""Rows of a Parquet row group: what a reader must hold to show one picture."""
SEALED = -1
"""The label where it is sealed, as in the test split of imagenet-1k."""


def write_imagefolder(export: Export) -> None:
    """``data/SPLIT/NAME``, a ``metadata.jsonl`` for each split, and the card that names the classes."""
    for split in export.splits:
        for row in export.rows(split):
            export.place(row, f"data/{split}/{row['export_name']}")
        rows = ({"file_name": row["export_name"], **_values(export, row)} for row in export.rows(split))
        export.write_lines(f"data/{split}/metadata.jsonl", map(compact, rows))
    export.write_lines("README.md", _card(export, "data/{split}/**"))


def write_parquet(export: Export) -> None:
    """``data/SPLIT-00000-of-00001.parquet`` with the pictures' bytes, as the Hub keeps them."""
    for split in export.splits:
        sizes = _shards(export, split)
        rows = export.rows(split)
        for number, size in enumerate(sizes):
            shard = islice(rows, size)
            path = f"data/{split}-{number:05d}-of-{len(sizes):05d}.parquet"
            export.write(path, partial(_write_shard, export, shard))
            deque(shard, maxlen=0)  # the rows of a shard that was there already
    export.write_lines("README.md", _card(export, "data/{split}-*.parquet"))


def _values(export: Export, row: Row) -> dict[str, Any]:
    label = export.index[row["wnid"]] if row["wnid"] else SEALED
    return {"label": label, "wnid": row["wnid"] or "", **{name: row[name] for name in NOTES}}


def _shards(export: Export, split: str) -> list[int]:
    """Rows of each shard: at most `SHARD_ROWS`, about `SHARD_BYTES`; an empty split is one empty shard."""
    shards = [0]
    held = 0
    for row in export.rows(split):
        if shards[-1] == SHARD_ROWS or held >= SHARD_BYTES:
            shards.append(0)
            held = 0
        shards[-1] += 1
        held += row["bytes"]
    return shards


def _write_shard(export: Export, rows: Iterable[Row], file: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and few formats need it
    import pyarrow.parquet as pq  # noqa: PLC0415

    fields = [
        pa.field("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        pa.field("label", pa.int64()),
        pa.field("wnid", pa.string()),
        *(pa.field(name, pa.float64() if name == "selection_frequency" else pa.string()) for name in NOTES),
    ]
    about = {"huggingface": compact({"info": {"features": _features(export)}})}
    schema = pa.schema(fields, metadata=about)
    rows = iter(rows)
    with pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=False) as writer:
        while group := list(islice(rows, GROUP_ROWS)):
            values = [
                {"image": {"bytes": export.read(row), "path": row["export_name"]}, **_values(export, row)}
                for row in group
            ]
            writer.write_table(pa.Table.from_pylist(values, schema=schema))


def _features(export: Export) -> dict[str, Any]:
    texts = {name: {"dtype": "string", "_type": "Value"} for name in ("wnid", *NOTES)}
    return {
        "image": {"_type": "Image"},
        "label": {"names": export.classes, "_type": "ClassLabel"},
        **texts,
        "selection_frequency": {"dtype": "float64", "_type": "Value"},
    }


def _card(export: Export, files: str) -> Iterator[str]:
    """The YAML that tells `datasets` splits and types, then where to read on; JSON strings are YAML."""
    policy = export.release["policy"]
    name = policy.get("name", "dataset")
    yield from ("---", f"pretty_name: {json.dumps(name, ensure_ascii=False)}")
    yield from (
        "task_categories:",
        "- image-classification",
        "configs:",
        "- config_name: default",
        "  data_files:",
    )
    for split in export.splits:
        yield from (f"  - split: {split}", f"    path: {files.format(split=split)}")
    yield from ("dataset_info:", "  features:", "  - name: image", "    dtype: image", "  - name: label")
    yield from ("    dtype:", "      class_label:", "        names:")
    for place, wnid in enumerate(export.classes):
        yield f"          '{place}': {wnid}"
    for note in ("wnid", *NOTES):
        yield from (
            f"  - name: {note}",
            f"    dtype: {'float64' if note == 'selection_frequency' else 'string'}",
        )
    yield from ("---", "", *card(export))
