"""The synsets in the drawer of `VoteReview`."""

from __future__ import annotations

from synsetlab.ui.browser import SynsetBrowser

__all__ = ["SynsetsToPick"]


class SynsetsToPick(SynsetBrowser):
    """A synset browser that is a part of another panel: it answers messages, and is no widget of its own."""

    def open(self) -> None:
        """Open no channel to the page: the panel around it has one."""
