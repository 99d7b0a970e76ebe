"""What the votes of a workspace could not settle, and what is known of each question."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError
from synsetlab.ui.review_queue import agreement, entropy, reliability
from synsetlab.ui.workspace.kept import Kept
from synsetlab.voting.annotators import study_workspace

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.review import LogEntry, Reliability, ReviewDetail, ReviewItem

__all__ = ["ReviewFacts"]

LOGGED = 500
DISPUTED_VOTES, DISPUTED_SHARE = 2, 1 / 3
"""A settled question is disputed where at least so many votes, and such a share, went the other way."""


RANKS = ("flagged", "ambiguous", "disputed", "audit")


class ReviewFacts:
    """What `synsetlab.ui.workspace.review.WorkspaceReview` shows; needs the database."""

    def __init__(self, workspace: Workspace, kept: Kept | None = None) -> None:
        self.workspace = workspace
        self._kept = kept or Kept(workspace)

    def queue(self, wnid: str | None, audit: int, seed: int) -> list[ReviewItem]:
        """What waits for an expert: flagged, ambiguous (most undecided first), disputed, audit."""
        rows = self._waiting(wnid, audit, seed)
        synsets = self.workspace.reader.synsets(chosen_only=False)
        names = dict(zip(synsets["wnid"], synsets["lemmas"], strict=True))
        voters = self.workspace.waiting.voters([row["id"] for row in rows])
        return [
            {
                "question": str(row["id"]),
                "key": row["image_id"],
                "wnid": row["wnid"],
                "lemmas": names[row["wnid"]],
                "posterior": _number(row["posterior"]),
                "yes": int(row["n_yes"]),
                "no": int(row["n_no"]),
                "unsure": int(row["n_unsure"]),
                "flags": int(row["n_skip"]),
                "reason": row["why"],
                "outcome": row["outcome"],
                "agreement": agreement(row["n_yes"], row["n_no"], row["n_unsure"]),
                "entropy": entropy(_number(row["posterior"])),
                "annotators": voters.get(row["id"], []),
                "verdict": None,
            }
            for row in rows
        ]

    def detail(self, number: int) -> ReviewDetail:
        """Everyone's answer with how far they can be believed, duplicates, origin and history."""
        lookups = self.workspace.lookups
        card = lookups.cards([number])
        if not card:
            raise InputError(f"There is no question {number} in this workspace.", "Reload the page.")
        image = card[0]["image_id"]
        decisions, verdicts = lookups.said_before(number)
        votes = lookups.votes_on(number)
        asked = lookups.questions_about(image)
        return {
            "gloss": lookups.synset(card[0]["wnid"])["gloss"],
            "why": _why(next(row for row in asked if row["id"] == number), votes),
            "policy": decisions[-1]["reason"] if decisions else "",
            "votes": [
                {
                    "annotator": row["annotator"],
                    "answer": row["answer"],
                    "seconds": None if row["active_ms"] is None else row["active_ms"] / 1000,
                }
                for row in votes
            ],
            "duplicates": [
                {
                    "key": row["image_id"],
                    "distance": int(row["distance"]),
                    "asked": [_asked(one) for one in lookups.questions_about(row["image_id"])],
                }
                for row in lookups.near(image)
            ],
            "others": [_asked(row) for row in asked if row["id"] != number],
            "origin": self._origin(image, card[0]),
            "history": _history(decisions, verdicts),
        }

    def reliability(self) -> dict[str, Reliability]:
        """How often each annotator is right, judged by the others' votes over all synsets."""
        report = self._kept.get("annotators", lambda: study_workspace(self.workspace).report)
        return {str(row["worker"]): reliability(row) for row in report.to_dict("records")}

    def log(self) -> list[LogEntry]:
        """The last verdicts of everybody, the newest first."""
        return [
            {
                "question": str(row["question_id"]),
                "key": row["image_id"],
                "name": row["lemmas"][0],
                "verdict": row["verdict"],
                "reason": row["reason"],
                "by": row["decided_by"],
                "at": row["decided_at"].isoformat(timespec="seconds"),
                "stands": row["stands"],
            }
            for row in self.workspace.lookups.expert_log(LOGGED)
        ]

    # -- how -----------------------------------------------------------------------------------

    def _waiting(self, wnid: str | None, audit: int, seed: int) -> list[dict[str, Any]]:
        """The questions of the queue in order, each with ``why`` it is there."""
        waiting = self.workspace.waiting
        rows = waiting.escalated(wnid, DISPUTED_VOTES, DISPUTED_SHARE)
        if audit:
            shown = {row["id"] for row in rows}
            quiet = [number for number in waiting.settled(wnid) if number not in shown]
            drawn = random.Random(seed).sample(quiet, min(audit, len(quiet)))
            sample = self.workspace.lookups.questions(drawn)
            rows += [{**sample[number], "why": "audit"} for number in drawn]
        return sorted(rows, key=lambda row: (RANKS.index(row["why"]), _doubt(row), row["id"]))

    def _origin(self, image: str, card: dict[str, Any]) -> dict[str, Any]:
        fact = self.workspace.lookups.pictures([image])[image]
        source = fact["source"]
        retrieved = {"retrieved": source["retrieved_at"].date().isoformat()} if source else {}
        found = {name: card[name] for name in ("licence", "author", "landing_page") if card[name]}
        sizes = {name: int(fact[name]) for name in ("width", "height", "bytes")}
        return {**found, **retrieved, "sha256": image, **sizes, "phash": fact["phash"]}


