"""Names of questions for the browser, which say nothing about the question.

The numbers of questions run in the order in which they were made, so a number may tell what a
question is: hidden controls are made later than the candidates among which they are asked.
"""

from __future__ import annotations

import hmac

from synsetlab.errors import InputError

__all__ = ["QuestionKeys"]

HALF = 32
MASK = (1 << HALF) - 1
ROUNDS = 4
NUMBERS = 1 << 48
"""Questions have smaller numbers; a key that opens to a larger one was not made here."""


class QuestionKeys:
    """Keys of 16 hex digits: a permutation of 64-bit numbers that only the key undoes.

    `key` is `Workspace.question_key`, derived of the workspace's secret.

    A Feistel network of four rounds with HMAC-SHA256: M. Luby and C. Rackoff, "How to construct
    pseudorandom permutations from pseudorandom functions", SIAM J. Comput. 17 (1988). The same question
    has the same key in every session, so that answers kept in a browser find it again.
    """

    def __init__(self, key: bytes) -> None:
        self._secret = key

    def seal(self, question: int) -> str:
        """The key of a question's number."""
        left, right = question >> HALF, question & MASK
        for turn in range(ROUNDS):
            left, right = right, left ^ self._mix(turn, right)
        return f"{left << HALF | right:016x}"

    def open(self, key: str) -> int:
        """The number of the question with this key.

        Raises
        ------
        InputError
            It is no key of this workspace.
        """
        try:
            sealed = int(key, 16) if len(key) == 16 else -1
        except ValueError:
            sealed = -1
        if sealed >= 0:
            left, right = sealed >> HALF, sealed & MASK
            for turn in reversed(range(ROUNDS)):
                left, right = right ^ self._mix(turn, left), left
            if (question := left << HALF | right) < NUMBERS:
                return question
        raise InputError(f"{key!r:.80} names no question.", "Reload the page.")

    def _mix(self, turn: int, half: int) -> int:
        text = turn.to_bytes(1, "big") + half.to_bytes(4, "big")
        return int.from_bytes(hmac.digest(self._secret, text, "sha256")[:4], "big")
