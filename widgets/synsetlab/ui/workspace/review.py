"""What `VoteReview` shows of a workspace: what waits for an expert and why, and where verdicts go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.errors import InputError
from synsetlab.review import give_verdicts, relabel, take_back
from synsetlab.ui.sources import current_annotator
from synsetlab.ui.workspace.desk import desk_part
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from synsetlab.review import Step
    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.browser import SynsetBrowser
    from synsetlab.ui.review import LogEntry, Reliability, ReviewDetail, ReviewItem

__all__ = ["WorkspaceReview"]


class WorkspaceReview:
    """A `ReviewSource` over a workspace.

    The queue holds, each picture's question once: what somebody flagged (answered with a skip), what the
    votes left ambiguous, what they settled against two votes or more that are a third of all
    (disputed), and a sample of the other settled ones (audit).

    Parameters
    ----------
    workspace
        Where the questions are.
    expert
        Who decides; None: ``$SYNSETLAB_ANNOTATOR``, else the name of the account.
    wnid
        Only questions about this synset.
    audit
        So many settled questions are shown all the same, drawn with `seed`.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        expert: str | None = None,
        wnid: str | None = None,
        audit: int = 0,
        seed: int = 0,
    ) -> None:
        if audit < 0:
            raise InputError(f"audit={audit} is no number of questions.", "Give 0 or more.")
        self.workspace = workspace
        self.expert = expert or current_annotator()
        self._wnid, self._audit, self._seed = wnid, audit, seed
        self._pictures = WorkspacePictures(workspace)
        self._steps: list[tuple[list[str], Step]] = []
        self._facts = desk_part(workspace, "review")

    def queue(self, reason: str | None = None) -> list[ReviewItem]:
        """What waits for an expert: flagged, ambiguous (most undecided first), disputed, audit."""
        items: list[ReviewItem] = self._facts.queue(self._wnid, self._audit, self._seed)
        return [item for item in items if reason in {None, item["reason"]}]

    def detail(self, question: str) -> ReviewDetail:
        """Everyone's answer with how far they can be believed, duplicates, origin and history."""
        found: ReviewDetail = self._facts.detail(self._number(question))
        return found

    def verdict(
        self, questions: Sequence[str], verdict: str, reason: str, *, votes: int = 3, wnid: str = ""
    ) -> None:
        """Record the verdicts as one step; they overrule the votes."""
        if isinstance(questions, str):  # its characters would name other questions
            questions = [questions]
        numbers = [self._number(question) for question in questions]
        if verdict == "relabel":
            step = relabel(self.workspace, numbers, wnid, by=self.expert, reason=reason)
        else:
            step = give_verdicts(self.workspace, numbers, verdict, by=self.expert, reason=reason, votes=votes)
        self._steps.append((list(questions), step))

    def undo(self) -> dict[str, str | None] | None:
        """Take back the last step made through this panel."""
        if not self._steps:
            return None
        questions, step = self._steps[-1]
        try:
            take_back(self.workspace, step, by=self.expert)
        finally:
            self._steps.pop()  # what can no more be undone must not stand in the way of those before it
        standing = self.workspace.lookups.standing([int(question) for question in questions])
        return {question: standing.get(int(question), {}).get("verdict") for question in questions}

    def reliability(self) -> dict[str, Reliability]:
        """How often each annotator is right, judged by the others' votes over all synsets."""
        found: dict[str, Reliability] = self._facts.reliability()
        return found

    def synsets(self) -> SynsetBrowser:
        """All of WordNet, with how many pictures each synset has here."""
        from synsetlab.ui.review_synsets import SynsetsToPick  # noqa: PLC0415 - only where someone relabels

        return SynsetsToPick(workspace=self.workspace)

    def log(self) -> list[LogEntry]:
        """The last verdicts of everybody, the newest first."""
        entries: list[LogEntry] = self._facts.log()
        return entries

    def verdicts(self) -> pd.DataFrame:
        """The verdicts that stand in the workspace."""
        return self.workspace.reader.standing_verdicts()

    def thumbnail(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.thumbnail(key)

    def picture(self, key: str) -> bytes:
        """By image id."""
        return self._pictures.picture(key)

    # -- how -----------------------------------------------------------------------------------

    @staticmethod
    def _number(question: str) -> int:
        try:
            return int(question)
        except ValueError:
            raise InputError(f"{question!r:.80} names no question.", "Reload the page.") from None
