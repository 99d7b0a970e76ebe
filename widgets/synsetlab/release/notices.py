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

from synsetlab.errors import InputError, WorkspaceError
from synsetlab.store.lock import alone

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.store.access import Request
    from synsetlab.store.workspace import Workspace

__all__ = ["NOTICES", "Notice", "file_notifier", "forget_notices", "load_notifier", "notify"]

NOTICES = "notices.jsonl"
"""File of the workspace to which notices go where no notifier is set: one JSON object a line."""
LOCK = ".notices.lock"
"""Held by whoever writes there: a line must not go to a file that is being replaced."""


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
        with alone(place.with_name(LOCK)):
            _write(place, line.encode(), os.O_APPEND)

    return send


def forget_notices(folder: str | os.PathLike[str], request: int) -> None:
    """Blank ``to`` and ``body`` of a request's notices in ``notices.jsonl``, where there is one.

    Raises
    ------
    WorkspaceError
        The file cannot be read or written; it is as it was.
    """
    place = Path(folder) / NOTICES
    try:
        if not place.exists():
            return
        with alone(place.with_name(LOCK)):
            lines = place.read_bytes().split(b"\n")
            aside = place.with_name(f".{NOTICES}.new")
            _write(aside, b"\n".join(_blank(line, request) for line in lines), os.O_TRUNC)
            aside.replace(place)
    except OSError as error:
        raise WorkspaceError(
            f"{place} cannot be rewritten and may name who made request {request}: {error.strerror}.",
            f"Set that right, then: synsetlab access forget {request}",
            shown=f"The notices of request {request} cannot be rewritten: {error.strerror}.",
        ) from error


def _write(place: Path, data: bytes, how: int) -> None:
    """Write all of `data` to a file that only its owner may read; durable when it returns."""
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | how, 0o600), "wb") as file:  # noqa: PTH123
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _blank(line: bytes, request: int) -> bytes:
    """A line of the file, less the person where it is about `request`; what is no notice stays."""
    try:
        notice = json.loads(line)
    except ValueError:
        return line
    if not isinstance(notice, dict) or notice.get("request") != request:
        return line
    return json.dumps({**notice, "to": "", "body": ""}, ensure_ascii=False).encode()


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
