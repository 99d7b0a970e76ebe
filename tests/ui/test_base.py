"""The panel base: answers come back as data, errors too, and nothing else gets in."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

import pytest
import sqlalchemy as sa
import traitlets

from synsetlab.errors import InputError
from synsetlab.store.failures import explained
from synsetlab.ui.base import Panel, Reply


class Echo(Panel):
    """A panel to talk to."""

    _esm = "export default { render() {} }"
    page_writes = frozenset({"ours"})
    ours = traitlets.Unicode("").tag(sync=True)
    locked = traitlets.Unicode("mine").tag(sync=True)

    def on_echo(self, message: dict[str, Any]) -> Reply:
        return {"said": message["text"]}, [b"bytes"]

    def on_quiet(self, _message: dict[str, Any]) -> Reply:
        return None

    def on_wrong(self, _message: dict[str, Any]) -> Reply:
        raise InputError("That is wrong.", "Do it right.")

    def on_locked(self, _message: dict[str, Any]) -> Reply:
        place = sa.make_url("sqlite:////srv/team/workspace.sqlite")
        raise explained(place, sqlite3.OperationalError("database is locked"))

    def on_broken(self, _message: dict[str, Any]) -> Reply:
        raise ValueError("the password is hunter2")


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, Any], list[bytes]]]:
    found: list[tuple[dict[str, Any], list[bytes]]] = []
    monkeypatch.setattr(Echo, "send", lambda _, content, buffers=None: found.append((content, buffers or [])))
    return found


def ask(message: Any) -> None:
    Echo()._handle_msg({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})


def test_a_reply_carries_the_id_of_its_request(said: list[Any]) -> None:
    ask({"type": "echo", "id": "7", "text": "hello"})
    assert said == [({"type": "reply", "id": "7", "said": "hello"}, [b"bytes"])]


def test_a_handler_need_not_say_anything(said: list[Any]) -> None:
    ask({"type": "quiet", "id": "8"})
    assert said == [({"type": "reply", "id": "8"}, [])]


def test_a_page_is_not_told_where_the_database_is_but_the_log_is(
    said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    ask({"type": "locked", "id": "9"})
    error = said[0][0]["error"]
    assert error["message"] == "The workspace's database is locked by another program."
    assert "/srv/team" not in str(error)
    assert "/srv/team/workspace.sqlite" in caplog.text


@pytest.mark.parametrize(
    "words",
    ["database is locked", "unable to open database file", "database or disk is full", "disk I/O error"],
)
def test_what_a_database_refuses_is_shown_without_its_place(words: str) -> None:
    error = explained(sa.make_url("sqlite:////srv/team/workspace.sqlite"), sqlite3.OperationalError(words))
    assert error is not None
    assert "/srv/team/workspace.sqlite" in error.message
    assert "/srv" not in error.shown + error.remedy


def test_our_own_errors_speak_for_themselves(said: list[Any]) -> None:
    ask({"type": "wrong", "id": "9"})
    assert said[0][0]["error"] == {"message": "That is wrong.", "remedy": "Do it right."}


def test_any_other_error_gets_a_number_and_tells_nothing(
    said: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="synsetlab.ui"):
        ask({"type": "broken", "id": "10"})
    error = said[0][0]["error"]
    assert "hunter2" not in str(said)
    number = error["message"].split("error ")[1].rstrip(").")
    assert number in caplog.text
    assert "hunter2" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        "echo",
        {},
        {"type": None},
        {"type": "no_such"},
        {"type": "msg", "id": "1"},
        {"type": "trait_change", "id": "1"},
        {"type": "displayed"},
        {"type": "__init__"},
        {"type": "a b"},
        {"type": ["echo"]},
    ],
)
def test_what_is_no_message_is_answered_with_an_error(said: list[Any], message: Any) -> None:
    ask(message)
    assert "does not know" in said[0][0]["error"]["message"]


def test_the_page_writes_only_what_it_may() -> None:
    echo = Echo()
    echo.set_state({"ours": "page", "locked": "page", "_esm": "alert(1)", "no_such": 1})
    assert (echo.ours, echo.locked) == ("page", "mine")
    assert "alert" not in echo._esm


@pytest.mark.parametrize("state", [[1], "ours", None, 7, [["ours", "page"]]])
def test_a_state_that_is_none_is_passed_over(state: Any, caplog: pytest.LogCaptureFixture) -> None:
    echo = Echo()
    echo._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})
    assert echo.ours == ""
    assert "as its state" in caplog.text


def test_a_misspelt_argument_is_named_with_those_there_are() -> None:
    with pytest.raises(TypeError, match=r"no argument 'ousr'.*locked.*ours"):
        Echo(ousr="x")