def _doubt(row: dict[str, Any]) -> float:
    """0 where the belief is even; audits come as they are."""
    belief = _number(row["posterior"])
    return 0.0 if row["why"] == "audit" or belief is None else abs(belief - 0.5)


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)  # noqa: PLR0124 - NaN


def _asked(row: dict[str, Any]) -> dict[str, Any]:
    """A question as the page shows it beside another."""
    counts = {"yes": row["n_yes"], "no": row["n_no"], "unsure": row["n_unsure"]}
    return {"wnid": row["wnid"], "lemmas": row["lemmas"], "outcome": row["outcome"], **counts}


def _why(question: dict[str, Any], votes: list[dict[str, Any]]) -> str:
    """Why a question is in the queue, beyond what the policy says of it."""
    flagged = [row["annotator"] for row in votes if row["answer"] == "skip"]
    if flagged:
        return f"Flagged by {', '.join(flagged)}."
    if question["outcome"] == "ambiguous":
        return "The votes could not settle it."
    yes, no = question["n_yes"], question["n_no"]
    if _disputed(yes, no):
        side = "no" if question["outcome"] == "accepted" else "yes"
        return f"It was {question['outcome']}, but {min(yes, no)} of {yes + no} said {side}."
    return f"It was {question['outcome']}; drawn at random to check the votes."


def _disputed(yes: int, no: int) -> bool:
    against = min(yes, no)
    return against >= DISPUTED_VOTES and against >= DISPUTED_SHARE * (yes + no)


def _history(decisions: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> list[str]:
    """What happened, oldest first, one sentence each."""
    last: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in decisions:  # a later run may have changed the belief alone
        last[(row["outcome"], row["n_yes"], row["n_no"], row["n_unsure"])] = row
    said = [
        (
            row["decided_at"],
            f"policy: {row['outcome']} at {row['n_yes']} yes, {row['n_no']} no"
            + (f", {row['n_unsure']} unsure" if row["n_unsure"] else "")
            + f" (belief {row['posterior']:.2f})",
        )
        for row in last.values()
    ]
    said += [
        (
            row["decided_at"],
            f"{row['decided_by']}: {row['verdict']}" + (f" ({row['reason']})" if row["reason"] else ""),
        )
        for row in verdicts
    ]
    return [f"{at:%Y-%m-%d %H:%M} {text}" for at, text in sorted(said, key=lambda one: one[0])]
