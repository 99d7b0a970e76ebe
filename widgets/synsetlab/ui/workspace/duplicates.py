"""What `DuplicateReview` shows of a workspace: its near pictures, and where verdicts go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synsetlab.dedup.stage import duplicate_groups, give_duplicate_verdicts
from synsetlab.errors import InputError
from synsetlab.ui.sources import current_annotator
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.duplicates import Copy, DuplicateCluster, Undone

__all__ = ["WorkspaceDuplicates"]

POLICY = "policy"
"""Who decides where nobody has."""


class WorkspaceDuplicates:
    """A `DuplicateSource` over a workspace that was deduplicated (`synsetlab.dedup.stage.deduplicate`).

    Parameters
    ----------
    workspace
        Where the pictures are.
    curator
        Who decides; None: ``$SYNSETLAB_ANNOTATOR``, else the name of the account.
    """

    def __init__(self, workspace: Workspace, *, curator: str | None = None) -> None:
        self.workspace = workspace
        self.curator = curator or current_annotator()
        self._pictures = WorkspacePictures(workspace)
        self._groups: dict[str, list[str]] = {}
        self._steps: list[tuple[str, list[dict[str, Any]], dict[str, int]]] = []

    def clusters(self) -> list[DuplicateCluster]:
        """Groups with a pair that waits for a person first, then the largest."""
        self._groups = duplicate_groups(self.workspace)
        pairs = self.workspace.reader.duplicate_pairs()
        copies = self._copies()
        found: list[DuplicateCluster] = []
        for group, members in self._groups.items():
            mine = pairs[pairs["a"].isin(members) & pairs["b"].isin(members)].to_dict("records")
            found.append(
                {
                    "cluster": group,
                    "copies": [copies[image] for image in members],
                    "pairs": [
                        {"a": p["a"], "b": p["b"], "distance": int(p["distance"]), "verdict": p["verdict"]}
                        for p in mine
                    ],
                }
            )
        return sorted(
            found,
            key=lambda group: (
                all(pair["verdict"] != "review" for pair in group["pairs"]),
                -len(group["copies"]),
                group["cluster"],
            ),
        )

    def decide(self, cluster: str, verdicts: Mapping[str, str]) -> None:
        """Record the verdicts as one step."""
        members = self._groups.get(cluster)
        if members is None or not set(verdicts) <= set(members):
            raise InputError(f"There is no duplicate cluster {cluster!r:.80}.", "Reload the page.")
        standing = self._standing()
        unsaid = {"cluster_id": cluster, "verdict": "keep", "duplicate_of": None}
        unsaid |= {"decided_by": POLICY, "policy_hash": None}
        before = [{**unsaid, **standing.get(image, {}), "image_id": image} for image in verdicts]
        give_duplicate_verdicts(self.workspace, verdicts, by=self.curator)
        given = self._standing()
        self._steps.append((cluster, before, {image: given[image]["seq"] for image in verdicts}))

    def undo(self) -> Undone | None:
        """Let stand again what stood before the last step: someone's verdict, or what the policy says.

        Raises
        ------
        InputError
            Someone has judged one of the pictures since: nothing is undone.
        """
        if not self._steps:
            return None
        cluster, before, given = self._steps.pop()
        standing = self._standing()
        for image, seq in given.items():
            if standing[image]["seq"] != seq:
                raise InputError(
                    f"{standing[image]['decided_by']} has judged {image[:12]} since.",
                    "Look at it again and give another verdict.",
                )
        fields = ("image_id", "cluster_id", "verdict", "duplicate_of", "decided_by", "policy_hash")
        self.workspace.writer.add_duplicate_verdicts([{name: row[name] for name in fields} for row in before])
        said = {row["image_id"]: None if row["decided_by"] == POLICY else row["verdict"] for row in before}
        return {"cluster": cluster, "verdicts": said}

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand: cluster_id, image_id, verdict, decided_by, decided_at, policy_hash."""
        return self.workspace.reader.duplicate_verdicts()

    def thumbnail(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.thumbnail(key)

    def picture(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.picture(key)

    def _standing(self) -> dict[str, dict[str, Any]]:
        verdicts = self.workspace.reader.duplicate_verdicts()
        rows = verdicts.astype(object).where(verdicts.notna(), None).to_dict("records")
        return {str(row["image_id"]): {str(name): value for name, value in row.items()} for row in rows}

    def _copies(self) -> dict[str, Copy]:
        images = self.workspace.reader.images().to_dict("records")
        sources: dict[str, dict[Any, Any]] = {}
        for row in self.workspace.reader.sources().to_dict("records"):
            sources.setdefault(row["image_id"], row)
        verdicts = {row["image_id"]: row for row in self.verdicts().to_dict("records")}
        members = {image for group in self._groups.values() for image in group}
        copies: dict[str, Copy] = {}
        for image in images:
            if image["id"] not in members:
                continue
            source = sources.get(image["id"], {})
            verdict = verdicts.get(image["id"], {})
            automatic = verdict.get("decided_by") == POLICY
            copies[image["id"]] = {
                "key": image["id"],
                "name": source.get("name") or image["id"][:12],
                "width": int(image["width"]),
                "height": int(image["height"]),
                "bytes": int(image["bytes"]),
                "format": image["format"],
                "licence": source.get("licence", ""),
                "source": source.get("landing_page") or source.get("origin", ""),
                "suggested": verdict.get("verdict") if automatic else None,
                "verdict": None if automatic else verdict.get("verdict"),
            }
        return copies
