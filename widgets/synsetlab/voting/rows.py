"""Votes together with the other columns of their rows: times, groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.encoding import encode_votes, need_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = ["durations", "encode_with_rows", "moments"]

ROW = "\0row"


def encode_with_rows(frame: pd.DataFrame, **options: Any) -> tuple[Votes, NDArray[np.intp]]:
    """Encode votes (`encode_votes` and its `options`); also the row of the frame each vote came from."""
    named = [options.get(name, name) for name in ("task", "worker", "label")]
    need_columns(frame, named, options.get("place", "the votes"))
    numbered = frame.assign(**{ROW: np.arange(1, len(frame) + 1, dtype=np.float64)})
    # a weight is what stays with its vote when an annotator's earlier vote on the task is set aside
    votes = encode_votes(numbered, weight=ROW, **options)
    weight = votes.weight if votes.weight is not None else np.zeros(0)
    return replace(votes, weight=None), (weight - 1).astype(np.intp)


def durations(frame: pd.DataFrame, column: str, place: str = "the votes") -> NDArray[np.float64]:
    """Milliseconds of a column, NaN where it is empty.

    Raises
    ------
    MissingColumnError
        There is no such column.
    InputError
        A value is no number, or negative.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame comes in

    values = _column(frame, column, place)
    numbers = pd.to_numeric(values.replace("", None), errors="coerce").to_numpy(dtype=np.float64)
    given = values.notna().to_numpy() & (values != "").to_numpy()
    wrong = given & ~(np.isfinite(numbers) & (numbers >= 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{place}, row {row + 1}: {column} is {values.iloc[row]!r}, no number of milliseconds.",
            "Mend it, leave the cell empty, or name another column.",
        )
    return np.asarray(numbers)


def moments(frame: pd.DataFrame, column: str, place: str = "the votes") -> NDArray[np.float64]:
    """When each row happened, as numbers that can be ordered: numbers as they are, else ISO 8601 times.

    Raises
    ------
    MissingColumnError
        There is no such column.
    InputError
        A value is neither, or missing.
    """
    import pandas as pd  # noqa: PLC0415 - pandas only where a frame comes in

    values = _column(frame, column, place)
    if not pd.api.types.is_datetime64_any_dtype(values):
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(numbers).all():
            return np.asarray(numbers)
        values = values.astype(str)
    times = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    wrong = times.isna().to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"{place}, row {row + 1}: {column} is {values.iloc[row]!r}, neither a number nor a time.",
            "Write ISO 8601 times such as 2026-05-01T12:00:00Z, or numbers that grow.",
        )
    return np.asarray(times.astype("int64"), dtype=np.float64)


def _column(frame: pd.DataFrame, column: str, place: str) -> pd.Series[Any]:
    if column not in frame.columns:
        raise MissingColumnError(place, column, [str(name) for name in frame.columns])
    return frame[column]
