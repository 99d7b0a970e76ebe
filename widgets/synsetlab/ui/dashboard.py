"""ConsensusDashboard: how the labelling goes, in numbers, charts and tables that need no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypedDict

import traitlets

from synsetlab.errors import InputError
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.esm import link, style
from synsetlab.ui.messages import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.store.workspace import Workspace

__all__ = [
    "AgreementPoint",
    "AnnotatorRow",
    "Cell",
    "ConsensusDashboard",
    "DashboardSource",
    "Left",
    "ProblemRow",
    "SynsetRow",
    "Totals",
    "VotesPoint",
]


class Totals(TypedDict):
    """The workspace in numbers."""

    votes: int
    annotators: int
    questions: int
    """Of pictures that are no dropped duplicates."""
    open: int
    accepted: int
    rejected: int
    ambiguous: int
    excluded: int
    last_vote: str | None
    """ISO 8601."""


class VotesPoint(TypedDict):
    """Votes in one stretch of time."""

    at: str
    """Its beginning, ISO 8601."""
    votes: int
    annotators: int


class Left(TypedDict):
    """What is still to come, see `synsetlab.voting.remaining.Remaining`."""

    questions: int
    votes: float
    cost: float
    price: float
    expert_share: float
    waiting: int
    hours: float | None
    """Of annotators' active time, by the median of the votes so far; None where no time is known."""


class SynsetRow(TypedDict):
    """One synset's state."""

    wnid: str
    name: str
    questions: int
    accepted: int
    rejected: int
    ambiguous: int
    open: int
    votes: int
    agreement: float | None
    """Mean share of agreeing pairs of votes, over its questions with two or more."""
    difficulty: float | None
    """Mean entropy of its posteriors, bits: 0 all certain, 1 nothing known."""


class AnnotatorRow(TypedDict):
    """One annotator, from `synsetlab.voting.annotators.study_workspace`; None: not known."""

    name: str
    votes: int
    right: float | None
    right_low: float | None
    right_high: float | None
    gold_right: int
    gold_votes: int
    seconds: float | None
    """Median active time of a vote."""
    flags: list[str]


class ProblemRow(TypedDict):
    """What an annotator reported of a synset."""

    wnid: str
    name: str
    kind: str
    """``not-visible``: it cannot be seen in pictures; ``bad-definition``."""
    text: str
    annotator: str
    at: str
    """ISO 8601."""


class AgreementPoint(TypedDict):
    """Krippendorff's alpha of the votes on the questions that were finished in one stretch of time."""

    at: str
    alpha: float | None
    percent: float | None
    questions: int


class Cell(TypedDict):
    """Questions of a synset with so many votes for and against."""

    yes: int
    no: int
    questions: int
    belief: float | None
    """The policy's table where it has one, else the mean posterior of these questions."""


class DashboardSource(Protocol):
    """Where the numbers come from; each is asked for by itself, so that one failure hides only itself."""

    def totals(self) -> Totals:
        """The workspace in numbers."""
        ...

    def votes_over_time(self) -> Mapping[str, Any]:
        """``{unit: "hour" | "day" | ..., hours: length of one, points: [VotesPoint]}``, without gaps."""
        ...

    def left(self, price: float) -> Left:
        """What is still to come, at a price per vote."""
        ...

    def synsets(self) -> Sequence[SynsetRow]:
        """Every chosen synset."""
        ...

    def cells(self, wnid: str) -> Sequence[Cell]:
        """The confidence table of a synset."""
        ...

    def annotators(self) -> Sequence[AnnotatorRow]:
        """Everyone who voted."""
        ...

    def problems(self) -> Sequence[ProblemRow]:
        """What annotators reported of synsets, the newest first."""
        ...

    def agreement_over_time(self) -> Sequence[AgreementPoint]:
        """How far votes agreed, in about a dozen stretches of time."""
        ...


class ConsensusDashboard(Panel):
    """Votes per hour, what is left and what it costs, synsets, annotators, agreement over time.

    Parameters
    ----------
    source
        Where the numbers come from; or
    workspace
        a workspace, whose numbers are shown.
    price_per_vote
        In any currency; the page can try others.

    Examples
    --------
    >>> from synsetlab import Workspace
    >>> from synsetlab.ui import ConsensusDashboard
    >>> ConsensusDashboard(workspace=Workspace.open("flowers"), price_per_vote=0.02)  # doctest: +SKIP
    """

    _esm = link("dashboard")
    _css = style("review", "dashboard")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    synset = traitlets.Unicode("")
    """wnid whose confidence table is open; set it to open another, or (empty) to close it."""

    def __init__(
        self,
        source: DashboardSource | None = None,
        *,
        workspace: Workspace | None = None,
        price_per_vote: float = 0.0,
        **traits: Any,
    ) -> None:
        if (source is None) == (workspace is None):
            raise InputError("ConsensusDashboard needs a source or a workspace, and not both.")
        if source is None:
            from synsetlab.ui.workspace.desk import desk_part  # noqa: PLC0415  # the panel needs no store

            assert workspace is not None
            source = desk_part(workspace, "dashboard")
        self.source: DashboardSource = source
        self.price_per_vote = _price(price_per_vote)
        self._from_page = False
        super().__init__(**traits)

    def refresh(self) -> None:
        """Show the numbers as they are now."""
        self.send({"type": "refresh"})

    def on_open(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{totals, time: {unit, hours, points}, price, synset}``: what is quick to count."""
        time = dict(self.source.votes_over_time())
        return {
            "totals": self.source.totals(),
            "time": time,
            "price": self.price_per_vote,
            "synset": self.synset,
        }

    @traitlets.observe("synset")
    def _on_synset(self, change: Any) -> None:
        if not self._from_page:
            self.send({"type": "synset", "wnid": change["new"]})

    def on_synset(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> ``{}``: the page opened a synset's confidence table, or (empty) closed it."""
        self._from_page = True
        try:
            self.synset = text_of(message, "wnid", limit=9)
        finally:
            self._from_page = False
        return {}

    def on_left(self, message: Mapping[str, Any]) -> Reply:
        """``{price}`` -> `Left`."""
        return dict(self.source.left(_price(message.get("price", self.price_per_vote))))

    def on_synsets(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{synsets: [SynsetRow]}``."""
        return {"synsets": list(self.source.synsets())}

    def on_cells(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> ``{cells: [Cell]}``."""
        return {"cells": list(self.source.cells(text_of(message, "wnid", limit=9)))}

    def on_annotators(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{annotators: [AnnotatorRow]}``."""
        return {"annotators": list(self.source.annotators())}

    def on_problems(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{problems: [ProblemRow]}``."""
        return {"problems": list(self.source.problems())}

    def on_agreement(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{points: [AgreementPoint]}``."""
        return {"points": list(self.source.agreement_over_time())}


def _price(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        raise InputError(f"{value!r:.40} is no price of a vote.", "Give 0 or more.")
    return float(value)
