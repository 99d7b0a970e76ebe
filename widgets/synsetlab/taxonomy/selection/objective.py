r"""What a selection is worth: ``U = alpha C_cov + beta C_hier + gamma Q_label - lambda C_cost``.

For chosen synsets S out of a pool V, with K classes wanted (the policy's ``size``, else all that are
eligible), every term lies between 0 and 1:

- ``C_cov = |{v in V: v or something below it is in S}| / |V|``: concepts of the pool that the dataset
  shows at least one kind of.
- ``C_hier = (1/|V|) sum 1[n(v) >= n_min and d(v) in [d_low, d_high]]``: v in V; n(v) is the number of
  expected candidates of v if it is in S, else 0; d(v) is its depth. Without a file of candidates every
  chosen synset is taken to have enough.
- ``Q_label = (1/K) sum of q(v) over S``: expected label quality, from the user's file, else
  ``1 / (number of noun synsets that share the first lemma)``, since an ambiguous word brings wrong pictures.
- ``C_cost = (1/K) sum of c(v) / max c over S``: from the user's file, else 1 a class.

C_cov is monotone and submodular and the other terms are sums over S, so taking the best gain next comes
within ``1 - 1/e`` of the best S of its size while gains are positive (Nemhauser, Wolsey and Fisher 1978,
doi:10.1007/BF01588971; for any S that the rules allow).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.errors import InputError
from synsetlab.taxonomy.selection.policy import Weights
from synsetlab.taxonomy.words import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy

    Array = npt.NDArray[Any]

__all__ = ["Objective", "Term", "Worth"]


class Term(NamedTuple):
    """One term of U."""

    name: str
    value: float
    weight: float
    """Signed: the cost's is negative."""
    contribution: float
    """Weight times value."""
    meaning: str
    """The count behind the value, in words."""


@dataclass(frozen=True)
class Worth:
    """U and the terms that it is the sum of."""

    value: float
    terms: tuple[Term, ...]

    def explain(self) -> str:
        """A line for each term, and the sum."""
        lines = [
            f"{term.weight:+.3g} x {term.name:8} {term.value:.4f} = {term.contribution:+.4f}  {term.meaning}"
            for term in self.terms
        ]
        return "\n".join([*lines, f"U = {self.value:.4f}"])


