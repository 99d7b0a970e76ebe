"""Tell people what happened to their requests: to a file by default, or through a notifier of one's own.

A notifier is anything that can be called with a `Notice`. Which one a workspace uses, its
``synsetlab.toml`` says: ``notifier = "package.module:function"``.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.store.access import Request
    from synsetlab.store.workspace import Workspace

__all__ = ["NOTICES", "Notice", "file_notifier", "load_notifier", "notify"]

NOTICES = "notices.jsonl"
"""File of the workspace to which notices go where no notifier is set: one JSON object a line."""


@dataclass(frozen=True)
class Notice:
    """Something that someone should hear of."""

    kind: str
    """``requested``, ``approved``, ``declined`` or ``revoked``."""
    at: str
    """When, ISO 8601 in UTC."""
    to: str
    """E-mail address of who should hear of it; empty: the workspace's curators."""
    subject: str
    body: str
    request: int
    """Number of the request."""


def notify(workspace: Workspace, request: Request) -> None:
    """Tell whom it concerns what became of a request; a notifier that fails is logged and stops nothing."""
    at = (request.decided_at or request.asked_at).isoformat(timespec="seconds")
    to = "" if request.state == "waiting" else request.email
    kind = "requested" if request.state == "waiting" else request.state
    subject, body = _words(request)
    notice = Notice(kind, at, to, subject, body, request.id)
    try:
        load_notifier(workspace.option("notifier"), workspace.folder)(notice)
    except Exception:  # anyone's code; what it tells of is in the database already
        logging.getLogger("synsetlab.access").exception("A notice on request %d was not sent", request.id)


def file_notifier(folder: str | os.PathLike[str]) -> Callable[[Notice], None]:
    """A notifier that appends each notice to ``notices.jsonl`` in `folder`, readable by its owner only."""
    place = Path(folder) / NOTICES

    def send(notice: Notice) -> None:
        line = json.dumps(asdict(notice), ensure_ascii=False) + "\n"
        descriptor = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())  # one call, so that lines of two writers never mix
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    return send


def load_notifier(named: str, folder: str | os.PathLike[str]) -> Callable[[Notice], None]:
    """The notifier called ``package.module:function``; the file's where `named` is empty.

    Raises
    ------
    InputError
        There is none of that name.
    """
    if not named:
        return file_notifier(folder)
    module, _, function = named.partition(":")
    try:
        found: Any = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"The notifier {named!r} cannot be loaded: {error}.",
            'Write notifier = "package.module:function" into synsetlab.toml.',
        ) from error
    if not callable(found):
        raise InputError(f"The notifier {named!r} cannot be called.", "Name a function that takes a Notice.")
    send: Callable[[Notice], None] = found
    return send


def _words(request: Request) -> tuple[str, str]:
    who = f"{request.person} <{request.email}>, {request.institution}"
    if request.state == "waiting":
        return f"{request.offer} was asked for", f"{who}\n\n{request.purpose}"
    said = f"\n\n{request.reason}" if request.reason else ""
    if request.state == "approved" and request.until:
        until = request.until.date().isoformat()
        page = "The page of your request has the files."
        return f"You may have {request.offer}", f"Until {until}. {page}{said}"
    return f"Your request for {request.offer} was {request.state}", f"Request {request.id}.{said}"
