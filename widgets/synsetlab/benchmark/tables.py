"""Tables that users bring (CSV, TSV, Parquet, frames), read as text and coded for counting."""

from __future__ import annotations

import csv
import io
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.benchmark.files import open_bytes, suffix_of
from synsetlab.errors import InputError, MissingColumnError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

__all__ = ["Coded", "Table", "as_table", "read_table", "shorten", "table_suffixes"]

_WNID = re.compile(r"n\d{8}")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_PARQUET = {".parquet", ".pq"}
_NAMES = {"image", "imageid", "image_id", "filename", "file_name", "file", "path"}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of text: row i reads ``values[codes[i]]``; `values` are distinct, by first appearance."""

    codes: npt.NDArray[np.int32]
    values: list[str]
    """An empty text is a missing value."""

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Coded:
        """The column with these rows."""
        at = {text: code for code, text in enumerate(dict.fromkeys(texts))}
        return cls(np.fromiter(map(at.__getitem__, texts), np.int32, len(texts)), list(at))

    def texts(self) -> list[str]:
        """The column, row by row."""
        return [self.values[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True)
class Table:
    """An Arrow table and the place that messages name."""

    place: str
    data: Any

    @property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        return list(self.data.column_names)

    def find(self, names: Sequence[str], remedy: str) -> str:
        """The first of `names` that is a column.

        Raises
        ------
        MissingColumnError
            None of them is.
        """
        for name in names:
            if name in self.columns:
                return name
        raise MissingColumnError(self.place, names[0], self.columns, remedy)

    def text(self, name: str) -> Coded:
        """A column as text; whole numbers are written without a point.

        Raises
        ------
        InputError
            It holds something that has no one way to be written: fractions, dates, bytes.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it
        import pyarrow.compute as pc  # noqa: PLC0415 - likewise

        column = self.data.column(name)
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
            kind = column.type
        try:
            if pa.types.is_floating(kind):
                column = column.cast(pa.int64())
            elif not (pa.types.is_integer(kind) or pa.types.is_null(kind) or _is_text(kind)):
                raise InputError(
                    f"{self.place}: the column {name!r} holds {kind}, not text or whole numbers.",
                    "Write classes and images as text.",
                )
        except pa.ArrowInvalid as error:
            raise InputError(
                f"{self.place}: the column {name!r} holds fractions, not text or whole numbers.",
                "Write classes and images as text.",
            ) from error
        if not _is_text(column.type):
            column = column.cast(pa.string())
        if column.null_count:
            column = pc.fill_null(column, "")
        # One chunk: each chunk would bring a dictionary of its own. 32-bit offsets hold 2 GB of text.
        if column.nbytes >= 1 << 31:
            column = column.cast(pa.large_string())
        coded = column.combine_chunks().dictionary_encode()
        return Coded(coded.indices.to_numpy(zero_copy_only=False), coded.dictionary.to_pylist())

    def numbers(self, name: str, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """The cells of a column in the chosen rows, as finite numbers.

        Raises
        ------
        InputError
            A cell is empty, no number, or not finite; the message names it and its row.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

        column = self.data.column(name)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numbers = column.cast(pa.float64(), safe=False).to_numpy()
        else:
            text = self.text(name)
            distinct = np.array([_number(value) for value in text.values], np.float64)
            numbers = distinct[text.codes] if len(text) else np.zeros(0)
        bad = np.flatnonzero(~np.isfinite(numbers) & rows)
        if bad.size:
            value = column[int(bad[0])].as_py()
            raise InputError(
                f"{self.place}, row {bad[0] + 1}: {name} is {value!r}, which is no finite number.",
                "Give every row a score, or leave the column out.",
            )
        return np.asarray(numbers, np.float64)[rows]

    def decimal(self, name: str) -> Coded:
        """A column as text, fractions and truth values too."""
        import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

        kind = self.data.column(name).type
        if pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
            rows = self.data.column(name).to_pylist()
            return Coded.of(["" if row is None or row != row else str(row) for row in rows])  # noqa: PLR0124
        return self.text(name)

    def fractions(self, name: str) -> npt.NDArray[np.float64] | None:
        """A column of numbers from 0 to 1, NaN where a cell is empty; None if there is no such column.

        Raises
        ------
        InputError
            A cell is something else; the message names it and its row.
        """
        import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

        if name not in self.columns:
            return None
        column = self.data.column(name)
        if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
            numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            empty = np.isnan(numbers)
        else:
            text = self.text(name)
            numbers = np.array([_number(value) for value in text.values], np.float64)[text.codes]
            empty = np.array([not value for value in text.values], bool)[text.codes]
        bad = np.flatnonzero(~empty & ~((numbers >= 0) & (numbers <= 1)))
        if bad.size:
            value = column[int(bad[0])].as_py()
            raise InputError(
                f"{self.place}, row {bad[0] + 1}: {name} is {value!r}, which is no number from 0 to 1.",
                "It is a share; an empty cell says that it is not known.",
            )
        return np.asarray(np.where(empty, np.nan, numbers), np.float64)

    def is_list(self, name: str) -> bool:
        """Whether each cell of a column is a list."""
        import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

        kind = self.data.column(name).type
        return bool(
            pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        )


def table_suffixes() -> list[str]:
    """Endings of the files that `read_table` reads."""
    return sorted({*_DELIMITERS, *_PARQUET})


def read_table(path: Path, headless: Sequence[str] = ()) -> Table:
    """Read a CSV (``.csv``), tab-separated (``.tsv``) or Parquet file.

    Parameters
    ----------
    path
        The file. UTF-8, with or without a byte order mark, any line ends; every cell is text.
    headless
        What the columns are if there is no first line with names: assumed where all its cells but the
        first are wnids. If they are more, the columns are the first name and ``top1``, ``top2``, ...

    Raises
    ------
    InputError
        The file is absent, empty, not UTF-8 or not a table.
    """
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    suffix = suffix_of(path)
    if suffix in _PARQUET:
        return _read_parquet(path)
    return _read_delimited(path, _DELIMITERS.get(suffix, ","), headless)


def as_table(frame: Any, place: str) -> Table:
    """A pandas frame as a table."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

    _refuse_twins([str(name) for name in frame.columns], place)
    try:
        return Table(place, pa.Table.from_pandas(frame, preserve_index=False))
    except pa.ArrowException as error:
        raise InputError(
            f"{place}: a column mixes kinds of values ({error}).", "Turn the column into text."
        ) from error


def shorten(names: Sequence[str], most: int = 3) -> str:
    """The first few names for a message: ``'a', 'b', 'c' and 7 more``."""
    said = ", ".join(repr(name) for name in names[:most])
    return f"{said} and {len(names) - most:,} more" if len(names) > most else said


def _is_text(kind: Any) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _read_parquet(path: Path) -> Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    try:
        # A file object: a folder name with "=" in it is no partition.
        with open_bytes(path) as stream:
            return Table(str(path), pq.read_table(stream))
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path} is not a Parquet table: {error}.", "Write it again, or give CSV."
        ) from error


