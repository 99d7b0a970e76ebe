"""Progress bars of commands: for people who watch, so a log file gets none."""

from __future__ import annotations

import functools
import sys
from typing import Any

__all__ = ["progress_bar"]


def progress_bar(**options: Any) -> Any:
    """A tqdm on stderr that is silent where stderr is no terminal, and goes away when done."""
    from tqdm import tqdm

    return functools.partial(tqdm, file=sys.stderr, disable=None, leave=False, **options)
