"""`select`: from a policy to the chosen synsets, their worth, and a reason for every other one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from synsetlab.errors import InputError
from synsetlab.taxonomy.selection.antichain import antichain
from synsetlab.taxonomy.selection.objective import Objective, Worth
from synsetlab.taxonomy.selection.policy import STRATEGIES, SelectionPolicy
from synsetlab.taxonomy.selection.rules import Inputs, Sieve
from synsetlab.taxonomy.selection.strategies import Taken, by_popularity, by_worth, in_random_order
from synsetlab.taxonomy.selection.value import Selection

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    import numpy.typing as npt

    from synsetlab.taxonomy.nouns import Taxonomy

    Array = npt.NDArray[Any]

__all__ = ["Choice", "choose", "compare", "select"]

_DIGITS = 9
"""Of the terms that are saved: sums differ in their last bits between machines, hashes must not."""


class Choice(NamedTuple):
    """A selection, what it is worth, and the function that says so of any other from the same pool."""

    selection: Selection
    worth: Worth
    objective: Objective


def select(taxonomy: Taxonomy, policy: SelectionPolicy, *, folder: str | os.PathLike[str] = ".") -> Selection:
    """Choose synsets as `policy` says.

    Parameters
    ----------
    taxonomy
        WordNet's nouns, with own classes or without.
    policy
        See `SelectionPolicy`.
    folder
        Where the files that the policy names are.

    Raises
    ------
    InputError
        A file cannot be used, the pool is empty, or more is included than ``size`` allows.
    UnknownSynsetError
        The policy or one of its files names a synset that is not there.
    """
    return choose(taxonomy, policy, folder=folder).selection


def choose(taxonomy: Taxonomy, policy: SelectionPolicy, *, folder: str | os.PathLike[str] = ".") -> Choice:
    """As `select`, with the worth of what was chosen."""
    inputs = Inputs.read(policy, taxonomy, Path(folder))
    sieve = Sieve(taxonomy, policy, inputs)
    if not sieve.pool.size:
        raise InputError("The pool is empty: nothing of within lies below the roots.", "Widen one of them.")
    eligible = sieve.eligible()
    taken = Taken(taxonomy, policy)
    included = [place for place in sieve.included.tolist() if place not in sieve.excluded]
    included, rest = _antichains(taxonomy, policy, included, eligible, taken)
    if policy.size is not None and len(included) > policy.size:
        raise InputError(
            f"size is {policy.size}, and {len(included)} synsets are included by name.", "Raise size."
        )
    for place in included:
        taken.force(place)
    objective = Objective(
        taxonomy,
        map(taxonomy.wnid, sieve.pool.tolist()),
        policy.size if policy.size is not None else len(rest) + len(included),
        weights=policy.weights,
        depth_kind=policy.depth_kind,
        candidates=inputs.numbers.get("candidates"),
        quality=inputs.numbers.get("quality"),
        costs=inputs.numbers.get("costs"),
    )
    _take(sieve, rest, taken, objective)
    wnids = tuple(sorted(map(taxonomy.wnid, taken.places)))
    worth = objective(wnids)
    excluded = {**taken.refused, **sieve.excluded}
    terms = [("U", worth.value), *((term.name, term.value) for term in worth.terms)]
    return Choice(
        Selection(
            wnids,
            policy,
            tuple(excluded[place] for place in sorted(excluded)),
            inputs.hashes,
            tuple(sorted((name, round(value, _DIGITS)) for name, value in terms)),
        ),
        worth,
        objective,
    )


def _antichains(
    taxonomy: Taxonomy, policy: SelectionPolicy, included: list[int], eligible: Array, taken: Taken
) -> tuple[list[int], list[int]]:
    """Included and other indices after the antichain rules that look at all at once."""
    given = set(included)
    rest = [place for place in eligible.tolist() if place not in given]
    if policy.antichain == "off":
        return included, rest
    stay = _kept(taxonomy, included, policy.antichain, taken)
    if policy.antichain == "first":
        return stay, rest
    # What is included by name wins over the rest, so the rest is sifted without what it shuts out.
    near: set[int] = set()
    for place in stay:
        for graph in ("upwards", "downwards"):
            near.update(taxonomy.graph[graph].row(place).tolist())
    open_ = [place for place in rest if place not in near]
    left = set(_kept(taxonomy, open_, policy.antichain, taken))
    return stay, [place for place in rest if place in near or place in left]


def _kept(taxonomy: Taxonomy, places: Iterable[int], way: str, taken: Taken) -> list[int]:
    found = antichain(taxonomy, map(taxonomy.wnid, places), way)
    for each in found.removed:
        taken.refuse(taxonomy.index(each.wnid), each.rule, each.reason, each.because)
    kept: list[int] = taxonomy.indices(found.kept).tolist()
    return kept


def _take(sieve: Sieve, rest: list[int], taken: Taken, objective: Objective) -> None:
    """Offer `rest` in the order of the strategy."""
    policy, taxonomy = sieve.policy, sieve.taxonomy
    order: Iterable[int] = rest
    if policy.strategy == "random":
        order = in_random_order(taxonomy, rest, policy.seed)
    elif policy.strategy == "popularity":
        order = by_popularity(taxonomy, rest, sieve.spread("candidates"))
    elif policy.strategy == "greedy":
        order = by_worth(objective, rest, taken, fill=policy.size is not None)
    for place in order:
        if taken.full:
            break
        taken.offer(place)
    settled = {*taken.places, *taken.refused}
    for place in rest:
        if place not in settled:
            taken.refuse(place, "size", f"comes after the {policy.size:,} wanted classes")


def compare(
    taxonomy: Taxonomy,
    policy: SelectionPolicy,
    *,
    strategies: Iterable[str] = STRATEGIES,
    folder: str | os.PathLike[str] = ".",
) -> dict[str, Choice]:
    """The same policy under several strategies, for comparison."""
    return {name: choose(taxonomy, replace(policy, strategy=name), folder=folder) for name in strategies}
