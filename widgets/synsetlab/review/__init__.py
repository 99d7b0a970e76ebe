"""Escalation: what the votes could not settle, and what experts say of it."""

from __future__ import annotations

from synsetlab.review.escalation import (
    VERDICTS,
    Step,
    escalated,
    give_verdict,
    give_verdicts,
    relabel,
    take_back,
)

__all__ = ["VERDICTS", "Step", "escalated", "give_verdict", "give_verdicts", "relabel", "take_back"]
