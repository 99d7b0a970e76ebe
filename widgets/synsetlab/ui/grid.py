"""LabelingGrid: one question, asked of many pictures at once."""

from __future__ import annotations

import uuid
from datetime import MAXYEAR, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

import traitlets

from synsetlab.errors import InputError
from synsetlab.store.defaults import PAGE
from synsetlab.ui.base import Panel, Reply
from synsetlab.ui.esm import link, style
from synsetlab.ui.grid_extras import GridExtras
from synsetlab.ui.messages import text_of, texts_of
from synsetlab.ui.pictures import PictureMessages, PictureSource
from synsetlab.ui.sources import FolderSource, GridSource

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import pandas as pd

__all__ = ["ANSWERS", "LabelingGrid"]

ANSWERS: Final = ("yes", "no", "unsure", "skip")
MODES: Final = ("judge", "wrong", "right")
LARGEST_PAGE: Final = 20_000
FIRST_ITEMS: Final = 96
FIRST_THUMBNAILS: Final = 48
ITEMS_AT_ONCE: Final = 512
EVENTS_AT_ONCE: Final = 256
LONGEST: Final = 86_400_000
FIELDS: Final = ("id", "key", "answer", "retracts", "shown_at", "decided_at", "active_ms")


class LabelingGrid(GridExtras, PictureMessages, Panel):
    """A grid of pictures to answer yes, no or unsure, by mouse, touch or keyboard alone.

    Every answer is an event that the page keeps in the browser until Python has committed it, so
    that none is lost when the kernel or the network goes away. `active_ms` of an event is the time
    since the answer before it (or since the page was shown) in which the window was visible and
    focused and the last key press, click, scroll or touch was less than 30 s ago; answers that are
    given together share it equally.

    Parameters
    ----------
    images
        A folder or a list of files; the answers are kept in this object, see `answers` and `votes`.
    question
        What is asked of each picture.
    source
        Instead of `images`: any `GridSource`.
    page_size
        Pictures a page; None: all of `images`, or 48 of a `source`.
    annotator, votes_file, rules_yes, rules_no, examples, choices
        With `images`: see `FolderSource`. With `choices` one of these classes is assigned to each picture.
    mode
        What a click means: ``judge`` goes round the answers; ``wrong`` marks the wrong ones, and what was
        looked at and not marked counts as yes when the page is handed in; ``right`` the other way round.
        What was not looked at never gets an answer that way.
    single
        One picture at a time, as large as there is room.

    Examples
    --------
    >>> from synsetlab.ui.grid import LabelingGrid
    >>> grid = LabelingGrid(images="photographs", question="Is there a hat?")  # doctest: +SKIP
    >>> grid.votes  # doctest: +SKIP
    """

    _esm = link("grid")
    _css = style("grid")
    page_writes: ClassVar[frozenset[str]] = frozenset()

    owner = traitlets.Unicode("").tag(sync=True)
    """The source's owner: the name under which the page keeps what is not saved yet."""
    tile_size = traitlets.Int(176).tag(sync=True)
    """Least width of a tile in CSS pixels, 96 to 400; the annotator's own setting goes before it."""
    mode = traitlets.Enum(MODES, "judge").tag(sync=True)
    """What a click means; the annotator's own setting goes before it."""
    single = traitlets.Bool(False).tag(sync=True)
    """One picture at a time; the annotator's own setting goes before it."""
    thumbnails_url = traitlets.Unicode("").tag(sync=True)
    """Where the browser gets thumbnails by HTTP, the key appended; empty: as messages of the kernel."""
    synset = traitlets.Unicode("")
    """The synset asked about; assign another one and the page turns to it."""
    recorded = traitlets.Int(0)
    """Events recorded through this grid; observe it to follow the work."""

    def __init__(
        self,
        images: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
        question: str = "",
        *,
        source: GridSource | None = None,
        page_size: int | None = None,
        annotator: str | None = None,
        votes_file: str | os.PathLike[str] | None = None,
        rules_yes: str = "",
        rules_no: str = "",
        examples: Mapping[str | os.PathLike[str], bool] | None = None,
        choices: Sequence[str] | Mapping[str, str] | None = None,
        **traits: Any,
    ) -> None:
        if (images is None) == (source is None):
            raise InputError("LabelingGrid needs either images or a source.", 'For example: images="folder".')
        if page_size is not None and not 1 <= page_size <= LARGEST_PAGE:
            raise InputError(f"A page cannot have {page_size} pictures.", f"Choose 1 to {LARGEST_PAGE:,}.")
        if source is None:
            assert images is not None
            source = FolderSource(
                images,
                question,
                annotator=annotator,
                votes_file=votes_file,
                rules_yes=rules_yes,
                rules_no=rules_no,
                examples=examples,
                choices=choices,
            )
            page_size = page_size or LARGEST_PAGE
            source.warm(FIRST_THUMBNAILS)
        elif question or annotator or votes_file or rules_yes or rules_no or examples or choices:
            raise InputError(
                "With source= the question and the annotator are the source's.", "Leave the others out."
            )
        self._source = source
        self._page_size = page_size or PAGE
        self._page: Sequence[Mapping[str, Any]] | None
        self._batch: str
        self._leave_page()
        asked = str(getattr(source, "wnid", ""))
        route = str(getattr(source, "thumbnails_url", ""))
        super().__init__(**{"owner": source.owner, "synset": asked, "thumbnails_url": route, **traits})

    # -- for Python ----------------------------------------------------------------------------

    @property
    def source(self) -> GridSource:
        """Where pictures come from and answers go; assign another one and the page turns to it."""
        return self._source

    @source.setter
    def source(self, source: GridSource) -> None:
        self._source = source
        self._leave_page()
        self.owner, self.thumbnails_url = source.owner, str(getattr(source, "thumbnails_url", ""))
        self._name_synset()
        self.send({"type": "turn"})

    @property
    def answers(self) -> dict[str, str]:
        """The annotator's standing answers to all `images`, or to the open page of a `source`."""
        if isinstance(self._source, FolderSource):
            keys = self._source.keys()
        else:
            keys = [str(item["key"]) for item in self._page or ()]
        return {key: given["answer"] for key, given in self._source.my_answers(keys).items()}

    @property
    def votes(self) -> pd.DataFrame:
        """Standing answers to `images`: task, worker, label, decided_at, active_ms.

        Raises
        ------
        InputError
            The grid has another source, which keeps the votes.
        """
        if not isinstance(self._source, FolderSource):
            raise InputError(
                f"The votes of this grid are kept by its {type(self._source).__name__}.", "Read them there."
            )
        return self._source.log.frame()

    @traitlets.validate("tile_size")
    def _valid_tile_size(self, proposal: Any) -> int:
        return max(96, min(400, int(proposal["value"])))

    @traitlets.observe("synset")
    def _synset_assigned(self, change: Any) -> None:
        if change["new"] and change["new"] != getattr(self._source, "wnid", ""):
            try:
                self._part("choose")(change["new"])
            except InputError:
                self._name_synset()  # the one asked about still, so that who follows is not misled
                raise
            self._leave_page()
            self.send({"type": "turn"})

    def _name_synset(self) -> None:
        self.synset = str(getattr(self._source, "wnid", ""))

    # -- messages ------------------------------------------------------------------------------

    def on_open(self, message: Mapping[str, Any]) -> Reply:
        """``{keys}``, which the page waits to save -> the open page, or the next one; see `_opened`."""
        waiting = set(texts_of(message, "keys", limit=LARGEST_PAGE))
        if self._page is None:
            self._page = self._source.page(self._page_size)
            self._name_synset()
        return self._opened(self._page, waiting)

    def on_items(self, message: Mapping[str, Any]) -> Reply:
        """``{batch, start, stop}`` -> ``{items}``: further pictures of the page."""
        page = self._current(message)
        if self.quiz_is_open():
            raise InputError("The pictures of this page come after the quiz.", "Answer its questions first.")
        start, stop = message.get("start"), message.get("stop")
        if not isinstance(start, int) or not isinstance(stop, int) or not 0 <= start <= stop:
            raise InputError(f"The page asked for pictures {start!r} to {stop!r}.", "Reload the page.")
        return {"items": [dict(item) for item in page[start : min(stop, start + ITEMS_AT_ONCE)]]}

    def on_votes(self, message: Mapping[str, Any]) -> Reply:
        """``{owner, events}`` -> ``{acked: [id], refused: {id: why}}``; acked events are committed.

        Their page is the open one, or the one that is opened next, whatever the browser calls it: pages that
        it could begin and end itself would tell which pictures have a known answer. Answers to a page whose
        quiz is not passed yet are neither acknowledged nor refused: they wait in the browser.
        """
        if message.get("owner") != self._source.owner:
            raise InputError("These answers belong to another grid.", "They wait in this browser for it.")
        events = message.get("events")
        if not isinstance(events, list) or len(events) > EVENTS_AT_ONCE:
            raise InputError(f"The page sent {events!r:.80} as events.", "Reload the page.")
        refused: dict[str, str] = {}
        valid = []
        answers = self._answers()
        for event in events:
            try:
                valid.append({**_event(event, answers), "batch": self._batch})
            except InputError as error:
                name = event.get("id") if isinstance(event, dict) else None
                refused[str(name)[:36]] = error.shown
        taken = self._without_quiz(valid)
        if valid and not taken and not refused:
            raise InputError("These answers come after the quiz.", "They wait in this browser until then.")
        acked = self._record(taken, refused)
        self.recorded += len(acked)
        return {"acked": acked, "refused": refused}

    def on_submit(self, message: Mapping[str, Any]) -> Reply:
        """``{batch, keys}``, the answered ones -> the next page."""
        page = self._current(message)
        known = {str(item["key"]) for item in page}
        self._source.submit([key for key in texts_of(message, "keys", limit=LARGEST_PAGE) if key in known])
        return self.turn_to_next()

    def turn_to_next(self) -> dict[str, Any]:
        """Open the source's next page."""
        self._leave_page()
        opened = self.on_open({"keys": []})
        assert isinstance(opened, dict)
        return opened

    def turn_to(self, page: Sequence[Mapping[str, Any]], batch: str | None) -> dict[str, Any]:
        """Open `page`, under its old name where it was open before."""
        self._page, self._batch = page, batch or _new_batch()
        self._name_synset()
        return self._opened(page, set())

    def pictures(self) -> PictureSource:
        """Where the bytes come from."""
        return self._source

    # -- how -----------------------------------------------------------------------------------

    def _leave_page(self) -> None:
        self._page = None
        # Answers that a page before a reload left behind may come before the next one is opened.
        self._batch = _new_batch()

    def _opened(self, page: Sequence[Mapping[str, Any]], waiting: set[str]) -> dict[str, Any]:
        keys = [str(item["key"]) for item in page]
        extras = self.extras()
        return {
            "batch": self._batch,
            "header": self._source.header(),
            "count": len(page),
            # After the quiz the page asks for them: see `on_items`.
            "items": [] if extras.get("quiz") else [dict(item) for item in page[:FIRST_ITEMS]],
            "answers": {key: dict(given) for key, given in self._source.my_answers(keys).items()},
            "here": [key for key in keys if key in waiting],
            "progress": self._source.progress(),
            **extras,
        }

    def _answers(self) -> Sequence[str]:
        """What may be answered: yes and no, or the classes; also unsure and skip."""
        choices: Sequence[str] = getattr(self._source, "choices", None) or ()
        # Classes of pages before this one may still be on their way.
        return (*ANSWERS, *choices)

    def _without_quiz(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those that are not on an open page whose quiz is still to be passed."""
        if not self._page or not self.quiz_is_open():
            return events
        behind = {str(item["key"]) for item in self._page}
        return [event for event in events if event["key"] not in behind]

    def _current(self, message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        if self._page is None or text_of(message, "batch", limit=36) != self._batch:
            raise InputError("This page of pictures is no longer the open one.", "Reload the page.")
        return self._page

    def _record(self, events: list[dict[str, Any]], refused: dict[str, str]) -> list[str]:
        """Record all at once; where one can never be recorded, one at a time, so that it stops no other."""
        if not events:
            return []
        try:
            return self._source.record(events)
        except InputError as error:
            if len(events) == 1:
                refused[events[0]["id"]] = error.shown
                return []
        return [name for event in events for name in self._record([event], refused)]


def _new_batch() -> str:
    """The name of a page."""
    return str(uuid.uuid4())


def _event(event: Any, answers: Sequence[str]) -> dict[str, Any]:
    """The event with its known fields, checked."""
    if not isinstance(event, dict):
        raise InputError(f"{event!r:.80} is no event.")
    found = {name: event.get(name) for name in FIELDS}
    answer, retracts = found["answer"], found["retracts"]
    _uuid(found["id"], "id")
    text_of(found, "key", limit=1024)
    if answer is None:
        _uuid(retracts, "retracts")
    elif answer not in answers or retracts is not None:
        raise InputError(f"{answer!r:.40} is no answer; there are: {', '.join(answers)}.")
    for name in ("shown_at", "decided_at"):
        found[name] = _time(found[name])
    active = found["active_ms"]
    found["active_ms"] = min(max(active, 0), LONGEST) if isinstance(active, int) else None
    return found


def _uuid(value: Any, field: str) -> None:
    try:
        proper = str(uuid.UUID(value)) == value
    except (ValueError, TypeError, AttributeError):
        proper = False
    if not proper:
        raise InputError(f"{value!r:.80} cannot be the {field} of an event: it is no UUID.")


def _time(value: Any) -> str | None:
    """The time as it was sent; one that cannot be read, or kept, is no reason to lose a vote."""
    try:
        read = datetime.fromisoformat(value)
        # Between date and time any character is read; at the ends of the calendar a zone leads out of it.
        kept = read.tzinfo is not None and value.isascii() and 1 < read.year < MAXYEAR
    except (ValueError, TypeError):
        return None
    return str(value) if kept else None
