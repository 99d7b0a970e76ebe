"""What `VoteReview` shows of a workspace: what waits for an expert and why, and where verdicts go."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError
from synsetlab.review import give_verdicts, relabel, take_back
from synsetlab.ui.review_queue import agreement, entropy, reliability
from synsetlab.ui.sources import current_annotator
from synsetlab.ui.workspace.pictures import WorkspacePictures
from synsetlab.voting.annotators import study_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from synsetlab.review import Step
    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.browser import SynsetBrowser
    from synsetlab.ui.review import LogEntry, Reliability, ReviewDetail, ReviewItem

__all__ = ["WorkspaceReview"]

LOGGED = 500
DISPUTED_VOTES, DISPUTED_SHARE = 2, 1 / 3
"""A settled question is disputed where at least so many votes, and such a share, went the other way."""


class WorkspaceReview:
    """A `ReviewSource` over a workspace.

    The queue holds, each picture's question once: what somebody flagged (answered with a skip), what the
    votes left ambiguous, what they settled against two votes or more that are a third of all
    (disputed), and a sample of the other settled ones (audit).

    Parameters
    ----------
    workspace
        Where the questions are.
    expert
        Who decides; None: ``$SYNSETLAB_ANNOTATOR``, else the name of the account.
    wnid
        Only questions about this synset.
    audit
        So many settled questions are shown all the same, drawn with `seed`.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        expert: str | None = None,
        wnid: str | None = None,
        audit: int = 0,
        seed: int = 0,
    ) -> None:
        if audit < 0:
            raise InputError(f"audit={audit} is no number of questions.", "Give 0 or more.")
        self.workspace = workspace
        self.expert = expert or current_annotator()
        self._wnid, self._audit, self._seed = wnid, audit, seed
        self._pictures = WorkspacePictures(workspace)
        self._steps: list[tuple[list[str], Step]] = []
        self._known: tuple[int, dict[str, Reliability]] = (0, {})

    def queue(self, reason: str | None = None) -> list[ReviewItem]:
        """What waits for an expert: flagged, ambiguous (most undecided first), disputed, audit."""
        rows = self._waiting()
        if reason is not None:
            rows = rows[rows["why"] == reason]
        synsets = self.workspace.reader.synsets(chosen_only=False)
        names = dict(zip(synsets["wnid"], synsets["lemmas"], strict=True))
        voters = self._voters(set(rows["id"]))
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
            for row in rows.to_dict("records")
        ]

    def detail(self, question: str) -> ReviewDetail:
        """Everyone's answer with how far they can be believed, duplicates, origin and history."""
        number = self._number(question)
        lookups = self.workspace.lookups
        card = lookups.cards([number])
        if not card:
            raise InputError(f"There is no question {question} in this workspace.", "Reload the page.")
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

    def verdict(
        self, questions: Sequence[str], verdict: str, reason: str, *, votes: int = 3, wnid: str = ""
    ) -> None:
        """Record the verdicts as one step; they overrule the votes."""
        if isinstance(questions, str):  # its characters would name other questions
            questions = [questions]
        numbers = [self._number(question) for question in questions]
        if verdict == "relabel":
            step = relabel(self.workspace, numbers, wnid, by=self.expert, reason=reason)
        else:
            step = give_verdicts(self.workspace, numbers, verdict, by=self.expert, reason=reason, votes=votes)
        self._steps.append((list(questions), step))

    def undo(self) -> dict[str, str | None] | None:
        """Take back the last step made through this panel."""
        if not self._steps:
            return None
        questions, step = self._steps[-1]
        try:
            take_back(self.workspace, step, by=self.expert)
        finally:
            self._steps.pop()  # what can no more be undone must not stand in the way of those before it
        standing = self.workspace.reader.standing_verdicts()
        stands = dict(zip(standing["question_id"].astype(str), standing["verdict"], strict=True))
        return {question: stands.get(question) for question in questions}

    def reliability(self) -> dict[str, Reliability]:
        """How often each annotator is right, judged by the others' votes over all synsets."""
        votes = self.workspace.reader.counts()["votes"]
        if votes != self._known[0]:
            report = study_workspace(self.workspace).report
            self._known = (votes, {str(row["worker"]): reliability(row) for row in report.to_dict("records")})
        return self._known[1]

    def synsets(self) -> SynsetBrowser:
        """All of WordNet, with how many pictures each synset has here."""
        from synsetlab.ui.review_synsets import SynsetsToPick  # noqa: PLC0415 - only where someone relabels

        return SynsetsToPick(workspace=self.workspace)

    def log(self) -> list[LogEntry]:
        """The last verdicts of everybody, the newest first."""
        rows = self.workspace.reader.expert_verdicts().tail(LOGGED).to_dict("records")
        standing = set(self.workspace.reader.standing_verdicts()["id"])
        questions = self.workspace.reader.questions().set_index("id")[["image_id", "wnid"]]
        synsets = self.workspace.reader.synsets(chosen_only=False)
        names = {wnid: lemmas[0] for wnid, lemmas in zip(synsets["wnid"], synsets["lemmas"], strict=True)}
        return [
            {
                "question": str(row["question_id"]),
                "key": str(questions.at[row["question_id"], "image_id"]),
                "name": names[str(questions.at[row["question_id"], "wnid"])],
                "verdict": row["verdict"],
                "reason": row["reason"],
                "by": row["decided_by"],
                "at": row["decided_at"].isoformat(timespec="seconds"),
                "stands": row["id"] in standing,
            }
            for row in reversed(rows)
        ]

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand in the workspace."""
        return self.workspace.reader.standing_verdicts()

    def thumbnail(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.thumbnail(key)

    def picture(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.picture(key)

    # -- how -----------------------------------------------------------------------------------

    @staticmethod
    def _number(question: str) -> int:
        try:
            return int(question)
        except ValueError:
            raise InputError(f"{question!r:.80} names no question.", "Reload the page.") from None

    def _waiting(self) -> pd.DataFrame:
        """The questions of the queue in order, each with ``why`` it is there."""
        import pandas as pd  # noqa: PLC0415 - half the start-up time of a page

        reader = self.workspace.reader
        rows = reader.questions()
        rows = rows[rows["duplicate_of"].isna() & ~rows["example"].astype(bool)]
        rows = rows[~rows["id"].isin(reader.standing_verdicts()["question_id"])]
        if self._wnid is not None:
            rows = rows[rows["wnid"] == self._wnid]
        against = rows[["n_yes", "n_no"]].min(axis=1)
        share = against / rows[["n_yes", "n_no"]].sum(axis=1).clip(lower=1)
        settled = rows["outcome"].isin(["accepted", "rejected"]) & rows["gold_answer"].isna()
        why = pd.Series("", index=rows.index)
        why[settled & (against >= DISPUTED_VOTES) & (share >= DISPUTED_SHARE)] = "disputed"
        why[rows["outcome"] == "ambiguous"] = "ambiguous"
        why[rows["n_skip"].astype(int) > 0] = "flagged"
        quiet = sorted(rows.loc[settled & (why == ""), "id"])
        drawn = random.Random(self._seed).sample(quiet, min(self._audit, len(quiet)))
        why[rows["id"].isin(drawn)] = "audit"
        doubt = (pd.to_numeric(rows["posterior"], errors="coerce").fillna(0.5) - 0.5).abs()
        rank = why.map({"flagged": 0, "ambiguous": 1, "disputed": 2, "audit": 3})
        table = rows.assign(why=why, doubt=doubt.where(why != "audit", 0.0), rank=rank)
        return table[why != ""].sort_values(["rank", "doubt", "id"])

    def _voters(self, questions: set[int]) -> dict[int, list[str]]:
        if not questions:
            return {}
        votes = self.workspace.reader.votes()
        mine = votes[votes["question_id"].isin(questions)]
        found: dict[int, list[str]] = {}
        for number, name in zip(mine["question_id"], mine["annotator"], strict=True):
            found.setdefault(int(number), []).append(name)
        return found

    def _origin(self, image: str, card: dict[str, Any]) -> dict[str, Any]:
        images = self.workspace.reader.images()
        fact = images[images["id"] == image].to_dict("records")[0]
        sources = self.workspace.reader.sources()
        source = sources[sources["image_id"] == image].to_dict("records")
        retrieved = {"retrieved": source[0]["retrieved_at"].date().isoformat()} if source else {}
        found = {name: card[name] for name in ("licence", "author", "landing_page") if card[name]}
        sizes = {name: int(fact[name]) for name in ("width", "height", "bytes")}
        return {**found, **retrieved, "sha256": image, **sizes, "phash": fact["phash"]}


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
