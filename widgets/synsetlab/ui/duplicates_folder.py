"""The duplicates of a folder as the source of a review."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from synsetlab.dedup.clusters import find_clusters
from synsetlab.dedup.scan import scan
from synsetlab.errors import InputError
from synsetlab.ui.pictures import FilePictures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synsetlab.dedup.files import HashedFile
    from synsetlab.ui.duplicates import Copy, DuplicateCluster, Undone

__all__ = ["FolderDuplicates"]


class FolderDuplicates:
    """Duplicates found by `synsetlab.dedup.scan.scan`, verdicts in memory. Files are only read.

    Parameters
    ----------
    folder
        Searched with all folders below it, at first use.
    max_distance
        Bits up to which two pictures are compared.
    """

    def __init__(self, folder: str | os.PathLike[str], *, max_distance: int = 6) -> None:
        self._folder = os.fspath(folder)
        FilePictures(folder)  # refuses now what is no folder
        self._max_distance = max_distance
        self._steps: list[tuple[str, dict[str, str], datetime]] = []

    def clusters(self) -> list[DuplicateCluster]:
        """Clusters and pairs that a person must look at; those first."""
        standing = self._standing()
        return [
            {
                **cluster,
                "copies": [{**copy, "verdict": standing.get(copy["key"])} for copy in cluster["copies"]],
            }
            for cluster in self._found.values()
        ]

    def decide(self, cluster: str, verdicts: Mapping[str, str]) -> None:
        """Keep the verdicts in memory.

        Raises
        ------
        InputError
            There is no such cluster or picture in it, or no copy of it would stay.
        """
        if cluster not in self._found:
            raise InputError(f"There is no cluster {cluster!r}.", "Search the folder again.")
        copies = self._found[cluster]["copies"]
        foreign = set(verdicts) - {copy["key"] for copy in copies}
        if foreign:
            raise InputError(f"{min(foreign)!r} is not in the cluster {cluster!r}.")
        after = self._standing() | dict(verdicts)
        if all((after.get(copy["key"]) or copy["suggested"]) == "drop" for copy in copies):
            raise InputError("No copy of this picture would stay.", "Keep another one of them first.")
        self._steps.append((cluster, dict(verdicts), datetime.now(UTC)))

    def undo(self) -> Undone | None:
        """Forget the last step."""
        if not self._steps:
            return None
        cluster, verdicts, _ = self._steps.pop()
        standing = self._standing()
        return {"cluster": cluster, "verdicts": {key: standing.get(key) for key in verdicts}}

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand, one row a picture."""
        last = {
            key: (cluster, verdict, decided_at)
            for cluster, verdicts, decided_at in self._steps
            for key, verdict in verdicts.items()
        }
        rows = [
            (cluster, key, verdict, self._copies[key]["suggested"], decided_at)
            for key, (cluster, verdict, decided_at) in last.items()
        ]
        return pd.DataFrame(rows, columns=["cluster", "image", "verdict", "suggested", "decided_at"])

    def thumbnail(self, key: str) -> bytes:
        """About 256 px."""
        return self._pictures.thumbnail(key)

    def picture(self, key: str) -> bytes:
        """The picture in full."""
        return self._pictures.picture(key)

    # -- how -------------------------------------------------------------------------------------

    @cached_property
    def _found(self) -> dict[str, DuplicateCluster]:
        report = scan([self._folder], max_distance=self._max_distance)
        files = {file.path: file for file in report.hashes.files}
        pairs = [pair for pair in report.pairs if pair.verdict != "different"]
        paths = sorted({path for pair in pairs for path in (pair.a, pair.b)})
        place = {path: i for i, path in enumerate(paths)}
        joined = find_clusters(paths, [place[pair.a] for pair in pairs], [place[pair.b] for pair in pairs])
        certain = {path for cluster in report.clusters for path in cluster}
        drop = set(report.drop)

        def copy(path: str) -> Copy:
            suggested = None if path not in certain else "drop" if path in drop else "keep"
            return self._copy(files[path], suggested)

        clusters: dict[str, DuplicateCluster] = {}
        for members in sorted(joined, key=lambda paths: (all(path in certain for path in paths), paths[0])):
            inside = set(members)
            clusters[members[0]] = {
                "cluster": members[0],
                "copies": sorted((copy(path) for path in members), key=_best_first),
                "pairs": [
                    {"a": pair.a, "b": pair.b, "distance": pair.distance, "verdict": pair.verdict}
                    for pair in report.pairs
                    if pair.a in inside and pair.b in inside
                ],
            }
        return clusters

    def _copy(self, file: HashedFile, suggested: str | None) -> Copy:
        return {
            "key": file.path,
            "name": os.path.relpath(file.path, self._folder),
            "width": file.width,
            "height": file.height,
            "bytes": file.size,
            "format": file.format,
            "licence": "",
            "source": "",
            "suggested": suggested,
            "verdict": None,
        }

    @cached_property
    def _copies(self) -> dict[str, Copy]:
        return {copy["key"]: copy for cluster in self._found.values() for copy in cluster["copies"]}

    @cached_property
    def _pictures(self) -> FilePictures:
        return FilePictures(None, allowed=set(self._copies))

    def _standing(self) -> dict[str, str]:
        standing: dict[str, str] = {}
        for _, verdicts, _ in self._steps:
            standing |= verdicts
        return standing


def _best_first(copy: Copy) -> tuple[bool, int, int, Any]:
    return copy["suggested"] != "keep", -copy["width"] * copy["height"], -copy["bytes"], copy["key"]
