"""What a row of the review queue says of its votes, and what of it a blind expert may see."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from synsetlab.ui.review import Reliability, ReviewDetail, ReviewItem

__all__ = ["agreement", "blind_detail", "blind_item", "entropy", "facets", "fits", "reliability"]

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


def fits(item: ReviewItem, wanted: Mapping[str, Any]) -> bool:
    """Whether an item is in view under the page's filters; those that are absent or empty let all through.

    ``reason, wnid, outcome, annotator`` are equal to the item's or among them; ``entropy`` is [from, below]
    (an item without a belief is all doubt) and ``agreement`` [above, up to].
    """
    if any(wanted.get(name) and item[name] != wanted[name] for name in ("reason", "wnid", "outcome")):
        return False
    if wanted.get("annotator") and wanted["annotator"] not in item["annotators"]:
        return False
    if doubt := wanted.get("entropy"):
        bits = 1.0 if item["entropy"] is None else item["entropy"]
        if not doubt[0] <= bits < doubt[1]:
            return False
    if agreed := wanted.get("agreement"):
        return item["agreement"] is not None and agreed[0] < item["agreement"] <= agreed[1]
    return True


def facets(items: Iterable[ReviewItem]) -> dict[str, list[tuple[str, str, int]]]:
    """What there is to filter by, the most frequent first: value, words, how many."""
    names: dict[str, str] = {}
    found: dict[str, Counter[str]] = {"wnid": Counter(), "annotator": Counter(), "outcome": Counter()}
    for item in items:
        names[item["wnid"]] = (item["lemmas"] or [item["wnid"]])[0]
        found["wnid"][item["wnid"]] += 1
        found["outcome"][item["outcome"]] += 1
        found["annotator"].update(item["annotators"])
    return {
        name: [(value, names.get(value, value), n) for value, n in counted.most_common() if value]
        for name, counted in found.items()
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
