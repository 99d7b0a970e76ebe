"""Panels for notebooks and Voila; each is loaded when it is first named."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synsetlab.ui.browser import SynsetBrowser as SynsetBrowser
    from synsetlab.ui.dashboard import ConsensusDashboard as ConsensusDashboard
    from synsetlab.ui.duplicates import DuplicateReview as DuplicateReview
    from synsetlab.ui.evaluation import ModelEvaluation as ModelEvaluation
    from synsetlab.ui.grid import LabelingGrid as LabelingGrid
    from synsetlab.ui.review import VoteReview as VoteReview
    from synsetlab.ui.workspace.duplicates import WorkspaceDuplicates as WorkspaceDuplicates
    from synsetlab.ui.workspace.labelling import WorkspaceLabelling as WorkspaceLabelling
    from synsetlab.ui.workspace.review import WorkspaceReview as WorkspaceReview

_LAZY = {
    "ConsensusDashboard": "synsetlab.ui.dashboard",
    "DuplicateReview": "synsetlab.ui.duplicates",
    "LabelingGrid": "synsetlab.ui.grid",
    "ModelEvaluation": "synsetlab.ui.evaluation",
    "SynsetBrowser": "synsetlab.ui.browser",
    "VoteReview": "synsetlab.ui.review",
    "WorkspaceDuplicates": "synsetlab.ui.workspace.duplicates",
    "WorkspaceLabelling": "synsetlab.ui.workspace.labelling",
    "WorkspaceReview": "synsetlab.ui.workspace.review",
}

__all__ = [
    "ConsensusDashboard",
    "DuplicateReview",
    "LabelingGrid",
    "ModelEvaluation",
    "SynsetBrowser",
    "VoteReview",
    "WorkspaceDuplicates",
    "WorkspaceLabelling",
    "WorkspaceReview",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'synsetlab.ui' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
