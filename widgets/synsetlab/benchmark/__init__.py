"""Score predictions on a test set or a release, as ILSVRC did.

>>> from synsetlab.benchmark import evaluate
>>> report = evaluate("truth.csv", "predictions.csv")  # doctest: +SKIP
>>> report.top1_error, report.per_class  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synsetlab.benchmark.detection import evaluate_detection as evaluate_detection
    from synsetlab.benchmark.frozen import release_box_truth as release_box_truth
    from synsetlab.benchmark.frozen import release_truth as release_truth
    from synsetlab.benchmark.localization import evaluate_localization as evaluate_localization
    from synsetlab.benchmark.predictions import Guesses as Guesses
    from synsetlab.benchmark.predictions import read_predictions as read_predictions
    from synsetlab.benchmark.report import Report as Report
    from synsetlab.benchmark.scoring import evaluate as evaluate
    from synsetlab.benchmark.truth import Truth as Truth
    from synsetlab.benchmark.truth import read_truth as read_truth
    from synsetlab.benchmark.wrong import mistakes as mistakes
    from synsetlab.benchmark.wrong import send_back as send_back

_LAZY = {
    "Guesses": "predictions",
    "Report": "report",
    "Truth": "truth",
    "evaluate": "scoring",
    "evaluate_detection": "detection",
    "evaluate_localization": "localization",
    "mistakes": "wrong",
    "read_predictions": "predictions",
    "read_truth": "truth",
    "release_box_truth": "frozen",
    "release_truth": "frozen",
    "send_back": "wrong",
}

__all__ = [
    "Guesses",
    "Report",
    "Truth",
    "evaluate",
    "evaluate_detection",
    "evaluate_localization",
    "mistakes",
    "read_predictions",
    "read_truth",
    "release_box_truth",
    "release_truth",
    "send_back",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"synsetlab.benchmark.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'synsetlab.benchmark' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
