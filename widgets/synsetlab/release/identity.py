"""What a release is: its identity, and the salts that derive from a workspace's secret."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from synsetlab.canonical import canonical_json

__all__ = ["FORMAT", "derive", "identity_of", "label_hash"]

FORMAT = 2
"""Version of the layout of a release folder; see docs/release.md."""


def identity_of(release: dict[str, Any]) -> str:
    """SHA-256 of what a release *is*: everything in ``release.json`` but the identity itself."""
    content = {key: value for key, value in release.items() if key != "identity"}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def derive(secret: str, purpose: str, *parts: str) -> str:
    """HMAC-SHA256 in hex under the workspace's secret: the same parts always give the same.

    Nobody can go back from it, or make it of a guess, without the secret.
    """
    return hmac.new(secret.encode(), canonical_json([purpose, *parts]).encode(), hashlib.sha256).hexdigest()


def label_hash(salt: str, image: str, wnid: str) -> str:
    """What is published of a sealed label: SHA-256 of ``salt:image id:wnid``."""
    return hashlib.sha256(f"{salt}:{image}:{wnid}".encode()).hexdigest()
