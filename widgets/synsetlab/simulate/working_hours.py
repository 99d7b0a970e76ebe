"""When simulated annotators were at work, for votes that are made in no time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DAY", "WorkingHours"]

DAY = (8, 19)
"""Hours (UTC) between which simulated people work."""
PAUSE_MIN = 10
"""Minutes from one page of a crowd to its next, on average."""
PAGES_LEFT = 20
"""So many pauses at least fit into the time that is left."""
_PAUSES = 1
"""Keeps the pauses of a seed apart from its answers."""


class WorkingHours:
    """When pages were worked at that simulated annotators fill in no time: by day, with pauses, until now.

    Parameters
    ----------
    since
        When the first page may have been taken.
    seed
        Of the pauses.
    """

    def __init__(self, since: datetime, seed: int) -> None:
        self._at = since
        self._rng = np.random.default_rng([seed, _PAUSES])

    def page(self, active_ms: Sequence[int]) -> list[datetime]:
        """When each answer of the next page was given, by how long each took."""
        pause = timedelta(minutes=float(self._rng.exponential(PAUSE_MIN)))
        end = _last_hours_end()
        # However many pages there are, none is of tomorrow: pauses shorten as the last day comes to its end.
        self._at += min(pause, max(end - self._at, timedelta()) / PAGES_LEFT)
        if not DAY[0] <= self._at.hour < DAY[1]:
            self._at = min(_morning(self._at), end)
        spent = np.cumsum(np.asarray(active_ms, dtype=np.int64))
        return [min(self._at + timedelta(milliseconds=int(passed)), end) for passed in spent]


def _morning(at: datetime) -> datetime:
    """The first working hour from `at` on."""
    return at.replace(hour=DAY[0], minute=0) + timedelta(days=at.hour >= DAY[1])


def _last_hours_end() -> datetime:
    """The last moment up to now at which people work."""
    now = datetime.now(UTC)
    evening = now.replace(hour=DAY[1], minute=0, second=0, microsecond=0)
    return evening - timedelta(days=1) if now.hour < DAY[0] else min(now, evening)
