"""Learned features as a third opinion: an interface, no model. Bring your own; nothing here needs torch.

A hash finds what was scaled or re-encoded; other crops, views and edits need features. A provider turns
pictures into vectors; pairs whose vectors point nearly the same way are proposed, and pairs that wait for
review can be settled by it.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np

from synsetlab.candidates.decode import decode
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    from PIL import Image

    from synsetlab.dedup.judge import Verdict

    Vectors = npt.NDArray[np.float32]

__all__ = [
    "AGREES",
    "CONTRADICTS",
    "EmbeddingProvider",
    "embed_all",
    "load_provider",
    "near_vectors",
    "settle",
]

AGREES: Final = 0.95
"""Cosine from which a pair that waits for review is joined."""
CONTRADICTS: Final = 0.6
"""Cosine below which it is taken for different pictures."""

_TILE = 2048


@runtime_checkable
class EmbeddingProvider(Protocol):
    """What a model has to offer."""

    name: str
    """Names the model and its weights: vectors of different names are never compared."""

    def embed(self, pictures: Sequence[Image.Image]) -> Vectors:
        """One vector a picture (upright, RGB), float32, shape (n, d); of any length but zero."""
        ...


def load_provider(path: str) -> EmbeddingProvider:
    """The provider that ``package.module:name`` names; a class or function is called without arguments.

    Raises
    ------
    InputError
        There is no such module or name, or it is no provider.
    """
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(
            f"There is no embedding provider {path!r}: {error}.", "Write package.module:name."
        ) from error
    made = isinstance(found, type) or (callable(found) and not hasattr(found, "embed"))
    provider = found() if made else found
    if not isinstance(provider, EmbeddingProvider):
        raise InputError(
            f"{path!r} is no embedding provider.", "It needs a name, and embed(pictures) that returns (n, d)."
        )
    return provider


def embed_all(provider: EmbeddingProvider, pictures: Iterator[Image.Image], *, batch: int = 32) -> Vectors:
    """Vectors of length one, shape (n, d).

    Raises
    ------
    InputError
        The provider gives something else than one finite vector a picture.
    """
    parts: list[Vectors] = []
    waiting: list[Image.Image] = []

    def flush() -> None:
        vectors = np.asarray(provider.embed(waiting), dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True) if vectors.ndim == 2 else np.zeros((0, 1))
        if len(lengths) != len(waiting) or not (np.isfinite(lengths) & (lengths > 0)).all():
            raise InputError(
                f"{provider.name} gave {vectors.shape} for {len(waiting)} pictures, or without length.",
                "embed must return one finite vector a picture, shape (n, d).",
            )
        parts.append(vectors / lengths)
        waiting.clear()

    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == batch:
            flush()
    if waiting:
        flush()
    return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)


def near_vectors(vectors: Vectors, cosine: float) -> list[tuple[int, int, float]]:
    """All pairs (i, j, cosine), i < j, of vectors of length one with at least that cosine; in tiles."""
    found: list[tuple[int, int, float]] = []
    for begin in range(0, len(vectors), _TILE):
        rows = vectors[begin : begin + _TILE]
        for start in range(begin, len(vectors), _TILE):
            likeness = rows @ vectors[start : start + _TILE].T
            for i, j in np.argwhere(likeness >= cosine).tolist():
                if begin + i < start + j:
                    found.append((begin + i, start + j, float(likeness[i, j])))
    return sorted(found)


def settle(
    provider: EmbeddingProvider,
    pairs: Sequence[tuple[str, str]],
    *,
    agrees: float = AGREES,
    contradicts: float = CONTRADICTS,
) -> list[Verdict]:
    """Verdicts on pairs of files that a look left open: ``verified``, ``different`` or still ``review``."""
    paths = sorted({path for pair in pairs for path in pair})
    vectors = embed_all(provider, (decode(Path(path).read_bytes()).image for path in paths))
    place = {path: number for number, path in enumerate(paths)}
    cosines = [float(vectors[place[a]] @ vectors[place[b]]) for a, b in pairs]
    return [
        "verified" if cosine >= agrees else "different" if cosine < contradicts else "review"
        for cosine in cosines
    ]
