"""Votes of a workspace out to a file and in from one, in the convention ``task, worker, label``."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.queue import annotator_name

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["export_votes", "import_votes"]

NAMESPACE = uuid.UUID("6c7b5f0e-1e0a-5d3a-9a54-6f0f0b0c8a11")
"""Votes from a file get their ids from its contents: importing it again adds nothing."""


def export_votes(workspace: Workspace, *, effective: bool = True) -> pd.DataFrame:
    """Votes as ``task, worker, label, image_id, wnid, active_ms``; a task is ``IMAGE_ID/WNID``.

    With `effective` false the whole log, in which a later answer replaces an earlier one and
    retractions have an empty label.
    """
    votes = workspace.reader.votes(effective=effective)
    return votes.assign(
        task=votes["image_id"] + "/" + votes["wnid"],
        worker=votes["annotator"],
        label=votes["answer"].fillna(""),
    )[["task", "worker", "label", "image_id", "wnid", "active_ms"]]


def import_votes(workspace: Workspace, table: pd.DataFrame, place: str) -> int:
    """Record votes from elsewhere; returns how many rows the table has.

    Columns: ``task`` (``IMAGE_ID/WNID``), ``worker``, ``label`` (yes, no, unsure, skip). Nothing is
    recorded if a row cannot be used; importing the same table again adds nothing, and nobody.

    Raises
    ------
    MissingColumnError
        A column is missing.
    InputError
        A row names a question that the workspace does not have, nobody, or another label.
    """
    for needed in ("task", "worker", "label"):
        if needed not in table.columns:
            raise MissingColumnError(place, needed, [str(column) for column in table.columns])
    questions = workspace.reader.questions()
    known = dict(zip(questions["image_id"] + "/" + questions["wnid"], questions["id"], strict=True))
    events: dict[str, list[dict[str, object]]] = {}
    for number, (task, worker, label) in enumerate(
        zip(table["task"], table["worker"], table["label"], strict=True), start=2
    ):
        if task not in known:
            raise InputError(
                f"{place}, row {number}: the workspace has no question {task!r}.", "Tasks are IMAGE_ID/WNID."
            )
        if label not in {"yes", "no", "unsure", "skip"}:
            raise InputError(
                f"{place}, row {number}: the label {label!r}.", "Labels are: yes, no, unsure, skip."
            )
        try:
            who = annotator_name(worker)
        except InputError as error:
            raise InputError(
                f"{place}, row {number}: the worker {worker!r} cannot be an annotator's name.", error.remedy
            ) from None
        name = str(uuid.uuid5(NAMESPACE, f"{task}\n{worker}\n{label}"))
        event = {"id": name, "question_id": known[task], "answer": label, "source": "import"}
        events.setdefault(who, []).append(event)
    # Whose votes are in already is not named again: they may have been forgotten since.
    had = workspace.lookups.logged([str(event["id"]) for mine in events.values() for event in mine])
    for worker, mine in events.items():
        new = [event for event in mine if event["id"] not in had]
        if new:
            workspace.writer.record_votes(workspace.writer.ensure_annotator(worker), new)
    return len(table)
