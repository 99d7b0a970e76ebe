"""Full Dawid-Skene: a confusion matrix for every worker, with a Dirichlet prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.base import DENSE_CELLS, Aggregator, normalise
from synsetlab.voting.latent import AnswerTable, latent_em, share_rows
from synsetlab.voting.majority import MajorityVote
from synsetlab.voting.restricted import RestrictedModel, too_wide
from synsetlab.voting.shrinkage import Shrinker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.base import Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["DawidSkene"]


class DawidSkene(Aggregator):
    """EM for the class of every task and the confusion matrix of every worker.

    A. P. Dawid and A. M. Skene, Maximum Likelihood Estimation of Observer Error-Rates Using the EM
    Algorithm, Applied Statistics 28 (1979) 20-28, doi:10.2307/2346806; with Dirichlet priors (MAP).
    EM starts from the shares of the votes, which together with a prior that favours the diagonal
    guards against classes changing places.

    Answers that are no class ("unsure") have a probability of their own under each class.

    Parameters
    ----------
    on_diagonal, off_diagonal
        Pseudo-counts added to each confusion matrix: for the right answer, and for each other one.
        The defaults were the most robust of those tried on 18 real sets of votes; zeros give the
        maximum likelihood fit.
    shrink
        ``None``: the pseudo-counts above for every worker. A number: each row of a worker's matrix is
        drawn to the pooled row with so many pseudo-votes. ``"fit"``: with as many as make the votes
        likeliest (empirical Bayes); safe where worker ids may carry no signal, better on sparse
        votes, a little worse where few workers differ much.
    candidates
        ``"all"`` classes may be right on every task; or only those ``"named"`` by a vote, with one
        skill for each worker and class and confusions shared by all (`RestrictedModel`), which
        fits any number of classes. ``"auto"`` restricts where full matrices would take gigabytes.
    earlier
        What earlier work says of the workers: answers counted by worker, class and answer, shape
        (W, K, L), added to the pseudo-counts of each; only for encoded votes, and without `shrink`.
    max_iter, tol
        Stop after `max_iter` rounds, or when the posteriors move less than `tol` on average
        (sum of the absolute changes, divided by the number of tasks).

    Attributes
    ----------
    class_skills_
        Probability of being right by worker and class, shape (W, K); only when restricted.
    pooled_confusion_
        P(answer | class) of all workers together, shape (K, L): what an unknown worker is taken for.
        Like `confusion_`, not there when restricted.
    class_prior_
        float64 of shape (K,).
    strength_
        Pseudo-votes with which rows were drawn to the pooled row, None without `shrink`.
    n_iter_, converged_
        Rounds done, and whether `tol` was met.
    """

    method: ClassVar[str] = "dawid-skene"

    _confusion: NDArray[np.float64] | None
    pooled_confusion_: NDArray[np.float64]
    class_skills_: NDArray[np.float64]
    class_prior_: NDArray[np.float64]
    strength_: float | None
    n_iter_: int
    converged_: bool

    def __init__(
        self,
        *,
        on_diagonal: float = 2.1,
        off_diagonal: float = 0.1,
        shrink: float | Literal["fit"] | None = None,
        candidates: Literal["auto", "all", "named"] = "auto",
        earlier: NDArray[np.float64] | None = None,
        max_iter: int = 200,
        tol: float = 1e-5,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if on_diagonal < 0 or off_diagonal < 0:
            raise InputError(
                f"Pseudo-counts must not be negative: on_diagonal={on_diagonal}, off_diagonal={off_diagonal}."
            )
        if shrink is not None and shrink != "fit" and not (isinstance(shrink, int | float) and shrink > 0):
            raise InputError(f"shrink={shrink!r} is neither a positive number nor 'fit'.")
        self.on_diagonal, self.off_diagonal = on_diagonal, off_diagonal
        if candidates not in ("auto", "all", "named"):
            raise InputError(f"candidates={candidates!r} is not known.", "It is auto, all or named.")
        self.shrink = shrink
        if earlier is not None and shrink is not None:
            raise InputError("earlier counts cannot be combined with shrink.", "Give one of them.")
        self.earlier = earlier
        self.candidates = candidates
        self.max_iter, self.tol = max_iter, tol

    def _fit(self) -> None:
        votes = self.votes_
        if self.candidates == "named" or (self.candidates == "auto" and too_wide(votes)):
            self._fit_restricted(votes.only_classes())
            return
        start = np.ascontiguousarray(np.asarray(MajorityVote().fit_encoded(votes).posterior_).T)
        prior = np.full((votes.n_classes, votes.n_answers), self.off_diagonal)
        np.fill_diagonal(prior, self.on_diagonal)
        known = prior if self.earlier is None else prior + self._earlier_counts()
        shrinker = None
        if self.shrink is not None:
            shrinker = Shrinker(prior, None if self.shrink == "fit" else self.shrink)
        fit = latent_em(
            AnswerTable(votes),
            start,
            shrinker or (lambda counts: share_rows(counts + known)),
            gold=self.gold_,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.posterior_ = np.ascontiguousarray(fit.posterior.T)
        self.class_prior_, self._confusion = fit.class_prior, fit.confusion
        self.pooled_confusion_ = share_rows(fit.counts.sum(axis=0) + prior)
        self.strength_ = shrinker.strength if shrinker else None
        self.n_iter_, self.converged_ = fit.n_iter, fit.converged

    def _earlier_counts(self) -> NDArray[np.float64]:
        """`earlier`, checked against the votes."""
        votes, counts = self.votes_, np.asarray(self.earlier, dtype=np.float64)
        shape = (votes.n_workers, votes.n_classes, votes.n_answers)
        if counts.shape != shape or not bool((counts >= 0).all()):
            raise InputError(
                f"earlier counts of shape {counts.shape} do not fit {shape[0]} workers, {shape[1]} classes "
                f"and {shape[2]} answers, or are negative.",
                "Count answers by worker, class and answer, in the order of the encoded votes.",
            )
        return counts

    @property
    def confusion_(self) -> NDArray[np.float64]:
        """P(answer | class) by worker, float64 of shape (W, K, L).

        Raises
        ------
        InputError
            The model was restricted to candidates and has no full matrices.
        """
        self._check_fitted()
        if self._confusion is None:
            raise InputError(
                f"With {self.votes_.n_classes} classes there are no full confusion matrices.",
                "Check that the label column holds labels; else use class_skills_.",
            )
        return self._confusion

    def _fit_restricted(self, votes: Votes) -> None:
        """The model for very many classes."""
        model = RestrictedModel(votes, self.gold_)
        posterior = model.fit(self.max_iter, self.tol)
        dense = votes.n_tasks * votes.n_classes <= DENSE_CELLS
        self.posterior_ = normalise(posterior.toarray()) if dense else posterior
        self.class_prior_, self.class_skills_ = model.class_prior, model.class_skills
        self.n_iter_, self.converged_ = model.n_iter, model.converged
        self.strength_ = self._confusion = None
