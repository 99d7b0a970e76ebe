"""The server's log: what is sent to it, an address or a name, stays within its own line."""

from __future__ import annotations

import logging
import sys

from synsetlab.server.surroundings import LOG_FORMAT, LogLines

FORGED = "x\nERROR synsetlab.server: FORGED\x1b[2J\u202e\x00"


def record(message: str, exc_info: object = None, stack: str | None = None) -> logging.LogRecord:
    made = logging.LogRecord("tornado.general", logging.WARNING, "", 1, message, (FORGED,), exc_info)
    made.stack_info = stack
    return made


def test_a_message_is_one_line():
    line = LogLines(LOG_FORMAT).format(record("403 GET %s"))
    said = "403 GET x\\nERROR synsetlab.server: FORGED\\x1b[2J\\u202e\\x00"
    assert line == f"WARNING tornado.general: {said}"


def test_a_traceback_is_read_as_one_and_begins_no_line():
    try:
        raise ValueError(FORGED)
    except ValueError:
        text = LogLines(LOG_FORMAT).format(record("Failed: %r", sys.exc_info(), "Stack:\n  of ours"))
    first, *rest = text.split("\n")
    assert first.startswith("WARNING tornado.general: Failed: ")
    assert rest[0] == "  Traceback (most recent call last):"
    assert "    raise ValueError(FORGED)" in "\n".join(rest)
    assert rest[-4:-2] == ["  ValueError: x", "  ERROR synsetlab.server: FORGED\\x1b[2J\\u202e\\x00"]
    assert rest[-2:] == ["  Stack:", "    of ours"]


def test_strangers_write_no_lines(server, visit):
    for path in ("voila/static/x", "static/x", "voila/labextensions/anywidget/x", "data/x"):
        visit(None).get(f"{path}%0AERROR%20synsetlab.server:%20FORGED%1b[2J")
    said = [line for line in server.log().splitlines() if "FORGED" in line]
    assert said  # Voila's own static files log what they refuse
    assert all(line.startswith("WARNING tornado.general: 403 GET /") for line in said)
    assert "\x1b" not in server.log()


def test_a_failed_cell_is_read_without_colours(server, visit):
    visit("ada").get("browse")
    assert "\n  ValueError: the-secret-text\n" in server.log()


def test_the_applications_own_log_is_such_too():
    from synsetlab.server.standalone import Server

    formatter = Server.__new__(Server).get_default_logging_config()["formatters"]["console"]
    assert formatter["class"] == f"{LogLines.__module__}.{LogLines.__name__}"
