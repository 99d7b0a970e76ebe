"""What holds where nothing else was said; known without the database."""

from __future__ import annotations

__all__ = [
    "BY_POLICY",
    "CONTROLS",
    "LEASE_MINUTES",
    "MODEL",
    "MODEL_VERSION",
    "PAGE",
    "POLICY",
    "VOTE_POLICY",
]

BY_POLICY = "policy"
"""Who decided on copies, in the rows that no person decided."""

CONTROLS = 6 / 48
"""Share of a page that is hidden gold and hard negatives."""

LEASE_MINUTES = 20.0
"""How long a page's questions are kept for whoever got them."""

PAGE = 48
"""Questions a page: what ImageNet and ImageNetV2 used."""

POLICY, MODEL, MODEL_VERSION = "policy", "answer_model", "answer_model_version"
"""Settings of the workspace: what the last run judged by, for the decisions between runs."""

VOTE_POLICY = "vote_policy"
"""Key of the setting that says which of an annotator's answers to a question counts."""
