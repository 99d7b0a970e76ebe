"""DuplicateReview: copies of one picture side by side, and which of them stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypedDict

from synsetlab.errors import InputError
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.esm import link, style
from synsetlab.ui.messages import choice_of, text_of
from synsetlab.ui.pictures import PictureMessages, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = [
    "VERDICTS",
    "Copy",
    "DuplicateCluster",
    "DuplicatePair",
    "DuplicateReview",
    "DuplicateSource",
    "Undone",
]

VERDICTS: Final = ("keep", "drop", "not-a-duplicate")


class Copy(TypedDict):
    """One picture of a cluster."""

    key: str
    name: str
    """For people: a file name or a title."""
    width: int
    height: int
    bytes: int
    format: str
    licence: str
    """Empty: not stated."""
    source: str
    """Where it comes from; may be empty."""
    suggested: str | None
    """``keep`` or ``drop`` by the policy; None: a person must look."""
    verdict: str | None
    """The verdict that stands."""


class DuplicatePair(TypedDict):
    """Two pictures of a cluster that are close."""

    a: str
    b: str
    distance: int
    """Bits by which their hashes differ."""
    verdict: str
    """``auto``, ``verified``, ``review`` or ``different``, see `synsetlab.dedup`."""


class DuplicateCluster(TypedDict):
    """Pictures that are copies of each other, or may be."""

    cluster: str
    copies: list[Copy]
    pairs: list[DuplicatePair]


class Undone(TypedDict):
    """A step that was taken back."""

    cluster: str
    verdicts: dict[str, str | None]
    """What stands now, by key."""


class DuplicateSource(PictureSource, Protocol):
    """Where the clusters come from and the verdicts go."""

    def clusters(self) -> Sequence[DuplicateCluster]:
        """All clusters, those that a person must look at first."""
        ...

    def decide(self, cluster: str, verdicts: Mapping[str, str]) -> None:
        """Keep verdicts on pictures of one cluster as one step; they are safe when this returns."""
        ...

    def undo(self) -> Undone | None:
        """Take back the last step; None: there is none."""
        ...

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand: ``cluster, image, verdict, suggested, decided_at``."""
        ...


class DuplicateReview(PictureMessages, Panel):
    """Say of each copy whether it stays, goes or is none. Nothing is deleted.

    Parameters
    ----------
    source
        Where the clusters come from; or
    folder
        a folder that is searched for duplicates, when the panel is first shown.
    max_distance
        Bits up to which two pictures of `folder` are compared.

    Examples
    --------
    >>> from synsetlab.ui.duplicates import DuplicateReview
    >>> review = DuplicateReview(folder="photographs")  # doctest: +SKIP
    >>> review.verdicts  # doctest: +SKIP
    """

    _esm = link("duplicates")
    _css = style("review", "duplicates")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        source: DuplicateSource | None = None,
        *,
        folder: str | os.PathLike[str] | None = None,
        max_distance: int = 6,
        **traits: Any,
    ) -> None:
        if (source is None) == (folder is None):
            raise InputError("DuplicateReview needs a source or a folder, and not both.")
        if source is None:
            from synsetlab.ui.duplicates_folder import FolderDuplicates  # noqa: PLC0415  # pandas, only for folders

            assert folder is not None
            source = FolderDuplicates(folder, max_distance=max_distance)
        self.source: DuplicateSource = source
        super().__init__(**traits)

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand."""
        return self.source.verdicts()

    def refresh(self) -> None:
        """Show the clusters as they are now."""
        self.send({"type": "refresh"})

    def on_open(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{clusters: [...]}``."""
        return {"clusters": list(self.source.clusters())}

    def on_decide(self, message: Mapping[str, Any]) -> Reply:
        """``{cluster, verdicts: {key: verdict}}`` -> ``{}`` once they are kept."""
        given = message.get("verdicts")
        if not isinstance(given, dict) or not given:
            raise InputError("The page sent no verdicts.", "Reload the page.")
        verdicts = {str(key): choice_of(given, key, VERDICTS) for key in given}
        self.source.decide(text_of(message, "cluster"), verdicts)
        return {}

    def on_undo(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{undone: {cluster, verdicts} or null}``."""
        return {"undone": self.source.undo()}

    def pictures(self) -> PictureSource:
        """Where the bytes come from."""
        return self.source
