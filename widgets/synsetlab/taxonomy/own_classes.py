"""Classes of one's own, outside WordNet, attached under its synsets.

Their ids are ``x`` and eight digits, a space of their own that no WordNet wnid can fall into; they sort
after all of WordNet's.
"""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from synsetlab.errors import InputError
from synsetlab.taxonomy.arrays import Csr, Texts
from synsetlab.taxonomy.graph import longest, merge
from synsetlab.taxonomy.languages import Language
from synsetlab.taxonomy.lists import read_rows
from synsetlab.taxonomy.nouns import Taxonomy
from synsetlab.taxonomy.wnids import number_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from synsetlab.taxonomy.search import Match

    Array = npt.NDArray[Any]

__all__ = ["ExtendedTaxonomy", "OwnClass", "OwnClasses"]

_ID = re.compile(r"x[0-9]{8}")
_COLUMNS = ("id", "hypernym", "lemmas")


class OwnClass(NamedTuple):
    """A class that WordNet lacks."""

    id: str
    """``x`` and eight digits."""
    hypernyms: tuple[str, ...]
    """At least one: wnids, or ids of other own classes."""
    lemmas: tuple[str, ...]
    """At least one."""
    gloss: str = ""


class OwnClasses:
    """Classes outside WordNet, checked.

    Parameters
    ----------
    classes
        In any order.
    taxonomy
        What they are to be attached to.

    Raises
    ------
    InputError
        An id is malformed, taken or given twice, a class has no lemma or no hypernym, or they are in a ring.
    UnknownSynsetError
        A hypernym is neither in the taxonomy nor among the classes.
    """

    def __init__(self, classes: Iterable[OwnClass], taxonomy: Taxonomy) -> None:
        listed = list(classes)
        known: dict[str, OwnClass] = {}
        for each in listed:
            self._check(each, known, taxonomy)
            known[each.id] = each
        for each in listed:
            for hypernym in each.hypernyms:
                if hypernym not in known and hypernym not in taxonomy:
                    raise taxonomy.unknown(hypernym, f"hypernym of {each.id}: ")
        inner = {each.id: [up for up in each.hypernyms if up in known] for each in listed}
        try:
            self.order = list(TopologicalSorter(inner).static_order())
            """Ids, hypernyms before what is below them."""
        except CycleError as error:
            ring = " > ".join(error.args[1])
            raise InputError(f"Own classes are their own hypernyms: {ring}.", "Break the ring.") from error
        self.by_id = dict(sorted(known.items()))
        """Id to class, sorted."""

    @staticmethod
    def _check(each: OwnClass, known: dict[str, OwnClass], taxonomy: Taxonomy) -> None:
        if not _ID.fullmatch(each.id):
            free = max((int(one[1:]) for one in known), default=0) + 1
            raise InputError(
                f"{each.id!r} is no id of an own class.",
                f"Write x and 8 digits, such as x{free:08d}; WordNet's own begin with n.",
            )
        if each.id in known or each.id in taxonomy:
            raise InputError(f"{each.id} is given twice.", "Give every own class an id of its own.")
        if not each.lemmas or not each.hypernyms:
            raise InputError(f"{each.id} needs a lemma and a hypernym.", "Columns: id,hypernym,lemmas,gloss.")
        if any("\t" in text or "\n" in text for text in (*each.lemmas, each.gloss)):
            raise InputError(f"{each.id} has a tab or line break in its texts.", "Use spaces.")

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[OwnClass]:
        return iter(self.by_id.values())

    @classmethod
    def read(cls, path: str | os.PathLike[str], taxonomy: Taxonomy) -> OwnClasses:
        """Read CSV with the columns ``id``, ``hypernym``, ``lemmas`` and perhaps ``gloss``.

        Several hypernyms are separated by spaces or ``;``, several lemmas by ``;`` or ``|`` or ``,``.

        Raises
        ------
        InputError
            It cannot be read, lacks a column, or the classes are wrong.
        """
        classes = []
        for _, row in read_rows(path, _COLUMNS):
            classes.append(
                OwnClass(
                    row["id"].strip(),
                    tuple(re.split(r"[\s;,|]+", row["hypernym"].strip())) if row["hypernym"].strip() else (),
                    tuple(lemma for part in re.split(r"[;|,]", row["lemmas"]) if (lemma := _plain(part))),
                    _plain(row.get("gloss", "")),
                )
            )
        try:
            return cls(classes, taxonomy)
        except InputError as error:
            raise type(error)(f"{path}: {error.message}", error.remedy) from error

    def attach(self, taxonomy: Taxonomy) -> ExtendedTaxonomy:
        """The taxonomy with these classes in it; WordNet's part keeps its indices.

        Raises
        ------
        InputError
            `taxonomy` has own classes already, whose indices would move.
        """
        if isinstance(taxonomy, ExtendedTaxonomy):
            raise InputError("The taxonomy has own classes already.", "Attach them all at once.")
        return ExtendedTaxonomy(taxonomy, self)


