"""Hard negatives: pictures of a sibling synset, asked about as if they were candidates.

Who looks closely says no; who says yes to everything is caught. A sibling shares a hypernym with the
synset and neither lies under the other. Its pictures have been accepted as what they are, so that
the answer is known well, but not as surely as an expert's: they are counted apart from gold and no
model is clamped to them.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.voting.consensus import decide_questions

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["add_hard_negatives", "siblings"]


def add_hard_negatives(
    workspace: Workspace, wnids: Iterable[str] | None = None, *, per_synset: int = 24, seed: int = 0
) -> dict[str, int]:
    """Give each synset up to `per_synset` hard negatives; returns how many were added to each.

    Chosen by `seed` among the pictures accepted for siblings that are no candidates of the synset
    itself. Those that a synset has already count; running it again adds nothing. The questions
    are decided at once (rejected) and never part of a release.

    Raises
    ------
    InputError
        The workspace has no such synset, or `per_synset` is negative.
    """
    if per_synset < 0:
        raise InputError(f"per_synset={per_synset} is negative.")
    known = workspace.reader.synsets()["wnid"].tolist()
    chosen = known if wnids is None else sorted(set(wnids))
    for wnid in chosen:
        workspace.lookups.synset(wnid)
    questions = workspace.reader.questions()
    related = siblings(workspace.reader.edges(), known)
    shown = questions[(questions["outcome"] == "accepted") & questions["duplicate_of"].isna()]
    added: dict[str, int] = {}
    for wnid in chosen:
        own = questions[questions["wnid"] == wnid]
        room = per_synset - int((own["control"] == "sibling").sum())
        pool = shown.loc[shown["wnid"].isin(related[wnid]), "image_id"]
        free = sorted(set(pool) - set(own["image_id"]))
        drawn = random.Random(f"{seed}:{wnid}").sample(free, max(0, min(room, len(free))))
        facts = {"wnid": wnid, "gold_answer": "no", "control": "sibling"}
        added[wnid] = workspace.writer.add_questions([{"image_id": image, **facts} for image in drawn])
        made = workspace.lookups.question_ids(wnid, drawn)
        decide_questions(workspace, list(made.values()))
    return added


def siblings(edges: pd.DataFrame, wnids: Iterable[str]) -> dict[str, set[str]]:
    """For each of `wnids` the others that share a hypernym, less its ancestors and descendants.

    `edges` has columns parent and child.
    """
    parents: dict[str, set[str]] = {}
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        parents.setdefault(child, set()).add(parent)
    above: dict[str, set[str]] = {}

    def ancestors(wnid: str) -> set[str]:
        if wnid not in above:
            direct = parents.get(wnid, set())
            above[wnid] = direct.union(*(ancestors(parent) for parent in direct))
        return above[wnid]

    chosen = sorted(set(wnids))
    under: dict[str, set[str]] = {}
    for wnid in chosen:
        for parent in parents.get(wnid, ()):
            under.setdefault(parent, set()).add(wnid)
    found = {}
    for wnid in chosen:
        others = set().union(*(under[parent] for parent in parents.get(wnid, ()))) - {wnid}
        found[wnid] = {o for o in others if o not in ancestors(wnid) and wnid not in ancestors(o)}
    return found
