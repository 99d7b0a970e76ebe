"""The escalation queue and expert verdicts.

A verdict is an append-only fact that overrules the votes; ``undo`` takes the last one back.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.synsets import add_synsets
from synsetlab.errors import InputError
from synsetlab.store.names import clean_name
from synsetlab.texts import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["VERDICTS", "Step", "escalated", "give_verdict", "give_verdicts", "relabel", "take_back"]

VERDICTS = {
    "accept": "accepted",
    "reject": "rejected",
    "exclude": "excluded",
    "more-votes": "open",
    "undo": "",
}
"""Verdict to the outcome that it gives the question; ``undo`` goes back to what was before."""

MORE_VOTES = 3
MOST_VOTES = 20
COUNTED = ["n_yes", "n_no", "n_unsure", "n_label"]


def escalated(workspace: Workspace, wnid: str | None = None) -> pd.DataFrame:
    """Questions that wait for an expert, the most undecided first.

    Columns: question_id, image_id, wnid, posterior, n_yes, n_no, n_unsure, reason.
    """
    import pandas as pd  # noqa: PLC0415 - pages judge without it

    columns = ["question_id", "image_id", "wnid", "posterior", "n_yes", "n_no", "n_unsure", "reason"]
    return pd.DataFrame(workspace.waiting.ambiguous(wnid), columns=columns)


def give_verdict(
    workspace: Workspace, question_id: int, verdict: str, *, by: str, reason: str = "", id_: str | None = None
) -> str:
    """Record an expert's verdict on a question; returns the outcome that the question now has.

    Parameters
    ----------
    verdict
        ``accept``, ``reject``, ``exclude``, ``more-votes`` (three more) or ``undo``.
    id_
        UUID made by the client: the same verdict sent twice is one.

    Raises
    ------
    InputError
        There is no such question or verdict.
    """
    ids = None if id_ is None else {question_id: id_}
    return give_verdicts(workspace, [question_id], verdict, by=by, reason=reason, ids=ids).outcomes[
        question_id
    ]


@dataclass(frozen=True, slots=True)
class Step:
    """Verdicts that were given together, and are taken back together.

    Attributes
    ----------
    outcomes
        What each question touched has become, by its id.
    ids
        Of the verdicts themselves, by question.
    """

    outcomes: dict[int, str]
    ids: dict[int, str]


def give_verdicts(
    workspace: Workspace,
    questions: Sequence[int],
    verdict: str,
    *,
    by: str,
    reason: str = "",
    votes: int = MORE_VOTES,
    ids: Mapping[int, str] | None = None,
) -> Step:
    """Record one verdict on several questions, all or none.

    Parameters
    ----------
    verdict
        As for `give_verdict`.
    votes
        How many more votes, with ``more-votes``: 1 to 20.
    ids
        UUIDs made by the client, by question.

    Raises
    ------
    InputError
        There is no such question or verdict, nobody is named, or there is nothing to undo.
    """
    if verdict not in VERDICTS:
        raise InputError(f"There is no verdict {verdict!r}.", f"Verdicts: {', '.join(VERDICTS)}.")
    if verdict == "more-votes" and not 1 <= votes <= MOST_VOTES:
        raise InputError(f"{votes} more votes cannot be asked for.", f"Ask for 1 to {MOST_VOTES}.")
    by = _named(by)
    known = _questions(workspace, questions)
    if verdict == "undo":
        stand = workspace.lookups.standing(questions)
        for question in questions:
            if question not in stand:
                raise InputError(
                    f"No verdict on question {question} can be undone.", "See: synsetlab review list"
                )
    given = {question: (ids or {}).get(question) or str(uuid.uuid4()) for question in questions}
    rows: list[dict[str, Any]] = [
        {**_row(given[question], verdict, reason, by), "question_id": question} for question in given
    ]
    if verdict == "more-votes":
        for row in rows:
            row["votes_wanted"] = sum(known[row["question_id"]][name] for name in COUNTED) + votes
    return Step(workspace.writer.record_expert_verdicts(rows), given)


def relabel(workspace: Workspace, questions: Sequence[int], wnid: str, *, by: str, reason: str = "") -> Step:
    """Say that the pictures show another synset: rejected here and accepted there, all or none.

    A synset that the workspace did not have is added, a picture that was no candidate there becomes
    one. Both verdicts name the other synset before `reason`.

    Raises
    ------
    UnknownSynsetError
        `wnid` is no noun synset of WordNet 3.0.
    InputError
        There is no such question, nobody is named, or a picture is asked about `wnid` already by one
        of `questions`.
    """
    by = _named(by)
    known = _questions(workspace, questions)
    asked = {question: (known[question]["image_id"], known[question]["wnid"]) for question in questions}
    if any(old == wnid for _, old in asked.values()):
        raise InputError(f"The picture is asked about {wnid} already.", "Accept it, or name another synset.")
    if len({image for image, _ in asked.values()}) < len(asked):
        raise InputError("One picture is among these twice.", "Relabel its questions one after another.")
    _bring(workspace, wnid)
    note = f": {reason}" if reason else ""
    moves: list[dict[str, Any]] = [
        {
            "question_id": question,
            "image_id": image,
            "reject": _row(str(uuid.uuid4()), "reject", f"relabelled to {wnid}{note}", by),
            "accept": _row(str(uuid.uuid4()), "accept", f"relabelled from {old}{note}", by),
        }
        for question, (image, old) in asked.items()
    ]
    outcomes = workspace.writer.relabel(moves, wnid, by=by)
    there = workspace.lookups.question_ids(wnid, [move["image_id"] for move in moves])
    ids = {move["question_id"]: move["reject"]["id"] for move in moves}
    ids |= {there[move["image_id"]]: move["accept"]["id"] for move in moves}
    return Step(outcomes, ids)


def take_back(workspace: Workspace, step: Step, *, by: str) -> dict[int, str]:
    """Undo verdicts given together; returns the outcomes that their questions have now.

    Raises
    ------
    InputError
        Another verdict was given on one of them since: nothing is undone.
    """
    standing = workspace.lookups.standing(list(step.ids))
    for question, given in step.ids.items():
        if standing.get(question, {}).get("id") != given:
            raise InputError(
                f"Someone has judged question {question} since: the verdict is no longer yours to undo.",
                "Look at it again and give another verdict.",
            )
    by = _named(by)
    rows = [{**_row(str(uuid.uuid4()), "undo", "", by), "question_id": question} for question in step.ids]
    return workspace.writer.record_expert_verdicts(rows)


def _bring(workspace: Workspace, wnid: str) -> None:
    """Choose a synset for the workspace unless it is; WordNet is needed only for one that is new."""
    try:
        workspace.lookups.synset(wnid)
    except InputError:
        add_synsets(workspace, [wnid])


def _named(by: str) -> str:
    """The name under which a verdict is kept; refuses a verdict without one."""
    if not by.strip():
        raise InputError("A verdict needs the name of who gives it.", "Name the expert with --expert NAME")
    return clean_name(by)


def _questions(workspace: Workspace, wanted: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Those questions, by id; refuses what is not there."""
    questions = workspace.lookups.questions(list(wanted))
    absent = [question for question in wanted if question not in questions]
    if absent:
        raise InputError(f"There is no question {absent[0]} in this workspace.", "See: synsetlab review list")
    return questions


def _row(id_: str, verdict: str, reason: str, by: str) -> dict[str, Any]:
    return {"id": id_, "verdict": verdict, "reason": plain_text(reason), "decided_by": by}
