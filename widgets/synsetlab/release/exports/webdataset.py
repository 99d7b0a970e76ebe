"""WebDataset shards: plain tars of samples, the same bytes each time."""

from __future__ import annotations

import hashlib
from collections import deque
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.release.exports.layout import compact
from synsetlab.release.exports.tars import TarFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from synsetlab.release.exports.layout import Export, Row

__all__ = ["write_webdataset"]

SHARD_BYTES = 1_000_000_000
SHARD_ROWS = 10_000
ENDINGS = {"jpeg": "jpg", "tiff": "tif"}
NOTES = ("image_id", "wnid", "split", "width", "height", "licence", "author", "landing_page", "url",
         "selection_frequency")  # fmt: skip


def write_webdataset(export: Export) -> None:
    """``SPLIT-000000.tar`` with NAME.jpg, NAME.cls (class index, not where sealed) and NAME.json.

    Samples lie by image id, which is as good as shuffled. ``SPLIT-index.json`` lists the shards for
    `wids`; ``SHA256SUMS`` is read by ``sha256sum -c``.
    """
    sums: dict[str, str] = {}
    for split in export.splits:
        sizes = _shards(export, split)
        rows = export.rows(split)
        names = [f"{split}-{number:06d}.tar" for number in range(len(sizes))]
        for name, size in zip(names, sizes, strict=True):
            shard = islice(rows, size)

            def writer(aside: Path, name: str = name, shard: Iterable[Row] = shard) -> None:
                sums[name] = _write_shard(export, shard, aside)

            export.write(name, writer)
            deque(shard, maxlen=0)  # the rows of a shard that was there already
            if name not in sums and not export.dry:
                with (export.root / name).open("rb") as old:
                    sums[name] = hashlib.file_digest(old, "sha256").hexdigest()
        listed = [{"url": name, "nsamples": size} for name, size in zip(names, sizes, strict=True)]
        index = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "name": split, "shardlist": listed}
        export.write_lines(f"{split}-index.json", [compact(index)])
    export.write_lines("classes.txt", export.classes)
    export.write_lines("SHA256SUMS", (f"{digest}  {name}" for name, digest in sorted(sums.items())))


def _shards(export: Export, split: str) -> list[int]:
    shards: list[int] = []
    held = 0
    for row in export.rows(split):
        if not shards or shards[-1] == SHARD_ROWS or held >= SHARD_BYTES:
            shards.append(0)
            held = 0
        shards[-1] += 1
        held += row["bytes"]
    return shards


def _write_shard(export: Export, rows: Iterable[Row], file: Path) -> str:
    with file.open("wb") as out:
        tar = TarFile(out)
        for row in rows:
            name = Path(row["export_name"])
            ending = name.suffix[1:].lower()
            tar.add(f"{name.stem}.{ENDINGS.get(ending, ending)}", export.read(row))
            if row["wnid"]:
                tar.add(f"{name.stem}.cls", str(export.index[row["wnid"]]).encode())
            tar.add(f"{name.stem}.json", compact({note: row[note] for note in NOTES}).encode())
        return tar.close()
