"""SynsetBrowser: all of WordNet in a panel, a few rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import traitlets

from synsetlab.errors import InputError
from synsetlab.ui.browser_counts import CountTable
from synsetlab.ui.browser_map import SelectionMap
from synsetlab.ui.browser_near import confusable
from synsetlab.ui.browser_pictures import MappedPictures, SynsetPictures
from synsetlab.ui.browser_rows import FILTERS, Mask, Rows, reasons
from synsetlab.ui.browser_selection import SelectionPanel, kept_in
from synsetlab.ui.browser_words import Words
from synsetlab.ui.esm import link, style
from synsetlab.ui.messages import text_of, texts_of
from synsetlab.ui.pictures import PictureMessages, PictureSource

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from synsetlab.store.workspace import Workspace
    from synsetlab.taxonomy import Taxonomy
    from synsetlab.taxonomy.selection import Objective
    from synsetlab.ui.base import Reply
    from synsetlab.ui.browser_rows import Reason

__all__ = ["SynsetBrowser"]

ROWS_AT_ONCE: Final = 200
FOUND: Final = 40
STRIP: Final = 12


class SynsetBrowser(PictureMessages, SelectionPanel):
    """Search and walk WordNet's nouns and choose the classes of a dataset.

    Parameters
    ----------
    taxonomy
        Where the synsets come from; None: ``synsetlab.taxonomy.load()``, when the panel is first shown.
    counts
        Images of each synset, see `CountTable`; or a function that gives them anew, which is asked again
        while the panel is open (not while its ``version()``, if it has one, stays the same).
    target
        Images wanted of each synset that `counts` names, or by wnid.
    pictures
        Accepted pictures: a mapping from wnid to files, or a `SynsetPictures`.
    workspace
        Gives what is not given of these, see `Browsing`, and the candidates by which `objective` weighs.
    languages
        Open Multilingual Wordnet tables, see `Words`.
    excluded
        Synsets that a rule kept out and why: a `Selection`, or see `reasons`.
    objective
        Says what the selection is worth, term by term: the ``objective`` of a `Choice`.
    keep
        A file in which the selection is kept and from which it is taken up again, one wnid a line; True:
        one for each annotator, in the folder ``selections`` of the workspace.
    selection
        The wnids that are chosen at the start.
    selected
        The wnid that is shown at the start.

    Examples
    --------
    >>> from synsetlab.ui.browser import SynsetBrowser
    >>> browser = SynsetBrowser()  # doctest: +SKIP
    >>> browser.observe(lambda change: print(change["new"]), names=["selection"])  # doctest: +SKIP
    >>> browser.reveal("n02110185")  # doctest: +SKIP
    """

    _esm = link("browser")
    _css = style("review", "browser", "browser-detail")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    selected = traitlets.Unicode("").tag(sync=True)
    """wnid of the synset that is shown; empty: none."""

    def __init__(
        self,
        taxonomy: Taxonomy | None = None,
        counts: Any = None,
        *,
        target: int | Mapping[str, int] | None = None,
        pictures: SynsetPictures | Mapping[str, Sequence[str | os.PathLike[str]]] | None = None,
        workspace: Workspace | None = None,
        languages: Any = None,
        excluded: Any = None,
        objective: Objective | None = None,
        keep: str | os.PathLike[str] | bool = False,
        **traits: Any,
    ) -> None:
        self._live = workspace is not None and counts is None
        if workspace is not None:
            from synsetlab.ui.workspace.browsing import (  # noqa: PLC0415  # needs pandas, the panel alone does not
                Browsing,
            )

            given = Browsing(workspace)
            counts = given.counts if counts is None else counts
            target = given.target if target is None else target
            pictures = given.pictures if pictures is None else pictures
            languages = given.languages if languages is None else languages
            excluded = given.excluded if excluded is None else excluded
        self._counts, self._target = counts, target
        self._pictures: SynsetPictures = (
            MappedPictures(pictures or {}) if pictures is None or isinstance(pictures, Mapping) else pictures
        )
        self._languages, self._excluded, self._objective = languages, excluded, objective
        self._from_page = False
        super().__init__(taxonomy, kept_in(keep, workspace), **traits)

    # -- for Python ----------------------------------------------------------------------------

    @property
    def counts(self) -> Any:
        """Images of each synset, as they were given; assign to show new ones."""
        return self._counts

    @counts.setter
    def counts(self, counts: Any) -> None:
        before, self._counts = self._counts, counts
        try:
            self._count()
        except Exception:
            self._counts = before
            raise

    @property
    def excluded(self) -> Any:
        """Synsets that a rule kept out, as they were given; assign to show others."""
        return self._excluded

    @excluded.setter
    def excluded(self, excluded: Any) -> None:
        found = reasons(excluded, self.taxonomy)
        self._excluded, self.__dict__["_reasons"] = excluded, found
        self.send({"type": "changed"})

    @property
    def objective(self) -> Objective | None:
        """What the selection is worth by; assign to weigh it otherwise."""
        return self._objective

    @objective.setter
    def objective(self, objective: Objective | None) -> None:
        self._objective = objective
        self.send({"type": "changed"})

    def refresh(self) -> None:
        """Ask for the counts and pictures again, if they are given by a function or a workspace."""
        self._count()

    def reveal(self, wnid: str) -> None:
        """Show the synset in the tree, opening what lies above it.

        Raises
        ------
        UnknownSynsetError
            WordNet 3.0 has no such wnid.
        """
        if self.selected != wnid:
            self.selected = wnid
        else:  # the reader may have gone elsewhere since
            self.send({"type": "reveal", "wnid": wnid})

    # -- traits --------------------------------------------------------------------------------

    @traitlets.validate("selected")
    def _valid_selected(self, proposal: Any) -> str:
        wnid: str = proposal["value"]
        return self.taxonomy.require(wnid) if wnid else ""

    @traitlets.observe("selected")
    def _on_selected(self, change: Any) -> None:
        # Not to the page that asked: it may be further on by now, and would be thrown back.
        if change["new"] and not self._from_page:
            self.send({"type": "reveal", "wnid": change["new"]})

    # -- messages: the tree --------------------------------------------------------------------

    def on_open(self, message: Mapping[str, Any]) -> Reply:
        """``{filters}`` -> ``{root, levels: {wnid: nodes}, whole, matched, filters, languages, start, ...}``.

        ``root`` is null where nothing fits; ``whole`` is whether these are all levels that the filters
        leave; ``filters`` are those that can leave anything here; ``start`` is where there is most to see.
        """
        mask = self._mask(message)
        facts = {
            "matched": None if mask is None else int(mask.matched.sum()),
            "filters": self._useful_filters(),
            "has_counts": bool(self._table),
            "languages": self._words.codes,
            "live": callable(self._counts),
            "start": self._start(),
            **self._facts(),
        }
        if mask is not None and not mask.visible[self._root]:
            return {"root": None, "levels": {}, "whole": True, **facts}
        levels, whole = self._rows.opened(self._root, mask)
        return {"root": self._rows.node(self._root, mask), "levels": levels, "whole": whole, **facts}

    def on_children(self, message: Mapping[str, Any]) -> Reply:
        """``{wnids, filters}`` -> ``{levels: {wnid: nodes}}``."""
        mask = self._mask(message)
        return {"levels": {wnid: self._rows.children(place, mask) for wnid, place in self._places(message)}}

    def on_expand(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid, filters}`` -> ``{nodes, levels: {wnid: wnids}}``: all below it."""
        return self._rows.subtree(self.taxonomy.index(self._wnid(message)), self._mask(message))

    def on_reveal(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` or ``{path}`` from the root -> ``{path, levels}``: all that must be open, at once."""
        if message.get("path") is None:
            path = self.taxonomy.paths_to_root(self._wnid(message))[0]
        else:
            path = [self.taxonomy.require(wnid) for wnid in texts_of(message, "path", limit=64)]
        levels = {wnid: self._rows.children(self.taxonomy.index(wnid)) for wnid in path[:-1]}
        for above, below in pairwise(path):
            if all(node["wnid"] != below for node in levels[above]):  # an instance, which trees leave out
                levels[above].append(self._rows.node(self.taxonomy.index(below)))
        return {"path": path, "levels": levels}

    def on_rows(self, message: Mapping[str, Any]) -> Reply:
        """``{wnids, filters}`` -> ``{nodes}``: rows once more, after a change."""
        mask = self._mask(message)
        return {"nodes": [self._rows.node(place, mask) for _, place in self._places(message)]}

    # -- messages: one synset ------------------------------------------------------------------

    def on_search(self, message: Mapping[str, Any]) -> Reply:
        """``{text, languages, filters}`` -> ``{results: [{...node, gloss, above, language?, word?}]}``."""
        mask = self._mask(message)
        text = text_of(message, "text", limit=200)
        limit = FOUND if mask is None else 50 * FOUND
        hits = self._words.search(text, self._codes(message), limit)
        results = list[dict[str, Any]]()
        for hit in hits:
            place = self.taxonomy.index(hit.wnid)
            if mask is not None and not mask.matched[place]:
                continue
            above = self.taxonomy.parents(hit.wnid)
            results.append(
                {
                    **self._rows.node(place),
                    "gloss": self.taxonomy.gloss(hit.wnid),
                    "above": self.taxonomy.lemmas(above[0])[0] if above else "",
                    **({"language": hit.language, "word": hit.word} if hit.language else {}),
                }
            )
            if len(results) == FOUND:
                break
        return {"results": results}

    def on_detail(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid, languages}`` -> all about one synset; it becomes the selected one."""
        wnid = self._wnid(message)
        self._from_page = True
        try:
            self.selected = wnid
        finally:
            self._from_page = False
        graph = self.taxonomy
        return {
            **self._rows.node(graph.index(wnid)),
            "lemmas": graph.lemmas(wnid),
            "gloss": graph.gloss(wnid),
            "examples": graph.examples(wnid),
            "words": self._words.lemmas(wnid, self._codes(message)),
            "paths": [[self._named(step) for step in path] for path in graph.paths_to_root(wnid)],
            "depth": [graph.depth_min(wnid), graph.depth_max(wnid)],
            "height": graph.height(wnid),
            "children": len(graph.children(wnid)),
            "leaves": len(graph.leaves(wnid)),
            "near": [{**self._named(other.wnid), "why": other.why} for other in confusable(graph, wnid)],
            "siblings": self._some(graph.siblings(wnid)),
            "instances": self._some(graph.instances(wnid)),
            "pictures": list(self._pictures.keys(wnid, STRIP)),
        }

    def on_map(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> see `SelectionMap.at`."""
        return SelectionMap(self.taxonomy, self._basket, self._table).at(self._wnid(message))

    def pictures(self) -> PictureSource:
        """Where the strip's bytes come from."""
        return self._pictures

    # -- messages: counts ---------------------------------------------------------------------

    def on_poll(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{changed}``: whether the counts are others by now."""
        version = getattr(self._counts, "version", None)
        if not callable(self._counts) or (version and version() == self.__dict__.get("_version")):
            return {"changed": False}
        before = self._table
        self._count(tell=False)
        return {"changed": not np.array_equal(before.own, self._table.own)}

    # -- how -----------------------------------------------------------------------------------

    @cached_property
    def _words(self) -> Words:
        return Words(self._languages, self.taxonomy)

    @cached_property
    def _reasons(self) -> dict[str, Reason]:
        return reasons(self._excluded, self.taxonomy)

    @cached_property
    def _table(self) -> CountTable:
        version = getattr(self._counts, "version", None)
        self.__dict__["_version"] = version() if version else None
        counts = self._counts() if callable(self._counts) else self._counts
        return CountTable(counts, self.taxonomy, self._target)

    @property
    def _rows(self) -> Rows:
        return Rows(self.taxonomy, self._basket, self._table, self._reasons)

    @cached_property
    def _root(self) -> int:
        return self.taxonomy.index("n00001740")

    def _count(self, *, tell: bool = True) -> None:
        before = self.__dict__.pop("_table", None)
        try:
            self._table  # noqa: B018  # made anew now, so that what is wrong with it is said here
        except Exception:
            if before is not None:
                self.__dict__["_table"] = before
            raise
        if tell:
            self.send({"type": "changed"})

    def _start(self) -> str | None:
        """The synset with the most accepted images, else candidates."""
        if not self._table:
            return None
        own = self._table.own
        return self.taxonomy.wnid(int(np.lexsort((own[:, 0], own[:, 1]))[-1]))

    def _facts(self) -> dict[str, Any]:
        own = self._table.own[self._basket.on]
        wanted = own[:, 2] > 0
        complete = int((own[wanted, 1] >= own[wanted, 2]).sum())
        facts = {**super()._facts(), "wanted": int(wanted.sum()), "complete": complete}
        if self._objective is not None:
            known, _ = self._expected()
            by = self._objective if known is None else self._objective.with_candidates(known)
            worth = by(self._basket.chosen)
            facts["worth"] = {"value": worth.value, "terms": [term._asdict() for term in worth.terms]}
        return facts

    def _expected(self) -> tuple[dict[str, float] | None, int]:
        wanted = self._target if isinstance(self._target, int) else 0
        n_min = wanted if self._objective is None else self._objective.weights.n_min
        if not (self._live and self._table):
            return None, n_min
        own = self._table.own[:, 0]
        return {self.taxonomy.wnid(at): float(own[at]) for at in np.flatnonzero(own).tolist()}, n_min

    def _useful_filters(self) -> list[str]:
        known = {
            "images": bool((self._table.own[:, :2] > 0).any()),
            "below": bool((self._table.own[:, 2] > 0).any()),
            "review": bool((self._table.own[:, 3] > 0).any()),
            "excluded": bool(self._reasons),
        }
        return [name for name in FILTERS if known.get(name, True)]

    def _mask(self, message: Mapping[str, Any]) -> Mask | None:
        names = texts_of(message, "filters", limit=len(FILTERS))
        wrong = next((name for name in names if name not in FILTERS), None)
        if wrong is not None:
            raise InputError(f"{wrong!r:.80} is no filter; there are: {', '.join(FILTERS)}.")
        return self._rows.mask(names)

    def _codes(self, message: Mapping[str, Any]) -> list[str]:
        return texts_of(message, "languages", limit=100)

    def _places(self, message: Mapping[str, Any]) -> list[tuple[str, int]]:
        wnids = texts_of(message, "wnids", limit=ROWS_AT_ONCE)
        return [(wnid, self.taxonomy.index(wnid)) for wnid in wnids]

    def _with_images(self, places: Any) -> Any:
        return (self._table.own[places, :2] > 0).any(axis=1)
