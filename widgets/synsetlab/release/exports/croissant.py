"""Croissant 1.0 metadata: the release's tables, described so that a loader needs nothing else."""

from __future__ import annotations

import json
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

from synsetlab.release.folder import sum_file
from synsetlab.release.tables import SCHEMAS, tables_of

if TYPE_CHECKING:
    from synsetlab.release.exports.layout import Export

__all__ = ["write_croissant"]

TYPES = {
    "string": "sc:Text",
    "int32": "sc:Integer",
    "int64": "sc:Integer",
    "double": "sc:Float",
    "bool": "sc:Boolean",
}
TABLES = {
    "images": "Pictures in their classes: split, size, source, licence, votes.",
    "synsets": "Classes and their hypernyms.",
    "edges": "Hypernym edges, parent and child.",
    "votes": "Votes that stand, under pseudonyms.",
    "annotators": "How often each annotator agreed with what was decided.",
    "decisions": "What was decided of each question, and by which policy.",
    "licences": "Every known source of each picture.",
    "tombstones": "Pictures that were taken down.",
    "boxes": "Boxes around objects, in pixels, both ends within.",
}
CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
    "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator",
    "source": "cr:source", "subField": "cr:subField", "transform": "cr:transform",
}  # fmt: skip
"""The JSON-LD context that the specification of Croissant 1.0 prescribes."""


def write_croissant(export: Export) -> None:
    """``croissant.json`` and the release's Parquet tables beside it."""
    for name in _tables(export):
        source = export.folder / f"{name}.parquet"
        export.write(f"{name}.parquet", partial(shutil.copyfile, source))
    text = "" if export.dry else json.dumps(_document(export), ensure_ascii=False, indent=2)
    export.write_lines("croissant.json", [text])


def _tables(export: Export) -> list[str]:
    held = tables_of(export.release)
    return [name for name in TABLES if name in held]


def _document(export: Export) -> dict[str, Any]:
    release, policy = export.release, export.release["policy"]
    name = policy.get("name", "dataset")
    document = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": policy.get("description", "").strip()
        or f"{release['images']} labelled photographs in {len(export.classes)} classes of WordNet 3.0.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": policy.get("licence") or "see the column licence of images.parquet",
        "citeAs": policy.get("citation") or f"{name} {release['version']}, identity {release['identity']}",
        "url": f"urn:sha256:{release['identity']}",
        "version": release["version"],
        "datePublished": str(release["date"]),
        "distribution": [_file(export, table) for table in _tables(export)],
        "recordSet": [_records(table) for table in _tables(export)],
    }
    if policy.get("contact"):
        document["creator"] = {"@type": "sc:Organization", "name": policy["contact"]}
    return document


def _file(export: Export, table: str) -> dict[str, Any]:
    file = export.folder / f"{table}.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.stat().st_size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sum_file(file),
    }


def _records(table: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": TABLES[table],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column}",
                "name": column,
                "dataType": TYPES[kind],
                "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": column}},
            }
            for column, kind in SCHEMAS[table].items()
        ],
    }
