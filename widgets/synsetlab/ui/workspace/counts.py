"""What `SynsetBrowser` shows of a workspace: counts of each synset, and its accepted pictures."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from synsetlab.ui.workspace.desk import desk_part
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["AcceptedPictures", "BrowsingFacts", "WorkspaceCounts"]


class BrowsingFacts:
    """Numbers about the questions of a workspace, less those of dropped duplicates; needs the database."""

    def __init__(self, workspace: Workspace) -> None:
        self._reader, self._totals = workspace.reader, workspace.totals
        self._mutex = threading.Lock()
        self._kept: tuple[tuple[int, ...], dict[str, Any]] | None = None

    def version(self) -> tuple[int, ...]:
        """Changes whenever the counts may have changed, and is cheap to ask for."""
        return tuple(self._reader.counts().values())

    def counts(self) -> dict[str, list[Any]]:
        """By question ``synset`` (which of ``wnids``), ``image``, ``accepted``, ``review``.

        Images are numbered: that two questions are about the same one is all that counting needs.
        """
        version = self.version()
        with self._mutex:  # who asks meanwhile waits for the same answer
            if self._kept is None or self._kept[0] != version:
                self._kept = (version, self._count())
            return self._kept[1]

    def accepted(self, wnid: str, limit: int) -> list[str]:
        """Accepted images of a synset, those with the highest posterior first."""
        return self._reader.accepted(wnid, limit)

    def _count(self) -> dict[str, list[Any]]:
        synsets: dict[str, int] = {}
        images: dict[str, int] = {}
        found: dict[str, list[Any]] = {"synset": [], "image": [], "accepted": [], "review": []}
        for wnid, image, outcome in self._totals.outcomes():
            found["synset"].append(synsets.setdefault(wnid, len(synsets)))
            found["image"].append(images.setdefault(image, len(images)))
            found["accepted"].append(outcome == "accepted")
            found["review"].append(outcome == "ambiguous")
        return {"wnids": list(synsets), **found}


class WorkspaceCounts:
    """The questions of a workspace as `CountTable` takes them, anew at each call."""

    def __init__(self, workspace: Workspace) -> None:
        self._facts = desk_part(workspace, "browsing")

    def __call__(self) -> pd.DataFrame:
        """One row a question: wnid, image_id (a number), accepted, review (waits for an expert)."""
        import pandas as pd  # noqa: PLC0415 - half the start-up time of a page that shows no counts

        found = self._facts.counts()
        wnids = pd.Series(found["wnids"], dtype=object)
        return pd.DataFrame(
            {
                "wnid": wnids.take(found["synset"]).to_numpy(),
                "image_id": found["image"],
                "accepted": found["accepted"],
                "review": found["review"],
            }
        )

    def version(self) -> tuple[int, ...]:
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
