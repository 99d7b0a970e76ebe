"""The one writer of a workspace, for many kernels: fair, with group commit.

A transaction is for half of those who are asking, whoever waits longest first: their votes are appended
together, everything else in its own part of it, and nothing is answered before it is durable. So, while it
runs, those who were answered before it ask again: nobody waits longer than for the transaction that runs
and their own, neither is longer than it must be, and a slow disk is waited for by many at once. Look-ups
run beside the writes.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from synsetlab.errors import InputError, WorkspaceBusyError
from synsetlab.store.service import Request, Service, failure
from synsetlab.store.votelog import voted_on

__all__ = ["WriterService"]

TRIES = 5
"""How often a request is tried that PostgreSQL ended because it and another's waited for each other."""

log = logging.getLogger("synsetlab.store.service")


class WriterService(Service):
    """A `Service` that writes.

    Its `parts` may have the functions ``decide`` (judges questions by id and records what changes; of what
    was asked for, only questions that the caller has voted on, and nothing is told of what came of it) and
    ``choose`` (brings synsets in by wnid).
    """

    _answered: frozenset[object] = frozenset()
    """Kernels that the last transaction was for."""

    def _part(self, waiting: list[Request]) -> int:
        """Half of all who ask: those that wait, and those that were answered just now and will ask again."""
        asking = self._answered.union(request.peer for request in waiting)
        return (len(asking) + 1) // 2

    def _write(self, requests: list[Request]) -> None:
        """All in one transaction; one by one where that fails as a whole."""
        if not requests:
            return
        self._answered = frozenset(request.peer for request in requests)
        try:
            synced = any(request.operation != "writer.claim" for request in requests)
            with self._workspace.writer.together(synced=synced):
                answers = self._votes([r for r in requests if r.operation == "writer.record_votes"])
                for request in requests:
                    if request not in answers:
                        answers[request] = self._answer(request, quietly=False)
        except Exception as error:  # noqa: BLE001 - as in _receive
            if len(requests) > 1:
                log.info("A shared transaction failed, its parts are tried alone: %s", error)
                for request in requests:
                    self._alone(request)
            else:
                self._alone(requests[0])
            return
        for request, answer in answers.items():
            self._reply(request, answer)

    def _alone(self, request: Request) -> None:
        for turn in range(TRIES):
            try:
                answer = self._answer(request, quietly=False)
            except WorkspaceBusyError as error:
                answer = failure(error)
                time.sleep(0.01 * 2**turn)
            else:
                break
        self._reply(request, answer)

    def _do(self, request: Request) -> Any:
        if request.operation != "decide" or "decide" not in self._parts:
            return super()._do(request)
        # What a question's votes amount to tells those of others, and is for whoever decides.
        number, questions = request.peer.number, {int(question) for question in request.args[0]}
        with self._workspace.writer.transaction() as connection:
            own = set() if number is None else voted_on(connection, number, questions)
        if own:
            self._parts["decide"](sorted(own))
        return None

    def _votes(self, requests: list[Request]) -> dict[Request, dict[str, Any]]:
        if not requests:
            return {}
        batches = [(request.args[0], request.args[1]) for request in requests]
        results = self._workspace.writer.record_together(batches)
        return {
            request: failure(result) if isinstance(result, InputError) else {"value": result}
            for request, result in zip(requests, results, strict=True)
        }
