"""People and invitations from the command line."""

from __future__ import annotations

import json

import pytest

from synsetlab.cli import main
from synsetlab.store.workspace import Workspace


@pytest.fixture
def run(tmp_path, capsys):
    folder = tmp_path / "ws"
    with Workspace.create(folder) as workspace:
        workspace.accounts.join(workspace.accounts.first_link(), "Ada", "h")

    def call(*words: str, code: int = 0):
        assert main(["accounts", *words, "-w", str(folder), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    call.folder = folder
    return call


def test_a_link_invites_or_gives_a_new_password(run):
    new = run("invite", "--role", "expert", "--url", "https://label.example.org/x/")
    assert new["link"].startswith("https://label.example.org/x/join/")
    again = run("invite", "ada", "--role", "viewer")
    with Workspace.open(run.folder) as workspace:
        made = workspace.accounts.join(new["link"].rsplit("/", 1)[1], "Bob", "h")
        assert made.role == "expert"
        kept = workspace.accounts.join(again["link"].rsplit("/", 1)[1], "", "h2")
        assert (kept.name, kept.role, kept.password) == ("Ada", "admin", "h2")


def test_people_are_listed_changed_and_forgotten(run):
    with Workspace.open(run.folder) as workspace:
        workspace.accounts.join(workspace.accounts.invite("viewer", by=1), "Bob", "h")
    assert run("role", "bob", "curator") == {
        "schema_version": 1,
        "name": "Bob",
        "role": "curator",
        "disabled": False,
    }
    assert run("disable", "Bob")["disabled"] is True
    assert run("enable", "Bob")["disabled"] is False
    assert [person["name"] for person in run("list")["accounts"]] == ["Ada", "Bob"]
    assert run("forget", "Bob")["pseudonym"] == "erased-2"
    with Workspace.open(run.folder) as workspace:
        workspace.writer.ensure_annotator("worker-01")
    assert run("forget", "worker-01")["pseudonym"] == "erased-person"
    assert "Nobody called 'worker-01'" in run("forget", "worker-01", code=2)["error"]["message"]
    kinds = [event["kind"] for event in run("log")["events"]]
    assert kinds[:5] == ["erased", "erased", "enabled", "disabled", "role"]
    assert "no account" not in json.dumps(run("list"))
    refused = run("role", "Bob", "viewer", code=2)
    assert "Nobody called 'Bob'" in refused["error"]["message"]
    assert "only administrator" in run("disable", "Ada", code=2)["error"]["message"]
