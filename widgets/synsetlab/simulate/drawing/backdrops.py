"""All backdrops by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from synsetlab.simulate.drawing.closeups import foliage, leaf, underwater
from synsetlab.simulate.drawing.landscapes import desert, forest, meadow, sea, sky, street
from synsetlab.simulate.drawing.rooms import cloth, studio, table, wall

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.simulate.drawing.backdrop import Backdrop
    from synsetlab.simulate.drawing.colour import Rng

__all__ = ["BACKDROPS"]

BACKDROPS: Final[dict[str, Callable[[tuple[int, int], Rng], Backdrop]]] = {
    "cloth": cloth,
    "desert": desert,
    "foliage": foliage,
    "forest": forest,
    "leaf": leaf,
    "meadow": meadow,
    "sea": sea,
    "sky": sky,
    "street": street,
    "studio": studio,
    "table": table,
    "underwater": underwater,
    "wall": wall,
}
"""Each takes (height, width) in pixels and a generator."""
