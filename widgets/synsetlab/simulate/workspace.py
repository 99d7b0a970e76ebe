"""The demo workspace: the whole line on drawn pictures with known truth, and no network."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.candidates.manifest import import_manifest
from synsetlab.config import WORKSPACE_FILE
from synsetlab.dedup.stage import FINGERPRINT, deduplicate
from synsetlab.errors import WorkspaceError
from synsetlab.simulate.annotators import make_crowd
from synsetlab.simulate.demo import MANIFEST, TARGETS, draw_demo
from synsetlab.simulate.labelling import Known, simulate_labelling, write_truth
from synsetlab.simulate.working_hours import WorkingHours
from synsetlab.store.workspace import Workspace, check_database
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import DynamicPolicy

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from synsetlab.simulate.demo import DemoImage

__all__ = ["TRUTH", "BuiltDemo", "build_demo", "plan_truth"]

TRUTH = "truth.csv"
"""Name of the truth table in a demo workspace."""

LEFT_FOR_YOU = 4
"""Synsets that the simulated annotators leave alone, so that there is something to label."""

ONE_IN = 12
"""Of so many pictures of a synset one is an example of a yes, and one a hidden gold question of a yes."""

SINCE = timedelta(hours=44)
"""How long ago the first vote was given: in what the Progress page shows by the hour."""

WANTED = 30
"""Accepted images of each class: what the bars of the browser fill up to."""
RULES_YES = "any real one, partly hidden, several, at any angle"
RULES_NO = "other things, even similar ones; pictures in which none can be made out"


@dataclass(frozen=True, slots=True)
class BuiltDemo:
    """What was built."""

    folder: Path
    synsets: int
    images: int
    failed: int
    clusters: int
    annotators: int
    votes: int
    outcomes: dict[str, int]


def build_demo(
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    images: int = 600,
    annotators: int = 12,
    database: str | None = None,
    workers: int | None = None,
    progress: Any = None,
) -> BuiltDemo:
    """Make a demo workspace in `folder`, which must not exist.

    Pictures are drawn, imported and deduplicated; simulated annotators of differing skill have
    voted on all synsets but four, which are yours to label. ``truth.csv`` in the workspace says what
    every picture really shows.

    It is built in ``FOLDER.partial`` and renamed when whole; interrupted, the next run goes on.

    Raises
    ------
    WorkspaceError
        `folder` exists.
    """
    target = Path(folder).resolve()
    if target.exists():
        raise WorkspaceError(f"{target} exists already.", "Choose another folder, or use what is there.")
    partial = target.with_name(f"{target.name}.partial")
    drawings = partial / "drawings"
    check_database(partial / "workspace", database)  # before minutes of drawing
    partial.mkdir(parents=True, exist_ok=True)
    plan = draw_demo(drawings, seed=seed, images=images, workers=workers, progress=progress)
    home = partial / "workspace"
    shutil.rmtree(home, ignore_errors=True)  # of a run that was interrupted; drawing is what takes long
    with Workspace.create(home, database=database) as workspace:
        imported = import_manifest(
            workspace, drawings / MANIFEST, fingerprint=FINGERPRINT, workers=workers, progress=progress
        )
        for wnid in TARGETS:
            workspace.writer.set_rules(wnid, RULES_YES, RULES_NO)
        found = deduplicate(workspace)
        known = plan_truth(workspace, plan)
        write_truth(home / TRUTH, known)
        _set_gold(workspace, known)
        crowd = make_crowd(annotators, seed)
        votes, outcomes = _vote(workspace, known, crowd, seed)
        counts = workspace.reader.counts()
    with (home / WORKSPACE_FILE).open("a", encoding="utf-8") as file:
        file.write(f"target = {WANTED}\n")
    home.rename(target)
    shutil.rmtree(partial)
    return BuiltDemo(
        target,
        counts["synsets"],
        counts["images"],
        len(imported.failed),
        found.clusters,
        len(crowd),
        votes,
        outcomes,
    )


def plan_truth(workspace: Workspace, plan: Sequence[DemoImage]) -> dict[tuple[str, str], Known]:
    """Truth by image id and wnid; the plan knows paths, the workspace what became of them."""
    sources = workspace.reader.sources()
    image_of = dict(zip(sources["origin"], sources["image_id"], strict=True))
    known = {}
    for image in plan:
        if image.path in image_of:
            known[image_of[image.path], image.wnid] = Known(image.truth, image.difficulty)
    return known


def _set_gold(workspace: Workspace, known: dict[tuple[str, str], Known]) -> None:
    """Plain pictures become examples and hidden gold questions, some of each answer in each synset."""
    questions = workspace.reader.questions()
    plain: dict[tuple[str, str], list[int]] = {}
    for row in questions[questions["duplicate_of"].isna()].to_dict("records"):
        fact = known.get((row["image_id"], row["wnid"]))
        if fact is not None:
            plain.setdefault((row["wnid"], fact.truth), []).append(row["id"])
    sizes = questions.groupby("wnid").size()
    for examples in (True, False):
        chosen: dict[int, str] = {}
        for (wnid, truth), rows in plain.items():
            yes = max(1, round(int(sizes[wnid]) / ONE_IN))
            number = {"yes": yes, "no": max(1, yes - 1)}.get(truth, 0)
            start = 0 if examples else number
            chosen.update(dict.fromkeys(rows[start : start + number], truth))
        workspace.writer.set_gold(chosen, examples=examples)


def _vote(
    workspace: Workspace, known: dict[tuple[str, str], Known], crowd: Sequence[Any], seed: int
) -> tuple[int, dict[str, int]]:
    """Vote and judge in turn until no question asks for more."""
    voted = TARGETS[:-LEFT_FOR_YOU]
    policy = DynamicPolicy()
    hours = WorkingHours(datetime.now(UTC) - SINCE, seed)
    total = 0
    while True:
        given = simulate_labelling(workspace, known, crowd, seed=seed + total, wnids=voted, hours=hours)
        report = run_consensus(workspace, policy)
        total += given
        if given == 0:
            return total, report.outcomes
