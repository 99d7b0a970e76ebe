"""Rules of who may have a release: what can be offered, who may ask, how links to its files are signed.

A link to a file names the request that was approved, the file and until when it works, and is signed
with the workspace's secret: it cannot be altered, it ends by itself, and it ends at once when the
request is revoked, because every use looks the request up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.errors import InputError, ReleaseError
from synsetlab.release.folder import SUMS
from synsetlab.release.notices import forget_notices, notify
from synsetlab.release.verify import read_release, verify_release
from synsetlab.texts import plain_text

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from synsetlab.store.access import OfferedRelease, Request
    from synsetlab.store.workspace import Workspace

__all__ = [
    "DAYS",
    "LINK_HOURS",
    "ReleaseFile",
    "ask_for_release",
    "check_domains",
    "check_email",
    "decide_request",
    "find_file",
    "forget_request",
    "offer_release",
    "release_files",
    "signature",
    "signed_request",
]

DAYS = 90
"""How long an approved request holds, by default."""
LINK_HOURS = 24
"""How long a link to a file works; the request's page makes new ones while the request holds."""
LENGTHS = {"person": 120, "email": 254, "institution": 200, "purpose": 4000}
CALLED = {
    "person": "The name",
    "email": "The e-mail address",
    "institution": "The institution",
    "purpose": "What you want to do with it",
}
MINIMUM_PURPOSE = 20
"""Characters: less says nothing that a curator could decide by."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]*[a-z0-9]")
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}")


PICTURES = "pictures/"
"""Before the name of a file of the export that goes with a release."""
MOST_FILES = 10_000
"""Of such an export: more are no list that anyone can use."""


@dataclass(frozen=True)
class ReleaseFile:
    """A file that can be fetched: its name, its size in bytes, and its SHA-256 (hex; of tables only)."""

    name: str
    bytes: int
    sha256: str


def offer_release(
    workspace: Workspace,
    folder: str | os.PathLike[str],
    *,
    name: str | None = None,
    pictures: str | os.PathLike[str] | None = None,
    terms: str | None = None,
    approval: bool = True,
    domains: Iterable[str] = (),
    days: int = DAYS,
) -> OfferedRelease:
    """Offer a release on the site, or change what is offered under that name.

    Parameters
    ----------
    folder
        A release; it is verified first and has to stay where it is.
    name
        Of its page; by default the release's own name and version.
    pictures
        Folder of an export of it, with the pictures; its files can then be fetched too.
    terms
        What whoever asks has to accept; by default the release's ``TERMS.md``.
    approval
        Whether a curator decides on each request; else accepting the terms is enough.
    domains
        E-mail domains that may ask, with their subdomains; none: all.
    days
        How long an approval holds by default, 1 to 3,650.

    Raises
    ------
    InputError
        A value cannot be used.
    ReleaseError
        The folder holds no release, or a damaged one.
    """
    home = Path(folder).resolve()
    release = read_release(home)
    problems = verify_release(home)
    if problems:
        raise ReleaseError(f"{folder} is damaged: {problems[0]}", f"See: synsetlab verify {folder}")
    if not 1 <= days <= 3650:
        raise InputError(f"An approval holds for 1 to 3,650 days, not {days:,}.")
    chosen = _page_name(name or f"{release['policy'].get('name', 'release')}-{release['version']}", name)
    wording = terms if terms is not None else (home / "TERMS.md").read_text("utf-8")
    if not wording.strip():
        raise InputError("The terms are empty.", "Write what may be done with the release into the file.")
    images = Path(pictures).resolve() if pictures is not None else None
    if images is not None:
        _check_export(images)
    values: dict[str, str | None] = {"folder": str(home), "pictures": str(images) if images else None}
    values |= {"identity": release["identity"], "version": release["version"]}
    rules = {"approval": approval, "domains": check_domains(domains), "days": days}
    workspace.access.put_offer(chosen, wording, **values, **rules)
    offered = workspace.access.offer(chosen)
    assert offered is not None
    return offered


def ask_for_release(workspace: Workspace, name: str, accepted: str, **person: str) -> tuple[str, Request]:
    """Make a request for what is offered as `name`; returns the token of its page and the request.

    `accepted` is the SHA-256 of the terms that were shown; `person`: person, email, institution, purpose.

    Raises
    ------
    InputError
        A field is empty or too long, the address is not one that may ask, the terms changed meanwhile,
        or nothing is offered under that name (any more).
    """
    offer = workspace.access.offer(name)
    if offer is None or offer.withdrawn_at is not None:
        raise InputError(f"{name} cannot be asked for.", "See what is offered.")
    if accepted != offer.terms_sha256:
        raise InputError("The terms were changed meanwhile.", "Read them again, then accept them.")
    values = {field: _line(field, person.get(field, "")) for field in LENGTHS}
    if len(values["purpose"]) < MINIMUM_PURPOSE:
        raise InputError("The purpose is too short.", "Say in a sentence or two what you want to do.")
    values["email"] = check_email(values["email"], offer.domains)
    until = None if offer.approval else datetime.now(UTC) + timedelta(days=offer.days)
    token = workspace.access.ask(offer.id, accepted, until, **values)
    made = workspace.access.request_of(token)
    assert made is not None
    notify(workspace, made)
    return token, made


def decide_request(
    workspace: Workspace,
    number: int,
    verdict: str,
    *,
    by: int | None,
    days: int | None = None,
    reason: str = "",
) -> Request:
    """``approve`` (for `days`), ``decline`` or ``revoke`` a request; returns it as it stands then.

    Raises
    ------
    InputError
        There is no such request or verdict, or `days` cannot be used.
    """
    kinds = {"approve": "approved", "decline": "declined", "revoke": "revoked"}
    if verdict not in kinds:
        raise InputError(f"There is no verdict {verdict!r} on requests.", f"Use {', '.join(kinds)}.")
    request = workspace.access.request(number)
    if request is None:
        raise InputError(f"There is no request {number}.", "See: synsetlab access requests")
    until = None
    if verdict == "approve":
        if not request.email:
            raise InputError(f"Request {number} was forgotten.", "Ask the person to make a new one.")
        offer = workspace.access.offer(request.offer)
        held = days if days is not None else offer.days if offer else DAYS
        if not 1 <= held <= 3650:
            raise InputError(f"An approval holds for 1 to 3,650 days, not {held:,}.")
        until = datetime.now(UTC) + timedelta(days=held)
    elif verdict == "revoke" and request.state != "approved":
        raise InputError(f"Request {number} is {request.state}: there is nothing to revoke.")
    reason = " ".join(plain_text(reason).split())[:1000]
    decided = workspace.access.decide(number, kinds[verdict], by=by, until=until, reason=reason)
    notify(workspace, decided)
    return decided


def forget_request(workspace: Workspace, number: int, *, by: int | None) -> None:
    """Blank who made a request, also in ``notices.jsonl``; what was decided and fetched stays on record.

    A notifier of one's own is not told. May be repeated.

    Raises
    ------
    InputError
        There is no such request.
    WorkspaceError
        The database names nobody now, but the file cannot be rewritten.
    """
    workspace.access.forget(number, by=by)
    forget_notices(workspace.folder, number)


def release_files(offer: OfferedRelease) -> list[ReleaseFile]:
    """What can be fetched: the files that ``SHA256SUMS`` lists, that file, then those of the export.

    Raises
    ------
    ReleaseError
        A folder is gone, or a listed file is.
    """
    home = Path(offer.folder)
    try:
        lines = (home / SUMS).read_text("utf-8").splitlines()
        listed = [(line[66:], line[:64]) for line in lines if len(line) > 66]
        listed.append((SUMS, hashlib.sha256((home / SUMS).read_bytes()).hexdigest()))
        files = [ReleaseFile(name, (home / name).stat().st_size, known) for name, known in listed]
        if offer.pictures:
            root = Path(offer.pictures)
            for path in _exported(root):
                name = PICTURES + path.relative_to(root).as_posix()
                files.append(ReleaseFile(name, path.stat().st_size, ""))
    except OSError as error:
        raise ReleaseError(
            f"The release in {offer.folder} cannot be read: {error.strerror}.",
            "Put it back, or offer it from where it is now: synsetlab access offer FOLDER",
        ) from error
    return files


def find_file(offer: OfferedRelease, name: str) -> Path | None:
    """Where the file called `name` is, or None where that is no file that can be fetched."""
    if name.startswith(PICTURES):
        root = Path(offer.pictures or "/nowhere")
        path = root / name.removeprefix(PICTURES)
        return path if offer.pictures and _fetchable(path, root) else None
    home = Path(offer.folder)
    known = {line[66:] for line in (home / SUMS).read_text("utf-8").splitlines()} | {SUMS}
    return home / name if name in known and (home / name).is_file() else None


def signature(secret: str, request: int, identity: str, file: str, expires: int) -> str:
    """Signature of a link: HMAC-SHA-256 (RFC 2104) over all that the link says, in URL-safe Base64."""
    said = "\n".join(("synsetlab download", str(request), identity, file, str(expires)))
    digest = hmac.digest(bytes.fromhex(secret), said.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def signed_request(
    workspace: Workspace, number: int, file: str, expires: int, signed: str
) -> tuple[Request, OfferedRelease] | None:
    """The request and offer that a link to a file stands for, or None where it may not be used (any more).

    Checked each time: the signature, the link's own end, and that the request is still approved and its
    release still offered as it was.
    """
    request = workspace.access.request(number)
    offer = workspace.access.offer(request.offer) if request is not None else None
    if request is None or offer is None or offer.withdrawn_at is not None:
        return None
    now = datetime.now(UTC)
    right = signature(workspace.setting("secret"), number, offer.identity, file, expires)
    if not hmac.compare_digest(right.encode(), signed.encode()):
        return None
    if now.timestamp() >= expires or request.open_until(now) is None:
        return None
    return request, offer


def check_domains(domains: Iterable[str]) -> list[str]:
    """`domains` (or ends of such, like ``edu``) in lower case and ASCII (IDNA), sorted, each once.

    Raises
    ------
    InputError
        One of them is no domain.
    """
    return sorted({_domain(domain) for domain in domains if domain.strip()})


def check_email(address: str, domains: Iterable[str] = ()) -> str:
    """`address` with its domain in lower case, if its domain is one of `domains` or lies under one.

    Raises
    ------
    InputError
        It is no e-mail address, or of a domain that may not ask.
    """
    local, _, domain = address.strip().rpartition("@")
    if not _LOCAL.fullmatch(local) or "." not in domain:
        raise InputError(f"{address!r} is no e-mail address.", "Write it like ada@university.edu.")
    try:
        place = _domain(domain)
    except InputError as error:
        raise InputError(f"{address!r} is no e-mail address.", "Write it like ada@university.edu.") from error
    allowed = list(domains)
    if allowed and not any(place == one or place.endswith("." + one) for one in allowed):
        shown = ", ".join(allowed[:8]) + (", ..." if len(allowed) > 8 else "")
        raise InputError(
            f"Addresses at {place} may not ask for this release.",
            f"Use the address that your institution gave you: {shown}.",
        )
    return f"{local}@{place}"


def _check_export(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder.", "Make it with: synsetlab export RELEASE -o FOLDER")
    count = len(_exported(folder))
    if not 0 < count <= MOST_FILES:
        raise InputError(
            f"{folder} has {count:,} files; from 1 to {MOST_FILES:,} can be offered.",
            "Export to shards: synsetlab export RELEASE --format webdataset -o FOLDER",
        )


def _exported(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if _fetchable(path, folder))


def _fetchable(path: Path, root: Path) -> bool:
    """Whether a path is a plain file inside a folder, neither hidden nor a link out of it."""
    try:
        inside = path.resolve(strict=True).relative_to(root.resolve(strict=True))
    except (OSError, ValueError):
        return False
    return path.is_file() and not any(part.startswith(".") for part in inside.parts)


def _domain(text: str) -> str:
    name = unicodedata.normalize("NFKC", text).strip().strip(".").removeprefix("@").lower()
    try:
        ascii_name = name.encode("idna").decode() if name else ""
    except UnicodeError:
        ascii_name = ""
    if not _DOMAIN.fullmatch(ascii_name):
        raise InputError(f"{text!r} is no e-mail domain.", "Write it like university.edu.")
    return ascii_name


def _page_name(wanted: str, given: str | None) -> str:
    name = wanted if given else re.sub(r"[^a-z0-9._-]+", "-", wanted.lower()).strip("-._")[:64]
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{wanted!r} cannot be the name of a page.",
            "Use 1 to 64 of a-z, 0-9, hyphen, dot and underscore, with --name.",
        )
    return name


def _line(field: str, text: str) -> str:
    if any(unicodedata.category(letter) == "Cc" and letter not in "\n\t\r" for letter in text):
        raise InputError(f"{CALLED[field]} holds a control character.", "Type it in plain letters.")
    clean = plain_text(unicodedata.normalize("NFC", text)).strip()
    clean = clean if field == "purpose" else " ".join(clean.split())
    if not clean:
        raise InputError(f"{CALLED[field]} is missing.", "Fill it in.")
    if len(clean) > LENGTHS[field]:
        raise InputError(f"{CALLED[field]} has {len(clean):,} characters; {LENGTHS[field]:,} are possible.")
    return clean
