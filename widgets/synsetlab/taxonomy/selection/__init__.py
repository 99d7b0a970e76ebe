"""Choosing the classes of a dataset: policies, rules, strategies, and the reason for every refusal.

>>> from synsetlab.taxonomy import load
>>> from synsetlab.taxonomy.selection import SelectionPolicy, select
>>> chosen = select(load(), SelectionPolicy(roots=("n02084071",), size=10, strategy="greedy"))
>>> len(chosen)
10
"""

from synsetlab.taxonomy.selection.antichain import CONFLICT_POLICIES, Antichain, antichain
from synsetlab.taxonomy.selection.choose import Choice, choose, compare, select
from synsetlab.taxonomy.selection.frames import (
    chosen_frame,
    excluded_frame,
    merges_frame,
    strategies_frame,
    terms_frame,
)
from synsetlab.taxonomy.selection.merges import Merge, suggest_merges
from synsetlab.taxonomy.selection.objective import Objective, Term, Worth
from synsetlab.taxonomy.selection.policy import STRATEGIES, SelectionPolicy, Weights
from synsetlab.taxonomy.selection.value import Excluded, Selection, SelectionDiff

__all__ = [
    "CONFLICT_POLICIES",
    "STRATEGIES",
    "Antichain",
    "Choice",
    "Excluded",
    "Merge",
    "Objective",
    "Selection",
    "SelectionDiff",
    "SelectionPolicy",
    "Term",
    "Weights",
    "Worth",
    "antichain",
    "choose",
    "chosen_frame",
    "compare",
    "excluded_frame",
    "merges_frame",
    "select",
    "strategies_frame",
    "suggest_merges",
    "terms_frame",
]
