"""``synsetlab access``: offer releases, decide who may have them, see who fetched what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option

if TYPE_CHECKING:
    from synsetlab.store.access import OfferedRelease, Request

__all__ = ["command"]

DECIDED = ("id", "offer", "state", "until", "reason")
REQUEST = (
    *("id", "offer", "state", "person", "email", "institution", "purpose", "asked_at"),
    *("decided_at", "decided_by", "until", "reason", "terms_sha256"),
)
OFFER = (
    *("name", "folder", "pictures", "identity", "version", "terms_sha256", "approval"),
    *("domains", "days", "withdrawn"),
)
DOWNLOAD = (
    *("at", "request_id", "offer", "person", "email", "institution"),
    *("identity", "file", "bytes", "terms_sha256"),
)

number_argument = click.argument("number", type=int)
reason_option = click.option("--reason", default="", metavar="TEXT", help="What the person is told.")


@click.group(name="access")
def command() -> None:
    """Offer releases, decide who may have them, see who fetched what.

    A release that is offered has a page on the site (`synsetlab serve`) where anyone accepts its terms and
    asks for it; whoever may have it gets links to its files that end by themselves.

    \b
    Examples:
      synsetlab access offer ../release-1.0.0 --terms terms.md --domain edu --domain ac.uk
      synsetlab access requests --state waiting
      synsetlab access approve 3 --days 30
    """


@command.command()
@click.argument("release", type=click.Path())
@click.option("--name", metavar="NAME", help="Of its page.  [default: the release's name and version]")
@click.option(
    "--terms", type=click.Path(), metavar="FILE", help="Text to accept.  [default: the release's TERMS.md]"
)
@click.option("--pictures", type=click.Path(), metavar="FOLDER", help="An export of it, to fetch as well.")
@click.option("--no-approval", is_flag=True, help="Whoever accepts the terms may have it.")
@click.option("--domain", "domains", multiple=True, help="E-mail domain that may ask, with what is under it.")
@click.option(
    "--domains-file", type=click.Path(), metavar="FILE", help="The same, one a line; # begins a comment."
)
@click.option("--days", type=int, default=90, show_default=True, help="How long an approval holds.")
@workspace_option
@json_option
def offer(
    *,
    release: str,
    name: str | None,
    terms: str | None,
    pictures: str | None,
    no_approval: bool,
    domains: tuple[str, ...],
    domains_file: str | None,
    days: int,
    workspace: str | None,
    as_json: bool,
) -> None:
    """Offer the frozen RELEASE, or change what is offered under its name.

    It is verified first, and has to stay where it is. New terms hold for whoever asks from now on.

    \b
    Examples:
      synsetlab access offer ../release-1.0.0
      synsetlab access offer ../release-1.0.0 --name hats --no-approval --days 30 --json

    JSON: name, folder, pictures, identity, version, terms_sha256, approval, domains, days, withdrawn.
    """
    from synsetlab.release.access import offer_release

    listed = [*domains, *(_lines(domains_file) if domains_file else ())]
    wording = _text(terms) if terms else None
    rules: dict[str, Any] = {"approval": not no_approval, "domains": listed, "days": days}
    rules |= {"pictures": pictures}
    with open_workspace(workspace) as opened:
        made = offer_release(opened, release, name=name, terms=wording, **rules)
    if as_json:
        emit(_offer(made))
    else:
        whom = ", ".join(made.domains) or "anyone"
        how = "a curator decides" if made.approval else "accepting the terms is enough"
        click.echo(f"{made.name} can be asked for by {whom}; {how}. Its page: data/{made.name}")


@command.command(name="list")
@click.option("--withdrawn", is_flag=True, help="Also what is no longer offered.")
@workspace_option
@json_option
def list_(*, withdrawn: bool, workspace: str | None, as_json: bool) -> None:
    """List what is offered.

    \b
    Examples:
      synsetlab access list --json

    JSON: offers [name, folder, pictures, identity, version, terms_sha256, approval, domains, days,
    withdrawn].
    """
    with open_workspace(workspace) as opened:
        offers = [_offer(row) for row in opened.access.offers(withdrawn=withdrawn)]
    if as_json:
        emit({"offers": offers})
    else:
        shown = ("name", "version", "approval", "days", "withdrawn", "folder")
        print_table(shown, [[row[name] for name in shown] for row in offers])


@command.command()
@click.argument("name")
@workspace_option
@json_option
def withdraw(*, name: str, workspace: str | None, as_json: bool) -> None:
    """Take the offer NAME back: nobody can ask for it or fetch from it any more.

    \b
    Examples:
      synsetlab access withdraw hats

    JSON: name, withdrawn.
    """
    with open_workspace(workspace) as opened:
        opened.access.withdraw(name)
    emit({"name": name, "withdrawn": True}) if as_json else click.echo(f"{name} is no longer offered.")


@command.command()
@click.option(
    "--state",
    type=click.Choice(["waiting", "approved", "declined", "revoked"]),
    help="Only those in this state.",
)
@workspace_option
@json_option
def requests(*, state: str | None, workspace: str | None, as_json: bool) -> None:
    """List who asked for what and why.

    \b
    Examples:
      synsetlab access requests --state waiting

    JSON: requests [id, offer, state, person, email, institution, purpose, asked_at, decided_at,
    decided_by, until, reason, terms_sha256].
    """
    with open_workspace(workspace) as opened:
        rows = [_fields(row, REQUEST) for row in opened.access.requests(state)]
    if as_json:
        emit({"requests": rows})
    else:
        shown = ("id", "state", "offer", "person", "email", "institution", "purpose")
        print_table(shown, [[row[name] for name in shown] for row in rows])


@command.command()
@number_argument
@click.option("--days", type=int, help="How long it holds.  [default: as offered]")
@reason_option
@workspace_option
@json_option
def approve(*, number: int, days: int | None, reason: str, workspace: str | None, as_json: bool) -> None:
    """Let request NUMBER have its release.

    \b
    Examples:
      synsetlab access approve 3
      synsetlab access approve 3 --days 30 --reason "Agreed by phone"

    JSON: id, offer, state, until, reason.
    """
    _decide(number, "approve", workspace, as_json, days=days, reason=reason)


@command.command()
@number_argument
@reason_option
@workspace_option
@json_option
def decline(*, number: int, reason: str, workspace: str | None, as_json: bool) -> None:
    """Do not let request NUMBER have its release.

    \b
    Examples:
      synsetlab access decline 3 --reason "Please ask with the address of your institution."

    JSON: id, offer, state, until, reason.
    """
    _decide(number, "decline", workspace, as_json, reason=reason)


@command.command()
@number_argument
@reason_option
@workspace_option
@json_option
def revoke(*, number: int, reason: str, workspace: str | None, as_json: bool) -> None:
    """End what request NUMBER was let have: its links stop working at once.

    \b
    Examples:
      synsetlab access revoke 3 --reason "The terms were broken."

    JSON: id, offer, state, until, reason.
    """
    _decide(number, "revoke", workspace, as_json, reason=reason)


@command.command()
@number_argument
@workspace_option
@json_option
def forget(*, number: int, workspace: str | None, as_json: bool) -> None:
    """Blank who made request NUMBER; that it was made, decided and used stays on record.

    Also in notices.jsonl. What a notifier of your own sent or kept is yours to delete.

    \b
    Examples:
      synsetlab access forget 3

    JSON: id, forgotten.
    """
    from synsetlab.release.access import forget_request

    with open_workspace(workspace) as opened:
        forget_request(opened, number, by=None)
    emit({"id": number, "forgotten": True}) if as_json else click.echo(f"Request {number} names nobody now.")


@command.command()
@click.option("-o", "--output", type=click.Path(), metavar="FILE", help="Write it as CSV.")
@workspace_option
@json_option
def log(*, output: str | None, workspace: str | None, as_json: bool) -> None:
    """Show who fetched what under which terms, the newest first.

    \b
    Examples:
      synsetlab access log
      synsetlab access log -o downloads.csv

    The CSV is for spreadsheets: a text that begins like a formula gets an apostrophe before it.

    JSON: downloads [at, request_id, offer, person, email, institution, identity, file, bytes,
    terms_sha256].
    """
    with open_workspace(workspace) as opened:
        rows = [_fields(row, DOWNLOAD) for row in opened.access.downloads()]
    if output:
        import csv
        from pathlib import Path

        from synsetlab.texts import spreadsheet_text

        with Path(output).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, DOWNLOAD)
            writer.writeheader()
            writer.writerows({name: spreadsheet_text(row[name]) for name in DOWNLOAD} for row in rows)
    if as_json:
        emit({"downloads": rows})
    elif output:
        click.echo(f"Wrote {len(rows):,} downloads to {output}.")
    else:
        shown = ("at", "request_id", "offer", "person", "institution", "file", "bytes")
        print_table(shown, [[row[name] for name in shown] for row in rows])


def _decide(number: int, verdict: str, workspace: str | None, as_json: bool, **options: Any) -> None:
    from synsetlab.release.access import decide_request

    with open_workspace(workspace) as opened:
        decided = decide_request(opened, number, verdict, by=None, **options)
    if as_json:
        emit(_fields(decided, DECIDED))
    else:
        until = f" until {decided.until:%Y-%m-%d}" if decided.until else ""
        click.echo(f"Request {decided.id} for {decided.offer} is {decided.state}{until}.")


def _offer(offered: OfferedRelease) -> dict[str, Any]:
    withdrawn = offered.withdrawn_at is not None
    return {name: withdrawn if name == "withdrawn" else getattr(offered, name) for name in OFFER}


def _fields(row: Request | dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    from datetime import datetime

    found = [row[name] if isinstance(row, dict) else getattr(row, name) for name in names]
    values = [value.isoformat() if isinstance(value, datetime) else value for value in found]
    return dict(zip(names, values, strict=True))


def _text(place: str) -> str:
    from pathlib import Path

    from synsetlab.errors import InputError

    try:
        return Path(place).read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{place} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error


def _lines(place: str) -> list[str]:
    lines = (line.partition("#")[0].strip() for line in _text(place).splitlines())
    return [line for line in lines if line]
