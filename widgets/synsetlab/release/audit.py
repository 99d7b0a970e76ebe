"""Precision measured by experts on a sample of a release, as ImageNet's 80 synsets of 2009."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError
from synsetlab.release.members import memberships

if TYPE_CHECKING:
    import os

    from synsetlab.release.plan import Plan
    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.store.snapshot import Snapshot

__all__ = ["AUDIT_COLUMNS", "Audit", "draw_audit", "read_audit", "wilson"]

AUDIT_COLUMNS = ("image", "wnid", "correct")
PER_SYNSET = 20
"""Images drawn of each class."""
NORMAL_975 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
YES, NO = {"yes", "y", "1", "true", "correct"}, {"no", "n", "0", "false", "wrong"}


@dataclass(frozen=True)
class Audit:
    """What the experts found."""

    images: int
    correct: int
    synsets: int
    unsure: int
    low: float
    high: float
    mean_of_synsets: float
    """Mean over the classes of each one's precision; the figure of the 2009 paper."""
    wrong: list[str] = field(default_factory=list)
    """``image wnid`` of what was found wrong."""

    @property
    def precision(self) -> float:
        """Share of the images that are correct."""
        return self.correct / self.images

    def as_dict(self) -> dict[str, Any]:
        """For ``release.json``."""
        return {
            "images": self.images,
            "correct": self.correct,
            "unsure": self.unsure,
            "synsets": self.synsets,
            "precision": self.precision,
            "interval": [self.low, self.high],
            "confidence": 0.95,
            "mean_of_synsets": self.mean_of_synsets,
        }


def wilson(successes: int, trials: int, z: float = NORMAL_975) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, JASA 1927); 95 % by default."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    low = 0.0 if not successes else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


def draw_audit(snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, seed: int) -> list[dict[str, str]]:
    """A sample of what would be released: `policy.audit_synsets` classes, up to 20 images of each.

    Rows of image, wnid and an empty ``correct`` for an expert to fill in; by class.
    """
    members = plan.members
    inside = plan.in_release
    labels = np.unique(members.label[inside]).tolist()
    drawn = set(
        sorted(labels, key=lambda label: _order(seed, members.classes[label]))[: policy.audit_synsets]
    )
    held: dict[int, list[tuple[str, str]]] = {label: [] for label in sorted(drawn)}
    for place, row in enumerate(memberships(snapshot, policy, plan.tombstones.keys())):
        label = int(members.label[place])
        if inside[place] and label in drawn:
            held[label].append((_order(seed, row["image_id"]), row["image_id"]))
            if len(held[label]) > 50 * PER_SYNSET:
                held[label] = sorted(held[label])[:PER_SYNSET]
    return [
        {"image": image, "wnid": members.classes[label], "correct": ""}
        for label, rows in held.items()
        for _, image in sorted(rows)[:PER_SYNSET]
    ]


def read_audit(path: str | os.PathLike[str], snapshot: Snapshot, policy: ReleasePolicy, plan: Plan) -> Audit:
    """Read a sample that experts filled in: columns image, wnid, correct (yes, no or unsure).

    An unsure one counts as wrong. Rows about images that the release does not hold are refused.

    Raises
    ------
    InputError
        The file cannot be used: the message names the line.
    """
    judged = _read_rows(Path(path))
    wanted, inside = {image for image, _ in judged}, plan.in_release
    held = {
        (row["image_id"], plan.members.classes[int(plan.members.label[place])])
        for place, row in enumerate(memberships(snapshot, policy, plan.tombstones.keys()))
        if row["image_id"] in wanted and inside[place]
    }
    strangers = sorted(set(judged) - held)
    if strangers:
        image, wnid = strangers[0]
        raise InputError(
            f"{path} judges {len(strangers)} images that this release does not hold; the first is {image} "
            f"as {wnid}.",
            "Draw the sample with the policy and the seed of the release: --draw-audit FILE",
        )
    by_class: dict[str, list[bool]] = {}
    for (_, wnid), verdict in judged.items():
        by_class.setdefault(wnid, []).append(verdict == "yes")
    correct = sum(map(sum, by_class.values()))
    low, high = wilson(correct, len(judged))
    return Audit(
        images=len(judged),
        correct=correct,
        synsets=len(by_class),
        unsure=sum(verdict == "unsure" for verdict in judged.values()),
        low=low,
        high=high,
        mean_of_synsets=math.fsum(sum(row) / len(row) for row in by_class.values()) / len(by_class),
        wrong=[f"{image} {wnid}" for (image, wnid), verdict in sorted(judged.items()) if verdict != "yes"],
    )


def _read_rows(path: Path) -> dict[tuple[str, str], str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.", "Check the path of --audit.") from error
    if not rows:
        raise InputError(f"{path} has no rows.", "Draw a sample with: synsetlab freeze --draw-audit FILE")
    for column in AUDIT_COLUMNS:
        if column not in rows[0]:
            raise InputError(
                f"{path} has no column {column!r}.", f"Its columns are {', '.join(AUDIT_COLUMNS)}."
            )
    judged: dict[tuple[str, str], str] = {}
    for number, row in enumerate(rows, start=2):
        said = (row["correct"] or "").strip().lower()
        verdict = "yes" if said in YES else "no" if said in NO else "unsure" if said == "unsure" else None
        if verdict is None:
            raise InputError(
                f"{path}, line {number}: correct is {row['correct']!r}.", "Write yes, no or unsure."
            )
        key = ((row["image"] or "").strip(), (row["wnid"] or "").strip())
        if judged.setdefault(key, verdict) != verdict:
            raise InputError(f"{path}, line {number} judges {key[0]} again, and otherwise.", "Keep one row.")
    return judged


def _order(seed: int, name: str) -> str:
    return hashlib.sha256(f"audit:{seed}:{name}".encode()).hexdigest()
