"""Values as JSON that is the same everywhere, and what is known by the hash of it."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from typing import Any

__all__ = ["Hashed", "canonical_json"]


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same value gives the same bytes everywhere."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Hashed(ABC):
    """A value that is known by the hash of its canonical JSON."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""

    def as_json(self) -> str:
        """Canonical JSON: equal values give the same bytes."""
        return canonical_json(self.as_dict())

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()
