"""The base of every panel: a thin dispatcher between the page and the engine.

The page sends ``{"type": T, "id": I, ...}``; the panel's method ``on_T`` answers with a dict (and,
where there are bytes, a list of buffers), which goes back as ``{"type": "reply", "id": I, ...}``.
A failure goes back as data, ``{"type": "reply", "id": I, "error": {...}}``, and is painted in the
panel: a `SynsetlabError` with its own words, anything else as an error id whose traceback is only
in the server's log.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget

from synsetlab.errors import SynsetlabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Panel", "Reply"]

log = logging.getLogger("synsetlab.ui")

Reply = dict[str, Any] | tuple[dict[str, Any], list[bytes]] | None
"""What a message handler may answer: fields, or fields and buffers."""


class Panel(anywidget.AnyWidget):
    """An anywidget that answers messages and refuses what it does not know.

    Subclasses set ``_esm`` and ``_css``, name the traits that the page may write in
    ``page_writes``, and answer the message type ``T`` in a method ``on_T(message)``.
    """

    page_writes: ClassVar[frozenset[str]] = frozenset()
    """Traits that the page may set; all others are refused, for the page can send anything."""

    def __init__(self, **kwargs: Any) -> None:
        unknown = sorted(set(kwargs) - set(self.trait_names()))
        if unknown:
            known = ", ".join(sorted(name for name in self.trait_names() if not name.startswith("_")))
            raise TypeError(f"{type(self).__name__} has no argument {unknown[0]!r}; its traits are: {known}")
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take from the page only the traits named in `page_writes`, and nothing that is no state."""
        if not isinstance(sync_data, dict):
            log.warning("%s: the page sent %.80r as its state", type(self).__name__, sync_data)
            return
        super().set_state({name: value for name, value in sync_data.items() if name in self.page_writes})

    def _receive(self, _widget: object, message: Any, buffers: Sequence[Any]) -> None:
        request = message.get("id") if isinstance(message, dict) else None
        try:
            fields, payload = self.answer(message)
        except SynsetlabError as error:
            if error.shown != error.message:
                log.error("%s: %s", type(self).__name__, error.message)
            fields, payload = {"error": {"message": error.shown, "remedy": error.remedy}}, []
        except Exception:  # whatever happens, the page must be told and see no traceback
            number = secrets.token_hex(4)
            log.exception("%s: message failed, error id %s", type(self).__name__, number)
            text = f"Something went wrong (error {number})."
            fields, payload = {"error": {"message": text, "remedy": "The server's log has the details."}}, []
        self.send({"type": "reply", "id": request, **fields}, buffers=payload)

    def on_ping(self, _message: Mapping[str, Any]) -> Reply:
        """``{}`` -> ``{}``: the kernel is there."""
        return {}

    def answer(self, message: Any) -> tuple[dict[str, Any], list[bytes]]:
        """What this panel answers to a message: fields and buffers; failures are raised."""
        kind = message.get("type") if isinstance(message, dict) else None
        handler = getattr(self, f"on_{kind}", None) if isinstance(kind, str) and kind.isidentifier() else None
        if handler is None or kind in _INHERITED:
            raise SynsetlabError(f"{type(self).__name__} does not know the message type {kind!r}.")
        reply = handler(message)
        if reply is None:
            return {}, []
        return reply if isinstance(reply, tuple) else (reply, [])


_INHERITED = {name.removeprefix("on_") for name in dir(anywidget.AnyWidget) if name.startswith("on_")}
"""ipywidgets' own ``on_...`` methods: they register callbacks and are no message handlers."""
