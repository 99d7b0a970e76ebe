"""Thumbnails of the labelling page by HTTP: beside the kernel, several at once, cancelled when stale."""

from __future__ import annotations

import asyncio

from tornado import web

from synsetlab.errors import InputError, SynsetlabError
from synsetlab.server.base import Plain
from synsetlab.server.pages import apps_for
from synsetlab.ui.workspace.keys import QuestionKeys
from synsetlab.ui.workspace.pictures import WorkspacePictures

__all__ = ["QuestionThumbnail"]

HOUR_S = 3600


class QuestionThumbnail(Plain):
    """The small picture of a question, by the key that a labelling page has of it.

    Only the workspace's secret makes keys, so that who has one was shown the question.
    """

    @web.authenticated
    async def get(self, key: str) -> None:
        """Send it to whoever is signed in and may label."""
        if not any(app.path == "label" for app in apps_for(self.current_user.role)):
            raise web.HTTPError(403)
        workspace = self.settings["synsetlab_workspace"]

        def read() -> bytes:
            question = QuestionKeys(workspace.question_key()).open(key)
            (card,) = workspace.lookups.cards([question]) or (None,)
            if card is None:
                raise InputError(f"There is no question {key!r}.")
            return WorkspacePictures(workspace).thumbnail(card["image_id"])

        try:
            data = await asyncio.to_thread(read)
        except (InputError, SynsetlabError, OSError) as error:
            raise web.HTTPError(404) from error
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Cache-Control", f"private, max-age={HOUR_S}, immutable")
        self.finish(data)
