"""Results of hashing, noted as they come, so that an interrupted run goes on where it was."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from synsetlab.dedup.files import Failure, HashedFile, NotAnImage
from synsetlab.dedup.quality import Details
from synsetlab.errors import InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    Result = HashedFile | Failure | NotAnImage

__all__ = ["Journal"]

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (HashedFile, Failure, NotAnImage)}


class Journal:
    """What is known of files that have not changed since. Lines of JSON; a torn last line is passed over.

    Parameters
    ----------
    path
        The file; None keeps nothing.
    way
        How files are hashed: what was noted another way is refused.

    Raises
    ------
    InputError
        The file is no such journal, or of hashes made another way, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str] | None, way: str) -> None:
        self._path = None if path is None else Path(path)
        self._way = way
        self._known: dict[str, Result] = {}
        self._file: TextIO | None = None

    def __enter__(self) -> Journal:
        if self._path is None:
            return self
        try:
            torn = self._read(self._path) if self._path.exists() else False
            self._file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{self._path} cannot be written: {error.strerror or error}.", "Write elsewhere."
            ) from error
        if torn:
            self._file.write("\n")
        if not self._file.tell():
            self._line({"hashes": self._way})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def get(self, path: str) -> Result | None:
        """What was noted of a file that is as it was."""
        return self._known.get(path)

    def note(self, results: Iterable[tuple[str, Result]]) -> Iterator[tuple[str, Result]]:
        """Pass results on, each written down first."""
        for path, result in results:
            if self._file:
                row = dataclasses.asdict(result)
                self._line({"kind": type(result).__name__, "stamp": _stamp(path), "row": row})
            yield path, result

    def _line(self, row: dict[str, Any]) -> None:
        assert self._file
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def _read(self, path: Path) -> bool:
        """Whether the last line is torn."""
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines()):
            try:
                row = json.loads(line)
            except ValueError:
                if number == 0:
                    raise self._foreign() from None
                continue  # torn when the run was killed
            if number == 0:
                if not isinstance(row, dict) or row.get("hashes") != self._way:
                    raise self._foreign()
                continue
            result = _from_row(row)
            if result is not None and _stamp(result.path) == row["stamp"]:
                self._known[result.path] = result
        return bool(text) and not text.endswith("\n")

    def _foreign(self) -> InputError:
        return InputError(
            f"{self._path} was not begun by hashing in this way ({self._way}).",
            "Remove it, or hash with the options it was begun with.",
        )


def _from_row(row: Any) -> Result | None:
    try:
        values = dict(row["row"])
        if values.get("details"):
            details = {**values["details"], "flags": tuple(values["details"]["flags"])}
            values["details"] = Details(**details)
        if "forms" in values:
            values["forms"] = tuple(values["forms"])
        made: Result = _KINDS[row["kind"]](**values)
    except (KeyError, TypeError, ValueError):
        return None
    return made


def _stamp(path: str) -> list[int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
