"""The near pictures of a workspace, and what was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synsetlab.dedup.stage import duplicate_groups, duplicate_verdict_rows
from synsetlab.store.defaults import BY_POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.duplicates import Copy, DuplicateCluster
    from synsetlab.ui.workspace.kept import Kept

__all__ = ["DuplicateFacts"]


class DuplicateFacts:
    """What `synsetlab.ui.workspace.duplicates.WorkspaceDuplicates` shows; needs the database."""

    def __init__(self, workspace: Workspace, _kept: Kept | None = None) -> None:
        self.workspace = workspace

    def clusters(self) -> list[DuplicateCluster]:
        """Groups with a pair that waits for a person first, then the largest."""
        groups = duplicate_groups(self.workspace)
        group_of = {image: group for group, members in groups.items() for image in members}
        pairs: dict[str, list[dict[Any, Any]]] = {}
        for pair in self.workspace.reader.duplicate_pairs().to_dict("records"):
            group = group_of.get(pair["a"])
            if group is not None and group == group_of.get(pair["b"]):
                pairs.setdefault(group, []).append(pair)
        copies = self._copies(set(group_of))
        found: list[DuplicateCluster] = []
        for group, members in groups.items():
            found.append(
                {
                    "cluster": group,
                    "copies": [copies[image] for image in members],
                    "pairs": [
                        {"a": p["a"], "b": p["b"], "distance": int(p["distance"]), "verdict": p["verdict"]}
                        for p in pairs.get(group, [])
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

    def rows_for(self, verdicts: Mapping[str, str], by: str) -> list[dict[str, Any]]:
        """The rows that `synsetlab.dedup.stage.give_duplicate_verdicts` records, for whoever writes them."""
        return duplicate_verdict_rows(self.workspace, verdicts, by=by)

    def standing(self, images: Sequence[str]) -> dict[str, int]:
        """``seq`` of the verdict that stands on each of these, where there is one."""
        verdicts = self.workspace.reader.duplicate_verdicts(images)
        return {str(i): int(seq) for i, seq in zip(verdicts["image_id"], verdicts["seq"], strict=True)}

    # -- how -----------------------------------------------------------------------------------

    def _copies(self, members: set[str]) -> dict[str, Copy]:
        pictures = self.workspace.lookups.pictures(members)
        standing = self.workspace.reader.duplicate_verdicts()
        verdicts = {row["image_id"]: row for row in standing.to_dict("records")}
        copies: dict[str, Copy] = {}
        for image in sorted(pictures):
            fact, verdict = pictures[image], verdicts.get(image, {})
            source = fact["source"] or {}
            automatic = verdict.get("decided_by") == BY_POLICY
            copies[image] = {
                "key": image,
                "name": source.get("name") or image[:12],
                "width": int(fact["width"]),
                "height": int(fact["height"]),
                "bytes": int(fact["bytes"]),
                "format": fact["format"],
                "licence": source.get("licence", ""),
                "source": source.get("landing_page") or source.get("origin", ""),
                "suggested": verdict.get("verdict") if automatic else None,
                "verdict": None if automatic else verdict.get("verdict"),
            }
        return copies