class Objective:
    """U over selections from one pool.

    Parameters
    ----------
    taxonomy
        Gives depths and what lies above.
    pool
        V.
    wanted
        K, at least 1.
    weights
        alpha, beta, gamma, lambda (`Weights.cost`) and the bounds of C_hier.
    depth_kind
        ``min`` or ``max``: which path from the root d(v) counts.
    candidates, quality, costs
        Numbers by wnid; None where there is no file.

    Raises
    ------
    InputError
        The pool is empty, a quality lies outside 0 to 1, or a cost is negative.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        pool: Iterable[str],
        wanted: int,
        *,
        weights: Weights | None = None,
        depth_kind: str = "min",
        candidates: Mapping[str, float] | None = None,
        quality: Mapping[str, float] | None = None,
        costs: Mapping[str, float] | None = None,
    ) -> None:
        self._taxonomy = taxonomy
        self.weights = weights or Weights()
        self.wanted = max(wanted, 1)
        places = np.unique(taxonomy.indices(pool))
        if not places.size:
            raise InputError("The pool is empty: there is nothing to choose from.", "Widen roots or within.")
        self.pool = places
        self._in_pool = np.zeros(len(taxonomy), bool)
        self._in_pool[places] = True
        _check_range("quality", quality, 0, 1)
        _check_range("cost", costs, 0, None)
        depth = taxonomy.arrays[f"depth_{depth_kind}"]
        fits = (depth >= self.weights.d_low) & (depth <= self.weights.d_high)
        self._fits = fits & self._in_pool
        self._hier = self._fits & self._enough(candidates)
        self._quality = _unambiguity(taxonomy) if quality is None else _spread(taxonomy, quality)
        spread = np.ones(len(taxonomy)) if costs is None else _spread(taxonomy, costs)
        self._cost = spread / max(float(spread[places].max()), np.finfo(float).tiny)
        self._known_candidates = candidates is not None

    def with_candidates(self, candidates: Mapping[str, float]) -> Objective:
        """The same objective with other numbers for n(v), such as what a workspace holds by now."""
        other = copy.copy(self)
        other._hier = self._fits & self._enough(candidates)
        other._known_candidates = True
        return other

    def _enough(self, candidates: Mapping[str, float] | None) -> Array:
        if candidates is None:
            return np.ones(len(self._taxonomy), bool)
        enough: Array = _spread(self._taxonomy, candidates) >= self.weights.n_min
        return enough

    def covers(self, place: int) -> Array:
        """What a synset, by index, covers of the pool: itself and what is above it."""
        above = self._taxonomy.graph["upwards"].row(place)
        return above[self._in_pool[above]]

    @property
    def own_gains(self) -> Array:
        """By index: what a synset adds to U by itself, apart from C_cov."""
        weights = self.weights
        hier = self._hier / self.pool.size
        gains: Array = (
            weights.beta * hier + (weights.gamma * self._quality - weights.cost * self._cost) / self.wanted
        )
        return gains

    @property
    def cover_gain(self) -> float:
        """What a newly covered synset adds to U."""
        return self.weights.alpha / self.pool.size

    def __call__(self, wnids: Iterable[str]) -> Worth:
        """U of chosen synsets, term by term."""
        weights, size = self.weights, self.pool.size
        chosen = np.unique(self._taxonomy.indices(wnids))
        above = np.unique(self._taxonomy.graph["upwards"].rows(chosen)) if chosen.size else chosen
        covered, fit = int(self._in_pool[above].sum()), int(self._hier[chosen].sum())
        quality, cost = float(self._quality[chosen].sum()), float(self._cost[chosen].sum())
        counted = f"at least {weights.n_min:,} candidates" if self._known_candidates else "candidates unknown"
        terms = tuple(
            Term(name, value, weight, weight * value, meaning)
            for name, value, weight, meaning in (
                ("C_cov", covered / size, weights.alpha, f"{covered:,} of {size:,} pool synsets are shown"),
                (
                    "C_hier",
                    fit / size,
                    weights.beta,
                    f"{fit:,} of {size:,} are chosen with {counted} and depth "
                    f"{weights.d_low} to {weights.d_high}",
                ),
                (
                    "Q_label",
                    quality / self.wanted,
                    weights.gamma,
                    f"quality {quality:.2f} over {self.wanted:,} wanted classes",
                ),
                (
                    "C_cost",
                    cost / self.wanted,
                    -weights.cost,
                    f"cost {cost:.2f} of at most {self.wanted:,}",
                ),
            )
        )
        return Worth(sum(term.contribution for term in terms), terms)


def _spread(taxonomy: Taxonomy, numbers: Mapping[str, float]) -> Array:
    """Numbers by index, 0 where there is none."""
    spread = np.zeros(len(taxonomy))
    spread[taxonomy.indices(numbers)] = list(numbers.values())
    return spread


def _unambiguity(taxonomy: Taxonomy) -> Array:
    """1 over the number of noun synsets that have the synset's first lemma."""
    arrays = taxonomy.arrays
    names = arrays["name_text"].tobytes().decode().split("\n")[:-1]
    senses = dict(zip(names, np.diff(arrays["name_synset_start"]).tolist(), strict=True))
    lemmas = arrays["lemma_text"].tobytes().decode().split("\n")[:-1]
    return 1.0 / np.array([max(senses.get(fold(line.partition("\t")[0]), 1), 1) for line in lemmas])


def _check_range(what: str, numbers: Mapping[str, float] | None, low: float, high: float | None) -> None:
    for wnid, number in (numbers or {}).items():
        if number < low or (high is not None and number > high):
            wanted = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
            raise InputError(f"The {what} of {wnid} is {number:g}; it must be {wanted}.")
