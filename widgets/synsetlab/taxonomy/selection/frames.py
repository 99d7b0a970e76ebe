"""Selections as pandas frames, to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from synsetlab.taxonomy.nouns import Taxonomy
    from synsetlab.taxonomy.selection.choose import Choice
    from synsetlab.taxonomy.selection.merges import Merge
    from synsetlab.taxonomy.selection.value import Selection

__all__ = ["chosen_frame", "excluded_frame", "merges_frame", "strategies_frame", "terms_frame"]


def chosen_frame(taxonomy: Taxonomy, selection: Selection) -> pd.DataFrame:
    """The chosen synsets: ``wnid, lemma, depth, height, gloss``."""
    import pandas as pd  # noqa: PLC0415 - the engine itself does without

    rows = [
        (w, taxonomy.lemmas(w)[0], taxonomy.depth_min(w), taxonomy.height(w), taxonomy.gloss(w))
        for w in selection.wnids
    ]
    return pd.DataFrame(rows, columns=["wnid", "lemma", "depth", "height", "gloss"])


def excluded_frame(taxonomy: Taxonomy, selection: Selection) -> pd.DataFrame:
    """What was left out and why: ``wnid, lemma, rule, reason, because``."""
    import pandas as pd  # noqa: PLC0415 - as above

    rows = [
        (each.wnid, taxonomy.lemmas(each.wnid)[0], each.rule, each.reason, each.because)
        for each in selection.excluded
    ]
    return pd.DataFrame(rows, columns=["wnid", "lemma", "rule", "reason", "because"])


def strategies_frame(choices: Mapping[str, Choice]) -> pd.DataFrame:
    """What `synsetlab.taxonomy.selection.compare` found: a row a strategy, a column a term, and U."""
    import pandas as pd  # noqa: PLC0415 - as above

    rows = [
        {
            "strategy": name,
            "classes": len(choice.selection),
            **{term.name: term.value for term in choice.worth.terms},
            "U": choice.worth.value,
        }
        for name, choice in choices.items()
    ]
    return pd.DataFrame(rows).set_index("strategy")


def terms_frame(choices: Mapping[str, Choice]) -> pd.DataFrame:
    """The same term by term: a row a strategy and term, ``value, weight, contribution, meaning``."""
    import pandas as pd  # noqa: PLC0415 - as above

    rows = [
        {"strategy": name, "term": term.name, **term._asdict()}
        for name, choice in choices.items()
        for term in choice.worth.terms
    ]
    return pd.DataFrame(rows).drop(columns="name").set_index(["strategy", "term"])


def merges_frame(taxonomy: Taxonomy, merges: Iterable[Merge]) -> pd.DataFrame:
    """Suggestions: ``wnid, lemma, replaces, candidates, reason``."""
    import pandas as pd  # noqa: PLC0415 - as above

    rows = [
        (
            merge.wnid,
            taxonomy.lemmas(merge.wnid)[0],
            ", ".join(taxonomy.lemmas(wnid)[0] for wnid in merge.replaces),
            merge.candidates,
            merge.reason,
        )
        for merge in merges
    ]
    return pd.DataFrame(rows, columns=["wnid", "lemma", "replaces", "candidates", "reason"])
