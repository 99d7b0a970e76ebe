"""Addresses and licences without pictures, for data that may not be passed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synsetlab.release.exports.layout import Export

__all__ = ["write_urls"]

COLUMNS = ("name", "wnid", "split", "url", "licence", "author", "landing_page", "retrieved_on", "image_id")


def write_urls(export: Export) -> None:
    """``urls.csv``, which ``import manifest`` reads, and ``urls.txt``: NAME<TAB>URL, as ImageNet's lists.

    A picture without an address is in neither: the address was never known, or its label is sealed.
    """
    for row in export.rows():
        if not row["url"]:
            sealed = row["wnid"] is None
            export.omit(row, "its label is sealed" if sealed else "it has no address")
    rows = (
        [row["export_name"] if name == "name" else row[name] for name in COLUMNS]
        for row in export.rows()
        if row["url"] and row["wnid"]
    )
    export.write_csv("urls.csv", COLUMNS, rows)
    lines = (f"{Path(row['export_name']).stem}\t{row['url']}" for row in export.rows() if row["url"])
    export.write_lines("urls.txt", lines)
