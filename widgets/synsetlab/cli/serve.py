"""``synsetlab serve``: the apps in a browser, for one person or a team."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synsetlab.cli.common import emit, json_option, workspace_option

__all__ = ["command"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="serve")
@click.argument("folder", metavar="[WORKSPACE]", required=False, type=click.Path(file_okay=False))
@workspace_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port; 0 for any free one. Default: 8866, or a free one where that is taken.",
)
@click.option("--database", metavar="URL", help="Database to use instead of the workspace's own.")
@click.option(
    "--base-url", default="", metavar="URL", help="Path or whole address under which a proxy shows it."
)
@click.option("--tls-cert", "certfile", type=_FILE, help="PEM file with the certificate and its chain.")
@click.option("--tls-key", "keyfile", type=_FILE, help="PEM file with its key.")
@click.option("--accounts", is_flag=True, help="Ask for an account even on this machine alone.")
@click.option(
    "--trust-header", default="", metavar="NAME", help="Take who it is from this header of a trusted proxy."
)
@click.option(
    "--trusted-proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="Address or network of a proxy in front (repeatable).",
)
@click.option("--hub", is_flag=True, help="Take who it is from JupyterHub, which starts this as a service.")
@click.option(
    "--new-people",
    "newcomers",
    type=click.Choice(["viewer", "annotator", "expert"]),
    help="Role of people whom proxy or hub know and nobody invited; default: not let in.",
)
@click.option("--open/--no-open", "open_browser", default=False, help="Open the page in a browser.")
@click.option("--as", "everyone", metavar="NAME", default="", help="Sign every visitor in under this name.")
@click.option(
    "--notebooks",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with your own versions of the apps' notebooks.",
)
@json_option
def command(
    *, folder: str | None, workspace: str | None, open_browser: bool, as_json: bool, **options: Any
) -> None:
    """Serve the apps in a browser; prints the URL that opens the grid, and stops on Ctrl+C.

    On this machine alone a name is asked once. With accounts everyone signs in: as soon as there is one,
    with --accounts, and always where --host is not this machine. The first start prints a link that makes
    the administrator; invitations are made on the administrator's page.

    \b
    Examples:
      synsetlab serve my-dataset
      synsetlab serve my-dataset --as you --open
      synsetlab serve -w my-dataset --port 9000
      synsetlab serve my-dataset --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
      synsetlab serve my-dataset --accounts --base-url https://label.example.org/ --trusted-proxy 127.0.0.1

    JSON: url, admin_link or null (there is an administrator; printed once the page can be opened).
    """
    from synsetlab.config import find_workspace

    if folder and workspace:
        raise click.UsageError("Name the workspace once: as WORKSPACE or with -w.")
    home = find_workspace(folder or workspace)

    from synsetlab.server.address import is_loopback
    from synsetlab.server.options import ServeOptions
    from synsetlab.server.serve import serve

    def ready(url: str, admin_link: str) -> None:
        if as_json:
            emit({"url": url, "admin_link": admin_link or None})
        else:
            click.echo(url)
            if admin_link:
                click.echo(f"Make yourself the administrator (once, within a day): {admin_link}", err=True)
            click.echo("Stop it with Ctrl+C.", err=True)
        if open_browser:
            click.launch(url)

    if options["hub"]:
        _be_a_service(options)
    if not is_loopback(options["host"]) and not options["certfile"] and not options["proxies"]:
        words = "without TLS passwords and cookies can be read on the way; see --tls-cert"
        click.echo(f"{options['host']} can be reached from elsewhere: {words}.", err=True)
    options["newcomers"] = options["newcomers"] or ""
    serve(ServeOptions(Path(home), **options), ready)


def _be_a_service(options: dict[str, Any]) -> None:
    """Listen where the hub says, under the path that it says, unless told otherwise."""
    from urllib.parse import urlsplit

    from synsetlab.server.hub import Hub

    hub = Hub()
    place = urlsplit(hub.service_url)
    options["base_url"] = options["base_url"] or hub.prefix
    options["port"] = place.port if options["port"] is None else options["port"]
