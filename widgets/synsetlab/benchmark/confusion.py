"""What is taken for what, and under which synset the two meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.benchmark.classes import NO_GUESS

if TYPE_CHECKING:
    import numpy.typing as npt

    from synsetlab.benchmark.hierarchy import Hierarchy
    from synsetlab.benchmark.predictions import Guesses
    from synsetlab.benchmark.truth import Truth
    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["confusions"]


def confusions(
    guesses: Guesses, truth: Truth, hierarchy: Hierarchy | None, taxonomy: Taxonomy | None, most: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None]:
    """The most frequent confusions of the best guess, and the synsets under which most of them lie.

    An image whose best guess is one of its classes confuses nothing; else each of its classes is confused
    with the guess. Images without a guess are left out.

    Parameters
    ----------
    most
        Rows of each list.

    Returns
    -------
    pairs
        ``wnid`` (shown), ``guess``, ``n``, ``share`` of all confusions, and of the lowest common ancestor
        ``lca``, ``lca_name``, ``lca_height`` (None without a hierarchy); the most frequent first.
    ancestors
        ``wnid``, ``name``, ``height``, ``n``, ``share``: confusions by lowest common ancestor; None without
        a hierarchy.
    """
    names = guesses.table.names
    shown, guess, times = _count(guesses.codes[:, 0], truth, len(names))
    total = int(times.sum())
    low = None if hierarchy is None else hierarchy.lowest(shown, guess)
    order = sorted(range(len(times)), key=lambda i: (-times[i], names[shown[i]], names[guess[i]]))
    pairs = []
    for place in order[:most]:
        lca = _node(None if low is None else int(low[place]), hierarchy, taxonomy)
        pairs.append(
            {
                "wnid": names[shown[place]],
                "guess": names[guess[place]],
                "n": int(times[place]),
                "share": int(times[place]) / total,
                "lca": lca[0],
                "lca_name": lca[1],
                "lca_height": lca[2],
            }
        )
    if hierarchy is None or low is None:
        return pairs, None
    sums = np.bincount(low, weights=times, minlength=len(hierarchy.nodes)).astype(int)
    places = sorted(np.flatnonzero(sums).tolist(), key=lambda i: (-sums[i], hierarchy.nodes[i]))
    ancestors = []
    for place in places[:most]:
        lca = _node(place, hierarchy, taxonomy)
        number = int(sums[place])
        said = {"wnid": lca[0], "name": lca[1], "height": lca[2]}
        ancestors.append({**said, "n": number, "share": number / total})
    return pairs, ancestors


def _count(
    best: npt.NDArray[np.int32], truth: Truth, size: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Class shown, class guessed and how often, for each confusion that occurs."""
    guess = best[truth.pair_image]
    right = np.zeros(len(truth.images), bool)
    right[truth.pair_image[guess == truth.pair_class]] = True
    wrong = ~right[truth.pair_image] & (guess != NO_GUESS)
    keys, times = np.unique(
        truth.pair_class[wrong].astype(np.int64) * size + guess[wrong], return_counts=True
    )
    return keys // size, keys % size, times


def _node(
    place: int | None, hierarchy: Hierarchy | None, taxonomy: Taxonomy | None
) -> tuple[str | None, str | None, int | None]:
    if place is None or hierarchy is None or taxonomy is None:
        return None, None, None
    wnid = hierarchy.nodes[place]
    return wnid, taxonomy.lemmas(wnid)[0], int(hierarchy.heights[place])
