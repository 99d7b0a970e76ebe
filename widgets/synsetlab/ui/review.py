"""VoteReview: what the votes could not settle, one picture at a time, and an expert's verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, TypedDict

import traitlets

from synsetlab.errors import InputError
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.esm import link, style
from synsetlab.ui.messages import choice_of, flag_of, text_of, texts_of
from synsetlab.ui.pictures import PictureMessages, PictureSource
from synsetlab.ui.review_queue import blind_detail, blind_item, facets, fits

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from synsetlab.ui.browser import SynsetBrowser

__all__ = [
    "EXCLUDE_REASONS",
    "GIVEN",
    "LogEntry",
    "Reliability",
    "ReviewDetail",
    "ReviewItem",
    "ReviewSource",
    "VoteReview",
]

EXCLUDE_REASONS: Final = {
    "not-a-photo": "A drawing, a logo or mostly text",
    "damaged": "Damaged, or too small to tell",
    "placeholder": "A placeholder of a web page",
    "private": "Shows someone who did not agree",
    "offensive": "Offensive or harmful",
    "licence": "May not be used",
    "other": "Something else",
}
"""Why a picture is left out whatever it shows: code and words."""

GIVEN: Final = ("accept", "reject", "relabel", "more-votes", "exclude")
"""Verdicts; ``relabel``: rejected here, accepted for another synset."""

ITEMS_SENT: Final = 5000
SYNSET_MESSAGES: Final = frozenset(
    ("open", "children", "expand", "reveal", "rows", "search", "detail", "map", "thumbnails", "ping")
)
"""What the drawer may ask the synset browser: to show, not to choose."""
MOST_VOTES: Final = 20


class ReviewItem(TypedDict):
    """One row of the queue."""

    question: str
    """Names the question; opaque to the panel."""
    key: str
    """Names its picture."""
    wnid: str
    lemmas: list[str]
    posterior: float | None
    """Belief that the answer is yes."""
    yes: int
    no: int
    unsure: int
    flags: int
    """How many flagged the picture instead of answering."""
    reason: str
    """Why it is here: ``ambiguous``, ``disputed``, ``flagged``, ``audit``."""
    outcome: str
    """What the votes made of it so far; may be empty."""
    agreement: float | None
    """Share of the answers that are the most frequent one."""
    entropy: float | None
    """Of the belief, bits."""
    annotators: list[str]
    """Who voted."""
    verdict: str | None
    """The verdict that stands, if there is one."""


class ReviewDetail(TypedDict, total=False):
    """What is known of one question; what is left out is not shown."""

    gloss: str
    why: str
    """Why the question is in the queue, a sentence."""
    policy: str
    """In words, how votes become an outcome and why they did not here."""
    votes: list[dict[str, Any]]
    """``annotator, answer, seconds``; the last may be None. A skip is a flag."""
    duplicates: list[dict[str, Any]]
    """``key, distance`` of near-duplicates, and ``asked``: what each was asked about, as in `others`."""
    others: list[dict[str, Any]]
    """Other synsets the picture was voted into: ``wnid, lemmas, yes, no, unsure, outcome``."""
    origin: dict[str, Any]
    """``licence, author, landing_page, retrieved, sha256, width, height, bytes, phash``."""
    history: list[str]
    """What happened to the question before, oldest first, one sentence each."""


class Reliability(TypedDict):
    """How far an annotator can be believed."""

    right: float
    """Expected share of right votes, judged by the others' votes."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    votes: int
    seconds: float | None
    """Median active time of a vote."""


class LogEntry(TypedDict):
    """One line of the audit log."""

    question: str
    key: str
    name: str
    verdict: str
    reason: str
    by: str
    at: str
    """ISO 8601."""
    stands: bool
    """Whether it is the verdict that counts."""


