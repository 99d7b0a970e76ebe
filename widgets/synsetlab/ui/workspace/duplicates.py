"""What `DuplicateReview` shows of a workspace: its near pictures, and where verdicts go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.store.defaults import BY_POLICY
from synsetlab.ui.sources import current_annotator
from synsetlab.ui.workspace.desk import desk_part
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.duplicates import DuplicateCluster, Undone

__all__ = ["WorkspaceDuplicates"]


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
        self._facts = desk_part(workspace, "duplicates")
        self._groups: dict[str, set[str]] = {}
        self._steps: list[tuple[str, dict[str, tuple[int, int]]]] = []

    def clusters(self) -> list[DuplicateCluster]:
        """Groups with a pair that waits for a person first, then the largest."""
        found: list[DuplicateCluster] = self._facts.clusters()
        self._groups = {group["cluster"]: {copy["key"] for copy in group["copies"]} for group in found}
        return found

    def decide(self, cluster: str, verdicts: Mapping[str, str]) -> None:
        """Record the verdicts as one step."""
        members = self._groups.get(cluster)
        if members is None or not set(verdicts) <= members:
            raise InputError(f"There is no duplicate cluster {cluster!r:.80}.", "Reload the page.")
        self.workspace.writer.add_duplicate_verdicts(self._facts.rows_for(dict(verdicts), self.curator))
        given = self._facts.standing(list(verdicts))
        self._steps.append((cluster, {image: (seq, seq) for image, seq in given.items()}))

    def undo(self) -> Undone | None:
        """Let stand again what stood before the last step: someone's verdict, or what the policy says.

        Raises
        ------
        InputError
            Someone has judged one of the pictures since: nothing is undone.
        """
        if not self._steps:
            return None
        cluster, given = self._steps.pop()
        stands = self.workspace.writer.take_back_duplicate_verdicts(given, by=self.curator)
        for _, earlier in self._steps:  # what stands again is a row of its own
            for image, (seq, stood) in earlier.items():
                if image in stands and stands[image]["was"] == stood:
                    earlier[image] = (seq, stands[image]["seq"])
        said = {
            image: None if row["decided_by"] == BY_POLICY else row["verdict"] for image, row in stands.items()
        }
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
