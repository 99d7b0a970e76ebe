"""What `ConsensusDashboard` shows of a workspace."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import pandas as pd

from synsetlab.errors import InputError
from synsetlab.ui.review_queue import entropy
from synsetlab.voting.agreement import measure_agreement
from synsetlab.voting.annotators import study_workspace
from synsetlab.voting.consensus import policy_in_force
from synsetlab.voting.remaining import remaining

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.dashboard import AgreementPoint, AnnotatorRow, Cell, Left, ProblemRow, SynsetRow, Totals

__all__ = ["WorkspaceDashboard", "stretches"]

STRETCHES: Final = (
    ("minute", timedelta(minutes=1)),
    ("10 minutes", timedelta(minutes=10)),
    ("hour", timedelta(hours=1)),
    ("6 hours", timedelta(hours=6)),
    ("day", timedelta(days=1)),
    ("week", timedelta(days=7)),
    ("4 weeks", timedelta(days=28)),
    ("year", timedelta(days=364)),
)
MOST_BARS = 48
POINTS = 12
FEWEST = 10
"""Questions with two votes or more below which agreement in a stretch of time would be chance."""


class WorkspaceDashboard:
    """A `DashboardSource` over a workspace: read anew at each call, cached while no vote is added."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._kept: dict[str, tuple[tuple[int, ...], Any]] = {}

    def totals(self) -> Totals:
        """Counts of questions by outcome; dropped duplicates left out."""
        outcomes = self._questions()["outcome"].value_counts()
        votes = self._votes()
        return {
            "votes": len(votes),
            "annotators": int(votes["annotator"].nunique()),
            "questions": int(outcomes.sum()),
            "open": int(outcomes.get("open", 0)),
            "accepted": int(outcomes.get("accepted", 0)),
            "rejected": int(outcomes.get("rejected", 0)),
            "ambiguous": int(outcomes.get("ambiguous", 0)),
            "excluded": int(outcomes.get("excluded", 0)),
            "last_vote": None if votes.empty else max(votes["decided_at"]).isoformat(timespec="seconds"),
        }

    def votes_over_time(self) -> dict[str, Any]:
        """Votes by when they were decided, hours where these are few enough, else longer stretches."""
        votes = self._votes()
        if votes.empty:
            return {"unit": "hour", "hours": 1.0, "points": []}
        times = pd.to_datetime(pd.Series(list(votes["decided_at"])), utc=True)
        unit, starts, place = stretches(times)
        counted = votes.assign(place=place.to_numpy()).groupby("place")["annotator"].agg(["size", "nunique"])
        return {
            "unit": unit,
            "hours": dict(STRETCHES)[unit] / timedelta(hours=1),
            "points": [
                {
                    "at": start.isoformat(timespec="seconds"),
                    "votes": int(counted["size"].get(number, 0)),
                    "annotators": int(counted["nunique"].get(number, 0)),
                }
                for number, start in enumerate(starts)
            ],
        }

    def left(self, price: float) -> Left:
        """Votes, money and hours that the policy in force is expected to take still."""
        found = remaining(self.workspace, price_per_vote=price)
        times = pd.to_numeric(self._votes()["active_ms"], errors="coerce").dropna()
        hours = float(times.median()) / 3_600_000 * found.votes if len(times) else None
        return {
            "questions": found.questions,
            "votes": found.votes,
            "cost": found.cost,
            "price": price,
            "expert_share": found.expert_share,
            "waiting": found.waiting,
            "hours": hours,
        }

    def synsets(self) -> list[SynsetRow]:
        """By difficulty, the hardest first; synsets without votes last."""
        questions = self._questions()
        table = self.workspace.reader.synsets()
        by_wnid = dict(tuple(questions.groupby("wnid")))
        rows = [
            _synset(wnid, lemmas[0], by_wnid.get(wnid, questions[:0]))
            for wnid, lemmas in zip(table["wnid"], table["lemmas"], strict=True)
        ]
        return sorted(
            rows, key=lambda row: (row["difficulty"] is None, -(row["difficulty"] or 0.0), row["wnid"])
        )

    def cells(self, wnid: str) -> list[Cell]:
        """Questions by votes for and against, with what such counts mean under the policy in force."""
        questions = self._questions()
        mine = questions[questions["wnid"] == wnid]
        if mine.empty and wnid not in set(self.workspace.reader.synsets()["wnid"]):
            raise InputError(f"The workspace has no synset {wnid!r}.", "Reload the page.")
        table = getattr(policy_in_force(self.workspace).for_synset(wnid), "cells", None)
        cells: list[Cell] = []
        for key, group in mine.groupby(["n_yes", "n_no"]):
            yes, no = cast("tuple[int, int]", key)
            belief = pd.to_numeric(group["posterior"], errors="coerce").mean()
            if table and yes + no < len(table):
                belief = table[yes][no]
            known = None if math.isnan(belief) else float(belief)
            cells.append({"yes": int(yes), "no": int(no), "questions": len(group), "belief": known})
        return cells

    def annotators(self) -> list[AnnotatorRow]:
        """From the report on annotators, by number of votes; empty where nobody voted."""
        if not (self._votes()["answer"] != "skip").any():
            return []
        report = self._once("annotators", lambda: study_workspace(self.workspace).report)
        return [
            {
                "name": str(row["worker"]),
                "votes": int(row["votes"]),
                "right": _number(row["right"]),
                # With few votes, all right, the estimate itself lies outside the interval.
                "right_low": _number(min(row["right"], row["right_low"])),
                "right_high": _number(max(row["right"], row["right_high"])),
                "gold_right": int(row["gold_right"]),
                "gold_votes": int(row["gold_votes"]),
                "seconds": None if _number(row["median_ms"]) is None else float(row["median_ms"]) / 1000,
                "flags": list(row["flags"]),
            }
            for row in report.to_dict("records")
        ]

    def problems(self) -> list[ProblemRow]:
        """What annotators reported, the newest first."""
        found = self.workspace.own_work.problems()
        return [
            {
                "wnid": row["wnid"],
                "name": row["lemmas"][0],
                "kind": row["kind"],
                "text": row["text"],
                "annotator": row["annotator"],
                "at": row["at"].isoformat(timespec="seconds"),
            }
            for row in sorted(found, key=lambda one: one["at"], reverse=True)
        ]

    def agreement_over_time(self) -> list[AgreementPoint]:
        """Agreement on the questions whose last vote fell into each of about a dozen equal shares."""
        votes = self._votes()
        told = votes[votes["answer"] != "skip"]
        last = told.groupby("question_id")["decided_at"].agg(["max", "size"])
        last = last[last["size"] >= 2].sort_values("max", kind="stable")
        shares = min(POINTS, len(last) // FEWEST)
        points: list[AgreementPoint] = []
        for number in range(shares):
            part = last.iloc[len(last) * number // shares : len(last) * (number + 1) // shares]
            mine = told[told["question_id"].isin(part.index)]
            table = mine.rename(columns={"question_id": "task", "annotator": "worker", "answer": "label"})
            found = measure_agreement(table[["task", "worker", "label"]])
            points.append(
                {
                    "at": max(part["max"]).isoformat(timespec="seconds"),
                    "alpha": found.krippendorff_alpha,
                    "percent": found.percent_agreement,
                    "questions": len(part),
                }
            )
        return points

    # -- how -----------------------------------------------------------------------------------

    def _once(self, name: str, make: Any) -> Any:
        version = tuple(self.workspace.reader.counts().values())
        if name not in self._kept or self._kept[name][0] != version:
            self._kept[name] = (version, make())
        return self._kept[name][1]

    def _votes(self) -> pd.DataFrame:
        return self._once("votes", self.workspace.reader.votes)  # type: ignore[no-any-return]

    def _questions(self) -> pd.DataFrame:
        """Those that are asked: neither of dropped duplicates nor examples; always as they are now."""
        questions = self.workspace.reader.questions()
        return questions[questions["duplicate_of"].isna() & ~questions["example"].astype(bool)]


def stretches(times: pd.Series[Any]) -> tuple[str, list[datetime], pd.Series[int]]:
    """Cut the time from the first of `times` to the last into equal stretches, 48 at most.

    Returns
    -------
    tuple
        Their length in words (an hour, or the shortest that will do if that is longer; minutes where
        all fell into two hours), where each begins, and in which each of `times` is.
    """
    first, last = times.min().to_pydatetime(), times.max().to_pydatetime()
    shortest = (
        0 if last - first < timedelta(minutes=MOST_BARS) else 1 if last - first < timedelta(hours=3) else 2
    )
    for name, length in STRETCHES[shortest:]:
        start = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday: weeks begin as weeks do
        start += (first - start) // length * length
        count = (last - start) // length + 1
        if count <= MOST_BARS or name == "year":
            break
    place = ((times - start) // length).astype(int)
    return name, [start + number * length for number in range(count)], place


def _synset(wnid: str, name: str, questions: pd.DataFrame) -> SynsetRow:
    counts = questions[["n_yes", "n_no", "n_unsure"]].astype(float)
    given = counts.sum(axis=1)
    paired = given >= 2
    pairs = (counts * (counts - 1)).sum(axis=1)[paired] / (given * (given - 1))[paired]
    doubts = [entropy(float(value)) for value in questions["posterior"].dropna()]
    known = [doubt for doubt in doubts if doubt is not None]
    outcomes = questions["outcome"].value_counts()
    return {
        "wnid": wnid,
        "name": name,
        "questions": len(questions),
        "accepted": int(outcomes.get("accepted", 0)),
        "rejected": int(outcomes.get("rejected", 0)),
        "ambiguous": int(outcomes.get("ambiguous", 0)),
        "open": int(outcomes.get("open", 0)),
        "votes": int(given.sum()),
        "agreement": float(pairs.mean()) if len(pairs) else None,
        "difficulty": sum(known) / len(known) if known else None,
    }


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
