"""A table of votes and a folder of pictures as the source of a review."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from synsetlab.errors import InputError, MissingColumnError, SynsetlabError
from synsetlab.ui.pictures import FilePictures
from synsetlab.ui.review_queue import agreement, entropy, reliability
from synsetlab.voting.annotators import study_annotators

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from synsetlab.ui.browser import SynsetBrowser
    from synsetlab.ui.review import LogEntry, Reliability, ReviewDetail, ReviewItem

__all__ = ["FrameReview"]

NEEDED: Final = ("task", "worker", "label")
ANSWERS: Final = {
    **dict.fromkeys(("yes", "y", "true", "1", "1.0"), "yes"),
    **dict.fromkeys(("no", "n", "false", "0", "0.0"), "no"),
    **dict.fromkeys(("unsure", "?"), "unsure"),
    "skip": "skip",
}


class FrameReview:
    """Votes in a frame, beliefs by the share of yes, verdicts in memory. See `VoteReview.from_frame`.

    Raises
    ------
    MissingColumnError
        The frame lacks ``task``, ``worker`` or ``label``.
    InputError
        A label is none that is known, the limits are the wrong way round or the folder does not exist.
    """

    def __init__(
        self,
        votes: pd.DataFrame,
        images: str | os.PathLike[str],
        *,
        question: str = "",
        accept: float = 0.8,
        reject: float = 0.2,
        audit: int = 0,
        seed: int = 0,
    ) -> None:
        if not 0 <= reject < accept <= 1:
            raise InputError(f"reject={reject} and accept={accept}: 0 <= reject < accept <= 1 is needed.")
        self._files = FilePictures(images)
        self._votes = _clean(votes)
        self._question, self._accept, self._reject = question, accept, reject
        self._items = self._build(audit, seed)
        self._log: list[dict[str, Any]] = []
        self._steps: list[int] = []

    # -- ReviewSource ----------------------------------------------------------------------------

    def queue(self, reason: str | None = None) -> list[ReviewItem]:
        """What is not settled, most doubtful first, then the audit."""
        standing = {row["question"]: row["verdict"] for row in self._log}
        return [
            {**item, "verdict": standing.get(name)}
            for name, item in self._items.items()
            if reason is None or item["reason"] == reason
        ]

    def detail(self, question: str) -> ReviewDetail:
        """Who voted how, and what the file says of itself."""
        item = self._item(question)
        rows = self._votes[self._votes["question"] == question].to_dict("records")
        votes = [
            {
                "annotator": row["worker"],
                "answer": row["answer"],
                "seconds": row["seconds"],
            }
            for row in rows
        ]
        said = sum(item[answer] for answer in ("yes", "no", "unsure"))
        detail: ReviewDetail = {
            "gloss": self._text(item["wnid"])[1],
            "policy": f"{said} {'vote' if said == 1 else 'votes'}; accepted from {self._accept:.2f} yes, "
            f"rejected up to {self._reject:.2f}.",
            "why": _why(item),
            "votes": votes,
        }
        try:
            detail["origin"] = {"file": item["key"], **self._files.facts(item["key"])}
        except SynsetlabError:  # the picture's own place says what is wrong with it
            detail["origin"] = {"file": item["key"]}
        return detail

    def verdict(
        self, questions: Sequence[str], verdict: str, reason: str, *, votes: int = 3, wnid: str = ""
    ) -> None:
        """Keep the verdicts in memory."""
        for question in questions:
            if verdict == "relabel" and self._item(question)["wnid"] == wnid:
                raise InputError(f"The picture is asked about {wnid} already.", "Accept it instead.")
            self._item(question)
        if verdict == "relabel" and self._taxonomy is not None:
            self._taxonomy.require(wnid)
        now = datetime.now(UTC)
        more = {"votes": votes if verdict == "more-votes" else None, "relabel": wnid or None}
        self._log += [
            {"question": question, "verdict": verdict, "reason": reason, **more, "decided_at": now}
            for question in questions
        ]
        self._steps.append(len(questions))

    def undo(self) -> dict[str, str | None] | None:
        """Forget the last step."""
        if not self._steps:
            return None
        size = self._steps.pop()
        gone, self._log = self._log[-size:], self._log[:-size]
        standing = {row["question"]: row["verdict"] for row in self._log}
        return {row["question"]: standing.get(row["question"]) for row in gone}

    def reliability(self) -> dict[str, Reliability]:
        """How often each worker is right, judged by the others' votes in the table."""
        return self._reliability

    def synsets(self) -> SynsetBrowser:
        """All of WordNet."""
        from synsetlab.ui.review_synsets import SynsetsToPick  # noqa: PLC0415 - only where someone relabels

        return SynsetsToPick()

    def log(self) -> list[LogEntry]:
        """What was decided here, the newest first; steps that were taken back are forgotten."""
        last = {row["question"]: place for place, row in enumerate(self._log)}
        entries: list[LogEntry] = []
        for place, row in enumerate(self._log):
            item = self._items[row["question"]]
            entries.append(
                {
                    "question": row["question"],
                    "key": item["key"],
                    "name": item["lemmas"][0] if item["lemmas"] else item["key"],
                    "verdict": row["verdict"],
                    "reason": row["reason"] or row["relabel"] or "",
                    "by": "",
                    "at": row["decided_at"].isoformat(timespec="seconds"),
                    "stands": last[row["question"]] == place,
                }
            )
        return entries[::-1]

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand, one row a question: ``task`` and, if there was one, ``wnid`` too.

        ``relabel`` is the other synset's wnid, ``votes`` how many more are wanted; None elsewhere.
        """
        columns = ["task", "wnid", "verdict", "reason", "relabel", "votes", "decided_at"]
        last = {row["question"]: row for row in self._log}
        rows = [{**row, **_parts(name)} for name, row in last.items()]
        return pd.DataFrame(rows, columns=columns)

    def thumbnail(self, key: str) -> bytes:
        """About 256 px."""
        return self._files.thumbnail(key)

    def picture(self, key: str) -> bytes:
        """The picture in full."""
        return self._files.picture(key)

    # -- how -------------------------------------------------------------------------------------

    def _item(self, question: str) -> ReviewItem:
        try:
            return self._items[question]
        except KeyError:
            raise InputError(f"There is no question {question!r} in this review.") from None

    def _build(self, audit: int, seed: int) -> dict[str, ReviewItem]:
        tallies = pd.crosstab(self._votes["question"], self._votes["answer"])
        tallies = tallies.reindex(columns=["yes", "no", "unsure"], fill_value=0)
        doubtful, settled = list[tuple[float, str]](), list[str]()
        items: dict[str, ReviewItem] = {}
        voters = {name: sorted(set(group)) for name, group in self._votes.groupby("question")["worker"]}
        for name, yes, no, unsure in zip(tallies.index, *(tallies[c] for c in tallies.columns), strict=True):
            belief = float(yes) / float(yes + no) if yes + no else None
            parts = _parts(name)
            open_ = belief is None or self._reject < belief < self._accept
            items[name] = {
                "question": name,
                "key": parts["task"],
                "wnid": parts["wnid"],
                "lemmas": self._text(parts["wnid"])[0],
                "posterior": belief,
                "yes": int(yes),
                "no": int(no),
                "unsure": int(unsure),
                "flags": 0,
                "reason": "ambiguous",
                "outcome": "ambiguous" if open_ else "accepted" if belief and belief > 0.5 else "rejected",
                "agreement": agreement(yes, no, unsure),
                "entropy": entropy(belief),
                "annotators": voters[name],
                "verdict": None,
            }
            if open_:
                doubtful.append((abs((0.5 if belief is None else belief) - 0.5), name))
            else:
                settled.append(name)
        for name in settled:
            items[name]["reason"] = "audit"
        drawn = random.Random(seed).sample(sorted(settled), min(audit, len(settled)))
        return {name: items[name] for name in [*(name for _, name in sorted(doubtful)), *drawn]}

    @cached_property
    def _reliability(self) -> dict[str, Reliability]:
        told = self._votes.rename(columns={"question": "task", "answer": "label"})
        told = told.assign(active_ms=pd.to_numeric(told["seconds"], errors="coerce") * 1000)
        report = study_annotators(told, not_classes=("unsure",)).report
        return {str(row["worker"]): reliability(row) for row in report.to_dict("records")}

    def _text(self, wnid: str) -> tuple[list[str], str]:
        """Lemmas and gloss; of the question in words where there is no wnid."""
        if not wnid:
            return ([self._question] if self._question else []), ""
        if self._taxonomy is None:
            return [wnid], ""
        return self._taxonomy.lemmas(wnid), self._taxonomy.gloss(wnid)

    @cached_property
    def _taxonomy(self) -> Any:
        from synsetlab.taxonomy import load  # noqa: PLC0415  # only a table with wnids needs WordNet

        try:
            return load()
        except SynsetlabError:  # without WordNet the wnid is shown, which is enough to decide
            return None


def _clean(votes: pd.DataFrame) -> pd.DataFrame:
    for name in NEEDED:
        if name not in votes.columns:
            raise MissingColumnError("votes", name, [str(column) for column in votes.columns])
    if votes.empty:
        raise InputError("votes is empty: there is nothing to review.")
    empty = votes[list(NEEDED)].isna().any(axis=None)
    if empty:
        raise InputError("votes has empty cells among task, worker and label.", "Leave such rows out.")
    labels = votes["label"].astype(str).str.strip().str.lower()
    answers = labels.map(ANSWERS)
    if answers.isna().any():
        unknown = votes["label"][answers.isna()].iloc[0]
        raise InputError(
            f"votes: the label {unknown!r} is none that a review of yes and no knows.",
            "Labels are yes, no, unsure or skip (1 and 0, true and false are read too).",
        )
    tasks = votes["task"].astype(str)
    wnids = votes["wnid"].fillna("").astype(str) if "wnid" in votes.columns else ""
    seconds = (
        pd.to_numeric(votes["active_ms"], errors="coerce") / 1000 if "active_ms" in votes.columns else None
    )
    clean = pd.DataFrame(
        {"question": tasks + "\t" + wnids, "worker": votes["worker"].astype(str), "answer": answers}
    )
    clean["seconds"] = None if seconds is None else seconds.astype(object).where(seconds.notna(), None)
    return clean[clean["answer"] != "skip"].reset_index(drop=True)


def _parts(question: str) -> dict[str, str]:
    task, _, wnid = question.rpartition("\t")
    return {"task": task, "wnid": wnid}


def _why(item: ReviewItem) -> str:
    if item["reason"] == "audit":
        return "Settled; drawn to check the votes."
    if item["posterior"] is None:
        return "Nobody said yes or no."
    return "Neither was reached."