class ReviewSource(PictureSource, Protocol):
    """Where the questions come from and the verdicts go."""

    def queue(self, reason: str | None = None) -> Sequence[ReviewItem]:
        """What waits for an expert, most doubtful first; of one reason, or all."""
        ...

    def detail(self, question: str) -> ReviewDetail:
        """What is known of one question."""
        ...

    def verdict(
        self, questions: Sequence[str], verdict: str, reason: str, *, votes: int = 3, wnid: str = ""
    ) -> None:
        """Keep one of `GIVEN` on these questions as one step, all or none; safe when this returns.

        `votes`: how many more, with ``more-votes``; `wnid`: the other synset, with ``relabel``.
        """
        ...

    def undo(self) -> Mapping[str, str | None] | None:
        """Take back the last step made here: what stands now by question; None: there is none."""
        ...

    def reliability(self) -> Mapping[str, Reliability]:
        """How far each annotator can be believed; asked for once, after the first question is shown."""
        ...

    def synsets(self) -> SynsetBrowser:
        """What a picture may be relabelled to: `SynsetsToPick`; asked for when someone does."""
        ...

    def log(self) -> Sequence[LogEntry]:
        """What was decided, the newest first."""
        ...

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand: ``question, verdict, reason, decided_at``."""
        ...


class VoteReview(PictureMessages, Panel):
    """Decide what the votes could not: accept, reject, ask for more votes, exclude.

    Parameters
    ----------
    source
        Where the questions come from; see `from_frame` for a table of votes.
    blind
        Show votes, belief and why a question is here only after the expert's own verdict on it. Experts
        can also switch this on themselves; what is set here they cannot switch off.

    Examples
    --------
    >>> import pandas as pd
    >>> from synsetlab.ui.review import VoteReview
    >>> votes = pd.read_csv("votes.csv", dtype=str)  # doctest: +SKIP
    >>> VoteReview.from_frame(votes, images="photographs")  # doctest: +SKIP
    """

    _esm = link("review")
    _css = style("review", "browser", "browser-detail")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    question = traitlets.Unicode("").tag(sync=True)
    """The question that is shown; set it to show another."""
    synset = traitlets.Unicode("")
    """wnid to which the queue is narrowed; empty: all. Follows the page's filter, and leads it when set."""

    def __init__(self, source: ReviewSource, *, blind: bool = False, **traits: Any) -> None:
        self.source = source
        self._from_page = False
        self._must_be_blind = self._blind = blind
        self._judged: set[str] = set()
        self._browser: SynsetBrowser | None = None
        super().__init__(**traits)

    @classmethod
    def from_frame(
        cls,
        votes: pd.DataFrame,
        images: str | os.PathLike[str],
        *,
        question: str = "",
        accept: float = 0.8,
        reject: float = 0.2,
        audit: int = 0,
        seed: int = 0,
        blind: bool = False,
    ) -> VoteReview:
        """Review a table of votes; the share of yes is the belief.

        Parameters
        ----------
        votes
            Columns ``task, worker, label``: a task is a file below `images`, a label is yes, no or
            unsure (or 1 and 0). ``wnid`` and ``active_ms`` are shown where there are such columns.
        question
            What was asked, as in "shirt"; for tables without ``wnid``.
        accept, reject
            A share of yes from the one up or from the other down is settled and not shown.
        audit
            So many settled questions are shown all the same, drawn with `seed`.
        blind
            As for the panel.
        """
        from synsetlab.ui.review_frame import FrameReview  # noqa: PLC0415  # pandas only where there is a frame

        source = FrameReview(
            votes, images, question=question, accept=accept, reject=reject, audit=audit, seed=seed
        )
        return cls(source, blind=blind)

    @property
    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand."""
        return self.source.verdicts()

    def refresh(self) -> None:
        """Show the queue as it is now."""
        self.send({"type": "refresh"})

    @traitlets.observe("question")
    def _on_question(self, change: Any) -> None:
        # Not to the page that asked: it may be further on by now, and would be thrown back.
        if not self._from_page:
            self.send({"type": "reveal", "question": change["new"]})

    @traitlets.observe("synset")
    def _on_synset(self, change: Any) -> None:
        if not self._from_page:
            self.send({"type": "synset", "wnid": change["new"]})

    def on_synset(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> ``{}``: the page narrowed its queue to a synset, or (empty) to none."""
        self._take("synset", text_of(message, "wnid", limit=9))
        return {}

    def on_open(self, message: Mapping[str, Any]) -> Reply:
        """``{filters?}`` -> ``{items, facets, counts: {reason: n}, total, exclude_reasons, ..., synset}``.

        Where there are more than are sent at once, ``items`` are the first that fit the page's filters, see
        `synsetlab.ui.review_queue.fits`, and ``facets`` what there is to filter by; counts and total are
        of all. Else the page has all, filters by itself, and ``facets`` is null.
        """
        items = [self._shown(item) for item in self.source.queue(None)]
        cut = len(items) > ITEMS_SENT
        wanted = {"wnid": self.synset, **_filters(message.get("filters") or {})} if cut else {}
        shown = [item for item in items if fits(item, wanted)]
        if cut:  # what is decided must not stand before what is not
            shown.sort(key=lambda item: item["verdict"] is not None)
        return {
            "items": shown[:ITEMS_SENT],
            "facets": facets(items) if cut else None,
            "counts": dict(Counter(item["reason"] for item in items)),
            "total": len(items),
            "exclude_reasons": list(EXCLUDE_REASONS.items()),
            "blind": self._blind,
            "must_be_blind": self._must_be_blind,
            "synset": self.synset,
        }

    def on_blind(self, message: Mapping[str, Any]) -> Reply:
        """``{on}`` -> ``{}``: hide the votes until the expert has said, or show them again."""
        if self._must_be_blind and not flag_of(message, "on"):
            raise InputError("This review is blind.", "Give your verdict: the votes are shown then.")
        self._blind = flag_of(message, "on")
        return {}

    def on_detail(self, message: Mapping[str, Any]) -> Reply:
        """``{question}`` -> the detail (less of it while blind); it becomes the question that is shown."""
        question = text_of(message, "question")
        detail = self.source.detail(question)
        self._take("question", question)
        hidden = self._blind and question not in self._judged
        return {**(blind_detail(detail) if hidden else detail), "blind": hidden}

    def on_verdict(self, message: Mapping[str, Any]) -> Reply:
        """``{questions, verdict, reason, votes?, wnid?}`` -> ``{}`` once all are kept, as one step."""
        verdict = choice_of(message, "verdict", GIVEN)
        questions = texts_of(message, "questions", limit=ITEMS_SENT)
        if not questions or len(set(questions)) < len(questions):
            raise InputError("The page sent no questions, or one twice.", "Reload the page.")
        reason = choice_of(message, "reason", EXCLUDE_REASONS) if verdict == "exclude" else ""
        votes = message.get("votes", 3)
        if type(votes) is not int or not 1 <= votes <= MOST_VOTES:
            raise InputError(f"{votes!r:.20} more votes cannot be asked for.", f"Ask for 1 to {MOST_VOTES}.")
        wnid = text_of(message, "wnid", limit=9) if verdict == "relabel" else ""
        self.source.verdict(questions, verdict, reason, votes=votes, wnid=wnid)
        self._judged.update(questions)
        return {}

    def on_undo(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{undone: {question: verdict that stands or null} or null}``."""
        undone = self.source.undo()
        return {"undone": None if undone is None else dict(undone)}

    def on_annotators(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{annotators: {name: Reliability}}``."""
        return {"annotators": dict(self.source.reliability())}

    def on_synsets(self, message: Mapping[str, Any]) -> Reply:
        """``{ask: message of a SynsetBrowser}`` -> its answer: the drawer shows one, to pick from."""
        ask = message.get("ask")
        if not isinstance(ask, dict):
            raise InputError(f"The page asked {ask!r:.80} of the synsets.", "Reload the page.")
        choice_of(ask, "type", SYNSET_MESSAGES)
        if self._browser is None:
            self._browser = self.source.synsets()
        return self._browser.answer(ask)

    def on_log(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{entries: [...]}``, the newest first."""
        return {"entries": list(self.source.log())}

    def _take(self, trait: str, value: str) -> None:
        """Set a trait to what the page has already."""
        self._from_page = True
        try:
            self.set_trait(trait, value)
        finally:
            self._from_page = False

    def _shown(self, item: ReviewItem) -> ReviewItem:
        return blind_item(item) if self._blind and item["question"] not in self._judged else item

    def pictures(self) -> PictureSource:
        """Where the bytes come from."""
        return self.source


def _filters(given: Any) -> Mapping[str, Any]:
    """The filters that the page sent, checked."""
    texts, ranges = ("reason", "wnid", "outcome", "annotator"), ("entropy", "agreement")

    def is_range(value: Any) -> bool:
        return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int | float) for n in value)

    fine = isinstance(given, dict) and all(
        (name in texts and isinstance(value, str)) or (name in ranges and is_range(value))
        for name, value in given.items()
    )
    if not fine:
        raise InputError(f"The page sent {given!r:.80} as filters.", "Reload the page.")
    return given  # type: ignore[no-any-return]
