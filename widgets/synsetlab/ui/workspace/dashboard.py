"""What `ConsensusDashboard` shows of a workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from synsetlab.errors import InputError
from synsetlab.ui.workspace.kept import Kept
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

    def __init__(self, workspace: Workspace, kept: Kept | None = None) -> None:
        self.workspace = workspace
        self._kept = kept or Kept(workspace)

    def totals(self) -> Totals:
        """Counts of questions by outcome; dropped duplicates left out."""
        outcomes = self._tallies().groupby("outcome")["questions"].sum()
        given = self.workspace.totals.given()
        return {
            "votes": given["votes"],
            "annotators": given["annotators"],
            "questions": int(outcomes.sum()),
            "open": int(outcomes.get("open", 0)),
            "accepted": int(outcomes.get("accepted", 0)),
            "rejected": int(outcomes.get("rejected", 0)),
            "ambiguous": int(outcomes.get("ambiguous", 0)),
            "excluded": int(outcomes.get("excluded", 0)),
            "last_vote": given["last"] and given["last"].isoformat(timespec="seconds"),
        }

    def votes_over_time(self) -> dict[str, Any]:
        """Votes by when they were decided, hours where these are few enough, else longer stretches."""
        given = self.workspace.totals.given()
        if given["first"] is None:
            return {"unit": "hour", "hours": 1.0, "points": []}
        unit, starts = stretches(given["first"], given["last"])
        length = dict(STRETCHES)[unit]
        found = self.workspace.totals.given_over_time(starts[0], length)
        return {
            "unit": unit,
            "hours": length / timedelta(hours=1),
            "points": [
                {
                    "at": start.isoformat(timespec="seconds"),
                    "votes": found.get(number, (0, 0))[0],
                    "annotators": found.get(number, (0, 0))[1],
                }
                for number, start in enumerate(starts)
            ],
        }

    def left(self, price: float) -> Left:
        """Votes, money and hours that the policy in force is expected to take still."""
        found = remaining(self.workspace, price_per_vote=price)
        median = self.workspace.totals.median_active_ms()
        return {
            "questions": found.questions,
            "votes": found.votes,
            "cost": found.cost,
            "price": price,
            "expert_share": found.expert_share,
            "waiting": found.waiting,
            "hours": None if median is None else median / 3_600_000 * found.votes,
        }

    def synsets(self) -> list[SynsetRow]:
        """By difficulty, the hardest first; synsets without votes last."""
        tallies = self._tallies()
        table = self.workspace.reader.synsets()
        by_wnid = dict(tuple(tallies.groupby("wnid")))
        rows = [
            _synset(wnid, lemmas[0], by_wnid.get(wnid, tallies[:0]))
            for wnid, lemmas in zip(table["wnid"], table["lemmas"], strict=True)
        ]
        return sorted(
            rows, key=lambda row: (row["difficulty"] is None, -(row["difficulty"] or 0.0), row["wnid"])
        )

    def cells(self, wnid: str) -> list[Cell]:
        """Questions by votes for and against, with what such counts mean under the policy in force."""
        tallies = self._tallies()
        mine = tallies[tallies["wnid"] == wnid]
        if mine.empty and wnid not in set(self.workspace.reader.synsets()["wnid"]):
            raise InputError(f"The workspace has no synset {wnid!r}.", "Reload the page.")
        table = getattr(policy_in_force(self.workspace).for_synset(wnid), "cells", None)
        cells: list[Cell] = []
        for key, group in mine.groupby(["n_yes", "n_no"])[["questions", "beliefs", "belief"]]:
            yes, no = cast("tuple[int, int]", key)
            sums = group.sum()
            known = float(sums["belief"] / sums["beliefs"]) if sums["beliefs"] else None
            if table and yes + no < len(table):
                known = float(table[yes][no])
            cells.append(
                {"yes": int(yes), "no": int(no), "questions": int(sums["questions"]), "belief": known}
            )
        return cells

    def annotators(self) -> list[AnnotatorRow]:
        """From the report on annotators, by number of votes; empty where nobody voted."""
        if not self.workspace.totals.anyone_voted():
            return []
        report = self._kept.get("annotators", lambda: study_workspace(self.workspace).report)
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
        return self._kept.get("agreement", self._agreement)

    # -- how -----------------------------------------------------------------------------------

    def _agreement(self) -> list[AgreementPoint]:
        votes = self.workspace.totals.answers()
        told = votes[votes["answer"] != "skip"]
        last = told.groupby("question_id")["seq"].agg(["max", "size"])
        last = last[last["size"] >= 2].sort_values("max", kind="stable")
        shares = min(POINTS, len(last) // FEWEST)
        table = told.rename(columns={"question_id": "task", "annotator": "worker", "answer": "label"})
        share = pd.Series(np.arange(len(last)) * shares // max(len(last), 1), index=last.index)
        parts = table.groupby(table["task"].map(share))[["task", "worker", "label"]]
        ends = [int(part.max()) for _, part in last["max"].groupby(share)] if shares else []
        times = self.workspace.totals.decided_at(ends)
        points: list[AgreementPoint] = [
            {
                "at": times[end].isoformat(timespec="seconds"),
                "alpha": found.krippendorff_alpha,
                "percent": found.percent_agreement,
                "questions": int(mine["task"].nunique()),
            }
            for end, (_, mine) in zip(ends, parts if shares else (), strict=True)
            for found in (measure_agreement(mine),)
        ]
        # Votes come in the order of their log, which imports and pages at work at once make another.
        return sorted(points, key=lambda point: point["at"])

    def _tallies(self) -> pd.DataFrame:
        return self._kept.get("tallies", self.workspace.totals.tallies)


def stretches(first: datetime, last: datetime) -> tuple[str, list[datetime]]:
    """Cut the time from `first` to `last` into equal stretches, 48 at most.

    Returns
    -------
    tuple
        Their length in words (an hour, or the shortest that will do if that is longer; minutes where
        all fell into two hours), and where each begins.
    """
    shortest = (
        0 if last - first < timedelta(minutes=MOST_BARS) else 1 if last - first < timedelta(hours=3) else 2
    )
    for name, length in STRETCHES[shortest:]:
        start = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday: weeks begin as weeks do
        start += (first - start) // length * length
        count = (last - start) // length + 1
        if count <= MOST_BARS or name == "year":
            break
    return name, [start + number * length for number in range(count)]


def _synset(wnid: str, name: str, tallies: pd.DataFrame) -> SynsetRow:
    counts = tallies[["n_yes", "n_no", "n_unsure"]].astype(float)
    questions = tallies["questions"]
    given = counts.sum(axis=1)
    paired = given >= 2
    pairs = (counts * (counts - 1)).sum(axis=1)[paired] / (given * (given - 1))[paired]
    beliefs = int(tallies["beliefs"].sum())
    outcomes = tallies.groupby("outcome")["questions"].sum()
    return {
        "wnid": wnid,
        "name": name,
        "questions": int(questions.sum()),
        "accepted": int(outcomes.get("accepted", 0)),
        "rejected": int(outcomes.get("rejected", 0)),
        "ambiguous": int(outcomes.get("ambiguous", 0)),
        "open": int(outcomes.get("open", 0)),
        "votes": int((given * questions).sum()),
        "agreement": float(np.average(pairs, weights=questions[paired])) if len(pairs) else None,
        "difficulty": float(tallies["doubt"].sum()) / beliefs if beliefs else None,
    }


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
