"""What an evaluation finds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

__all__ = ["Report"]


@dataclass(frozen=True)
class Report:
    """Errors of a model on a test set: fractions from 0 to 1, at full precision.

    Sequences hold the value for 1 to 5 guesses.
    """

    n: int
    """Images scored."""
    excluded: int
    """Images that show no class and are not scored."""
    n_classes: int
    guesses: int
    """The most guesses that the predictions have for any image, at most 5."""
    ids: str
    """How the predictions number classes."""
    order: str
    """``name`` where predictions name their images or were put in the order of names; else see `ORDERS`."""
    errors: tuple[float, ...]
    """Flat error; where images show several classes, the mean share of them that no guess hits."""
    accuracies: tuple[float, ...]
    """What the errors leave of 1, without the rounding of a difference."""
    multi_label_accuracy: float
    """Share of images whose best guess is one of the classes that they show (as in ReaL)."""
    hierarchy: str
    """``full`` or ``induced``."""
    hierarchical_errors: tuple[float, ...] | None
    """Least height of a common ancestor of guess and truth, divided by `root_height`; 0 if right."""
    hierarchical_heights: tuple[float, ...] | None
    """The same, not divided (ILSVRC2010)."""
    root_height: int | None
    hierarchical_reason: str
    """Why there are no hierarchical errors; empty if there are."""
    intervals: dict[str, list[float] | list[list[float]]]
    """Low and high end by measure; for hierarchical ones a pair for each number of guesses."""
    interval_level: float
    seed: int
    classes: tuple[str, ...]
    class_columns: dict[str, npt.NDArray[Any]]
    """Columns of `per_class`, each as long as `classes`."""
    warnings: tuple[str, ...]
    per_subtree: list[dict[str, Any]] | None = None
    """See `by_subtree`; None without a hierarchy."""
    per_frequency: list[dict[str, Any]] | None = None
    """See `by_frequency`; None where selection frequencies are not known."""
    calibration: dict[str, Any] | None = None
    """See `calibration`; None where the predictions have no scores."""
    confusions: list[dict[str, Any]] | None = None
    """The most frequent first, if they were asked for: see `synsetlab.benchmark.confusion`."""
    confused_under: list[dict[str, Any]] | None = None
    """The synsets under which most confusions lie."""
    comparison: dict[str, Any] | None = None
    """With another submission, if one was named: see `compare`."""

    @property
    def top1_error(self) -> float:
        """Share of images whose best guess is wrong."""
        return self.errors[0]

    @property
    def top5_error(self) -> float:
        """Share of images for which all of five guesses are wrong."""
        return self.errors[4]

    @property
    def per_class(self) -> pd.DataFrame:
        """One row a class: wnid, n (images that show it), top1_error to top5_error, hierarchical errors.

        Errors of a class that no image shows are missing.
        """
        import pandas as pd  # noqa: PLC0415 - only who asks for a frame waits for pandas

        return pd.DataFrame({"wnid": list(self.classes), **self.class_columns})

    def as_json(self) -> dict[str, Any]:
        """The keys that ``synsetlab evaluate --json`` prints; what is not known is None."""
        shown: dict[str, Any] = {"n": self.n, "excluded": self.excluded, "n_classes": self.n_classes}
        shown |= {"guesses": self.guesses, "ids": self.ids, "order": self.order}
        shown |= {f"top{k}_error": error for k, error in enumerate(self.errors, start=1)}
        shown |= {f"top{k}_accuracy": share for k, share in enumerate(self.accuracies, start=1)}
        shown |= {
            "multi_label_accuracy": self.multi_label_accuracy,
            "hierarchy": self.hierarchy,
            "hierarchical_error": _by_guesses(self.hierarchical_errors),
            "hierarchical_height": _by_guesses(self.hierarchical_heights),
            "root_height": self.root_height,
            "hierarchical_reason": self.hierarchical_reason or None,
            "interval_level": self.interval_level,
            "intervals": self.intervals
            | {name: _by_guesses(ends) for name, ends in self.intervals.items() if name.startswith("hier")},
            "seed": self.seed,
        }
        columns = {name: column.tolist() for name, column in self.class_columns.items()}
        rows = zip(self.classes, *columns.values(), strict=True)
        shown["per_class"] = [dict(zip(["wnid", *columns], map(_plain, row), strict=True)) for row in rows]
        shown |= {"per_subtree": self.per_subtree, "per_frequency": self.per_frequency}
        shown |= {"calibration": self.calibration}
        if self.confusions is not None:
            shown |= {"confusion": self.confusions, "confusion_by_ancestor": self.confused_under}
        if self.comparison is not None:
            shown["comparison"] = self.comparison
        shown["warnings"] = list(self.warnings)
        return shown


def _by_guesses(values: Any) -> dict[str, Any] | None:
    return None if values is None else {f"top{k}": value for k, value in enumerate(values, start=1)}


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value
