"""Errors of parts of a test set: the classes below each synset, images of like selection frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.hierarchy import Hierarchy
    from synsetlab.benchmark.truth import Truth
    from synsetlab.taxonomy.nouns import Taxonomy

    Measures = dict[str, tuple[npt.NDArray[np.integer[Any]], int]]

__all__ = ["BINS", "by_frequency", "by_subtree"]

BINS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Edges of the bins of selection frequency (ImageNetV2's); each holds its lower edge, the last one both."""


def by_subtree(
    measures: Measures, truth: Truth, hierarchy: Hierarchy, taxonomy: Taxonomy
) -> list[dict[str, Any]]:
    """Mean of each measure over the (image, class) pairs whose class is a synset or below it.

    Parameters
    ----------
    measures
        What each pair of `truth` costs, shape (P,), and what its mean is divided by.

    Returns
    -------
    list
        One row for each synset above a class, by wnid: ``wnid``, ``name`` (first lemma), ``classes``,
        ``n`` (pairs) and a mean for each of `measures`, None where no image shows them.
    """
    count = len(truth.classes)
    member = hierarchy.above(count).astype(np.float64).T
    classes_too = set(truth.classes)
    own = np.array([node in classes_too for node in hierarchy.nodes])
    used = np.flatnonzero(member.sum(axis=1) > own)
    shown = np.bincount(truth.pair_class, minlength=count)
    number = (member @ shown)[used]
    means = {}
    for name, (cost, scale) in measures.items():
        sums = (member @ np.bincount(truth.pair_class, weights=cost, minlength=count))[used]
        means[name] = [
            total / (n * scale) if n else None
            for total, n in zip(sums.tolist(), number.tolist(), strict=True)
        ]
    classes = member.sum(axis=1)[used]
    rows = []
    for place, node in enumerate(used.tolist()):
        wnid = hierarchy.nodes[node]
        row = {"wnid": wnid, "name": taxonomy.lemmas(wnid)[0], "classes": int(classes[place])}
        rows.append(row | {"n": int(number[place])} | {name: mean[place] for name, mean in means.items()})
    return sorted(rows, key=lambda row: str(row["wnid"]))


def by_frequency(measures: Measures, truth: Truth) -> list[dict[str, Any]] | None:
    """Mean of each measure over the pairs in each bin of selection frequency; None where it is not known.

    Returns
    -------
    list
        One row a bin: ``low``, ``high``, ``n`` (pairs) and the means; then, with null ends, the pairs of
        unknown frequency if there are any.
    """
    if truth.frequency is None:
        return None
    known = ~np.isnan(truth.frequency)
    place = np.full(len(truth.frequency), len(BINS) - 1)
    # The upper edge belongs to the last bin: unanimous images are a bin's, not one of their own.
    place[known] = np.clip(np.digitize(truth.frequency[known], BINS) - 1, 0, len(BINS) - 2)
    rows = []
    for bin_ in range(len(BINS)):
        inside = place == bin_
        number = int(inside.sum())
        if bin_ == len(BINS) - 1 and not number:
            break
        ends = BINS[bin_ : bin_ + 2] if bin_ < len(BINS) - 1 else (None, None)
        row: dict[str, Any] = {"low": ends[0], "high": ends[1], "n": number}
        for name, (cost, scale) in measures.items():
            row[name] = int(cost[inside].sum()) / (number * scale) if number else None
        rows.append(row)
    return rows
