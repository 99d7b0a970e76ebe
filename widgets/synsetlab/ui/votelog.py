"""The votes of a grid that has no workspace: in memory, or in a file that only grows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from synsetlab.errors import InputError, SynsetlabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from io import FileIO

    import pandas as pd

__all__ = ["VoteLog"]

FIELDS: Final = ("task", "worker", "label", "decided_at", "active_ms")


class VoteLog:
    """Events in the order in which they came; each id counts once.

    Parameters
    ----------
    path
        A file of JSON Lines to which events are appended and synced before `append` returns; None
        keeps them in memory. A last line that a crash cut short is dropped.

    Raises
    ------
    InputError
        The file holds something else than events.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._events: dict[str, dict[str, Any]] = {}
        self._retracted: set[tuple[str, str]] = set()
        self._standing: dict[tuple[str, str], dict[str, None]] = {}
        if self._path is not None:
            self._read(self._path)

    def append(self, events: Sequence[Mapping[str, Any]], annotator: str) -> list[str]:
        """Add the events of `annotator`; returns all their ids, those known already too."""
        fresh = [
            {**event, "annotator": annotator}
            for event in {event["id"]: event for event in events}.values()
            if event["id"] not in self._events
        ]
        if fresh and self._path is not None:
            self._write(self._path, fresh)
        for event in fresh:
            self._take(event)
        return [str(event["id"]) for event in events]

    def answers(self, annotator: str, keys: Iterable[str]) -> dict[str, dict[str, str]]:
        """The standing answer of `annotator` to each of `keys` that has one: ``{id, answer}``."""
        found = {}
        for key in keys:
            if standing := self._standing.get((annotator, key)):
                last = next(reversed(standing))
                found[key] = {"id": last, "answer": str(self._events[last]["answer"])}
        return found

    def pages(self, annotator: str) -> list[dict[str, Any]]:
        """What `annotator` answered, page by page, the one with the latest answer last.

        Each: ``batch``, ``at`` (ISO 8601), ``keys`` and ``answers``, how often each was given.
        """
        found: dict[str, dict[str, Any]] = {}
        for (who, key), standing in self._standing.items():
            if who != annotator or not standing:
                continue
            event = self._events[next(reversed(standing))]
            batch, at = str(event.get("batch") or ""), str(event.get("decided_at") or "")
            page = found.setdefault(batch, {"batch": batch, "at": at, "keys": [], "answers": {}})
            page["keys"].append(key)
            page["at"] = max(page["at"], at)
            page["answers"][event["answer"]] = page["answers"].get(event["answer"], 0) + 1
        return sorted(found.values(), key=lambda page: page["at"])

    def frame(self) -> pd.DataFrame:
        """Standing answers: task, worker, label, decided_at, active_ms."""
        import pandas as pd  # noqa: PLC0415  # half the start-up time of a labelling page

        rows = []
        for (annotator, key), standing in self._standing.items():
            if standing:
                event = self._events[next(reversed(standing))]
                values = (key, annotator, event["answer"], event.get("decided_at"), event.get("active_ms"))
                rows.append(dict(zip(FIELDS, values, strict=True)))
        frame = pd.DataFrame(rows, columns=list(FIELDS))
        frame["decided_at"] = pd.to_datetime(frame["decided_at"], utc=True, format="ISO8601", errors="coerce")
        frame["active_ms"] = frame["active_ms"].astype("Int64")
        return frame

    def _take(self, event: dict[str, Any]) -> None:
        annotator = str(event["annotator"])
        place = (annotator, str(event["key"]))
        self._events[event["id"]] = event
        if event.get("retracts") is not None:
            self._retracted.add((annotator, event["retracts"]))
            self._standing.get(place, {}).pop(event["retracts"], None)
        # A retraction may come before its answer, as over two connections.
        elif (annotator, event["id"]) not in self._retracted:
            self._standing.setdefault(place, {})[event["id"]] = None

    def _write(self, path: Path, events: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(event, sort_keys=True) + "\n" for event in events)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered, so that what was written of it is known when the disk is full.
        with path.open("ab", buffering=0) as file:
            _append(file, lines.encode())

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                event = json.loads(line)
                known = event["id"] in self._events
                if not known and event["key"] is not None:
                    self._take({"annotator": "", **event})
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(
                    f"Line {number} of {path} is no vote: {line[:60]!r}.",
                    "Name a file that LabelingGrid wrote, or a new one.",
                ) from error
        if len(whole) < len(data):
            os.truncate(path, len(whole))


def _append(file: FileIO, data: bytes) -> None:
    """Write all and sync, or leave the file as it was: half a line would spoil the next one."""
    written = 0
    try:
        while written < len(data):
            written += file.write(data[written:])
        os.fsync(file.fileno())
    except OSError as error:
        if file.tell() == os.fstat(file.fileno()).st_size:  # nobody else has appended since
            os.ftruncate(file.fileno(), file.tell() - written)
        raise SynsetlabError(
            f"{Path(str(file.name)).name} cannot take the answers: {error.strerror}.",
            "Make room on the disk; they wait in the browser.",
        ) from error
