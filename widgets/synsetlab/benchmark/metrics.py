"""Flat, hierarchical and multi-label measures of the first five guesses.

All are means over images of the mean over the classes that an image shows (ILSVRC2011's definition; one
class an image is the common case). Sums are of whole numbers and are divided once, so that every digit of a
mean is right, in whatever order the rows stand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.truth import Truth

    Costs = npt.NDArray[np.integer[Any]]

__all__ = ["PairCosts", "class_means", "first_hits"]


@dataclass(frozen=True, slots=True)
class PairCosts:
    """What each (image, class) pair costs: whole numbers, each the `scale`-th part of one."""

    cost: Costs
    """Shape (P,)."""
    image: npt.NDArray[np.int32]
    """Shape (P,): the image of each pair; ascending."""
    sizes: npt.NDArray[np.int64]
    """Shape (images,): number of classes of each image."""
    scale: int = 1

    def mean(self) -> float:
        """Mean over the images that show a class: the double nearest to the exact fraction."""
        if not self.image.size:
            return math.nan
        # Sums by size are whole numbers: one fraction for each size.
        sums = np.bincount(self.sizes[self.image], weights=self.cost).tolist()
        total = sum((Fraction(int(part), count) for count, part in enumerate(sums) if count), Fraction())
        return float(total / (int((self.sizes > 0).sum()) * self.scale))

    def distribution(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """The distinct costs of images that show a class, ascending, and the number of images of each."""
        sums = np.bincount(self.image, weights=self.cost, minlength=len(self.sizes)).astype(np.int64)
        width = int(self.sizes.max(initial=0)) + 1
        times = np.bincount(sums * width + self.sizes)
        keys = np.flatnonzero(times)
        keys = keys[keys % width > 0]
        means, places = np.unique(keys // width / (keys % width), return_inverse=True)
        number = np.bincount(places, weights=times[keys]).astype(np.int64)
        return means / self.scale, number


def first_hits(codes: npt.NDArray[np.int32], truth: Truth) -> npt.NDArray[np.int8]:
    """Rank (0 to k - 1) of the guess that hits each (image, class) pair; k where none does.

    Parameters
    ----------
    codes
        Shape (images, k).
    truth
        The test set, with P pairs.

    Returns
    -------
    array of shape (P,)
    """
    rank = np.full(len(truth.pair_class), codes.shape[1], np.int8)
    for column in reversed(range(codes.shape[1])):
        rank[codes[truth.pair_image, column] == truth.pair_class] = column
    return rank


def class_means(cost: Costs, truth: Truth, scale: int = 1) -> npt.NDArray[np.float64]:
    """Mean cost of the pairs of each class, over `scale`; NaN for a class that no image shows.

    Shape (classes,).
    """
    count = len(truth.classes)
    sums = np.bincount(truth.pair_class, weights=cost, minlength=count)
    number = np.bincount(truth.pair_class, minlength=count)
    with np.errstate(invalid="ignore"):
        means: npt.NDArray[np.float64] = sums / (number * scale)
    return means
