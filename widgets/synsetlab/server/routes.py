"""Every route there is, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.utils import url_path_join
from tornado.web import RedirectHandler
from voila.static_file_handler import MultiStaticFileHandler

from synsetlab.server import handlers, pages, signin
from synsetlab.server.admin import Admin
from synsetlab.server.data import AskedRequest, Data, DataFile, OfferPage, Requests
from synsetlab.server.home import Home, Thumbnail
from synsetlab.server.hub import CALLBACK, HubCallback
from synsetlab.server.thumbnails import QuestionThumbnail

if TYPE_CHECKING:
    from synsetlab.server.standalone import Server

__all__ = ["EXTENSIONS", "HERE", "routes"]

EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]
"""What shows widgets; no other JupyterLab extension is served."""

HERE = Path(__file__).parent
_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"


def routes(server: Server) -> list[tuple[Any, ...]]:
    """The routes of a server, under its base URL."""
    voila = {
        "template_paths": server.template_paths,
        "config": server.config,
        "voila_configuration": server.voila_configuration,
    }
    extensions = "|".join(EXTENSIONS)
    found: list[tuple[Any, ...]] = [
        ("", Home),
        ("name", signin.Name),
        ("sign-in", signin.SignIn),
        ("leave", signin.Leave),
        (r"join/([A-Za-z0-9_-]{1,64})", signin.Join),
        ("account", signin.AccountPage),
        (CALLBACK, HubCallback),
        ("admin", Admin),
        ("data", Data),
        (r"data/([a-z0-9][a-z0-9._-]{0,63})", OfferPage),
        (r"data/request/([A-Za-z0-9_-]{1,64})", AskedRequest),
        (r"data/file/([0-9]{1,9})/([0-9]{1,11})/([A-Za-z0-9_-]{43})/(.+)", DataFile),
        ("requests", Requests),
        (r"thumbnail/([0-9a-f]{64})/([0-9a-f]{32})", Thumbnail),
        (r"thumbnails/([0-9a-f]{16})", QuestionThumbnail),
        *(
            (app.path, handlers.AppPage, {"app": app, "notebook_path": app.notebook, **voila})
            for app in pages.APPS
        ),
        ("static/(.*)", handlers.Assets, {"path": [str(HERE / "static"), str(HERE.parent / "ui" / "css")]}),
        ("favicon.ico", RedirectHandler, {"url": url_path_join(server.base_url, "static/favicon.svg")}),
        (f"api/kernels/{_KERNEL}", handlers.KernelModel),
        (f"api/kernels/{_KERNEL}/channels", handlers.Channels),
        (f"voila/api/shutdown/{_KERNEL}", handlers.CloseKernel),
        ("voila/static/(.*)", MultiStaticFileHandler, {"paths": server.static_paths}),
        (
            f"voila/labextensions/((?:{extensions})/.*)",
            handlers.Extensions,
            {"path": server.labextensions_path, "no_cache_paths": ["/"]},
        ),
    ]
    return [(server.base_url + path, *rest) for path, *rest in found]
