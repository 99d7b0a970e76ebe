"""Score predictions as ILSVRC did: flat and hierarchical error of the first five guesses.

Definitions: Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", IJCV 2015, section 4;
the hierarchical cost is that of the challenges of 2010 and 2011; the multi-label accuracy that of Beyer et
al., "Are we done with ImageNet?", 2020.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.benchmark.calibration import SCALES, calibration
from synsetlab.benchmark.compare import Costs, compare
from synsetlab.benchmark.confusion import confusions
from synsetlab.benchmark.groups import by_frequency, by_subtree
from synsetlab.benchmark.hierarchy import HIERARCHIES, Hierarchy, hierarchical_costs, why_not
from synsetlab.benchmark.intervals import LEVEL, bootstrap_interval
from synsetlab.benchmark.metrics import PairCosts, class_means, first_hits
from synsetlab.benchmark.plausible import check_guesses, warn_of_chance
from synsetlab.benchmark.predictions import MOST, Guesses, read_predictions
from synsetlab.benchmark.report import Report
from synsetlab.benchmark.truth import Truth, read_truth
from synsetlab.errors import InputError, WordNetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from synsetlab.benchmark.groups import Measures

__all__ = ["evaluate"]


class _Tall(NamedTuple):
    """Costs of the pairs, shape (P, 5), and how to average them."""

    costs: npt.NDArray[np.integer[Any]]
    truth: Truth
    scale: int = 1

    def column(self, k: int) -> PairCosts:
        return PairCosts(self.costs[:, k], self.truth.pair_image, self.truth.sizes, self.scale)

    def means(self) -> tuple[float, ...]:
        return tuple(self.column(k).mean() for k in range(MOST))

    def intervals(self, seed: int) -> list[list[float]]:
        return [list(bootstrap_interval(*self.column(k).distribution(), seed)) for k in range(MOST)]


def evaluate(
    truth: Any,
    predictions: Any,
    *,
    ids: str | None = None,
    classes: str | os.PathLike[str] | Sequence[str] | None = None,
    truth_ids: str | None = None,
    key: str | None = None,
    order: str | None = None,
    hierarchy: str = "full",
    seed: int = 0,
    check: bool = True,
    against: Any = None,
    against_ids: str | None = None,
    against_key: str | None = None,
    confusion: int = 0,
    scores: str | None = None,
) -> Report:
    """Score predictions.

    Parameters
    ----------
    truth
        A `Truth`, a frame or a file: see `read_truth`. For a release see `release_truth`.
    predictions
        An array, a frame or a file: see `read_predictions`, or what that returned.
    ids
        How the predictions name classes: ``wnid`` (class strings), ``index`` (from 0, in `classes` or else
        the sorted classes of the truth) or ``ilsvrc2012`` (the development kit's, from 1).
    classes
        The class at each index, a list or a file; not with a `Truth`, which has its own.
    truth_ids
        The same as `ids` for the truth.
    key
        Which array of an ``.npz``.
    order
        In what order the rows of an array or a text stand: see `read_predictions`.
    hierarchy
        ``full`` (heights in all of WordNet 3.0) or ``induced`` (among the classes and their ancestors).
    seed
        Of the bootstrap; it matters only where a cost has more than two values.
    check
        Refuse predictions that fit the truth only in another numbering or order.
    against
        Another submission's predictions, with which these are compared image by image.
    against_ids, against_key
        How it names classes (by default as `ids` says), and which array of an ``.npz`` it is.
    confusion
        How many of the most frequent confusions are listed.
    scores
        What scores of all classes are: ``probability`` or ``logit``; by default see `calibration`.

    Raises
    ------
    InputError
        A file cannot be used, or predictions and truth do not fit; the message says what to do.
    """
    if hierarchy not in HIERARCHIES:
        raise InputError(f"hierarchy={hierarchy!r} is unknown.", f"Use one of: {', '.join(HIERARCHIES)}.")
    if scores is not None and scores not in SCALES:
        raise InputError(f"scores={scores!r} is unknown.", f"Use one of: {', '.join(SCALES)}.")
    if isinstance(truth, Truth) and classes is not None:
        raise InputError("A Truth has its classes already.", "Leave classes out.")
    known = read_truth(truth, classes=classes, ids=truth_ids)
    ask = _Ask(hierarchy, seed, confusion, scores)
    ours = _read(predictions, known, check, "the predictions", ids=ids, key=key, order=order)
    report, costs = _score(known, *ours, ask)
    if against is None:
        return report
    other = _read(
        against, known, check, "the other predictions", ids=against_ids or ids, key=against_key, order=order
    )
    theirs = _costs(known, other[0], hierarchy)[0]
    return replace(
        report,
        comparison={"against": other[1], **compare(costs, theirs, known, seed)},
        warnings=(*report.warnings, *other[0].notes, *_few(*other)),
    )


class _Ask(NamedTuple):
    """What the caller wants beside the errors."""

    hierarchy: str
    seed: int
    confusion: int
    scores: str | None


def _read(source: Any, truth: Truth, check: bool, name: str, **options: Any) -> tuple[Guesses, str]:
    """Guesses and the place that messages name."""
    if isinstance(source, Guesses):
        return source, name
    guesses = read_predictions(source, truth, **options)
    place = str(source) if isinstance(source, (str, os.PathLike)) else name
    if check:
        check_guesses(guesses, truth, place)
    return guesses, place


def _costs(truth: Truth, guesses: Guesses, which: str) -> tuple[Costs, Hierarchy | None, str]:
    """What each pair costs, the hierarchy it was measured in, or why there is none."""
    rank = first_hits(guesses.codes, truth)
    built, reason = _hierarchy(guesses, which)
    if built is None:
        return Costs(rank, None, None), None, reason
    return Costs(rank, hierarchical_costs(guesses.codes, truth, built), built.root_height), built, ""


def _score(truth: Truth, guesses: Guesses, place: str, ask: _Ask) -> tuple[Report, Costs]:
    found, built, reason = _costs(truth, guesses, ask.hierarchy)
    rank, sizes = found.rank, truth.sizes
    flat = _Tall((rank[:, None] >= np.arange(1, MOST + 1)).astype(np.int8), truth)
    right = np.zeros(len(truth.images), bool)
    right[truth.pair_image[rank == 0]] = True
    right = right[sizes > 0]
    intervals: dict[str, Any] = {
        f"top{k}_error": ends for k, ends in enumerate(flat.intervals(ask.seed), start=1)
    }
    shares = np.unique(right.astype(np.float64), return_counts=True)
    intervals["multi_label_accuracy"] = list(bootstrap_interval(*shares, ask.seed))
    measures: Measures = {f"top{k + 1}_error": (flat.costs[:, k], 1) for k in range(MOST)}
    errors = heights = None
    if found.heights is not None and found.root_height is not None:
        tall = _Tall(found.heights, truth)
        heights, scaled = tall.means(), tall._replace(scale=found.root_height)
        errors = scaled.means()
        intervals["hierarchical_error"] = scaled.intervals(ask.seed)
        for k in (1, MOST):
            measures[f"hierarchical_top{k}_error"] = (found.heights[:, k - 1], found.root_height)
    wrong = int((rank > 0).sum())
    report = Report(
        n=int((sizes > 0).sum()),
        excluded=int((sizes == 0).sum()),
        n_classes=len(truth.classes),
        guesses=guesses.most,
        ids=guesses.ids,
        order=guesses.order,
        errors=flat.means(),
        accuracies=flat._replace(costs=1 - flat.costs).means(),
        multi_label_accuracy=int(right.sum()) / len(right),
        hierarchy=ask.hierarchy,
        hierarchical_errors=errors,
        hierarchical_heights=heights,
        root_height=found.root_height,
        hierarchical_reason=reason,
        intervals=intervals,
        interval_level=LEVEL,
        seed=ask.seed,
        classes=tuple(truth.classes),
        class_columns={
            "n": np.bincount(truth.pair_class, minlength=len(truth.classes)),
            **{name: class_means(cost, truth, scale) for name, (cost, scale) in measures.items()},
        },
        warnings=(
            *truth.notes,
            *guesses.notes,
            *_few(guesses, place),
            *warn_of_chance(wrong, len(rank), len(truth.classes), place),
        ),
        **_parts(truth, guesses, measures, built, ask),
    )
    return report, found


def _parts(
    truth: Truth, guesses: Guesses, measures: Measures, built: Hierarchy | None, ask: _Ask
) -> dict[str, Any]:
    """What a report says of parts of the test set."""
    from synsetlab.taxonomy import load  # noqa: PLC0415 - plain class strings need no WordNet

    taxonomy = None if built is None else load()
    parts: dict[str, Any] = {"per_frequency": by_frequency(measures, truth)}
    if built is not None and taxonomy is not None:
        parts["per_subtree"] = by_subtree(measures, truth, built, taxonomy)
    if ask.confusion:
        pairs, ancestors = confusions(guesses, truth, built, taxonomy, ask.confusion)
        parts |= {"confusions": pairs, "confused_under": ancestors}
    return parts | {"calibration": calibration(guesses, truth, ask.scores)}


def _few(guesses: Guesses, place: str) -> tuple[str, ...]:
    most = guesses.most
    if most >= min(MOST, guesses.table.size):
        return ()
    said = "one guess" if most == 1 else f"{most} guesses"
    return (f"{place} has at most {said} an image: errors of more guesses than that are the same.",)


def _hierarchy(guesses: Guesses, which: str) -> tuple[Hierarchy | None, str]:
    """The hierarchy of all classes in play, or why there is none."""
    from synsetlab.taxonomy import load  # noqa: PLC0415 - plain class strings need no WordNet

    names, size = guesses.table.names, guesses.table.size
    try:
        taxonomy = load() if names[0].startswith("n") else None
    except WordNetError as error:
        return None, error.message
    reason = (
        why_not([*names[:size], *guesses.table.outside], taxonomy)
        if taxonomy
        else f"{names[0]!r} is no wnid."
    )
    if taxonomy is None or reason:
        return None, f"Hierarchical errors need wnids of WordNet 3.0: {reason}"
    built = Hierarchy.build(names, size, taxonomy, which)
    if not built.root_height:
        return None, "The hierarchy of a single class has no height."
    return built, ""
