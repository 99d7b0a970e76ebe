"""The second opinion on two pictures whose hashes are close: same, unsure, unlike, or something else.

A perceptual hash sees the 64 lowest frequencies of the brightness; two different objects on white share
most of those. So the pixels are looked at (:mod:`~synsetlab.dedup.look`), and on a plain ground nothing is
joined that they do not confirm.

The limits were set on 1,000 photographs of clothing, with copies re-encoded, scaled, brightened, greyed,
saturated, cropped, framed and stamped, and on drawn products that differ in colour, print or label: copies
correlate .93 and more once laid on each other and differ by 12 levels or less at the worst spot (stamps and
clipped highlights by up to 35), recoloured products by 30 and more.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from synsetlab.canonical import Hashed

if TYPE_CHECKING:
    from typing import Literal

    from synsetlab.dedup.look import Similarity

    Verdict = Literal["auto", "verified", "review", "different"]
    Opinion = Literal["same", "unsure", "unlike", "other"]

__all__ = ["Policy", "opinion", "verdict"]


@dataclass(frozen=True, slots=True)
class Policy(Hashed):
    """When a pair counts as the same picture, and which copy stays.

    ``Policy(auto=tau, strict=True, look=False)`` is the plain rule "d < tau: drop".
    """

    auto: int = 3
    """Up to this distance the hash alone joins two pictures, unless a look contradicts it."""
    verify: int = 6
    """Up to this distance a look that agrees joins them; beyond it, it only proposes them for review."""
    within_synset: int = 10
    """The same for pictures of one class."""
    strict: bool = False
    """Distances must be less than the limits (``<``) instead of at most (``<=``)."""
    look: bool = True
    """False: the hash alone decides, up to `auto`; the rest is for review."""
    diameter: int = 10
    """No two pictures of a cluster are further apart: longer chains are cut, their links left for review."""
    keep: tuple[str, ...] = ("resolution", "licence", "earliest", "size")
    """What is asked of copies, in this order, to choose the one that stays."""
    licences: tuple[str, ...] = ()
    """Licences from the best to the worst; any other comes after them, none at all last."""
    same: float = 0.9
    """Correlation of the fine structure from which a look agrees."""
    unlike: float = 0.7
    """Correlation below which a look contradicts."""
    other: float = 0.5
    """Correlation below which the pictures are taken for different ones."""
    level: float = 12.0
    """Difference at the worst spot, in grey levels, up to which a look agrees."""
    explained: float = 24.0
    """The same of the brightness that is left after a common tone curve; not on a plain ground."""
    far: float = 35.0
    """Brightness from which it contradicts; from 1.5 times that, the pictures are different ones."""
    far_colour: float = 28.0
    """The same of colour."""

    def as_dict(self) -> dict[str, Any]:
        """All limits, by name."""
        return {"kind": "duplicates", "version": 1, **asdict(self)}


def verdict(
    distance: int,
    similarity: Similarity | None,
    policy: Policy,
    *,
    second: int | None = None,
    related: bool = False,
) -> Verdict:
    """Judge a pair by its hash distance and, where the pictures are at hand, the look at them.

    Parameters
    ----------
    distance
        Bits of the perceptual hash that differ.
    similarity
        What a look at the pixels says; None where the pictures cannot be read.
    policy
        The limits.
    second
        Bits of the difference hash that differ, where both are known: without pixels, the second opinion.
    related
        Both are of one class.
    """
    near = distance + policy.strict
    if similarity is None or not policy.look:
        doubted = second is not None and second > 2 * policy.verify
        return "auto" if near <= policy.auto and not doubted else "review"
    seen = opinion(similarity, policy)
    if near <= policy.auto:
        unopposed = seen == "unsure" and not similarity.plain and not math.isnan(similarity.structure)
        return "auto" if seen == "same" or unopposed else "review"
    if seen == "other":
        return "different"
    limit = max(policy.verify, policy.within_synset) if related else policy.verify
    return "verified" if seen == "same" and near <= limit else "review"


def opinion(similarity: Similarity, policy: Policy) -> Opinion:
    """What a look alone says: ``same``, ``unsure``, ``unlike`` or ``other`` (certainly not the same)."""
    if _same(similarity, policy):
        return "same"
    far_colour = policy.far_colour
    if similarity.saturation >= 0.9 and similarity.spot <= policy.level:
        far_colour *= 1.6  # nearly all colour is there: a palette loses some spots of it
    worst = max(similarity.spot / policy.far, similarity.colour / far_colour)
    if worst > 1.5 or similarity.structure < policy.other:
        # Of flat surfaces the structure is noise, and another colour may be another light.
        return "unlike" if math.isnan(similarity.structure) else "other"
    return "unlike" if worst > 1 or similarity.structure < policy.unlike else "unsure"


def _same(similarity: Similarity, policy: Policy) -> bool:
    level = policy.level
    as_is = max(similarity.spot_as_is, similarity.colour_as_is)
    if as_is <= level:  # a flat surface has nothing but its levels
        return similarity.structure >= policy.unlike or as_is <= level / 3
    if not similarity.structure >= policy.same:
        return False
    if similarity.saturation < 0.05 and similarity.colour_as_is > level:
        # One is grey: made so from the other only if it is as bright everywhere.
        return similarity.spot_as_is <= level / 3 and similarity.colour <= level / 3
    if similarity.plain:
        explained = min(similarity.spot_as_is, similarity.darkened)
        return explained <= level and similarity.colour <= level and similarity.saturation >= 0.58
    return similarity.spot <= policy.explained and similarity.colour <= 1.3 * level
