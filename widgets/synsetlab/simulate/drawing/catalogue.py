"""Which synsets can be drawn, by which function, where they are found and how they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from synsetlab.simulate.drawing import animals, fruit, nature, outdoors, tableware, things

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.simulate.drawing.colour import Rng
    from synsetlab.simulate.drawing.sprite import Sprite

__all__ = ["DRAWINGS", "Drawing", "LookAlike"]


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A drawing that lies half-way to another synset."""

    other: str
    """wnid of the synset it may be taken for."""
    paint: Callable[[Sprite, Rng], None]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One synset that can be drawn."""

    wnid: str
    name: str
    """First lemma that people use, in words."""
    paint: Callable[[Sprite, Rng], None]
    settings: tuple[str, ...]
    """Backdrops it is found before."""
    rests: str
    """``stands`` on a floor, ``lies`` flat under the viewer, ``hangs`` on a wall, ``flies``, ``floats`` on
    water, or is ``rooted`` below the picture."""
    tilt: float
    """Largest turn from upright, radians."""
    size: tuple[float, float]
    """Its height as a share of the picture's shorter side."""
    mirror: bool = True
    company: float = 0.35
    """Chance of several of its kind in one picture."""
    confused: tuple[str, ...] = ()
    """wnids that an image search would bring up by mistake, worst first."""
    half_way: LookAlike | None = None


APPLE, TOMATO, ORANGE, LEMON = "n07739125", "n07734017", "n07747607", "n07749582"
BANANA, STRAWBERRY, PEAR = "n07753592", "n07745940", "n07767847"
MUG, TEAPOT, WINEGLASS = "n03063599", "n04398044", "n04592099"
BALLOON, UMBRELLA, SAILBOAT, LIGHTHOUSE, SIGNAL = (
    "n03541923",
    "n04507155",
    "n04128499",
    "n02814860",
    "n06874185",
)
CLOCK, GUITAR = "n04548280", "n02676566"
SUNFLOWER, CACTUS, FLY_AGARIC = "n11978233", "n11842204", "n13003061"
BUTTERFLY, GOLDFISH, LADYBUG = "n02274259", "n01443537", "n02165456"

_TABLE = ("table", "table", "cloth", "studio")
_KITCHEN = ("table", "table", "cloth", "studio", "foliage")

