"""The one writer of a workspace, for many kernels: fair, with group commit.

What has come in while a transaction ran, or just after, is the next transaction: votes of all who
wait are appended together, everything else in its own part of it, and nothing is answered before it
is durable. So nobody waits longer than for the transaction that runs and their own, and a slow disk is
waited for once. Look-ups run beside the writes.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from synsetlab.errors import InputError, WorkspaceBusyError
from synsetlab.store.service import Request, Service, failure

__all__ = ["WriterService"]

LINGER_S = 0.003
"""How long a transaction waits for as many requests as the last one had (PostgreSQL's ``commit_delay``)."""

TRIES = 5
"""How often a request is tried that PostgreSQL ended because it and another's waited for each other."""

log = logging.getLogger("synsetlab.store.service")


class WriterService(Service):
    """A `Service` that writes.

    Its `parts` may have the functions ``decide`` (judges questions by id and records what changes; returns
    how many did and the outcomes) and ``choose`` (brings synsets in by wnid).
    """

    _last = 0
    """Requests of the last transaction."""

    def _joined(self, writes: list[Request]) -> list[Request]:
        until = time.monotonic() + LINGER_S
        while writes and len(writes) < self._last and (seconds := until - time.monotonic()) > 0:
            writes += self._turn(seconds)
        return writes

    def _write(self, requests: list[Request]) -> None:
        """All in one transaction; one by one where that fails as a whole."""
        if not requests:
            return
        self._last = len(requests)
        try:
            with self._workspace.writer.together():
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

    def _votes(self, requests: list[Request]) -> dict[Request, dict[str, Any]]:
        if not requests:
            return {}
        batches = [(request.args[0], request.args[1]) for request in requests]
        results = self._workspace.writer.record_together(batches)
        return {
            request: failure(result) if isinstance(result, InputError) else {"value": result}
            for request, result in zip(requests, results, strict=True)
        }
