"""The pictures that models get wrong; among them, those whose label is the likelier mistake."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.benchmark.metrics import first_hits
from synsetlab.benchmark.plausible import check_guesses
from synsetlab.benchmark.predictions import MOST, Guesses, read_predictions
from synsetlab.benchmark.truth import read_truth
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from synsetlab.benchmark.truth import Truth
    from synsetlab.store.workspace import Workspace

__all__ = ["mistakes", "send_back"]


def mistakes(
    truth: Any,
    predictions: Any,
    *more: Any,
    ids: str | None = None,
    wnid: str | None = None,
    check: bool = True,
) -> pd.DataFrame:
    """Pictures whose best guess is none of their classes, the most suspicious labels first.

    A label is the more suspicious the more models agree on one other class, the fewer of them have it among
    five guesses, and the surer they are.

    Parameters
    ----------
    truth, predictions, ids, check
        As `evaluate` takes them; predictions may be `Guesses` that were read already.
    more
        Predictions of further models.
    wnid
        Only pictures of this class.

    Returns
    -------
    DataFrame
        One row for each (image, class): ``image``, ``image_id`` (of releases; else missing), ``wnid``,
        ``guess`` (of most models; of equally many, the first's), ``models`` that guess it, ``missed`` by how
        many models the class is in none of five guesses, ``confidence`` (mean score of those guesses, where
        all models have scores; else missing).

    Raises
    ------
    InputError
        Predictions and truth do not fit, or no picture is of class `wnid`.
    """
    import pandas as pd  # noqa: PLC0415 - only who asks for a frame waits for pandas

    known = read_truth(truth)
    if wnid is not None and wnid not in known.classes:
        raise InputError(f"{known.place} has no class {wnid!r}.", f"It has {len(known.classes):,} classes.")
    models = [_read(source, known, ids, check) for source in (predictions, *more)]
    ranks = np.stack([first_hits(guesses.codes, known) for guesses in models])
    agreed = _agreed(models, known)
    rows = []
    for pair in _wrong(ranks, known):
        image, code = int(known.pair_image[pair]), int(known.pair_class[pair])
        if wnid is not None and known.classes[code] != wnid:
            continue
        guess, count, score = agreed(image)
        if not guess:
            continue
        rows.append(
            {
                "image": known.images[image],
                "image_id": known.image_ids[image] if known.image_ids else None,
                "wnid": known.classes[code],
                "guess": guess,
                "models": count,
                "missed": int((ranks[:, pair] >= MOST).sum()),
                "confidence": score,
            }
        )
    columns = ["image", "image_id", "wnid", "guess", "models", "missed", "confidence"]
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(
        ["models", "missed", "confidence", "image", "wnid"], ascending=[False, False, False, True, True]
    ).reset_index(drop=True)


def send_back(workspace: Workspace, table: pd.DataFrame, *, by: str, reason: str = "") -> int:
    """Ask for more votes on what `mistakes` found; returns how many questions were opened again.

    Each gets the verdict ``more-votes`` of `by`, which an expert can undo like any other.

    Parameters
    ----------
    table
        Columns ``image_id`` and ``wnid``; those that the workspace does not ask about are passed over. Where
        a small class was merged into another one, what was asked of the picture is asked again.
    reason
        By default what the models say.

    Raises
    ------
    InputError
        The table has no image ids: the truth was no release.
    """
    from synsetlab.review import give_verdict  # noqa: PLC0415 - only this needs a workspace

    if "image_id" not in table or table["image_id"].isna().any():
        raise InputError(
            "The pictures have no image ids.", "Take the truth from a release: release_truth(DIR, SPLIT)."
        )
    sent = 0
    for row in table.to_dict("records"):
        about = workspace.lookups.questions_about(row["image_id"])
        asked = [one for one in about if one["wnid"] == row["wnid"]]
        asked = asked or [one for one in about if one["outcome"] == "accepted"]
        said = reason or f"suspected label error: {row['models']} of the models say {row['guess']}"
        for question in asked:
            give_verdict(workspace, int(question["id"]), "more-votes", by=by, reason=said)
        sent += bool(asked)
    return sent


def _read(source: Any, truth: Truth, ids: str | None, check: bool) -> Guesses:
    if isinstance(source, Guesses):
        return source
    guesses = read_predictions(source, truth, ids=ids)
    if check:
        place = str(source) if isinstance(source, (str, os.PathLike)) else "the predictions"
        check_guesses(guesses, truth, place)
    return guesses


def _wrong(ranks: npt.NDArray[np.int8], truth: Truth) -> list[int]:
    """Pairs of images of which some model's best guess is none of the classes."""
    right = np.zeros((len(ranks), len(truth.images)), bool)
    for model, rank in enumerate(ranks):
        right[model, truth.pair_image[rank == 0]] = True
    found: list[int] = np.flatnonzero(~right[:, truth.pair_image].all(axis=0)).tolist()
    return found


def _agreed(models: Sequence[Guesses], truth: Truth) -> Any:
    """For an image: the wrong class that most models guess first, how many do, and their mean score."""
    shown: list[set[str]] = [set() for _ in truth.images]
    for image, code in zip(truth.pair_image.tolist(), truth.pair_class.tolist(), strict=True):
        shown[image].add(truth.classes[code])
    scores = [_best_scores(guesses) for guesses in models]

    def find(image: int) -> tuple[str, int, float | None]:
        made = [(g.table.names[code] if (code := int(g.codes[image, 0])) >= 0 else "") for g in models]
        wrong = [name for name in made if name and name not in shown[image]]
        if not wrong:
            return "", 0, None
        guess = max(wrong, key=wrong.count)
        count = wrong.count(guess)
        pairs = zip(made, scores, strict=True)
        values = [score[image] for name, score in pairs if name == guess and score is not None]
        return guess, count, float(np.mean(values)) if len(values) == count else None

    return find


def _best_scores(guesses: Guesses) -> npt.NDArray[np.float64] | None:
    if guesses.scores is None:
        return guesses.confidence
    array, rows, _ = guesses.scores
    return np.asarray(array.max(axis=1), np.float64)[rows]
