"""The confidence table of a synset: how sure a pair of counts makes, learned from a pilot.

J. Deng, W. Dong, R. Socher, L.-J. Li, K. Li and L. Fei-Fei, ImageNet: A Large-Scale Hierarchical
Image Database, CVPR 2009, doi:10.1109/CVPR.2009.5206848, section 3.2: a random part of a synset's
candidates gets at least 10 votes each; from these follows the probability that a picture is good
given its first few votes.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import optimize, special

from synsetlab.errors import InputError
from synsetlab.voting.policies.table import TablePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from synsetlab.voting.policies.base import Threshold

__all__ = ["PILOT_PICTURES", "PILOT_VOTES", "ConfidenceTable", "Form", "fit_tables"]

Form = Literal["isotonic", "beta-binomial"]
"""How cells follow from the pilot: counted and smoothed, or from two fitted distributions."""

PILOT_VOTES = 10
"""Least votes on each picture of a pilot."""
PILOT_PICTURES = 10
"""Fewest pictures from which a table is made at all; 50 and more make a useful one."""

PSEUDO = 0.5
SWEEPS = 50
EM_ROUNDS = 50
SPREAD = 2.0
"""Standard deviation, a priori, of the logarithm of a Beta parameter around 2: keeps small fits finite."""


@dataclass(frozen=True)
class ConfidenceTable:
    """P(the picture shows the synset | so many yes, so many no).

    Attributes
    ----------
    cells
        ``cells[yes][no]`` for all ``yes + no <= votes``: a triangle that rises with yes and falls
        with no.
    pictures
        Size of the pilot.
    form
        ``"isotonic"`` or ``"beta-binomial"``.
    prior
        Share of good pictures in the pilot.
    """

    cells: tuple[tuple[float, ...], ...]
    pictures: int
    form: Form
    prior: float

    @classmethod
    def fit(
        cls,
        counts: Sequence[tuple[int, int]] | NDArray[np.int64],
        truth: Sequence[bool | float | None] | None = None,
        *,
        form: Form = "isotonic",
        place: str = "the pilot",
    ) -> ConfidenceTable:
        """Learn a table from the pilot of one synset.

        Every picture stands for all orders in which its votes could have come: a sub-sample of the
        size of the cell shows these counts with a hypergeometric probability.

        Parameters
        ----------
        counts
            Yes and no by picture, shape (P, 2); at least 10 votes each.
        truth
            Whether each picture is good, where an expert said so, else None: then the majority of
            the picture's own votes is taken (one half in a tie), so that a table of majorities can
            never do better than the majority.
        form
            ``"isotonic"`` counts cells and makes them monotone; ``"beta-binomial"`` fits the share
            of yes among good and among bad pictures by a Beta distribution each, which allows for
            pictures that divide the annotators.
        place
            What messages call the pilot.

        Raises
        ------
        InputError
            The pilot is too small: fewer than 10 pictures, or fewer than 10 votes on one.
        """
        table = _check_counts(counts, place)
        good = _goodness(table, truth)
        prior = float((good.sum() + PSEUDO) / (len(good) + 2 * PSEUDO))
        size = int(table.sum(axis=1).min())
        if form == "isotonic":
            cells, weight = _count_cells(table, good, size, prior)
        elif form == "beta-binomial":
            known = np.array([value is not None for value in truth]) if truth is not None else None
            cells, weight, prior = _beta_cells(table, good, known, size)
        else:
            raise InputError(f"form={form!r} is not known.", "It is one of: isotonic, beta-binomial.")
        smooth = _monotone(cells, weight)
        rows = tuple(
            tuple(round(float(value), 9) for value in smooth[yes, : size - yes + 1])
            for yes in range(size + 1)
        )
        return cls(rows, len(table), form, prior)

    @property
    def votes(self) -> int:
        """Most votes that the table knows about."""
        return len(self.cells) - 1

    @property
    def imageable(self) -> bool:
        """Whether any counts make it likelier than not that a picture is good."""
        return self.cells[-1][0] > 0.5

    def confidence(self, yes: int, no: int) -> float:
        """The probability that a picture with these counts is good.

        Raises
        ------
        InputError
            The table ends before these counts.
        """
        if yes < 0 or no < 0 or yes + no > self.votes:
            raise InputError(
                f"The table knows up to {self.votes} votes, not {yes} yes and {no} no.",
                "A larger table needs a pilot with more votes on each picture.",
            )
        return self.cells[yes][no]

    def straight_yes(self, target: float = 0.95) -> int | None:
        """How many yes in a row reach `target`, a measure of difficulty; None if the table ends before."""
        found = (yes for yes in range(1, self.votes + 1) if self.cells[yes][0] >= target)
        return next(found, None)

    def policy(self, accept: Threshold = "19/20", reject: Threshold = "1/20", **options: Any) -> TablePolicy:
        """The policy that stops by this table."""
        return TablePolicy(cells=self.cells, accept=accept, reject=reject, **options)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces."""
        return json.dumps({"version": 1, **asdict(self)}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | Mapping[str, Any]) -> ConfidenceTable:
        """The table that `to_json` wrote.

        Raises
        ------
        InputError
            It is no such JSON.
        """
        try:
            body = json.loads(text) if isinstance(text, str) else dict(text)
            cells = TablePolicy(cells=body["cells"]).cells
            form = body["form"]
            if body.get("version", 1) != 1 or form not in ("isotonic", "beta-binomial"):
                raise InputError("It is a table of another version or form.")
            return cls(cells, int(body["pictures"]), form, float(body["prior"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"This is no confidence table: {error}.") from None


def fit_tables(
    pilots: Mapping[str, Sequence[tuple[int, int]]], *, form: Form = "isotonic"
) -> dict[str, ConfidenceTable]:
    """A table for each synset, from counts of yes and no by picture.

    Raises
    ------
    InputError
        One of the pilots is too small; the message names the synset.
    """
    return {
        wnid: ConfidenceTable.fit(counts, form=form, place=f"the pilot of {wnid}")
        for wnid, counts in pilots.items()
    }


def _check_counts(counts: Any, place: str) -> NDArray[np.int64]:
    table = np.asarray(counts, dtype=np.int64)
    if len(table) < PILOT_PICTURES:
        raise InputError(
            f"{place} has {len(table)} pictures, too few for a confidence table.",
            f"Ask {PILOT_VOTES} people about {PILOT_PICTURES} pictures at the least, better 50 or more.",
        )
    if table.ndim != 2 or table.shape[1] != 2 or (table < 0).any():
        raise InputError(f"{place} must hold counts of yes and no by picture.")
    votes = table.sum(axis=1)
    if (votes < PILOT_VOTES).any():
        first = int(np.argmax(votes < PILOT_VOTES))
        raise InputError(
            f"{place} is too small: {int((votes < PILOT_VOTES).sum())} of {len(table)} pictures have fewer "
            f"than {PILOT_VOTES} votes; picture {first + 1} has {int(votes[first])}.",
            f"Ask until every picture of the pilot has {PILOT_VOTES} votes.",
        )
    return table


def _goodness(table: NDArray[np.int64], truth: Sequence[bool | float | None] | None) -> NDArray[np.float64]:
    """How good each picture is taken to be, from 0 to 1."""
    majority = np.where(table[:, 0] == table[:, 1], 0.5, (table[:, 0] > table[:, 1]).astype(np.float64))
    if truth is None:
        return majority
    if len(truth) != len(table):
        raise InputError(f"There are {len(truth)} known answers for {len(table)} pictures.")
    return np.array([own if said is None else float(said) for own, said in zip(majority, truth, strict=True)])


def _log_choose(of: Any, take: Any) -> Any:
    """Natural log of the binomial coefficient, -inf where it is zero."""
    fits = (np.asarray(take) >= 0) & (np.asarray(take) <= np.asarray(of))
    safe = np.where(fits, take, 0)
    room = np.maximum(of, safe)
    value = special.gammaln(room + 1) - special.gammaln(safe + 1) - special.gammaln(room - safe + 1)
    return np.where(fits, value, -np.inf)


def _count_cells(
    table: NDArray[np.int64], good: NDArray[np.float64], size: int, prior: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cells and their weights, shape (size + 1, size + 1); cells beyond the triangle weigh nothing."""
    yes, no = np.meshgrid(np.arange(size + 1), np.arange(size + 1), indexing="ij")
    seen = _log_choose(table[:, 0, None, None], yes) + _log_choose(table[:, 1, None, None], no)
    with np.errstate(invalid="ignore"):
        share = np.exp(seen - _log_choose(table.sum(axis=1)[:, None, None], yes + no))
    share = np.where(yes + no <= size, np.nan_to_num(share), 0.0)
    total = share.sum(axis=0)
    cells = (np.tensordot(good, share, axes=1) + 2 * PSEUDO * prior) / (total + 2 * PSEUDO)
    return cells, np.where(yes + no <= size, total + 1e-6, 0.0)


def _beta_cells(
    table: NDArray[np.int64], good: NDArray[np.float64], known: NDArray[np.bool_] | None, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Cells from one Beta-Binomial a class; goodness that nobody knows is estimated (EM)."""
    fixed = np.zeros(len(table), dtype=bool) if known is None else known
    belief = np.clip(good, 0.02, 0.98)
    belief[fixed] = good[fixed]
    shapes = np.array([[4.0, 1.0], [1.0, 4.0]])  # of good pictures, of bad ones
    prior = 0.5
    for _ in range(EM_ROUNDS):
        before = belief
        prior = float((belief.sum() + PSEUDO) / (len(belief) + 2 * PSEUDO))
        shapes = np.stack([_fit_beta(table, belief, shapes[0]), _fit_beta(table, 1 - belief, shapes[1])])
        odds = math.log(prior / (1 - prior)) + _beta_evidence(table[:, 0], table[:, 1], shapes)
        belief = np.where(fixed, good, special.expit(odds))
        if np.abs(belief - before).max() < 1e-4:
            break
    yes, no = np.meshgrid(np.arange(size + 1), np.arange(size + 1), indexing="ij")
    cells = special.expit(math.log(prior / (1 - prior)) + _beta_evidence(yes, no, shapes))
    return cells, np.where(yes + no <= size, 1.0, 0.0), prior


def _beta_evidence(yes: Any, no: Any, shapes: NDArray[np.float64]) -> Any:
    """Natural log of the likelihood ratio of good to bad."""
    (a1, b1), (a0, b0) = shapes
    of_good = special.betaln(a1 + yes, b1 + no) - special.betaln(a1, b1)
    return of_good - (special.betaln(a0 + yes, b0 + no) - special.betaln(a0, b0))


def _fit_beta(
    table: NDArray[np.int64], weight: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The two parameters of the share of yes, weighted maximum a posteriori."""
    yes, no = table[:, 0], table[:, 1]

    def loss(log_shape: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        a, b = np.exp(log_shape)
        fits = special.betaln(a + yes, b + no) - special.betaln(a, b)
        of_all = special.digamma(a + b) - special.digamma(a + b + yes + no)
        slope = np.array(
            [
                a * (weight @ (special.digamma(a + yes) - special.digamma(a) + of_all)),
                b * (weight @ (special.digamma(b + no) - special.digamma(b) + of_all)),
            ]
        )
        far = (log_shape - math.log(2.0)) / SPREAD
        return float(-(weight @ fits) + 0.5 * (far @ far)), far / SPREAD - slope

    found = optimize.minimize(loss, np.log(start), jac=True, method="L-BFGS-B", bounds=[(-5.0, 8.0)] * 2)
    return np.asarray(np.exp(found.x), dtype=np.float64)


def _monotone(cells: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest table (weighted least squares) that rises with yes and falls with no.

    Two-dimensional isotonic regression by Dykstra's alternating projections; what is left of a
    violation after the last sweep is levelled up.
    """
    size = len(cells)
    value = cells.copy()
    of_rows, of_columns = np.zeros_like(value), np.zeros_like(value)
    for _ in range(SWEEPS):
        start = value
        raised = value + of_columns
        fitted = raised.copy()
        for no in range(size):
            inside = slice(0, size - no)
            fitted[inside, no] = _rising(raised[inside, no], weight[inside, no])
        of_columns = raised - fitted
        raised = fitted + of_rows
        value = raised.copy()
        for yes in range(size):
            inside = slice(0, size - yes)
            value[yes, inside] = -_rising(-raised[yes, inside], weight[yes, inside])
        of_rows = raised - value
        if np.abs(value - start).max() < 1e-6:
            break
    value = np.maximum.accumulate(value, axis=0)
    for no in range(size - 2, -1, -1):  # never below the cell with one more no
        value[: size - no - 1, no] = np.maximum(value[: size - no - 1, no], value[: size - no - 1, no + 1])
    return np.clip(value, 0.0, 1.0)


def _rising(values: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(optimize.isotonic_regression(values, weights=weight).x, dtype=np.float64)
