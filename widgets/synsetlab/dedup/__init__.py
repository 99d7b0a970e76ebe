"""Duplicates: perceptual hashes, exact search in Hamming space, clusters, and a second look."""

from __future__ import annotations

__all__: list[str] = []
