"""synsetlab: make your own ImageNet.

The line, each stage a subpackage: ``taxonomy`` -> ``candidates`` -> ``dedup`` -> ``voting`` ->
``review`` -> ``release`` -> ``benchmark``; ``store`` keeps what they produce, ``ui`` shows it.

Importing this package loads none of them: names are resolved when first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synsetlab.errors import SynsetlabError as SynsetlabError
    from synsetlab.store.workspace import Workspace as Workspace

__version__ = "0.1.0"

_LAZY = {
    "SynsetlabError": "synsetlab.errors",
    "Workspace": "synsetlab.store.workspace",
}

__all__ = ["SynsetlabError", "Workspace", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'synsetlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
