"""Where WordNet's files and the index compiled from them are kept, per user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synsetlab.config import data_dir

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INDEX_FORMAT", "corpus_dir", "index_path"]

INDEX_FORMAT = 2
"""Raised whenever the arrays or their meaning change; an index of another format is made anew."""


def corpus_dir() -> Path:
    """Folder of the installed files, laid out as an NLTK data folder."""
    return data_dir() / "nltk_data" / "corpora" / "wordnet"


def index_path() -> Path:
    """The compiled index."""
    return data_dir() / f"wordnet-3.0-nouns-{INDEX_FORMAT}.index"
