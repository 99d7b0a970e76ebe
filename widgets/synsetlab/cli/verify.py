"""``synsetlab verify``: prove that a release is intact."""

from __future__ import annotations

import click

from synsetlab.cli.common import emit, json_option
from synsetlab.texts import visible

__all__ = ["command"]


@click.command(name="verify")
@click.argument("release", type=click.Path())
@click.option("--previous", type=click.Path(), help="The release that this one says it follows.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, release: str, previous: str | None, as_json: bool) -> None:
    """Prove a release with nothing but its folder; exit 1 if it is not intact.

    \b
    Examples:
      synsetlab verify releases/v1
      synsetlab verify releases/v2 --previous releases/v1

    JSON: ok, identity, problems.
    """
    from synsetlab.release.verify import read_release, verify_release

    problems = verify_release(release, previous)
    identity = read_release(release).get("identity")
    if as_json:
        emit({"ok": not problems, "identity": identity, "problems": problems})
    elif problems:
        click.echo("\n".join(visible(problem) for problem in problems))
    else:
        click.echo(f"{release} is intact: identity {identity}")
    ctx.exit(1 if problems else 0)
