"""Selection frequency: the share of annotators who chose an answer, with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.encoding import as_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["selection_frequency", "wilson"]


def selection_frequency(
    votes: pd.DataFrame | Votes, label: Any = "yes", *, by: Sequence[str] | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Share of the votes for `label`, by task or by the columns `by`.

    The statistic by which ImageNetV2 chose its pictures, there for each (picture, wnid): B. Recht et
    al., Do ImageNet Classifiers Generalize to ImageNet?, 2019.

    Parameters
    ----------
    votes
        Frame ``task, worker, label``, or encoded votes. A skip is no vote: leave it out before.
    label
        The answer that is counted.
    by
        Columns that name a question in the place of ``task``, such as ``["image_id", "wnid"]``.
    level
        Of Wilson's score interval; it takes the annotators for a sample of those who might be asked.

    Returns
    -------
    pandas.DataFrame
        ``task`` (or the columns of `by`), ``votes``, ``frequency``, ``low``, ``high``, in order of
        first appearance.

    Raises
    ------
    MissingColumnError
        A column of `by` is absent.
    InputError
        Nobody gave `label`, or `level` does not lie between 0 and 1.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame goes out

    if not 0 < level < 1:
        raise InputError(f"level={level} must lie between 0 and 1.")
    names: pd.DataFrame | None = None
    if by is not None and isinstance(votes, pd.DataFrame):
        for column in by:
            if column not in votes.columns:
                raise MissingColumnError("the votes", column, [str(name) for name in votes.columns])
        codes = votes.groupby(list(by), sort=False, dropna=False).ngroup().to_numpy()
        names = votes[list(by)].drop_duplicates(ignore_index=True)
        votes = votes.assign(task=codes)
    elif by is not None:
        raise InputError("Encoded votes know their tasks only.", "Give a frame, or leave `by` out.")
    encoded = as_votes(votes)
    answers = encoded.answers.tolist()
    if label not in answers:
        raise InputError(f"Nobody answered {label!r}.", f"Answers are: {', '.join(map(str, answers[:20]))}.")
    cast = np.bincount(encoded.task, minlength=encoded.n_tasks)
    chosen = np.bincount(encoded.task[encoded.answer == answers.index(label)], minlength=encoded.n_tasks)
    low, high = wilson(chosen, cast, level)
    figures = pd.DataFrame(
        {"votes": cast, "frequency": chosen / np.maximum(cast, 1), "low": low, "high": high}
    )
    if names is None:
        figures.insert(0, "task", encoded.tasks)
        return figures
    return pd.concat([names, figures], axis=1)


def wilson(
    chosen: NDArray[np.intp], cast: NDArray[np.intp], level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score interval of a share, elementwise; 0 to 1 where nothing was cast.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927,
    doi:10.1080/01621459.1927.10502953.
    """
    z = float(ndtri((1 + level) / 2))
    size = np.maximum(cast, 1)
    share = chosen / size
    scale = 1 + z * z / size
    middle = (share + z * z / (2 * size)) / scale
    half = z * np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)) / scale
    return (
        np.where(cast > 0, np.clip(middle - half, 0, share), 0.0),
        np.where(cast > 0, np.clip(middle + half, share, 1), 1.0),
    )