class ExtendedTaxonomy(Taxonomy):
    """WordNet's nouns and classes outside it; every question of `Taxonomy` is answered for both."""

    def __init__(self, base: Taxonomy, own: OwnClasses) -> None:
        super().__init__(_extended(base, own), base.checksum)
        self.base = base
        """WordNet alone."""
        self.own = own
        """What was added."""
        self._own_names = Language({each.id: list(each.lemmas) for each in own})

    def search(self, text: str, limit: int = 20) -> list[Match]:
        """As `Taxonomy.search`, among own classes too; these come first where scores tie."""
        found = [*self._own_names.search(text, limit), *super().search(text, limit)]
        return sorted(found, key=lambda match: -match.score)[:limit]

    def senses(self, lemma: str) -> list[str]:
        """As `Taxonomy.senses`; own classes come last."""
        own = [match.wnid for match in self._own_names.search(lemma, len(self.own)) if match.kind == "exact"]
        return [*super().senses(lemma), *own]

    def check(self) -> dict[str, int]:
        """Prove the facts of WordNet's part."""
        return self.base.check()


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").split())


def _extended(base: Taxonomy, own: OwnClasses) -> dict[str, Array]:
    """The arrays of `base` with rows for `own` at their ends, and what changes above them."""
    count, total = len(base), len(base) + len(own)
    place = {each: count + i for i, each in enumerate(own.by_id)}
    parents = [
        sorted({place[up] if up in place else base.index(up) for up in each.hypernyms}) for each in own
    ]
    arrays = dict(base.arrays)
    numbers = np.array([number_of(each) for each in place], np.int32)
    arrays["offset"] = np.concatenate([arrays["offset"], numbers])
    texts = {
        "lemma": ["\t".join(each.lemmas) for each in own],
        "gloss": [each.gloss for each in own],
        "example": ["" for _ in own],
    }
    for name, strings in texts.items():
        arrays |= _longer_texts(arrays, name, strings)
    arrays["uses"] = np.concatenate([arrays["uses"], np.zeros(len(own), np.int32)])
    nothing: list[list[int]] = [[] for _ in own]
    graphs = {"hypernym": _longer(base.graph["hypernym"], parents)}
    graphs["instance_of"] = _longer(base.graph["instance_of"], nothing)
    graphs["instance"] = _longer(base.graph["instance"], nothing)
    graphs["hyponym"] = graphs["hypernym"].transpose(total)
    rows = {own_id: parents[place[own_id] - count] for own_id in own.order}
    graphs["upwards"] = _closed(base.graph["upwards"], rows, place)
    graphs["downwards"] = graphs["upwards"].transpose(total)
    kinds = _closed(base.graph["hyponyms"].transpose(count), rows, place)
    graphs["hyponyms"] = kinds.transpose(total)
    for name, graph in graphs.items():
        arrays[f"{name}_start"], arrays[f"{name}_values"] = graph.start, graph.values
    return arrays | _measured(base, graphs, rows, place)


def _measured(
    base: Taxonomy, graphs: dict[str, Csr], rows: dict[str, list[int]], place: dict[str, int]
) -> dict[str, Array]:
    """Depths of the new, heights of all."""
    arrays: dict[str, Array] = {}
    for name, best in (("depth_min", min), ("depth_max", max)):
        depth = np.concatenate([base.arrays[name], np.zeros(len(rows), np.uint8)])
        for own_id, above in rows.items():
            depth[place[own_id]] = 1 + best(int(depth[each]) for each in above)
        arrays[name] = depth
    up = merge(graphs["hypernym"], graphs["instance_of"])
    arrays["height"] = longest(up.transpose(up.start.size - 1), up).astype(np.uint8)
    return arrays


def _longer(graph: Csr, rows: list[list[int]]) -> Csr:
    """`graph` with more rows."""
    ends = graph.start[-1] + np.cumsum([len(row) for row in rows], dtype=np.int32)
    values = [value for row in rows for value in row]
    return Csr(
        np.concatenate([graph.start, ends], dtype=np.int32),
        np.concatenate([graph.values, np.array(values, np.int32)], dtype=np.int32),
    )


def _closed(closure: Csr, parents: dict[str, list[int]], place: dict[str, int]) -> Csr:
    """A closure with rows for the new: their parents' rows and themselves."""
    done: dict[int, Array] = {}
    for own_id, above in parents.items():
        found = [done[each] if each in done else closure.row(each) for each in above]
        done[place[own_id]] = np.unique(np.concatenate([*found, [place[own_id]]]))
    return _longer(closure, [done[each].tolist() for each in sorted(done)])


def _longer_texts(arrays: dict[str, Array], name: str, strings: list[str]) -> dict[str, Array]:
    more = Texts.pack(strings)
    start = arrays[f"{name}_text_start"]
    return {
        f"{name}_text": np.concatenate([arrays[f"{name}_text"], more.blob]),
        f"{name}_text_start": np.concatenate([start, start[-1] + more.start[1:]], dtype=np.int32),
    }
