"""Texts of strangers: nothing in them commands a terminal, a log or a spreadsheet."""

from __future__ import annotations

import pytest

from synsetlab.texts import plain_text, spreadsheet_text, visible


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\r\nlines\tand\u2028more", "two\nlines and\nmore"),
        ("\x1b]0;OWNED\x07\x1b[2J", "]0;OWNED[2J"),
        ("gpj.\u202egood\u202c", "gpj.good"),
        ("nul\0, \x9bCSI, half a pair \ud800", "nul, CSI, half a pair "),
        ("می\u200cخواهم 👩\u200d🔬 \u00a0é", "می\u200cخواهم 👩\u200d🔬 \u00a0é"),
    ],
)
def test_what_is_kept(given, kept):
    assert plain_text(given) == kept


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b]0;OWNED\x07", "\\x1b]0;OWNED\\x07"),
        ("a\u202eb\ud800", "a\\u202eb\\ud800"),
        ("a\nERROR b", "a\\nERROR b"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        ("Ünï 犬\u00a0\\n", "Ünï 犬\u00a0\\n"),
    ],
)
def test_what_is_shown(given, shown):
    assert visible(given) == shown


def test_line_ends_can_be_kept():
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_no_text_is_a_formula(start):
    assert spreadsheet_text(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("value", ["", "Ada", "a=b", " =1", "'=1", -3, 1.5, None])
def test_other_cells_stay(value):
    assert spreadsheet_text(value) == value
