"""``synsetlab accounts``: people and invitations from the server's own command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import emit, json_option, open_workspace, print_table, workspace_option

if TYPE_CHECKING:
    from synsetlab.store.accounts import Accounts, Member

__all__ = ["command"]

SHOWN = ("name", "role", "disabled", "created_at", "seen_at", "erased_at", "votes")
EVENT = ("at", "actor", "account", "kind", "before", "after")
ROLE_NAMES = ("viewer", "annotator", "expert", "curator", "admin")

name_argument = click.argument("name")


@click.group(name="accounts")
def command() -> None:
    """See and change who may come in.

    The administrator's page (`synsetlab serve`) does the same in a browser; this is for whoever runs the
    machine, and works when nobody can sign in. Changes hold at once for a server that is running.

    \b
    Examples:
      synsetlab accounts list
      synsetlab accounts invite --role annotator
      synsetlab accounts log --json
    """


@command.command(name="list")
@workspace_option
@json_option
def list_(*, workspace: str | None, as_json: bool) -> None:
    """List the accounts.

    \b
    Examples:
      synsetlab accounts list --json

    JSON: accounts [name, role, disabled, created_at, seen_at, erased_at, votes].
    """
    with open_workspace(workspace) as opened:
        rows = [_plain(row, SHOWN) for row in opened.accounts.all()]
    if as_json:
        emit({"accounts": rows})
    else:
        print_table(SHOWN, [[row[name] for name in SHOWN] for row in rows])


@command.command()
@click.argument("name", required=False)
@click.option("--role", type=click.Choice(ROLE_NAMES), help="Role of a new account.  [default: annotator]")
@click.option(
    "--days", type=click.FloatRange(0, 365, min_open=True), default=7.0, show_default=True, help="How long."
)
@click.option("--url", default="http://127.0.0.1:8866/", show_default=True, help="Where the server is.")
@workspace_option
@json_option
def invite(
    *, name: str | None, role: str | None, days: float, url: str, workspace: str | None, as_json: bool
) -> None:
    """Print a link that works once: for NAME, or for whoever opens it.

    Someone who has an account gets a new password by it, and keeps their role.

    \b
    Examples:
      synsetlab accounts invite --role expert --days 2
      synsetlab accounts invite maria --role admin --url https://label.example.org/

    JSON: link, role, name or null.
    """
    with open_workspace(workspace) as opened:
        known = opened.accounts.named(name) if name else None
        if known is not None:
            role = known.role
            token = opened.accounts.invite(role, by=None, days=days, account=known.id)
        else:
            role = role or "annotator"
            token = opened.accounts.invite(role, by=None, days=days, name=name)
    link = f"{url.rstrip('/')}/join/{token}"
    if as_json:
        emit({"link": link, "role": role, "name": name})
    else:
        click.echo(link)


@command.command()
@name_argument
@click.argument("role", type=click.Choice(ROLE_NAMES))
@workspace_option
@json_option
def role(*, name: str, role: str, workspace: str | None, as_json: bool) -> None:
    """Give the person NAME another ROLE.

    \b
    Examples:
      synsetlab accounts role maria curator

    JSON: name, role, disabled.
    """
    with open_workspace(workspace) as opened:
        opened.accounts.set_role(_known(opened.accounts, name).id, role, by=None)
        _tell(_known(opened.accounts, name), as_json=as_json)


@command.command()
@name_argument
@workspace_option
@json_option
def disable(*, name: str, workspace: str | None, as_json: bool) -> None:
    """Shut the account of NAME; what is open under it ends.

    \b
    Examples:
      synsetlab accounts disable maria

    JSON: name, role, disabled.
    """
    with open_workspace(workspace) as opened:
        opened.accounts.set_disabled(_known(opened.accounts, name).id, True, by=None)
        _tell(_known(opened.accounts, name), as_json=as_json)


@command.command()
@name_argument
@workspace_option
@json_option
def enable(*, name: str, workspace: str | None, as_json: bool) -> None:
    """Open the account of NAME again.

    \b
    Examples:
      synsetlab accounts enable maria

    JSON: name, role, disabled.
    """
    with open_workspace(workspace) as opened:
        opened.accounts.set_disabled(_known(opened.accounts, name).id, False, by=None)
        _tell(_known(opened.accounts, name), as_json=as_json)


@command.command()
@name_argument
@workspace_option
@json_option
def forget(*, name: str, workspace: str | None, as_json: bool) -> None:
    """Forget the person NAME: a pseudonym takes the name's place everywhere, the votes stay.

    It may be someone who votes or judges without an account. Free texts (reasons, notes) are not searched.

    \b
    Examples:
      synsetlab accounts forget maria
      synsetlab accounts forget worker-01

    JSON: pseudonym.
    """
    with open_workspace(workspace) as opened:
        member = opened.accounts.named(name)
        pseudonym = opened.forget(member.id, by=None) if member else opened.forget_without_account(name)
    if as_json:
        emit({"pseudonym": pseudonym})
    else:
        click.echo(f"The votes are those of {pseudonym} now.")


@command.command()
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Newest lines.")
@workspace_option
@json_option
def log(*, limit: int, workspace: str | None, as_json: bool) -> None:
    """Show what was done to accounts, the newest first.

    \b
    Examples:
      synsetlab accounts log --limit 20

    JSON: events [at, actor, account, kind, before, after].
    """
    with open_workspace(workspace) as opened:
        rows = [_plain(row, EVENT) for row in opened.accounts.log(limit)]
    if as_json:
        emit({"events": rows})
    else:
        print_table(EVENT, [[row[name] for name in EVENT] for row in rows])


def _known(accounts: Accounts, name: str) -> Member:
    from synsetlab.errors import InputError

    member = accounts.named(name)
    if member is None:
        raise InputError(f"Nobody called {name!r} has an account.", "See: synsetlab accounts list")
    return member


def _tell(member: Member, *, as_json: bool) -> None:
    if as_json:
        emit({"name": member.name, "role": member.role, "disabled": member.disabled})
    else:
        click.echo(f"{member.name}: {member.role}{', shut' if member.disabled else ''}")


def _plain(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Times as text."""
    return {name: value.isoformat() if hasattr(value := row[name], "isoformat") else value for name in names}