def _read_delimited(path: Path, delimiter: str, headless: Sequence[str]) -> Table:
    import pyarrow as pa  # noqa: PLC0415 - heavy; only files and frames need it
    import pyarrow.csv as pc  # noqa: PLC0415 - likewise

    names, line = _first_row(path, delimiter)
    skip = line
    named = names[0].lower() in _NAMES  # a heading with a column of scores for each wnid
    if len(names) > 1 and headless and not named and all(map(_WNID.fullmatch, names[1:])):
        wide = [headless[0], *(f"top{number}" for number in range(1, len(names)))]
        names, skip = (list(headless) if len(names) == len(headless) else wide), 0
    _refuse_twins(names, str(path))
    try:
        # Arrow unpacks what ends in .gz by itself.
        data = pc.read_csv(
            path,
            read_options=pc.ReadOptions(column_names=names, skip_rows=skip),
            parse_options=pc.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, OSError) as error:
        kind = "tabs" if delimiter == "\t" else "commas"
        raise InputError(
            f"{path} is not a table: {error}.", f"Is it UTF-8 text with {kind}, equally many in each line?"
        ) from error
    return Table(str(path), data)


def _first_row(path: Path, delimiter: str) -> tuple[list[str], int]:
    """Cells of the first row that is not blank, and the number of the line on which it ends."""
    try:
        with (
            open_bytes(path) as raw,
            io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream,
        ):
            reader = csv.reader(stream, delimiter=delimiter)
            for row in reader:
                if row:
                    return row, reader.line_num
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    raise InputError(f"{path} is empty.", "A first line with column names is needed.")


def _refuse_twins(names: Sequence[str], place: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{place} has several columns {name!r}.", "Give each column a name of its own.")
