"""Candidates: where pictures of a synset come from, and how their bytes become pixels."""

__all__: list[str] = []
