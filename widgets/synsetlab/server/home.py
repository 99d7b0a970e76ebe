"""The home page: what is open for me, how I am doing, how the team is; with pictures of each class."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import datetime
from typing import Any

from tornado import web

from synsetlab.errors import InputError, SynsetlabError
from synsetlab.release.audit import wilson
from synsetlab.server.base import Page, Plain
from synsetlab.ui.workspace.pictures import WorkspacePictures

__all__ = ["Home", "Thumbnail"]

PAGE = 48
ROWS = 60
PICTURES = 6
DAY_S = 24 * 3600
FEW_KNOWN = 5


class Home(Page):
    """The way in: what there is to do."""

    @web.authenticated
    async def get(self) -> None:
        """Show the classes that are open for the visitor first."""
        try:
            numbers = await asyncio.to_thread(self._numbers)
        except SynsetlabError:
            raise
        except Exception:
            self.log.exception("The workspace's numbers could not be read")
            numbers = {"counts": {}, "rows": [], "hidden": 0, "open": 0}
        self.show("home.html", page=PAGE, **numbers)

    def _numbers(self) -> dict[str, Any]:
        workspace, visitor = self.workspace, self.visitor
        labels = "label" in {app.path for app in self.settings["synsetlab_apps"](visitor.role)}
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        annotator = workspace.team.annotator(visitor.username) if labels else None
        rows = workspace.lookups.synset_progress(annotator or 0)
        waiting = [row for row in rows if row["for_me"]] if labels else []
        # Begun ones first, the nearest to its end before the others; then by how much there is to do.
        waiting.sort(key=lambda row: (row["mine"] == 0, row["for_me"] if row["mine"] else -row["for_me"]))
        kept = {row["wnid"] for row in waiting}
        every = waiting + [row for row in rows if row["questions"] and row["wnid"] not in kept]
        shown = every[:ROWS]
        pictures = workspace.team.pictures([row["wnid"] for row in shown], PICTURES)
        for row in shown:
            row["share"] = round(100 * row["decided"] / row["questions"])
            row["pictures"] = [self._thumbnail(image) for image in pictures.get(row["wnid"], [])]
        return {
            "counts": workspace.reader.counts(),
            "labels": labels,
            "mine": workspace.team.own_day(annotator, midnight) if annotator else None,
            "gold": _agreement(workspace.team.own_gold(annotator)) if annotator else None,
            "rows": shown,
            "hidden": len(every) - len(shown),
            "open": len(waiting),
        }

    def _thumbnail(self, image: str) -> str:
        return self.url(f"thumbnail/{image}/{_permit(self, image)}")


class Thumbnail(Plain):
    """A small picture: one that a page of the server has shown to this visitor, and to no one else."""

    @web.authenticated
    async def get(self, image: str, permit: str) -> None:
        """Send it, if the permit is the server's own, for this visitor."""
        if not hmac.compare_digest(permit, _permit(self, image)):
            raise web.HTTPError(403)
        pictures = WorkspacePictures(self.settings["synsetlab_workspace"])
        try:
            data = await asyncio.to_thread(pictures.thumbnail, image)
        except (InputError, SynsetlabError, OSError) as error:
            raise web.HTTPError(404) from error
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("Cache-Control", f"private, max-age={DAY_S}, immutable")
        self.finish(data)


def _agreement(gold: dict[str, int]) -> dict[str, int] | None:
    """In whole per cents; None where too little is known to say."""
    if gold["known"] < FEW_KNOWN:
        return None
    low, high = wilson(gold["right"], gold["known"])
    share = round(100 * gold["right"] / gold["known"])
    return {"known": gold["known"], "percent": share, "low": round(100 * low), "high": round(100 * high)}


def _permit(handler: Page | Plain, image: str) -> str:
    """What lets a visitor see a picture; of no use to another, or with another role."""
    visitor: Any = handler.current_user
    text = "\0".join((visitor.username, visitor.role, visitor.mark, image))
    key: bytes = handler.settings["synsetlab_permits"]
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]
