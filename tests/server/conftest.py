"""A real server on a free port, with notebooks that say who their kernel thinks is there."""

from __future__ import annotations

import io
import json
import os
import re
from typing import TYPE_CHECKING

import httpx
import nbformat
import PIL.Image
import pytest

from synsetlab.server.pages import APPS
from synsetlab.server.process import ServerProcess
from synsetlab.store.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

SHOW = """import os
import sys
from IPython.display import HTML, display
from synsetlab.ui.base import Panel

class Echo(Panel):
    _esm = '''
    export default { render({ model, el }) {
      const root = document.createElement("div");
      root.className = "sl";
      for (const type of ["who", "fail"]) {
        const button = document.createElement("button");
        button.textContent = type;
        button.onclick = () => model.send({ type, id: type });
        root.append(button);
      }
      const answer = document.createElement("output");
      model.on("msg:custom", (message) => { answer.textContent = JSON.stringify(message); });
      root.append(answer);
      el.append(root);
    } };
    '''

    def on_who(self, message):
        return {"who": os.environ["SYNSETLAB_ANNOTATOR"]}

    def on_fail(self, message):
        print("the-printed-text")
        raise ValueError("the-hidden-text")

env = os.environ
facts = [env["SYNSETLAB_ANNOTATOR"], env["SYNSETLAB_WORKSPACE"], sys.executable]
told = any(name.startswith(("PLANTED", "PG", "SYNSETLAB_DATABASE")) for name in env)
facts += [told, env.get("QUERY_STRING"), os.getpid()]
display(HTML(f"<p id=who>{'|'.join(map(str, facts))}</p>"))
Echo()"""


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    for app in APPS:
        cells = [
            nbformat.v4.new_markdown_cell("# For readers only"),
            nbformat.v4.new_code_cell("raise SystemError", metadata={"tags": ["notebook-only"]}),
            nbformat.v4.new_code_cell("print('a print for readers')\n'a value for readers'"),
            nbformat.v4.new_code_cell(SHOW),
        ]
        if app.path == "browse":
            cells.append(nbformat.v4.new_code_cell("raise ValueError('the-secret-text')"))
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / app.notebook)
    return folder


@pytest.fixture(scope="session")
def served_workspace(tmp_path_factory):
    with Workspace.create(tmp_path_factory.mktemp("served") / "hats & coats") as made:
        return made.folder


@pytest.fixture(scope="session")
def server(served_workspace, notebooks):
    env = {**os.environ, "PLANTED_SECRET": "s", "PGPASSWORD": "s", "SYNSETLAB_ANNOTATOR": "planted"}
    with ServerProcess(served_workspace, "--notebooks", str(notebooks), env=env) as running:
        yield running


@pytest.fixture
def visit(server):
    """Make a visitor: an HTTP client that has given its name (or none)."""
    clients = []

    def make(name: str | None) -> httpx.Client:
        client = httpx.Client(base_url=server.base, timeout=120)
        clients.append(client)
        if name is not None:
            form = client.get("name")
            token = form.text.split('name="_xsrf" value="')[1].split('"')[0]
            assert client.post("name", data={"_xsrf": token, "name": name}).status_code == 303
        return client

    yield make
    for client in clients:
        client.close()


def who(page: httpx.Response) -> list[str]:
    """What the kernel of a page says of itself: annotator, workspace, python, secret seen, query, pid."""
    assert page.status_code == 200, page.text
    said = re.search(r"<p id=who>(.*?)</p>", json.loads(f'"{_output(page)}"'))
    assert said, page.text
    return said.group(1).split("|")


def _output(page: httpx.Response) -> str:
    found = re.search(r'"text/html": ?"(.*?)(?<!\\)"', page.text)
    assert found, page.text
    return found.group(1)


def kernel_of(page: httpx.Response) -> str:
    found = re.search(r'"kernelId": ?"([\w-]+)"', page.text)
    assert found, page.text
    return found.group(1)


# ---- a team with accounts

PASSWORD = "four simple words"


class Team:
    """A workspace of a few pictures, its server, and people who joined it by invitation."""

    def __init__(self, running: ServerProcess, folder: Path) -> None:
        self.server = running
        self.folder = folder
        self._clients: list[httpx.Client] = []

    def client(self) -> httpx.Client:
        """A browser that nobody is signed in with."""
        made = httpx.Client(base_url=self.server.base, timeout=120)
        self._clients.append(made)
        return made

    def token(self, client: httpx.Client, path: str = "name") -> str:
        """What a form of this browser must bring along."""
        client.get(path, follow_redirects=True)
        return client.cookies["_xsrf"]

    def post(self, client: httpx.Client, path: str, **fields: object) -> httpx.Response:
        return client.post(path, data={"_xsrf": self.token(client), **fields})

    def join(self, link: str, name: str) -> httpx.Client:
        client = self.client()
        joined = self.post(client, link, name=name, password=PASSWORD)
        assert joined.status_code == 303, joined.text
        return client

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Client:
        client = self.client()
        assert self.post(client, "sign-in", name=name, password=password).status_code == 303
        return client

    def invite(self, admin: httpx.Client, role: str, name: str = "", days: int = 7) -> str:
        said = self.post(admin, "admin", do="invite", role=role, name=name, days=days)
        assert said.status_code == 200, said.text
        return said.text.split('id="link" type="text" readonly value="')[1].split('"')[0]

    def new(self, role: str, name: str) -> httpx.Client:
        return self.join(self.invite(self.people["admin"], role), name)

    def id(self, name: str) -> int:
        with Workspace.open(self.folder) as workspace:
            return workspace.accounts.named(name).id

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(scope="session")
def team(tmp_path_factory, notebooks):
    folder = tmp_path_factory.mktemp("team") / "hats & coats"
    with Workspace.create(folder) as workspace:
        _fill(workspace)
    with ServerProcess(folder, "--notebooks", str(notebooks)) as running:
        made = Team(running, folder)
        made.before = made.client()  # someone who gave a name when there were no accounts
        assert made.post(made.before, "name", name="sam").status_code == 303
        assert made.before.get("").status_code == 200
        made.link = running.said["admin_link"]
        made.looks = [made.client().get(made.link) for _ in range(3)]
        made.people = {"admin": made.join(made.link, "Ada")}
        for role, name in (
            ("viewer", "Vera"),
            ("annotator", "Anna"),
            ("expert", "Eve"),
            ("curator", "Cara"),
        ):
            made.people[role] = made.new(role, name)
        yield made
        made.close()


def _fill(workspace: Workspace) -> None:
    """One synset with four coloured squares."""
    wnid = "n03497657"
    synset = {
        "wnid": wnid,
        "lemmas": ["hat", "chapeau"],
        "gloss": "headdress with shaped crown",
        "path": ["entity", "hat"],
        "chosen": True,
    }
    workspace.writer.add_synsets([synset], [])
    batch = workspace.writer.start_import("test", "squares")
    images, candidates = [], []
    for color in ("red", "green", "blue", "gold"):
        data = io.BytesIO()
        PIL.Image.new("RGB", (60, 60), color).save(data, "PNG")
        image = workspace.blobs.put(data.getvalue())
        facts = {"format": "PNG", "width": 60, "height": 60, "bytes": len(data.getvalue())}
        images.append({"id": image, **facts, "mean_color": "#000000", "phash": None, "phash_name": None})
        candidates.append({"image_id": image, "wnid": wnid, "import_id": batch})
    workspace.writer.add_images(images, [], candidates)
    workspace.writer.finish_import(batch)
