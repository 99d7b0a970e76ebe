"""Import the rows of a table: path or url, wnid, and what is known about licence and author."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.folder import import_files
from synsetlab.candidates.ingest import Fingerprint, Found, ImportReport
from synsetlab.candidates.urls import import_found_urls
from synsetlab.errors import InputError, MissingColumnError
from synsetlab.store.storable import check_text

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy

__all__ = ["import_manifest", "read_table"]

COLUMNS = {
    "name": ("name",),
    "provider": ("source", "provider"),
    "licence": ("licence", "license"),
    "author": ("author", "creator"),
    "title": ("title",),
    "landing_page": ("landing page", "landing_page", "landing-page"),
}
"""Our field, and what a manifest may call it."""


def import_manifest(
    workspace: Workspace,
    file: str | Path,
    *,
    fingerprint: Fingerprint | None = None,
    taxonomy: Taxonomy | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> ImportReport:
    """Import the rows of a CSV or Parquet file.

    Columns: ``wnid``; ``path`` (relative to the file's folder) or ``url``; optionally ``licence``,
    ``author``, ``title``, ``landing_page``, ``source``, ``name``. Others are passed over.

    Raises
    ------
    MissingColumnError
        ``wnid``, or both of ``path`` and ``url``, are missing.
    InputError
        The file cannot be read, or a row has neither path nor url, or no wnid.
    """
    table = read_table(file)
    columns = [str(column) for column in table.columns]
    if "wnid" not in columns:
        raise MissingColumnError(str(file), "wnid", columns)
    if "path" not in columns and "url" not in columns:
        remedy = "Name each picture's file in a column 'path', or its address in a column 'url'."
        raise MissingColumnError(str(file), "path", columns, remedy)
    files, urls = _rows(table, Path(file))
    report = ImportReport()
    if files:
        options: dict[str, Any] = {"taxonomy": taxonomy, "workers": workers, "progress": progress}
        report = import_files(workspace, "manifest", str(file), files, fingerprint=fingerprint, **options)
    if urls:
        fetched = import_found_urls(
            workspace,
            "manifest",
            str(file),
            urls,
            fingerprint=fingerprint,
            taxonomy=taxonomy,
            progress=progress,
        )
        report = _sum(report, fetched)
    return report


def read_table(file: str | Path) -> pd.DataFrame:
    """A CSV or Parquet file as text, values verbatim.

    Raises
    ------
    InputError
        It is neither, or empty, or cannot be read.
    """
    import pandas as pd  # noqa: PLC0415 - only this importer needs frames

    path = Path(file)
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            table = pd.read_parquet(path)
            return table.astype(object).where(table.notna(), "").astype(str)
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.") from error
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(
            f"{path} is not a table that can be read: {error}.", "Give a CSV (UTF-8) or Parquet file."
        ) from error


def _rows(table: pd.DataFrame, file: Path) -> tuple[list[Found], list[Found]]:
    files, urls = [], []
    for number, row in enumerate(table.to_dict("records"), start=2):
        wnid = row["wnid"].strip()
        if not wnid:
            raise InputError(f"{file}, row {number}: the column 'wnid' is empty.", "Give each row a synset.")
        fields = {
            ours: next((row[name] for name in names if row.get(name)), "") for ours, names in COLUMNS.items()
        }
        for name, value in {**fields, "path": row.get("path"), "url": row.get("url")}.items():
            check_text(value or "", f"{file}, row {number}: the column {name!r}")
        if row.get("path"):
            path = Path(row["path"])
            found = path if path.is_absolute() else file.parent / path
            files.append(Found(row["path"], wnid, found, {**fields, "name": fields["name"] or path.name}))
        elif row.get("url"):
            urls.append(Found(row["url"], wnid, None, fields))
        else:
            raise InputError(
                f"{file}, row {number}: neither 'path' nor 'url' is given.", "Give each row one of them."
            )
    if not files and not urls:
        raise InputError(f"{file} has no rows.", "Give one row a picture.")
    return files, urls


def _sum(first: ImportReport, second: ImportReport) -> ImportReport:
    failed = sorted([*first.failed, *second.failed], key=lambda row: row["origin"])
    return ImportReport(
        first.found + second.found,
        first.new_images + second.new_images,
        first.new_candidates + second.new_candidates,
        first.known + second.known,
        failed,
    )
