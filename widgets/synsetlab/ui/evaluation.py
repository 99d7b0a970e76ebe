"""ModelEvaluation: how models do on a test set, the pictures they get wrong, and the way back to review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypedDict

from synsetlab.errors import InputError
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.esm import link, style
from synsetlab.ui.messages import text_of
from synsetlab.ui.pictures import PictureMessages, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from synsetlab.store.workspace import Workspace

__all__ = [
    "Board",
    "ClassRow",
    "Confused",
    "EvaluationSource",
    "ModelEvaluation",
    "ModelRow",
    "ScoredSet",
    "WrongPicture",
    "WrongPictures",
]

MOST_SENT = 1000


class ScoredSet(TypedDict):
    """What is scored."""

    name: str
    split: str
    n: int
    classes: int


class ModelRow(TypedDict):
    """A model's errors, fractions; None where there is none."""

    name: str
    top1: float
    top5: float
    hierarchical: float | None
    """Of five guesses."""
    top1_interval: list[float]
    top5_interval: list[float]


class Confused(TypedDict):
    """What a class is taken for most often."""

    wnid: str
    name: str
    n: int


class ClassRow(TypedDict):
    """How a model does on a class."""

    wnid: str
    name: str
    n: int
    wrong: int
    top1: float | None
    top5: float | None
    confused: Confused | None


class WrongPicture(TypedDict):
    """A picture whose best guess is none of its classes."""

    key: str
    wnid: str
    name: str
    guess: str
    guess_name: str
    models: int
    """So many models guess that."""
    of: int
    confidence: float | None
    asked: bool
    """Whether the question is open: it was sent back, or never decided."""


class WrongPictures(TypedDict):
    """The first of them, and how many there are."""

    total: int
    pictures: list[WrongPicture]


class Board(TypedDict):
    """The leaderboard of the test set."""

    chart: str
    """SVG."""
    metric: str
    rows: list[dict[str, Any]]


class EvaluationSource(PictureSource, Protocol):
    """Where the results come from, and where pictures are sent back to."""

    def test_set(self) -> ScoredSet:
        """What is scored."""
        ...

    def models(self) -> Sequence[ModelRow]:
        """Every model, the best first."""
        ...

    def board(self) -> Board | None:
        """The leaderboard; None where there is none."""
        ...

    def classes(self, model: str) -> Sequence[ClassRow]:
        """Every class of which there is a picture."""
        ...

    def wrong(self, model: str, wnid: str | None) -> WrongPictures:
        """Pictures (of a class) that a model gets wrong, the most suspicious labels first."""
        ...

    def send_back(self, pairs: Sequence[tuple[str, str]], reason: str) -> int:
        """Ask for more votes on pictures (image id, wnid); how many there was a question about."""
        ...


class ModelEvaluation(Panel, PictureMessages):
    """Models side by side, a leaderboard over time, classes, and the pictures that go wrong.

    Parameters
    ----------
    source
        Where the results come from; or
    workspace, release, predictions
        a workspace, a release of it and predictions by name of the model: files or frames, as `evaluate`
        reads them.
    split
        Which split of the release.
    board
        A `Leaderboard` or its folder: its submissions on this split are drawn over time.
    options
        As `WorkspaceEvaluation` takes them: ``ids``, ``sealed``, ``expert``.

    Examples
    --------
    >>> from synsetlab import Workspace
    >>> from synsetlab.ui import ModelEvaluation
    >>> ModelEvaluation(
    ...     workspace=Workspace.open(), release="v1", predictions={"resnet50": "resnet50.csv"}
    ... )  # doctest: +SKIP
    """

    _esm = link("evaluation")
    _css = style("review", "dashboard", "evaluation")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        source: EvaluationSource | None = None,
        *,
        workspace: Workspace | None = None,
        release: str | os.PathLike[str] | None = None,
        predictions: Mapping[str, Any] | None = None,
        split: str = "val",
        board: Any = None,
        options: Mapping[str, Any] | None = None,
        **traits: Any,
    ) -> None:
        if (source is None) == (workspace is None):
            raise InputError("ModelEvaluation needs a source or a workspace, and not both.")
        if source is None:
            from synsetlab.ui.workspace.evaluation import WorkspaceEvaluation  # noqa: PLC0415  # the panel needs no store

            if release is None or not predictions:
                raise InputError(
                    "ModelEvaluation needs a release and predictions.",
                    'Give release="v1" and predictions={"resnet50": "resnet50.csv"}.',
                )
            assert workspace is not None
            source = WorkspaceEvaluation(
                workspace, release, predictions, split=split, board=board, **(options or {})
            )
        self.source: EvaluationSource = source
        super().__init__(**traits)

    def pictures(self) -> PictureSource:
        """Where the bytes come from."""
        return self.source

    def on_open(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{test_set: ScoredSet, models: [ModelRow]}``."""
        return {"test_set": dict(self.source.test_set()), "models": list(self.source.models())}

    def on_board(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{board: Board | null}``."""
        return {"board": self.source.board()}

    def on_classes(self, message: Mapping[str, Any]) -> Reply:
        """``{model}`` -> ``{classes: [ClassRow]}``."""
        return {"classes": list(self.source.classes(text_of(message, "model")))}

    def on_wrong(self, message: Mapping[str, Any]) -> Reply:
        """``{model, wnid}`` (of all classes where it is "") -> `WrongPictures`."""
        return dict(self.source.wrong(text_of(message, "model"), text_of(message, "wnid") or None))

    def on_send_back(self, message: Mapping[str, Any]) -> Reply:
        """``{pictures: [[image id, wnid]], reason}`` -> ``{sent}``."""
        pairs = message.get("pictures")
        if not isinstance(pairs, list) or not 0 < len(pairs) <= MOST_SENT or not all(map(_is_pair, pairs)):
            raise InputError(f"The page sent {pairs!r:.80}, where pictures belong.", "Reload the page.")
        reason = text_of(message, "reason", limit=500).strip()
        return {"sent": self.source.send_back([(pair[0], pair[1]) for pair in pairs], reason)}


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)
