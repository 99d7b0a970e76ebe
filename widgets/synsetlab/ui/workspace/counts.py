"""What `SynsetBrowser` shows of a workspace: counts of each synset, and its accepted pictures."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["AcceptedPictures", "WorkspaceCounts"]


class WorkspaceCounts:
    """The questions of a workspace as `CountTable` takes them, anew at each call.

    Images that were dropped as duplicates are left out.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._reader = workspace.reader

    def __call__(self) -> pd.DataFrame:
        """One row a question: wnid, image_id, accepted, review (waits for an expert)."""
        questions = self._reader.questions()
        kept = questions[questions["duplicate_of"].isna()]
        return kept[["wnid", "image_id"]].assign(
            accepted=kept["outcome"] == "accepted", review=kept["outcome"] == "ambiguous"
        )

    def version(self) -> tuple[int, ...]:
        """Changes whenever the counts may have changed, and is cheap to ask for."""
        return tuple(self._reader.counts().values())


class AcceptedPictures(WorkspacePictures):
    """The accepted pictures of a synset, those with the highest posterior first."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._reader = workspace.reader

    @cached_property
    def _by_wnid(self) -> dict[str, list[str]]:
        questions = self._reader.questions()
        accepted = questions[(questions["outcome"] == "accepted") & questions["duplicate_of"].isna()]
        ordered = accepted.sort_values(["posterior", "id"], ascending=[False, True])
        return {str(wnid): list(group) for wnid, group in ordered.groupby("wnid")["image_id"]}

    def keys(self, wnid: str, limit: int) -> list[str]:
        """At most `limit` image ids."""
        return self._by_wnid.get(wnid, [])[:limit]

    def refresh(self) -> None:
        """Look again at what is accepted."""
        self.__dict__.pop("_by_wnid", None)
