"""What a grid can do beside asking its question, as far as its source can: an optional part each.

A `GridSource` may also have

- ``preferences() -> dict`` and ``remember(dict)``: how its annotator likes to work;
- ``earlier() -> [{batch, at, name, open, answers}]`` and ``reopen(batch) -> pictures``: the pages that its
  annotator handed in and that are not decided yet;
- ``tasks() -> [{wnid, name, gloss, mine, left, current}]`` and ``choose(wnid)``: what else there is to label;
- ``quiz() -> [{prompt, options}]`` and ``solve(answers) -> [index of each wrong one]``: to be passed before
  the page gets pictures and its answers are taken; None or empty where there is nothing to pass;
- ``report(kind, text)``: something is wrong with the synset;
- ``gold() -> (asked, right)``: how its annotator does where the answer is known;
- ``guided``: true where newcomers are to be shown round.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from synsetlab.errors import InputError
from synsetlab.ui.messages import choice_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from synsetlab.ui.base import Reply
    from synsetlab.ui.sources import GridSource

__all__ = ["GridExtras"]

PROBLEMS: Final = ("not-visible", "bad-definition")
LARGEST_PREFERENCES: Final = 4_000
MOST_QUIZ_ANSWERS: Final = 20
PARTS: Final = {"earlier": "reopen", "tasks": "choose", "report": "report"}
"""What the page may offer, and the method of a source that it needs."""


class GridExtras:
    """Message handlers for the optional parts of a source."""

    _source: GridSource

    def turn_to(self, page: Sequence[Mapping[str, Any]], batch: str | None) -> dict[str, Any]:
        """Open `page`, under its old name where it was open before."""
        raise NotImplementedError

    def turn_to_next(self) -> dict[str, Any]:
        """Open the source's next page."""
        raise NotImplementedError

    def extras(self) -> dict[str, Any]:
        """What a reply that opens a page says of the optional parts."""
        can = [name for name, method in PARTS.items() if self._has(method)]
        if getattr(self._source, "guided", False):
            can.append("tour")
        found: dict[str, Any] = {"can": can, "preferences": {}}
        if self._has("preferences"):
            found["preferences"] = dict(self._part("preferences")())
        if self._has("gold"):
            asked, right = self._part("gold")()
            found["gold"] = {"asked": asked, "right": right}
        if self._has("quiz"):
            found["quiz"] = self._part("quiz")() or None
        return found

    def quiz_is_open(self) -> bool:
        """Whether there is a quiz to be passed before the pictures of the open page are shown."""
        return self._has("quiz") and bool(self._part("quiz")())

    def on_remember(self, message: Mapping[str, Any]) -> Reply:
        """``{preferences}`` -> ``{}``: kept where the source can."""
        given = message.get("preferences")
        if not isinstance(given, dict) or len(json.dumps(given)) > LARGEST_PREFERENCES:
            raise InputError(f"The page sent {given!r:.80} as preferences.", "Reload the page.")
        if self._has("remember"):
            self._part("remember")(given)
        return {}

    def on_earlier(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{pages: [{batch, at, name, open, answers}]}``, the latest first."""
        return {"pages": list(self._part("earlier")())}

    def on_reopen(self, message: Mapping[str, Any]) -> Reply:
        """``{batch}`` -> that page, see `LabelingGrid.on_open`."""
        batch = text_of(message, "batch", limit=64)
        page = self._part("reopen")(batch)
        if not page:
            raise InputError("Everything on that page is decided by now.", "Choose another one.")
        return self.turn_to(page, batch)

    def on_tasks(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{tasks: [{wnid, name, gloss, mine, left, current}]}``."""
        return {"tasks": list(self._part("tasks")())}

    def on_choose(self, message: Mapping[str, Any]) -> Reply:
        """``{wnid}`` -> the first page about it."""
        self._part("choose")(text_of(message, "wnid", limit=64))
        return self.turn_to_next()

    def on_quiz(self, message: Mapping[str, Any]) -> Reply:
        """``{answers: [int]}`` -> ``{passed, wrong: [index]}``."""
        answers = message.get("answers")
        fits = isinstance(answers, list) and len(answers) <= MOST_QUIZ_ANSWERS
        if not fits or not all(isinstance(one, int) for one in answers or ()):
            raise InputError(f"The page sent {answers!r:.80} as answers.", "Reload the page.")
        wrong = self._part("solve")(answers)
        return {"passed": not wrong, "wrong": wrong}

    def on_report(self, message: Mapping[str, Any]) -> Reply:
        """``{kind, text}`` -> ``{}``: something is wrong with what is asked."""
        self._part("report")(choice_of(message, "kind", PROBLEMS), text_of(message, "text", limit=2_000))
        return {}

    def _has(self, name: str) -> bool:
        return callable(getattr(self._source, name, None))

    def _part(self, name: str) -> Callable[..., Any]:
        if not self._has(name):
            raise InputError(f"{type(self._source).__name__} has no {name!r}.")
        method: Callable[..., Any] = getattr(self._source, name)
        return method
