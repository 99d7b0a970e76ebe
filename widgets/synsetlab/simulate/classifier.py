"""A classifier small enough to run anywhere: nearest neighbours among tiny pictures.

It is there so that a release can be evaluated on the spot; it is a baseline, not a contender.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from synsetlab.errors import ReleaseError
from synsetlab.release.verify import load_release

if TYPE_CHECKING:
    import os

    import numpy.typing as npt
    import pandas as pd

    from synsetlab.store.workspace import Workspace

__all__ = ["predict_by_neighbours"]

SIDE = 8
GUESSES = 5


def predict_by_neighbours(
    release: str | os.PathLike[str], workspace: Workspace, *, split: str = "val", train: str = "train"
) -> pd.DataFrame:
    """Guess the classes of a split from the pictures of another one.

    Each picture is 8 x 8 RGB pixels with its mean taken away; classes are ranked by their nearest
    training picture (Euclidean distance).

    Returns
    -------
    DataFrame
        Columns image, top1 .. top5: image ids and wnids, best guess first.

    Raises
    ------
    ReleaseError
        One of the splits is empty.
    """
    import pandas as pd  # noqa: PLC0415 - frames go out here only

    images = load_release(release)["images"]
    known, asked = (images[images["split"] == name] for name in (train, split))
    if known.empty or asked.empty:
        raise ReleaseError(f"The release {release} has no images in {train if known.empty else split!r}.")
    asked = asked.drop_duplicates("image_id")  # an image that shows two classes is one question to a model
    seen = _tiny(workspace, known["image_id"].tolist())
    classes = np.array(sorted(set(known["wnid"])))
    owner = np.searchsorted(classes, known["wnid"].to_numpy(dtype=str))
    rows = []
    for image, tiny in zip(asked["image_id"], _tiny(workspace, asked["image_id"].tolist()), strict=True):
        distance = np.square(seen - tiny).sum(axis=1)
        nearest = np.full(len(classes), np.inf)
        np.minimum.at(nearest, owner, distance)
        guesses = classes[np.argsort(nearest, kind="stable")][:GUESSES].tolist()
        rows.append([image, *guesses, *[""] * (GUESSES - len(guesses))])
    columns = ["image", *(f"top{place}" for place in range(1, GUESSES + 1))]
    return pd.DataFrame(rows, columns=columns)


def _tiny(workspace: Workspace, images: list[str]) -> npt.NDArray[np.float64]:
    """Shape (n, 192): 8 x 8 RGB, mean zero."""
    rows = []
    for image in images:
        data = workspace.blobs.get_thumbnail(image) or workspace.blobs.get(image)
        with Image.open(io.BytesIO(data)) as opened:
            small = opened.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
        row = np.asarray(small, dtype=np.float64).ravel()
        rows.append(row - row.mean())
    return np.array(rows)
