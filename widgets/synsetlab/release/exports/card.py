"""Data card and datasheet: what people read before they use the data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.release.tables import iterate_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export

__all__ = ["card", "write_card"]

DOCUMENTS = ("DATASHEET.md", "TERMS.md", "CHANGES.md")


def write_card(export: Export) -> None:
    """``README.md``, the data card, beside the release's datasheet, terms and changes."""
    export.write_lines("README.md", card(export))
    for name in DOCUMENTS:
        file = export.folder / name
        if name in export.release["documents"]:
            export.write_bytes(name, Path(file).read_bytes)


def card(export: Export) -> Iterator[str]:
    """Lines of a data card, from overview to detail (after the Data Cards of Pushkarna et al., 2022)."""
    release, policy = export.release, export.release["policy"]
    yield from (f"# {policy.get('name', 'dataset')} {release['version']}", "")
    if policy.get("description", "").strip():
        yield from (policy["description"].strip(), "")
    yield from (
        "| | |",
        "|---|---|",
        f"| images | {release['images']} |",
        f"| classes | {len(export.classes)} |",
    )
    yield from (f"| date | {release['date']} |", f"| identity | `{release['identity']}` |")
    for label, key in (("licence of the tables", "licence"), ("contact", "contact"), ("cite as", "citation")):
        if policy.get(key):
            yield f"| {label} | {_cell(policy[key])} |"
    yield from ("", "## Splits", "", "| split | labels | |", "|---|---|---|")
    for split, number in release["splits"].items():
        yield f"| {split} | {number} | {'sealed' if split in export.sealed else ''} |"
    yield from ("", "## Licences of the pictures", "", "| licence | rows |", "|---|---|")
    for licence, number in sorted(_licences(export).items(), key=lambda row: (-row[1], row[0])):
        yield f"| {_cell(licence) or 'not known'} | {number} |"
    yield from ("", "Name the author of a picture wherever you show it.", "", "## Classes", "")
    yield "Index: place in the order of the wnids, from 0. Images: those whose labels are open."
    yield from ("", "| index | wnid | name | images | meaning |", "|---|---|---|---|---|")
    for place, wnid in enumerate(export.classes):
        row = export.synsets[wnid]
        yield f"| {place} | {wnid} | {_cell(row['lemmas'])} | {row['images']} | {_cell(row['gloss'])} |"
    yield from (
        "",
        "How the pictures were found, voted on and split, and what they should not be used for: see the",
    )
    yield "datasheet of the release (`DATASHEET.md`)."


def _licences(export: Export) -> Counter[str]:
    found = iterate_table(export.folder / "images.parquet", ("licence",))
    return Counter((licence or "").strip() for (licence,) in found)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
