"""What a row of the review queue says of its votes, and what of it a blind expert may see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from synsetlab.ui.review import Reliability, ReviewDetail, ReviewItem

__all__ = ["agreement", "blind_detail", "blind_item", "entropy", "reliability"]

OPEN_TO_ALL: Final = ("gloss", "origin")
"""Parts of a detail that say nothing of the votes."""


def agreement(yes: int, no: int, unsure: int) -> float | None:
    """Share of the answers that are the most frequent one; None without answers."""
    given = int(yes) + int(no) + int(unsure)
    return max(int(yes), int(no), int(unsure)) / given if given else None


def entropy(posterior: float | None) -> float | None:
    """Bits of doubt in a belief: 1 at a half, 0 at certainty; None where there is no belief."""
    if posterior is None:
        return None
    parts = (posterior, 1 - posterior)
    return -sum(part * math.log2(part) for part in parts if part > 0) + 0.0


def reliability(row: Mapping[Any, Any]) -> Reliability:
    """What the page shows of a row of `synsetlab.voting.annotators.annotator_report`."""
    # With few votes, all right, the estimate itself lies outside the interval.
    low, right, high = row["right_low"], row["right"], row["right_high"]
    seconds = row["median_ms"] / 1000
    return {
        "right": float(right),
        "low": float(min(low, right)),
        "high": float(max(high, right)),
        "votes": int(row["votes"]),
        "seconds": None if math.isnan(seconds) else float(seconds),
    }


def blind_item(item: ReviewItem) -> ReviewItem:
    """`item` without what the votes say, and without why it is here, which tells as much."""
    return {
        **item,
        "posterior": None,
        "yes": 0,
        "no": 0,
        "unsure": 0,
        "flags": 0,
        "reason": "blind",
        "outcome": "",
        "agreement": None,
        "entropy": None,
        "annotators": [],
    }


def blind_detail(detail: ReviewDetail) -> ReviewDetail:
    """`detail` without votes, policy, history and what else was said of the picture and its like."""
    shown: Any = {name: value for name, value in detail.items() if name in OPEN_TO_ALL}
    if "duplicates" in detail:  # the pictures, not what was said of them
        shown["duplicates"] = [{**one, "asked": []} for one in detail["duplicates"]]
    return shown  # type: ignore[no-any-return]
