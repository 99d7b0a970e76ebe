"""What holds where nothing else was said; known without the database."""

from __future__ import annotations

__all__ = ["BY_POLICY", "CONTROLS", "VOTE_POLICY"]

BY_POLICY = "policy"
"""Who decided on copies, in the rows that no person decided."""

CONTROLS = 6 / 48
"""Share of a page that is hidden gold and hard negatives."""

VOTE_POLICY = "vote_policy"
"""Key of the setting that says which of an annotator's answers to a question counts."""
