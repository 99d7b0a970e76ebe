"""The same picture in several classes: what a curator has to see before it is released twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace

__all__ = ["Conflict", "Membership", "synset_conflicts"]


@dataclass(frozen=True, slots=True)
class Membership:
    """One picture of a cluster as a candidate of one class."""

    image_id: str
    wnid: str
    outcome: str
    """What the votes say: ``yes``, ``open``, ..."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A picture, with its copies, in two or more classes of which none includes another."""

    cluster_id: str
    """The cluster's id; the picture's own where it has no copy."""
    kind: str
    """``voted``: people accepted it in two or more classes; ``candidate``: it is only asked about in them."""
    wnids: tuple[str, ...]
    members: tuple[Membership, ...]


def synset_conflicts(workspace: Workspace, *, voted_only: bool = False) -> list[Conflict]:
    """Pictures that stand in several classes, those accepted in several first.

    A class and one above it are no conflict. Questions that were refused (``no``) or excluded do not count.
    Copies in a cluster count as one picture, so that the photograph found under two names is seen even where
    its two files differ.
    """
    questions = workspace.reader.questions()
    clusters = workspace.reader.clusters()
    cluster = dict(zip(clusters["image_id"], clusters["cluster_id"], strict=True))
    apart = workspace.reader.duplicate_verdicts()
    alone = set(apart.loc[apart["verdict"] == "not-a-duplicate", "image_id"])
    found: dict[str, list[Membership]] = {}
    for image, wnid, outcome in zip(
        questions["image_id"], questions["wnid"], questions["outcome"], strict=True
    ):
        if wnid is None or outcome in {"no", "excluded"}:
            continue
        name = image if image in alone else cluster.get(image, image)
        found.setdefault(name, []).append(Membership(image, wnid, outcome))
    above = _ancestors(workspace)
    conflicts = []
    for name, members in sorted(found.items()):
        voted = _distinct({member.wnid for member in members if member.outcome == "yes"}, above)
        asked = _distinct({member.wnid for member in members}, above)
        if len(asked) < 2 or (voted_only and len(voted) < 2):
            continue
        kind = "voted" if len(voted) > 1 else "candidate"
        shown = tuple(sorted(members, key=lambda member: (member.wnid, member.image_id)))
        conflicts.append(Conflict(name, kind, tuple(sorted(voted if len(voted) > 1 else asked)), shown))
    return sorted(conflicts, key=lambda conflict: (conflict.kind != "voted", conflict.cluster_id))


def _ancestors(workspace: Workspace) -> dict[str, set[str]]:
    parents: dict[str, set[str]] = {}
    edges = workspace.reader.edges()
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        parents.setdefault(child, set()).add(parent)
    above: dict[str, set[str]] = {}
    for start in parents:
        waiting, seen = [start], set[str]()
        while waiting:
            for parent in parents.get(waiting.pop(), ()):
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        above[start] = seen
    return above


def _distinct(wnids: set[str], above: dict[str, set[str]]) -> set[str]:
    """Without classes that include another of them."""
    return {wnid for wnid in wnids if not any(wnid in above.get(other, ()) for other in wnids)}
