"""What a `LabelingGrid` shows of a workspace: the annotator's queue, synset after synset."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError
from synsetlab.ui.sources import asked_synset, current_annotator
from synsetlab.ui.workspace.definition_quiz import definition_quiz
from synsetlab.ui.workspace.keys import QuestionKeys
from synsetlab.ui.workspace.pictures import WorkspacePictures
from synsetlab.voting.consensus import OnlineDecider
from synsetlab.voting.queue import LabelQueue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.store.workspace import Workspace

__all__ = ["WorkspaceLabelling"]

VOWELS = "aeiou"
WIKIPEDIA = "https://en.wikipedia.org/wiki/Special:Search?search="


class WorkspaceLabelling:
    """A `GridSource` over a workspace.

    Parameters
    ----------
    workspace
        Where the questions are.
    wnid
        The synset to label; None: the one in the page's address (``?wnid=``), else the first one with
        work for this annotator, then the next.
    annotator
        Who votes; None: ``$SYNSETLAB_ANNOTATOR``, else the name of the account.
    quiz
        Whether the definition quiz is to be passed before pictures of a synset are shown; None: what the
        workspace's setting ``quiz`` says, ``on`` or ``off``, and if it says nothing, no.
    """

    guided = True
    """Newcomers are shown round once."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        wnid: str | None = None,
        annotator: str | None = None,
        quiz: bool | None = None,
    ) -> None:
        self.workspace = workspace
        self.annotator = annotator or current_annotator()
        self._chosen = wnid
        self._quizzed = workspace.reader.setting("quiz") == "on" if quiz is None else quiz
        self._passed: set[str] = set()
        """Synsets whose quiz is known to be passed: it is asked for with every message."""
        self.choices: tuple[str, ...] = ()
        """The wnids of which one is assigned on the open page; empty: its answers are yes and no."""
        self.thumbnails_url = os.environ.get("SYNSETLAB_THUMBNAILS", "")
        """The server's route for thumbnails, if it has one."""
        self._pictures = WorkspacePictures(workspace)
        self._keys = QuestionKeys(workspace.question_key())
        self._images: dict[str, str] = {}
        self._leased: list[int] = []
        self._annotator_id = workspace.writer.ensure_annotator(self.annotator)
        self.owner = f"ws-{workspace.setting('workspace_id')[:16]}-{self._annotator_id}"
        """Of this workspace and annotator; a key means the same question whatever the synset."""
        # Decided when a page is handed in, not vote by vote: until then answers are still changed.
        self._decide = OnlineDecider(workspace)
        start = wnid or self._first_open(asked_synset()) or self._any_synset()
        self._queue = LabelQueue(workspace, self.annotator, start)

    @property
    def wnid(self) -> str:
        """The synset asked about now."""
        return self._queue.wnid

    def header(self) -> dict[str, Any]:
        """The question about the synset, with gloss, path, rules and gold examples."""
        synset = self._queue.synset
        lemma = synset["lemmas"][0]
        article = "an" if lemma[0].lower() in VOWELS else "a"
        examples = self.workspace.lookups.examples(self.wnid)
        question = f"Does the picture contain {article} {lemma}?"
        return {
            "question": "Which of these does the picture show?" if self.choices else question,
            "choices": [self._choice(wnid) for wnid in self.choices],
            "wnid": synset["wnid"],
            "lemmas": synset["lemmas"],
            "gloss": synset["gloss"],
            "path": synset["path"],
            "rules_yes": synset["rules_yes"],
            "rules_no": synset["rules_no"],
            "examples": [{"key": image, "good": good} for image, good in examples],
            "wikipedia": WIKIPEDIA + lemma.replace(" ", "+"),
        }

    def page(self, size: int) -> Sequence[Mapping[str, Any]]:
        """Leased questions; where a synset has no more and none was chosen, those of the next."""
        cards = self._queue.page(size)
        if not cards and not self._chosen:
            cards = self._page_of_another(size)
        # One kind of answer a page: the others stay leased, and are on a later one.
        self.choices = tuple(cards[0]["choices"] or ()) if cards else ()
        cards = [card for card in cards if tuple(card["choices"] or ()) == self.choices]
        self._leased = [card["id"] for card in cards]
        return self._items(cards)

    def _page_of_another(self, size: int) -> list[dict[str, Any]]:
        # One after another: in a large workspace the numbers may be behind what others have done.
        for wnid in self._waiting():
            if wnid != self.wnid:
                queue = LabelQueue(self.workspace, self.annotator, wnid)
                if cards := queue.page(size):
                    self._queue = queue
                    return cards
        return []

    def _items(self, cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self._images.update((self._keys.seal(card["id"]), card["image_id"]) for card in cards)
        credit = ("width", "height", "title", "author", "licence", "landing_page")
        return [
            {"key": self._keys.seal(card["id"]), **{name: card[name] for name in credit}} for card in cards
        ]

    def _choice(self, wnid: str) -> dict[str, str]:
        try:
            synset = self.workspace.lookups.synset(wnid)
        except InputError:  # a class of which no pictures were collected
            return {"value": wnid, "name": wnid, "gloss": ""}
        return {"value": wnid, "name": synset["lemmas"][0], "gloss": synset["gloss"]}

    def thumbnail(self, key: str) -> bytes:
        """Of a question on a page, or of an example."""
        return self._pictures.thumbnail(self._images.get(key, key))

    def picture(self, key: str) -> bytes:
        """Likewise, in full."""
        return self._pictures.picture(self._images.get(key, key))

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """Commit to the vote log."""
        return self._queue.record(
            [{**event, "question_id": self._keys.open(event["key"])} for event in events]
        )

    def my_answers(self, keys: Sequence[str]) -> dict[str, dict[str, str]]:
        """From the vote log."""
        found = self.workspace.lookups.own_answers(self._annotator_id, [self._keys.open(key) for key in keys])
        return {
            self._keys.seal(question): {"id": name, "answer": answer}
            for question, (name, answer) in found.items()
        }

    def progress(self) -> dict[str, int]:
        """Questions of the synset that this annotator answered or may still answer."""
        counts = self._queue.progress()
        return {"total": counts["mine"] + counts["for_me"], "answered": counts["mine"]}

    def submit(self, keys: Sequence[str]) -> None:
        """Decide what the answers on the page allow; the rest of the page goes back into the queue.

        An answered question is not offered again. One without an answer is free for others at once,
        and comes last for this annotator.
        """
        answered = [self._keys.open(key) for key in keys]
        left = set(self._leased).difference(answered)
        if left:
            self.workspace.writer.release_leases(self._annotator_id, sorted(left))
        self._leased = []
        try:
            self._decide(answered)
        except Exception:
            # The answers are safe: the next run of the consensus decides.
            logging.getLogger(__name__).exception("Deciding a page failed")

    # -- beside the question: see `synsetlab.ui.grid_extras` ------------------------------------

    def preferences(self) -> dict[str, Any]:
        """As they were remembered last."""
        kept = self.workspace.own_work.noted(self._annotator_id, "preferences")
        found = json.loads(kept) if kept else {}
        return found if isinstance(found, dict) else {}

    def remember(self, preferences: dict[str, Any]) -> None:
        """Keep how the annotator likes to work, in the workspace: it holds in every browser."""
        self.workspace.own_work.note(self._annotator_id, "preferences", json.dumps(preferences))

    def earlier(self) -> list[dict[str, Any]]:
        """The annotator's last pages of which something is not decided yet."""
        pages = self.workspace.own_work.pages(self._annotator_id)
        return [
            {
                **{name: page[name] for name in ("batch", "open", "answers")},
                "at": page["at"].isoformat(),
                "name": page["lemmas"][0],
            }
            for page in pages
        ]

    def reopen(self, batch: str) -> Sequence[Mapping[str, Any]]:
        """What is not decided of a page; the page that was open keeps its pictures."""
        cards = self.workspace.lookups.cards(self.workspace.own_work.page(self._annotator_id, batch))
        if cards:
            self._turn_queue(str(cards[0]["wnid"]))
            self.choices = tuple(cards[0]["choices"] or ())
        self._leased = []
        return self._items([card for card in cards if tuple(card["choices"] or ()) == self.choices])

    def tasks(self) -> list[dict[str, Any]]:
        """The synsets with questions for this annotator, and the one asked about now."""
        return [
            {
                "wnid": row["wnid"],
                "name": row["lemmas"][0],
                "gloss": row["gloss"],
                "mine": row["mine"],
                "left": row["for_me"],
                "current": row["wnid"] == self.wnid,
            }
            for row in self.workspace.lookups.synset_progress(self._annotator_id)
            if row["for_me"] or row["wnid"] == self.wnid
        ]

    def choose(self, wnid: str) -> None:
        """Ask about another synset; the pictures of the open page without an answer are free for others."""
        self._turn_queue(wnid)
        if self._leased:
            answered = self.workspace.lookups.own_answers(self._annotator_id, self._leased)
            self.submit([self._keys.seal(question) for question in answered])

    def _turn_queue(self, wnid: str) -> None:
        if wnid != self.wnid:
            self._queue = LabelQueue(self.workspace, self.annotator, wnid)

    def quiz(self) -> list[dict[str, Any]] | None:
        """What is to be answered before pictures of this synset are shown; None: nothing, or not any more."""
        if not self._quizzed or self.wnid in self._passed:
            return None
        asked = [] if self._has_passed() else definition_quiz(self.workspace, self.wnid)
        if not asked:
            self._passed.add(self.wnid)
        return [question.shown() for question in asked] or None

    def _has_passed(self) -> bool:
        return self.workspace.own_work.noted(self._annotator_id, "quiz", self.wnid) is not None

    def solve(self, answers: Sequence[int]) -> list[int]:
        """The places of answers that are wrong or missing; where there are none, the quiz is passed."""
        questions = definition_quiz(self.workspace, self.wnid)
        wrong = [i for i, asked in enumerate(questions) if i >= len(answers) or answers[i] != asked.right]
        if not wrong:
            self.workspace.own_work.note(self._annotator_id, "quiz", "passed", self.wnid)
        return wrong

    def report(self, kind: str, text: str) -> None:
        """Tell the curators: the synset cannot be seen in pictures, or its definition is bad."""
        self.workspace.own_work.note(self._annotator_id, kind, text.strip(), self.wnid)

    def gold(self) -> tuple[int, int]:
        """How many pictures with a known answer the annotator answered, and how many rightly."""
        found = self.workspace.team.own_gold(self._annotator_id)
        return found["known"], found["right"]

    def _first_open(self, before: str | None = None) -> str | None:
        """A synset with work for this annotator: `before` all others, if it has some."""
        waiting = self._waiting()
        return before if before in waiting else next(iter(waiting), None)

    def _waiting(self) -> list[str]:
        rows = self.workspace.lookups.synset_progress(self._annotator_id)
        return [str(row["wnid"]) for row in rows if row["for_me"]]

    def _any_synset(self) -> str:
        rows = self.workspace.lookups.synset_progress(self._annotator_id)
        if not rows:
            raise InputError(
                "The workspace has no synsets yet.", "Import pictures first: synsetlab import folder DIR"
            )
        return str(rows[0]["wnid"])