_ALL = (
    Drawing(APPLE, "apple", fruit.apple, _KITCHEN, "stands", 0.35, (0.52, 0.8), company=0.4,
            confused=(TOMATO, PEAR, ORANGE), half_way=LookAlike(TOMATO, fruit.apple_or_tomato)),
    Drawing(TOMATO, "tomato", fruit.tomato, _KITCHEN, "stands", 0.3, (0.56, 0.82), company=0.4,
            confused=(APPLE, STRAWBERRY, ORANGE), half_way=LookAlike(APPLE, fruit.apple_or_tomato)),
    Drawing(ORANGE, "orange", fruit.orange, _KITCHEN, "stands", 0.3, (0.56, 0.82), company=0.35,
            confused=(LEMON, APPLE, TOMATO), half_way=LookAlike(LEMON, fruit.lemon_or_orange)),
    Drawing(LEMON, "lemon", fruit.lemon, _KITCHEN, "stands", 0.3, (0.56, 0.82), company=0.35,
            confused=(ORANGE, BANANA, PEAR), half_way=LookAlike(ORANGE, fruit.lemon_or_orange)),
    Drawing(BANANA, "banana", fruit.banana, _TABLE, "lies", 3.14, (0.6, 0.85),
            company=0.15, confused=(LEMON, PEAR)),
    Drawing(STRAWBERRY, "strawberry", fruit.strawberry, _KITCHEN, "lies", 2.6, (0.48, 0.76), company=0.5,
            confused=(TOMATO, APPLE, LADYBUG)),
    Drawing(MUG, "coffee mug", tableware.mug, _TABLE, "stands", 0.03, (0.56, 0.82),
            company=0.2, confused=(TEAPOT, WINEGLASS)),
    Drawing(TEAPOT, "teapot", tableware.teapot, _TABLE, "stands", 0.03, (0.62, 0.88),
            company=0.08, confused=(MUG, WINEGLASS)),
    Drawing(WINEGLASS, "wineglass", tableware.wineglass, _TABLE, "stands", 0.02,
            (0.66, 0.9), company=0.3, confused=(MUG, TEAPOT)),
    Drawing(BALLOON, "hot-air balloon", outdoors.balloon, ("sky", "sky", "sky", "meadow", "desert"),
            "flies", 0.1, (0.56, 0.9), company=0.35, confused=(UMBRELLA, SAILBOAT)),
    Drawing(UMBRELLA, "umbrella", outdoors.umbrella, ("street", "meadow", "sky", "studio", "wall"),
            "flies", 0.6, (0.6, 0.9), company=0.15, confused=(BALLOON, FLY_AGARIC, SAILBOAT)),
    Drawing(SAILBOAT, "sailboat", outdoors.sailboat, ("sea",), "floats", 0.06, (0.58, 0.86), company=0.25,
            confused=(LIGHTHOUSE, BALLOON)),
    Drawing(BUTTERFLY, "butterfly", animals.butterfly, ("foliage", "leaf", "meadow", "studio"), "lies", 3.14,
            (0.58, 0.86), company=0.15, confused=(LADYBUG, SUNFLOWER, GOLDFISH)),
    Drawing(GOLDFISH, "goldfish", animals.goldfish, ("underwater",), "flies", 0.4, (0.56, 0.86), company=0.4,
            confused=(BUTTERFLY, ORANGE)),
    Drawing(SUNFLOWER, "sunflower", nature.sunflower, ("meadow", "sky", "foliage"), "rooted", 0.12,
            (0.7, 1.02), company=0.35, confused=(BUTTERFLY, CLOCK, LEMON)),
    Drawing(FLY_AGARIC, "fly agaric", nature.fly_agaric, ("forest", "forest", "meadow"), "stands", 0.14,
            (0.58, 0.86), company=0.35, confused=(STRAWBERRY, UMBRELLA, LADYBUG)),
    Drawing(LIGHTHOUSE, "lighthouse", outdoors.lighthouse, ("sea",), "floats", 0.02, (0.7, 0.95), company=0.0,
            confused=(SIGNAL, SAILBOAT)),
    Drawing(GUITAR, "acoustic guitar", things.guitar, ("wall", "wall", "studio"), "hangs", 0.5, (0.8, 1.0),
            company=0.1, confused=(CLOCK, BANANA)),
    Drawing(CLOCK, "wall clock", things.clock, ("wall",), "hangs", 0.06, (0.52, 0.82), mirror=False,
            company=0.05, confused=(GUITAR, SUNFLOWER)),
    Drawing(SIGNAL, "traffic light", outdoors.traffic_light, ("street", "sky"), "rooted", 0.06, (0.65, 0.95),
            company=0.2, confused=(LIGHTHOUSE, CLOCK)),
    Drawing(CACTUS, "cactus", nature.cactus, ("desert", "desert", "table", "studio"), "stands", 0.05,
            (0.6, 0.92), company=0.2, confused=(SUNFLOWER, FLY_AGARIC)),
    Drawing(PEAR, "pear", fruit.pear, _KITCHEN, "stands", 0.3, (0.54, 0.82), company=0.35,
            confused=(APPLE, LEMON)),
    Drawing(LADYBUG, "ladybug", animals.ladybug, ("leaf", "leaf", "foliage"), "lies", 3.14, (0.44, 0.7),
            company=0.15, confused=(BUTTERFLY, STRAWBERRY)),
)  # fmt: skip

DRAWINGS: Final[dict[str, Drawing]] = {drawing.wnid: drawing for drawing in _ALL}
"""Every synset that can be drawn, by wnid (WordNet 3.0)."""
