"""What an annotator works through: leased pages of questions about one synset, blind to other votes."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError
from synsetlab.store.defaults import CONTROLS, LEASE_MINUTES, PAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from synsetlab.store.workspace import Workspace

__all__ = ["LabelQueue", "annotator_name"]

LARGEST_SHARE = 0.5
NAME_LIMIT = 64


class LabelQueue:
    """One annotator's queue for one synset.

    Parameters
    ----------
    workspace
        Where the questions are.
    annotator
        Name of who votes; 1 to 64 printable characters.
        ``anonymous``, alone or before a colon (``anonymous:7f3a``), marks someone whose skill is
        never fitted.
    wnid
        The synset asked about.
    decide
        Called with the ids of the questions that got votes, once these are safe; for example
        `synsetlab.voting.consensus.OnlineDecider`. None: decisions wait for the next run.
    controls
        Share of a page that is hidden gold questions and hard negatives.
    """

    def __init__(
        self,
        workspace: Workspace,
        annotator: str,
        wnid: str,
        *,
        decide: Callable[[Collection[int]], object] | None = None,
        controls: float = CONTROLS,
    ) -> None:
        if not 0 <= controls <= LARGEST_SHARE:
            raise InputError(f"controls={controls} is no share of a page.", f"Give 0 to {LARGEST_SHARE}.")
        self.workspace = workspace
        self.annotator = name = annotator_name(annotator)
        self.synset = workspace.lookups.synset(wnid)
        self.wnid = wnid
        self.annotator_id = workspace.writer.ensure_annotator(name)
        self._decide = decide
        self._controls = controls

    def page(self, size: int = PAGE, *, batch: str | None = None) -> list[dict[str, Any]]:
        """Lease up to `size` questions and describe them; a second call gives the same ones again.

        What this annotator answered or retracted before is never offered again. Hidden gold
        questions and hard negatives are described like all others; which of them and where, the name
        `batch` of the page decides. None: a name that nobody can foresee.
        """
        claimed = self.workspace.writer.claim(
            self.annotator_id,
            self.wnid,
            size,
            batch=batch or str(uuid.uuid4()),
            minutes=LEASE_MINUTES,
            controls=self._controls,
        )
        return self.workspace.lookups.cards(claimed)

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """Append the annotator's events to the vote log; returns the ids that are safely in it.

        An event: id, question_id, answer or retracts, and optionally shown_at and decided_at
        (ISO 8601 or datetime), active_ms, batch, source.
        """
        times = ("shown_at", "decided_at")
        ready = [{**event, **{name: _time(event.get(name)) for name in times}} for event in events]
        acknowledged = self.workspace.writer.record_votes(self.annotator_id, ready)
        if self._decide is not None and ready:
            try:
                self._decide({int(event["question_id"]) for event in ready})
            except Exception:
                # The votes are safe and must be acknowledged: the next run decides.
                logging.getLogger(__name__).exception("Deciding at once failed")
        return acknowledged

    def progress(self) -> dict[str, int]:
        """questions, decided, mine, for_me: of this synset, for the status line."""
        rows = {row["wnid"]: row for row in self.workspace.lookups.synset_progress(self.annotator_id)}
        return {name: int(rows[self.wnid][name]) for name in ("questions", "decided", "mine", "for_me")}


def annotator_name(text: str) -> str:
    """`text` as an annotator's name, without the blanks around it.

    Raises
    ------
    InputError
        It is empty, longer than 64 characters, or holds what cannot be printed.
    """
    name = text.strip()
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise InputError(
            f"{text!r} cannot be an annotator's name.", f"Use 1 to {NAME_LIMIT} printable characters."
        )
    return name


def _time(value: Any) -> datetime | None:
    """A time as the page sends it; one that cannot be read, or kept, is no reason to lose a vote."""
    if value is None or isinstance(value, datetime):
        return value
    try:
        parsed = datetime.fromisoformat(str(value))
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # as where a zone leads out of the calendar
        return None
