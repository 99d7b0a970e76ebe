"""What `SynsetBrowser` shows of a workspace: counts of each synset, and its accepted pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from synsetlab.ui.browser_counts import SynsetCounts
from synsetlab.ui.workspace.desk import desk_part
from synsetlab.ui.workspace.kept import Kept
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace

__all__ = ["AcceptedPictures", "BrowsingFacts", "WorkspaceCounts"]

FIELD_OF: Final = {"accepted": "accepted", "ambiguous": "review"}


class BrowsingFacts:
    """Numbers about the questions of a workspace, less those of dropped duplicates; needs the database."""

    def __init__(self, workspace: Workspace, kept: Kept | None = None) -> None:
        self._reader, self._totals = workspace.reader, workspace.totals
        self._kept = kept or Kept(workspace)

    def version(self) -> tuple[Any, ...]:
        """Changes whenever the counts may have changed, and is cheap to ask for."""
        return self._totals.version()

    def counts(self) -> dict[str, Any]:
        """The fields of `synsetlab.ui.browser_counts.SynsetCounts`."""
        return self._kept.get("synsets", self._count)

    def accepted(self, wnid: str, limit: int) -> list[str]:
        """Accepted images of a synset, those with the highest posterior first."""
        return self._reader.accepted(wnid, limit)

    def _count(self) -> dict[str, Any]:
        alone, shared = self._totals.by_synset()
        synsets: dict[str, dict[str, int]] = {}
        for wnid, outcome, number in alone:
            row = synsets.setdefault(wnid, dict.fromkeys(("candidates", *FIELD_OF.values()), 0))
            row["candidates"] += number
            if outcome in FIELD_OF:
                row[FIELD_OF[outcome]] += number
        images: dict[str, int] = {}
        pairs = [
            (wnid, images.setdefault(image, len(images)), outcome == "accepted", outcome == "ambiguous")
            for wnid, image, outcome in shared
        ]
        return {"alone": synsets, "shared": pairs}


class WorkspaceCounts:
    """The questions of a workspace as `CountTable` takes them, anew at each call."""

    def __init__(self, workspace: Workspace) -> None:
        self._facts = desk_part(workspace, "browsing")

    def __call__(self) -> SynsetCounts:
        """Candidates, accepted images, and those that wait for an expert."""
        return SynsetCounts(**self._facts.counts())

    def version(self) -> tuple[Any, ...]:
        """Changes whenever the counts may have changed, and is cheap to ask for."""
        return tuple(self._facts.version())


class AcceptedPictures(WorkspacePictures):
    """The accepted pictures of a synset, those with the highest posterior first."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._facts = desk_part(workspace, "browsing")

    def keys(self, wnid: str, limit: int) -> list[str]:
        """At most `limit` image ids."""
        found: list[str] = self._facts.accepted(wnid, limit)
        return found
