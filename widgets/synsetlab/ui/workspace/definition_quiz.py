"""The definition quiz: whoever labels a synset must have read what it means.

ImageNet asked its workers such a quiz, since many words mean something else than one thinks (J. Deng
et al., "ImageNet: A Large-Scale Hierarchical Image Database", CVPR 2009, section 3.2).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synsetlab.store.workspace import Workspace

__all__ = ["QuizQuestion", "definition_quiz"]

OPTIONS = 4
COMMON = (
    "a general name for any object that people use",
    "the act or process of making or using something",
    "a person who makes or sells something",
)
"""Definitions beside the right one where a workspace has too few other synsets."""


@dataclass(frozen=True)
class QuizQuestion:
    """One question with a single right answer."""

    prompt: str
    options: tuple[str, ...]
    right: int
    """Place of the right option."""

    def shown(self) -> dict[str, Any]:
        """What the page is told: not which one is right."""
        return {"prompt": self.prompt, "options": list(self.options)}


def definition_quiz(workspace: Workspace, wnid: str) -> list[QuizQuestion]:
    """Which definition is the synset's, and where it has rules, what they say; the same each time.

    The wrong definitions are those of other synsets of the workspace, nearest in the hierarchy first.
    """
    synset = workspace.lookups.synset(wnid)
    order = random.Random(wnid)
    found = []
    if synset["gloss"]:
        wrong = [text for text in _other_glosses(workspace, synset) if text != synset["gloss"]]
        name = ", ".join(synset["lemmas"])
        found.append(_question(f"What is meant by “{name}” here?", synset["gloss"], wrong, order))
    yes, no = synset["rules_yes"], synset["rules_no"]
    if yes and no and yes != no:
        found.append(_question("Which pictures are to be answered with yes?", yes, [no], order))
    return found


def _other_glosses(workspace: Workspace, synset: dict[str, Any]) -> list[str]:
    path = synset["path"]
    rows = [
        {str(name): value for name, value in row.items()}
        for row in workspace.reader.synsets().to_dict("records")
    ]
    others = [row for row in rows if row["wnid"] != synset["wnid"]]

    def near(row: dict[str, Any]) -> tuple[int, str]:
        shared = sum(1 for a, b in zip(path, row["path"] or [], strict=False) if a == b)
        return -shared, row["wnid"]

    texts = [row["gloss"] for row in sorted(others, key=near) if row["gloss"]]
    return list(dict.fromkeys([*texts[: OPTIONS - 1], *COMMON]))


def _question(prompt: str, right: str, wrong: list[str], order: random.Random) -> QuizQuestion:
    options = [right, *wrong[: OPTIONS - 1]]
    order.shuffle(options)
    return QuizQuestion(prompt, tuple(options), options.index(right))
