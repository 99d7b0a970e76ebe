from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.ui.workspace.keys import QuestionKeys

KEYS = QuestionKeys(b"a key")


@given(st.integers(0, (1 << 48) - 1))
def test_a_key_opens_to_its_question_and_only_with_the_secret(question: int) -> None:
    key = KEYS.seal(question)
    assert KEYS.open(key) == question
    with pytest.raises(InputError, match="names no question"):
        KEYS.open(key[:-1] + "g")


def test_another_workspace_does_not_open_it() -> None:
    with pytest.raises(InputError, match="names no question"):
        QuestionKeys(b"another key").open(KEYS.seal(17))


def test_keys_do_not_run_in_the_order_of_their_questions() -> None:
    keys = [KEYS.seal(question) for question in range(1000)]
    assert len(set(keys)) == 1000
    ascending = sum(one < other for one, other in itertools.pairwise(keys))
    assert 400 < ascending < 600


@pytest.mark.parametrize("key", ["", "17", "x" * 16, "-00000000000000a", "0" * 16, "f" * 17])
def test_what_was_not_made_here_names_no_question(key: str) -> None:
    with pytest.raises(InputError, match="Reload the page"):
        KEYS.open(key)
