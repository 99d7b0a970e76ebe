"""Simulated annotators at work in a workspace: through the same queue that people use."""

from __future__ import annotations

import csv
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.simulate.annotators import Annotator, answer
from synsetlab.voting.queue import LabelQueue

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from synsetlab.simulate.annotators import Truth
    from synsetlab.simulate.working_hours import WorkingHours
    from synsetlab.store.workspace import Workspace

__all__ = ["Known", "read_truth", "simulate_labelling", "write_truth"]

COLUMNS = ("image_id", "wnid", "truth", "difficulty")
TRUTHS = ("yes", "no", "ambiguous")


class Known(NamedTuple):
    """What holds of a question: yes, no or ambiguous; and how hard it is, 0 to 1."""

    truth: Truth
    difficulty: float


Truths = dict[tuple[str, str], Known]
"""(image id, wnid) to what is known."""


def read_truth(file: str | os.PathLike[str]) -> Truths:
    """Read a truth table: CSV with image_id, wnid, truth (yes, no, ambiguous) and, optionally, difficulty.

    Raises
    ------
    InputError
        The file cannot be read, or holds another truth.
    MissingColumnError
        A column is missing.
    """
    try:
        with Path(file).open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            for needed in COLUMNS[:3]:
                if needed not in (reader.fieldnames or []):
                    raise MissingColumnError(str(file), needed, list(reader.fieldnames or []))
            known: Truths = {}
            for row in reader:
                if row["truth"] not in TRUTHS:
                    raise InputError(
                        f"{file}, line {reader.line_num}: the truth {row['truth']!r} is none of {TRUTHS}."
                    )
                truth = cast("Truth", row["truth"])
                known[row["image_id"], row["wnid"]] = Known(truth, float(row.get("difficulty") or 0))
            return known
    except OSError as error:
        raise InputError(
            f"{file} cannot be read: {error.strerror}.", "Give a truth table with --truth FILE."
        ) from error
    except ValueError as error:
        raise InputError(f"{file} is no truth table: {error}.") from error


def write_truth(file: str | os.PathLike[str], known: Mapping[tuple[str, str], Known]) -> None:
    """Write a truth table, sorted."""
    with Path(file).open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(COLUMNS)
        for (image, wnid), (truth, difficulty) in sorted(known.items()):
            writer.writerow((image, wnid, truth, f"{difficulty:g}"))


def simulate_labelling(
    workspace: Workspace,
    truth: Mapping[tuple[str, str], Known],
    crowd: Sequence[Annotator],
    *,
    seed: int,
    wnids: Iterable[str] | None = None,
    hours: WorkingHours | None = None,
) -> int:
    """Let `crowd` work until none of them is offered anything more; returns how many votes they gave.

    Annotators take pages in turn, so that a question's votes come from different ones. Questions
    without a known truth are skipped by them. Pages, vote ids and answers follow from `seed` and from what
    the workspace holds. Votes are decided now, or in `hours`.
    """
    rng = np.random.default_rng(seed)
    chosen = sorted(wnids) if wnids is not None else workspace.reader.synsets()["wnid"].tolist()
    given = 0
    for wnid in chosen:
        queues = [(annotator, LabelQueue(workspace, annotator.name, wnid)) for annotator in crowd]
        while queues:
            order = rng.permutation(len(queues))
            busy = []
            for place in order:
                annotator, queue = queues[int(place)]
                cards = queue.page(batch=_uuid(rng))
                if cards:
                    events = _events(annotator, cards, truth, rng, hours)
                    given += len(queue.record(events))
                    busy.append((annotator, queue))
            queues = busy
    return given


def _events(
    annotator: Annotator,
    cards: Sequence[Mapping[str, Any]],
    truth: Mapping[tuple[str, str], Known],
    rng: np.random.Generator,
    hours: WorkingHours | None,
) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for card in cards:
        known = truth.get((card["image_id"], card["wnid"]))
        active = int(1000 * annotator.speed * rng.lognormal(0.0, 0.4))
        # The same seed may have given votes here before, on other questions.
        event = uuid.uuid5(uuid.UUID(_uuid(rng)), f"{annotator.name} {card['id']}")
        events.append(
            {
                "id": str(event),
                "question_id": card["id"],
                "answer": answer(annotator, known.truth, known.difficulty, rng) if known else "skip",
                "active_ms": active,
                "source": "simulate",
            }
        )
    times = hours.page([event["active_ms"] for event in events]) if hours else _now(len(events))
    return [{**event, "decided_at": at} for event, at in zip(events, times, strict=True)]


def _now(votes: int) -> list[datetime]:
    now = datetime.now(UTC)
    return [now + timedelta(milliseconds=place) for place in range(votes)]


def _uuid(rng: np.random.Generator) -> str:
    return str(uuid.UUID(bytes=rng.bytes(16), version=4))
